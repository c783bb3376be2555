//! SIMCom's 3G, 4G and NB-IoT modules (SIM7600, SIM7000, SIM7080, A76xx).

use super::usb::by_interface;
use super::{Cnmi, Profile, Quirks, generic};
use crate::at::commands::sim::QueryPinTriesBy;

/// The families after 2G.
pub const PROFILE: Profile = Profile {
    name: "simcom-sim7600",
    models: &["SIMCOM_SIM5", "SIMCOM_SIM7", "SIMCOM_A76", "SIM5", "SIM7", "A76"],
    usb: &[
        by_interface(0x1E0E, 0x9001, &[2, 3], &[0, 1, 4]),
        by_interface(0x1E0E, 0x9205, &[2, 3], &[0, 1]),
        by_interface(0x1E0E, 0x9206, &[2, 5], &[0, 1]),
        by_interface(0x1E0E, 0x9011, &[4, 5], &[2]),
    ],
    iccid: &["+CICCID", "+CCID"],
    pin_tries: &[QueryPinTriesBy { text: "+SPIC", prefix: "+SPIC:", position: 0 }],
    // Quirk 85: direct reports are refused by some, stored ones taken. Quirk 88: mode 1 first.
    cnmi: &[
        Cnmi(1, 1, 0, 1, 0),
        Cnmi(2, 1, 0, 1, 0),
        Cnmi(1, 1, 0, 2, 0),
        Cnmi(2, 1, 0, 2, 0),
        Cnmi(2, 1, 0, 0, 0),
    ],
    // Quirk 87: an acknowledgement disturbs.
    quirks: Quirks { acknowledges: false, ..generic::QUIRKS },
    noise: &["*"],
    ..generic::PROFILE
};
