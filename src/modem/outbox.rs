//! Sending: one submit at a time, and an honest word about how it ended.
//!
//! Orders and finished commands go in; requests and [`Event::Submitted`] come out. The crash
//! points P0 to P5 are those of reliability 1.4: up to P2 nothing has left, after Ctrl-Z (P3) a
//! missing or untrustworthy answer is [`SubmitError::Unknown`]. Deliberately absent: repeating,
//! which is the sender's decision.
//!
//! A submit that is to be kept is written into a slot first and sent from there. Until it has its
//! end nothing else is asked of the modem; afterwards the slot is emptied, or left to the sweep
//! where the end is unknown (reliability 1.4, evidence).
//!
//! Begin with [`verdict`].

use std::collections::VecDeque;

use super::event::{Accepted, Event};
use super::known::Known;
use super::order::{Refusal, SubmitError, Ticket};
use super::out::Out;
use super::profile::Profile;
use crate::at::commands::sms::{KeepLink, SendStored, Storage, SubmitPdu, WritePdu};
use crate::at::{self, CommandError, Disposition, End, FinalResult, Outcome, Request, Stage};
use crate::types::Millis;

/// What the outbox has in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// Keep the radio link open for the submits that follow.
    KeepLink,
    /// The submit.
    Submit(Submit),
    /// Write it into a slot of this storage.
    Write(Submit, Storage),
    /// Send it from its slot.
    SendKept(Kept),
}

/// One TPDU to be sent.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Submit {
    pub ticket: Ticket,
    pub tpdu: Vec<u8>,
    pub more: bool,
    pub keep: bool,
}

/// One that lies in a slot of the modem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    submit: Submit,
    slot: (Storage, u16),
}

/// What the session has to do once a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// The modem answered.
    pub answered: bool,
    /// It said that there is no network.
    pub no_network: bool,
    /// This slot has served its purpose.
    pub to_empty: Option<(Storage, u16)>,
}

/// The TPDU holds a number and a text, so logs see its length only.
impl std::fmt::Debug for Submit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Submit({:?}, {} octets, more: {})", self.ticket, self.tpdu.len(), self.more)
    }
}

/// A submit nobody knows the end of.
#[derive(Clone, Copy, Debug)]
struct Unanswered {
    handle: at::Ticket,
    ticket: Ticket,
    since: Millis,
}

/// Submits on their way to the network.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    queue: VecDeque<Submit>,
    /// How far the one in flight is.
    stage: Option<Stage>,
    /// Unanswered when their time was over; an answer may still come.
    unknown: VecDeque<Unanswered>,
    /// Written into its slot, not sent yet.
    kept: Option<Kept>,
    /// `+CMGW` was refused or brought no slot: not asked again on this port.
    no_slots: bool,
    /// `+CMMS` was refused: not asked again on this port.
    no_link: bool,
    link_until: Millis,
    /// How long the last submits were on the air.
    air: VecDeque<Millis>,
    /// When the modem restarted in the middle of a submit.
    restarts: VecDeque<Millis>,
    held_until: Millis,
}

impl Outbox {
    /// Takes a submit. Answers at once when `closed` says why nothing can be sent.
    pub fn submit(
        &mut self,
        now: Millis,
        submit: Submit,
        closed: Option<SubmitError>,
        out: &mut Out,
    ) {
        let held = (now < self.held_until).then_some(SubmitError::NotSent(HELD));
        match closed.or(held) {
            Some(error) => finished(submit.ticket, Err(error), out),
            None => self.queue.push_back(submit),
        }
    }

    /// True when there is something to write.
    pub fn is_waiting(&self) -> bool {
        !self.queue.is_empty() || self.kept.is_some()
    }

    /// True when a submit lies in its slot: nothing else may come between.
    pub fn is_midway(&self) -> bool {
        self.kept.is_some()
    }

    /// The next command.
    pub fn next(
        &mut self,
        now: Millis,
        known: &Known,
        wait_for_final: Millis,
    ) -> Option<(Job, Request)> {
        if let Some(kept) = self.kept.take() {
            self.stage = Some(Stage::Waiting);
            let (_, index) = kept.slot;
            let request = Request::of(&SendStored(index)).within(wait_for_final).sending();
            let request = Request { ask_after: self.ask_after(), ..request };
            return Some((Job::SendKept(kept), request));
        }
        let submit = self.queue.front()?;
        if submit.more && !self.no_link && self.link_until <= now {
            return Some((Job::KeepLink, Request::of(&KeepLink)));
        }
        let submit = self.queue.pop_front()?;
        let able = submit.keep && !self.no_slots && known.profile.quirks.keeps_sent;
        // The second argument of +CPMS is where +CMGW writes (27.005 §3.2.3).
        if let Some(storage) = known.rest.first().copied().filter(|_| able) {
            let request = Request::of(&WritePdu::new(&submit.tpdu));
            return Some((Job::Write(submit, storage), request));
        }
        self.stage = Some(Stage::Waiting);
        let request = Request::of(&SubmitPdu::new(None, &submit.tpdu)).within(wait_for_final);
        Some((Job::Submit(submit), Request { ask_after: self.ask_after(), ..request }))
    }

    /// When silence is strange on this network: far longer than the slowest of the last submits. The
    /// question could disturb a modem that is still sending (27.005 §3.5.1 lets any character abort
    /// it), so nothing is asked before we know how long the air takes here.
    fn ask_after(&self) -> Option<Millis> {
        let slowest = self.air.iter().max().filter(|_| self.air.len() >= KNOWN_AFTER)?;
        Some(Millis(slowest.0 * 4).max(STRANGE))
    }

    /// The submit in flight reached a stage.
    pub fn reached(&mut self, stage: Stage) {
        if self.stage.is_some() {
            self.stage = Some(stage);
        }
    }

    /// Takes the outcome of a command.
    pub fn done(
        &mut self,
        now: Millis,
        handle: at::Ticket,
        job: Job,
        outcome: &Outcome,
        known: &Known,
        out: &mut Out,
    ) -> Ended {
        let mut to_empty = None;
        match job {
            Job::KeepLink => {
                // The link falls by itself 1 to 5 s after the last message (27.005 §3.5.6).
                match &outcome.end {
                    End::Final(FinalResult::Ok) => self.link_until = now + LINK_KEPT,
                    End::Final(_) => self.no_link = true,
                    // It restarted or went deaf: no word about what it can.
                    _ => {}
                }
            }
            Job::Write(submit, storage) => match outcome.reply(&WritePdu::new(&[])) {
                Ok(index) => self.kept = Some(Kept { submit, slot: (storage, index) }),
                Err(CommandError::Refused(why)) => {
                    self.no_slots |= !is_full(&why);
                    self.queue.push_front(Submit { keep: false, ..submit });
                }
                // Nothing is on the air. Should it lie in a slot, the sweep finds it.
                Err(_) => {
                    self.no_slots = true;
                    let error = SubmitError::NotSent("the modem did not take it into its memory");
                    finished(submit.ticket, Err(error), out);
                }
            },
            Job::SendKept(Kept { submit, slot }) => {
                let verdict = self.sent(now, handle, &submit, outcome, known, out);
                to_empty = Some(slot).filter(|_| verdict != Err(SubmitError::Unknown));
                finished(submit.ticket, verdict, out);
            }
            Job::Submit(submit) => {
                let verdict = self.sent(now, handle, &submit, outcome, known, out);
                finished(submit.ticket, verdict, out);
            }
        }
        let answered = !matches!(outcome.end, End::TimedOut);
        Ended { answered, no_network: is_without_network(&outcome.end), to_empty }
    }

    /// A submit ended, whichever command it went by.
    fn sent(
        &mut self,
        now: Millis,
        handle: at::Ticket,
        submit: &Submit,
        outcome: &Outcome,
        known: &Known,
        out: &mut Out,
    ) -> Result<Accepted, SubmitError> {
        if outcome.end == End::GivenUp {
            self.fell(now, out);
        }
        self.stage = None;
        self.link_until =
            if submit.more && self.link_until > Millis(0) { now + LINK_KEPT } else { Millis(0) };
        let verdict = verdict(outcome, known.profile);
        if verdict.is_ok() {
            self.air.extend(outcome.after_body);
            let old = self.air.len().saturating_sub(AIR_KEPT);
            self.air.drain(..old);
        }
        if verdict == Err(SubmitError::Unknown) && outcome.end == End::TimedOut {
            if self.unknown.len() == MOST_UNKNOWN {
                self.unknown.pop_front();
            }
            self.unknown.push_back(Unanswered { handle, ticket: submit.ticket, since: now });
        }
        verdict
    }

    /// Whether the modem may be silent because the last submit is still on the air.
    pub fn may_be_answered(&self, now: Millis) -> bool {
        now < self.answered_until()
    }

    /// Until when that may be so.
    pub fn answered_until(&self) -> Millis {
        self.unknown.back().map_or(Millis(0), |open| open.since + ON_THE_AIR)
    }

    /// The port is gone: no answer can come any more.
    pub fn closed(&mut self) {
        self.unknown.clear();
        (self.no_link, self.no_slots, self.link_until) = (false, false, Millis(0));
        self.air.clear();
    }

    /// The result of a submit that had ended as unknown.
    pub fn late(&mut self, handle: at::Ticket, outcome: &Outcome, known: &Known, out: &mut Out) {
        let Some(place) = self.unknown.iter().position(|open| open.handle == handle) else {
            return;
        };
        let Some(Unanswered { ticket, .. }) = self.unknown.remove(place) else { return };
        let outcome = verdict(outcome, known.profile);
        if outcome != Err(SubmitError::Unknown) {
            out.event(Event::SubmittedLate { ticket, outcome });
        }
    }

    /// The modem restarted by itself.
    pub fn restarted(&mut self, now: Millis, out: &mut Out) {
        self.link_until = Millis(0);
        self.fell(now, out);
    }

    /// Somebody orders a restart: if a submit is cut short by it, the supply is not to blame.
    pub fn restarting(&mut self) {
        self.stage = None;
    }

    /// It restarted or went away, perhaps in the middle of a submit. Three times looks like a weak
    /// supply.
    fn fell(&mut self, now: Millis, out: &mut Out) {
        if self.stage.take().is_none_or(|stage| stage < Stage::Written) {
            return;
        }
        out.event(Event::FellWhileSending);
        self.restarts.retain(|at| now.since(*at) < RESTARTS_WITHIN);
        self.restarts.push_back(now);
        if self.restarts.len() >= MOST_RESTARTS {
            self.held_until = now + RESTARTS_WITHIN;
            out.note(
                "The modem restarts whenever it sends: check its power supply. Sending is held for \
                 ten minutes, receiving goes on.",
            );
        }
    }

    /// Nothing can be sent any more: what waits is given back.
    pub fn give_back(&mut self, error: &SubmitError, out: &mut Out) {
        // What lies in a slot was not sent from it; the sweep finds it there.
        let kept = self.kept.take().map(|kept| kept.submit);
        for submit in kept.into_iter().chain(std::mem::take(&mut self.queue)) {
            finished(submit.ticket, Err(error.clone()), out);
        }
    }
}

/// How a submit ended, by what the modem said and how far we had got (reliability 1.4).
fn verdict(outcome: &Outcome, profile: &Profile) -> Result<Accepted, SubmitError> {
    let written = outcome.stage >= Stage::BodyWritten;
    match &outcome.end {
        End::TimedOut if !written => Err(SubmitError::NotSent("the modem gave no prompt")),
        End::GivenUp if !written => Err(SubmitError::NotSent("the modem restarted or went away")),
        End::TimedOut | End::GivenUp => Err(SubmitError::Unknown),
        // Without a reference OK is no success: it is also what a cancelled entry ends with.
        End::Final(FinalResult::Ok) | End::Assumed => {
            let reference = outcome
                .reply(&SubmitPdu::new(None, &[]))
                .or_else(|_| outcome.reply(&SendStored(0)))
                .map(|reference| Accepted { reference });
            reference.map_err(|_| SubmitError::Unknown)
        }
        End::Final(result) => {
            let at_once = outcome.after_body.is_some_and(|after| after < AT_ONCE);
            let meaning = match result {
                // The modem refused the PDU itself, before any radio was involved.
                FinalResult::Error if at_once || !written => Some(Disposition::Modem),
                FinalResult::Cms(error) if written => {
                    let own = error.code().and_then(|code| profile.cms(code));
                    own.or_else(|| result.disposition())
                }
                _ if written => result.disposition(),
                _ => result.disposition_unsent(),
            };
            match meaning {
                Some(Disposition::Ambiguous) if written => Err(SubmitError::Unknown),
                meaning => {
                    let code = match result {
                        FinalResult::Cms(error) => error.code(),
                        FinalResult::Cme(error) => error.code(),
                        _ => None,
                    };
                    let meaning = meaning.unwrap_or(Disposition::Modem);
                    Err(SubmitError::Refused(Refusal::new(result.to_string(), code, meaning)))
                }
            }
        }
    }
}

/// "No network service" (27.005 §3.2.5, 27.007 §9.2).
fn is_without_network(end: &End) -> bool {
    match end {
        End::Final(FinalResult::Cms(error)) => error.code() == Some(331),
        End::Final(FinalResult::Cme(error)) => error.code() == Some(30),
        _ => false,
    }
}

/// "Memory full", of SIM or modem: there may be room for the next one (27.005 §3.2.5).
fn is_full(result: &FinalResult) -> bool {
    match result {
        FinalResult::Cms(error) => matches!(error.code(), Some(322)),
        FinalResult::Cme(error) => matches!(error.code(), Some(20)),
        _ => false,
    }
}

fn finished(ticket: Ticket, outcome: Result<Accepted, SubmitError>, out: &mut Out) {
    out.event(Event::Submitted { ticket, outcome });
}

/// An `ERROR` so soon after Ctrl-Z cannot have come from the network.
const AT_ONCE: Millis = Millis(200);
const LINK_KEPT: Millis = Millis(4_000);
/// Submits after which we know how long the air takes, and how many are remembered.
const KNOWN_AFTER: usize = 3;
const AIR_KEPT: usize = 16;
/// No network is known to take so long when it has been fast all the time.
const STRANGE: Millis = Millis(4_000);
/// After the deadline; with it more than the 200 s that slow networks were seen to take.
const ON_THE_AIR: Millis = Millis::from_secs(90);
const MOST_UNKNOWN: usize = 8;
/// Fault 28.
const MOST_RESTARTS: usize = 3;
const RESTARTS_WITHIN: Millis = Millis::from_secs(600);
const HELD: &str = "the modem restarts whenever it sends; check its power supply";
