//! Bringing a modem up: the ordered list of questions and settings, one command each.
//!
//! Outcomes and time go in, requests come out, until [`Progress::Finished`]. Facts go into
//! `Known`. The whole list runs again after every reopened port, re-synchronisation and restart,
//! because many modems forget `+CNMI`, `+CPMS` and `+CMGF` then (at-sms 3); what the modem lets us
//! read back is read back.
//!
//! Begin with [`Step`], whose order is the order of work. How a SIM that is not ready is dealt
//! with stands in `gate`, storages and indications in `reception`.

mod answers;
mod step;

use super::event::Blocked;
use super::gate;
use super::known::Known;
use super::out::Out;
use super::reception::Reception;
use super::settings::Settings;
use super::state::State;
use crate::at::commands::{call, general, network, sim, sms, ussd};
use crate::at::{Disposition, End, FinalResult, Outcome, Quoted, Request};
use crate::types::Millis;
use step::Step;

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
    /// Steps that found no answer; a second time is taken for a refusal.
    silent: Vec<Step>,
    /// Questions whose answer was damaged and that were asked once more.
    repeated: Vec<Step>,
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
            silent: Vec::new(),
            repeated: Vec::new(),
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
            if !self.silent.contains(&self.step) {
                // It may have restarted without a word, and what was set before is lost: all of
                // it once more.
                self.silent.push(self.step);
                self.reception = Reception::default();
                return self.go(Step::EchoOff);
            }
            if self.is_needed() {
                return Progress::Lost;
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

    /// True the first time: the same question again (fault 29).
    fn asks_once_more(&mut self) -> bool {
        let first = !self.repeated.contains(&self.step);
        if first {
            self.repeated.push(self.step);
        }
        first
    }

    fn go(&mut self, step: Step) -> Progress {
        if std::mem::discriminant(&step) != std::mem::discriminant(&self.step) {
            self.since = None;
        }
        self.step = step;
        self.not_before = Millis(0);
        Progress::Going
    }
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

const RETRY: Millis = Millis(1_000);
