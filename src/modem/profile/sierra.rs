//! Sierra Wireless modules, and the Wavecom modems they grew from.

use super::usb::by_interface;
use super::{Profile, Quirks, generic};
use crate::modem::Disposition;

/// All of them.
pub const PROFILE: Profile = Profile {
    name: "sierra",
    makers: &["SIERRA", "WAVECOM"],
    models: &["MC7", "EM7"],
    usb: &[
        by_interface(0x1199, 0x9071, &[3], &[0, 2]),
        by_interface(0x1199, 0x9079, &[3], &[0, 2]),
        by_interface(0x1199, 0x9091, &[3], &[0, 2]),
    ],
    iccid: &["!ICCID?", "+CCID"],
    // Quirk 24: the numbers are the makers' own; after 513 the radio may have sent it.
    cms: &[
        (512, Disposition::RetryLater),
        (513, Disposition::Ambiguous),
        (514, Disposition::RetryLater),
        (515, Disposition::Modem),
        (519, Disposition::Modem),
        (527, Disposition::RetryLater),
        (528, Disposition::RetryLater),
        (529, Disposition::RetryLater),
        (531, Disposition::GiveUp),
    ],
    quirks: Quirks { pause_ms: 100, brisk: false, ..generic::QUIRKS },
    noise: &["*", "$"],
    ..generic::PROFILE
};
