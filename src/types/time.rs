//! Two kinds of time that must never be mixed.

use std::fmt;
use std::ops::{Add, Sub};

/// A monotonic tick in milliseconds since the process (or the test) began. Also a duration.
///
/// Not `std::time::Instant`: it starts at zero, prints in transcripts, and a test can make one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

impl Millis {
    /// A duration of whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds * 1_000)
    }

    /// Time from `earlier` to here; zero when `earlier` is later.
    pub fn since(self, earlier: Millis) -> Millis {
        Millis(self.0.saturating_sub(earlier.0))
    }

    /// The next multiple of `every` after this tick. Whatever looks at something at leisure looks
    /// then: all wake together, and the processor sleeps in between.
    pub fn next_beat(self, every: Millis) -> Millis {
        let every = every.0.max(1);
        Millis((self.0 / every).saturating_add(1).saturating_mul(every))
    }
}

impl Add for Millis {
    type Output = Millis;
    fn add(self, other: Millis) -> Millis {
        Millis(self.0.saturating_add(other.0))
    }
}

impl Sub for Millis {
    type Output = Millis;
    fn sub(self, other: Millis) -> Millis {
        self.since(other)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}s", self.0 / 1_000, self.0 % 1_000)
    }
}

/// Wall-clock time in milliseconds since 1970-01-01T00:00:00Z. What is stored and shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// This time plus `duration`.
    pub fn after(self, duration: Millis) -> UnixTime {
        UnixTime(self.0.saturating_add(i64::try_from(duration.0).unwrap_or(i64::MAX)))
    }

    /// This time less `duration`.
    pub fn before(self, duration: Millis) -> UnixTime {
        UnixTime(self.0.saturating_sub(i64::try_from(duration.0).unwrap_or(i64::MAX)))
    }

    /// Time from `earlier` to here; zero when `earlier` is later.
    pub fn since(self, earlier: UnixTime) -> Millis {
        Millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole days since 1970, UTC: the key of what is said or done once a day.
    pub fn day(self) -> i64 {
        self.0.div_euclid(24 * 3_600_000)
    }

    /// Reads an RFC 3339 time stamp with offset.
    pub fn parse_rfc3339(text: &str) -> Option<UnixTime> {
        text.parse::<jiff::Timestamp>().ok().map(|t| UnixTime(t.as_millisecond()))
    }
}

/// RFC 3339, UTC, milliseconds: `2026-11-21T09:30:00.000Z`.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(f, "{time:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_are_the_multiples_after_a_tick() {
        let beat = |tick| Millis(tick).next_beat(Millis(30)).0;
        assert_eq!([0, 1, 29, 30, 31].map(beat), [30, 30, 30, 60, 60]);
        assert_eq!(Millis(7).next_beat(Millis(0)), Millis(8));
        assert_eq!(Millis(u64::MAX).next_beat(Millis(30)), Millis(u64::MAX));
    }

    #[test]
    fn wall_clock_time_prints_and_reads_as_rfc3339() {
        let time = UnixTime(1795252200123);
        assert_eq!(time.to_string(), "2026-11-21T09:10:00.123Z");
        assert_eq!(UnixTime::parse_rfc3339("2026-11-21T10:10:00.123+01:00"), Some(time));
        assert_eq!(UnixTime::parse_rfc3339("yesterday"), None);
        assert_eq!((time.day(), UnixTime(0).day(), UnixTime(-1).day()), (20_778, 0, -1));
    }
}
