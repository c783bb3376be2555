//! A whole gateway in real time, with a mailbox, over the emulated network.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::{Extension, Router};
use http_body_util::BodyExt;
use serde_json::Value;
use simgate::app::{Gateway, Settings, Wiring};
use simgate::bus::Bus;
use simgate::config::Mail;
use simgate::emulator::{Phone, Scenario, World};
use simgate::io::account::Account;
use simgate::io::emulated::Emulation;
use simgate::io::webhook::Receivers;
use simgate::io::{Clock, Entropy};
use simgate::store::{LineId, Store};
use simgate::web;
use tower::ServiceExt;

use crate::lmtp::SERVER;
use crate::server::PATIENCE;

/// The line's own number.
pub const LINE: &str = "+447700900100";
/// A customer.
pub const CUSTOMER: &str = "+447700900201";

/// The gateway's mail settings with these servers.
pub fn mail(smtp: Option<Account>, imap: Option<Account>) -> Mail {
    Mail {
        address: Some("sms@example.org".to_owned()),
        authserv_ids: vec![SERVER.to_owned()],
        smtp,
        imap,
        ..Mail::default()
    }
}

/// A gateway, its line and its customer.
pub struct House {
    pub modems: Emulation,
    pub store: Store,
    pub gateway: Gateway,
    pub line: LineId,
    router: Router,
}

impl House {
    /// A gateway with its data in `folder`, on modems of its own.
    pub async fn open(folder: &Path, mail: Mail) -> House {
        let clock = Clock::system();
        let world = World::new(Scenario::plain(1, "generic"), clock.wall()).expect("a world");
        let modems = Emulation::start(world, clock.clone());
        modems.with(|world| {
            world.set_phone(Phone { number: CUSTOMER.to_owned(), ..Phone::default() });
        });
        Self::on(modems, clock, folder, mail).await
    }

    /// The same on modems that are there already.
    pub async fn on(modems: Emulation, clock: Clock, folder: &Path, mail: Mail) -> House {
        let store = Store::open(folder).await.expect("a database");
        let (bus, wall) = (Bus::new(), clock.clone());
        let app = web::App::new(
            store.clone(),
            bus.clone(),
            Arc::new(move || wall.wall()),
            Arc::new(|octets| Entropy::system().fill(octets)),
            web::Settings::default(),
        );
        let router = web::router(app).layer(Extension(web::LocalAdmin));
        let settings = Settings {
            per_minute: 0,
            mail,
            company: "Car show".to_owned(),
            pages: Some("https://sms.example.org".to_owned()),
            ..Settings::default()
        };
        let wiring = Wiring {
            settings,
            store: store.clone(),
            bus,
            clock,
            ports: Arc::new(modems.clone()),
            entropy: Arc::new(Entropy::system()),
            hooks: Arc::new(Receivers::default()),
        };
        let gateway = Gateway::start(wiring).await.expect("a gateway");
        let line = until("a line that is ready", async || {
            let modems = store.read(|tx| tx.modems()).await.expect("readable");
            modems.iter().find(|modem| modem.state == "ready").and_then(|modem| modem.line)
        })
        .await;
        let now = store.read(move |tx| tx.line_settings(line)).await.expect("readable");
        let mut set = now.expect("the line");
        set.texts = serde_json::json!({ "opt_in_off": true });
        set.help_contact = "+44 7700 900100".to_owned();
        set.country = "GB".parse().ok();
        let at = simgate::types::UnixTime(1_795_251_600_000);
        let saved = store.write(move |tx| tx.save_line_settings(line, &set, at));
        saved.await.expect("saved");
        House { modems, store, gateway, line, router }
    }

    /// A request of the owner.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.map_or_else(Body::empty, |json| Body::from(json.to_string())))
            .expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let octets = response.into_body().collect().await.expect("a body").to_bytes();
        (status, serde_json::from_slice(&octets).unwrap_or_default())
    }

    /// The customer types a text.
    pub fn types(&self, text: &str) {
        self.modems.with(|world| world.text_from(CUSTOMER, LINE, text)).expect("sent");
    }

    /// What came in on the customer's handset.
    pub fn screen(&self) -> Vec<String> {
        self.modems.with(|world| {
            let handset = world.handset(CUSTOMER).expect("a handset");
            let came = handset.texts.iter().filter(|text| !text.outgoing);
            came.map(|text| text.text.clone()).collect()
        })
    }

    /// Waits until so many texts are on the customer's handset.
    pub async fn shows(&self, texts: usize) -> Vec<String> {
        until(&format!("{texts} texts on the handset"), async || {
            Some(self.screen()).filter(|screen| screen.len() >= texts)
        })
        .await
    }

    /// Ends it as a signal would.
    pub async fn stop(self) {
        self.gateway.stop().await.expect("a clean end");
    }
}

/// Waits until `look` finds something.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
