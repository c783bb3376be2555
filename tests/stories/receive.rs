//! A text comes in.

use simgate::types::MessageState;

use crate::gateway::{CUSTOMER, START, TestGateway, delivers};

/// S: receive one. D4: commit, then delete.
#[tokio::test(start_paused = true)]
async fn a_text_is_in_the_inbox_and_gone_from_the_sim() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.modems.with(|world| world.text_to(0, CUSTOMER, "Is the shop open?")).expect("sent");
    let inbox = gateway.received(1).await;
    assert_eq!(inbox[0].text, "Is the shop open?");
    assert_eq!(inbox[0].number.as_str(), CUSTOMER);
    assert_eq!(inbox[0].state, MessageState::Received);
    assert!(inbox[0].scts.is_some_and(|scts| scts >= START));
    gateway.until("the SIM is empty", async || (gateway.stored(0) == 0).then_some(())).await;
    gateway.pass(60).await;
    assert_eq!(gateway.all().await.len(), 1, "a line nobody has set up writes nothing by itself");
    let custody = gateway.custody(inbox[0].id).await;
    assert!(custody[0].contains("slot"), "{custody:?}");
    assert!(custody.contains(&"committed".to_owned()), "{custody:?}");
    assert!(custody.last().is_some_and(|last| last.starts_with("deleted from SIM")), "{custody:?}");
}

/// Texts that came while nobody listened are found by the first sweep (fault 34).
#[tokio::test(start_paused = true)]
async fn texts_that_came_silently_are_found_without_a_word_from_the_modem() {
    let gateway = TestGateway::toml("[[modem]]\n[modem.faults]\nsilent_arrivals = true\n").await;
    gateway.ready().await;
    gateway.modems.with(|world| world.text_to(0, CUSTOMER, "anybody there?")).expect("sent");
    assert_eq!(gateway.received(1).await[0].text, "anybody there?");
}

/// E: what cannot be decoded is kept, shown as such, and does not stay in the SIM (1.3, point 6).
#[tokio::test(start_paused = true)]
async fn a_pdu_nobody_can_read_is_kept_and_blocks_nothing() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.modems.with(|world| world.pdu_to(0, "0004FF91")).expect("injected");
    gateway.modems.with(|world| world.text_to(0, CUSTOMER, "after it")).expect("sent");
    let inbox = gateway.received(2).await;
    let bad = inbox.iter().find(|message| message.error.is_some()).expect("the unreadable one");
    assert_eq!(bad.kind, simgate::store::Kind::Undecodable);
    assert!(inbox.iter().any(|message| message.text == "after it"));
    gateway.until("the SIM is empty", async || (gateway.stored(0) == 0).then_some(())).await;
}

/// Fault 64: a network that hands over the same text twice.
#[tokio::test(start_paused = true)]
async fn a_text_the_network_delivers_twice_is_one_message_seen_twice() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let pdu = delivers(CUSTOMER, "once, please", 0).remove(0);
    gateway.modems.with(|world| world.pdu_to(0, &pdu)).expect("injected");
    gateway.received(1).await;
    gateway.pass(60).await;
    gateway.modems.with(|world| world.pdu_to(0, &pdu)).expect("injected");
    gateway
        .until("seen twice", async || {
            let inbox = gateway.inbox().await;
            (inbox.len() == 1 && inbox[0].seen_count == 2).then_some(())
        })
        .await;
}

/// Fault 36: a modem that says OK and deletes nothing.
#[tokio::test(start_paused = true)]
async fn a_slot_that_cannot_be_deleted_gives_no_second_message() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(0, "[[rules]]\non = \"+CMGD\"\neffect = \"only_says_ok\"\n");
    gateway.modems.with(|world| world.text_to(0, CUSTOMER, "sticky")).expect("sent");
    gateway.received(1).await;
    gateway.pass(300).await;
    assert_eq!(gateway.inbox().await.len(), 1);
}
