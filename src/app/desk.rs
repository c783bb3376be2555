//! Where a modem's words are written down: who it is, which SIM it holds, what it received, what
//! became of submits. In order, one after the other; the shell goes on talking meanwhile. Only texts
//! that came together are written down together, in one commit.

mod texts;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::modem_task::Duty;
use super::orders::Orders;
use super::owners::Claim;
use super::sender::Heard;
use super::shell::Ask;
use super::{End, Shared, evidence, pin};
use crate::bus::Change;
use crate::io::Candidate;
use crate::modem::{self, Blocked, Event, Identity, Order, Receipt, SimIdentity, State, Status};
use crate::store::{LineId, ModemStatus, Result, SeenModem, SeenSim};
use crate::types::{Country, Imei, Millis, ModemId};
use texts::{LINGER, Lying, Removed, following, together};

/// A storage this full is worth a word to a person; it should be empty nearly always.
const ALARM_PERCENT: u32 = 70;

/// The desk of one modem's task.
pub(super) struct Desk {
    shared: Arc<Shared>,
    candidate: Candidate,
    settings: modem::Settings,
    asks: mpsc::UnboundedSender<Ask>,
    outcomes: mpsc::UnboundedSender<Heard>,
    duty: watch::Sender<Duty>,
    orders: Orders,
    claim: Option<Claim>,
    imei: Option<Imei>,
    modem: Option<ModemId>,
    sim: SimIdentity,
    line: Option<LineId>,
    /// It restarted before its line was known.
    counts_anew: bool,
    country: Option<Country>,
    operator: Option<String>,
    /// Under which key a PIN was tried whose answer is still to come.
    pin_tried: Option<String>,
    /// PDUs that were committed and are still in the modem.
    lying: HashMap<Receipt, Lying>,
    /// Those that have left it; not written down yet.
    removed: Vec<Removed>,
    /// Used and total slots by storage.
    storages: BTreeMap<String, (u16, u16)>,
}

impl Desk {
    pub(super) fn new(
        shared: Arc<Shared>,
        candidate: Candidate,
        settings: modem::Settings,
        asks: mpsc::UnboundedSender<Ask>,
        outcomes: mpsc::UnboundedSender<Heard>,
        duty: watch::Sender<Duty>,
    ) -> Self {
        let orders = Orders::new(Arc::clone(&shared), asks.clone());
        Self {
            shared,
            candidate,
            settings,
            asks,
            outcomes,
            duty,
            orders,
            claim: None,
            imei: None,
            modem: None,
            sim: SimIdentity::default(),
            line: None,
            counts_anew: false,
            country: None,
            operator: None,
            pin_tried: None,
            lying: HashMap::new(),
            removed: Vec::new(),
            storages: BTreeMap::new(),
        }
    }

    /// Takes events until there are no more; says whether the modem introduced itself.
    pub(super) async fn run(mut self, mut events: mpsc::UnboundedReceiver<Event>) -> bool {
        // The event that ended a run of texts comes next.
        let mut next = None;
        loop {
            let taken = tokio::select! {
                biased;
                event = following(&mut next, &mut events) => match event {
                    Some(Event::Received(first)) => {
                        let (texts, after) = together(first, &mut events);
                        next = after;
                        self.received(texts).await
                    }
                    Some(event) => self.take(event).await,
                    None => break,
                },
                () = self.orders.due() => self.orders.take(self.modem).await,
                () = self.shared.clock.sleep(LINGER), if !self.removed.is_empty() => {
                    self.note_removed().await
                }
            };
            if let Err(error) = taken {
                tracing::error!(port = self.candidate.name, %error, "the store refused");
            }
        }
        let noted = self.note_removed().await;
        let over = [noted, self.orders.give_up().await, self.status(closed()).await];
        for error in over.into_iter().filter_map(Result::err) {
            tracing::error!(port = self.candidate.name, %error, "the store refused");
        }
        self.claim.is_some() || self.modem.is_some()
    }

    async fn take(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Transition { from, to } => self.moved(from, to).await,
            Event::Identified(identity) => self.identified(identity).await,
            Event::Sim(sim) => self.sim(sim).await,
            Event::PinWanted { tries_left } => self.pin_wanted(tries_left).await,
            Event::Blocked(blocked) => self.blocked(blocked).await,
            Event::Received(received) => self.received(vec![received]).await,
            Event::Removed { receipt } => self.removed(receipt).await,
            Event::Submitted { ticket, outcome } => {
                self.tell_sender(Heard::Submitted { ticket, outcome })
            }
            Event::SubmittedLate { ticket, outcome } => {
                self.tell_sender(Heard::Late { ticket, outcome })
            }
            Event::Restarted => self.restarted().await,
            Event::Restarting => {
                tracing::warn!(port = self.candidate.name, "restarting the modem");
                if let Some(imei) = &self.imei {
                    self.shared.restarts.ordered(imei, self.shared.clock.now());
                    self.allow_restart();
                }
                self.restarted().await
            }
            Event::FellWhileSending => self.fell().await,
            Event::Status(status) => self.radio(status).await,
            Event::Storage { storage, used, total } => self.storage(storage, used, total).await,
            Event::StorageFull => {
                tracing::warn!(port = self.candidate.name, "the SIM is full; reading it out");
                Ok(())
            }
            Event::Ussd { ticket, reply } => self.orders.answered(ticket, &reply).await,
            Event::ConsoleDone { ticket, lines } => self.orders.done(ticket, lines).await,
            Event::Ringing { .. } => {
                tracing::info!(port = self.candidate.name, "somebody calls; not answered");
                Ok(())
            }
            Event::Note(note) => {
                tracing::warn!(port = self.candidate.name, note);
                self.status(note_of(Some(note))).await
            }
            Event::Reopen { .. } | Event::Stopped => Ok(()),
        }
    }

    async fn moved(&mut self, from: State, to: State) -> Result<()> {
        let now = self.shared.clock.now();
        let trace = self.shared.traces.of_port(&self.candidate.name);
        trace.remark(now, &format!("{from} -> {to}"));
        self.duty.send_modify(|duty| duty.ready = to == State::Ready);
        if matches!(to, State::Initialising | State::Registering | State::Ready)
            && let Some(key) = self.pin_tried.take()
        {
            pin::accepted(&self.shared, key, &self.settings, true).await?;
        }
        let over = (to == State::Ready && self.held_until().is_none()).then_some(None);
        self.status(ModemStatus { state: Some(to.to_string()), note: over, ..Default::default() })
            .await
    }

    /// Its references tell nothing of what was sent before (`store::evidence`).
    async fn restarted(&mut self) -> Result<()> {
        let Some(line) = self.line else {
            self.counts_anew = true;
            return Ok(());
        };
        self.counts_anew = false;
        let now = self.shared.clock.wall();
        self.shared.store.write(move |tx| tx.references_begin(line, now)).await
    }

    /// A modem that cannot be told from another one is not restarted: nobody would know when it was last.
    fn allow_restart(&self) {
        if let Some(imei) = &self.imei {
            let from = self.shared.restarts.allowed_from(imei);
            let _ = self.asks.send(Ask::Order(Order::AllowRestart { from }));
        }
    }

    fn held_until(&self) -> Option<Millis> {
        let now = self.shared.clock.now();
        self.imei.as_ref().and_then(|imei| self.shared.supply.held_until(imei, now))
    }

    /// In the middle of a submit: one that does so again and again has a weak supply (fault 28).
    async fn fell(&mut self) -> Result<()> {
        let Some(imei) = &self.imei else { return Ok(()) };
        self.shared.supply.fell(imei, self.shared.clock.now());
        self.hold_if_weak().await
    }

    async fn hold_if_weak(&mut self) -> Result<()> {
        let Some(until) = self.held_until() else { return Ok(()) };
        self.duty.send_modify(|duty| duty.held_until = Some(until));
        let (now, wall) = (self.shared.clock.now(), self.shared.clock.wall());
        let note = format!(
            "The modem fell three times while it sent: check its power supply. It receives, and \
             sends nothing before {}.",
            wall.after(until.since(now)),
        );
        tracing::warn!(port = self.candidate.name, note);
        self.status(note_of(Some(note))).await
    }

    /// One owner per device: the second port of a modem leaves.
    async fn identified(&mut self, identity: Identity) -> Result<()> {
        if let Some(imei) = &identity.imei {
            match self.shared.owners.claim(imei, &self.candidate.name) {
                Ok(claim) => self.claim = Some(claim),
                Err(owner) => {
                    let _ = self.asks.send(Ask::Leave(End::SpareOf(owner)));
                    return Ok(());
                }
            }
        }
        let seen = SeenModem {
            imei: identity.imei.clone(),
            port: self.candidate.name.clone(),
            profile: Some(identity.profile.to_owned()),
            maker: Some(identity.maker),
            model: Some(identity.model),
            firmware: Some(identity.firmware),
            baud: Some(self.candidate.baud).filter(|_| !self.candidate.speeds.is_empty()),
        };
        let now = self.shared.clock.wall();
        let modem = self.shared.store.write(move |tx| tx.upsert_modem(&seen, now)).await?;
        self.modem = Some(modem);
        self.imei = identity.imei.clone();
        self.allow_restart();
        let imei = identity.imei.as_ref().map(Imei::as_str);
        self.shared.traces.identified(&self.candidate.name, modem.0, imei);
        tracing::info!(port = self.candidate.name, %modem, profile = identity.profile, "modem found");
        let state =
            ModemStatus { state: Some(State::Identifying.to_string()), ..Default::default() };
        self.status(state).await?;
        self.hold_if_weak().await
    }

    /// A new SIM becomes a line by itself; a known one brings its queue along (D2).
    async fn sim(&mut self, sim: SimIdentity) -> Result<()> {
        self.sim = sim;
        self.duty.send_modify(|duty| duty.line = None);
        if self.sim.iccid.is_none() && self.sim.imsi.is_none() {
            self.line = None;
            return self.status(ModemStatus { line: Some(None), ..Default::default() }).await;
        }
        let line = self.upsert_line().await?;
        if self.line.replace(line) != Some(line) {
            self.status(ModemStatus { line: Some(Some(line)), ..Default::default() }).await?;
            evidence::line_is_back(&self.shared, line).await?;
            self.shared.bus.ring(Change::Lines);
            if self.counts_anew {
                self.restarted().await?;
            }
        }
        self.duty.send_modify(|duty| duty.line = Some(line));
        Ok(())
    }

    async fn upsert_line(&mut self) -> Result<LineId> {
        let seen = SeenSim {
            iccid: self.sim.iccid.clone(),
            imsi: self.sim.imsi.clone(),
            number: self.sim.number.clone(),
            operator: self.operator.clone(),
            smsc: self.sim.smsc.clone(),
        };
        let now = self.shared.clock.wall();
        let found = self.shared.store.write(move |tx| {
            let id = tx.upsert_line(&seen, now)?;
            let country = tx.line(id)?.and_then(|line| line.country);
            Ok((id, country, tx.service_centre(id)?))
        });
        let (line, country, centre) = found.await?;
        // The SIM has forgotten where its texts go to, as some do over a power cut (fault 58).
        if let Some(centre) = centre.filter(|_| self.sim.smsc.is_none()) {
            let _ = self.asks.send(Ask::Order(Order::Centre(centre)));
        }
        self.country = country.or(self.shared.settings.country);
        Ok(line)
    }

    async fn pin_wanted(&mut self, tries_left: Option<u8>) -> Result<()> {
        if pin::may_be_tried(&self.shared, self.pin_key(), &self.settings).await? {
            tracing::info!(port = self.candidate.name, ?tries_left, "entering the SIM's PIN, once");
            self.pin_tried = Some(self.pin_key());
            let _ = self.asks.send(Ask::Order(Order::AllowPin));
            return Ok(());
        }
        self.blocked(Blocked::PinRefused).await
    }

    async fn blocked(&mut self, blocked: Blocked) -> Result<()> {
        tracing::error!(port = self.candidate.name, "{blocked}");
        if blocked == Blocked::PinRefused
            && let Some(key) = self.pin_tried.take()
        {
            pin::accepted(&self.shared, key, &self.settings, false).await?;
        }
        self.status(note_of(Some(blocked.to_string()))).await
    }

    /// The card, or the device while the card is closed and does not say who it is.
    fn pin_key(&self) -> String {
        match (&self.sim.iccid, self.modem) {
            (Some(iccid), _) => iccid.to_string(),
            (None, Some(modem)) => format!("modem:{modem}"),
            (None, None) => format!("port:{}", self.candidate.name),
        }
    }

    async fn radio(&mut self, status: Status) -> Result<()> {
        let renamed = status.operator.is_some() && status.operator != self.operator;
        self.operator = status.operator.clone().or(self.operator.take());
        if renamed && self.line.is_some() {
            self.upsert_line().await?;
        }
        let registered = status.registration.is_registered();
        self.duty.send_if_modified(|duty| {
            // Registration lost is told before the state moves on; a send would only bounce.
            let lost = duty.ready && !registered;
            duty.ready &= registered;
            lost
        });
        self.status(ModemStatus {
            operator: status.operator,
            registration: Some(status.registration.as_str().to_owned()),
            signal_dbm: status.signal_dbm,
            bars: Some(status.bars),
            ..Default::default()
        })
        .await
    }

    /// Shows the fullest storage.
    async fn storage(&mut self, storage: String, used: u16, total: u16) -> Result<()> {
        let before = self.storages.insert(storage, (used, total));
        let percent = |(used, total): (u16, u16)| u32::from(used) * 100 / u32::from(total.max(1));
        let full = percent((used, total)) >= ALARM_PERCENT;
        if full && before.is_none_or(|before| percent(before) < ALARM_PERCENT) {
            tracing::warn!(port = self.candidate.name, used, total, "the message storage fills up");
        }
        let fullest = self.storages.iter().max_by_key(|(_, places)| percent(**places));
        let storage = fullest.map(|(name, (used, total))| (name.clone(), *used, *total));
        self.status(ModemStatus { storage, ..Default::default() }).await
    }

    fn tell_sender(&self, heard: Heard) -> Result<()> {
        // The sender outlives the desk.
        let _ = self.outcomes.send(heard);
        Ok(())
    }

    async fn status(&self, status: ModemStatus) -> Result<()> {
        let Some(modem) = self.modem else { return Ok(()) };
        let now = self.shared.clock.wall();
        self.shared.store.write(move |tx| tx.modem_status(modem, &status, now)).await?;
        self.shared.bus.ring(Change::Modem(modem));
        Ok(())
    }
}

fn note_of(note: Option<String>) -> ModemStatus {
    ModemStatus { note: Some(note), ..ModemStatus::default() }
}

fn closed() -> ModemStatus {
    ModemStatus { state: Some(State::Closed.to_string()), ..ModemStatus::default() }
}
