//! The relay by SMS: customers and the response recipient only ever text the line.

use serde_json::json;
use simgate::store::ClaimPolicy;

use crate::gateway::delivers;
use crate::shop::{ALISHA, BOB, JENNY, LINE, STRANGER, Shop, holds_digits, staff};

/// S1, S2, S4..S7, S9, S11, S13..S20, S22..S24: the whole example of the first seed, played on
/// handsets. Jenny's own number is in no PDU a customer is sent.
#[tokio::test(start_paused = true)]
async fn jenny_and_alisha_talk_and_both_only_ever_text_the_line() {
    let shop = Shop::open().await;
    let reminder = "Hi {{ first_name }}, see you at the car show at 3 pm!";
    let batch = json!({ "messages": [
        { "to": ALISHA, "text": reminder, "merge": true },
        { "to": BOB, "text": reminder, "merge": true },
    ] });
    let (status, answer) = shop.gateway.call("POST", "/api/v1/messages/batch", Some(batch)).await;
    assert_eq!(status, 202, "{answer}");
    assert_eq!(shop.reads(ALISHA, 1).await, "Hi Alisha, see you at the car show at 3 pm!");
    assert_eq!(shop.reads(BOB, 1).await, "Hi Bob, see you at the car show at 3 pm!");

    shop.types(ALISHA, "Can I bring my dog?");
    let relayed = shop.reads(JENNY, 1).await;
    let code = Shop::code_in(&relayed);
    assert_eq!(relayed, format!("Alisha Brown {code}: Can I bring my dog?"));
    assert_eq!(code.len(), 4, "{code}");

    shop.types(JENNY, &format!("{code} Sure, on a leash."));
    assert_eq!(shop.reads(ALISHA, 2).await, "Sure, on a leash.");
    shop.types(ALISHA, "Great, thanks!");
    assert_eq!(shop.reads(JENNY, 2).await, format!("Alisha Brown {code}: Great, thanks!"));
    shop.types(JENNY, &format!("See you then! ( {code} )"));
    assert_eq!(shop.reads(ALISHA, 3).await, "See you then!");

    // S20, S165: Bob's conversation is his own.
    assert_eq!(shop.quiet(BOB).await, 1);
    for customer in [ALISHA, BOB] {
        assert!(shop.screen(customer).iter().all(|(from, _)| from == LINE));
        let submits = shop.submits_to(customer);
        assert!(submits.iter().all(|tpdu| !holds_digits(tpdu, "7700900309")), "{submits:x?}");
    }
    assert!(shop.screen(JENNY).iter().all(|(from, _)| from == LINE));
}

/// S10, S12, E5: a stranger is shown by number; two customers have two codes, one customer one.
#[tokio::test(start_paused = true)]
async fn each_customer_has_one_code_and_a_stranger_is_shown_by_number() {
    let shop = Shop::open().await;
    shop.types(STRANGER, "Hello?");
    let first = shop.reads(JENNY, 1).await;
    assert!(first.starts_with(&format!("{STRANGER} @")), "{first}");
    shop.types(ALISHA, "Hi");
    let second = shop.reads(JENNY, 2).await;
    shop.types(STRANGER, "Anybody?");
    let third = shop.reads(JENNY, 3).await;
    assert_ne!(Shop::code_in(&first), Shop::code_in(&second));
    assert_eq!(Shop::code_in(&first), Shop::code_in(&third));
}

/// E1, E19, S8: words of the recipient without a code reach nobody, are kept, and are explained once.
#[tokio::test(start_paused = true)]
async fn a_text_of_the_recipient_without_a_code_reaches_no_customer() {
    let shop = Shop::open().await;
    shop.types(ALISHA, "Where do I park?");
    let code = Shop::code_in(&shop.reads(JENNY, 1).await);
    shop.types(JENNY, "Behind the hall.");
    let help = shop.reads(JENNY, 2).await;
    assert!(help.contains(&code) && help.contains("Alisha Brown"), "{help}");
    shop.types(JENNY, "Behind the hall!!");
    assert_eq!(shop.quiet(JENNY).await, 2);
    assert_eq!(shop.screen(ALISHA).len(), 0);
    let kept = shop.gateway.inbox().await;
    assert!(kept.iter().any(|message| message.text == "Behind the hall."));
    assert!(shop.thread(JENNY).await.internal);
}

/// E3, E34: unknown codes reach nobody; the fifth within an hour locks the number, then even a right
/// code does nothing.
#[tokio::test(start_paused = true)]
async fn wrong_codes_lock_the_number() {
    let shop = Shop::open().await;
    shop.types(ALISHA, "Hi");
    let code = Shop::code_in(&shop.reads(JENNY, 1).await);
    let wrong: u32 = code[1..].parse().expect("a figure");
    for n in 0..5_u32 {
        let guess = 100 + (wrong - 100 + 1 + n) % 900;
        shop.types(JENNY, &format!("@{guess} hello"));
        let told = shop.reads(JENNY, 2 + n as usize).await;
        assert_eq!(told.contains("locked"), n == 4, "{told}");
    }
    shop.types(JENNY, &format!("{code} now the right one"));
    assert_eq!(shop.quiet(ALISHA).await, 0);
    let alerts = shop.gateway.store.read(|tx| tx.deliveries(10)).await.expect("readable");
    assert!(alerts.iter().any(|row| row.kind.as_str() == "alert"), "{alerts:?}");
}

/// E20..E23: commands by SMS: the customer is named, opted out only after a second word, and the
/// recipient's own STOP pauses the relay and opts nobody out.
#[tokio::test(start_paused = true)]
async fn the_recipient_orders_things_by_text() {
    let shop = Shop::open().await;
    shop.types(STRANGER, "Hi, it is me");
    let code = Shop::code_in(&shop.reads(JENNY, 1).await);
    shop.types(JENNY, &format!("{code} name Carla Diaz"));
    assert_eq!(shop.reads(JENNY, 2).await, format!("{code} is Carla Diaz now."));
    shop.types(JENNY, &format!("{code} note likes red cars"));
    shop.reads(JENNY, 3).await;
    shop.types(JENNY, &format!("{code} close"));
    shop.reads(JENNY, 4).await;
    assert!(shop.thread(STRANGER).await.closed);
    shop.types(JENNY, "list");
    assert!(shop.reads(JENNY, 5).await.contains("Carla Diaz"));
    shop.types(JENNY, &format!("{code} STOP"));
    assert!(shop.reads(JENNY, 6).await.contains("STOP YES"));
    assert_eq!(shop.sends(STRANGER, "Still there?").await.0, 202);
    shop.reads(STRANGER, 1).await;
    shop.types(JENNY, &format!("{code} stop yes"));
    shop.reads(JENNY, 7).await;
    let (status, problem) = shop.sends(STRANGER, "And now?").await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("opted_out")));
    // E22: not sent, told, and kept among what was refused in any way.
    shop.types(JENNY, &format!("{code} one more thing"));
    assert!(shop.reads(JENNY, 8).await.starts_with("Not sent."));
    assert_eq!(shop.quiet(STRANGER).await, 1);
    let (_, refused) = shop.gateway.call("GET", "/api/v1/refusals", None).await;
    let row = &refused["items"][0];
    let kept = ["way", "author_kind", "number", "code"].map(|field| row[field].as_str());
    assert_eq!(kept, ["relay", "relay", STRANGER, "opted_out"].map(Some), "{refused}");
    assert!(row["trace"][1]["why"].to_string().contains("stop yes"), "{refused}");
    assert!(!refused.to_string().contains("one more thing"), "never the words");
    shop.types(JENNY, "STOP");
    assert!(shop.reads(JENNY, 9).await.contains("paused"));
    shop.types(ALISHA, "Hello");
    assert_eq!(shop.quiet(JENNY).await, 9);
}

/// E30, E138: the network delivers the same SMS again: no second relay, no second answer.
#[tokio::test(start_paused = true)]
async fn a_redelivered_text_is_relayed_once() {
    let shop = Shop::open().await;
    shop.set(|set| set.texts = json!({})).await;
    let pdu = delivers(BOB, "Is it raining?", 0).remove(0);
    shop.gateway.modems.with(|world| world.pdu_to(0, &pdu)).expect("injected");
    shop.reads(JENNY, 1).await;
    shop.reads(BOB, 1).await;
    shop.gateway.pass(60).await;
    shop.gateway.modems.with(|world| world.pdu_to(0, &pdu)).expect("injected");
    shop.gateway
        .until("seen twice", async || {
            let inbox = shop.gateway.inbox().await;
            inbox.iter().any(|message| message.seen_count == 2).then_some(())
        })
        .await;
    assert_eq!((shop.quiet(JENNY).await, shop.screen(BOB).len()), (1, 1));
}

/// E31: a long answer whose code stands in its second part.
#[tokio::test(start_paused = true)]
async fn a_code_in_the_second_part_counts() {
    let shop = Shop::open().await;
    shop.types(ALISHA, "Tell me everything");
    let code = Shop::code_in(&shop.reads(JENNY, 1).await);
    let story = "The cars stand in the yard until five. ".repeat(5);
    shop.types(JENNY, &format!("{story}{code}"));
    assert_eq!(shop.reads(ALISHA, 1).await, story.trim());
}

/// E14, E32: only the code brings the last lines; a conversation that a colleague holds is answered
/// only after taking it.
#[tokio::test(start_paused = true)]
async fn a_colleagues_conversation_is_taken_before_it_is_answered() {
    let shop = Shop::open().await;
    shop.set(|set| set.claim_policy = Some(ClaimPolicy::Soft)).await;
    shop.types(ALISHA, "Is the blue one for sale?");
    let code = Shop::code_in(&shop.reads(JENNY, 1).await);
    let now = shop.gateway.clock.wall();
    let thread = shop.thread(ALISHA).await.id;
    let claimed = shop.gateway.store.write(move |tx| {
        let max = tx.create_user(&staff("Max", "+447700900310"), now)?;
        tx.claim(thread, max, now)
    });
    claimed.await.expect("claimed");
    shop.types(JENNY, &code);
    assert!(shop.reads(JENNY, 2).await.contains("Is the blue one for sale?"));
    shop.types(JENNY, &format!("{code} Yes it is"));
    let told = shop.reads(JENNY, 3).await;
    assert!(told.contains("Max") && told.contains("TAKE"), "{told}");
    shop.types(JENNY, &format!("{code} take"));
    shop.reads(JENNY, 4).await;
    shop.types(JENNY, &format!("{code} Yes it is"));
    assert_eq!(shop.reads(ALISHA, 1).await, "Yes it is");
}

/// E24, E107: a sender's name is relayed without a code and gets no answer of any kind.
#[tokio::test(start_paused = true)]
async fn a_name_is_relayed_without_a_code() {
    let shop = Shop::open().await;
    shop.set(|set| set.texts = json!({})).await;
    shop.gateway
        .modems
        .with(|world| world.text_to(0, "Bank", "Your code is on its way"))
        .expect("sent");
    let relayed = shop.reads(JENNY, 1).await;
    assert!(relayed.contains("no reply possible") && !relayed.contains('@'), "{relayed}");
    shop.gateway.pass(60).await;
    assert_eq!(shop.gateway.submitted(0).len(), 1);
    let (status, problem) = shop.sends("Bank", "Hello?").await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("number_invalid")));
}

/// E29, E141: what is there is relayed after its time with the gap named; the late part once more.
#[tokio::test(start_paused = true)]
async fn a_gap_is_named_and_filled_once() {
    let shop = Shop::open().await;
    let long = "The red car stands in the second row behind the hall. ".repeat(5);
    let parts = delivers(BOB, long.trim(), 7);
    assert_eq!(parts.len(), 2);
    shop.gateway.modems.with(|world| world.pdu_to(0, &parts[0])).expect("injected");
    let first = shop.reads(JENNY, 1).await;
    assert!(first.contains("[part 2 missing]"), "{first}");
    shop.gateway.modems.with(|world| world.pdu_to(0, &parts[1])).expect("injected");
    let second = shop.reads(JENNY, 2).await;
    assert!(second.ends_with("behind the hall."), "{second}");
    assert_eq!(shop.quiet(JENNY).await, 2);
    assert_eq!(shop.gateway.inbox().await.len(), 1);
}

/// E38: replies that flood in become one digest; every one of them is in the inbox.
#[tokio::test(start_paused = true)]
async fn a_flood_of_replies_becomes_a_digest() {
    let shop = Shop::open().await;
    shop.set(|set| set.relay = json!({ "digest_over": 3 })).await;
    for n in 0..8 {
        shop.types(&format!("+44770090022{n}"), &format!("I will come, number {n}"));
        shop.gateway.pass(5).await;
    }
    let texts = shop.quiet(JENNY).await;
    assert_eq!(texts, 4, "{:?}", shop.screen(JENNY));
    assert!(shop.screen(JENNY)[3].1.contains("LIST"));
    assert_eq!(shop.gateway.received(8).await.len(), 8);
}
