//! The control API over HTTP, call by call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use simgate::emulator::{Input, Output, Scenario, Shared, World};
use simgate::types::Millis;
use tower::ServiceExt;

use super::{PLAIN_SUBMIT, START, SUBMIT};

/// A world behind its control API, under a clock that the test moves.
struct Desk {
    world: Shared,
    clock: Arc<AtomicU64>,
    heard: String,
}

impl Desk {
    fn new(scenario: &str) -> Desk {
        let network = "air_ms = [0, 0]\ndelivery_ms = [0, 0]\nreport_ms = [0, 0]";
        let scenario = Scenario::parse(&format!("[network]\n{network}\n{scenario}"));
        let world = World::new(scenario.expect("a sound scenario"), START).expect("a world");
        let clock = Arc::new(AtomicU64::new(0));
        let tick = clock.clone();
        let world = Shared::new(world, move || Millis(tick.load(Ordering::Relaxed)), || ());
        let mut desk = Desk { world, clock, heard: String::new() };
        desk.pass(5_000);
        desk
    }

    fn pass(&mut self, ms: u64) {
        for _ in 0..ms / 50 {
            self.clock.fetch_add(50, Ordering::Relaxed);
            let heard = &mut self.heard;
            self.world.with(|world| {
                loop {
                    match world.poll() {
                        Output::Transmit { bytes, .. } => {
                            heard.extend(bytes.into_iter().map(char::from));
                        }
                        Output::WakeAt(_) => return,
                        _ => {}
                    }
                }
            });
        }
    }

    /// Bytes from a terminal, and what was said within a second.
    fn says(&mut self, bytes: &str) -> String {
        let bytes = bytes.as_bytes();
        let now = self.world.now();
        self.world.with(|world| world.handle(now, Input::Bytes { modem: 0, bytes }));
        self.pass(1_000);
        std::mem::take(&mut self.heard)
    }

    async fn ask(&mut self, call: &str, body: Value) -> (StatusCode, Value) {
        let (method, path) = call.split_once(' ').expect("a method and a path");
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json").body(body);
        let router = simgate::web::control::router(self.world.clone());
        let answer = router.oneshot(request.expect("a request")).await.expect("an answer");
        let status = answer.status();
        let bytes = answer.into_body().collect().await.expect("a body").to_bytes();
        self.pass(100);
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn done(&mut self, call: &str, body: Value) -> Value {
        let (status, answer) = self.ask(call, body).await;
        assert_eq!(status, StatusCode::OK, "{call}: {answer}");
        answer
    }
}

#[tokio::test]
async fn every_call_does_what_the_reference_says() {
    let mut desk = Desk::new("[[modem]]\n[[modem]]\nprofile = \"huawei\"\n");
    desk.says("ATE0+CMEE=1;+CNMI=2,1,2,1,0\r");

    let modems = desk.done("GET /modems", Value::Null).await;
    assert_eq!(modems.as_array().map(Vec::len), Some(2));
    let first = &modems[0];
    for (key, value) in [
        ("index", json!(0)),
        ("link", json!("modem0")),
        ("pty", Value::Null),
        ("profile", json!("generic")),
        ("imei", json!("004401230000008")),
        ("iccid", json!("8999942000000000000")),
        ("imsi", json!("999420000000000")),
        ("number", json!("+447700900100")),
        ("plugged", json!(true)),
    ] {
        assert_eq!(first[key], value, "{key}");
    }
    assert_eq!(desk.done("GET /modems/1", Value::Null).await["profile"], "huawei");

    // Texts, PDUs and lists of PDUs reach the SIM.
    let text = json!({ "from": "+447700900200", "text": "hello" });
    assert_eq!(desk.done("POST /modems/0/sms", text).await["segments"], 1);
    assert!(desk.says("").contains("+CMTI: \"SM\",1"));
    let pdu = "00040C91447700092000000062112190000000 05E8329BFD06".replace(' ', "");
    desk.done("POST /modems/0/sms", json!({ "pdu": pdu })).await;
    let two = json!({ "pdus": [pdu, pdu] });
    assert_eq!(desk.done("POST /modems/0/sms", two).await["segments"], 2);
    let stored = desk.done("GET /modems/0/stored", Value::Null).await;
    assert_eq!(stored.as_array().map(Vec::len), Some(4));
    assert_eq!((&stored[1]["storage"], &stored[1]["pdu"]), (&json!("SM"), &json!(pdu)));

    // What the network took, and reports by hand.
    desk.says("AT+CMGS=23\r");
    assert!(desk.says(&format!("{PLAIN_SUBMIT}\x1a")).contains("+CMGS: 1"));
    let taken = desk.done("GET /modems/0/submitted?after=0", Value::Null).await;
    assert_eq!(taken[0]["mr"], 1);
    assert_eq!(
        (&taken[0]["to"], &taken[0]["text"]),
        (&json!("+447700900200"), &json!("hellohello"))
    );
    assert_eq!(taken[0]["tpdu"], PLAIN_SUBMIT[2..].replacen("1100", "1101", 1));
    let none = desk.done("GET /modems/0/submitted?after=1", Value::Null).await;
    assert_eq!(none, json!([]));
    desk.done("POST /modems/0/report", json!({ "mr": 1, "status": 0, "delay_ms": 300 })).await;
    assert_eq!(desk.heard, "");
    assert!(desk.says("").contains("+CDS: 25"));

    // Handsets.
    let typed = json!({ "to": "+447700900101", "text": "for the other one" });
    assert_eq!(desk.done("POST /phones/+447700900200", typed).await["segments"], 1);
    let other = desk.done("GET /modems/1/stored", Value::Null).await;
    assert_eq!(other.as_array().map(Vec::len), Some(1));
    let phone = desk.done("GET /phones/+447700900200", Value::Null).await;
    let shown: Vec<_> = phone["texts"].as_array().expect("texts").iter().collect();
    assert_eq!(
        (shown.len(), &shown[0]["direction"], &shown[1]["direction"]),
        (2, &json!("in"), &json!("out"))
    );
    desk.done("PATCH /phones/+447700900200", json!({ "on": false })).await;
    desk.says("AT+CMGS=23\r");
    desk.says(&format!("{SUBMIT}\x1a"));
    let phone = desk.done("GET /phones/+447700900200", Value::Null).await;
    assert_eq!((&phone["on"], phone["texts"].as_array().map(Vec::len)), (&json!(false), Some(2)));
    desk.done("PATCH /phones/+447700900200", json!({ "on": true })).await;
    assert!(desk.says("").contains("+CDS: 25"), "reported once it was on");
    let network = desk.done("GET /network", Value::Null).await;
    assert_eq!(network["phones"], json!(["+447700900200"]));

    // Calls, USSD, words, broadcasts.
    let caller = json!({ "from": "+447700900200" });
    assert_eq!(desk.done("POST /modems/0/call", caller.clone()).await["rings"], true);
    assert_eq!(desk.done("POST /modems/0/call", caller).await["rings"], false);
    desk.done("DELETE /modems/0/call", Value::Null).await;
    assert_eq!(desk.says(""), "\r\nRING\r\n\r\nNO CARRIER\r\n");
    desk.says("AT+CUSD=1;+CSCB=0,\"50\"\r");
    desk.done("POST /modems/0/ussd", json!({ "text": "Welcome" })).await;
    desk.done("POST /modems/0/say", json!({ "text": "^RSSI:17" })).await;
    let page = format!("001000320111{}", "41".repeat(82));
    desk.done("POST /modems/0/broadcast", json!({ "page": page })).await;
    let words =
        format!("\r\n+CUSD: 0,\"Welcome\",15\r\n\r\n^RSSI:17\r\n\r\n+CBM: 88\r\n{page}\r\n");
    assert_eq!(desk.says(""), words);

    // What a modem is like.
    let change = json!({
        "signal": 7, "registration": 5, "technology": 2, "credit": 3, "smsc": "+447700900001",
        "operator": { "long": "Other Network", "short": "Other", "code": "99943" },
    });
    let changed = desk.done("PATCH /modems/0", change).await;
    assert_eq!((&changed["signal"], &changed["registration"]), (&json!(7), &json!(5)));
    assert_eq!((&changed["operator"], &changed["credit"]), (&json!("Other Network"), &json!(3)));
    assert!(desk.says("AT+CSCA?\r").contains("+447700900001"));
    let changed = desk.done("PATCH /modems/0", json!({ "sim": false })).await;
    assert_eq!(changed["iccid"], Value::Null);
    desk.done("PATCH /modems/0", json!({ "sim": true, "pin": "1234" })).await;
    desk.done("POST /modems/0/swap-sim", json!({ "with": 1 })).await;
    let modem = desk.done("GET /modems/0", Value::Null).await;
    assert_eq!(modem["number"], "+447700900101");

    // Faults, unplug, plug.
    let plan = json!({ "rules": [{ "on": "+CSQ", "times": 1, "effect": { "cms": 38 } }] });
    desk.done("POST /modems/0/faults", plan).await;
    assert_eq!(desk.says("AT+CSQ\r"), "\r\n+CMS ERROR: 38\r\n");
    assert!(desk.says("AT+CSQ\r").contains("+CSQ: 7,99"));
    desk.done("POST /modems/0/faults", json!({ "hang": true })).await;
    assert_eq!(desk.says("AT\r"), "");
    desk.done("POST /modems/0/faults", json!({})).await;
    desk.done("POST /modems/0/unplug", Value::Null).await;
    assert_eq!(desk.done("GET /modems/0", Value::Null).await["plugged"], false);
    desk.done("POST /modems/0/plug", json!({ "link": "elsewhere" })).await;
    let modem = desk.done("GET /modems/0", Value::Null).await;
    assert_eq!((&modem["plugged"], &modem["link"]), (&json!(true), &json!("elsewhere")));
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_a_reason() {
    let mut desk = Desk::new("[[modem]]\n[[modem]]\nsim = { inserted = false }\n");
    for (call, body, status, code) in [
        ("GET /modems/7", Value::Null, 404, "modem_unknown"),
        ("POST /modems/7/unplug", Value::Null, 404, "modem_unknown"),
        ("GET /modems/7/submitted", Value::Null, 404, "modem_unknown"),
        ("POST /modems/1/sms", json!({ "from": "1", "text": "x" }), 409, "no_sim"),
        ("POST /modems/0/sms", json!({ "pdu": "zz" }), 422, "invalid"),
        (
            "POST /modems/0/sms",
            json!({ "from": "a name beyond eleven letters", "text": "x" }),
            422,
            "invalid",
        ),
        ("POST /modems/0/report", json!({ "mr": 9, "status": 0 }), 404, "submit_unknown"),
        ("POST /modems/0/broadcast", json!({ "page": "0" }), 422, "invalid"),
    ] {
        let (said, answer) = desk.ask(call, body).await;
        assert_eq!((said.as_u16(), &answer["code"]), (status, &json!(code)), "{call}: {answer}");
        assert!(answer["detail"].is_string());
    }
    for (call, body) in [
        ("POST /modems/0/faults", json!({ "no_such_fault": 1 })),
        ("PATCH /modems/0", json!({ "colour": "red" })),
        ("POST /modems/0/sms", json!({ "text": "from nobody" })),
    ] {
        assert_eq!(desk.ask(call, body).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{call}");
    }
}
