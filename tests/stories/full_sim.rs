//! The SIM is full and the network keeps back what does not fit.

use std::collections::BTreeSet;

use simgate::emulator::{Scenario, StorageScenario};

use crate::gateway::{CUSTOMER, TestGateway};

/// S: SIM full of 30 and 200 more waiting. Fault 33.
#[tokio::test(start_paused = true)]
async fn a_full_sim_is_read_out_and_everything_behind_it_follows() {
    let storage =
        StorageScenario { sim: Some(30), equipment: Some(30), ..StorageScenario::default() };
    receive_230(storage).await;
}

/// A modem that offers a storage of its own and has no slot in it.
#[tokio::test(start_paused = true)]
async fn a_modem_without_slots_of_its_own_receives_on_the_sim() {
    let storage =
        StorageScenario { sim: Some(30), equipment: Some(0), ..StorageScenario::default() };
    receive_230(storage).await;
}

async fn receive_230(storage: StorageScenario) {
    let mut scenario = Scenario::plain(1, "generic");
    scenario.modems[0].storage = storage;
    let mut gateway = TestGateway::over(scenario).await;
    gateway.stop().await;
    for n in 0..230 {
        let text = format!("text {n}");
        gateway.modems.with(|world| world.text_to(0, CUSTOMER, &text)).expect("sent");
    }
    gateway.pass(60).await;
    assert_eq!(gateway.stored(0), 30, "full, and 200 wait in the network");

    gateway.start().await;
    let inbox = gateway.received(230).await;
    gateway.pass(300).await;
    assert_eq!(gateway.inbox().await.len(), 230, "none twice");
    let texts: BTreeSet<&str> = inbox.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts.len(), 230, "none lost");
    assert_eq!(gateway.stored(0), 0);
}
