//! u-blox modules (SARA, LISA, TOBY, LARA).

use super::usb::by_interface;
use super::{Profile, generic};
use crate::at::commands::sim::QueryPinTriesBy;

/// All of them.
pub const PROFILE: Profile = Profile {
    name: "ublox",
    makers: &["U-BLOX"],
    models: &["SARA-", "LISA-", "TOBY-", "LARA-"],
    usb: &[
        by_interface(0x1546, 0x110A, &[0, 2, 4], &[6, 8, 10]),
        by_interface(0x1546, 0x1107, &[0, 2, 4], &[6, 8, 10]),
        by_interface(0x1546, 0x1102, &[0, 2, 4], &[]),
        by_interface(0x1546, 0x1104, &[0], &[]),
        by_interface(0x1546, 0x1010, &[6], &[]),
        by_interface(0x1546, 0x1141, &[], &[]),
        by_interface(0x1546, 0x1143, &[], &[]),
        by_interface(0x1546, 0x1146, &[], &[]),
        // A chip maker's identity, used by others too: confirmed by what the modem says.
        by_interface(0x05C6, 0x908B, &[1, 2], &[0, 3]),
        by_interface(0x05C6, 0x90B2, &[], &[]),
    ],
    iccid: &["+CCID"],
    pin_tries: &[QueryPinTriesBy { text: "+UPINCNT", prefix: "+UPINCNT:", position: 0 }],
    noise: &["+UU"],
    ..generic::PROFILE
};
