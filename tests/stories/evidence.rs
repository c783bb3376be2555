//! What speaks for or against a text whose end nobody heard (reliability 1.4): references, and the
//! slot of a text that was kept.

use serde_json::json;
use simgate::types::{MessageId, MessageState};

use crate::gateway::{CUSTOMER, OTHER, TestGateway};

/// The network takes it, nothing comes back, no report will tell.
const LOST: &str =
    "lost_on_air = true\n[[rules]]\non = \"+CMGS\"\ntimes = 1\neffect = \"no_answer\"\n";
/// `OK` without a reference, and nothing was sent.
const NOTHING: &str = "[[rules]]\non = \"+CMGS\"\ntimes = 1\neffect = \"only_says_ok\"\n";

/// A gateway whose modem was seen to count.
async fn counted() -> TestGateway {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    for n in 0..2 {
        let id = gateway.send(CUSTOMER, &format!("text {n}")).await;
        gateway.becomes(id, MessageState::Delivered).await;
    }
    gateway
}

/// The next text goes; what does custody say of the one before?
async fn after_the_next(gateway: &TestGateway, unknown: MessageId) -> Vec<String> {
    gateway.becomes(unknown, MessageState::Unknown).await;
    gateway.faults(0, "");
    let next = gateway.send(OTHER, "next").await;
    gateway.becomes(next, MessageState::Delivered).await;
    gateway.custody(unknown).await
}

async fn evidence(gateway: &TestGateway, id: MessageId) -> String {
    let (_, message) = gateway.call("GET", &format!("/api/v1/messages/{id}"), None).await;
    message["segment_list"][0]["evidence"].as_str().unwrap_or("nothing").to_owned()
}

/// Reliability 1.4 (c): the next text's reference is two further on, so one was used in between. The
/// text stays unknown: evidence is no proof.
#[tokio::test(start_paused = true)]
async fn a_gap_in_the_references_says_that_an_unknown_text_left() {
    let gateway = counted().await;
    gateway.faults(0, LOST);
    let lost = gateway.send(CUSTOMER, "did it go?").await;
    let custody = after_the_next(&gateway, lost).await;
    let told = "probably sent: reference 4 came after 2: the number between was used";
    assert!(custody.contains(&told.to_owned()), "{custody:?}");
    assert_eq!(evidence(&gateway, lost).await, "sent");
    assert_eq!(gateway.message(lost).await.state, MessageState::Unknown);
}

/// The other way round: no number is missing.
#[tokio::test(start_paused = true)]
async fn references_without_a_gap_say_that_an_unknown_text_did_not_leave() {
    let gateway = counted().await;
    gateway.faults(0, NOTHING);
    let lost = gateway.send(CUSTOMER, "did it go?").await;
    let custody = after_the_next(&gateway, lost).await;
    let told = "probably not sent: reference 3 came after 2: no number was used between";
    assert!(custody.contains(&told.to_owned()), "{custody:?}");
    assert_eq!(evidence(&gateway, lost).await, "not_sent");
    assert_eq!(gateway.submitted(0).len(), 3);
}

/// It holds across the death of the gateway, for the modem went on counting; not across a restart
/// of the modem, which may count from anywhere.
#[tokio::test(start_paused = true)]
async fn references_tell_after_a_crash_and_not_after_the_modem_restarted() {
    for restarts in [false, true] {
        let mut gateway = counted().await;
        gateway.faults(0, LOST);
        let lost = gateway.send(CUSTOMER, "did it go?").await;
        gateway.until("it left", async || (gateway.submitted(0).len() == 3).then_some(())).await;
        gateway.stop().await;
        gateway.start().await;
        gateway.becomes(lost, MessageState::Unknown).await;
        gateway.ready().await;
        if restarts {
            gateway.faults(0, "[[rules]]\non = \"+CSQ\"\ntimes = 1\neffect = \"reset\"\n");
            gateway.pass(120).await;
        }
        after_the_next(&gateway, lost).await;
        let expected = if restarts { "nothing" } else { "sent" };
        assert_eq!(evidence(&gateway, lost).await, expected);
    }
}

/// D5: an alarm that probably left is not repeated by itself; a person may.
#[tokio::test(start_paused = true)]
async fn an_alarm_that_probably_left_is_not_sent_once_more_by_itself() {
    let gateway = counted().await;
    gateway.faults(0, LOST);
    let alarm = json!({ "to": CUSTOMER, "text": "water in the cellar", "class": "alert" });
    let lost = gateway.send_as(alarm).await;
    after_the_next(&gateway, lost).await;
    gateway.pass(4 * 3_600).await;
    assert_eq!(gateway.submitted(0).len(), 4);
    assert_eq!(gateway.message(lost).await.state, MessageState::Unknown);
}

/// A gateway that may send advertising to the customer.
async fn shop(faults: &str) -> (TestGateway, MessageId) {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let joined = json!({ "number": CUSTOMER, "state": "in", "how": "signed in the shop" });
    let (status, answer) = gateway.call("POST", "/api/v1/consent", Some(joined)).await;
    assert_eq!(status.as_u16(), 201, "{answer}");
    gateway.faults(0, faults);
    let sale = json!({ "to": CUSTOMER, "text": "Sale!", "class": "marketing" });
    let id = gateway.send_as(sale).await;
    (gateway, id)
}

/// Reliability 1.4 (b): what must never go twice is written into the modem first and sent from there;
/// the slot is emptied afterwards.
#[tokio::test(start_paused = true)]
async fn advertising_is_sent_from_a_slot_that_is_emptied_afterwards() {
    let plan = "[[rules]]\non = \"+CMGS\"\neffect = { cms = 303 }\n";
    let (gateway, sale) = shop(plan).await;
    gateway.becomes(sale, MessageState::Delivered).await;
    gateway.until("the slot is empty", async || (gateway.stored(0) == 0).then_some(())).await;
    assert_eq!(gateway.submitted(0), ["Sale!"]);
}

/// A modem that cannot do that sends it directly.
#[tokio::test(start_paused = true)]
async fn advertising_goes_directly_where_the_modem_keeps_nothing() {
    for refusal in [303, 322] {
        let plan = format!("[[rules]]\non = \"+CMGW\"\neffect = {{ cms = {refusal} }}\n");
        let (gateway, sale) = shop(&plan).await;
        gateway.becomes(sale, MessageState::Delivered).await;
        assert_eq!(gateway.submitted(0), ["Sale!"]);
    }
}

/// The answer is lost, and the slot says that it was sent: that settles it, without a report.
#[tokio::test(start_paused = true)]
async fn a_slot_marked_as_sent_settles_an_unknown_text() {
    let plan = "lost_on_air = true\n[[rules]]\non = \"+CMSS\"\ntimes = 1\neffect = \"no_answer\"\n";
    let (gateway, sale) = shop(plan).await;
    gateway.becomes(sale, MessageState::Unknown).await;
    gateway.becomes(sale, MessageState::Sent).await;
    let custody = gateway.custody(sale).await;
    let settled = custody.iter().find(|station| station.starts_with("was sent after all"));
    assert!(settled.is_some_and(|why| why.contains("the modem keeps it as sent")), "{custody:?}");
    gateway.until("the slot is empty", async || (gateway.stored(0) == 0).then_some(())).await;
    assert_eq!(gateway.submitted(0).len(), 1);
}

/// The slot says that it was not sent: that is shown, and a person decides.
#[tokio::test(start_paused = true)]
async fn a_slot_marked_as_unsent_is_evidence_for_a_person() {
    let plan = "[[rules]]\non = \"+CMSS\"\ntimes = 1\neffect = \"only_says_ok\"\n";
    let (gateway, sale) = shop(plan).await;
    gateway
        .until("evidence", async || (evidence(&gateway, sale).await == "not_sent").then_some(()))
        .await;
    gateway.pass(3_600).await;
    assert_eq!(gateway.message(sale).await.state, MessageState::Unknown);
    assert_eq!((gateway.submitted(0).len(), gateway.stored(0)), (0, 0));
    let custody = gateway.custody(sale).await;
    let told = custody.iter().any(|station| station.starts_with("probably not sent: the modem"));
    assert!(told, "{custody:?}");
}
