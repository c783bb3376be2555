//! Long texts, in and out.

use simgate::sms::{Tpdu, Way};
use simgate::types::MessageState;

use crate::gateway::{CUSTOMER, TestGateway, delivers};

/// Three segments in UCS-2, because of the emoji.
fn long_text() -> String {
    format!("{} 🎉 {}", "All of it, in the right order. ".repeat(2), "And the end. ".repeat(7))
}

/// S: receive long with parts out of order and one late.
#[tokio::test(start_paused = true)]
async fn a_long_text_is_shown_with_a_gap_after_ten_minutes_and_whole_when_the_rest_comes() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let text = long_text();
    let segments = delivers(CUSTOMER, &text, 77);
    assert_eq!(segments.len(), 3);
    for segment in [&segments[2], &segments[0]] {
        gateway.modems.with(|world| world.pdu_to(0, segment)).expect("injected");
    }
    gateway.until("both are stored", async || (gateway.stored(0) == 0).then_some(())).await;
    gateway.pass(500).await;
    assert!(gateway.inbox().await.is_empty(), "not before its time");

    let shown = gateway.received(1).await.remove(0);
    assert_eq!(shown.state, MessageState::Incomplete);
    assert_eq!((shown.segments, shown.segments_done), (3, 2));
    assert!(shown.text.contains("[…]"), "{}", shown.text);

    gateway.pass(1_800).await;
    gateway.modems.with(|world| world.pdu_to(0, &segments[1])).expect("injected");
    let whole = gateway.becomes(shown.id, MessageState::Received).await;
    assert_eq!(whole.text, text);
    assert_eq!(gateway.inbox().await.len(), 1);
}

/// Every part leaves the SIM as soon as it is stored: ten slots are soon full (1.3).
#[tokio::test(start_paused = true)]
async fn parts_do_not_wait_in_the_sim_for_their_siblings() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let segments = delivers(CUSTOMER, &long_text(), 5);
    gateway.modems.with(|world| world.pdu_to(0, &segments[0])).expect("injected");
    gateway.pass(5).await;
    gateway.until("the SIM is empty", async || (gateway.stored(0) == 0).then_some(())).await;
    assert!(gateway.inbox().await.is_empty());
}

/// S: send long.
#[tokio::test(start_paused = true)]
async fn a_long_text_arrives_whole_on_the_handset() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let text = long_text();
    let id = gateway.send(CUSTOMER, &text).await;
    let message = gateway.becomes(id, MessageState::Delivered).await;
    assert_eq!((message.segments, message.segments_done), (3, 3));
    let arrived = gateway.modems.with(|world| {
        world.handset(CUSTOMER).map(|handset| handset.texts.clone()).unwrap_or_default()
    });
    assert_eq!(arrived.len(), 1);
    assert_eq!((arrived[0].text.as_str(), arrived[0].segments), (text.as_str(), 3));
}

/// reliability 1.4, multipart: only the refused part goes again, with the same bytes.
#[tokio::test(start_paused = true)]
async fn a_refused_part_is_sent_again_and_the_first_part_is_not() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(0, "[[rules]]\non = \"+CMGS\"\nskip = 1\ntimes = 1\neffect = { cms = 42 }\n");
    let text = long_text();
    let id = gateway.send(CUSTOMER, &text).await;
    let torn = gateway
        .until("it waits in the middle", async || {
            let message = gateway.message(id).await;
            (message.state == MessageState::Queued && message.segments_done == 1).then_some(message)
        })
        .await;
    assert_eq!((torn.segments, torn.segments_done), (3, 1), "how far it got is visible");
    let (_, shown) = gateway.call("GET", &format!("/api/v1/messages/{id}"), None).await;
    let states: Vec<_> = shown["segment_list"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|segment| segment["state"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(states, ["accepted", "waiting", "waiting"]);
    gateway.becomes(id, MessageState::Delivered).await;
    // What left is what was prepared, octet by octet but for TP-MR, which is the modem's.
    let (_, whole) = gateway.call("GET", &format!("/api/v1/messages/{id}"), None).await;
    let prepared: Vec<_> = whole["segment_list"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|segment| segment["tpdu"].as_str().unwrap_or_default().to_owned())
        .collect();
    let left = gateway.modems.with(|world| {
        let all = world.submitted(0, 0).map(|sent| simgate::sms::to_hex(&sent.tpdu));
        all.collect::<Vec<_>>()
    });
    let but_reference = |all: &[String]| -> Vec<String> {
        all.iter().map(|tpdu| format!("{}{}", &tpdu[..2], &tpdu[4..])).collect()
    };
    assert_eq!(but_reference(&left), but_reference(&prepared), "three, each taken once");
    let references: Vec<_> = left
        .iter()
        .map(|tpdu| {
            let octets = simgate::sms::from_hex(tpdu).expect("hex");
            match Tpdu::decode(&octets, Way::FromMobile) {
                Ok(Tpdu::Submit(submit)) => submit.concat().map(|concat| concat.reference),
                other => panic!("{other:?}"),
            }
        })
        .collect();
    assert!(references[0].is_some() && references.iter().all(|one| *one == references[0]));
    let arrived = gateway.modems.with(|world| world.handset(CUSTOMER).map(|h| h.texts.len()));
    assert_eq!(arrived, Some(1));
}

/// 27.005 §3.5.6: the radio link is kept for the parts that follow, also by a modem that restarted
/// in between, or in the middle of being asked to keep it.
#[tokio::test(start_paused = true)]
async fn parts_keep_the_radio_link_on_a_modem_that_has_restarted_too() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    for restarts_at in ["+CSQ", "+CMMS", "none"] {
        let before = gateway.submitted(0).len() as u64;
        let id = gateway.send(CUSTOMER, &long_text()).await;
        gateway.becomes(id, MessageState::Delivered).await;
        let more: Vec<bool> =
            gateway.modems.with(|world| world.submitted(0, before).map(|s| s.more).collect());
        assert_eq!((more.len(), &more[..2]), (3, &[true, true][..]), "{restarts_at}");
        let plan = format!("[[rules]]\non = \"{restarts_at}\"\ntimes = 1\neffect = \"reset\"\n");
        gateway.faults(0, &plan);
        gateway.pass(120).await;
        gateway.ready().await;
    }
}
