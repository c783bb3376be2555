//! Telit modules (LE910, LE922, ME910, GL865 and their like).

use super::usb::by_interface;
use super::{Profile, Quirks, generic};
use crate::at::commands::sim::QueryPinTriesBy;
use crate::at::commands::sms::Storage;

/// All of them.
pub const PROFILE: Profile = Profile {
    name: "telit",
    makers: &["TELIT"],
    models: &["LE9", "ME9", "GL8", "UC8", "HE9"],
    usb: &[
        by_interface(0x1BC7, 0x1201, &[4, 5], &[0, 3]),
        by_interface(0x1BC7, 0x1204, &[5, 6], &[0]),
        by_interface(0x1BC7, 0x1101, &[1, 2], &[0]),
        by_interface(0x1BC7, 0x1040, &[4, 5], &[0]),
        by_interface(0x1BC7, 0x1041, &[5, 6], &[0]),
    ],
    iccid: &["#CCID", "+CCID"],
    pin_tries: &[QueryPinTriesBy { text: "#PCT", prefix: "#PCT:", position: 0 }],
    storages: &[Storage::Sm, Storage::Me],
    // Quirk 23: storing takes its time, and so does whatever follows; sending from a slot that was
    // just written fails with an error that proves nothing.
    quirks: Quirks { pause_ms: 100, brisk: false, keeps_sent: false, ..generic::QUIRKS },
    noise: &["#"],
    ..generic::PROFILE
};
