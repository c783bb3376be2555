//! Texts beyond their time go, and nothing else does: marked first, deleted after a day of a clock to
//! trust. Texts planned by the clock on the wall follow the zone's rules.

use axum::http::StatusCode;
use jiff::civil::date;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};
use simgate::app::Settings;
use simgate::emulator::Scenario;
use simgate::store::Deleted;
use simgate::types::{MessageId, Millis, Number, UnixTime};

use crate::gateway::{START, TestGateway};
use crate::people::Desk;
use crate::shop::{BOB, Shop};
use crate::site::form;

const ONE: &str = "+447700900201";
const TWO: &str = "+447700900202";
const THREE: &str = "+447700900203";
const DAY: u64 = 24 * 3_600;

/// So many hours with a clock to trust, each with its look.
async fn hours(desk: &Desk, hours: u32, now: UnixTime) -> Deleted {
    let older_than = UnixTime(now.0 - Millis::from_secs(30 * DAY).0.cast_signed());
    let looked = desk.site.app.store.write(move |tx| {
        let mut all = Deleted::default();
        for _ in 0..hours {
            tx.mark_old(older_than)?;
            let deleted = tx.delete_old(older_than, now)?;
            all.messages += deleted.messages;
            all.conversations.extend(deleted.conversations);
        }
        Ok(all)
    });
    looked.await.expect("looked")
}

async fn marked(desk: &Desk) -> u32 {
    desk.site.app.store.read(|tx| tx.marked_for_deletion()).await.expect("readable")
}

async fn texts(desk: &Desk) -> Vec<String> {
    let list = desk.get("/api/v1/messages?limit=500").await;
    let items = list["items"].as_array().expect("a list");
    items.iter().map(|text| text["text"].as_str().unwrap_or_default().to_owned()).collect()
}

/// E165, E171: what is old is marked, and goes after a day of a clock that was right; what waits for
/// somebody stays, so do consent, contacts and notes; the audit log says how many went.
#[tokio::test]
async fn old_texts_go_in_two_phases_and_what_waits_stays() {
    let desk = Desk::new().await;
    let made = desk.site.app.now();
    desk.site.receives(ONE, "old and done").await;
    desk.site.receives(TWO, "old with a note").await;
    let note = json!({ "text": "promised to call" });
    let noted = desk.get(&format!("/api/v1/conversations?q={}", &TWO[3..])).await;
    let noted = noted["items"][0]["id"].as_str().expect("a conversation").to_owned();
    desk.post(&format!("/api/v1/conversations/{noted}/notes"), note).await;
    let send = async |text: &str| {
        let asked = json!({ "to": THREE, "text": text });
        let sent = desk.post("/api/v1/messages", asked).await;
        assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text);
        sent.json()["id"].as_str().expect("an id").to_owned()
    };
    send("still to be sent").await;
    let cancelled = send("old and cancelled").await;
    desk.post(&format!("/api/v1/messages/{cancelled}/cancel"), json!({})).await;
    let out = json!({ "number": ONE, "state": "out", "how": "said so" });
    desk.post("/api/v1/consent", out).await;
    desk.site.later(40 * 24 * 3_600);
    desk.site.receives(ONE, "new").await;
    let now = desk.site.app.now();
    assert!(now.since(made) >= Millis::from_secs(40 * DAY));

    assert_eq!(
        hours(&desk, 24, now).await.messages,
        0,
        "a day has not passed since the first mark"
    );
    assert_eq!((marked(&desk).await, texts(&desk).await.len()), (3, 5));
    desk.site.app.store.write(|tx| tx.unmark_old()).await.expect("the clock was set");
    assert_eq!(hours(&desk, 24, now).await.messages, 0, "it begins anew");
    let deleted = hours(&desk, 1, now).await;
    assert_eq!((deleted.messages, deleted.conversations.len()), (3, 3));
    assert_eq!(texts(&desk).await, ["still to be sent", "new"]);
    let found = desk.get("/api/v1/conversations?q=done").await;
    assert_eq!(found["items"], json!([]), "nor does a search find its words");
    let kept = desk.get(&format!("/api/v1/conversations/{noted}")).await;
    assert_eq!(kept["unread"], 0, "{kept}");
    let standing = Number::E164(ONE.to_owned());
    let out = desk.site.app.store.read(move |tx| tx.is_opted_out(&standing)).await;
    assert!(out.expect("readable"), "consent stays");
    let log = desk.get("/api/v1/audit").await;
    assert_eq!(log["items"][0]["action"], "retention.deleted", "{log}");
    let detail = json!({ "messages": 3, "older_than_days": 30 });
    assert_eq!(log["items"][0]["detail"], detail);
    assert_eq!(log["broken_at"], Value::Null);
    assert_eq!(hours(&desk, 30, now).await.messages, 0, "that was all");
}

/// E165: however many old texts wait for a person, those behind them are found as well.
#[tokio::test]
async fn texts_that_wait_do_not_hide_old_ones_behind_them() {
    let desk = Desk::new().await;
    desk.site.receives(ONE, "the first").await;
    // As many as one look sees, all held.
    let conn = rusqlite::Connection::open(desk.site.app.store.path()).expect("the database opens");
    let held = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                INSERT INTO messages (line_id, direction, state, number_key, text, created_at)
                SELECT 1, 'out', 'held', '', 'held', 0 FROM n";
    assert_eq!(conn.execute(held, []).expect("written"), 20_000);
    let words =
        "INSERT INTO messages_fts (rowid, text) SELECT id, text FROM messages WHERE text = 'held'";
    assert_eq!(conn.execute(words, []).expect("indexed"), 20_000);
    desk.site.receives(TWO, "the last").await;
    desk.site.later(40 * 24 * 3_600);
    let now = desk.site.app.now();
    hours(&desk, 1, now).await;
    assert_eq!(marked(&desk).await, 1);
    hours(&desk, 1, now).await;
    assert_eq!(marked(&desk).await, 2);
    // And then from the oldest again.
    hours(&desk, 23, now).await;
    assert_eq!(marked(&desk).await, 1, "the first is deleted");
    hours(&desk, 1, now).await;
    assert_eq!(marked(&desk).await, 0, "and the last");
}

/// E165: the gateway marks by the hour, unmarks when its clock cannot be right, and never deletes
/// within a day of its start.
#[tokio::test(start_paused = true)]
async fn the_gateway_marks_by_the_hour_and_a_wrong_clock_unmarks() {
    let settings = Settings { per_minute: 0, keep_days: 30, ..Settings::default() };
    let gateway = TestGateway::with(Scenario::plain(1, "generic"), settings).await;
    let mut shop = Shop::around(gateway, 1).await;
    shop.types(BOB, "old");
    shop.gateway.received(1).await;
    let marked = async |shop: &Shop| {
        shop.gateway.store.read(|tx| tx.marked_for_deletion()).await.expect("readable")
    };
    shop.gateway.restart_at(START.after(Millis::from_secs(31 * DAY))).await;
    shop.gateway.pass(3_700).await;
    assert_eq!(marked(&shop).await, 2, "the text and its relay");
    let far = UnixTime::parse_rfc3339("2086-01-01T00:00:00Z").expect("a time");
    shop.gateway.restart_at(far).await;
    shop.gateway.pass(3_700).await;
    assert_eq!((marked(&shop).await, shop.gateway.inbox().await.len()), (0, 1));
}

/// E162: a text planned by the clock on the wall keeps its hour when the zone gets other rules; one
/// planned for an instant keeps its instant.
#[tokio::test]
async fn a_text_planned_by_the_clock_follows_the_zones_rules() {
    let desk = Desk::new().await;
    let cookie = desk.site.cookie().await;
    let thread = desk.thread(ONE, "hello").await;
    let path = format!("/threads/{thread}/messages");
    let fields = [("text", "Good morning"), ("key", "k"), ("send_at", "2026-11-23T09:00")];
    let sent = desk.site.ask(form(&path, &cookie, &fields)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text);
    let instant = json!({ "to": ONE, "text": "x", "send_at": "2026-11-23T09:00:00Z" });
    desk.post("/api/v1/messages", instant).await;

    let now = desk.site.app.now();
    // The government has put the clocks an hour forward, for good.
    let zone = TimeZone::fixed(Offset::constant(1));
    let again = zone.clone();
    let moved = desk.site.app.store.write(move |tx| tx.plan_by_clock(&zone, now)).await;
    assert_eq!(moved.expect("planned"), [MessageId(2)]);
    let due = date(2026, 11, 23).at(8, 0, 0, 0).to_zoned(TimeZone::UTC).expect("a time");
    let due = UnixTime(due.timestamp().as_millisecond());
    let custody = desk.get("/api/v1/messages/2").await["custody"].to_string();
    assert!(custody.contains(&format!("to {due}")), "{custody}");
    let line = simgate::store::LineId(1);
    let leased = desk.site.app.store.write(move |tx| {
        Ok((tx.lease_outbound(line, UnixTime(due.0 - 1))?, tx.lease_outbound(line, due)?))
    });
    let (early, leased) = leased.await.expect("leased");
    assert!(early.is_none());
    assert_eq!(leased.map(|out| out.message), Some(MessageId(2)), "at nine by the clock");
    let moved = desk.site.app.store.write(move |tx| tx.plan_by_clock(&again, now)).await;
    assert!(moved.expect("planned").is_empty());
}
