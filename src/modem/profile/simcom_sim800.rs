//! SIMCom's 2G modules (SIM800, SIM900, SIM300): a UART board, so found by model, not by USB id.

use super::{Profile, Quirks, generic};
use crate::at::commands::sim::QueryPinTriesBy;
use crate::at::commands::sms::Storage;
use crate::modem::Disposition;

/// The 2G family.
pub const PROFILE: Profile = Profile {
    name: "simcom-sim800",
    models: &["SIMCOM_SIM8", "SIMCOM_SIM9", "SIMCOM_SIM3", "SIM8", "SIM9", "SIM3"],
    init: &["+CSCLK=0", "+CIURC=1"],
    pin_tries: &[QueryPinTriesBy { text: "+SPIC", prefix: "+SPIC:", position: 0 }],
    iccid: &["+CCID"],
    storages: &[Storage::Sm, Storage::Me],
    // Quirk 88.
    cnmi: generic::CNMI_MODE_1,
    // Quirk 16: 515 here means still busy with the message before, which may yet go out.
    cms: &[
        (512, Disposition::Modem),
        (513, Disposition::Sim),
        (514, Disposition::GiveUp),
        (515, Disposition::Ambiguous),
        (516, Disposition::GiveUp),
        (532, Disposition::Sim),
    ],
    // Quirk 87: an acknowledgement disturbs.
    quirks: Quirks { acknowledges: false, pause_ms: 100, brisk: false, ..generic::QUIRKS },
    noise: &["*"],
    ..generic::PROFILE
};
