//! Nobody knows whether a text went out (D5).

use serde_json::json;
use simgate::types::MessageState;

use crate::gateway::{CUSTOMER, OTHER, TestGateway};

/// The PDU goes out, nothing comes back, and the text is lost on the air: no report will tell.
const SILENCE: &str =
    "lost_on_air = true\n[[rules]]\non = \"+CMGS\"\ntimes = 1\neffect = \"no_answer\"\n";

/// S: unknown after silence. P3: never sent again silently.
#[tokio::test(start_paused = true)]
async fn a_text_without_an_answer_is_unknown_and_waits_for_a_person() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(0, SILENCE);
    let id = gateway.send(CUSTOMER, "did it go?").await;
    gateway.becomes(id, MessageState::Unknown).await;
    gateway.pass(3_600).await;
    assert_eq!(gateway.message(id).await.state, MessageState::Unknown);
    assert_eq!(gateway.submitted(0).len(), 1);

    gateway.faults(0, "");
    let (_, settled) =
        gateway.call("POST", &format!("/api/v1/messages/{id}/resend"), Some(json!({}))).await;
    assert_eq!(settled["possible_duplicate"], true);
    gateway.becomes(id, MessageState::Delivered).await;
    assert_eq!(gateway.submitted(0).len(), 2);
}

/// D5: an alarm or a code goes once more by itself, marked; never a third time.
#[tokio::test(start_paused = true)]
async fn an_alarm_without_an_answer_is_sent_once_more_and_marked() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(0, "lost_on_air = true\n[[rules]]\non = \"+CMGS\"\neffect = \"no_answer\"\n");
    let id = gateway
        .send_as(json!({ "to": CUSTOMER, "text": "water in the cellar", "class": "alert" }))
        .await;
    gateway.pass(4 * 3_600).await;
    let message = gateway.message(id).await;
    assert_eq!(message.state, MessageState::Unknown);
    assert!(message.possible_duplicate);
    assert_eq!(gateway.submitted(0).len(), 2);
}

/// S: unknown resolved by a report.
#[tokio::test(start_paused = true)]
async fn a_delivery_report_settles_an_unknown_text() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(0, "[[rules]]\non = \"+CMGS\"\ntimes = 1\neffect = \"no_answer\"\n");
    let id = gateway.send(CUSTOMER, "it went").await;
    gateway.becomes(id, MessageState::Delivered).await;
    assert_eq!(gateway.submitted(0), ["it went"]);
    assert!(!gateway.message(id).await.possible_duplicate);
}

/// Fault 31: the answer comes after we had given up on it, and settles the text.
#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_after_minutes_settles_an_unknown_text() {
    for seconds in [130, 165, 200] {
        let gateway = TestGateway::plain(1).await;
        gateway.ready().await;
        let late = format!(
            "lost_on_air = true\n[[rules]]\non = \"+CMGS\"\ntimes = 1\neffect = {{ late_ms = {} }}\n",
            seconds * 1_000
        );
        gateway.faults(0, &late);
        let id = gateway.send(CUSTOMER, "slow").await;
        gateway.becomes(id, MessageState::Unknown).await;
        let settled = gateway.becomes(id, MessageState::Sent).await;
        assert!(!settled.possible_duplicate, "after {seconds} s");
        gateway.faults(0, "");
        let next = gateway.send(CUSTOMER, "quick again").await;
        gateway.becomes(next, MessageState::Delivered).await;
        assert_eq!(gateway.submitted(0), ["slow", "quick again"]);
    }
}

/// Fault 30: an error code that modems give although the text went out.
#[tokio::test(start_paused = true)]
async fn an_error_that_proves_nothing_is_not_taken_for_a_refusal() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(
        0,
        "lost_on_air = true\n[[rules]]\non = \"+CMGS\"\ntimes = 1\neffect = { done_but_cms = 500 }\n",
    );
    let id = gateway.send(CUSTOMER, "did it?").await;
    gateway.becomes(id, MessageState::Unknown).await;
    gateway.pass(600).await;
    assert_eq!(gateway.submitted(0).len(), 1);
}

/// A network that has been fast all the time falls silent: the modem is asked after seconds, not
/// after the two minutes a slow network may take, and one that answers has lost a result.
#[tokio::test(start_paused = true)]
async fn a_lost_final_result_costs_one_unknown_text_and_seconds() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    for _ in 0..3 {
        let id = gateway.send(CUSTOMER, "hello").await;
        gateway.becomes(id, MessageState::Delivered).await;
    }
    gateway.faults(0, SILENCE);
    let lost = gateway.send(CUSTOMER, "lost").await;
    let rest = [gateway.send(OTHER, "next").await, gateway.send(OTHER, "and the next").await];
    let asked = gateway.clock.now();
    gateway.becomes(rest[0], MessageState::Submitting).await;
    let held_up = gateway.clock.now().since(asked);
    assert!(held_up.0 < 5_000, "{held_up}");
    for id in rest {
        gateway.becomes(id, MessageState::Sent).await;
    }
    assert_eq!(gateway.message(lost).await.state, MessageState::Unknown);
    assert_eq!(gateway.submitted(0).len(), 6, "each once");
}

/// The other way round: the network is slow for once. The question is answered after the result,
/// which is the text's own.
#[tokio::test(start_paused = true)]
async fn a_result_that_is_only_late_is_still_the_texts_own() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    for _ in 0..3 {
        let id = gateway.send(CUSTOMER, "hello").await;
        gateway.becomes(id, MessageState::Delivered).await;
    }
    gateway.faults(0, "[[rules]]\non = \"+CMGS\"\ntimes = 1\neffect = { late_ms = 20000 }\n");
    let slow = gateway.send(CUSTOMER, "slow").await;
    let next = gateway.send(OTHER, "next").await;
    gateway.becomes(slow, MessageState::Delivered).await;
    gateway.becomes(next, MessageState::Delivered).await;
    let custody = gateway.custody(slow).await;
    assert!(!custody.iter().any(|station| station.contains("unknown")), "{custody:?}");
    assert_eq!(gateway.submitted(0).len(), 5, "each once");
}
