//! The flight recorders of all ports. A port's recorder outlives its tasks, so that what happened
//! before an unplug or a panic can still be read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::io::capture::Capture;

/// Recorders by port.
#[derive(Clone, Debug, Default)]
pub(super) struct Traces(Arc<Mutex<BTreeMap<String, Recorder>>>);

#[derive(Clone, Debug, Default)]
struct Recorder {
    capture: Capture,
    /// The modem that was last seen there, by its row and its IMEI.
    modem: Option<(i64, Option<String>)>,
}

impl Traces {
    /// The recorder of a port.
    pub(super) fn of_port(&self, port: &str) -> Capture {
        self.lock().entry(port.to_owned()).or_default().capture.clone()
    }

    /// Notes which modem answers on a port.
    pub(super) fn identified(&self, port: &str, id: i64, imei: Option<&str>) {
        self.lock().entry(port.to_owned()).or_default().modem = Some((id, imei.map(str::to_owned)));
    }

    /// The recorder a person means by a port, a modem's number or its IMEI; with no word, the
    /// only one there is.
    pub(super) fn called(&self, word: Option<&str>) -> Option<(String, Capture)> {
        let recorders = self.lock();
        let meant = |port: &str, recorder: &Recorder| match (word, &recorder.modem) {
            (None, _) => recorders.len() == 1,
            (Some(word), _) if word == port => true,
            (Some(word), Some((id, imei))) => {
                word == id.to_string() || imei.as_deref() == Some(word)
            }
            (Some(_), None) => false,
        };
        let found = recorders.iter().find(|(port, recorder)| meant(port, recorder));
        found.map(|(port, recorder)| (port.clone(), recorder.capture.clone()))
    }

    /// The ports that have one.
    pub(super) fn ports(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Recorder>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
