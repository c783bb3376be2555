//! Mail that waits for an admin, and who may start texts by mail.

use axum::http::StatusCode;
use simgate::email::extract::Options;
use simgate::store::{MailId, MailOutcome, Role};
use simgate::web::Settings;

use crate::site::{Site, form};

/// Somebody nobody knows.
const STRANGER: &str = "stranger@example.net";

async fn outcome(site: &Site, id: MailId) -> MailOutcome {
    site.app.store.read(move |tx| tx.mail(id)).await.unwrap().expect("kept").outcome
}

/// E45, E46: an admin looks at a mail from somebody nobody knows, lets it through or leaves it, each
/// once; what it says is shown and never obeyed.
#[tokio::test]
async fn mail_in_quarantine_is_looked_at_and_decided() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    assert!(site.page("/quarantine", &cookie).await.text.contains("Nothing waits here"));
    let said = "Yes, at six. <script>alert(1)</script> https://example.net/x";
    let one = site.mail_waits(STRANGER, "Re: <b>your</b> \u{202E}text", said).await;
    let two = site.mail_waits(STRANGER, "Offer", "Buy now").await;
    let list = site.page("/quarantine", &cookie).await.text;
    assert_eq!(list.matches("Let through</button>").count(), 2, "{list}");
    assert!(list.contains("&#60;b&#62;your") && list.contains("U+202E"), "{list}");
    let mail = site.page(&format!("/quarantine/{one}"), &cookie).await.text;
    assert!(mail.contains("Yes, at six. &#60;script&#62;"), "{mail}");
    assert!(mail.contains("sms+token@example.org") && mail.contains("nobody who was written to"));
    assert!(mail.contains("rel=\"noopener noreferrer nofollow\""), "{mail}");

    let path = format!("/quarantine/{one}");
    let through = site.ask(form(&path, &cookie, &[("act", "approve")])).await;
    assert_eq!(through.header("location"), "/quarantine?done=approve", "{}", through.text);
    assert_eq!(outcome(&site, one).await, MailOutcome::Approved);
    let twice = site.ask(form(&path, &cookie, &[("act", "drop")])).await;
    assert_eq!(twice.status, StatusCode::CONFLICT, "{}", twice.text);
    assert!(twice.text.contains("The mail is approved already."));
    let left = site.ask(form(&format!("/quarantine/{two}"), &cookie, &[("act", "drop")])).await;
    assert_eq!(left.header("location"), "/quarantine?done=drop");
    assert_eq!(outcome(&site, two).await, MailOutcome::Rejected);
    let gone = site.page(&format!("/quarantine/{two}"), &cookie).await.text;
    assert!(gone.contains("not kept any more") && !gone.contains("Let through</button>"), "{gone}");
    let all = site.page("/quarantine?all=1", &cookie).await.text;
    assert!(all.contains("let through") && all.contains(">left<"), "{all}");
    assert_eq!(site.page("/quarantine/99", &cookie).await.status, StatusCode::NOT_FOUND);

    let agent = site.user("Bob", Role::Agent).await;
    let agent = site.cookie_of(agent).await;
    assert_eq!(site.page("/quarantine", &agent).await.status, StatusCode::FORBIDDEN);
}

/// E46, E54, E58: who decides about a mail sees the very text it would become, how long that is and
/// what is left out; or that none would come of it.
#[tokio::test]
async fn what_a_mail_in_quarantine_would_become_is_shown() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let shown = async |site: &Site, body: &str| {
        let mail = site.mail_waits(STRANGER, "Offer", body).await;
        let page = site.page(&format!("/quarantine/{mail}"), &cookie).await.text;
        let text = page.split_once("The text it would become").expect("it is told").1.to_owned();
        text.split_once("</section>").expect("it ends").0.to_owned()
    };
    let body = "Yes, at six – see you.\r\n##\r\nStranger Ltd\r\n\r\n\
                On Monday, Rock Legal wrote:\r\n> Shall we meet?";
    let text = shown(&site, body).await;
    let (sent, left_out) = text.split_once("What is left out").expect("some is left out");
    assert!(
        sent.contains("Yes, at six - see you.") && sent.contains("1 segment · GSM-7"),
        "{sent}"
    );
    assert!(!sent.contains("Stranger Ltd") && !sent.contains("Shall we meet?"), "{sent}");
    assert!(left_out.contains("after the end mark") && left_out.contains("Stranger Ltd"), "{text}");
    assert!(left_out.contains("Shall we meet?"), "{left_out}");

    let long = shown(&site, &"Привет ".repeat(15)).await;
    assert!(long.contains("2 segments · Unicode") && !long.contains("left out"), "{long}");
    let both = shown(&site, "Yes.\r\n> At six?\r\nAnd bring Sam.").await;
    assert!(both.contains("Yes.") && both.contains("above and below"), "{both}");
    let nothing = shown(&site, "> Shall we meet?").await;
    assert!(nothing.contains("None.") && nothing.contains("Nothing is left to send."), "{nothing}");
    let endless = shown(&site, &"word ".repeat(12_000)).await;
    assert!(endless.contains("None.") && endless.contains("segments"), "{endless}");

    let signed = "Yes.\r\n-- \r\nStranger Ltd";
    assert!(shown(&site, signed).await.contains("What is left out"));
    let whole = Options { literal: true, ..Options::default() };
    let site = Site::with(Settings { mail_extract: whole, ..Settings::default() }).await;
    let cookie = site.cookie().await;
    let mail = site.mail_waits(STRANGER, "Offer", signed).await;
    let page = site.page(&format!("/quarantine/{mail}"), &cookie).await.text;
    assert!(!page.contains("What is left out"), "{page}");
}

/// How many texts somebody may start by mail is set on their page, with everything else of them.
#[tokio::test]
async fn who_may_start_texts_by_mail_is_set_with_the_person() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let bob = site.user("Bob", Role::Agent).await;
    let path = format!("/people/{bob}");
    let set = |quota: &'static str| {
        let fields = [
            ("first_name", "Bob"),
            ("last_name", "Example"),
            ("email", "bob@example.org"),
            ("role", "agent"),
            ("active", "1"),
            ("duty", "1"),
            ("mail_quota", quota),
        ];
        form(&path, &cookie, &fields)
    };
    let saved = site.ask(set("20")).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let kept = site.app.store.read(move |tx| tx.user(bob)).await.unwrap().unwrap();
    assert_eq!(kept.mail_quota, 20);
    assert!(site.page(&path, &cookie).await.text.contains("value=\"20\""));
    let wrong = site.ask(set("-1")).await;
    assert!(
        wrong.status.is_client_error() && wrong.text.contains("value=\"-1\""),
        "{}",
        wrong.text
    );
}

/// C20: a person sets the PIN of their own links, after their password; it is kept as a hash and can
/// be taken away.
#[tokio::test]
async fn the_own_pin_is_set_after_the_password_and_taken_away() {
    let site = Site::new().await;
    let bob = site.user("Bob", Role::Agent).await;
    site.set_password(bob, "correct horse battery").await;
    let cookie = site.cookie_of(bob).await;
    let set = |current: &'static str, pin: &'static str| {
        form("/account/pin", &cookie, &[("current", current), ("pin", pin)])
    };
    let wrong = site.ask(set("wrong", "4711")).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("That is not your present password."), "{}", wrong.text);
    let has = async || site.app.store.read(move |tx| tx.user(bob)).await.unwrap().unwrap().has_pin;
    assert!(!has().await);
    let done = site.ask(set("correct horse battery", "4711")).await;
    assert_eq!(done.header("location"), "/account?done=pin", "{}", done.text);
    assert!(has().await);
    let page = site.page("/account", &cookie).await.text;
    assert!(page.contains("They ask for your PIN.") && !page.contains("4711"), "{page}");
    site.ask(set("correct horse battery", "")).await;
    assert!(!has().await);
}
