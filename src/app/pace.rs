//! How fast a line may send: a bucket that holds a few segments and fills steadily (E50).

use crate::types::Millis;

/// A token bucket in ticks: exact, and without floating point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// One segment every so often.
    every: Millis,
    /// How far ahead of the steady rate a burst may run.
    burst: Millis,
    /// The tick up to which the steady rate is used up.
    used: Millis,
    /// As the owner set it.
    steady: (Millis, Millis),
}

impl Pace {
    /// `per_minute` segments, of which `burst` may go at once. Zero means no limit.
    pub(super) fn new(per_minute: u32, burst: u32) -> Self {
        let every = Millis(60_000u64.checked_div(u64::from(per_minute)).unwrap_or(0));
        let burst = Millis(every.0 * u64::from(burst.max(1) - 1));
        Self { every, burst, used: Millis(0), steady: (every, burst) }
    }

    /// Halves the pace so many times, and sends no bursts: the operator refused them (fault 59).
    pub(super) fn slow(&mut self, times: u8) {
        (self.every, self.burst) = match times {
            0 => self.steady,
            times => (Millis(self.steady.0.max(BRISK).0 << times.min(10)), Millis(0)),
        };
    }

    /// When `segments` more may leave; `now` or earlier means at once.
    pub(super) fn ready_at(&self) -> Millis {
        self.used - self.burst
    }

    /// One segment leaves.
    pub(super) fn take(&mut self, now: Millis) {
        self.used = self.used.max(now) + self.every;
    }
}

/// What is halved first where there is no limit.
const BRISK: Millis = Millis(1_000);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_that_was_refused_is_halved_each_time_and_comes_back() {
        for (per_minute, expected) in [(0, [0, 2_000, 4_000]), (6, [0, 20_000, 40_000])] {
            let mut pace = Pace::new(per_minute, 3);
            let waits = [0, 1, 2].map(|times| {
                pace.slow(times);
                let now = Millis(1_000_000 * (1 + u64::from(times)));
                pace.take(now);
                pace.ready_at().since(now).0
            });
            assert_eq!(waits, expected, "{per_minute}");
        }
    }

    #[test]
    fn a_burst_goes_at_once_and_then_the_steady_rate_holds() {
        let mut pace = Pace::new(6, 3);
        let mut now = Millis(1_000_000);
        let mut left = Vec::new();
        for _ in 0..5 {
            now = now.max(pace.ready_at());
            left.push(now.0 - 1_000_000);
            pace.take(now);
        }
        assert_eq!(left, [0, 0, 0, 10_000, 20_000]);
        let mut free = Pace::new(0, 1);
        free.take(now);
        assert!(free.ready_at() <= now);
    }
}
