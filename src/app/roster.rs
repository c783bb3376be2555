//! Which ports have a task, which rest and until when. No I/O and no clock of its own.

use std::collections::BTreeMap;

use super::End;
use crate::io::Candidate;
use crate::types::Millis;

/// A port that does not answer is asked again after this; something else may live there.
const NO_ANSWER: Millis = Millis::from_secs(60);

const HOPELESS: u32 = 3;

/// All ports we know about.
#[derive(Debug, Default)]
pub(super) struct Roster {
    ports: BTreeMap<String, Place>,
}

#[derive(Debug)]
struct Place {
    device: Option<String>,
    /// Ends in a row without ever having worked.
    failures: u32,
    /// A modem worked here before.
    known: bool,
    /// Which line speed: the candidate's own, then its other ones.
    speed: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// A task has it.
    Held,
    /// To be tried again then.
    Resting { until: Millis },
    /// Nobody answered; its siblings may be tried meanwhile.
    Mute { until: Millis },
    /// Another port of the modem that `owner` has.
    Spare { owner: String },
}

impl Roster {
    /// The candidates to start a task for now. They count as held from here on.
    ///
    /// Of the ports of one device only one is held, the best that answers.
    pub(super) fn due(&mut self, now: Millis, candidates: &[Candidate]) -> Vec<Candidate> {
        // A port that vanished starts afresh when it comes back: plugging in is a person's act.
        self.ports.retain(|name, place| {
            matches!(place.state, State::Held) || candidates.iter().any(|c| c.name == *name)
        });
        let mut due = Vec::new();
        for candidate in candidates {
            if self.may_start(now, candidate, candidates) {
                let before = self.ports.get(&candidate.name);
                let failures = before.map_or(0, |place| place.failures);
                let known = before.is_some_and(|place| place.known);
                let speed = before.map_or(0, |place| place.speed);
                let device = candidate.device.clone();
                let place = Place { device, failures, known, speed, state: State::Held };
                self.ports.insert(candidate.name.clone(), place);
                let other = speed.checked_sub(1).and_then(|n| candidate.speeds.get(n));
                let baud = other.copied().unwrap_or(candidate.baud);
                due.push(Candidate { baud, ..candidate.clone() });
            }
        }
        due
    }

    /// A task ended. `worked` says whether its modem had introduced itself, `speeds` how many
    /// other line speeds its port has: they are tried one after the other before it is mute.
    pub(super) fn ended(
        &mut self,
        now: Millis,
        port: &str,
        end: &End,
        worked: bool,
        speeds: usize,
    ) {
        let Some(place) = self.ports.get_mut(port) else { return };
        place.failures = if worked { 0 } else { place.failures.saturating_add(1) };
        place.known |= worked;
        place.state = match end {
            End::NoAnswer if place.speed < speeds => {
                place.speed += 1;
                State::Resting { until: now }
            }
            End::NoAnswer => {
                place.speed = 0;
                State::Mute { until: now + NO_ANSWER }
            }
            End::SpareOf(owner) => State::Spare { owner: owner.clone() },
            _ => State::Resting { until: now + pause(place.failures) },
        };
    }

    /// Something came or went: a port that only rests may be back.
    pub(super) fn look_again(&mut self) {
        for place in self.ports.values_mut() {
            if let State::Resting { until } = &mut place.state {
                *until = Millis(0);
            }
        }
    }

    /// When to look again although nothing changed.
    pub(super) fn next_look(&self) -> Option<Millis> {
        let times = self.ports.values().filter_map(|place| match place.state {
            State::Resting { until } | State::Mute { until } => Some(until),
            State::Held | State::Spare { .. } => None,
        });
        times.min()
    }

    /// How often in a row a port failed.
    pub(super) fn failures(&self, port: &str) -> u32 {
        self.ports.get(port).map_or(0, |place| place.failures)
    }

    /// Whether it is time to ask a person: a modem that worked here does not answer any more, however
    /// often its port is opened. True once until it works again.
    pub(super) fn is_hopeless(&self, port: &str) -> bool {
        self.ports.get(port).is_some_and(|place| place.known && place.failures == HOPELESS)
    }

    fn may_start(&self, now: Millis, candidate: &Candidate, all: &[Candidate]) -> bool {
        let rested = match self.ports.get(&candidate.name).map(|place| &place.state) {
            None => true,
            Some(State::Held) => false,
            Some(State::Resting { until } | State::Mute { until }) => *until <= now,
            Some(State::Spare { owner }) => !self.holds(owner),
        };
        rested && !self.sibling_goes_first(candidate, all)
    }

    /// Whether another port of the device is held, or is better and only takes a rest.
    fn sibling_goes_first(&self, candidate: &Candidate, all: &[Candidate]) -> bool {
        let Some(device) = &candidate.device else { return false };
        let held = self.ports.iter().any(|(name, place)| {
            *name != candidate.name
                && place.device.as_ref() == Some(device)
                && matches!(place.state, State::Held)
        });
        let better_rests = all.iter().any(|other| {
            other.device.as_ref() == Some(device)
                && (other.rank, &other.name) < (candidate.rank, &candidate.name)
                && self
                    .ports
                    .get(&other.name)
                    .is_some_and(|place| matches!(place.state, State::Resting { .. }))
        });
        held || better_rests
    }

    fn holds(&self, port: &str) -> bool {
        self.ports.get(port).is_some_and(|place| matches!(place.state, State::Held))
    }
}

/// 1, 2, 4 ... 30 s.
pub(super) fn pause(failures: u32) -> Millis {
    Millis::from_secs((1 << failures.saturating_sub(1).min(5)).min(30))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(name: &str, device: &str, rank: u8) -> Candidate {
        Candidate { device: Some(device.to_owned()), rank, ..Candidate::named(name, "test") }
    }

    fn names(due: Vec<Candidate>) -> Vec<String> {
        due.into_iter().map(|c| c.name).collect()
    }

    #[test]
    fn of_one_device_the_best_port_is_taken_and_the_next_when_it_is_mute() {
        let mut roster = Roster::default();
        let all = [port("usb2", "1-1", 0), port("usb3", "1-1", 1), port("usb6", "1-2", 0)];
        assert_eq!(names(roster.due(Millis(0), &all)), ["usb2", "usb6"]);
        assert_eq!(names(roster.due(Millis(0), &all)), [""; 0]);
        roster.ended(Millis(0), "usb2", &End::Unplugged, true, 0);
        assert_eq!(names(roster.due(Millis(0), &all)), [""; 0], "the best port only rests");
        assert_eq!(names(roster.due(Millis(1_000), &all)), ["usb2"]);
        roster.ended(Millis(1_000), "usb2", &End::NoAnswer, false, 0);
        assert_eq!(names(roster.due(Millis(1_000), &all)), ["usb3"]);
    }

    /// Fault 20: every speed in turn, without a pause; the one that answers stays.
    #[test]
    fn a_port_that_does_not_answer_is_tried_at_every_speed_before_it_is_mute() {
        let mut roster = Roster::default();
        let all = [Candidate { speeds: &[9_600, 57_600], ..Candidate::named("uart", "test") }];
        let mut tried = Vec::new();
        for _ in 0..3 {
            tried.extend(roster.due(Millis(0), &all).into_iter().map(|c| c.baud));
            roster.ended(Millis(0), "uart", &End::NoAnswer, false, 2);
        }
        assert_eq!(tried, [115_200, 9_600, 57_600]);
        assert!(roster.due(Millis(0), &all).is_empty(), "mute");
        let now = Millis(60_000);
        assert_eq!(roster.due(now, &all)[0].baud, 115_200);
        roster.ended(now, "uart", &End::NoAnswer, false, 2);
        assert_eq!(roster.due(now, &all)[0].baud, 9_600);
        roster.ended(now, "uart", &End::Unplugged, true, 2);
        assert_eq!(roster.due(now + Millis(1_000), &all)[0].baud, 9_600, "it answered there");
    }

    /// Fault 11: a port that cannot be opened is tried after 1, 2, 4 ... 30 s.
    #[test]
    fn a_port_that_fails_is_tried_ever_more_rarely_until_it_is_plugged_again() {
        let mut roster = Roster::default();
        let all = [Candidate::named("/dev/modem", "test")];
        let mut now = Millis(0);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            assert_eq!(roster.due(now, &all).len(), 1);
            roster.ended(now, "/dev/modem", &End::Unplugged, false, 0);
            let next = roster.next_look().unwrap_or_default();
            pauses.push(next.since(now).0 / 1_000);
            now = next;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        assert!(roster.due(now - Millis(1), &[]).is_empty(), "it vanished");
        assert_eq!(roster.due(now - Millis(1), &all).len(), 1, "and is back at once");
    }

    /// Fault 11: a device that is plugged in again while its port rests need not wait.
    #[test]
    fn a_port_that_rests_is_tried_when_something_comes_or_goes() {
        let mut roster = Roster::default();
        let all = [Candidate::named("/dev/modem", "test")];
        for _ in 0..6 {
            let at = roster.next_look().unwrap_or_default();
            roster.due(at, &all);
            roster.ended(at, "/dev/modem", &End::Unplugged, false, 0);
        }
        let now = roster.next_look().unwrap_or_default() - Millis(20_000);
        assert!(roster.due(now, &all).is_empty());
        roster.look_again();
        assert_eq!(roster.due(now, &all).len(), 1);
    }

    /// Fault 8: who must cut the power of a modem that hangs is told so once, and not of a port
    /// where no modem ever was.
    #[test]
    fn a_modem_that_worked_and_stays_mute_is_told_of_once_until_it_works_again() {
        let mut roster = Roster::default();
        let all = [Candidate::named("modem", "test"), Candidate::named("other", "test")];
        let mut told = Vec::new();
        for (minute, worked) in [true, false, false, false, false, true, false].iter().enumerate() {
            let now = Millis::from_secs(60 * minute as u64);
            roster.due(now, &all);
            let end = if *worked { End::Reopen("it hangs") } else { End::NoAnswer };
            roster.ended(now, "modem", &end, *worked, 0);
            roster.ended(now, "other", &End::NoAnswer, false, 0);
            assert!(!roster.is_hopeless("other"));
            told.push(roster.is_hopeless("modem"));
        }
        assert_eq!(told, [false, false, false, true, false, false, false]);
    }

    /// Fault 14: two ports of one modem.
    #[test]
    fn a_spare_port_waits_for_the_owner_to_leave() {
        let mut roster = Roster::default();
        let all = [Candidate::named("a", "test"), Candidate::named("b", "test")];
        assert_eq!(names(roster.due(Millis(0), &all)), ["a", "b"]);
        roster.ended(Millis(0), "b", &End::SpareOf("a".to_owned()), true, 0);
        assert!(roster.due(Millis(900_000), &all).is_empty());
        roster.ended(Millis(900_000), "a", &End::Unplugged, true, 0);
        assert_eq!(names(roster.due(Millis(900_000), &all)), ["b"]);
    }
}
