//! A modem nobody described: what the specifications say, asked for in the safest order.

use super::{Cnmi, Profile, Quirks, UssdForm};
use crate::at::commands::sms::Storage;

/// Deviations of a modem that has none.
pub const QUIRKS: Quirks =
    Quirks { acknowledges: true, radio_off: 4, pause_ms: 20, brisk: true, keeps_sent: true };

/// Stored delivery and direct reports first, then less and less (27.005 §3.4.1). The last value
/// is tried again with the other one when the modem's own list wants that.
pub const CNMI: &[Cnmi] = &[
    Cnmi(2, 1, 0, 1, 0),
    Cnmi(1, 1, 0, 1, 0),
    Cnmi(2, 1, 0, 2, 0),
    Cnmi(2, 1, 0, 0, 0),
    Cnmi(1, 1, 0, 0, 0),
    Cnmi(3, 1, 0, 0, 0),
];

/// The same with mode 1 first, for families that accept mode 2 and then announce nothing.
pub const CNMI_MODE_1: &[Cnmi] = &[
    Cnmi(1, 1, 0, 1, 0),
    Cnmi(2, 1, 0, 1, 0),
    Cnmi(1, 1, 0, 2, 0),
    Cnmi(1, 1, 0, 0, 0),
    Cnmi(2, 1, 0, 0, 0),
];

/// Card number by the usual commands (27.007 has `+CCID` in recent releases only).
pub const ICCID: &[&str] = &["+CCID", "+ICCID", "+QCCID"];

/// The profile every other one is built from.
pub const PROFILE: Profile = Profile {
    name: "generic",
    makers: &[],
    models: &[],
    usb: &[],
    init: &[],
    iccid: ICCID,
    pin_tries: &[],
    storages: &[Storage::Me, Storage::Sm, Storage::Mt],
    noise: &[],
    cnmi: CNMI,
    ussd: &[UssdForm::Text, UssdForm::Packed, UssdForm::Ucs2],
    cms: &[],
    quirks: QUIRKS,
};
