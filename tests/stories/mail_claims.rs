//! Answers by mail that wait: somebody else has the conversation, or their author is asked first; and
//! the links by which an author decides.

use serde_json::json;
use simgate::config::Mail;
use simgate::email::MailIn;
use simgate::store::{ClaimPolicy, MailOutcome, NotifiedUser, Profile, Role, UserId};
use simgate::types::{MessageState, Secret};

use crate::mail_desk::{ANNA, BEN, Desk, answer};
use crate::shop::{BOB, staff};

/// The path of a link in a mail that begins so.
fn link(mail: &MailIn, begins: &str) -> Option<String> {
    let whole = format!("https://sms.example.org{begins}");
    let at = mail.body.text.find(&whole)?;
    let path = &mail.body.text[at + "https://sms.example.org".len()..];
    Some(path.split_whitespace().next().unwrap_or_default().to_owned())
}

/// A desk whose conversation with Bob is Anna's, and Ben's forward of his text.
async fn held_by_anna(policy: ClaimPolicy, ben: Role) -> (Desk, UserId, UserId, MailIn) {
    let desk = Desk::open().await;
    let anna = desk.user("Anna", ANNA, Role::Agent).await;
    let ben = desk.user("Ben", BEN, ben).await;
    desk.shop.set(move |set| set.claim_policy = Some(policy)).await;
    let to_anna = desk.forwarded("Who is there?", ANNA).await;
    desk.shop.gateway.take_mail(&answer(&to_anna, ANNA, "a1", "Me##")).await;
    desk.shop.reads(BOB, 1).await;
    let to_ben = desk.office.letters().into_iter().find(|letter| letter.0 == BEN).expect("one").1;
    (desk, anna, ben, to_ben)
}

/// Ben's answer, and the notice he gets.
async fn answered(desk: &Desk, forward: &MailIn) -> MailIn {
    let before = desk.office.letters().len();
    desk.shop.gateway.take_mail(&answer(forward, BEN, "b1", "And me##")).await;
    let told = desk.letters(before + 1).await.pop().expect("a notice");
    assert_eq!(told.0, BEN);
    assert!(told.1.body.text.contains("Anna answers in this thread"), "{}", told.1.body.text);
    assert!(told.1.body.text.contains("And me"), "{}", told.1.body.text);
    assert_eq!(desk.shop.quiet(BOB).await, 1);
    told.1
}

/// C6, C7, E153: an answer in a conversation that somebody else has is held; one button takes it over
/// and sends, once; looking at the link does nothing, and the old owner sees who took it.
#[tokio::test(start_paused = true)]
async fn one_button_takes_a_conversation_over_and_sends() {
    let (desk, anna, ben, forward) = held_by_anna(ClaimPolicy::Soft, Role::Agent).await;
    let notice = answered(&desk, &forward).await;
    let path = link(&notice, "/h/").expect("a link");
    for _ in 0..3 {
        let (status, _, page) = desk.shop.gateway.page(&path, None).await;
        assert!(status == 200 && page.contains("And me") && page.contains("Take the conversation"));
    }
    assert_eq!(desk.shop.thread(BOB).await.owner, Some(anna), "looking changes nothing");
    let thread = desk.shop.thread(BOB).await.id;
    let (status, to, page) = desk.shop.gateway.page(&path, Some("act=send")).await;
    assert_eq!((status.as_u16(), to), (303, format!("/threads/{thread}")), "{page}");
    assert_eq!(desk.shop.reads(BOB, 2).await, "And me");
    assert_eq!(desk.shop.thread(BOB).await.owner, Some(ben));
    assert_eq!(desk.shop.gateway.page(&path, Some("act=send")).await.0, 410, "once");
    assert_eq!(desk.shop.gateway.page(&path, None).await.0, 410);
    assert_eq!(desk.shop.quiet(BOB).await, 2);
    let log = desk.shop.gateway.store.read(|tx| tx.audit_log(None, 10)).await.expect("readable");
    let taken = log.iter().find(|row| row.action == "conversation.taken_over").expect("audited");
    let by = (taken.detail["from"].as_str(), taken.detail["to"].as_str());
    assert_eq!(by, (Some(anna.to_string().as_str()), Some(ben.to_string().as_str())));
}

/// C7, S120: where claims are strict only an admin takes over: anybody else gets no link, is told who
/// can, and a right that was lost since the mail is lost.
#[tokio::test(start_paused = true)]
async fn a_strict_claim_is_taken_over_by_an_admin_only() {
    let (desk, anna, _, forward) = held_by_anna(ClaimPolicy::Strict, Role::Agent).await;
    let notice = answered(&desk, &forward).await;
    assert_eq!(link(&notice, "/h/"), None, "{}", notice.body.text);
    assert!(notice.body.text.contains("Anna or an admin"), "{}", notice.body.text);
    let held = desk.shop.gateway.all().await.pop().expect("a text");
    assert_eq!((held.state, held.text.as_str()), (MessageState::Held, "And me"));

    let (admins, _, ben, forward) = held_by_anna(ClaimPolicy::Strict, Role::Admin).await;
    let path = link(&answered(&admins, &forward).await, "/h/").expect("a link");
    let demoted = Profile {
        email: BEN.to_owned(),
        phone: None,
        role: Role::Agent,
        ..staff("Ben", "+447700900399")
    };
    let (now, was) = (admins.shop.gateway.clock.wall(), demoted.clone());
    let set = |profile: Profile| {
        let store = admins.shop.gateway.store.clone();
        async move { store.write(move |tx| tx.save_user(ben, &profile, now)).await.expect("saved") }
    };
    set(demoted).await;
    let (status, _, page) = admins.shop.gateway.page(&path, Some("act=send")).await;
    assert_eq!(status, 403, "{page}");
    assert_eq!(admins.shop.thread(BOB).await.owner, Some(anna));
    // The refusal spent nothing.
    set(Profile { role: Role::Admin, ..was }).await;
    assert_eq!(admins.shop.gateway.page(&path, Some("act=send")).await.0, 303);
    assert_eq!(admins.shop.reads(BOB, 2).await, "And me");
    assert_eq!(admins.shop.thread(BOB).await.owner, Some(ben));
}

/// E58: an author without an account says yes, or no, by a link of the mail that asks; once.
#[tokio::test(start_paused = true)]
async fn an_author_without_an_account_decides_about_a_long_text() {
    let desk = Desk::with(Mail { max_segments: 1, ..Mail::default() }).await;
    let forward = desk.forwarded("Tell me everything", ANNA).await;
    let long = "Very long. ".repeat(40);
    for (id, act, done) in [("a1", "drop", "was dropped"), ("a2", "send", "on its way")] {
        let before = desk.office.letters().len();
        let mail = answer(&forward, ANNA, id, &format!("{long}{id}##"));
        desk.shop.gateway.take_mail(&mail).await;
        let asked = desk.letters(before + 1).await.pop().expect("a notice").1;
        assert!(asked.subject.starts_with("Please confirm"), "{}", asked.subject);
        let path = link(&asked, "/h/").expect("a link");
        assert_eq!(desk.shop.quiet(BOB).await, 0);
        let (status, _, page) = desk.shop.gateway.page(&path, Some(&format!("act={act}"))).await;
        assert!(status == 200 && page.contains(done), "{page}");
        assert_eq!(desk.shop.gateway.page(&path, Some("act=send")).await.0, 410);
    }
    let read = desk.shop.reads(BOB, 1).await;
    assert!(read.ends_with("a2"), "{read}");
    assert_eq!(desk.shop.quiet(BOB).await, 1);
}

async fn set_pin(desk: &Desk, user: UserId, pin: &str) {
    use argon2::password_hash::PasswordHasher;
    use argon2::password_hash::phc::PasswordHash;
    let hash: PasswordHash =
        argon2::Argon2::default().hash_password_with_salt(pin.as_bytes(), &[7; 16]).unwrap();
    let hash = Secret::new(hash.to_string());
    let now = desk.shop.gateway.clock.wall();
    let kept = desk.shop.gateway.store.write(move |tx| tx.set_link_pin(user, Some(&hash), now));
    kept.await.expect("a PIN");
}

/// C20: where the author has a PIN the button asks for it and the page shows nothing; a few wrong ones
/// end the link, and so do three days.
#[tokio::test(start_paused = true)]
async fn a_link_about_a_held_text_asks_for_the_pin_and_ends() {
    let (mut desk, _, ben, forward) = held_by_anna(ClaimPolicy::Soft, Role::Agent).await;
    set_pin(&desk, ben, "4711").await;
    let path = link(&answered(&desk, &forward).await, "/h/").expect("a link");
    let (_, _, page) = desk.shop.gateway.page(&path, None).await;
    assert!(page.contains("Your PIN") && !page.contains("And me"), "{page}");
    let wrong = desk.shop.gateway.page(&path, Some("act=send&pin=0000")).await;
    assert!(wrong.0 == 422 && wrong.2.contains("That is not the PIN."), "{}", wrong.2);
    for _ in 0..5 {
        desk.shop.gateway.page(&path, Some("act=send&pin=0000")).await;
    }
    assert_eq!(desk.shop.gateway.page(&path, Some("act=send&pin=4711")).await.0, 410);
    assert_eq!(desk.shop.quiet(BOB).await, 1);

    let before = desk.office.letters().len();
    desk.shop.gateway.take_mail(&answer(&forward, BEN, "b2", "Later##")).await;
    let later = desk.letters(before + 1).await.pop().expect("a notice").1;
    let path = link(&later, "/h/").expect("a link");
    desk.later(3).await;
    assert_eq!(desk.shop.gateway.page(&path, Some("act=send&pin=4711")).await.0, 410);
}

/// S113, C20: a notice by mail leads into its one conversation without a password, once; a forward,
/// whose address may be anybody's, leads to the sign-in.
#[tokio::test(start_paused = true)]
async fn a_notice_by_mail_opens_its_conversation_once() {
    let desk = Desk::open().await;
    let nora = desk.user("Nora", "nora@example.org", Role::Agent).await;
    desk.shop
        .set(move |set| {
            let told =
                NotifiedUser { user: nora, sms: false, email: true, push: false, urgency: None };
            set.notified = vec![told];
            set.claim_policy = Some(ClaimPolicy::Off);
        })
        .await;
    desk.shop.types(BOB, "Is anybody there?");
    let letters = desk.letters(3).await;
    let thread = desk.shop.thread(BOB).await.id;
    for (to, mail) in &letters {
        assert_eq!(link(mail, "/n/").is_some(), to == "nora@example.org", "{to}");
        assert_eq!(link(mail, "/threads/").is_some(), to != "nora@example.org", "{to}");
    }
    let notice = letters.iter().find(|(to, _)| to == "nora@example.org").expect("a notice");
    let path = link(&notice.1, "/n/").expect("a link");
    assert_eq!(desk.shop.gateway.page(&path, None).await.0, 200, "a look spends nothing");
    let (status, to, _) = desk.shop.gateway.page(&path, Some("")).await;
    assert_eq!((status.as_u16(), to), (303, format!("/threads/{thread}")));
    assert_eq!(desk.shop.gateway.page(&path, Some("")).await.0, 410, "once");
}

/// What the limits of the line hold back is told as waiting, not as sent.
#[tokio::test(start_paused = true)]
async fn a_text_that_a_limit_holds_is_not_told_as_sent() {
    let desk = Desk::open().await;
    let anna = desk.user("Anna", ANNA, Role::Agent).await;
    desk.shop.gateway.store.write(move |tx| tx.set_mail_quota(anna, 5)).await.expect("a quota");
    let forward = desk.forwarded("Hello?", ANNA).await;
    desk.shop.set(|set| set.limits = json!({ "segments_a_day": { "hold": 1 } })).await;
    desk.shop.gateway.take_mail(&answer(&forward, ANNA, "a1", "One##")).await;
    desk.shop.reads(BOB, 1).await;
    let before = desk.office.letters().len();
    desk.shop.gateway.take_mail(&answer(&forward, ANNA, "a2", "Two##")).await;
    let told = desk.letters(before + 1).await.pop().expect("a notice").1;
    assert!(told.subject.starts_with("Not sent yet"), "{}", told.subject);
    let start = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\r\n\
                 From: anna@example.org\r\nTo: sms+to-bob@example.org\r\nSubject: x\r\n\
                 Message-ID: <s1@example.org>\r\n\r\nThree##\r\n";
    desk.shop.gateway.take_mail(start).await;
    let told = desk.letters(before + 2).await.pop().expect("a notice").1;
    assert!(told.subject.starts_with("Not sent yet"), "{}", told.subject);
    assert_eq!(desk.shop.quiet(BOB).await, 1);
    let outcomes: Vec<MailOutcome> = desk.outcomes().await.iter().map(|(o, _)| *o).collect();
    assert_eq!(outcomes, [MailOutcome::Sent, MailOutcome::Held, MailOutcome::Held]);
}
