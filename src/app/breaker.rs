//! Causes that lie with the line, not with a message: they pause sending and use up no attempt.
//!
//! Receiving never stops because sending is sick (D6): nothing here is asked on the way in.

use crate::types::Millis;

/// The first pause; it doubles up to [`LONGEST`] while the cause stays.
const FIRST: Millis = Millis::from_secs(5);
/// The longest pause.
const LONGEST: Millis = Millis::from_secs(300);

/// Whether a line may send now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Breaker {
    trips: u32,
    closed_until: Option<Millis>,
}

impl Breaker {
    /// The line could not send, whatever the message: pause.
    pub(super) fn trip(&mut self, now: Millis) {
        let doubled = FIRST.0.saturating_mul(1 << self.trips.min(10));
        self.trips = self.trips.saturating_add(1);
        self.closed_until = Some(now + Millis(doubled.min(LONGEST.0)));
    }

    /// The network answered, or the modem came back: the cause is over.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// When to try again; `None` means now.
    pub(super) fn paused_until(&self) -> Option<Millis> {
        self.closed_until
    }

    /// How often in a row the line failed.
    pub(super) fn trips(&self) -> u32 {
        self.trips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_five_minutes_and_a_success_ends_them() {
        let mut breaker = Breaker::default();
        let mut pauses = Vec::new();
        for _ in 0..8 {
            breaker.trip(Millis(0));
            pauses.push(breaker.paused_until().unwrap_or_default().0 / 1_000);
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 300, 300]);
        breaker.reset();
        assert_eq!(breaker.paused_until(), None);
    }
}
