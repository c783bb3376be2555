//! The web side over a real SQLite file, called without a socket.
//!
//! A [`Site`] answers requests as the gateway would; its clock stands still until the test moves it,
//! and its randomness counts upwards. Lines and inbound texts are put in by the store's own verbs.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use simgate::bus::{Bus, Change};
use simgate::emulator::Shared;
use simgate::store::{
    Kind, LineId, MailId, MailOutcome, NewInbound, NewMail, NewSegment, Profile, Recognised, Role,
    SeenSim, Source, Store, UserId,
};
use simgate::types::{Iccid, MessageId, Number, Secret, UnixTime};
use simgate::web::{App, LocalAdmin, Settings, link_for, new_link, router};
use tempfile::TempDir;
use tower::ServiceExt;

pub struct Site {
    pub app: App,
    pub router: Router,
    now: Arc<AtomicI64>,
    _dir: TempDir,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }

    /// The stable word of a problem document.
    pub fn code(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert_eq!(problem["type"], "about:blank");
        assert!(!problem["title"].as_str().unwrap().is_empty());
        problem["code"].as_str().unwrap().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Site {
    /// A gateway with one British line.
    pub async fn new() -> Site {
        Site::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Site {
        let site = Site::without_line(settings).await;
        site.line("8944110000000000001", "+447700900001").await;
        site
    }

    pub async fn without_line(settings: Settings) -> Site {
        Site::over(TempDir::new().unwrap(), settings).await
    }

    /// A gateway over the database in this folder.
    pub async fn over(dir: TempDir, settings: Settings) -> Site {
        let store = Store::open(dir.path()).await.unwrap();
        let now = Arc::new(AtomicI64::new(1_795_252_200_000)); // 2026-11-21T09:10:00Z
        let (clock, drawn) = (now.clone(), AtomicU64::new(1));
        let app = App::new(
            store,
            Bus::new(),
            Arc::new(move || UnixTime(clock.load(Ordering::Relaxed))),
            Arc::new(move |bits: &mut [u8]| {
                let n = drawn.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                bits.iter_mut().zip(n.iter().cycle()).for_each(|(bit, n)| *bit = *n);
            }),
            settings,
        );
        Site { router: router(app.clone()), app, now, _dir: dir }
    }

    /// Mounts the simulated handsets, as `demo` does.
    pub fn mount(&mut self, world: Shared) {
        self.app.demo = Some(world);
        self.router = router(self.app.clone());
    }

    /// Moves the clock.
    pub fn later(&self, seconds: i64) {
        self.now.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }

    /// A SIM becomes a line in Britain.
    pub async fn line(&self, iccid: &str, number: &str) -> LineId {
        let now = self.app.now();
        let sim = SeenSim {
            iccid: Iccid::parse(iccid),
            number: Some(number.to_owned()),
            operator: Some("Example Mobile".to_owned()),
            ..SeenSim::default()
        };
        let made = self.app.store.write(move |tx| {
            let line = tx.upsert_line(&sim, now)?;
            tx.set_line_country(line, "GB".parse().unwrap(), now)?;
            Ok(line)
        });
        made.await.unwrap()
    }

    /// A text arrives on the first line, as intake would store it.
    pub async fn receives(&self, from: &str, text: &str) -> MessageId {
        self.receives_on(0, from, text).await
    }

    /// A text arrives on a line, counted from 0.
    pub async fn receives_on(&self, line: usize, from: &str, text: &str) -> MessageId {
        let id = self.stores(line, from, vec![text.to_owned()]).await[0];
        self.app.bus.ring(Change::Message(id));
        id
    }

    /// A mail waits for an admin.
    pub async fn mail_waits(&self, from: &str, subject: &str, body: &str) -> MailId {
        let raw = format!(
            "From: {from}\r\nTo: sms+token@example.org\r\nSubject: Re: your text\r\n\r\n{body}\r\n"
        );
        let now = self.app.now();
        let new = NewMail {
            fingerprint: format!("{now:?} {raw}"),
            mail_id: format!("{}@example.net", now.0),
            author: from.to_owned(),
            subject: subject.to_owned(),
            outcome: MailOutcome::Quarantined,
            code: "stranger".to_owned(),
            why: format!("{from} is nobody who was written to"),
            raw: Some(raw.into_bytes()),
        };
        self.app.store.write(move |tx| tx.keep_mail(&new, now)).await.unwrap().expect("a new mail")
    }

    /// Texts arrive together from one sender.
    pub async fn receives_all(&self, from: &str, texts: Vec<String>) -> Vec<MessageId> {
        self.stores(0, from, texts).await
    }

    async fn stores(&self, line: usize, from: &str, texts: Vec<String>) -> Vec<MessageId> {
        let now = self.app.now();
        let sender = Number::from_sender(from, !from.starts_with('+'), None);
        let from = from.to_owned();
        let stored = self.app.store.write(move |tx| {
            let line = tx.lines()?[line].id;
            let store = |text: String| {
                // Its own sequence number stands for the octets: every text is another one.
                let tpdu = format!("{} {from} {text}", tx.last_change()?).into_bytes();
                let segment = NewSegment {
                    line,
                    tpdu,
                    sender: Some(sender.clone()),
                    sender_raw: from.clone(),
                    concat: None,
                    scts: None,
                    stored: None,
                    error: None,
                    received_at: now,
                };
                let Recognised::New(fresh) = tx.recognise(&segment)? else { panic!("seen before") };
                let published = tx.publish_inbound(&NewInbound {
                    line,
                    source: Source::Whole(fresh),
                    sender: Some(sender.clone()),
                    text,
                    kind: Kind::Text,
                    alphabet: Some("gsm7".to_owned()),
                    flash: false,
                    segments: 1,
                    present: 1,
                    scts: None,
                    error: None,
                    received_at: now,
                });
                published.map(|published| published.message)
            };
            texts.into_iter().map(store).collect()
        });
        stored.await.unwrap()
    }

    /// A token with these scopes.
    pub async fn token(&self, scopes: &[&str]) -> String {
        self.bound_token(scopes, None).await
    }

    pub async fn bound_token(&self, scopes: &[&str], line: Option<LineId>) -> String {
        let mut asked = serde_json::json!({ "name": "story", "scopes": scopes });
        if let Some(line) = line {
            asked["line"] = line.to_string().into();
        }
        let request = request(Method::POST, "/api/v1/tokens")
            .header(header::CONTENT_TYPE, "application/json")
            .extension(LocalAdmin);
        let made = self.ask(request.body(asked.to_string().into()).unwrap()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        made.json()["token"].as_str().unwrap().to_owned()
    }

    /// A signed-in browser's cookie.
    pub async fn cookie(&self) -> String {
        self.admin().await;
        let key = new_link(&self.app).await.unwrap();
        self.spend(key).await
    }

    /// A user's browser.
    pub async fn cookie_of(&self, user: UserId) -> String {
        self.spend(link_for(&self.app, user).await.unwrap()).await
    }

    /// The first admin, who is there from the first call on.
    pub async fn admin(&self) -> UserId {
        let now = self.app.now();
        let admin = self.app.store.write(move |tx| match tx.first_admin()? {
            Some(admin) => Ok(admin.id),
            None => tx.create_user(&profile("Ada", Role::Admin), now),
        });
        admin.await.unwrap()
    }

    /// Somebody with this role.
    pub async fn user(&self, name: &str, role: Role) -> UserId {
        let (profile, now) = (profile(name, role), self.app.now());
        self.app.store.write(move |tx| tx.create_user(&profile, now)).await.unwrap()
    }

    /// Gives a user a password, as the command line does.
    pub async fn set_password(&self, user: UserId, password: &str) {
        let call = request(Method::POST, &format!("/api/v1/users/{user}/password"))
            .header(header::CONTENT_TYPE, "application/json")
            .extension(LocalAdmin);
        let body = serde_json::json!({ "password": password }).to_string();
        let set = self.ask(call.body(body.into()).unwrap()).await;
        assert_eq!(set.status, StatusCode::NO_CONTENT, "{}", set.text);
    }

    /// Takes somebody's rights away.
    pub async fn deactivate(&self, user: UserId) {
        let now = self.app.now();
        let done = self.app.store.write(move |tx| {
            let mut profile = tx.user(user)?.expect("a user").profile;
            profile.active = false;
            tx.save_user(user, &profile, now)
        });
        done.await.unwrap();
    }

    async fn spend(&self, key: Secret) -> String {
        let opened = self.ask(form("/signin", "", &[("key", key.expose())])).await;
        assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text);
        opened.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: head.status, headers: head.headers, text }
    }

    /// A stream whose end is not awaited.
    pub async fn open(&self, request: Request<Body>) -> Events {
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events { body: response.into_body(), read: String::new() }
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(get(path, token)).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.ask(post(path, token, body)).await
    }

    /// A page as a signed-in browser gets it.
    pub async fn page(&self, path: &str, cookie: &str) -> Answer {
        let request = request(Method::GET, path)
            .header(header::COOKIE, cookie)
            .header(header::ACCEPT, "text/html,application/xhtml+xml");
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// How many texts the store holds.
    pub async fn texts(&self) -> usize {
        self.app.store.read(|tx| tx.messages(&Default::default())).await.unwrap().len()
    }
}

/// A person with a name, an address of it and a role.
pub fn profile(name: &str, role: Role) -> Profile {
    Profile {
        first_name: name.to_owned(),
        last_name: "Example".to_owned(),
        email: format!("{}@example.org", name.to_lowercase()),
        phone: None,
        role,
        active: true,
        duty: true,
        team: None,
    }
}

/// An open event stream.
pub struct Events {
    body: Body,
    read: String,
}

impl Events {
    /// The next event that is not a comment: its fields as written.
    pub async fn next(&mut self) -> String {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                if event.lines().any(|line| line.starts_with("data:") || line.starts_with("event:"))
                {
                    return event;
                }
                continue;
            }
            let frame = self.body.frame().await.expect("the stream goes on").unwrap();
            self.read.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }
}

impl Events {
    /// Everything up to the end of the stream, which must come.
    pub async fn rest(mut self) -> String {
        while let Some(frame) = self.body.frame().await {
            let frame = frame.unwrap();
            self.read.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
        self.read
    }
}

pub fn request(method: Method, path: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(path).header(header::HOST, "127.0.0.1:8080")
}

pub fn get(path: &str, token: &str) -> Request<Body> {
    let builder = request(Method::GET, path);
    builder.header(header::AUTHORIZATION, format!("Bearer {token}")).body(Body::empty()).unwrap()
}

pub fn post(path: &str, token: &str, body: Value) -> Request<Body> {
    request(Method::POST, path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into())
        .unwrap()
}

/// A form as a browser without script posts it.
pub fn form(path: &str, cookie: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    request(Method::POST, path)
        .header(header::COOKIE, cookie)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(pairs.join("&").into())
        .unwrap()
}

fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric();
    text.bytes()
        .map(|b| if plain(&b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}
