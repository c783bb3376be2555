//! The running gateway: tasks, wiring, supervision.
//!
//! Ports, a store, a bus and a clock come in; texts travel. Each modem has one task: a panic or an
//! unplugged stick ends that task alone, and the supervisor starts another; so it does with what runs
//! beside them. Everything that must survive is a row; the tasks hold nothing a restart could lose.
//!
//! Deliberately absent: what the bytes mean (`modem`), what a person sees (`web`), SQL (`store`).
//!
//! Begin with [`Gateway`], then `supervisor` (which port gets a task), `modem_task` (what one is
//! made of), `intake` (a PDU becomes a message) and `sender` (a message becomes submits). Mail: `deliverer`, then `mail`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::bus::Bus;
use crate::io::systemd::Vitals;
use crate::io::webhook::Hook;
use crate::io::{Clock, Entropy, OpenError, PortSource};
use crate::store::{LineId, Store};
use crate::types::{Millis, UnixTime};

mod breaker;
mod decision;
mod deliverer;
mod desk;
mod effects;
mod evidence;
mod handover;
mod housekeeping;
mod intake;
mod local;
mod mail;
mod modem_task;
mod orders;
mod outages;
mod owners;
mod pace;
mod panics;
mod pin;
mod rebuild;
mod reports;
mod restarts;
mod retention;
mod roster;
mod segments;
mod sender;
mod serve;
mod settings;
mod shell;
mod supervisor;
mod supply;
mod tell;
mod text;
mod traces;

pub use mail::MailLines;
pub use rebuild::{Rebuilt, rebuild};
pub use serve::{Served, serve};
pub use settings::Settings;

/// Everything a gateway is made of.
pub struct Wiring {
    /// What it goes by.
    pub settings: Settings,
    /// What is remembered.
    pub store: Store,
    /// "Look again" signals.
    pub bus: Bus,
    /// The clock.
    pub clock: Clock,
    /// Where modems are found.
    pub ports: Arc<dyn PortSource>,
    /// Where randomness comes from.
    pub entropy: Arc<Entropy>,
    /// Who carries events to the programs that rules name.
    pub hooks: Arc<dyn Hook>,
}

/// What every task of the gateway can reach.
struct Shared {
    settings: Settings,
    store: Store,
    bus: Bus,
    clock: Clock,
    ports: Arc<dyn PortSource>,
    entropy: Arc<Entropy>,
    vitals: Vitals,
    /// E-mail, when there is an address for it.
    mail: Option<Arc<mail::MailRoom>>,
    hooks: Arc<dyn Hook>,
    owners: owners::Owners,
    supply: supply::Supply,
    restarts: restarts::Restarts,
    /// Lines whose SIM was found in this run.
    met: Mutex<HashSet<LineId>>,
    traces: traces::Traces,
    /// Turns true once: no new submit, finish the one in flight, end.
    stopping: watch::Receiver<bool>,
}

/// How a modem's task ended.
#[derive(Debug)]
enum End {
    /// The stick is gone.
    Unplugged,
    /// The port takes no bytes.
    Stuck,
    /// It could not be opened.
    CannotOpen(OpenError),
    /// Nobody there speaks AT.
    NoAnswer,
    /// The driver wants the port closed and opened again.
    Reopen(&'static str),
    /// Another port of the modem that the named one drives.
    SpareOf(String),
    /// A mistake of ours, caught.
    Panicked,
    /// The gateway shuts down.
    Stopped,
}

/// A gateway at work. [`Gateway::stop`] ends it well; dropping it ends every task where it stands,
/// as a crash would.
pub struct Gateway {
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Gateway {
    /// Starts every task. What an earlier run left half done is sorted out first.
    pub async fn start(wiring: Wiring) -> anyhow::Result<Self> {
        Self::start_with_mail(wiring, MailLines::default()).await
    }

    /// The same, with mail servers reached by `lines`.
    pub async fn start_with_mail(wiring: Wiring, lines: MailLines) -> anyhow::Result<Self> {
        let Wiring { settings, store, bus, clock, ports, entropy, hooks } = wiring;
        let mail = mail::MailRoom::open(&settings, &store, &entropy, lines).await?.map(Arc::new);
        let (stop, stopping) = watch::channel(false);
        let vitals = Vitals::new(clock.clone());
        let shared = Arc::new(Shared {
            settings,
            store,
            bus,
            clock,
            ports,
            entropy,
            vitals,
            mail,
            hooks,
            owners: owners::Owners::default(),
            supply: supply::Supply::default(),
            restarts: restarts::Restarts::default(),
            met: Mutex::default(),
            traces: traces::Traces::default(),
            stopping,
        });
        evidence::resume(&shared).await?;
        let mut tasks = JoinSet::new();
        tasks.spawn(supervisor::run(Arc::clone(&shared)));
        Ok(Self { shared, stop, tasks })
    }

    /// Takes no new text to the modems, finishes the submits in flight, ends every task, and
    /// closes the store with everything in its one file.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let _ = self.stop.send(true);
        let ended = self.tasks.join_next().await.transpose();
        self.shared.store.close().await?;
        ended?;
        Ok(())
    }

    /// Waits for what must not happen: the supervisor of all tasks has ended. Then nothing is driven any
    /// more, and only a fresh process helps.
    pub async fn failed(&mut self) -> anyhow::Error {
        match self.tasks.join_next().await {
            Some(Err(error)) => anyhow::Error::from(error).context("the supervisor failed"),
            _ => anyhow::anyhow!("the supervisor ended"),
        }
    }

    /// Takes a mail as the mailbox or the listener would hand it over; nothing where there is no
    /// e-mail.
    pub async fn take_mail(&self, octets: &[u8]) -> anyhow::Result<()> {
        Ok(mail::incoming::take(&self.shared, mail::incoming::Raw::whole(octets), None).await?)
    }

    /// The tasks' signs of life, for systemd's watchdog.
    pub fn vitals(&self) -> &Vitals {
        &self.shared.vitals
    }
}

impl Shared {
    /// What a decision made now goes by.
    fn house(&self) -> decision::House {
        let mut bits = [0; 8];
        self.entropy.fill(&mut bits);
        decision::House {
            organisation: self.settings.organisation(),
            trusted: self.clock_is_trusted(),
            entropy: u64::from_le_bytes(bits),
        }
    }

    /// Whether the wall clock can be right (E163, E165): nothing expires, is given back or is
    /// answered by the hour on the word of one that cannot.
    fn clock_is_trusted(&self) -> bool {
        (BUILT..BUILT.after(TEN_YEARS)).contains(&self.clock.wall())
    }

    /// Whether letters can leave at all.
    fn mails(&self) -> bool {
        self.mail.as_ref().is_some_and(|room| room.post.is_some())
    }

    /// Resolves when the gateway is to stop.
    async fn stopped(&self) {
        // The sender lives as long as the gateway; should it be gone, that is a stop as well.
        let _ = self.stopping.clone().wait_for(|stopping| *stopping).await;
    }
}

/// No clock that is right shows an earlier time than the year this was written in (E163, E165).
const BUILT: UnixTime = UnixTime(1_767_225_600_000);
/// Nor one that shows a time after anybody would still run this.
const TEN_YEARS: Millis = Millis::from_secs(10 * 366 * 24 * 3_600);
