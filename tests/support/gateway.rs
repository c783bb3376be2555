//! A whole gateway in a test: real tasks, a real database file, emulated modems in memory, the
//! real router, and a clock that only moves while everybody waits.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::{Extension, Router};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use simgate::app::{Gateway, MailLines, Settings, Wiring};
use simgate::bus::Bus;
use simgate::emulator::{Scenario, World};
use simgate::io::emulated::Emulation;
use simgate::io::webhook::{Hook, Receivers};
use simgate::io::{Clock, Entropy};
use simgate::sms::{self, Address, Deliver, Pdu, Scts, SegmentOptions, Tpdu};
use simgate::store::{Custody, Message, MessageQuery, Store};
use simgate::types::{Direction, MessageId, MessageState, Millis, Secret, UnixTime};
use simgate::web;
use tower::ServiceExt;

/// 2026-11-21T09:00:00Z.
pub const START: UnixTime = UnixTime(1_795_251_600_000);
/// A number reserved for fiction.
pub const CUSTOMER: &str = "+447700900200";
/// The same for North America.
pub const OTHER: &str = "+15550100123";

/// Longer than anything a story waits for; time costs nothing here.
const PATIENCE: Millis = Millis::from_secs(3 * 3_600);

/// A gateway and the world around it.
pub struct TestGateway {
    /// The modems, their network and the handsets.
    pub modems: Emulation,
    /// The clock of everything.
    pub clock: Clock,
    /// The database.
    pub store: Store,
    settings: Settings,
    folder: tempfile::TempDir,
    router: Router,
    gateway: Option<Gateway>,
    lines: MailLines,
    hooks: Arc<dyn Hook>,
}

impl TestGateway {
    /// A gateway over so many modems with nothing wrong.
    pub async fn plain(modems: usize) -> Self {
        Self::over(Scenario::plain(modems, "generic")).await
    }

    /// A gateway over the world of a scenario, in TOML.
    pub async fn toml(scenario: &str) -> Self {
        Self::over(Scenario::parse(scenario).expect("a sound scenario")).await
    }

    /// A gateway over the world of a scenario.
    pub async fn over(scenario: Scenario) -> Self {
        Self::with(scenario, quick()).await
    }

    /// A gateway whose owner has configured a PIN.
    pub async fn with_pin(scenario: &str, pin: &str) -> Self {
        let mut settings = quick();
        settings.modems[0].pin = Some(Secret::new(pin));
        Self::with(Scenario::parse(scenario).expect("a sound scenario"), settings).await
    }

    /// A gateway with settings of its own.
    pub async fn with(scenario: Scenario, settings: Settings) -> Self {
        let clock = Clock::starting_at(START);
        let world = World::new(scenario, START).expect("a sound scenario");
        let modems = Emulation::start(world, clock.clone());
        Self::beside(modems, clock, settings, MailLines::default()).await
    }

    /// A gateway whose mail servers are reached by `lines`.
    pub async fn posting(scenario: Scenario, settings: Settings, lines: MailLines) -> Self {
        let clock = Clock::starting_at(START);
        let world = World::new(scenario, START).expect("a sound scenario");
        let modems = Emulation::start(world, clock.clone());
        Self::beside(modems, clock, settings, lines).await
    }

    /// A gateway whose events are carried by `hooks`.
    pub async fn calling(scenario: Scenario, hooks: Arc<dyn Hook>) -> Self {
        let mut gateway = Self::over(scenario).await;
        gateway.stop().await;
        gateway.hooks = hooks;
        gateway.start().await;
        gateway
    }

    async fn beside(modems: Emulation, clock: Clock, settings: Settings, lines: MailLines) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (store, router, gateway) =
            start(&modems, &clock, &settings, &folder, lines.clone(), hooks()).await;
        let (gateway, hooks) = (Some(gateway), hooks());
        Self { modems, clock, store, settings, folder, router, gateway, lines, hooks }
    }

    /// A mail comes in, as the mailbox hands it over.
    pub async fn take_mail(&self, mail: &str) {
        let gateway = self.gateway.as_ref().expect("it runs");
        gateway.take_mail(mail.as_bytes()).await.expect("taken");
    }

    /// SIGTERM: as the process would end. Says how long it took.
    pub async fn stop(&mut self) -> Millis {
        let before = self.clock.now();
        let gateway = self.gateway.take().expect("it runs");
        gateway.stop().await.expect("a clean end");
        self.clock.now() - before
    }

    /// Starts again on the same data and the same modems.
    pub async fn start(&mut self) {
        let (store, router, gateway) = start(
            &self.modems,
            &self.clock,
            &self.settings,
            &self.folder,
            self.lines.clone(),
            self.hooks.clone(),
        )
        .await;
        (self.store, self.router, self.gateway) = (store, router, Some(gateway));
    }

    /// Ends, and starts again with a wall clock that shows another time.
    pub async fn restart_at(&mut self, wall: UnixTime) {
        self.stop().await;
        self.clock = Clock::starting_at(wall);
        self.start().await;
    }

    /// Lets time pass.
    pub async fn pass(&self, seconds: u64) {
        self.clock.sleep(Millis::from_secs(seconds)).await;
    }

    /// Waits until `look` finds something.
    pub async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let end = self.clock.now() + PATIENCE;
        while self.clock.now() < end {
            if let Some(found) = look().await {
                return found;
            }
            self.clock.sleep(Millis(100)).await;
        }
        panic!("never happened: {what}\n{:#?}", self.all().await);
    }

    /// Every message, oldest first.
    pub async fn all(&self) -> Vec<Message> {
        let query = MessageQuery { hidden_too: true, limit: 500, ..MessageQuery::default() };
        self.store.read(move |tx| tx.messages(&query)).await.expect("readable")
    }

    /// What came in, oldest first.
    pub async fn inbox(&self) -> Vec<Message> {
        let mut all = self.all().await;
        all.retain(|message| message.direction == Direction::In);
        all
    }

    /// Waits until so many texts are in.
    pub async fn received(&self, texts: usize) -> Vec<Message> {
        self.until(&format!("{texts} texts in the inbox"), async || {
            Some(self.inbox().await).filter(|inbox| inbox.len() >= texts)
        })
        .await
    }

    /// One message.
    pub async fn message(&self, id: MessageId) -> Message {
        let found = self.store.read(move |tx| tx.message(id)).await.expect("readable");
        found.expect("the message exists")
    }

    /// Waits until a message stands so.
    pub async fn becomes(&self, id: MessageId, state: MessageState) -> Message {
        self.until(&format!("message {id} is {state}"), async || {
            Some(self.message(id).await).filter(|message| message.state == state)
        })
        .await
    }

    /// Where a message was, in the words a person reads.
    pub async fn custody(&self, id: MessageId) -> Vec<String> {
        let found = self.store.read(move |tx| tx.custody_of(id)).await.expect("readable");
        let words = |custody: Custody| match custody.detail {
            Some(detail) => format!("{}: {detail}", custody.event),
            None => custody.event,
        };
        found.into_iter().map(words).collect()
    }

    /// Queues a text through the API, as a person at the desk.
    pub async fn send(&self, to: &str, text: &str) -> MessageId {
        self.send_as(json!({ "to": to, "text": text })).await
    }

    /// Queues whatever the API takes.
    pub async fn send_as(&self, asked: Value) -> MessageId {
        let (status, answer) = self.call("POST", "/api/v1/messages", Some(asked)).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        answer["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
    }

    /// Waits until a line can send: the API refuses texts before it knows one.
    pub async fn ready(&self) {
        self.until("a modem is ready", async || {
            let modems = self.store.read(|tx| tx.modems()).await.expect("readable");
            modems.iter().any(|modem| modem.state == "ready").then_some(())
        })
        .await;
    }

    /// A request of the owner on the Unix socket.
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

    /// A page as a browser loads it, or with fields its form as a browser sends it: status, where it
    /// leads to, and the page. Whoever asks is nobody in particular.
    pub async fn page(&self, path: &str, fields: Option<&str>) -> (StatusCode, String, String) {
        let method = if fields.is_some() { "POST" } else { "GET" };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(fields.map_or_else(Body::empty, |fields| Body::from(fields.to_owned())))
            .expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
        let to = to.unwrap_or_default().to_owned();
        let octets = response.into_body().collect().await.expect("a body").to_bytes();
        (status, to, String::from_utf8_lossy(&octets).into_owned())
    }

    /// Texts of the submits the network took from a modem.
    pub fn submitted(&self, modem: usize) -> Vec<String> {
        self.modems.with(|world| {
            world.submitted(modem, 0).map(|s| s.text.clone().unwrap_or_default()).collect()
        })
    }

    /// How many PDUs lie in a modem.
    pub fn stored(&self, modem: usize) -> usize {
        self.modems.with(|world| world.stored(modem).expect("there is one").len())
    }

    /// Replaces a modem's fault plan.
    pub fn faults(&self, modem: usize, plan: &str) {
        let plan = simgate::emulator::Faults::parse(plan).expect("a sound plan");
        self.modems.with(|world| world.set_faults(modem, plan)).expect("there is one");
    }
}

/// The receivers that are really there; no story posts to one.
fn hooks() -> Arc<dyn Hook> {
    Arc::new(Receivers::default())
}

/// Modems that may send as fast as they can; everything else as delivered.
fn quick() -> Settings {
    Settings { per_minute: 0, ..Settings::default() }
}

async fn start(
    modems: &Emulation,
    clock: &Clock,
    settings: &Settings,
    folder: &tempfile::TempDir,
    lines: MailLines,
    hooks: Arc<dyn Hook>,
) -> (Store, Router, Gateway) {
    let store = Store::open(folder.path()).await.expect("a database");
    let (bus, wall) = (Bus::new(), clock.clone());
    let app = web::App::new(
        store.clone(),
        bus.clone(),
        Arc::new(move || wall.wall()),
        Arc::new(|octets| Entropy::seeded(1).fill(octets)),
        web::Settings::default(),
    );
    let router = web::router(app).layer(Extension(web::LocalAdmin));
    let wiring = Wiring {
        settings: settings.clone(),
        store: store.clone(),
        bus,
        clock: clock.clone(),
        ports: Arc::new(modems.clone()),
        entropy: Arc::new(Entropy::seeded(7)),
        hooks,
    };
    let gateway = Gateway::start_with_mail(wiring, lines).await.expect("a gateway");
    (store, router, gateway)
}

/// The DELIVERs of a text as a network hands them over, each in hex.
pub fn delivers(from: &str, text: &str, reference: u16) -> Vec<String> {
    let options = SegmentOptions { reference, ..SegmentOptions::default() };
    let segments = sms::segment(text, &options).expect("a text that can be sent").segments;
    let sender = Address::number_of(from).expect("a number");
    let scts = Scts::at(START, 0).expect("a time");
    segments
        .iter()
        .map(|segment| {
            let tpdu = Tpdu::Deliver(Deliver::new(sender, scts, segment));
            Pdu { smsc: None, tpdu }.to_hex().expect("it can be written")
        })
        .collect()
}
