//! The line towards the terminal: when each piece leaves, and what becomes of its bytes.

use std::collections::VecDeque;

use super::faults::Faults;
use super::random::Random;
use crate::types::Millis;

/// Bytes on their way out.
#[derive(Clone, Debug)]
pub struct Wire {
    queue: VecDeque<(Millis, Vec<u8>)>,
    /// Nothing leaves before what was written earlier.
    last_due: Millis,
    /// Bytes offered to the line since the fault plan was set.
    offered: u64,
    random: Random,
}

impl Wire {
    pub fn new(seed: u64) -> Self {
        let random = Random::new(seed);
        Self { queue: VecDeque::new(), last_due: Millis(0), offered: 0, random }
    }

    /// A line under a new fault plan: offsets count anew, what was written stays.
    pub fn replan(&mut self, seed: u64) {
        self.offered = 0;
        self.random = Random::new(seed);
    }

    /// Writes `bytes` at `due`, through the faults of the line.
    pub fn write(&mut self, due: Millis, bytes: &[u8], faults: &Faults) {
        let mut due = due.max(self.last_due);
        let spoiled = self.spoil(bytes, faults);
        let piece = if faults.split == 0 { spoiled.len().max(1) } else { faults.split };
        for (i, chunk) in spoiled.chunks(piece).enumerate() {
            if i > 0 {
                due = due + Millis(faults.split_gap_ms);
            }
            self.queue.push_back((due, chunk.to_vec()));
        }
        self.last_due = due;
    }

    fn spoil(&mut self, bytes: &[u8], faults: &Faults) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        for &byte in bytes {
            let offset = self.offered;
            self.offered += 1;
            if faults.lost_at.contains(&offset) || self.random.chance(faults.lost) {
                continue;
            }
            let flip = faults.flipped_at.contains(&offset) || self.random.chance(faults.flipped);
            out.push(if flip { byte ^ 1 << self.random.between(0, 7) } else { byte });
        }
        out
    }

    /// Seeded noise, not counted as part of an answer.
    pub fn noise(&mut self, bytes: usize, nul: bool) -> Vec<u8> {
        (0..bytes).map(|_| if nul { 0 } else { self.random.next() as u8 }).collect()
    }

    /// A seeded time from zero to `most_ms`.
    pub fn jitter(&mut self, most_ms: u64) -> Millis {
        if most_ms == 0 { Millis(0) } else { Millis(self.random.between(0, most_ms)) }
    }

    /// The next piece that is due.
    pub fn take(&mut self, now: Millis) -> Option<Vec<u8>> {
        let due = self.queue.front().is_some_and(|(due, _)| *due <= now);
        due.then(|| self.queue.pop_front()).flatten().map(|(_, bytes)| bytes)
    }

    pub fn due(&self) -> Option<Millis> {
        self.queue.front().map(|(due, _)| *due)
    }

    /// When the last piece written so far has left.
    pub fn quiet_at(&self) -> Millis {
        self.last_due
    }

    /// What was not yet out is gone with the power.
    pub fn clear(&mut self) {
        self.queue.clear();
        self.last_due = Millis(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults 1, 3, 4: lost, flipped and late bytes are told by the seed alone.
    #[test]
    fn the_same_seed_spoils_the_same_bytes() {
        let faults =
            Faults { lost: 0.2, flipped: 0.2, split: 3, split_gap_ms: 5, ..<_>::default() };
        let run = |seed| {
            let mut wire = Wire::new(seed);
            wire.write(Millis(0), b"\r\n+CMGS: 17\r\n\r\nOK\r\n", &faults);
            let mut seen = Vec::new();
            while let Some(due) = wire.due() {
                seen.push((due, wire.take(due)));
            }
            seen
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
    }
}
