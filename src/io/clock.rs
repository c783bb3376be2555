//! The only place that reads a clock.
//!
//! Two kinds of time come out: [`Millis`], monotonic, for every deadline; [`UnixTime`], wall clock,
//! for what is stored and shown. Both follow tokio's time, so that a test which pauses tokio
//! holds every part of the gateway still.

use std::pin::Pin;
use std::sync::Arc;

use tokio::time::{Duration, Instant, Sleep};

use crate::types::{Millis, UnixTime};

/// A clock that can be handed to every task. Cloning gives the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
struct Source {
    origin: Instant,
    /// Wall time at `origin` when it is made up by a test; `None` asks the system.
    pretended: Option<UnixTime>,
}

impl Clock {
    /// The system's clocks. The tick starts at zero now.
    pub fn system() -> Self {
        Self(Arc::new(Source { origin: Instant::now(), pretended: None }))
    }

    /// A clock whose wall time starts at `start` and moves only with tokio's time.
    pub fn starting_at(start: UnixTime) -> Self {
        Self(Arc::new(Source { origin: Instant::now(), pretended: Some(start) }))
    }

    /// The monotonic tick.
    pub fn now(&self) -> Millis {
        Millis(u64::try_from(self.0.origin.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// The wall clock.
    pub fn wall(&self) -> UnixTime {
        match self.0.pretended {
            Some(start) => start.after(self.now()),
            None => UnixTime(jiff::Timestamp::now().as_millisecond()),
        }
    }

    /// Sleeps until the monotonic tick `at`, not at all when it has come; for ever when there is
    /// none.
    pub async fn sleep_until(&self, at: Option<Millis>) {
        match at {
            // A timer that is due already costs the runtime's next millisecond all the same.
            Some(at) if at <= self.now() => {}
            Some(at) => tokio::time::sleep_until(self.0.origin + duration(at)).await,
            None => std::future::pending().await,
        }
    }

    /// Sleeps for `time`.
    pub async fn sleep(&self, time: Millis) {
        tokio::time::sleep(duration(time)).await;
    }

    /// Sleeps until the next beat ([`Millis::next_beat`]).
    pub async fn beat(&self, every: Millis) {
        self.sleep_until(Some(self.next_beat(every))).await;
    }

    /// The tick at which [`Clock::beat`] wakes.
    pub fn next_beat(&self, every: Millis) -> Millis {
        self.now().next_beat(every)
    }

    /// Sleeps until the wall clock shows `at`, as far as can be told from here: a clock that is
    /// set meanwhile makes it wake early or late, so callers look again and decide themselves.
    pub async fn sleep_until_wall(&self, at: UnixTime) {
        self.sleep(at.since(self.wall())).await;
    }
}

/// A timer that is set anew with every line of a modem, now to a moment, now to minutes. It is left
/// set when the new time is later, and looks again when it rings: to set the runtime's timer costs
/// more, above all to an earlier time, which wakes the runtime.
#[derive(Debug)]
pub struct Alarm {
    clock: Clock,
    sleep: Pin<Box<Sleep>>,
    /// When it rings, at the latest what was asked for last. None: it has rung.
    set: Option<Millis>,
}

impl Alarm {
    /// One that is not set.
    pub fn new(clock: Clock) -> Self {
        Self { clock, sleep: Box::pin(tokio::time::sleep(Duration::ZERO)), set: None }
    }

    /// Like [`Clock::sleep_until`].
    pub async fn at(&mut self, at: Option<Millis>) {
        let Some(at) = at else { return std::future::pending().await };
        while self.clock.now() < at {
            if self.set.is_none_or(|set| at < set) {
                self.sleep.as_mut().reset(self.clock.0.origin + duration(at));
                self.set = Some(at);
            }
            self.sleep.as_mut().await;
            self.set = None;
        }
    }
}

/// `time` as tokio wants it.
pub fn duration(time: Millis) -> Duration {
    Duration::from_millis(time.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_paused_clock_moves_only_by_sleeping() {
        let clock = Clock::starting_at(UnixTime(1_000));
        assert_eq!((clock.now(), clock.wall()), (Millis(0), UnixTime(1_000)));
        clock.sleep(Millis(250)).await;
        assert_eq!((clock.now(), clock.wall()), (Millis(250), UnixTime(1_250)));
        clock.sleep_until_wall(UnixTime(2_000)).await;
        assert_eq!(clock.now(), Millis(1_000));
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_rings_at_the_time_it_was_set_to_last() {
        let clock = Clock::starting_at(UnixTime(0));
        let mut alarm = Alarm::new(clock.clone());
        let given_up = Duration::from_millis(1);
        // Earlier or later than before, taken back or due already.
        for (at, from) in [(20, 1), (900, 2), (300, 3), (50, 4), (50, 50), (20, 50), (400, 51)] {
            let _ = tokio::time::timeout(given_up, alarm.at(Some(Millis(at)))).await;
            assert_eq!(clock.now(), Millis(from));
            if from == 4 {
                alarm.at(Some(Millis(at))).await;
                assert_eq!(clock.now(), Millis(50));
            }
        }
        alarm.at(Some(Millis(500))).await;
        assert_eq!(clock.now(), Millis(500));
        assert!(tokio::time::timeout(given_up, alarm.at(None)).await.is_err());
    }
}
