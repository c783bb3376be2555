//! Where a text goes beyond the inbox: e-mail, notices, webhooks. What leaves by another way than a
//! modem is a row, whatever becomes of it.

use serde_json::json;
use simgate::store::NotifiedUser;

use crate::shop::{ALISHA, BOB, Shop, staff};

/// S28..S33, S35..S37, S47, S48, D12: the addresses and tags of the last message decide; without
/// them the line's.
#[tokio::test(start_paused = true)]
async fn a_reply_is_forwarded_to_those_the_last_message_named() {
    let shop = Shop::open().await;
    shop.set(|set| {
        set.response_emails = vec!["desk@example.org".to_owned()];
        set.tags = vec!["show".to_owned()];
    })
    .await;
    let emails =
        |rows: Vec<(String, String, serde_json::Value)>| -> Vec<(String, serde_json::Value)> {
            let emails = rows.into_iter().filter(|(kind, _, _)| kind == "email");
            emails.map(|(_, target, payload)| (target, payload["tags"].clone())).collect()
        };
    shop.types(BOB, "unasked");
    shop.gateway.received(1).await;
    let desk = "desk@example.org".to_owned();
    assert_eq!(emails(shop.deliveries("unasked").await), [(desk.clone(), json!(["show"]))]);

    let named = json!({ "to": BOB, "text": "About your car", "tag": "case 7",
        "response_emails": ["ann@example.org", "ben@example.org"] });
    shop.gateway.send_as(named).await;
    shop.types(BOB, "answer");
    shop.gateway.received(2).await;
    let tags = json!(["show", "case 7"]);
    let both = [("ann@example.org".to_owned(), tags.clone()), ("ben@example.org".to_owned(), tags)];
    assert_eq!(emails(shop.deliveries("answer").await), both);

    shop.gateway.send(BOB, "One more").await;
    shop.types(BOB, "again");
    shop.gateway.received(3).await;
    assert_eq!(emails(shop.deliveries("again").await), [(desk, json!(["show"]))]);
}

/// S78, S79, S103, S109, S112, C5, E152: everybody on the list is told by each way chosen, each once;
/// nobody of their own text.
#[tokio::test(start_paused = true)]
async fn the_users_of_a_line_are_told() {
    let shop = Shop::open().await;
    let now = shop.gateway.clock.wall();
    let made = shop.gateway.store.write(move |tx| {
        let max = tx.create_user(&staff("Max", "+447700900310"), now)?;
        let bob = tx.create_user(&staff("Bob", BOB), now)?;
        Ok((max, bob))
    });
    let (max, bob) = made.await.expect("users");
    shop.set(move |set| {
        let told = |user, sms| NotifiedUser { user, sms, email: true, push: false, urgency: None };
        set.notified = vec![told(max, true), told(bob, false)];
    })
    .await;
    let notices = async |text: &str| -> Vec<(String, String)> {
        let rows = shop.deliveries(text).await.into_iter().filter(|(kind, _, _)| kind == "notice");
        rows.map(|(_, user, shown)| (user, shown["channel"].as_str().unwrap().to_owned())).collect()
    };
    let (max, bob) = (max.to_string(), bob.to_string());
    shop.types(ALISHA, "hello");
    shop.gateway.received(1).await;
    let (sms, email) = ("sms".to_owned(), "email".to_owned());
    let all = [(max.clone(), sms.clone()), (max.clone(), email.clone()), (bob, email.clone())];
    assert_eq!(notices("hello").await, all);
    shop.types(BOB, "it is me");
    shop.gateway.received(2).await;
    assert_eq!(notices("it is me").await, [(max.clone(), sms), (max, email)]);
}

/// D4, D8: an action that cannot be written down undoes the actions, never the text.
#[tokio::test(start_paused = true)]
async fn a_rule_that_cannot_be_carried_out_loses_no_text() {
    let shop = Shop::open().await;
    let then = json!([{ "reply": "You are heard." }, { "assign": { "person": 999 } }]);
    shop.rule("to nobody", json!({ "words": ["complain"] }), then).await;
    shop.types(BOB, "I complain");
    let stored = shop.gateway.received(1).await.remove(0);
    assert!(stored.trace.contains("nothing of this was done"), "{}", stored.trace);
    assert_eq!(shop.thread(BOB).await.unread, 1);
    shop.gateway
        .until("the SIM is empty", async || (shop.gateway.stored(0) == 0).then_some(()))
        .await;
    assert_eq!(shop.quiet(BOB).await, 0);
}
