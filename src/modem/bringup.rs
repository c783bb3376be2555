//! Bringing a modem up: the ordered list of questions and settings, one command each.
//!
//! Outcomes and time go in, requests come out, until [`Progress::Finished`]. Facts go into
//! `Known`. The whole list runs again after every reopened port, re-synchronisation and restart,
//! because many modems forget `+CNMI`, `+CPMS` and `+CMGF` then (at-sms 3); what the modem lets us
//! read back is read back.
//!
//! Begin with [`Step`], whose order is the order of work. How a SIM that is not ready is dealt
//! with stands in `gate`, storages and indications in `reception`.

use super::event::Blocked;
use super::gate;
use super::known::Known;
use super::out::Out;
use super::profile::Profile;
use super::reception::Reception;
use super::settings::Settings;
use super::state::State;
use crate::at::commands::{call, general, network, sim, sms, ussd};
use crate::at::{CmeError, CommandError, Disposition, End, FinalResult, Outcome, Quoted, Request};
use crate::types::Millis;

/// One command of the list. A number counts the forms that were tried before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// `ATZ`, only on the second rung of the recovery ladder.
    Reset,
    EchoOff,
    Verbose,
    Errors,
    Maker,
    Model,
    Firmware,
    Imei,
    Functionality,
    SwitchOn,
    Sim,
    /// The card number of a locked SIM, so that the try is recorded for the right card.
    LockedCard(usize),
    Tries(usize),
    EnterPin,
    Subscription,
    Card(usize),
    OwnNumber,
    Vendor(usize),
    CharacterSet(usize),
    PduMode,
    PhaseTwo,
    Service,
    Centre,
    RestoreCentre,
    StorageChoices,
    UseStorages,
    StoragesBack,
    IndicationChoices,
    UseIndications,
    IndicationsBack,
    Registration(usize),
    Operator,
    Caller,
    ShowUssd,
    End,
}

/// How the list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The next request is ready, now or at the time of [`BringUp::due`].
    Going,
    /// The SIM wants the PIN we have: a person's durable leave is needed.
    PinWanted(Option<u8>),
    /// A person must do something.
    Blocked(Blocked),
    /// A command without which nothing works found no answer.
    Lost,
    /// Everything is set.
    Finished,
}

/// What became of the configured PIN. It outlives the list: a refused PIN is never entered again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum PinTried {
    /// Not entered.
    #[default]
    No,
    /// Entered and taken.
    Accepted,
    /// Entered and refused, or its fate is not known.
    Refused,
}

/// One run of the list.
#[derive(Debug)]
pub(super) struct BringUp {
    step: Step,
    /// When this step was first asked for.
    since: Option<Millis>,
    not_before: Millis,
    /// Unanswered tries of this step.
    silent: u8,
    /// What became of the PIN; kept by the session from one run to the next.
    pub(super) pin: PinTried,
    reception: Reception,
}

impl BringUp {
    /// The list from its beginning, or from `ATZ`.
    pub fn new(reset: bool, pin: PinTried) -> Self {
        Self {
            step: if reset { Step::Reset } else { Step::EchoOff },
            since: None,
            not_before: Millis(0),
            silent: 0,
            pin,
            reception: Reception::default(),
        }
    }

    /// When the next request may be written.
    pub fn due(&self) -> Millis {
        self.not_before
    }

    /// The state everyone sees.
    pub fn state(&self) -> State {
        match self.step {
            Step::LockedCard(_) | Step::Tries(_) | Step::EnterPin => State::PinNeeded,
            Step::Reset
            | Step::EchoOff
            | Step::Verbose
            | Step::Errors
            | Step::Maker
            | Step::Model
            | Step::Firmware
            | Step::Imei
            | Step::Functionality
            | Step::SwitchOn
            | Step::Sim
            | Step::Subscription
            | Step::Card(_)
            | Step::OwnNumber => State::Identifying,
            _ => State::Initialising,
        }
    }

    /// The SMS part woke up, or the SIM says it is ready: do not wait any longer.
    pub fn hurry(&mut self) {
        self.not_before = Millis(0);
    }

    /// Leave to enter the PIN.
    pub fn allow_pin(&mut self) {
        self.go(Step::EnterPin);
    }

    /// The request of this step.
    pub fn request(&mut self, now: Millis, known: &Known, settings: &Settings) -> Request {
        self.since.get_or_insert(now);
        let profile = known.profile;
        match self.step {
            Step::Reset => Request::of(&general::ResetProfile),
            Step::EchoOff => Request::of(&general::EchoOff),
            Step::Verbose => Request::of(&general::Verbose),
            Step::Errors => Request::of(&general::NumericErrors),
            Step::Maker => Request::of(&general::QueryMaker),
            Step::Model => Request::of(&general::QueryModel),
            Step::Firmware => Request::of(&general::QueryFirmware),
            Step::Imei => Request::of(&general::QueryImei),
            Step::Functionality => Request::of(&general::QueryFunctionality),
            Step::SwitchOn => Request::of(&general::SwitchOn),
            Step::Sim => Request::of(&sim::QuerySim),
            Step::LockedCard(form) | Step::Card(form) => gate::card(profile, form),
            Step::Tries(form) => gate::tries(profile, form),
            Step::EnterPin => gate::enter(settings),
            Step::Subscription => Request::of(&sim::QueryImsi),
            Step::OwnNumber => Request::of(&sim::QueryOwnNumbers),
            Step::Vendor(line) => {
                Request::of(&general::Setup(profile.init.get(line).copied().unwrap_or("")))
            }
            Step::CharacterSet(0) => Request::of(&general::CharacterSetGsm),
            Step::CharacterSet(_) => Request::of(&general::CharacterSetIra),
            Step::PduMode => Request::of(&sms::PduMode),
            Step::PhaseTwo => Request::of(&sms::PhaseTwoPlus),
            Step::Service => Request::of(&sms::QueryService),
            Step::Centre => Request::of(&sms::QueryCentre),
            Step::RestoreCentre => restore_centre(known.sim.smsc.as_deref().unwrap_or("")),
            Step::StorageChoices => Request::of(&sms::ListStorages),
            Step::UseStorages => self.reception.use_storages(),
            Step::StoragesBack => Request::of(&sms::QueryStorages),
            Step::IndicationChoices => Request::of(&sms::ListIndications),
            Step::UseIndications => self.reception.use_indications(),
            Step::IndicationsBack => Request::of(&sms::QueryIndications),
            Step::Registration(0) => Request::of(&network::ReportRegistration),
            Step::Registration(1) => Request::of(&network::ReportPacketRegistration),
            Step::Registration(_) => Request::of(&network::ReportEpsRegistration),
            Step::Operator => Request::of(&network::OperatorByName),
            Step::Caller => Request::of(&call::ShowCaller),
            Step::ShowUssd | Step::End => Request::of(&ussd::ShowUssd),
        }
    }

    /// Takes the outcome of the request.
    pub fn done(
        &mut self,
        now: Millis,
        outcome: &Outcome,
        known: &mut Known,
        settings: &Settings,
        out: &mut Out,
    ) -> Progress {
        if matches!(outcome.end, End::TimedOut | End::GivenUp) && self.step != Step::EnterPin {
            self.silent += 1;
            if self.is_needed() {
                return if self.silent == 1 { Progress::Going } else { Progress::Lost };
            }
            // It hangs on a question we can do without: as if it had been refused.
        }
        if self.waits_for_modem(now, outcome, settings) {
            self.not_before = now + RETRY;
            return Progress::Going;
        }
        self.read(now, outcome, known, settings, out)
    }

    /// "SIM busy" and its like mean later, whatever was asked (quirks 48, 50 to 52, 56).
    fn waits_for_modem(&self, now: Millis, outcome: &Outcome, settings: &Settings) -> bool {
        let End::Final(result) = &outcome.end else { return false };
        let patience = self.since.is_some_and(|since| now < since + settings.ready_within);
        let busy = match result {
            FinalResult::Cms(error) => error.disposition_unsent() == Disposition::Modem,
            FinalResult::Cme(error) => is_busy(error.code()),
            // The message part may wake up after everything else (quirk 52).
            FinalResult::Error => self.step == Step::PduMode,
            _ => false,
        };
        patience && busy && self.step != Step::EnterPin
    }

    /// Steps without which no text can be handled.
    fn is_needed(&self) -> bool {
        matches!(self.step, Step::EchoOff | Step::Sim | Step::PduMode | Step::UseStorages)
    }

    fn read(
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
                if level.is_ok_and(|level| level != general::Functionality::Full) {
                    return self.go(Step::SwitchOn);
                }
            }
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
                self.reception.choose_storages(known.profile, outcome.reply(&sms::ListStorages));
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
                self.reception.choose_indications(known.profile, choices);
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

    fn go(&mut self, step: Step) -> Progress {
        if std::mem::discriminant(&step) != std::mem::discriminant(&self.step) {
            self.since = None;
        }
        self.step = step;
        self.silent = 0;
        self.not_before = Millis(0);
        Progress::Going
    }
}

/// The order of work.
fn following(step: Step, profile: &Profile) -> Step {
    match step {
        Step::Reset => Step::EchoOff,
        Step::EchoOff => Step::Verbose,
        Step::Verbose => Step::Errors,
        Step::Errors => Step::Maker,
        Step::Maker => Step::Model,
        Step::Model => Step::Firmware,
        Step::Firmware => Step::Imei,
        Step::Imei => Step::Functionality,
        Step::Functionality | Step::SwitchOn | Step::EnterPin => Step::Sim,
        Step::LockedCard(_) | Step::Tries(_) => Step::Tries(0),
        Step::Sim => Step::Subscription,
        Step::Subscription => Step::Card(0),
        Step::Card(_) => Step::OwnNumber,
        Step::OwnNumber if profile.init.is_empty() => Step::CharacterSet(0),
        Step::OwnNumber => Step::Vendor(0),
        Step::Vendor(line) if line + 1 < profile.init.len() => Step::Vendor(line + 1),
        Step::Vendor(_) => Step::CharacterSet(0),
        Step::CharacterSet(_) => Step::PduMode,
        Step::PduMode if profile.quirks.acknowledges => Step::PhaseTwo,
        Step::PduMode => Step::Centre,
        Step::PhaseTwo => Step::Service,
        Step::Service => Step::Centre,
        Step::Centre | Step::RestoreCentre => Step::StorageChoices,
        Step::StorageChoices => Step::UseStorages,
        Step::UseStorages => Step::StoragesBack,
        Step::StoragesBack => Step::IndicationChoices,
        Step::IndicationChoices => Step::UseIndications,
        Step::UseIndications => Step::IndicationsBack,
        Step::IndicationsBack => Step::Registration(0),
        Step::Registration(domain) if domain < 2 => Step::Registration(domain + 1),
        Step::Registration(_) => Step::Operator,
        Step::Operator => Step::Caller,
        Step::Caller => Step::ShowUssd,
        Step::ShowUssd | Step::End => Step::End,
    }
}

/// The owner's choice, or what the modem says of itself.
fn chosen_profile(known: &Known, settings: &Settings) -> &'static Profile {
    let named = settings.profile.as_deref().and_then(Profile::named);
    named.unwrap_or_else(|| Profile::matching(&known.maker, &known.model))
}

/// `AT+CSCA` with the number that was there before; the type follows from its form.
pub(super) fn restore_centre(number: &str) -> Request {
    let kind = if number.starts_with('+') { 145 } else { 129 };
    match Quoted::new(number) {
        Ok(number) => Request::of(&sms::SetCentre(number, kind)),
        Err(_) => Request::of(&sms::QueryCentre),
    }
}

fn is_ok(outcome: &Outcome) -> bool {
    matches!(outcome.end, End::Final(FinalResult::Ok) | End::Assumed)
}

/// `+CME ERROR`s of a SIM or modem that is still waking up (27.007 §9.2, quirk 56).
fn is_busy(code: Option<u16>) -> bool {
    matches!(code, Some(14 | 515 | 256 | 258))
}

/// `+CME ERROR: 16` (27.007 §9.2).
const WRONG_PASSWORD: u16 = 16;
const RETRY: Millis = Millis(1_000);
const POLLING: &str = "The modem announces no texts; its storages are read in turn instead.";
