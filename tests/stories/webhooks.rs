//! Events to programs of others, as a rule's `webhook` asks for: posted to a server that is really
//! there, while the gateway's own time stands still or jumps.

use std::collections::{BTreeSet, VecDeque};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use ring::hmac;
use serde_json::{Value, json};
use simgate::email::base64;
use simgate::emulator::Scenario;
use simgate::io::webhook::{Calling, Event, Hook, Receivers};
use simgate::types::{MessageId, Millis};

use crate::gateway::TestGateway;
use crate::shop::{ALISHA, BOB, Shop};

/// A request as the receiver got it.
#[derive(Clone)]
struct Call {
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Call {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A server with a thread and a runtime of its own: its time is the world's.
#[derive(Clone, Default)]
struct Receiver {
    calls: Arc<Mutex<Vec<Call>>>,
    /// What is answered next; 200 when there is nothing.
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    fn open(answers: &[u16]) -> (Receiver, SocketAddr) {
        let receiver = Receiver::default();
        receiver.will_answer(answers);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("for tokio");
        let place = listener.local_addr().expect("bound");
        let router = Router::new().fallback(take).with_state(receiver.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                axum::serve(listener, router).await.expect("serves");
            });
        });
        (receiver, place)
    }

    fn will_answer(&self, answers: &[u16]) {
        self.answers.lock().expect("whole").extend(answers);
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("whole").clone()
    }
}

async fn take(
    State(receiver): State<Receiver>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    let path = uri.to_string();
    receiver.calls.lock().expect("whole").push(Call { path, headers, body });
    let answer = receiver.answers.lock().expect("whole").pop_front().unwrap_or(200);
    let status = StatusCode::from_u16(answer).expect("a status");
    let location = [(header::LOCATION, "/elsewhere")];
    if status.is_redirection() {
        (status, location).into_response()
    } else {
        status.into_response()
    }
}

/// The real client, on a runtime whose time passes: the gateway's clock waits for it as for a disk.
struct Real;

impl Hook for Real {
    fn call<'a>(&'a self, event: &'a Event) -> Calling<'a> {
        let event = event.clone();
        Box::pin(async move {
            let called = tokio::task::spawn_blocking(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(Receivers::default().call(&event))
            });
            called.await.expect("no panic")
        })
    }
}

/// A shop with a rule that posts texts about a fire.
async fn shop(place: SocketAddr) -> Shop {
    let gateway = TestGateway::calling(Scenario::plain(1, "generic"), Arc::new(Real)).await;
    let shop = Shop::around(gateway, 1).await;
    let then = json!([{ "webhook": format!("http://{place}/hook?token=secret") }]);
    shop.rule("Fire", json!({ "words": ["fire", "code"] }), then).await;
    shop
}

async fn called(shop: &Shop, receiver: &Receiver, times: usize) -> Vec<Call> {
    shop.gateway
        .until(&format!("{times} calls"), async || {
            Some(receiver.calls()).filter(|calls| calls.len() >= times)
        })
        .await
}

async fn story(shop: &Shop, id: MessageId, what: &str) -> String {
    shop.gateway
        .until(what, async || {
            shop.gateway.custody(id).await.into_iter().find(|station| station.starts_with(what))
        })
        .await
}

/// S80: a rule's event is posted with a signature its receiver can check, again and again with the
/// same id until it is taken, over a restart too; where a receiver sends it elsewhere it does not go.
#[tokio::test(start_paused = true)]
async fn an_event_is_signed_and_posted_until_it_is_taken() {
    let (receiver, place) = Receiver::open(&[500]);
    let mut shop = shop(place).await;
    shop.types(ALISHA, "There is a fire!");
    let text = shop.gateway.received(1).await.remove(0);
    called(&shop, &receiver, 1).await;
    shop.gateway.stop().await;
    receiver.will_answer(&[302]);
    shop.gateway.start().await;
    let calls = called(&shop, &receiver, 3).await;
    assert!(calls.iter().all(|call| call.path == "/hook?token=secret"), "nowhere else");
    assert!(calls.iter().all(|call| call.header("webhook-id") == calls[0].header("webhook-id")));
    assert!(calls.iter().all(|call| call.body == calls[0].body), "the same words");
    let tried: Vec<i64> =
        calls.iter().filter_map(|call| call.header("webhook-timestamp").parse().ok()).collect();
    assert!(tried.len() == 3 && tried[0] + 3 < tried[1] && tried[1] + 20 < tried[2], "{tried:?}");

    let now = shop.gateway.clock.wall();
    let keys = shop.gateway.store.read(move |tx| tx.webhook_keys(now)).await.expect("readable");
    let (_, told) = shop.gateway.call("GET", "/api/v1/webhooks/secret", None).await;
    assert_eq!(told["secret"], json!(format!("whsec_{}", base64(&keys[0]))));
    for call in &calls {
        let signed = format!(
            "{}.{}.{}",
            call.header("webhook-id"),
            call.header("webhook-timestamp"),
            call.body
        );
        let sum = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &keys[0]), signed.as_bytes());
        assert_eq!(call.header("webhook-signature"), format!("v1,{}", base64(sum.as_ref())));
        assert_eq!(call.header("content-type"), "application/json");
        assert_eq!(call.header("host"), place.to_string());
    }
    let said: Value = serde_json::from_str(&calls[0].body).expect("JSON");
    assert_eq!(said["type"], "message.received");
    assert_eq!(said["text"], format!("Alisha Brown ({ALISHA}) to Car show: There is a fire!"));
    let data = &said["data"];
    assert_eq!(
        (&data["message"]["text"], &data["rule"]["name"]),
        (&json!("There is a fire!"), &json!("Fire"))
    );
    assert_eq!(data["message"]["id"], json!(text.id.to_string()));
    let station = story(&shop, text.id, "event posted").await;
    assert_eq!(station, format!("event posted: to {place}: 200"), "and not the token");
    shop.gateway.pass(3_600).await;
    assert_eq!(receiver.calls().len(), 3, "taken once");
}

/// S80, E77: a receiver that says it is gone is not asked again, one that fails for three days
/// neither; the admins are told. A one-time code is not posted.
#[tokio::test(start_paused = true)]
async fn an_event_that_nobody_takes_is_given_up_and_told() {
    let (receiver, place) = Receiver::open(&[410, 503]);
    let mut shop = shop(place).await;
    shop.types(BOB, "Your code is 493817");
    let gone = shop.gateway.received(1).await.remove(0).id;
    let station = story(&shop, gone, "no event posted").await;
    assert!(station.contains("410"), "{station}");
    let calls = receiver.calls();
    assert!(calls.len() == 1 && !calls[0].body.contains("493817"), "{}", calls[0].body);

    shop.types(BOB, "Fire");
    let failing = shop.gateway.received(2).await.remove(1).id;
    called(&shop, &receiver, 2).await;
    receiver.will_answer(&[503; 20]);
    let later = shop.gateway.clock.wall().after(Millis::from_secs(3 * 24 * 3_600));
    shop.gateway.restart_at(later).await;
    let station = story(&shop, failing, "no event posted").await;
    assert!(station.contains("503"), "{station}");
    let tried = receiver.calls().len();
    let rows = shop.gateway.store.read(|tx| tx.deliveries(20)).await.expect("readable");
    let alerts: Vec<_> = rows.iter().filter(|row| row.kind.as_str() == "alert").collect();
    assert!(alerts.iter().all(|row| !row.payload.to_string().contains("token=secret")));
    assert!(alerts.len() >= 2, "one a day: {alerts:?}");
    shop.gateway.pass(3_600).await;
    assert_eq!(receiver.calls().len(), tried, "given up");
}

/// S80: a new secret signs beside the one before for a day; an address with a password is refused.
#[tokio::test]
async fn the_secret_of_events_can_be_renewed() {
    let desk = crate::people::Desk::new().await;
    let first = desk.get("/api/v1/webhooks/secret").await;
    assert_eq!(desk.get("/api/v1/webhooks/secret").await, first, "the same until it is renewed");
    let second = desk.post("/api/v1/webhooks/secret", json!({})).await.json();
    assert_ne!(second, first);
    let (now, day) = (desk.site.app.now(), Millis::from_secs(25 * 3_600));
    let keys =
        desk.site.app.store.read(move |tx| {
            Ok((tx.webhook_keys(now)?.len(), tx.webhook_keys(now.after(day))?.len()))
        });
    assert_eq!(keys.await.expect("readable"), (2, 1));
    for address in
        ["http://bob:pw@example.org/", "example.org/hook", "ftp://example.org/", "https:///x"]
    {
        let rule =
            json!({ "name": "x", "when": { "words": ["x"] }, "then": [{ "webhook": address }] });
        assert_eq!(desk.post("/api/v1/rules", rule).await.code(), "field_invalid", "{address}");
    }
}

/// Panics so many times before it takes anything.
#[derive(Default)]
struct Clumsy {
    panics_left: Mutex<u32>,
    taken: Mutex<Vec<String>>,
}

impl Hook for Clumsy {
    fn call<'a>(&'a self, event: &'a Event) -> Calling<'a> {
        Box::pin(async {
            let left = std::mem::take(&mut *self.panics_left.lock().expect("whole"));
            if left > 0 {
                *self.panics_left.lock().expect("whole") = left - 1;
                panic!("a mistake, made on purpose");
            }
            self.taken.lock().expect("whole").push(event.id.clone());
            Ok(200)
        })
    }
}

/// Fault 81: a part of the gateway that panics is started anew, nothing of its work is lost, texts come
/// in meanwhile, and people are told when it does so again and again.
#[tokio::test(start_paused = true)]
async fn a_part_that_panics_is_started_anew_and_told_of_when_it_does_so_again_and_again() {
    let clumsy = Arc::new(Clumsy { panics_left: Mutex::new(5), ..Clumsy::default() });
    let gateway = TestGateway::calling(Scenario::plain(1, "generic"), clumsy.clone()).await;
    let shop = Shop::around(gateway, 1).await;
    let then = json!([{ "webhook": "http://192.0.2.7/hook" }]);
    shop.rule("Fire", json!({ "words": ["fire"] }), then).await;
    let alerts = async || {
        let rows = shop.gateway.store.read(|tx| tx.deliveries(50)).await.expect("readable");
        let alerts = rows.into_iter().filter(|row| row.kind.as_str() == "alert");
        alerts.filter(|row| row.payload.to_string().contains("(deliveries) failed 5 times")).count()
    };
    for texts in 1..=5 {
        assert_eq!(alerts().await, 0, "once is a slip");
        shop.types(ALISHA, "Fire!");
        shop.gateway.received(texts).await;
        shop.gateway.pass(40).await;
    }
    assert_eq!(alerts().await, 1);
    let taken = async || Some(clumsy.taken.lock().expect("whole").clone());
    let all =
        shop.gateway.until("all events", async || taken().await.filter(|t| t.len() == 5)).await;
    assert_eq!(BTreeSet::from_iter(all).len(), 5);
    shop.gateway.pass(3_600).await;
    assert_eq!(taken().await.map(|taken| taken.len()), Some(5), "each once");
}
