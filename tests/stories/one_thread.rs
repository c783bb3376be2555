//! One number, one conversation: whichever line it was on, whoever began, in the order of arrival.

use axum::http::StatusCode;
use serde_json::{Value, json};
use simgate::emulator::Phone;
use simgate::sms::{Address, Deliver, Pdu, Scts, SegmentOptions, Tpdu, segment};
use simgate::store::LineId;
use simgate::types::{MessageState, Millis, Number, UnixTime};

use crate::gateway::{OTHER, START};
use crate::shop::{ALISHA, BOB, JENNY, LINE, OTHER_LINE, STRANGER, Shop};

/// The list of conversations with a number.
async fn rows(shop: &Shop, query: &str, number: &str) -> Vec<Value> {
    let path = format!("/api/v1/conversations{query}");
    let (status, list) = shop.gateway.call("GET", &path, None).await;
    assert_eq!(status, StatusCode::OK, "{list}");
    let items = list["items"].as_array().expect("items").clone();
    items.into_iter().filter(|row| row["number"] == number).collect()
}

/// The texts of the conversation with a number, oldest first: words and line.
async fn texts(shop: &Shop, number: &str) -> Vec<(String, String)> {
    let id = shop.thread(number).await.id;
    let (_, whole) = shop.gateway.call("GET", &format!("/api/v1/conversations/{id}"), None).await;
    let items = whole["messages"]["items"].as_array().expect("messages").clone();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    items.iter().map(|text| (word(&text["text"]), word(&text["line"]))).collect()
}

/// S27, S57, S61..S63, S66, S97, S138, S166, S167, C8: a customer written to from two lines answers
/// on either; it is one conversation in the order of arrival, each text with its line.
#[tokio::test(start_paused = true)]
async fn texts_on_several_lines_are_one_conversation() {
    let shop = Shop::with_lines(2).await;
    shop.gateway.send_as(json!({ "to": BOB, "text": "one", "line": "1" })).await;
    shop.reads(BOB, 1).await;
    shop.gateway.send_as(json!({ "to": BOB, "text": "two", "line": "2" })).await;
    shop.reads(BOB, 2).await;
    let sent = [(LINE.to_owned(), "one".to_owned()), (OTHER_LINE.to_owned(), "two".to_owned())];
    assert_eq!(shop.screen(BOB), sent, "ordinary texts, each from its line");

    shop.types_to(BOB, LINE, "to the first");
    shop.gateway.received(1).await;
    shop.types_to(BOB, OTHER_LINE, "to the second");
    let inbox = shop.gateway.received(2).await;
    assert_eq!(inbox.iter().map(|text| text.line.0).collect::<Vec<_>>(), [1, 2]);

    assert_eq!(rows(&shop, "", BOB).await.len(), 1, "one row a number");
    let line = |text: &str, line: &str| (text.to_owned(), line.to_owned());
    let all =
        [line("one", "1"), line("two", "2"), line("to the first", "1"), line("to the second", "2")];
    assert_eq!(texts(&shop, BOB).await, all);
    for only in ["?line=1", "?line=2"] {
        assert_eq!(rows(&shop, only, BOB).await.len(), 1, "{only}: a view of the same one");
    }
    let row = rows(&shop, "", BOB).await.remove(0);
    assert_eq!((&row["contact_name"], &row["line"]), (&json!("Bob"), &json!("2")));
}

/// S57, S60, S165, E150: a campaign's text stands above its answer, in that customer's conversation
/// alone, also while the campaign is still under way; the answer to it reaches only them.
#[tokio::test(start_paused = true)]
async fn an_answer_to_a_bulk_is_one_customers_conversation() {
    let shop = Shop::open().await;
    shop.set(|set| set.limits = json!({ "segments_a_minute": { "hold": 1 } })).await;
    let bulk =
        json!({ "contacts": ["1", "2"], "text": "Dear {{ first_name }}, we open on Monday" });
    let (status, sent) = shop.gateway.call("POST", "/api/v1/messages/bulk", Some(bulk)).await;
    assert_eq!((status, &sent["queued"]), (StatusCode::ACCEPTED, &json!(2)), "{sent}");
    assert_eq!(shop.reads(ALISHA, 1).await, "Dear Alisha, we open on Monday");
    let bobs = sent["items"][1]["message"]["id"].as_str().and_then(|id| id.parse().ok());
    let bobs = simgate::types::MessageId(bobs.expect("an id"));
    assert_eq!(shop.gateway.message(bobs).await.state, MessageState::Queued, "still under way");

    shop.types(ALISHA, "At nine?");
    shop.gateway.received(1).await;
    let words = |texts: Vec<(String, String)>| texts.into_iter().map(|(text, _)| text);
    let hers: Vec<String> = words(texts(&shop, ALISHA).await).collect();
    assert_eq!(hers, ["Dear Alisha, we open on Monday", "At nine?"]);
    shop.gateway.send(ALISHA, "At ten").await;
    shop.reads(ALISHA, 2).await;
    shop.reads(BOB, 1).await;
    shop.quiet(BOB).await;
    let his: Vec<String> = words(texts(&shop, BOB).await).collect();
    assert_eq!(his, ["Dear Bob, we open on Monday"]);
    assert_eq!(shop.screen(BOB).len(), 1);
}

/// S114: what the claimer sends and what the customer answers stand in the same conversation.
#[tokio::test(start_paused = true)]
async fn a_claimed_conversation_holds_both_sides() {
    let shop = Shop::open().await;
    shop.set(|set| set.claim_policy = Some(simgate::store::ClaimPolicy::Strict)).await;
    shop.types(ALISHA, "Hello?");
    shop.gateway.received(1).await;
    let id = shop.thread(ALISHA).await.id;
    let text = json!({ "to": ALISHA, "text": "Hello Alisha" });
    let answer = || shop.gateway.call("POST", "/api/v1/messages?as=1", Some(text.clone()));
    assert_eq!(answer().await.1["code"], "claim_required");
    let claim = format!("/api/v1/conversations/{id}/claim?as=1");
    assert_eq!(shop.gateway.call("POST", &claim, None).await.0, StatusCode::OK);
    assert_eq!(answer().await.0, StatusCode::ACCEPTED);
    shop.reads(ALISHA, 1).await;
    shop.types(ALISHA, "How are you?");
    shop.gateway.received(2).await;
    let all: Vec<String> = texts(&shop, ALISHA).await.into_iter().map(|(text, _)| text).collect();
    assert_eq!(all, ["Hello?", "Hello Alisha", "How are you?"]);
    assert_eq!(shop.thread(ALISHA).await.id, id);
}

/// E2, E17: one person is the recipient of two lines: each line has its own codes, and the answer
/// leaves on the line it was texted to.
#[tokio::test(start_paused = true)]
async fn codes_belong_to_a_line() {
    let shop = Shop::with_lines(2).await;
    recipient_of_second_line(&shop).await;
    shop.types_to(ALISHA, LINE, "to the first");
    let first = Shop::code_in(&shop.reads(JENNY, 1).await);
    shop.types_to(BOB, OTHER_LINE, "to the second");
    let second = Shop::code_in(&shop.reads(JENNY, 2).await);
    assert_ne!(first, second, "drawn at random");
    shop.types_to(JENNY, OTHER_LINE, &format!("{first} wrong line"));
    let told = shop.reads(JENNY, 3).await;
    assert!(told.starts_with("Not sent: no conversation"), "{told}");
    assert!(!told.contains("Alisha"), "no hint whose it is: {told}");
    shop.types_to(JENNY, OTHER_LINE, &format!("{second} right line"));
    assert_eq!(shop.reads(BOB, 1).await, "right line");
    assert_eq!(shop.screen(BOB)[0].0, OTHER_LINE);
    assert_eq!(shop.quiet(ALISHA).await, 0);
}

/// Makes Jenny the recipient of the second line too, which greets nobody.
async fn recipient_of_second_line(shop: &Shop) {
    let now = shop.gateway.clock.wall();
    let set = shop.gateway.store.write(move |tx| {
        let mut set = tx.line_settings(LineId(2))?.expect("the second line");
        set.response_recipient = Some(simgate::store::UserId(1));
        set.texts = json!({ "opt_in_off": true });
        tx.save_line_settings(LineId(2), &set, now)
    });
    set.await.expect("set");
}

/// E16: the recipient is told by the number that is set, also when the address book gives that
/// number to somebody else.
#[tokio::test(start_paused = true)]
async fn the_recipient_is_who_is_set_and_not_who_is_found() {
    let shop = Shop::open().await;
    let twin = json!({ "first_name": "Mallory", "numbers": [JENNY] });
    let (status, _) = shop.gateway.call("POST", "/api/v1/contacts", Some(twin)).await;
    assert_eq!(status, StatusCode::CREATED);
    shop.types(BOB, "Hello");
    let code = Shop::code_in(&shop.reads(JENNY, 1).await);
    shop.types(JENNY, &format!("{code} Hello Bob"));
    assert_eq!(shop.reads(BOB, 1).await, "Hello Bob");
    let (_, list) = shop.gateway.call("GET", "/api/v1/conversations", None).await;
    assert!(!list.to_string().contains(JENNY), "no customer's conversation: {list}");
}

/// E35, S52, S54, D21: a recipient abroad needs the line's leave and is counted at its price; what
/// comes in costs nothing.
#[tokio::test(start_paused = true)]
async fn a_recipient_abroad_is_the_lines_policy_and_is_counted() {
    let shop = Shop::open().await;
    let phone = Phone { number: OTHER.to_owned(), ..Phone::default() };
    shop.gateway.modems.with(|world| world.set_phone(phone));
    let abroad = json!({ "phone": OTHER, "email": "jenny@example.org" });
    let (status, changed) = shop.gateway.call("PATCH", "/api/v1/users/1", Some(abroad)).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    shop.set(|set| set.limits = json!({ "prices": { "home": 40, "abroad": 300 } })).await;
    shop.types(BOB, "Hello");
    shop.gateway.received(1).await;
    assert_eq!(shop.quiet(OTHER).await, 0);
    let refused = shop.gateway.all().await.into_iter().find(|text| text.number.as_str() == OTHER);
    assert_eq!(refused.and_then(|text| text.error).expect("why").code, "international_off");

    shop.set(|set| set.international = true).await;
    shop.types(BOB, "Hello again");
    shop.reads(OTHER, 1).await;
    shop.gateway.send(BOB, &"two segments ".repeat(14)).await;
    shop.reads(BOB, 1).await;
    let usage = format!("/api/v1/lines/{}/usage", shop.line);
    let (status, used) = shop.gateway.call("GET", &usage, None).await;
    assert_eq!(status, StatusCode::OK, "{used}");
    assert_eq!((&used["segments_in"], &used["segments_out"]), (&json!(2), &json!(3)), "{used}");
    assert_eq!((&used["recipients"], &used["money"]), (&json!(2), &json!(300 + 2 * 40)), "{used}");
}

/// D21: money has its warning and its hold like every other limit.
#[tokio::test(start_paused = true)]
async fn a_text_beyond_the_money_of_the_month_waits_for_a_person() {
    let shop = Shop::open().await;
    let limits = json!({ "prices": { "home": 40 }, "money_a_month": { "warn": 40, "hold": 80 } });
    shop.set(|set| set.limits = limits).await;
    for text in ["one", "two"] {
        shop.gateway.send(BOB, text).await;
    }
    shop.reads(BOB, 2).await;
    let third = shop.gateway.send(BOB, "three").await;
    let held = shop.gateway.becomes(third, MessageState::Held).await;
    assert!(held.hold.expect("why").contains("currency"));
    let told = shop.gateway.store.read(|tx| tx.deliveries(10)).await.expect("readable");
    assert!(told.iter().any(|row| row.kind.as_str() == "alert"), "{told:?}");
}

/// D21: numbers written to, segments of the month and of the day: each is really counted, tells the
/// admins and then holds; one written to before is no new number, and who lets a text go is obeyed.
#[tokio::test(start_paused = true)]
async fn every_limit_of_a_line_is_counted_tells_and_holds() {
    let shop = Shop::open().await;
    let send = async |to: &str, text: &str| {
        let id = shop.gateway.send(to, text).await;
        shop.gateway
            .until("it has left or waits", async || {
                let message = shop.gateway.message(id).await;
                let done = [MessageState::Held, MessageState::Sent, MessageState::Delivered];
                done.contains(&message.state).then_some(message)
            })
            .await
    };
    let told = async |what: &str| {
        let rows = shop.gateway.store.read(|tx| tx.deliveries(50)).await.expect("readable");
        rows.iter()
            .any(|row| row.kind.as_str() == "alert" && row.payload.to_string().contains(what))
    };
    shop.set(|set| set.limits = json!({ "recipients_a_month": { "warn": 1, "hold": 1 } })).await;
    assert_ne!(send(BOB, "one").await.state, MessageState::Held);
    let held = send(ALISHA, "two").await;
    assert!(held.hold.expect("why").contains("different numbers this month"));
    assert!(held.trace.contains("acceptance"), "{}", held.trace);
    assert_ne!(send(BOB, "three").await.state, MessageState::Held, "no new number");
    assert!(told("1 different numbers this month").await);

    shop.set(|set| set.limits = json!({ "segments_a_month": { "warn": 3, "hold": 3 } })).await;
    assert_ne!(send(BOB, "four").await.state, MessageState::Held);
    let beyond = send(BOB, "five").await;
    assert!(beyond.hold.expect("why").contains("segments this month"));
    assert!(told("used 3 segments this month").await);

    shop.set(|set| set.limits = json!({ "segments_a_day": { "warn": 4, "hold": 4 } })).await;
    assert_ne!(send(BOB, "six").await.state, MessageState::Held);
    assert!(send(BOB, "seven").await.hold.expect("why").contains("segments today"));
    assert!(told("used 4 segments today").await);

    let minute = json!({ "segments_a_minute": { "warn": 2, "hold": 2 } });
    shop.set(|set| set.limits = minute).await;
    shop.gateway.pass(120).await;
    let (before, clock) = (shop.gateway.clock.now(), &shop.gateway.clock);
    for text in ["eight", "nine", "ten"] {
        assert_ne!(send(BOB, text).await.state, MessageState::Held, "only later");
    }
    assert!((clock.now() - before).0 >= 50_000, "the third waited for its minute");
    assert!(told("2 segments or more within a minute").await);
    let resend = format!("/api/v1/messages/{}/resend", beyond.id);
    let (status, said) = shop.gateway.call("POST", &resend, None).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let left = [MessageState::Sent, MessageState::Delivered];
    shop.gateway
        .until("a person has let it go", async || {
            left.contains(&shop.gateway.message(beyond.id).await.state).then_some(())
        })
        .await;
}

/// A DELIVER of one segment, as a service centre stamped it.
fn stamped(from: &str, text: &str, at: UnixTime) -> String {
    let sender = Address::number_of(from).expect("a number");
    let whole = segment(text, &SegmentOptions::default()).expect("a text").segments;
    let deliver = Deliver::new(sender, Scts::at(at, 0).expect("a time"), &whole[0]);
    Pdu { smsc: None, tpdu: Tpdu::Deliver(deliver) }.to_hex().expect("it can be written")
}

/// E129, E139, E164, E167: order is that of receipt, whatever the service centre's stamp says; the
/// stamp is shown; two equal texts of different times are two, the same SMS again is one.
#[tokio::test(start_paused = true)]
async fn order_is_that_of_receipt_and_stamps_are_only_shown() {
    let shop = Shop::open().await;
    let day = 24 * 3_600_000;
    let stamps = [START.0, START.0 - 30 * day, START.0 + day, START.0 + 1_000].map(UnixTime);
    let words = ["now", "from a phone that was off", "from a clock ahead", "now"];
    for (n, (at, text)) in stamps.iter().zip(words).enumerate() {
        let pdu = stamped(BOB, text, *at);
        shop.gateway.modems.with(|world| world.pdu_to(0, &pdu)).expect("injected");
        shop.gateway.received(n + 1).await;
    }
    let again = stamped(BOB, "now", stamps[0]);
    shop.gateway.modems.with(|world| world.pdu_to(0, &again)).expect("injected");
    shop.gateway
        .until("the repeat is counted", async || {
            shop.gateway.inbox().await.iter().any(|text| text.seen_count == 2).then_some(())
        })
        .await;
    let inbox = shop.gateway.inbox().await;
    assert_eq!(inbox.iter().map(|text| text.text.as_str()).collect::<Vec<_>>(), words);
    assert_eq!(inbox.iter().filter_map(|text| text.scts).collect::<Vec<_>>(), stamps);
    let received: Vec<_> = inbox.iter().filter_map(|text| text.received_at).collect();
    assert!(received.is_sorted(), "{received:?}");
    assert_eq!(texts(&shop, BOB).await.len(), 4);
}

/// E168: a stamp of month 13 is unknown, and the text is kept.
#[tokio::test(start_paused = true)]
async fn an_impossible_stamp_is_unknown_and_the_text_is_kept() {
    let shop = Shop::open().await;
    let pdu = stamped(BOB, "time is odd here", START);
    // 2026-11-21 is 62 11 12 in swapped digits; month 13 and day 32 are 31 and 23.
    let odd = pdu.replacen("621112", "623123", 1);
    assert_ne!(pdu, odd);
    shop.gateway.modems.with(|world| world.pdu_to(0, &odd)).expect("injected");
    let kept = shop.gateway.received(1).await.remove(0);
    assert_eq!((kept.text.as_str(), kept.scts), ("time is odd here", None));
}

/// E108: a welcome on each line; one for all lines where the line says so.
#[tokio::test(start_paused = true)]
async fn a_sender_is_welcomed_on_each_line_or_once() {
    let shop = Shop::with_lines(2).await;
    let texts = |once: bool| json!({ "opt_in_once": once });
    let set = async |once: bool| {
        let now = shop.gateway.clock.wall();
        let done = shop.gateway.store.write(move |tx| {
            for line in [LineId(1), LineId(2)] {
                let mut set = tx.line_settings(line)?.expect("a line");
                set.help_contact = "+44 7700 900100".to_owned();
                set.response_recipient = None;
                set.texts = texts(once);
                tx.save_line_settings(line, &set, now)?;
            }
            Ok(())
        });
        done.await.expect("set");
    };
    set(false).await;
    shop.types_to(BOB, LINE, "Hi");
    shop.reads(BOB, 1).await;
    shop.types_to(BOB, OTHER_LINE, "Hi there");
    shop.reads(BOB, 2).await;
    set(true).await;
    shop.types_to(STRANGER, LINE, "Hi");
    shop.reads(STRANGER, 1).await;
    shop.types_to(STRANGER, OTHER_LINE, "Hi there");
    assert_eq!(shop.quiet(STRANGER).await, 1);
}

/// E170: marketing waits for the recipient's morning and is not dropped; an answer does not wait.
#[tokio::test(start_paused = true)]
async fn marketing_waits_for_the_end_of_the_night() {
    let shop = Shop::open().await;
    // It is 9:00 in Britain.
    shop.set(|set| set.quiet_hours = Some(json!({ "from": "08:00", "to": "10:00" }))).await;
    shop.types(BOB, "JOIN");
    shop.reads(BOB, 1).await;
    let sale = json!({ "to": BOB, "text": "Sale!", "class": "marketing", "valid_for": "30m" });
    let sale = shop.gateway.send_as(sale).await;
    shop.gateway
        .until("put off", async || {
            shop.gateway
                .custody(sale)
                .await
                .iter()
                .any(|at| at.starts_with("put off"))
                .then_some(())
        })
        .await;
    shop.gateway.send(BOB, "An answer").await;
    assert_eq!(shop.reads(BOB, 2).await, "An answer");
    assert_eq!(shop.quiet(BOB).await, 2);
    shop.gateway.clock.sleep(Millis::from_secs(3_600)).await;
    assert_eq!(shop.reads(BOB, 3).await, "Sale!");
    let number = Number::E164(BOB.to_owned());
    let sent = shop.gateway.message(sale).await;
    assert_eq!(sent.number, number);
    assert!(sent.sent_at.expect("sent") >= UnixTime(START.0 + 3_600_000));
}

/// E165: a clock that shows an impossible year ends nothing; what waited is sent when it is right.
#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_ahead_expires_nothing() {
    let mut shop = Shop::open().await;
    let later = json!({ "to": BOB, "text": "Reminder", "send_at": "2026-11-21T12:00:00Z" });
    let waiting = shop.gateway.send_as(later).await;
    let far = UnixTime::parse_rfc3339("2086-01-01T00:00:00Z").expect("a time");
    shop.gateway.restart_at(far).await;
    shop.gateway.pass(300).await;
    assert_eq!(shop.gateway.message(waiting).await.state, MessageState::Queued);
    shop.gateway.restart_at(UnixTime(START.0 + 4 * 3_600_000)).await;
    assert_eq!(shop.reads(BOB, 1).await, "Reminder");
}
