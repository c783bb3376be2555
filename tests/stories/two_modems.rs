//! Several modems, several ports, one gateway.

use simgate::emulator::Scenario;
use simgate::types::MessageState;

use crate::gateway::{CUSTOMER, OTHER, TestGateway};

/// S: two modems at once.
#[tokio::test(start_paused = true)]
async fn two_lines_receive_and_send_side_by_side() {
    let gateway = TestGateway::plain(2).await;
    gateway
        .until("two lines", async || {
            let lines = gateway.store.read(|tx| tx.lines()).await.expect("readable");
            (lines.len() == 2).then_some(())
        })
        .await;
    gateway.ready().await;
    for (modem, text) in [(0, "to the shop"), (1, "to the workshop")] {
        gateway.modems.with(|world| world.text_to(modem, CUSTOMER, text)).expect("sent");
    }
    let inbox = gateway.received(2).await;
    assert_ne!(inbox[0].line, inbox[1].line);
    let mut sent = Vec::new();
    for message in &inbox {
        let asked = serde_json::json!({
            "to": OTHER, "text": message.text, "line": message.line.to_string(),
        });
        sent.push(gateway.send_as(asked).await);
    }
    for id in sent {
        gateway.becomes(id, MessageState::Delivered).await;
    }
    // Each line has welcomed its new sender as well.
    assert!(gateway.submitted(0).contains(&"to the shop".to_owned()));
    assert!(gateway.submitted(1).contains(&"to the workshop".to_owned()));
    assert!(!gateway.submitted(1).contains(&"to the shop".to_owned()));
}

/// A stick that is pulled ends its own task alone.
#[tokio::test(start_paused = true)]
async fn one_line_goes_on_while_the_other_is_gone() {
    let gateway = TestGateway::plain(2).await;
    gateway.ready().await;
    gateway.modems.with(|world| world.pull(1)).expect("pulled");
    gateway.modems.with(|world| world.text_to(0, CUSTOMER, "still here?")).expect("sent");
    assert_eq!(gateway.received(1).await[0].text, "still here?");
}

/// Fault 14: two ports of one modem give one owner.
#[tokio::test(start_paused = true)]
async fn a_modem_that_answers_on_two_ports_has_one_owner() {
    let mut scenario = Scenario::plain(2, "generic");
    for modem in &mut scenario.modems {
        modem.imei = Some("350000000000017".to_owned());
    }
    let gateway = TestGateway::over(scenario).await;
    gateway.ready().await;
    gateway.pass(300).await;
    let modems = gateway.store.read(|tx| tx.modems()).await.expect("readable");
    assert_eq!(modems.len(), 1);
    let owner = modems[0].port.clone();
    gateway.pass(300).await;
    let modems = gateway.store.read(|tx| tx.modems()).await.expect("readable");
    assert_eq!(modems[0].port, owner, "and keeps it");
}

/// D2: line and queue follow the SIM, not the stick.
#[tokio::test(start_paused = true)]
async fn a_sim_that_moves_to_another_stick_stays_the_same_line() {
    let gateway = TestGateway::plain(2).await;
    gateway.ready().await;
    gateway.pass(30).await;
    let lines = gateway.store.read(|tx| tx.lines()).await.expect("readable");
    gateway.modems.with(|world| world.pull(0)).expect("pulled");
    gateway.modems.with(|world| world.pull(1)).expect("pulled");
    gateway.pass(5).await;
    gateway.modems.with(|world| world.swap_sims(0, 1)).expect("swapped");
    gateway.modems.with(|world| world.put_back(0, None)).expect("put back");
    gateway.modems.with(|world| world.put_back(1, None)).expect("put back");
    gateway.pass(60).await;
    gateway.ready().await;
    let first = lines[0].id.to_string();
    let asked = serde_json::json!({ "to": OTHER, "text": "moved", "line": first });
    let id = gateway.send_as(asked).await;
    gateway.becomes(id, MessageState::Delivered).await;
    let after = gateway.store.read(|tx| tx.lines()).await.expect("readable");
    assert_eq!(after.len(), 2);
    let taken = [gateway.submitted(0).len(), gateway.submitted(1).len()];
    assert_eq!(taken.iter().sum::<usize>(), 1);
}
