//! What the session does when the modem stops answering or finds no network.
//!
//! Failures, silence and time come in; the next rung of the ladder goes out as a phase. Which rung
//! is next is the ladder's decision.

use super::{Event, Out, Phase, Rung, Session};
use crate::at::{self, End, Outcome};
use crate::types::Millis;

impl Session {
    /// A network that does not come back by itself sometimes does after the radio was off, and
    /// indications may have fallen back.
    pub(super) fn check_work(&mut self, now: Millis, out: &mut Out) {
        let lost = self.health.without_network;
        if lost.is_some_and(|since| now >= since + RADIO_AFTER) && self.in_flight.is_none() {
            self.health.without_network = Some(now);
            out.note("No network for ten minutes: the radio is switched off and on.");
            let again_at = now + TRY_AGAIN;
            self.enter(Phase::Recovering { rung: Rung::Radio, again_at }, out);
        } else if self.health.needs_set_up() && self.in_flight.is_none() {
            self.bring_up(false, out);
        }
    }

    /// A command went unanswered. The conversation is bringing the modem to its senses already;
    /// what we do when it answers depends on how often that happened.
    pub(super) fn recover(&mut self, now: Millis, out: &mut Out) {
        let may_restart = self.restart_from.is_some_and(|from| from <= now);
        let rung = self.ladder.climb(now, may_restart);
        self.stop_sending("the modem stopped answering", out);
        out.note(format!("The modem stopped answering; recovery: {rung}."));
        if rung == Rung::Reopen {
            self.ask_to_reopen(now, "the modem stops answering again and again", out);
        } else {
            self.enter(Phase::Recovering { rung, again_at: now + TRY_AGAIN }, out);
        }
    }

    pub(super) fn on_synced(&mut self, now: Millis, out: &mut Out) {
        self.quiet_until = now + Millis(self.known.profile.quirks.pause_ms);
        match self.phase {
            Phase::Probing | Phase::Recovering { rung: Rung::Escape, .. } => {
                self.bring_up(false, out);
            }
            Phase::Recovering { rung: Rung::Reset | Rung::Reopen, .. } => self.bring_up(true, out),
            _ => {}
        }
    }

    /// The modem is told to restart: from here on this is said to nobody, and to no modem again.
    pub(super) fn restart(&mut self, out: &mut Out) {
        self.restart_from = None;
        self.outbox.restarting();
        out.event(Event::Restarting);
    }

    /// It was told to. One that starts says so, leaves the bus, or answers when it has.
    pub(super) fn on_restart(&mut self, now: Millis, outcome: &Outcome, out: &mut Out) {
        // It said that it has started before its answer was complete, or the gateway stops.
        if !matches!(self.phase, Phase::Recovering { .. }) {
            return;
        }
        match outcome.end {
            End::GivenUp => {}
            End::Final(at::FinalResult::Ok) | End::Assumed => {
                let again_at = now + STARTS_WITHIN;
                self.enter(Phase::Recovering { rung: Rung::Escape, again_at }, out);
            }
            _ => self.ask_to_reopen(now, "the modem does not restart", out),
        }
    }

    pub(super) fn on_deaf(&mut self, now: Millis, out: &mut Out) {
        if matches!(self.phase, Phase::Closed | Phase::Stopping { .. }) {
            return;
        }
        if self.outbox.may_be_answered(now) {
            // Many answer nothing else while a submit is on the air, and a port that is closed
            // now would never hear what became of it (fault 31).
            let again_at = now + TRY_AGAIN;
            return self.enter(Phase::Recovering { rung: Rung::Escape, again_at }, out);
        }
        self.stop_sending("the modem does not answer", out);
        self.ask_to_reopen(now, "the modem does not answer", out);
    }

    fn ask_to_reopen(&mut self, now: Millis, reason: &'static str, out: &mut Out) {
        self.enter(Phase::Recovering { rung: Rung::Reopen, again_at: now + TRY_AGAIN }, out);
        out.event(Event::Reopen { reason });
    }
}

/// We try again by ourselves when nobody reopened the port.
pub(super) const TRY_AGAIN: Millis = Millis::from_secs(30);
pub(super) const RADIO_AFTER: Millis = Millis::from_secs(600);
/// A modem that restarts is spoken to after this, unless it said before that it has started.
const STARTS_WITHIN: Millis = Millis::from_secs(15);
