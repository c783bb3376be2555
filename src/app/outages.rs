//! Lines that are out of service: nobody reaches them, and what they are to send waits. No I/O and no
//! clock of its own.
//!
//! A gateway that stands in a cupboard must say so by itself: people find out only when they miss a text.

use std::collections::BTreeMap;

use crate::modem::State;
use crate::store::{LineId, Modem};
use crate::types::Millis;

/// For so long a line may be out of service before a person is told: modems recover by themselves.
const PATIENCE: Millis = Millis::from_secs(600);
/// A line that comes and goes is told of once in so long.
const SELDOM: Millis = Millis::from_secs(3_600);
/// Lines named in one alert.
const NAMED: usize = 3;

/// Since when each line is out of service.
#[derive(Debug, Default)]
pub(super) struct Outages(BTreeMap<LineId, Service>);

#[derive(Debug, Default)]
struct Service {
    out_since: Option<Millis>,
    /// This outage was told of.
    told: bool,
    told_at: Option<Millis>,
}

impl Outages {
    /// How a line is now. One that is out of service is watched from the first time on.
    pub(super) fn look(&mut self, now: Millis, line: LineId, serves: bool) {
        let service = self.0.entry(line).or_default();
        match serves {
            true => (service.out_since, service.told) = (None, false),
            false => service.out_since = service.out_since.or(Some(now)),
        }
    }

    /// Whether a line was ever looked at.
    pub(super) fn knows(&self, line: LineId) -> bool {
        self.0.contains_key(&line)
    }

    /// Lines of which a person is to be told now.
    pub(super) fn due(&self, now: Millis) -> Vec<LineId> {
        let long = |service: &Service| {
            let out = service.out_since.is_some_and(|since| now.since(since) >= PATIENCE);
            let lately = service.told_at.is_some_and(|at| now.since(at) < SELDOM);
            out && !service.told && !lately
        };
        self.0.iter().filter(|(_, service)| long(service)).map(|(line, _)| *line).collect()
    }

    /// A person was told of them.
    pub(super) fn told(&mut self, now: Millis, lines: &[LineId]) {
        for line in lines {
            let service = self.0.entry(*line).or_default();
            (service.told, service.told_at) = (true, Some(now));
        }
    }
}

/// Whether the line whose SIM was last seen in `modem` sends and receives.
pub(super) fn serves(modem: Option<&Modem>) -> bool {
    modem.is_some_and(|modem| modem.state == State::Ready.as_str())
}

/// What a person is told of lines that are out of service: their names, each with the modem that has its SIM.
pub(super) fn words(out: &[(&str, Option<&Modem>)]) -> String {
    if let [(line, modem)] = out {
        return format!("{line} has been out of service for ten minutes: {}", why(*modem));
    }
    let names: Vec<&str> = out.iter().take(NAMED).map(|(line, _)| *line).collect();
    let more = match out.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{} lines have been out of service for ten minutes: {}{more}. Look at their modems, cables and supply.",
        out.len(),
        names.join(", ")
    )
}

/// What is wrong, and what to do.
fn why(modem: Option<&Modem>) -> String {
    let Some(modem) = modem else {
        return "its SIM is in no modem.".to_owned();
    };
    match (modem.state.as_str(), modem.registration.as_deref(), &modem.note) {
        ("closed", ..) => "its modem is gone. Look at the cable and the supply.".to_owned(),
        ("registering", Some("denied" | "emergency-only"), _) => {
            "the network refuses its SIM. Try it in a phone, or ask its operator whether it is active."
                .to_owned()
        }
        ("registering", ..) => "it finds no network. Put the antenna at a window.".to_owned(),
        (_, _, Some(note)) => format!("{}.", note.trim_end_matches('.')),
        ("pin-needed", ..) => "its SIM does not open. Look at the page of its modem.".to_owned(),
        _ => "its modem does not answer as it should. Look at the cable and the supply.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: LineId = LineId(1);

    /// Fault 53: told after ten minutes, once. Fault 56: a network that comes and goes, once an hour.
    #[test]
    fn an_outage_is_told_of_once_and_a_line_that_comes_and_goes_once_an_hour() {
        let minute = |n: u64| Millis::from_secs(60 * n);
        let mut outages = Outages::default();
        let mut told = Vec::new();
        for now in 0..200 {
            let serves = now < 5 || (now > 30 && now % 15 == 0);
            outages.look(minute(now), LINE, serves);
            let due = outages.due(minute(now));
            outages.told(minute(now), &due);
            told.extend(due.iter().map(|_| now));
        }
        assert_eq!(told, [15, 86, 146]);
    }

    #[test]
    fn many_lines_are_told_of_together() {
        let out = ["One", "Two", "Three", "Four", "Five"].map(|name| (name, None));
        assert_eq!(
            words(&out),
            "5 lines have been out of service for ten minutes: One, Two, Three and 2 more. Look at \
             their modems, cables and supply."
        );
        assert_eq!(
            words(&out[..1]),
            "One has been out of service for ten minutes: its SIM is in no modem."
        );
    }
}
