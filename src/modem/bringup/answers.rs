//! What each answer of the list means: a fact for `Known`, another form to try, or the next step.

use super::step::{Step, following};
use super::{BringUp, PinTried, Progress, RETRY, is_ok};
use crate::at::commands::{general, sim, sms};
use crate::at::{CmeError, CommandError, End, FinalResult, Outcome};
use crate::modem::event::Blocked;
use crate::modem::gate;
use crate::modem::known::Known;
use crate::modem::out::Out;
use crate::modem::profile::Profile;
use crate::modem::settings::Settings;
use crate::types::Millis;

impl BringUp {
    pub(super) fn read(
        &mut self,
        now: Millis,
        outcome: &Outcome,
        known: &mut Known,
        settings: &Settings,
        out: &mut Out,
    ) -> Progress {
        match self.step {
            Step::Maker => known.maker = outcome.reply(&general::QueryMaker).unwrap_or_default(),
            Step::Model => known.model = outcome.reply(&general::QueryModel).unwrap_or_default(),
            Step::Firmware => {
                known.firmware = outcome.reply(&general::QueryFirmware).unwrap_or_default();
            }
            Step::Imei => {
                known.imei = outcome.reply(&general::QueryImei).ok().flatten();
                known.profile = chosen_profile(known, settings);
                out.events(known.identified());
            }
            Step::Functionality => {
                let level = outcome.reply(&general::QueryFunctionality);
                let unread = level.is_err() && is_ok(outcome);
                if unread && self.asks_once_more() {
                    return Progress::Going;
                }
                // A radio that stays off is found after minutes only. So what we switched off is switched on
                // whatever a late answer says, and so is what no answer can be read of.
                let off = level.is_ok_and(|level| level != general::Functionality::Full);
                if known.radio_off || unread || off {
                    return self.go(Step::SwitchOn);
                }
            }
            Step::SwitchOn => known.radio_off &= !is_ok(outcome),
            Step::Sim => return self.sim_state(now, outcome, settings),
            Step::LockedCard(form) => {
                let card = gate::card_of(outcome);
                if card.is_none() && form + 1 < gate::card_forms(known.profile) {
                    return self.go(Step::LockedCard(form + 1));
                }
                if card.is_some() {
                    known.sim.iccid = card;
                    out.events(known.sim_told());
                }
                return self.go(Step::Tries(0));
            }
            Step::Tries(form) => {
                let left = gate::tries_of(known.profile, form, outcome);
                if left.is_none() && form + 1 < gate::tries_forms(known.profile) {
                    return self.go(Step::Tries(form + 1));
                }
                return match left {
                    Some(left) if left < 2 => Progress::Blocked(Blocked::TooFewTries(left)),
                    left => Progress::PinWanted(left),
                };
            }
            Step::EnterPin => {
                self.pin = if is_ok(outcome) { PinTried::Accepted } else { PinTried::Refused };
                let wrong = FinalResult::Cme(CmeError::Code(WRONG_PASSWORD));
                if outcome.end == End::Final(wrong) {
                    return Progress::Blocked(Blocked::PinRefused);
                }
                // Whatever else was said, or not: the SIM's state tells what became of the try.
                return self.go(Step::Sim);
            }
            Step::Subscription => known.sim.imsi = outcome.reply(&sim::QueryImsi).ok(),
            Step::Card(form) => {
                let card = gate::card_of(outcome);
                if card.is_none() && form + 1 < gate::card_forms(known.profile) {
                    return self.go(Step::Card(form + 1));
                }
                if known.sim.iccid.is_some() && known.sim.iccid != card {
                    known.epoch += 1;
                    known.sim.smsc = None;
                }
                known.sim.iccid = card;
            }
            Step::OwnNumber => {
                let numbers = outcome.reply(&sim::QueryOwnNumbers).unwrap_or_default();
                known.sim.number = numbers.into_iter().next();
            }
            Step::CharacterSet(0) if !is_ok(outcome) => {
                return self.go(Step::CharacterSet(1));
            }
            Step::PduMode if !is_ok(outcome) => {
                return Progress::Blocked(Blocked::TextModeOnly);
            }
            Step::Service => {
                let service = outcome.reply(&sms::QueryService);
                known.acknowledges = known.profile.quirks.acknowledges && service == Ok(1);
            }
            Step::Centre => {
                let centre = outcome.reply(&sms::QueryCentre);
                if centre == Ok(None) && known.sim.smsc.is_some() {
                    return self.go(Step::RestoreCentre);
                }
                known.sim.smsc = centre.ok().flatten().map(|centre| centre.number);
                out.events(known.sim_told());
            }
            Step::RestoreCentre => out.note(if is_ok(outcome) {
                "The service centre number was lost and has been restored."
            } else {
                "The service centre number was lost and could not be restored."
            }),
            Step::StorageChoices => {
                // A storage that is missing from the list is never read: a second look costs little.
                let whole = names_storages_only(outcome);
                self.reception.offered(outcome.reply(&sms::ListStorages), whole);
                if is_ok(outcome) && !whole && self.asks_once_more() {
                    return Progress::Going;
                }
                self.reception.choose_storages(known.profile);
            }
            Step::UseStorages => {
                // Total 0: the SIM has not been read yet (quirk 78).
                let waiting = self.since.is_some_and(|since| now < since + settings.ready_within);
                match self.reception.storages_used(outcome, waiting, known) {
                    Ok(fills) => out.events(known.filled(&fills)),
                    Err(again) => {
                        self.not_before = if again.later { now + RETRY } else { Millis(0) };
                        return Progress::Going;
                    }
                }
            }
            Step::StoragesBack => {
                let back = outcome.reply(&sms::QueryStorages);
                if !self.reception.storages_verified(&back, known) {
                    out.note_once("The modem did not keep the storage setting (+CPMS).");
                }
            }
            Step::IndicationChoices => {
                known.indications = None;
                let choices = outcome.reply(&sms::ListIndications);
                self.reception.choose_indications(known, choices);
                if self.reception.is_polling() {
                    out.note_once(POLLING);
                    return self.go(Step::Registration(0));
                }
            }
            Step::UseIndications if !is_ok(outcome) => {
                if self.reception.next_indication() {
                    return self.go(Step::UseIndications);
                }
                out.note_once(POLLING);
            }
            Step::IndicationsBack => {
                let back = outcome.reply(&sms::QueryIndications);
                if is_ok(outcome) && back.is_err() && self.asks_once_more() {
                    return Progress::Going;
                }
                known.indications = back.as_ref().ok().copied();
                if !self.reception.indications_verified(back) && self.reception.next_indication() {
                    return self.go(Step::UseIndications);
                }
                if self.reception.is_polling() {
                    out.note_once(POLLING);
                }
            }
            _ => {}
        }
        match following(self.step, known.profile) {
            Step::End => Progress::Finished,
            next => self.go(next),
        }
    }

    fn sim_state(&mut self, now: Millis, outcome: &Outcome, settings: &Settings) -> Progress {
        use sim::SimState;
        let patience = self.since.is_some_and(|since| now < since + settings.ready_within);
        let verdict = match outcome.reply(&sim::QuerySim) {
            Ok(SimState::Pin) if self.pin == PinTried::Accepted && patience => gate::Gate::NotYet,
            Ok(state) => gate::by_state(state, settings, self.pin),
            Err(CommandError::Refused(FinalResult::Cme(error))) => {
                gate::by_error(error.code(), settings, self.pin)
            }
            // Some have no such command: the steps that follow show whether there is a SIM.
            Err(_) => gate::Gate::Open,
        };
        match verdict {
            gate::Gate::Open => {
                if self.pin == PinTried::Refused {
                    self.pin = PinTried::Accepted;
                }
                self.go(Step::Subscription)
            }
            gate::Gate::NotYet if patience => {
                self.not_before = now + RETRY;
                Progress::Going
            }
            gate::Gate::NotYet => Progress::Blocked(Blocked::SimFailure),
            gate::Gate::Pin => self.go(Step::LockedCard(0)),
            gate::Gate::Shut(why) => Progress::Blocked(why),
        }
    }
}

/// The owner's choice, or what the modem says of itself.
fn chosen_profile(known: &Known, settings: &Settings) -> &'static Profile {
    let named = settings.profile.as_deref().and_then(Profile::named);
    named.unwrap_or_else(|| Profile::matching(&known.maker, &known.model))
}

/// `+CME ERROR: 16` (27.007 §9.2).
const WRONG_PASSWORD: u16 = 16;
const POLLING: &str = "The modem announces no texts; its storages are read in turn instead.";

/// Whether every word of the answer to `+CPMS=?` was read as a storage, in three lists: a byte lost
/// on the line shows here.
fn names_storages_only(outcome: &Outcome) -> bool {
    let words = outcome.info.with("+CPMS:").flat_map(|line| {
        line.after("+CPMS:").split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
    });
    outcome.reply(&sms::ListStorages).is_ok_and(|all| {
        let lists = [all.read.len(), all.write.len(), all.receive.len()];
        lists.iter().all(|length| *length > 0) && lists.iter().sum::<usize>() == words.count()
    })
}
