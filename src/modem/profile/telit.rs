//! Telit modules (LE910, LE922, ME910, GL865 and their like).

use super::usb::by_interface;
use super::{Profile, Query, Quirks, Signal, generic};

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
    iccid: &[
        Query { command: "#CCID", prefix: "#CCID:", field: 0 },
        Query { command: "+CCID", prefix: "+CCID:", field: 0 },
    ],
    pin_tries: &[Query { command: "#PCT", prefix: "#PCT:", field: 0 }],
    storages: &["SM", "ME"],
    urcs: &[("#QSS:", Signal::SimChanged), ("#", Signal::Ignored)],
    // Quirk 23: storing takes its time, and so does whatever follows.
    quirks: Quirks { pause_ms: 100, ..generic::QUIRKS },
    ..generic::PROFILE
};
