//! The gateway stops, and starts again.

use simgate::emulator::ModemChange;
use simgate::types::{MessageState, Millis};

use crate::gateway::{CUSTOMER, TestGateway};

/// Fault 83: SIGTERM in mid-send: the submit in flight finishes, nothing else begins.
#[tokio::test(start_paused = true)]
async fn a_stop_in_mid_send_finishes_that_text_and_keeps_the_rest() {
    let mut gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(gateway.send(CUSTOMER, &format!("text {n}")).await);
    }
    gateway.becomes(ids[0], MessageState::Submitting).await;
    assert!(gateway.stop().await <= Millis::from_secs(10));
    let sent = gateway.submitted(0);
    assert!(sent.len() <= 2, "{sent:?}");

    gateway.start().await;
    // The first report came while nobody listened: the network gives it again, and the modem,
    // which had given up on us by then, has been told anew that we want it.
    for &id in &ids {
        assert!(!gateway.becomes(id, MessageState::Delivered).await.possible_duplicate);
    }
    let texts: Vec<String> = (0..5).map(|n| format!("text {n}")).collect();
    assert_eq!(gateway.submitted(0), texts, "each once, in order");
}

/// A modem that never answers does not hold up the stop.
#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_modem_that_hangs() {
    let mut gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(0, "lost_on_air = true\n[[rules]]\non = \"+CMGS\"\neffect = \"hang\"\n");
    let id = gateway.send(CUSTOMER, "into the void").await;
    gateway.becomes(id, MessageState::Submitting).await;
    gateway.pass(5).await;
    assert!(gateway.stop().await <= Millis::from_secs(10));
    gateway.faults(0, "");
    gateway.start().await;
    gateway.becomes(id, MessageState::Unknown).await;
    gateway.pass(600).await;
    assert!(gateway.submitted(0).len() <= 1);
}

/// S: restart with a full queue.
#[tokio::test(start_paused = true)]
async fn a_full_queue_survives_a_restart_and_goes_out_once() {
    let mut gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let registration = |stat| ModemChange { registration: Some(stat), ..ModemChange::default() };
    gateway.modems.with(|world| world.change(0, registration(0))).expect("changed");
    gateway.pass(180).await;
    let mut ids = Vec::new();
    for n in 0..50 {
        ids.push(gateway.send(CUSTOMER, &format!("text {n}")).await);
    }
    gateway.stop().await;
    gateway.start().await;
    gateway.modems.with(|world| world.change(0, registration(1))).expect("changed");
    for &id in &ids {
        gateway.becomes(id, MessageState::Delivered).await;
    }
    let texts: Vec<String> = (0..50).map(|n| format!("text {n}")).collect();
    assert_eq!(gateway.submitted(0), texts);
}
