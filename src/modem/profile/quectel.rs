//! Quectel modules (EC2x, EG9x, EC200, BG9x, M26 and their like).

use super::usb::by_interface;
use super::{Cnmi, Profile, generic};
use crate::at::commands::sim::QueryPinTriesBy;

/// Diagnostics and satellite ports of the Qualcomm-based ones.
const BINARY: &[u8] = &[0, 1];

/// All of them.
pub const PROFILE: Profile = Profile {
    name: "quectel",
    makers: &["QUECTEL"],
    models: &["QUECTEL_"],
    usb: &[
        by_interface(0x2C7C, 0x0125, &[2, 3], BINARY),
        by_interface(0x2C7C, 0x0121, &[2, 3], BINARY),
        by_interface(0x2C7C, 0x0191, &[2, 3], BINARY),
        by_interface(0x2C7C, 0x0195, &[2, 3], BINARY),
        by_interface(0x2C7C, 0x0306, &[2, 3], BINARY),
        by_interface(0x2C7C, 0x0512, &[2, 3], BINARY),
        by_interface(0x2C7C, 0x0800, &[2, 3], BINARY),
        by_interface(0x2C7C, 0x0801, &[2, 3], BINARY),
        by_interface(0x2C7C, 0x0296, &[2, 3], BINARY),
        by_interface(0x2C7C, 0x0700, &[2], BINARY),
        by_interface(0x2C7C, 0x0128, &[5], &[0]),
        by_interface(0x2C7C, 0x6005, &[3, 4], &[2]),
        by_interface(0x2C7C, 0x6026, &[], &[]),
        by_interface(0x2C7C, 0x6002, &[], &[]),
        by_interface(0x2C7C, 0x0901, &[], &[]),
        by_interface(0x2C7C, 0x6001, &[], &[]),
        by_interface(0x2C7C, 0x6007, &[], &[]),
    ],
    // Quirk 39: without this the announcements may come out of another port.
    init: &["+QURCCFG=\"urcport\",\"usbat\""],
    iccid: &["+QCCID", "+CCID"],
    pin_tries: &[QueryPinTriesBy { text: "+QPINC=\"SC\"", prefix: "+QPINC:", position: 1 }],
    // Quirk 89: a stored report is announced in the wrong storage, so stored ones come last.
    cnmi: &[
        Cnmi(2, 1, 0, 1, 0),
        Cnmi(1, 1, 0, 1, 0),
        Cnmi(2, 1, 0, 0, 0),
        Cnmi(2, 1, 0, 2, 0),
        Cnmi(1, 1, 0, 0, 0),
    ],
    noise: &["+Q"],
    ..generic::PROFILE
};
