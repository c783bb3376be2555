//! The way to a first line, and a line that is tried before it is relied on.

use axum::http::StatusCode;
use serde_json::json;
use simgate::emulator::{Phone, Scenario};
use simgate::store::{ModemStatus, NewOrder, OrderKind, Role, SeenModem};
use simgate::web::Settings;

use crate::gateway::TestGateway;
use crate::site::{Site, form};

const LINE: &str = "+447700900100";
const ANN: &str = "+447700900123";

/// S55: without a line the inbox and its settings lead to one; who cannot add one is not sent there.
#[tokio::test]
async fn without_a_line_the_pages_lead_to_a_first_one() {
    let site = Site::without_line(Settings::default()).await;
    let cookie = site.cookie().await;
    let inbox = site.page("/", &cookie).await.text;
    assert!(inbox.contains("First a line") && inbox.contains("<a href=\"/lines\">"), "{inbox}");
    let lines = site.page("/lines", &cookie).await.text;
    assert!(lines.contains("it becomes a line by itself"), "{lines}");
    let agent = site.user("Bob", Role::Agent).await;
    let agent = site.cookie_of(agent).await;
    assert!(!site.page("/", &agent).await.text.contains("First a line"));
    site.line("8944110000000000001", "+447700900001").await;
    assert!(!site.page("/", &cookie).await.text.contains("First a line"));
}

/// S56: one page shows the whole loop in a picture and in words, one press away from where somebody
/// begins.
#[tokio::test]
async fn one_page_shows_the_loop_in_a_picture() {
    let site = Site::without_line(Settings::default()).await;
    let cookie = site.cookie().await;
    for from in ["/", "/lines", "/help"] {
        assert!(site.page(from, &cookie).await.text.contains("href=\"/flow\""), "{from}");
    }
    let page = site.page("/flow", &cookie).await.text;
    let picture = page.split("<svg viewBox").nth(1).unwrap().split("</svg>").next().unwrap();
    for place in ["customer’s phone", "Your line", "decided", "Inbox", "E-mail", "answers"] {
        assert!(picture.contains(place), "{place}: {picture}");
    }
    assert!(page.contains("<ol class=\"steps\">"), "the same in words");
    assert!(!page.contains("style="), "{page}");
}

/// S59: a SIM that was never seen receives without anything being set; its page says so, shows what
/// came last, and sends a text to see the other way.
#[tokio::test(start_paused = true)]
async fn a_new_line_receives_by_itself_and_is_tried_from_its_page() {
    let gateway = TestGateway::over(Scenario::plain(1, "generic")).await;
    let ready = async || {
        let (_, _, page) = gateway.page("/lines", None).await;
        page.contains("href=\"/lines/1\"").then_some(())
    };
    gateway.until("the line is there", ready).await;
    let phone = Phone { number: ANN.to_owned(), ..Phone::default() };
    gateway.modems.with(|world| world.set_phone(phone));
    gateway.modems.with(|world| world.text_from(ANN, LINE, "Is anybody there?")).expect("sent");
    gateway.received(1).await;
    let (_, _, page) = gateway.page("/lines/1", None).await;
    assert!(page.contains("It receives: nothing else has to be set."), "{page}");
    let last = page.split("<dt>Last text in</dt>").nth(1).unwrap();
    assert!(!last.starts_with("<dd>none yet"), "{last}");
}

/// S59: a test text goes to the phone that was named, from this line; what cannot be reached is
/// refused beside the box.
#[tokio::test]
async fn a_test_text_is_sent_from_the_lines_page() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let page = site.page("/lines/1", &cookie).await.text;
    assert!(page.contains("Its SIM is in no modem now."), "{page}");
    let refused = site.ask(form("/lines/1/test", &cookie, &[("to", "nobody")])).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("value=\"nobody\"") && site.texts().await == 0);
    let sent = site.ask(form("/lines/1/test", &cookie, &[("to", ANN)])).await;
    assert_eq!(sent.header("location"), "/lines/1?done=test#trial-title", "{}", sent.text);
    let texts = site.app.store.read(|tx| tx.messages(&Default::default())).await.unwrap();
    assert_eq!((texts.len(), texts[0].number.as_str()), (1, ANN));
    assert!(texts[0].text.contains("A test from"), "{}", texts[0].text);
}

/// S102: from a line's settings one press leads to its texts of consent and to click-to-text.
#[tokio::test]
async fn a_lines_settings_lead_to_its_texts() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let page = site.page("/lines/1", &cookie).await.text;
    for section in ["texts", "click", "told", "hours", "trial"] {
        assert!(page.contains(&format!("<a href=\"#{section}-title\">")), "{section}");
        assert!(page.contains(&format!("<h2 id=\"{section}-title\">")), "{section}");
    }
    for text in ["opt_in", "opt_out", "opt_back_in", "help", "away"] {
        assert!(page.contains(&format!("<textarea id=\"texts-{text}\"")), "{text}");
    }
}

/// S141: what a line can still send stands on every page, as soon as a limit or the network says it.
#[tokio::test]
async fn what_a_line_can_still_send_is_on_every_page() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let now = site.app.now();
    let plugged = site.app.store.write(move |tx| {
        let line = tx.lines()?[0].id;
        let modem =
            tx.upsert_modem(&SeenModem { port: "usb1".into(), ..Default::default() }, now)?;
        let state = Some("ready".to_owned());
        let status = ModemStatus { state, line: Some(Some(line)), ..Default::default() };
        tx.modem_status(modem, &status, now)?;
        let order =
            NewOrder { modem, kind: OrderKind::Ussd, argument: "*100#".to_owned(), author: None };
        let order = tx.place_order(&order, now)?;
        tx.finish_order(order, Ok("Your balance is £4.20. Thank you."), now)
    });
    plugged.await.unwrap();
    for path in ["/", "/contacts", "/lines", "/account", "/help"] {
        let page = site.page(path, &cookie).await.text;
        assert!(page.contains("<span class=\"left\">£4.20 credit</span>"), "{path}");
    }
    let limited = site.app.store.write(move |tx| {
        let line = tx.lines()?[0].id;
        let mut set = tx.line_settings(line)?.unwrap();
        set.limits = json!({ "segments_a_month": { "hold": 100 } });
        tx.save_line_settings(line, &set, now)
    });
    limited.await.unwrap();
    assert!(site.page("/", &cookie).await.text.contains("100 of 100 left"));
}

/// What a line may cost, when it wakes nobody, how far a STOP reaches and when
/// an idle claim ends are set on its page; a price of one country that a program set stays.
#[tokio::test]
async fn money_quiet_hours_and_consent_are_set_on_the_lines_page() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let token = site.token(&["admin"]).await;
    let now = site.app.now();
    let priced = site.app.store.write(move |tx| {
        let mut set = tx.line_settings(tx.lines()?[0].id)?.unwrap();
        set.limits = json!({ "prices": { "home": 70, "countries": { "FR": 120 } } });
        tx.save_line_settings(tx.lines()?[0].id, &set, now)
    });
    priced.await.unwrap();
    let page = site.page("/lines/1", &cookie).await.text;
    assert!(page.contains("name=\"price_home\" type=\"text\" value=\"0.07\""), "{page}");
    let limits = [
        ("section", "limits"),
        ("money_a_month_hold", "25"),
        ("price_home", "0,09"),
        ("price_abroad", "0.125"),
    ];
    let saved = site.ask(form("/lines/1", &cookie, &limits)).await;
    assert_eq!(saved.header("location"), "/lines/1?done=saved#limits", "{}", saved.text);
    let consent = [
        ("section", "consent"),
        ("scope", "line"),
        ("profile", "us"),
        ("quiet_from", "20:00"),
        ("quiet_to", "09:00"),
    ];
    let saved = site.ask(form("/lines/1", &cookie, &consent)).await;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let claims = [("section", "claims"), ("claim_policy", "soft"), ("claims_idle", "90")];
    site.ask(form("/lines/1", &cookie, &claims)).await;
    let line = site.get("/api/v1/lines/1", &token).await.json();
    assert_eq!(line["limits"]["money_a_month"]["hold"], 25_000, "{line}");
    let prices = json!({ "home": 90, "abroad": 125, "countries": { "FR": 120 } });
    assert_eq!(line["limits"]["prices"], prices);
    assert_eq!((&line["consent"]["scope"], &line["claims_idle"]), (&json!("line"), &json!(90)));
    assert_eq!(line["quiet_hours"], json!({ "from": "20:00", "to": "09:00" }));
    for (name, wrong) in [("price_home", "cheap"), ("money_a_month_warn", "1.2345")] {
        let refused = [("section", "limits"), (name, wrong)];
        let refused = site.ask(form("/lines/1", &cookie, &refused)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(refused.text.contains(&format!("value=\"{wrong}\"")), "{}", refused.text);
    }
}
