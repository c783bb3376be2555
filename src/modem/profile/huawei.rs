//! Huawei sticks and modules with an AT port (not the HiLink ones, which have none).

use super::{AtPort, Profile, UsbId, UssdForm, generic};
use crate::at::commands::sim::QueryPinTriesBy;
use crate::modem::Disposition;

/// Interface subclass 1 or 2 with protocol 2 is the command port; protocol 1 the data port.
const PORTS: AtPort = AtPort::Class(&[(1, 2), (2, 2), (1, 1), (2, 1)]);

const fn stick(product: u16) -> UsbId {
    UsbId { vendor: 0x12D1, product, port: PORTS }
}

/// What all of them share; single sticks differ mostly in noise.
pub const PROFILE: Profile = Profile {
    name: "huawei",
    makers: &["HUAWEI"],
    models: &[
        "E153", "E160", "E17", "E220", "E30", "E31", "E33", "E35", "E37", "K3", "K4", "MU609",
    ],
    usb: &[
        stick(0x1001),
        stick(0x1406),
        stick(0x140B),
        stick(0x140C),
        stick(0x1436),
        stick(0x14A5),
        stick(0x14AC),
        stick(0x14D2),
        stick(0x1506),
        stick(0x150F),
        stick(0x151D),
        stick(0x1C05),
        stick(0x1C10),
        stick(0x1C1E),
    ],
    // Quirks 30, 31, 111: signal reports flood every answer unless they are switched off.
    init: &["^CURC=0", "^USSDMODE=0"],
    iccid: &["^ICCID?", "+CCID"],
    pin_tries: &[QueryPinTriesBy { text: "^CPIN?", prefix: "^CPIN:", position: 3 }],
    // Quirk 88: mode 2 is accepted and then nothing is announced.
    cnmi: generic::CNMI_MODE_1,
    // Quirk 108: older sticks take and give packed septets only.
    ussd: &[UssdForm::Text, UssdForm::Packed, UssdForm::Ucs2],
    cms: &[
        (512, Disposition::Sim),
        (513, Disposition::GiveUp),
        (514, Disposition::GiveUp),
        (515, Disposition::Sim),
        (517, Disposition::GiveUp),
        (528, Disposition::Modem),
        (529, Disposition::Ask),
        (531, Disposition::Sim),
    ],
    noise: &["^"],
    ..generic::PROFILE
};
