//! Modems that fall when they send: remembered by device, for a stick that leaves the bus with its
//! supply comes back as a fresh port with a fresh driver (fault 28).
//!
//! Falls and times go in; until when a device is to send nothing comes out.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::types::{Imei, Millis};

/// So many falls look like a weak supply ...
const MOST: usize = 3;
/// ... within this time; and so long nothing is sent then.
const WITHIN: Millis = Millis::from_secs(600);

/// The falls of every device of this run.
#[derive(Clone, Debug, Default)]
pub(super) struct Supply(Arc<Mutex<HashMap<Imei, Falls>>>);

#[derive(Debug, Default)]
struct Falls {
    at: VecDeque<Millis>,
    held_until: Millis,
}

impl Supply {
    /// The device fell while it sent.
    pub(super) fn fell(&self, imei: &Imei, now: Millis) {
        let mut devices = self.lock();
        let falls = devices.entry(imei.clone()).or_default();
        falls.at.retain(|at| now.since(*at) < WITHIN);
        falls.at.push_back(now);
        if falls.at.len() >= MOST {
            falls.at.pop_front();
            falls.held_until = now + WITHIN;
        }
    }

    /// Until when the device is to send nothing, if that is still to come.
    pub(super) fn held_until(&self, imei: &Imei, now: Millis) -> Option<Millis> {
        self.lock().get(imei).map(|falls| falls.held_until).filter(|until| *until > now)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Imei, Falls>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fault 28: three falls in ten minutes; three in an hour are three accidents.
    #[test]
    fn a_device_that_falls_again_and_again_is_held_and_others_are_not() {
        let supply = Supply::default();
        let imei = |last: u8| Imei::parse(&format!("35000000000001{last}")).expect("15 digits");
        let (weak, sound) = (imei(7), imei(9));
        let at = Millis::from_secs;
        for second in [0, 1_200, 2_400] {
            supply.fell(&sound, at(second));
        }
        for second in [2_300, 2_350, 2_400] {
            supply.fell(&weak, at(second));
        }
        assert_eq!(supply.held_until(&weak, at(2_401)), Some(at(3_000)));
        assert_eq!(supply.held_until(&sound, at(2_401)), None);
        assert_eq!(supply.held_until(&weak, at(3_000)), None);
        supply.fell(&weak, at(3_100));
        assert_eq!(supply.held_until(&weak, at(3_101)), None, "one more is no proof");
    }
}
