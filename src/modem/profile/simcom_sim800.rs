//! SIMCom's 2G modules (SIM800, SIM900, SIM300): a UART board, so found by model, not by USB id.

use super::{Profile, Query, Quirks, Signal, generic};
use crate::modem::Disposition;

/// The 2G family.
pub const PROFILE: Profile = Profile {
    name: "simcom-sim800",
    models: &["SIMCOM_SIM8", "SIMCOM_SIM9", "SIMCOM_SIM3", "SIM8", "SIM9", "SIM3"],
    init: &["+CSCLK=0", "+CIURC=1"],
    pin_tries: &[Query { command: "+SPIC", prefix: "+SPIC:", field: 0 }],
    iccid: &[Query { command: "+CCID", prefix: "+CCID:", field: 0 }],
    storages: &["SM", "ME"],
    // Quirk 88.
    cnmi: generic::CNMI_MODE_1,
    urcs: &[
        ("Call Ready", Signal::Ignored),
        ("+SMS FULL", Signal::StorageFull),
        ("+CIEV: \"MESSAGE\",1", Signal::StorageFull),
        ("+CPIN: NOT", Signal::SimChanged),
        ("+CPIN: SIM REMOVED", Signal::SimChanged),
        ("+CMTE:", Signal::PowerAlarm),
        ("CHARGE-ONLY MODE", Signal::PowerAlarm),
        ("*PSUTTZ", Signal::Ignored),
        ("*PSNWID", Signal::Ignored),
        ("DST:", Signal::Ignored),
        ("+CIEV:", Signal::Ignored),
        ("+STIN:", Signal::Ignored),
    ],
    // Quirk 16: 515 here means still busy with the message before, which may yet go out.
    cms: &[
        (512, Disposition::Modem),
        (513, Disposition::Sim),
        (514, Disposition::GiveUp),
        (515, Disposition::Ambiguous),
        (516, Disposition::GiveUp),
        (532, Disposition::Sim),
    ],
    // Quirk 87: an acknowledgement disturbs. Quirk 52: the SMS part wakes up late and says so.
    quirks: Quirks {
        acknowledges: false,
        announces_sms_ready: true,
        pause_ms: 100,
        ..generic::QUIRKS
    },
    ..generic::PROFILE
};
