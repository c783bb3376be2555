//! The SIM asks for its PIN.

use crate::gateway::{CUSTOMER, TestGateway};

const LOCKED: &str = "[[modem]]\n[modem.sim]\npin = \"4711\"\n";

fn tries_left(gateway: &TestGateway) -> u8 {
    gateway.modems.with(|world| world.modem(0).expect("there").sim.expect("a SIM").tries.0)
}

async fn note(gateway: &TestGateway) -> String {
    gateway
        .until("a note for a person", async || {
            let modems = gateway.store.read(|tx| tx.modems()).await.expect("readable");
            modems.into_iter().find_map(|modem| modem.note)
        })
        .await
}

/// S: PIN needed, and it is configured.
#[tokio::test(start_paused = true)]
async fn a_configured_pin_opens_the_sim_at_every_start() {
    let mut gateway = TestGateway::with_pin(LOCKED, "4711").await;
    gateway.ready().await;
    gateway.modems.with(|world| world.pull(0)).expect("pulled");
    gateway.pass(10).await;
    gateway.modems.with(|world| world.put_back(0, None)).expect("put back");
    gateway.pass(60).await;
    gateway.ready().await;
    gateway.stop().await;
    gateway.start().await;
    gateway.ready().await;
    gateway.modems.with(|world| world.text_to(0, CUSTOMER, "hello")).expect("sent");
    gateway.received(1).await;
    assert_eq!(tries_left(&gateway), 3);
}

/// S: PIN needed, and nobody configured one: a person is told what to do.
#[tokio::test(start_paused = true)]
async fn without_a_pin_a_person_is_asked_and_nothing_is_tried() {
    let gateway = TestGateway::toml(LOCKED).await;
    let note = note(&gateway).await;
    assert!(note.contains("PIN"), "{note}");
    assert_eq!(tries_left(&gateway), 3);
}

/// S: PIN wrong. Fault 46: the counter never passes one try, whatever happens afterwards.
#[tokio::test(start_paused = true)]
async fn a_wrong_pin_is_tried_once_and_never_again() {
    let mut gateway = TestGateway::with_pin(LOCKED, "1111").await;
    let told = note(&gateway).await;
    assert!(told.contains("refused"), "{told}");
    assert_eq!(tries_left(&gateway), 2);
    gateway.modems.with(|world| world.pull(0)).expect("pulled");
    gateway.pass(10).await;
    gateway.modems.with(|world| world.put_back(0, None)).expect("put back");
    gateway.pass(600).await;
    gateway.stop().await;
    gateway.start().await;
    gateway.pass(600).await;
    assert_eq!(tries_left(&gateway), 2);
}
