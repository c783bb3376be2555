//! The web side: JSON for programs, pages for people, server-sent events for both.
//!
//! Requests come in; rows are written through `store`, the bus is rung, and what was committed goes
//! out. Nothing is answered as done before it is on the disk.
//!
//! Deliberately absent: modems and ports (a button press becomes a row in `orders`), clocks and
//! randomness (functions in [`App`]), sockets (`app` serves [`router`] over TCP and, for the
//! command line, over a Unix socket with [`LocalAdmin`] in each request's extensions).
//!
//! Begin with `routes`: every address, what it asks of its caller, and the layers around it. Then
//! one resource in `api` and one page in `pages`. What is refused, and how it is said: `error`.
//! Pages work without script; `assets/simgate.js` only puts server-rendered fragments in place.

mod accept;
mod api;
mod assets;
mod auth;
mod change;
pub mod control;
mod crew;
mod error;
mod exports;
mod extract;
mod guard;
mod health;
mod imports;
mod live;
mod mentions;
mod metrics;
mod openapi;
mod pages;
mod password;
mod peer;
mod presence;
mod qr;
mod refusals;
mod routes;
mod second_factor;
mod sheet;
mod throttle;

use std::sync::Arc;

use tokio::sync::Semaphore;

pub use auth::{Access, LocalAdmin};
pub use error::Code;
pub use health::BUILT_AFTER;
pub use openapi::document;
pub use pages::notice::thread_link;
pub use pages::signin::{invite, link_for, needs_setting_up, new_link};
pub use routes::{Route, router, routes};
pub use throttle::Throttle;

use crate::bus::Bus;
use crate::email;
use crate::emulator;
use crate::store::{Organisation, Store};
use crate::types::{Country, UnixTime};

/// Tells the wall clock's time.
pub type WallClock = Arc<dyn Fn() -> UnixTime + Send + Sync>;
/// Fills a slice with random bytes fit for secrets.
pub type Random = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// What the pages and the API are made of. Cloning shares it.
#[derive(Clone)]
pub struct App {
    /// What is remembered.
    pub store: Store,
    /// "Look again" signals, both ways.
    pub bus: Bus,
    /// The wall clock.
    pub clock: WallClock,
    /// Fills a slice with random bytes fit for secrets.
    pub random: Random,
    /// What the operator set.
    pub settings: Arc<Settings>,
    /// The emulated network behind `/demo/phones`; only `demo` has one.
    pub demo: Option<emulator::Shared>,
    /// Event streams that may still be opened.
    pub streams: Arc<Semaphore>,
    /// One password is hashed or compared at a time.
    pub hashing: Arc<Semaphore>,
    /// How often somebody may try to sign in.
    pub throttle: Arc<Throttle>,
    presence: presence::Presence,
}

impl App {
    /// The web side over a store, with a clock and a source of randomness.
    pub fn new(
        store: Store,
        bus: Bus,
        clock: WallClock,
        random: Random,
        settings: Settings,
    ) -> Self {
        let streams = Arc::new(Semaphore::new(settings.streams));
        let hashing = Arc::new(Semaphore::new(1));
        let (settings, throttle) = (Arc::new(settings), Arc::default());
        let presence = presence::Presence::default();
        let demo = None;
        Self { store, bus, clock, random, settings, demo, streams, hashing, throttle, presence }
    }

    /// The wall clock's time.
    pub fn now(&self) -> UnixTime {
        (self.clock)()
    }
}

/// What the operator sets of the web side.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name on the pages.
    pub organisation: String,
    /// How national numbers are read where the line has no country of its own.
    pub country: Option<Country>,
    /// The zone in which times are shown.
    pub time_zone: jiff::tz::TimeZone,
    /// How people reach the gateway when that is not its own address: `https://sms.example.org`.
    pub public_url: Option<String>,
    /// Whether we speak TLS ourselves.
    pub tls: bool,
    /// The fingerprint of the certificate we made ourselves, where that is in use.
    pub self_signed: Option<String>,
    /// How much of a mail in quarantine is looked at.
    pub mail_limits: email::Limits,
    /// What of it would become the text: as where mail is taken in.
    pub mail_extract: email::extract::Options,
    /// How many event streams may be open at a time.
    pub streams: usize,
    /// A database on a disk with less room than this takes no new texts.
    pub room_needed: u64,
}

impl Settings {
    /// What the rules need to know of the organisation.
    fn house(&self) -> Organisation {
        Organisation {
            name: self.organisation.clone(),
            country: self.country,
            time_zone: self.time_zone.clone(),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            organisation: "simgate".to_owned(),
            country: None,
            time_zone: jiff::tz::TimeZone::UTC,
            public_url: None,
            tls: false,
            self_signed: None,
            mail_limits: email::Limits::default(),
            mail_extract: email::extract::Options::default(),
            streams: 256,
            room_needed: 32 * 1024 * 1024,
        }
    }
}
