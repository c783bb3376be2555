//! A visitor's first minute: `simgate demo`, its page, a handset, a reply.

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::PATIENCE;
use crate::client::{Client, Events};
use crate::program::Program;

/// The first handset of the demonstration.
const HANDSET: &str = "+447700900201";
/// Three segments, as it is no GSM-7 text.
const LONG: &str = "Dear all, the parcel came at last, thank you! 👋 It was left with the neighbours \
    at number 7, who were on holiday until yesterday, so nobody knew. Could you please tell me \
    whether the second one is still on its way?";

/// The README's promise: the page is up, the link signs in once, a long text typed on a handset arrives
/// whole, and the reply goes queued, sent, delivered.
#[tokio::test]
async fn a_visitor_signs_in_receives_a_long_text_and_answers_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data").display().to_string();
    let arguments = ["demo", "--listen", "127.0.0.1:0", "--data", &data];
    let mut demo = Program::start(&arguments, &folder.path().join("demo.log"));
    let link = demo.says("sign in once: ").await.expect("the demo starts");
    let address = demo.says("ready http://").await.expect("the demo is ready");
    let page = Client::Tcp(address.clone());

    let stranger = page.browse("/", None, "").await;
    assert!(!stranger.body.contains("parcel"), "nothing is shown without the link");
    let way = link.strip_prefix(&format!("http://{address}")).expect("a link to this demo");
    assert_eq!(page.browse(way, None, "").await.status, 200);
    let (path, key) = way.split_once('?').expect("a key");
    let opened = page.browse(path, Some(key), "").await;
    assert_eq!((opened.status, opened.location.as_deref()), (303, Some("/")));
    let cookie = opened.cookie.expect("a session");
    assert_eq!(page.browse("/", None, &cookie).await.status, 200);
    assert_eq!(page.browse(path, Some(key), "").await.status, 410, "the link opens once");

    let api = Client::Unix(folder.path().join("data/simgate.sock"));
    let mut events = api.events("/api/v1/events?after=0").await.expect("events");
    let phones = page.browse("/demo/phones", None, &cookie).await;
    assert!(phones.body.contains(HANDSET), "{}", phones.body);
    let form = format!("to={}&text={}", encoded("+447700900100"), encoded(LONG));
    let handset = format!("/demo/phones/{}", encoded(HANDSET));
    let typed = page.browse(&handset, Some(&form), &cookie).await;
    assert_eq!(typed.status, 303, "{}", typed.body);
    let arrived = told(&mut events, |message| message["text"] == LONG).await;
    assert_eq!((&arrived["direction"], &arrived["segments_done"]), (&json!("in"), &json!(4)));
    let shown = page.browse("/", None, &cookie).await;
    assert!(shown.body.contains("who were on holiday"), "the page shows it");

    let reply = json!({ "to": HANDSET, "text": "It arrives tomorrow." });
    let accepted = api.post("/api/v1/messages", &reply).await.expect("an answer");
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    assert_eq!(accepted.json()["state"], "queued");
    let id = accepted.json()["id"].clone();
    told(&mut events, |message| message["id"] == id && message["state"] == "sent").await;
    told(&mut events, |message| message["id"] == id && message["state"] == "delivered").await;
    let phones = page.browse("/demo/phones", None, &cookie).await;
    assert!(phones.body.contains("It arrives tomorrow."), "the handset shows it");

    assert!(demo.terminate().await.success());
}

/// Waits for a message that fits.
async fn told(events: &mut Events, fits: impl Fn(&Value) -> bool) -> Value {
    let heard = async {
        loop {
            let event = events.next().await.expect("the demo runs");
            if fits(&event["message"]) {
                return event["message"].clone();
            }
        }
    };
    timeout(PATIENCE, heard).await.expect("the gateway tells of it")
}

/// For addresses and forms.
fn encoded(text: &str) -> String {
    let plain = |octet: &u8| octet.is_ascii_alphanumeric();
    let octet = |octet: u8| match plain(&octet) {
        true => char::from(octet).to_string(),
        false => format!("%{octet:02X}"),
    };
    text.bytes().map(octet).collect()
}
