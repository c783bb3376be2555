//! ZTE sticks with an AT port (not those that are a web site behind a network card).

use super::usb::by_interface;
use super::{Profile, generic};

/// All of them.
pub const PROFILE: Profile = Profile {
    name: "zte",
    makers: &["ZTE"],
    models: &["MF1", "MF6", "MF82", "K3565-Z", "K3805-Z"],
    usb: &[
        by_interface(0x19D2, 0x0016, &[2, 1], &[]),
        by_interface(0x19D2, 0x0017, &[2, 1], &[]),
        by_interface(0x19D2, 0x0031, &[3, 1], &[]),
        by_interface(0x19D2, 0x0052, &[3, 1], &[]),
        by_interface(0x19D2, 0x0055, &[2, 4], &[]),
        by_interface(0x19D2, 0x0063, &[3, 1], &[]),
        by_interface(0x19D2, 0x0117, &[2, 1], &[]),
        by_interface(0x19D2, 0x0121, &[4, 1], &[]),
        by_interface(0x19D2, 0x0124, &[], &[]),
        by_interface(0x19D2, 0x0128, &[4, 1], &[]),
        by_interface(0x19D2, 0x2002, &[3, 1], &[]),
    ],
    iccid: &["+ZGETICCID", "+CCID"],
    // Quirk 88.
    cnmi: generic::CNMI_MODE_1,
    noise: &["+Z"],
    ..generic::PROFILE
};
