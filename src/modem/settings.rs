//! What the owner may set for one modem.

use crate::types::{Millis, Secret};

/// The driver's settings. [`Settings::default`] suits every modem we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A profile's name; `None` chooses by what the modem says of itself.
    pub profile: Option<String>,
    /// The SIM's PIN. It is entered once, after [`super::Order::AllowPin`], and never again.
    pub pin: Option<Secret>,
    /// How often every storage is read although nothing announced a message.
    pub sweep_every: Millis,
    /// How long a submit may be without a result after Ctrl-Z, before it is unknown.
    pub wait_for_final: Millis,
    /// How often signal, registration and operator are asked for.
    pub status_every: Millis,
    /// How long SIM and SMS part may take to wake up after the start.
    pub ready_within: Millis,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: None,
            pin: None,
            sweep_every: Millis::from_secs(30),
            wait_for_final: Millis::from_secs(120),
            status_every: Millis::from_secs(60),
            ready_within: Millis::from_secs(60),
        }
    }
}
