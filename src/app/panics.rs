//! Mistakes of ours: how often each task panicked of late. No I/O and no clock of its own.

use std::collections::{BTreeMap, VecDeque};

use crate::types::Millis;

/// When tasks panicked.
#[derive(Debug, Default)]
pub(super) struct Panics(BTreeMap<String, VecDeque<Millis>>);

impl Panics {
    /// One more, of this task; says how many it has had within ten minutes.
    pub(super) fn caught(&mut self, now: Millis, task: &str) -> u32 {
        let times = self.0.entry(task.to_owned()).or_default();
        times.retain(|at| now.since(*at) < OF_LATE);
        times.push_back(now);
        u32::try_from(times.len()).unwrap_or(u32::MAX)
    }
}

/// From so many on within [`OF_LATE`] a person is told.
pub(super) const TOO_OFTEN: u32 = 5;
const OF_LATE: Millis = Millis::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    /// Fault 81: five in ten minutes are no slip any more.
    #[test]
    fn only_what_happened_of_late_counts_and_for_each_task_alone() {
        let mut panics = Panics::default();
        let at = Millis::from_secs;
        let counts = [0, 100, 200, 300].map(|second| panics.caught(at(second), "mail"));
        assert_eq!(counts, [1, 2, 3, 4]);
        assert_eq!(panics.caught(at(300), "modem"), 1);
        assert_eq!(panics.caught(at(400), "mail"), TOO_OFTEN);
        assert_eq!(panics.caught(at(899), "mail"), 3);
    }
}
