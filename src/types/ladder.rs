//! Waits that grow: what fails again is tried again later each time.

use super::Millis;

/// Waits in seconds by the number of failures in a row; the last stays.
#[derive(Clone, Copy, Debug)]
pub struct Ladder(pub &'static [u64]);

impl Ladder {
    /// The wait after so many failures, the first being 1.
    pub fn wait(self, failures: u32) -> Millis {
        let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
        let last = self.0.last().copied().unwrap_or_default();
        Millis::from_secs(self.0.get(step).copied().unwrap_or(last))
    }

    /// The same wait, shorter or longer by `permille` at most a fifth, so that what failed together is not
    /// tried together again.
    pub fn spread(self, failures: u32, permille: i16) -> Millis {
        let part = 1_000 + i64::from(permille.clamp(-200, 200));
        Millis(self.wait(failures).0 / 1_000 * part.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_last_and_spread_by_a_fifth() {
        let ladder = Ladder(&[2, 15, 60]);
        let waits = [0, 1, 2, 3, 4, u32::MAX].map(|failures| ladder.wait(failures).0 / 1_000);
        assert_eq!(waits, [2, 2, 15, 60, 60, 60]);
        let spread = [-1_000, -200, 0, 200].map(|permille| ladder.spread(3, permille).0);
        assert_eq!(spread, [48_000, 48_000, 60_000, 72_000]);
        assert_eq!(Ladder(&[]).wait(7), Millis(0));
    }
}
