//! What `run` and `demo` have in common: a gateway with its pages, from the lock to the last
//! checkpoint.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;

use super::stop::Stop;
use super::{Failure, private_folder};
use crate::app::{Gateway, Served, Settings, Wiring, serve};
use crate::bus::Bus;
use crate::config::Config;
use crate::emulator;
use crate::io::certificate::{Loaded, Source};
use crate::io::lock::InstanceLock;
use crate::io::webhook::Receivers;
use crate::io::{Clock, Entropy, PortSource, systemd};
use crate::store::Store;
use crate::web;

/// A gateway that serves.
pub(super) struct Running {
    gateway: Gateway,
    served: Served,
    web: web::App,
    stop: Stop,
    _lock: InstanceLock,
}

impl Running {
    /// Takes the data folder and starts everything.
    pub(super) async fn start(
        config: &Config,
        folder: &Path,
        settings: Settings,
        ports: Arc<dyn PortSource>,
        demo: Option<emulator::Shared>,
    ) -> Result<Self, Failure> {
        let stop = Stop::listen()?;
        private_folder(folder)?;
        let lock = InstanceLock::take(folder).map_err(anyhow::Error::from)?;
        let store = Store::open(folder).await.context("cannot open the database")?;
        let (bus, clock) = (Bus::new(), Clock::system());
        let entropy = Arc::new(Entropy::system());
        let certificate = certificate(config, folder, &clock)?;
        let own = match &certificate {
            Some((Source::Own { .. }, loaded)) => Some(loaded.fingerprint.clone()),
            _ => None,
        };
        let mut web = web_app(config, own, &store, &bus, &clock, &entropy)?;
        web.demo = demo;
        let hooks = Arc::new(Receivers::default());
        let wiring = Wiring { settings, store, bus, clock, ports, entropy, hooks };
        let gateway = Gateway::start(wiring).await?;
        let router = web::router(web.clone());
        let served = serve(&gateway, router, config.web.listen, certificate, folder).await?;
        Ok(Self { gateway, served, web, stop, _lock: lock })
    }

    /// Where pages are served.
    pub(super) fn address(&self) -> String {
        let mut address = self.served.address;
        // "Everywhere" is no place a browser can go.
        if address.ip().is_unspecified() {
            address = SocketAddr::from(([127, 0, 0, 1], address.port()));
        }
        let scheme = if self.web.settings.tls { "https" } else { "http" };
        format!("{scheme}://{address}")
    }

    /// A link that signs one browser in, once.
    pub(super) async fn sign_in_link(&self, config: &Config) -> Result<String, Failure> {
        let key = web::new_link(&self.web).await.map_err(anyhow::Error::from)?;
        Ok(format!("{}/signin?key={}", self.base(config), key.expose()))
    }

    /// Says how to get in: by a link while nobody has a password, else by the page.
    pub(super) async fn say_the_way_in(&self, config: &Config) -> Result<(), Failure> {
        match web::needs_setting_up(&self.web).await.map_err(anyhow::Error::from)? {
            true => println!("sign in once: {}", self.sign_in_link(config).await?),
            // A link in a log would open the gateway to whoever reads logs.
            false => println!("sign in: {}/signin", self.base(config)),
        }
        if let Some(fingerprint) = &self.web.settings.self_signed {
            println!("certificate SHA-256 {fingerprint}");
        }
        Ok(())
    }

    fn base(&self, config: &Config) -> String {
        config.web.public_url.clone().unwrap_or_else(|| self.address())
    }

    /// The web side's parts, for a demonstration's first rows.
    pub(super) fn web(&self) -> &web::App {
        &self.web
    }

    /// Serves until SIGTERM or Ctrl-C; then lets the submits in flight finish and closes the
    /// database with everything in its one file.
    pub(super) async fn until_told_to_stop(mut self) -> Result<(), Failure> {
        systemd::ready();
        let vitals = self.gateway.vitals().clone();
        let watchdog = tokio::spawn(async move { vitals.feed_watchdog().await });
        // A process that drives no modem or serves no page says so by its end: systemd starts another.
        tokio::select! {
            () = self.stop.told() => {}
            error = self.gateway.failed() => return Err(error.into()),
            error = self.served.failed() => return Err(error.into()),
        }
        systemd::stopping();
        tracing::info!("stopping: finishing what is at the modems");
        let stopped = self.gateway.stop().await;
        watchdog.abort();
        Ok(stopped?)
    }
}

/// The certificate pages are served with, where we speak TLS.
fn certificate(
    config: &Config,
    folder: &Path,
    clock: &Clock,
) -> Result<Option<(Source, Loaded)>, Failure> {
    if !config.web.speaks_tls() {
        return Ok(None);
    }
    let source = match &config.web.certificate {
        Some(file) => {
            let key = config.web.key.as_ref().unwrap_or(file);
            Source::Files { certificate: file.clone(), key: key.clone() }
        }
        None => Source::own(folder, config.web.listen, public_host(config)),
    };
    let loaded = source.load(clock.wall())?;
    Ok(Some((source, loaded)))
}

/// The name in `public_url`, for the certificate.
fn public_host(config: &Config) -> Option<String> {
    let url: axum::http::Uri = config.web.public_url.as_deref()?.parse().ok()?;
    Some(url.host()?.trim_matches(['[', ']']).to_owned())
}

fn web_app(
    config: &Config,
    self_signed: Option<String>,
    store: &Store,
    bus: &Bus,
    clock: &Clock,
    entropy: &Arc<Entropy>,
) -> Result<web::App, Failure> {
    let settings = web::Settings {
        organisation: config.organisation.name.clone(),
        country: config.organisation.country,
        time_zone: jiff::tz::TimeZone::get(&config.organisation.time_zone)
            .context("the time zone")?,
        public_url: config.web.public_url.clone(),
        tls: config.web.speaks_tls(),
        self_signed,
        mail_limits: config.mail.limits(),
        mail_extract: config.mail.extract(),
        ..web::Settings::default()
    };
    let (clock, entropy) = (clock.clone(), Arc::clone(entropy));
    let (store, bus) = (store.clone(), bus.clone());
    let now = Arc::new(move || clock.wall());
    Ok(web::App::new(store, bus, now, Arc::new(move |octets| entropy.fill(octets)), settings))
}

/// Where people reach the pages, for links.
fn pages(config: &Config) -> String {
    let scheme = if config.web.speaks_tls() { "https" } else { "http" };
    let here = || format!("{scheme}://{}", config.web.listen);
    config.web.public_url.clone().unwrap_or_else(here)
}

/// What the gateway goes by, from the operator's settings.
pub(super) fn settings(config: &Config) -> Settings {
    let modem = |modem: &crate::config::Modem| crate::modem::Settings {
        profile: modem.profile.clone(),
        pin: modem.pin.clone(),
        ..crate::modem::Settings::default()
    };
    // The web side has refused a zone that does not exist.
    let time_zone = jiff::tz::TimeZone::get(&config.organisation.time_zone).ok();
    Settings {
        modems: config.modems.iter().map(modem).collect(),
        company: config.organisation.name.clone(),
        time_zone: time_zone.unwrap_or(jiff::tz::TimeZone::UTC),
        country: config.organisation.country,
        per_minute: config.sending.per_minute,
        keep_days: config.retention.days,
        mail: config.mail.clone(),
        pages: Some(pages(config)),
        ..Settings::default()
    }
}
