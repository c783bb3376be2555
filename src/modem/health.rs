//! How the modem is: signal, registration, operator, service centre, asked slowly.
//!
//! Answers and unsolicited lines go in; polls and [`Event::Status`] come out, the latter only
//! when something changed. Deliberately absent: what to do when it does not answer (`ladder`).
//! Polls come at the beat at which everything else is looked after ([`Millis::next_beat`]).
//!
//! The sum of all polls and sweeps stays below 500 bytes in an idle minute: on a shared bus or a
//! satellite terminal every byte counts, and a log stays readable.

use super::bringup::restore_centre;
use super::event::{Event, Registration, Status};
use super::known::Known;
use super::out::Out;
use crate::at::commands::general::{Functionality, QueryFunctionality};
use crate::at::commands::network::{
    self, Domain, QueryEpsRegistration, QueryOperator, QueryPacketRegistration, QueryRegistration,
    QuerySignal, RegistrationState,
};
use crate::at::commands::sms::{QueryCentre, QueryIndications};
use crate::at::{End, FinalResult, Outcome, Request};
use crate::types::Millis;

/// One question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Poll {
    /// `+CSQ`.
    Signal,
    /// `+CREG?` or a sister.
    Registration(Domain),
    /// `+COPS?`.
    Operator,
    /// `+CSCA?`: some modems lose it.
    Centre,
    /// `+CSCA=…`: give it back.
    RestoreCentre,
    /// `+CNMI?`: a modem that waited for `+CNMA` in vain switches them off by itself.
    Indications,
    /// `+CFUN?`: a modem that does not even look for a network may have its radio off.
    Functionality,
}

/// What is known of the radio, and when to ask again.
#[derive(Debug)]
pub(super) struct Health {
    every: Millis,
    signal_at: Millis,
    registration_at: Millis,
    operator_at: Millis,
    centre_at: Millis,
    /// It was told while the modem was being set up that the SIM has lost its own.
    centre_lost: bool,
    /// `None`: there is nothing to look after.
    indications_at: Option<Millis>,
    /// They are not as we set them any more: everything is to be set again.
    indications_lost: bool,
    /// The radio is off: everything is to be set again.
    radio_off: bool,
    /// An echo raises no doubt before this.
    trusted_until: Millis,
    queue: Vec<Poll>,
    domains: [Option<RegistrationState>; 4],
    /// What the domains said while a text came or went: as long as they say no more than that, they
    /// are stale and the network is there (fault 40).
    proved: Option<[Option<RegistrationState>; 4]>,
    /// The network was lost at this time; it counts only after a while (at-sms 10).
    lost_at: Option<Millis>,
    status: Status,
    told: Option<Status>,
    /// Since when there has been no network.
    pub(super) without_network: Option<Millis>,
}

impl Health {
    /// Nothing known yet.
    pub fn new(every: Millis) -> Self {
        Self {
            every,
            signal_at: Millis(0),
            registration_at: Millis(0),
            operator_at: Millis(0),
            centre_at: Millis(0),
            centre_lost: false,
            indications_at: None,
            indications_lost: false,
            radio_off: false,
            trusted_until: Millis(0),
            queue: Vec::new(),
            domains: [None; 4],
            proved: None,
            lost_at: None,
            status: Status::default(),
            told: None,
            without_network: None,
        }
    }

    /// The modem is set up (again): ask everything but the service centre, which was just read.
    pub fn begin(&mut self, now: Millis, known: &Known) {
        (self.domains, self.proved) = ([None; 4], None);
        self.lost_at = None;
        self.queue.clear();
        (self.signal_at, self.registration_at, self.operator_at) = (now, now, now);
        let lost = std::mem::take(&mut self.centre_lost);
        self.centre_at = if lost { now } else { now + CENTRE_EVERY };
        (self.indications_lost, self.radio_off) = (false, false);
        // What came before the port was opened was never acknowledged: the modem may give up
        // waiting only now, and then drops the setting that it has just taken (27.005 §3.4.4).
        let first = if known.acknowledges { ACKNOWLEDGED_WITHIN } else { INDICATIONS_EVERY };
        self.indications_at = known.indications.map(|_| now + first);
    }

    /// A direct delivery was not acknowledged: look once the modem has drawn its conclusion.
    pub fn ask_indications(&mut self, now: Millis) {
        if let Some(at) = &mut self.indications_at {
            *at = now + ACKNOWLEDGED_WITHIN;
        }
    }

    /// The echo is back, which we had switched off: the modem may have restarted without a word.
    /// If so, its indications are gone as well.
    pub fn doubt(&mut self, now: Millis) {
        if let Some(at) = &mut self.indications_at
            && self.trusted_until <= now
        {
            self.trusted_until = now + INDICATIONS_EVERY;
            *at = now;
        }
    }

    /// A text came or went: whatever was said of the network, it is there.
    pub fn prove(&mut self, now: Millis, out: &mut Out) {
        let said = self.domains.iter().any(Option::is_some);
        if said && !best(&self.domains).carries_texts() && self.proved != Some(self.domains) {
            self.proved = Some(self.domains);
            self.settle(now, out);
        }
    }

    /// The network refused a text for its absence.
    pub fn disprove(&mut self, now: Millis, out: &mut Out) {
        if self.proved.take().is_some() {
            self.settle(now, out);
        }
    }

    /// Registration may have changed.
    pub fn ask_registration(&mut self, now: Millis) {
        self.registration_at = now;
    }

    /// The SIM has no service centre and had one: it is put back as soon as the modem is set up.
    pub fn centre_lost(&mut self, now: Millis) {
        (self.centre_at, self.centre_lost) = (now, true);
    }

    /// A refusal that a lost service centre would explain (quirks 19, 28).
    pub fn ask_centre(&mut self, now: Millis) {
        self.centre_at = now;
    }

    /// What was set does not hold any more.
    pub fn needs_set_up(&self) -> bool {
        self.indications_lost || self.radio_off
    }

    /// When the next question is due.
    pub fn due(&self) -> Millis {
        if !self.queue.is_empty() {
            return Millis(0);
        }
        let times = [self.signal_at, self.registration_at, self.operator_at, self.centre_at];
        times.into_iter().chain(self.indications_at).min().unwrap_or_default()
    }

    /// The next question.
    pub fn next(&mut self, now: Millis, known: &Known) -> Option<(Poll, Request)> {
        if self.queue.is_empty() {
            self.fill_queue(now);
        }
        if self.queue.is_empty() {
            return None;
        }
        let poll = self.queue.remove(0);
        let request = match poll {
            Poll::Signal => Request::of(&QuerySignal),
            Poll::Registration(Domain::Circuit) => Request::of(&QueryRegistration),
            Poll::Registration(Domain::Packet) => Request::of(&QueryPacketRegistration),
            Poll::Registration(_) => Request::of(&QueryEpsRegistration),
            Poll::Operator => Request::of(&QueryOperator),
            Poll::Centre => Request::of(&QueryCentre),
            Poll::RestoreCentre => restore_centre(known.sim.smsc.as_deref().unwrap_or("")),
            Poll::Indications => Request::of(&QueryIndications),
            Poll::Functionality => Request::of(&QueryFunctionality),
        };
        Some((poll, request))
    }

    fn fill_queue(&mut self, now: Millis) {
        if self.registration_at <= now {
            self.registration_at = now + WITHOUT_NETWORK_EVERY;
            self.queue.push(Poll::Registration(Domain::Circuit));
        }
        if self.signal_at <= now {
            self.signal_at = now.next_beat(self.every);
            self.queue.push(Poll::Signal);
        }
        if self.operator_at <= now {
            self.operator_at = now.next_beat(Millis(self.every.0 * SLOWER));
            self.queue.push(Poll::Operator);
        }
        if self.centre_at <= now {
            self.centre_at = now.next_beat(CENTRE_EVERY);
            self.queue.push(Poll::Centre);
        }
        if self.indications_at.is_some_and(|at| at <= now) {
            self.indications_at = Some(now.next_beat(INDICATIONS_EVERY));
            self.queue.push(Poll::Indications);
        }
    }

    /// Takes an answer. False when the modem did not answer.
    pub fn done(
        &mut self,
        now: Millis,
        poll: Poll,
        outcome: &Outcome,
        known: &mut Known,
        out: &mut Out,
    ) -> bool {
        match poll {
            Poll::Signal => {
                if let Ok(signal) = outcome.reply(&QuerySignal) {
                    self.signal(signal, out);
                }
            }
            Poll::Registration(domain) => {
                let answer = match domain {
                    Domain::Circuit => outcome.reply(&QueryRegistration),
                    Domain::Packet => outcome.reply(&QueryPacketRegistration),
                    _ => outcome.reply(&QueryEpsRegistration),
                };
                if let Ok(registration) = &answer {
                    self.registration(now, registration, out);
                }
                // Registered in any domain is enough; the next one is asked only if it must be.
                let carried = answer.is_ok_and(|r| r.state().carries_messages());
                if carried {
                    // Told by itself when it changes; asked in case that was lost.
                    self.registration_at = now.next_beat(Millis(self.every.0 * SLOWER));
                }
                match domain {
                    Domain::Circuit if !carried => {
                        self.queue.insert(0, Poll::Registration(Domain::Eps));
                    }
                    Domain::Eps if !carried => {
                        self.queue.insert(0, Poll::Registration(Domain::Packet));
                    }
                    Domain::Packet if !carried && self.stays_off(now) => {
                        self.queue.insert(0, Poll::Functionality);
                    }
                    _ => {}
                }
            }
            Poll::Operator => {
                if let Ok(operator) = outcome.reply(&QueryOperator) {
                    self.status.operator = operator;
                    self.tell(out);
                }
            }
            Poll::Centre => match outcome.reply(&QueryCentre) {
                Ok(None) if known.sim.smsc.is_some() => self.queue.push(Poll::RestoreCentre),
                Ok(Some(centre)) => {
                    known.sim.smsc = Some(centre.number);
                    out.events(known.sim_told());
                }
                _ => {}
            },
            Poll::RestoreCentre if outcome.end == End::Final(FinalResult::Ok) => {
                out.note("The service centre number was lost and has been restored.");
            }
            Poll::RestoreCentre => {
                out.note_once("The service centre number was lost and could not be restored.");
            }
            Poll::Indications => {
                let (told, set) = (outcome.reply(&QueryIndications).ok(), known.indications);
                if let (Some(told), Some(set)) = (told, set)
                    && (told.mt, told.ds) != (set.mt, set.ds)
                {
                    self.indications_lost = true;
                    out.note("The modem stopped announcing texts or reports; it is set up again.");
                }
            }
            Poll::Functionality => {
                let level = outcome.reply(&QueryFunctionality);
                if matches!(level, Ok(Functionality::Minimum | Functionality::RadioOff)) {
                    (self.radio_off, known.radio_off) = (true, true);
                    out.note(
                        "The radio was off; it is switched on and everything is set up again.",
                    );
                }
            }
        }
        !matches!(outcome.end, End::TimedOut | End::GivenUp)
    }

    /// It has not been looking for a network for a while.
    fn stays_off(&self, now: Millis) -> bool {
        self.status.registration == Registration::Off
            && self.without_network.is_some_and(|since| now >= since + WITHOUT_NETWORK_EVERY)
    }

    /// Signal strength, asked for or told.
    pub fn signal(&mut self, signal: network::Signal, out: &mut Out) {
        let before = (self.status.bars, self.status.signal_dbm.is_some());
        let told = self.status.clone();
        (self.status.signal_dbm, self.status.bars) = (signal.dbm, signal.bars());
        // A step within the same bar is no news.
        if before == (self.status.bars, self.status.signal_dbm.is_some()) && self.told.is_some() {
            self.status.signal_dbm = told.signal_dbm;
        }
        self.tell(out);
    }

    /// Registration in one domain, asked for or told.
    pub fn registration(
        &mut self,
        now: Millis,
        registration: &network::Registration,
        out: &mut Out,
    ) {
        let place = match registration.domain {
            Domain::Circuit => 0,
            Domain::Packet => 1,
            Domain::Eps => 2,
            Domain::FiveG => 3,
        };
        if let Some(domain) = self.domains.get_mut(place) {
            *domain = Some(registration.state());
        }
        self.settle(now, out);
    }

    /// Applies what the domains say: a network found counts at once, a network lost only when it
    /// stays lost.
    pub fn settle(&mut self, now: Millis, out: &mut Out) {
        let mut best = best(&self.domains);
        if self.proved == Some(self.domains) {
            best = match best {
                Registration::Unknown
                | Registration::Off
                | Registration::Searching
                | Registration::HomePackets => Registration::Home,
                Registration::RoamingPackets => Registration::Roaming,
                other => other,
            };
        }
        if self.status.registration.is_registered() && !best.is_registered() {
            let lost_at = *self.lost_at.get_or_insert(now);
            if now < lost_at + LOST_AFTER {
                return;
            }
        }
        self.lost_at = None;
        self.status.registration = best;
        if self.is_registered() {
            self.without_network = None;
        } else {
            self.without_network.get_or_insert(now);
            // The line that says it is back may be lost.
            self.registration_at = self.registration_at.min(now + WITHOUT_NETWORK_EVERY);
        }
        self.tell(out);
    }

    /// When [`Health::settle`] has something to do by time alone.
    pub fn settles_at(&self) -> Option<Millis> {
        self.lost_at.map(|at| at + LOST_AFTER)
    }

    /// Whether texts can be sent. A modem that answers none of the questions is taken at its best.
    pub fn is_registered(&self) -> bool {
        self.status.registration.is_registered()
            || (self.status.registration == Registration::Unknown
                && self.queue.is_empty()
                && self.domains.iter().all(Option::is_none)
                && self.told.is_some())
    }

    fn tell(&mut self, out: &mut Out) {
        if self.told.as_ref() != Some(&self.status) {
            self.told = Some(self.status.clone());
            out.event(Event::Status(self.status.clone()));
        }
    }
}

/// The best of the domains: any that carries texts will do (at-sms 5.1).
fn best(domains: &[Option<RegistrationState>; 4]) -> Registration {
    let found = domains.iter().flatten().map(|state| match state {
        RegistrationState::Home => (6, Registration::Home),
        RegistrationState::Roaming => (5, Registration::Roaming),
        RegistrationState::Denied => (4, Registration::Denied),
        RegistrationState::EmergencyOnly => (3, Registration::EmergencyOnly),
        RegistrationState::Searching => (2, Registration::Searching),
        RegistrationState::Idle => (1, Registration::Off),
        RegistrationState::Unknown => (0, Registration::Unknown),
    });
    let best = found.max_by_key(|(rank, _)| *rank).map_or(Registration::Unknown, |(_, best)| best);
    let [circuit, ..] = domains;
    // A modem that was not asked, or has no such question, says nothing about it.
    let packets_only = circuit.is_some_and(|circuit| !circuit.carries_messages());
    match best {
        Registration::Home if packets_only => Registration::HomePackets,
        Registration::Roaming if packets_only => Registration::RoamingPackets,
        best => best,
    }
}

/// Registration and operator change less often than the signal.
const SLOWER: u64 = 5;
/// The network waits 15 s for an acknowledgement (24.011 §10, TR2M), and then some.
const ACKNOWLEDGED_WITHIN: Millis = Millis::from_secs(20);
const INDICATIONS_EVERY: Millis = Millis::from_secs(600);
const CENTRE_EVERY: Millis = Millis::from_secs(3_600);
const WITHOUT_NETWORK_EVERY: Millis = Millis::from_secs(20);
/// Reselection shows as "not registered" for a moment.
const LOST_AFTER: Millis = Millis::from_secs(10);
