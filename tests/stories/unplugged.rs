//! The stick is pulled out, and put back.

use simgate::types::MessageState;

use crate::gateway::{CUSTOMER, OTHER, TestGateway};

/// S: unplugged while receiving. Faults 10 and 12.
#[tokio::test(start_paused = true)]
async fn texts_survive_a_stick_that_is_pulled_while_they_are_read() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    for n in 0..12 {
        let text = format!("text {n}");
        gateway.modems.with(|world| world.text_to(0, CUSTOMER, &text)).expect("sent");
    }
    gateway.received(3).await;
    gateway.modems.with(|world| world.pull(0)).expect("pulled");
    gateway.pass(90).await;
    let before = gateway.inbox().await.len();
    assert!(before < 12, "pulled in the middle");
    gateway.modems.with(|world| world.put_back(0, None)).expect("put back");
    gateway.received(12).await;
    gateway.pass(120).await;
    let mut texts: Vec<String> = gateway.inbox().await.into_iter().map(|m| m.text).collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 12);
    assert_eq!(gateway.inbox().await.len(), 12, "none twice");
    assert_eq!(gateway.stored(0), 0);
}

/// Fault 12: the stick comes back under another port name. Device and line are known by IMEI and
/// ICCID, so what waited for them goes on, and no second one appears.
#[tokio::test(start_paused = true)]
async fn a_stick_that_comes_back_under_another_name_is_the_same_modem_and_line() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let modems = async || gateway.store.read(|tx| tx.modems()).await.expect("readable");
    let lines = async || gateway.store.read(|tx| tx.lines()).await.expect("readable");
    let (modem, line) = (modems().await.remove(0), lines().await.remove(0));
    gateway.modems.with(|world| world.pull(0)).expect("pulled");
    gateway.pass(5).await;
    let waiting = gateway.send(CUSTOMER, "see you there").await;
    gateway.modems.with(|world| world.put_back(0, None)).expect("put back");
    gateway.modems.with(|world| world.text_to(0, OTHER, "hello again")).expect("sent");
    gateway.becomes(waiting, MessageState::Delivered).await;
    assert_eq!(gateway.received(1).await[0].line, line.id);

    let (after, lines) = (modems().await, lines().await);
    assert_eq!((after.len(), lines.len()), (1, 1));
    assert_eq!(after[0].id, modem.id);
    assert_ne!(after[0].port, modem.port, "the name is another one");
}

/// S: unplugged while sending. The PDU had gone out: nobody knows, nothing is repeated.
#[tokio::test(start_paused = true)]
async fn a_text_at_a_modem_that_vanishes_is_unknown_and_the_next_ones_go_on_later() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(
        0,
        "lost_on_air = true\n[[rules]]\non = \"+CMGS\"\ntimes = 1\neffect = \"unplug\"\n",
    );
    let torn = gateway.send(CUSTOMER, "torn").await;
    gateway.becomes(torn, MessageState::Unknown).await;
    let next = gateway.send(OTHER, "next").await;
    gateway.pass(120).await;
    assert_eq!(gateway.message(next).await.state, MessageState::Queued);
    gateway.faults(0, "");
    gateway.modems.with(|world| world.put_back(0, None)).expect("put back");
    gateway.becomes(next, MessageState::Delivered).await;
    assert_eq!(gateway.submitted(0), ["torn", "next"]);
    assert_eq!(gateway.message(torn).await.state, MessageState::Unknown);
}

/// P1: nothing left before the prompt, so the text simply goes again.
#[tokio::test(start_paused = true)]
async fn a_text_that_never_reached_the_modem_is_sent_when_it_is_back() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.modems.with(|world| world.pull(0)).expect("pulled");
    let id = gateway.send(CUSTOMER, "whenever").await;
    gateway.pass(300).await;
    gateway.modems.with(|world| world.put_back(0, None)).expect("put back");
    gateway.becomes(id, MessageState::Delivered).await;
    assert_eq!(gateway.submitted(0), ["whenever"]);
    assert!(!gateway.message(id).await.possible_duplicate);
}

/// A stick that comes back works again after two seconds, its own start included.
#[tokio::test(start_paused = true)]
async fn a_stick_that_comes_back_receives_within_two_seconds() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.modems.with(|world| world.pull(0)).expect("pulled");
    gateway.pass(400).await;
    gateway.modems.with(|world| world.put_back(0, None)).expect("put back");
    gateway.modems.with(|world| world.text_to(0, OTHER, "hello again")).expect("sent");
    let back = gateway.clock.now();
    gateway.received(1).await;
    let took = gateway.clock.now().since(back);
    assert!(took.0 <= 2_000, "{took}");
}
