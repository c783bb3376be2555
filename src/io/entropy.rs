//! The only source of randomness, and the digest that makes dedupe keys.
//!
//! Tests hand in a seed and get the same jitter every time; secrets always come from the system.

use std::sync::Mutex;

use ring::rand::{SecureRandom, SystemRandom};

/// Where random numbers come from.
#[derive(Debug)]
pub struct Entropy(Source);

#[derive(Debug)]
enum Source {
    System(SystemRandom),
    Seeded(Mutex<u64>),
}

impl Entropy {
    /// The operating system's generator.
    pub fn system() -> Self {
        Self(Source::System(SystemRandom::new()))
    }

    /// The same numbers for the same seed. For tests; worthless for secrets.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Mutex::new(seed)))
    }

    /// Fills `octets`.
    pub fn fill(&self, octets: &mut [u8]) {
        match &self.0 {
            // The system's generator fails only before it is seeded at boot; a gateway that
            // hands out guessable tokens would be worse than one that stops.
            Source::System(random) => random.fill(octets).expect("the system has randomness"),
            Source::Seeded(state) => {
                let mut state = state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                for octet in octets {
                    *octet = (split_mix(&mut state) >> 56) as u8;
                }
            }
        }
    }

    /// A fifth up or down, in thousandths: what spreads tries that failed together.
    pub fn jitter(&self) -> i16 {
        i16::try_from(self.up_to(400)).unwrap_or(200) - 200
    }

    /// A number in `0..=most`.
    pub fn up_to(&self, most: u64) -> u64 {
        let mut octets = [0; 8];
        self.fill(&mut octets);
        // Scaling by the high half of the product; the bias of 2^-64 matters to nobody here.
        ((u128::from(u64::from_le_bytes(octets)) * (u128::from(most) + 1)) >> 64) as u64
    }
}

/// SHA-256 of the concatenated pieces.
pub fn sha256(pieces: &[&[u8]]) -> [u8; 32] {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for piece in pieces {
        context.update(piece);
    }
    let mut sum = [0; 32];
    sum.copy_from_slice(context.finish().as_ref());
    sum
}

/// SplitMix64: one step.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_and_they_stay_in_range() {
        let (a, b) = (Entropy::seeded(7), Entropy::seeded(7));
        for _ in 0..1_000 {
            let number = a.up_to(40);
            assert_eq!(number, b.up_to(40));
            assert!(number <= 40);
        }
        assert!(Entropy::system().up_to(0) == 0);
    }
}
