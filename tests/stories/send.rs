//! A text goes out.

use serde_json::json;
use simgate::app::Settings;
use simgate::emulator::{ModemChange, Scenario};
use simgate::types::{MessageId, MessageState};

use crate::gateway::{CUSTOMER, OTHER, TestGateway};

/// S: send one; report delivered.
#[tokio::test(start_paused = true)]
async fn a_text_is_sent_and_the_network_says_it_arrived() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let id = gateway.send(CUSTOMER, "We open at nine.").await;
    let message = gateway.becomes(id, MessageState::Delivered).await;
    assert!(message.sent_at <= message.delivered_at);
    assert_eq!(gateway.submitted(0), ["We open at nine."]);
    let custody = gateway.custody(id).await;
    let events: Vec<&str> = custody.iter().map(|c| c.split(':').next().unwrap_or(c)).collect();
    assert_eq!(events, ["queued", "handed to the modem", "accepted by the network", "delivered"]);
    assert!(custody[2].contains("reference"), "{custody:?}");
}

/// S: report failed.
#[tokio::test(start_paused = true)]
async fn a_text_the_handset_never_got_is_undeliverable_in_words() {
    let gateway = TestGateway::toml(&format!(
        "[[modem]]\n[[phone]]\nnumber = \"{CUSTOMER}\"\nreport = 0x41\n"
    ))
    .await;
    gateway.ready().await;
    let id = gateway.send(CUSTOMER, "hello").await;
    let message = gateway.becomes(id, MessageState::Undeliverable).await;
    assert_eq!(message.error.expect("a reason").detail, "incompatible destination");
    assert_eq!(gateway.submitted(0).len(), 1);
}

/// S: refused for good. Fault 61: other texts do not wait for it.
#[tokio::test(start_paused = true)]
async fn a_number_nobody_has_fails_at_once_and_delays_nobody() {
    let gateway =
        TestGateway::toml(&format!("[network]\nrefused = {{ \"{OTHER}\" = 1 }}\n[[modem]]\n"))
            .await;
    gateway.ready().await;
    let bad = gateway.send(OTHER, "nobody").await;
    let good = gateway.send(CUSTOMER, "somebody").await;
    let failed = gateway.becomes(bad, MessageState::Failed).await;
    assert_eq!(failed.error.map(|error| error.code).as_deref(), Some("1"));
    gateway.becomes(good, MessageState::Delivered).await;
    assert!(gateway.clock.now().0 < 60_000, "{}", gateway.clock.now());
}

/// S: refused for now and retried. Fault 57.
#[tokio::test(start_paused = true)]
async fn a_text_refused_for_now_goes_again_by_itself() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(0, "[[rules]]\non = \"+CMGS\"\ntimes = 2\neffect = { cms = 42 }\n");
    let asked = gateway.clock.now();
    let id = gateway.send(CUSTOMER, "patience").await;
    gateway.becomes(id, MessageState::Delivered).await;
    // 30 s and 2 min, each a fifth more or less.
    let took = (gateway.clock.now() - asked).0 / 1_000;
    assert!((120..200).contains(&took), "{took} s");
    assert_eq!(gateway.submitted(0), ["patience"]);
    let custody = gateway.custody(id).await;
    assert_eq!(custody.iter().filter(|c| c.starts_with("refused for now")).count(), 2);
}

/// A burst keeps the radio link open from one text to the next, and lets it fall behind the last.
#[tokio::test(start_paused = true)]
async fn the_link_stays_open_while_more_texts_wait() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(gateway.send(&format!("+44770090020{n}"), "burst").await);
    }
    for id in ids {
        gateway.becomes(id, MessageState::Delivered).await;
    }
    gateway.pass(30).await;
    let single = gateway.send(CUSTOMER, "alone").await;
    gateway.becomes(single, MessageState::Delivered).await;
    let more: Vec<bool> =
        gateway.modems.with(|world| world.submitted(0, 0).map(|submit| submit.more).collect());
    assert_eq!(&more[1..3], [true, true], "{more:?}");
    assert!(!more[4], "{more:?}");
}

/// D6: first in, first out for one recipient, even when the first has to wait.
#[tokio::test(start_paused = true)]
async fn texts_to_one_person_keep_their_order() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(0, "[[rules]]\non = \"+CMGS\"\ntimes = 1\neffect = { cms = 42 }\n");
    let first = gateway.send(CUSTOMER, "one").await;
    let second = gateway.send(CUSTOMER, "two").await;
    gateway.becomes(second, MessageState::Delivered).await;
    gateway.becomes(first, MessageState::Delivered).await;
    assert_eq!(gateway.submitted(0), ["one", "two"]);
}

/// A row that lost a bit on its card: the text waits for a person, and no other waits for it.
#[tokio::test(start_paused = true)]
async fn a_text_that_cannot_be_read_any_more_holds_up_nobody() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    registered(&gateway, 2).await;
    let bad = gateway.send(OTHER, "damaged").await;
    let good = gateway.send(CUSTOMER, "sound").await;
    damage(&gateway, bad, "UPDATE outbound SET attempts = -1 WHERE message_id = ?1");
    registered(&gateway, 1).await;
    gateway.becomes(good, MessageState::Delivered).await;
    let held = gateway.becomes(bad, MessageState::Held).await;
    let why = held.hold.expect("a reason");
    assert!(why.starts_with("its record is damaged"), "{why}");
    assert_eq!(gateway.submitted(0), ["sound"]);
}

/// The same between the parts of a long text: others go, and the rest of it once it can be read.
#[tokio::test(start_paused = true)]
async fn the_rest_of_a_text_that_cannot_be_read_is_tried_again_later() {
    let a_minute = Settings { per_minute: 1, burst: 1, ..Settings::default() };
    let gateway = TestGateway::with(Scenario::plain(1, "generic"), a_minute).await;
    gateway.ready().await;
    let long = "One of the parts of a long text that leaves in three. ".repeat(8);
    let torn = gateway.send(OTHER, long.trim()).await;
    let is_there = async |word: &str| {
        let custody = gateway.custody(torn).await;
        custody.iter().any(|entry| entry.starts_with(word)).then_some(())
    };
    gateway.until("a part has left", || is_there("accepted by")).await;
    let renumber = "UPDATE segments_out SET seq = -seq WHERE message_id = ?1 AND seq IN (-2, 2)";
    damage(&gateway, torn, renumber);
    let good = gateway.send(CUSTOMER, "sound").await;
    gateway.becomes(good, MessageState::Delivered).await;
    gateway.until("the rest waits", || is_there("put off")).await;
    assert_eq!(gateway.message(torn).await.state, MessageState::Submitting);
    damage(&gateway, torn, renumber);
    gateway.becomes(torn, MessageState::Delivered).await;
    let custody = gateway.custody(torn).await;
    let accepted = custody.iter().filter(|entry| entry.starts_with("accepted by")).count();
    assert_eq!(accepted, 3, "each part once: {custody:?}");
}

/// Sets how the network answers the line (27.007 §7.2), and gives the modem time to notice.
async fn registered(gateway: &TestGateway, state: u8) {
    let change = ModemChange { registration: Some(state), ..ModemChange::default() };
    gateway.modems.with(|world| world.change(0, change)).expect("changed");
    gateway.pass(180).await;
}

/// Changes a row of a text to what cannot be read, as a bad card does.
fn damage(gateway: &TestGateway, text: MessageId, sql: &str) {
    let conn = rusqlite::Connection::open(gateway.store.path()).expect("the database opens");
    assert_eq!(conn.execute(sql, [text]).expect("written"), 1);
}

/// Fault 53: nothing is tried while the network refuses the SIM, and no attempt is used up.
#[tokio::test(start_paused = true)]
async fn a_text_waits_for_a_network_and_costs_no_attempt() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    registered(&gateway, 2).await;
    let id = gateway.send(CUSTOMER, "later").await;
    gateway.pass(600).await;
    assert_eq!(gateway.message(id).await.state, MessageState::Queued);
    assert_eq!(gateway.submitted(0).len(), 0);
    registered(&gateway, 1).await;
    gateway.becomes(id, MessageState::Delivered).await;
}

/// A code is worth minutes, not days.
#[tokio::test(start_paused = true)]
async fn a_text_whose_time_is_over_is_not_sent() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(0, "[[rules]]\non = \"+CMGS\"\neffect = { cms = 42 }\n");
    let id = gateway
        .send_as(json!({ "to": CUSTOMER, "text": "4711", "class": "otp", "valid_for": "60s" }))
        .await;
    gateway.becomes(id, MessageState::Expired).await;
    gateway.faults(0, "");
    gateway.pass(600).await;
    assert_eq!(gateway.submitted(0).len(), 0);
}
