//! Opt-out, opt-in and HELP on the air, and every path that an opt-out stops.

use axum::http::StatusCode;
use serde_json::json;
use simgate::types::{MessageState, Number};

use crate::shop::{ALISHA, BOB, JENNY, STRANGER, Shop};

/// S70, S73, S130, S132, D10, E92, E94, E97, E21: one STOP stops all paths, its confirmation is on
/// the air, what waited is cancelled, and the recipient is told without a code.
#[tokio::test(start_paused = true)]
async fn a_stop_stops_every_path_and_is_confirmed() {
    let shop = Shop::open().await;
    shop.types(ALISHA, "Hi");
    let code = Shop::code_in(&shop.reads(JENNY, 1).await);
    let later = json!({ "to": ALISHA, "text": "Sale!", "send_at": "2026-11-21T18:00:00Z" });
    let scheduled = shop.gateway.send_as(later).await;

    shop.types(ALISHA, " Stop! ");
    let confirmed = shop.reads(ALISHA, 1).await;
    assert!(confirmed.contains("START"), "{confirmed}");
    assert_eq!(shop.gateway.message(scheduled).await.state, MessageState::Cancelled);
    let told = shop.reads(JENNY, 2).await;
    assert!(told.contains("Alisha Brown opted out") && !told.contains('@'), "{told}");

    // The API, a batch, another class, and the relay.
    let (status, problem) = shop.sends(ALISHA, "Hello?").await;
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("opted_out")));
    let batch = json!({ "messages": [{ "to": ALISHA, "text": "a" }, { "to": BOB, "text": "b" }] });
    let (_, answer) = shop.gateway.call("POST", "/api/v1/messages/batch", Some(batch)).await;
    assert_eq!(answer["items"][0]["problem"]["code"], "opted_out");
    shop.types(JENNY, &format!("{code} come back"));
    assert!(shop.reads(JENNY, 3).await.starts_with("Not sent."));
    assert_eq!(shop.quiet(ALISHA).await, 1);

    // C4: in the conversation, marked, without a badge.
    let stop = shop.gateway.inbox().await.into_iter().find(|m| m.text == " Stop! ").expect("kept");
    assert_eq!(stop.mark.as_deref(), Some("opt_out"));
    assert_eq!(shop.thread(ALISHA).await.unread, 1);

    // S71, S133: START leads back, and again nothing is asked twice.
    shop.types(ALISHA, "start");
    let back = shop.reads(ALISHA, 2).await;
    assert!(back.contains("You are subscribed"), "{back}");
    shop.types(ALISHA, "start");
    assert_eq!(shop.quiet(ALISHA).await, 2);
    assert_eq!(shop.sends(ALISHA, "Good to see you").await.0, 202);
    assert_eq!(shop.reads(ALISHA, 3).await, "Good to see you");
    let (_, ledger) = shop.gateway.call("GET", "/api/v1/consent", None).await;
    let changes: Vec<&str> =
        ledger["items"].as_array().unwrap().iter().map(|e| e["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["opted_out", "opted_in", "repeated"]);
    assert!(ledger["items"][0]["pdu_digest"].is_string(), "{ledger}");
}

/// E96: an opt-out between acceptance and hand-over: the sender asks again.
#[tokio::test(start_paused = true)]
async fn a_text_queued_before_a_stop_does_not_leave_after_it() {
    let shop = Shop::open().await;
    let number = Number::E164(BOB.to_owned());
    shop.gateway.send_as(json!({ "to": BOB, "text": "one" })).await;
    shop.reads(BOB, 1).await;
    let later = json!({ "to": BOB, "text": "two", "send_at": "2026-11-21T09:30:00Z" });
    let waiting = shop.gateway.send_as(later).await;
    // By a path that cancels nothing, so that only the hand-over can stop it.
    let now = shop.gateway.clock.wall();
    let event = simgate::engine::consent::Event {
        number,
        change: simgate::engine::consent::Change::OptedOut,
        scope: simgate::engine::consent::Scope::Organisation,
        level: simgate::engine::consent::Level::Whole,
        word: "told us at the desk".into(),
        language: String::new(),
        answered: false,
        by: None,
    };
    let said = simgate::store::Said::default();
    let noted = shop.gateway.store.write(move |tx| tx.record_consent(&event, &said, now));
    noted.await.expect("noted");
    let failed = shop.gateway.becomes(waiting, MessageState::Failed).await;
    assert_eq!(failed.error.expect("why").code, "opted_out");
    assert!(failed.trace.contains("opted_out"), "{}", failed.trace);
    assert_eq!(shop.screen(BOB).len(), 1);
}

/// S72, E104: HELP is answered with how to reach us, once in ten minutes, also while opted out.
#[tokio::test(start_paused = true)]
async fn help_says_how_to_reach_us_once() {
    let shop = Shop::open().await;
    shop.types(BOB, "HELP");
    assert!(shop.reads(BOB, 1).await.contains("+44 7700 900100"));
    shop.types(BOB, "help");
    assert_eq!(shop.quiet(BOB).await, 1);
    shop.types(BOB, "stop");
    shop.reads(BOB, 2).await;
    shop.gateway.pass(700).await;
    shop.types(BOB, "help");
    assert!(shop.reads(BOB, 3).await.contains("+44 7700 900100"));
}

/// S127, S128, E106: the welcome once; somebody whose first word is STOP gets none.
#[tokio::test(start_paused = true)]
async fn a_new_sender_is_welcomed_once() {
    let shop = Shop::open().await;
    shop.set(|set| set.texts = json!({})).await;
    shop.types(BOB, "Hello");
    let welcome = shop.reads(BOB, 1).await;
    assert!(welcome.contains("STOP") && welcome.contains("HELP"), "{welcome}");
    shop.types(BOB, "Are you open?");
    assert_eq!(shop.quiet(BOB).await, 1);
    shop.types(STRANGER, "stop");
    assert!(shop.reads(STRANGER, 1).await.contains("START"));
    assert_eq!(shop.quiet(STRANGER).await, 1);
}

/// S95, S96, E81: marketing needs recorded consent, and waits while an opt-out is possible.
#[tokio::test(start_paused = true)]
async fn marketing_needs_consent_and_waits_in_doubt() {
    let shop = Shop::open().await;
    let sale = json!({ "to": BOB, "text": "Sale!", "class": "marketing" });
    let (status, problem) = shop.gateway.call("POST", "/api/v1/messages", Some(sale.clone())).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("marketing_consent_missing")));
    shop.types(BOB, "JOIN");
    shop.reads(BOB, 1).await;
    shop.gateway.send_as(sale.clone()).await;
    assert_eq!(shop.reads(BOB, 2).await, "Sale!");
    shop.types(BOB, "please take me off the list");
    shop.gateway
        .until("doubt", async || shop.thread(BOB).await.possible_opt_out.then_some(()))
        .await;
    let held = shop.gateway.send_as(sale).await;
    assert_eq!(shop.gateway.message(held).await.state, MessageState::Held);
    // Service answers still go.
    assert_eq!(shop.sends(BOB, "Do you want no more texts?").await.0, 202);
    let by_hand = json!({ "number": BOB, "state": "out", "how": "said so on the phone" });
    let (status, _) = shop.gateway.call("POST", "/api/v1/consent", Some(by_hand)).await;
    assert_eq!(status, 201);
    assert_eq!(shop.gateway.message(held).await.state, MessageState::Cancelled);
    assert!(!shop.thread(BOB).await.possible_opt_out);
}

/// S53: a line that does not send abroad says so; the word is stable.
#[tokio::test(start_paused = true)]
async fn a_number_abroad_needs_the_lines_leave() {
    let shop = Shop::open().await;
    let (status, problem) = shop.sends("+15550100123", "Hi").await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("international_off")));
    shop.set(|set| set.international = true).await;
    assert_eq!(shop.sends("+15550100123", "Hi").await.0, 202);
}

/// D21: what is beyond a limit waits for a person, who may let it go; consent answers are never held.
#[tokio::test(start_paused = true)]
async fn a_text_beyond_the_limit_waits_for_a_person() {
    let shop = Shop::open().await;
    shop.set(|set| set.limits = json!({ "segments_a_day": { "warn": 1, "hold": 2 } })).await;
    for text in ["one", "two"] {
        shop.gateway.send_as(json!({ "to": BOB, "text": text })).await;
    }
    shop.reads(BOB, 2).await;
    let third = shop.gateway.send_as(json!({ "to": BOB, "text": "three" })).await;
    shop.gateway.becomes(third, MessageState::Held).await;
    shop.types(BOB, "STOPALL");
    shop.reads(BOB, 3).await;
    shop.types(BOB, "START");
    shop.reads(BOB, 4).await;
    let fourth = shop.gateway.send_as(json!({ "to": BOB, "text": "four" })).await;
    shop.gateway.becomes(fourth, MessageState::Held).await;
    let path = format!("/api/v1/messages/{fourth}/resend");
    assert_eq!(shop.gateway.call("POST", &path, None).await.0, 200);
    assert_eq!(shop.reads(BOB, 5).await, "four");
    let told = shop.gateway.store.read(|tx| tx.deliveries(10)).await.expect("readable");
    assert!(told.iter().any(|row| row.kind.as_str() == "alert"), "{told:?}");
}

/// E98, C9: STOP on one line stops the other line too, and START on the other opens both.
#[tokio::test(start_paused = true)]
async fn a_stop_on_one_line_holds_on_all() {
    let shop = Shop::with_lines(2).await;
    shop.types(BOB, "stop");
    shop.reads(BOB, 1).await;
    let other = json!({ "to": BOB, "text": "From the other line", "line": "2" });
    let (status, problem) =
        shop.gateway.call("POST", "/api/v1/messages", Some(other.clone())).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("opted_out")));
    shop.types_to(BOB, crate::shop::OTHER_LINE, "start");
    shop.reads(BOB, 2).await;
    shop.gateway.send_as(other).await;
    assert_eq!(shop.reads(BOB, 3).await, "From the other line");
}

/// C2: a language is added, a list changed; the base words stay whatever is set.
#[tokio::test(start_paused = true)]
async fn words_of_consent_are_added_and_the_base_words_stay() {
    let shop = Shop::open().await;
    let words = |language: &str| format!("/api/v1/consent/words/{language}");
    let dutch = json!({ "opt_out": ["stoppen", "afmelden"], "help": ["hulp"] });
    let (status, set) = shop.gateway.call("PATCH", &words("nl"), Some(dutch)).await;
    assert_eq!((status.as_u16(), &set["opt_out"][1]), (200, &json!("afmelden")), "{set}");
    let (_, english) =
        shop.gateway.call("PATCH", &words("en"), Some(json!({ "opt_out": ["halt"] }))).await;
    assert_eq!(english["opt_out"], json!(["halt", "stop", "stopall", "unsubscribe"]));
    for bad in [json!({ "opt_out": ["!!"] }), json!({ "opt_out": "stop" }), json!({ "stop": [] })] {
        assert_eq!(shop.gateway.call("PATCH", &words("en"), Some(bad)).await.0, 400);
    }
    shop.types(BOB, "Afmelden!");
    shop.reads(BOB, 1).await;
    shop.types(ALISHA, "unsubscribe");
    shop.reads(ALISHA, 1).await;
    let (_, ledger) = shop.gateway.call("GET", "/api/v1/consent", None).await;
    let languages: Vec<&str> = ledger["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["language"].as_str().unwrap())
        .collect();
    assert_eq!(languages, ["nl", "en"]);
    let (_, left) = shop.gateway.call("DELETE", &words("nl"), None).await;
    assert_eq!(left["items"].as_array().map(Vec::len), Some(4), "{left}");
    shop.types(STRANGER, "afmelden");
    shop.gateway.received(3).await;
    assert_eq!(shop.quiet(STRANGER).await, 0);
}
