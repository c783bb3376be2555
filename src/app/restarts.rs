//! Modems that had to be restarted: remembered by device, for a stick that restarts leaves the bus and
//! comes back as a fresh port with a fresh driver (faults 8, 22).
//!
//! Restarts and times go in; from when on the next one is allowed comes out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::types::{Imei, Millis};

/// A modem that a restart does not help is restarted no more often: it receives between.
const SELDOM: Millis = Millis::from_secs(1_800);

/// When the modems of this run were last restarted.
#[derive(Clone, Debug, Default)]
pub(super) struct Restarts(Arc<Mutex<HashMap<Imei, Millis>>>);

impl Restarts {
    /// The device is told to restart.
    pub(super) fn ordered(&self, imei: &Imei, now: Millis) {
        self.lock().insert(imei.clone(), now);
    }

    /// From when on it may be told so again.
    pub(super) fn allowed_from(&self, imei: &Imei) -> Millis {
        self.lock().get(imei).map_or(Millis(0), |last| *last + SELDOM)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Imei, Millis>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_restarted_twice_an_hour_at_most_and_others_are_not_counted() {
        let restarts = Restarts::default();
        let imei = |last: u8| Imei::parse(&format!("35000000000001{last}")).expect("15 digits");
        assert_eq!(restarts.allowed_from(&imei(7)), Millis(0));
        restarts.ordered(&imei(7), Millis::from_secs(100));
        assert_eq!(restarts.allowed_from(&imei(7)), Millis::from_secs(1_900));
        assert_eq!(restarts.allowed_from(&imei(9)), Millis(0));
    }
}
