//! The recovery ladder: what to do when a modem stops answering, each time a little more.
//!
//! Failures go in, the next [`Rung`] comes out. Good work for a while starts at the bottom again.
//! The rungs above [`Rung::Reopen`] (cutting USB power, the host) are not software and not here.
//! [`Rung::Restart`] needs leave: a restart costs the network half a minute, and a modem that it does
//! not help must not be restarted all day long.

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
    /// The whole modem anew (`+CFUN=1,1`); on USB its port disappears meanwhile.
    Restart,
    /// Close the port and open it again.
    Reopen,
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rung::Escape => "ESC and AT",
            Rung::Reset => "ATZ and set-up",
            Rung::Radio => "radio off and on",
            Rung::Restart => "restart of the modem",
            Rung::Reopen => "reopen the port",
        })
    }
}

/// Counts failures.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    failures: u32,
    failed_at: Millis,
}

impl Ladder {
    /// Something went unanswered: the measure to take.
    pub fn climb(&mut self, now: Millis, may_restart: bool) -> Rung {
        if now.since(self.failed_at) > FORGIVEN_AFTER {
            self.failures = 0;
        }
        self.failed_at = now;
        self.failures += 1;
        match self.failures {
            1 => Rung::Escape,
            2 => Rung::Reset,
            3 => Rung::Radio,
            _ if may_restart => Rung::Restart,
            _ => Rung::Reopen,
        }
    }
}

const FORGIVEN_AFTER: Millis = Millis::from_secs(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_climbs_and_good_work_begins_again_below() {
        let mut ladder = Ladder::default();
        let at = Millis::from_secs;
        let mut climb = |second, may_restart| ladder.climb(at(second), may_restart);
        let rungs = [climb(1, true), climb(20, true), climb(40, true), climb(60, true)];
        assert_eq!(rungs, [Rung::Escape, Rung::Reset, Rung::Radio, Rung::Restart]);
        assert_eq!([climb(80, false), climb(100, false)], [Rung::Reopen, Rung::Reopen]);
        assert_eq!(climb(1_000, true), Rung::Escape);
    }
}
