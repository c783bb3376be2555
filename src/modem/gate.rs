//! The SIM's gate: what its state means, and the rules of entering a PIN.
//!
//! A PIN is entered only when the state is exactly `SIM PIN`, only with at least two tries left,
//! only with leave, and never again after a refusal. A PUK is never entered (at-sms 4.2).

use super::bringup::PinTried;
use super::event::Blocked;
use super::profile::Profile;
use super::settings::Settings;
use crate::at::commands::general::Attention;
use crate::at::commands::sim::{EnterPin, QueryIccid, QueryPinTries, QueryPinTriesBy, SimState};
use crate::at::{AtLine, Command, Follows, Outcome, Quoted, Request};
use crate::types::Iccid;

/// What to do at the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// The SIM can be used.
    Open,
    /// Ask again in a second.
    NotYet,
    /// The configured PIN may be tried, with leave.
    Pin,
    /// A person must do something.
    Shut(Blocked),
}

/// By what `+CPIN?` says.
pub(super) fn by_state(state: SimState, settings: &Settings, pin: PinTried) -> Gate {
    match state {
        // A second PIN guards things that have nothing to do with texts.
        SimState::Ready | SimState::SecondPin => Gate::Open,
        SimState::Pin => match (&settings.pin, pin) {
            (None, _) => Gate::Shut(Blocked::PinNeeded),
            (Some(_), PinTried::Refused) => Gate::Shut(Blocked::PinRefused),
            (Some(_), _) => Gate::Pin,
        },
        SimState::Puk => Gate::Shut(Blocked::PukNeeded),
        SimState::Locked(lock) => Gate::Shut(Blocked::NetworkLock(lock)),
        SimState::Absent => Gate::Shut(Blocked::NoSim),
        SimState::Blocked => Gate::Shut(Blocked::SimFailure),
        SimState::NotReady | SimState::Other(_) => Gate::NotYet,
    }
}

/// By the `+CME ERROR` that came instead (27.007 §9.2).
pub(super) fn by_error(code: Option<u16>, settings: &Settings, pin: PinTried) -> Gate {
    match code {
        Some(10) => Gate::Shut(Blocked::NoSim),
        Some(13 | 15) => Gate::Shut(Blocked::SimFailure),
        Some(11) => by_state(SimState::Pin, settings, pin),
        Some(12) => Gate::Shut(Blocked::PukNeeded),
        Some(5..=7 | 40..=47) => Gate::Shut(Blocked::NetworkLock("device lock".to_owned())),
        _ => Gate::NotYet,
    }
}

/// How many ways there are to ask for the card number: the family's, then the file itself.
pub(super) fn card_forms(profile: &Profile) -> usize {
    profile.iccid.len() + 1
}

/// Asks for the card number in one of these ways.
pub(super) fn card(profile: &Profile, form: usize) -> Request {
    match (profile.iccid.get(form), QueryIccid::ALL.last()) {
        (None, Some(file)) => Request::of(file),
        (command, _) => Request {
            line: AtLine::literal(command.copied().unwrap_or("")),
            answer: QueryIccid::ANSWER,
            timeout: QueryIccid::TIMEOUT,
            payload: None,
            follows: Follows::Pause,
            sends: false,
            ask_after: None,
        },
    }
}

/// The card number in an answer to any of them.
pub(super) fn card_of(outcome: &Outcome) -> Option<Iccid> {
    QueryIccid::ALL.first().and_then(|any| outcome.reply(any).ok())
}

/// How many ways there are to ask for the tries left: the family's, then the standard's.
pub(super) fn tries_forms(profile: &Profile) -> usize {
    profile.pin_tries.len() + 1
}

/// Asks for the tries left in one of these ways.
pub(super) fn tries(profile: &Profile, form: usize) -> Request {
    profile.pin_tries.get(form).map_or_else(|| Request::of(&QueryPinTries), Request::of)
}

/// The tries left in the answer.
pub(super) fn tries_of(profile: &Profile, form: usize, outcome: &Outcome) -> Option<u8> {
    match profile.pin_tries.get(form) {
        Some(query) => outcome.reply::<QueryPinTriesBy>(query).ok(),
        None => outcome.reply(&QueryPinTries).ok(),
    }
}

/// Enters the configured PIN. Without a usable one only `AT` is written.
pub(super) fn enter(settings: &Settings) -> Request {
    let pin = settings.pin.as_ref().map(|pin| pin.expose());
    match pin.filter(|pin| is_pin(pin)).and_then(|pin| Quoted::new(pin).ok()) {
        Some(pin) => Request::of(&EnterPin(pin)),
        None => Request::of(&Attention),
    }
}

/// Four to eight digits (31.101 §9.5.1): anything else would only waste a try.
fn is_pin(pin: &str) -> bool {
    (4..=8).contains(&pin.len()) && pin.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Secret;

    /// Fault 46, fault 47, quirk 61: which states let a PIN be tried.
    #[test]
    fn a_pin_is_tried_only_when_exactly_that_is_asked_for() {
        let with = Settings { pin: Some(Secret::new("1234")), ..Settings::default() };
        let without = Settings::default();
        let shut = |why| Gate::Shut(why);
        for (state, settings, pin, expected) in [
            ("READY", &with, PinTried::No, Gate::Open),
            ("SIM PIN2", &with, PinTried::No, Gate::Open),
            ("SIM PIN", &with, PinTried::No, Gate::Pin),
            ("\"SIM PIN\"", &with, PinTried::No, Gate::Pin),
            ("SIM PIN", &with, PinTried::Accepted, Gate::Pin),
            ("SIM PIN", &with, PinTried::Refused, shut(Blocked::PinRefused)),
            ("SIM PIN", &without, PinTried::No, shut(Blocked::PinNeeded)),
            ("SIM PUK", &with, PinTried::No, shut(Blocked::PukNeeded)),
            ("PH-NET PIN", &with, PinTried::No, shut(Blocked::NetworkLock("PH-NET PIN".into()))),
            ("NOT INSERTED", &with, PinTried::No, shut(Blocked::NoSim)),
            ("NOT READY", &with, PinTried::No, Gate::NotYet),
        ] {
            assert_eq!(by_state(SimState::parse(state), settings, pin), expected, "{state}");
        }
        assert_eq!(by_error(Some(11), &with, PinTried::Refused), shut(Blocked::PinRefused));
        assert_eq!(by_error(Some(14), &with, PinTried::No), Gate::NotYet);
    }

    #[test]
    fn what_is_no_pin_is_never_entered() {
        for (pin, line) in [("1234", "AT+CPIN=\"1234\""), ("12", "AT"), ("12a4", "AT"), ("", "AT")]
        {
            let settings = Settings { pin: Some(Secret::new(pin)), ..Settings::default() };
            assert_eq!(enter(&settings).line.text(), line);
        }
    }
}
