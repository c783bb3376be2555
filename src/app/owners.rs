//! One owner per device: two ports of one modem must not both be driven (fault 14).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::types::Imei;

/// Who drives which device now.
#[derive(Clone, Debug, Default)]
pub(super) struct Owners(Arc<Mutex<HashMap<Imei, String>>>);

/// The right to drive a device, until it is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    owners: Owners,
    imei: Imei,
}

impl Owners {
    /// Claims a device for the task on `port`; the error is the port that has it.
    pub(super) fn claim(&self, imei: &Imei, port: &str) -> Result<Claim, String> {
        let mut owners = self.lock();
        match owners.get(imei) {
            Some(owner) if owner != port => Err(owner.clone()),
            _ => {
                owners.insert(imei.clone(), port.to_owned());
                Ok(Claim { owners: self.clone(), imei: imei.clone() })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Imei, String>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.owners.lock().remove(&self.imei);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_one_owner_until_the_owner_leaves() {
        let owners = Owners::default();
        let imei = Imei::parse("350000000000017").expect("15 digits");
        let claim = owners.claim(&imei, "usb2").expect("free");
        assert_eq!(owners.claim(&imei, "usb3").err().as_deref(), Some("usb2"));
        drop(claim);
        assert!(owners.claim(&imei, "usb3").is_ok());
    }
}
