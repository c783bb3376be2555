//! The recovery ladder: what to do when a modem stops answering, each time a little more.
//!
//! Failures go in, the next [`Rung`] comes out. Good work for a while starts at the bottom again.
//! The rungs above [`Rung::Reopen`] (cutting USB power, the host) are not software and not here.

use std::fmt;

use crate::types::Millis;

/// One measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rung {
    /// ESC and `AT`, then every setting again.
    Escape,
    /// The same with `ATZ` first.
    Reset,
    /// Radio off and on (`+CFUN`).
    Radio,
    /// Close the port and open it again.
    Reopen,
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rung::Escape => "ESC and AT",
            Rung::Reset => "ATZ and set-up",
            Rung::Radio => "radio off and on",
            Rung::Reopen => "reopen the port",
        })
    }
}

/// Counts failures.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    failures: u32,
    failed_at: Millis,
    /// Reopenings in a row without the modem ever getting ready.
    pub(super) reopened: u32,
}

impl Ladder {
    /// Something went unanswered: the measure to take.
    pub fn climb(&mut self, now: Millis) -> Rung {
        if now.since(self.failed_at) > FORGIVEN_AFTER {
            self.failures = 0;
        }
        self.failed_at = now;
        self.failures += 1;
        match self.failures {
            1 => Rung::Escape,
            2 => Rung::Reset,
            3 => Rung::Radio,
            _ => Rung::Reopen,
        }
    }

    /// It does not even answer `AT`: only the port is left.
    pub fn deaf(&mut self, now: Millis) {
        self.failed_at = now;
        self.reopened += 1;
    }

    /// Whether it is time to ask a person.
    pub fn is_hopeless(&self) -> bool {
        self.reopened == HOPELESS
    }

    /// It is set up and works.
    pub fn ready(&mut self) {
        self.reopened = 0;
    }
}

const FORGIVEN_AFTER: Millis = Millis::from_secs(300);
const HOPELESS: u32 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_climbs_and_good_work_begins_again_below() {
        let mut ladder = Ladder::default();
        let at = Millis::from_secs;
        let rungs = [1, 20, 40, 60, 80].map(|second| ladder.climb(at(second)));
        assert_eq!(rungs, [Rung::Escape, Rung::Reset, Rung::Radio, Rung::Reopen, Rung::Reopen]);
        assert_eq!(ladder.climb(at(1_000)), Rung::Escape);
    }
}
