//! A modem nobody described: what the specifications say, asked for in the safest order.

use super::{Cnmi, Profile, Query, Quirks, Signal, UssdForm};

/// Deviations of a modem that has none.
pub const QUIRKS: Quirks =
    Quirks { acknowledges: true, announces_sms_ready: false, radio_off: 4, pause_ms: 20 };

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

/// Card number by the usual commands (27.007 has only `+CCID` in recent releases).
pub const ICCID: &[Query] = &[
    Query { command: "+CCID", prefix: "+CCID:", field: 0 },
    Query { command: "+ICCID", prefix: "+ICCID:", field: 0 },
    Query { command: "+QCCID", prefix: "+QCCID:", field: 0 },
];

/// Tries left by the standard's command (27.007 §8.65): `+CPINR: SIM PIN,3,3`.
pub const PIN_TRIES: &[Query] =
    &[Query { command: "+CPINR=\"SIM PIN\"", prefix: "+CPINR:", field: 1 }];

/// The profile every other one is built from.
pub const PROFILE: Profile = Profile {
    name: "generic",
    makers: &[],
    models: &[],
    usb: &[],
    init: &[],
    iccid: ICCID,
    pin_tries: PIN_TRIES,
    storages: &["ME", "SM", "MT"],
    cnmi: CNMI,
    ussd: &[UssdForm::Text, UssdForm::Packed],
    urcs: &[
        ("RDY", Signal::Started),
        ("SYSSTART", Signal::Started),
        ("^SYSSTART", Signal::Started),
        ("Modem power-on", Signal::Started),
        ("START", Signal::Started),
        ("+READY", Signal::Started),
        ("+EIND: 1", Signal::Started),
        ("EIND: 1", Signal::Started),
        ("*ATREADY", Signal::Started),
        ("*EMRDY", Signal::Started),
        ("SMS Ready", Signal::SmsReady),
        ("SMS DONE", Signal::SmsReady),
        ("NORMAL POWER DOWN", Signal::PowerOff),
        ("POWERED DOWN", Signal::PowerOff),
        ("POWER DOWN", Signal::PowerOff),
        ("^SHUTDOWN", Signal::PowerOff),
        ("UNDER-VOLTAGE", Signal::PowerAlarm),
        ("UNDER_VOLTAGE", Signal::PowerAlarm),
        ("OVER-VOLTAGE", Signal::PowerAlarm),
        ("^SBC:", Signal::PowerAlarm),
        ("$GP", Signal::WrongPort),
        ("$GN", Signal::WrongPort),
        ("$GL", Signal::WrongPort),
    ],
    cms: &[],
    quirks: QUIRKS,
};
