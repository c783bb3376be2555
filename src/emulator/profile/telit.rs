//! Telit LE910 and relatives: `#` commands, ICCID by `#CCID`.

use super::{Profile, Slots, generic};
use crate::emulator::settings::Charset;
use crate::emulator::storage::Memory::{Equipment, Reports, Sim};
use crate::types::Millis;

pub const PROFILE: Profile = Profile {
    name: "telit",
    maker: "Telit",
    model: "LE910C1-EU",
    firmware: "25.20.262",
    sim_ready: &["#QSS: 3"],
    boot: Millis(2_500),
    sim_busy: Millis(2_000),
    usb: true,
    memories: [&[Sim, Equipment, Reports], &[Sim, Equipment], &[Sim, Equipment]],
    slots: Slots { sim: 30, equipment: 100, reports: 10, base: 1 },
    charset_at_start: Charset::Ira,
    cnmi: [&[0, 1, 2, 3], &[0, 1, 2, 3], &[0, 2, 3], &[0, 1, 2], &[0, 1]],
    vendor: &["#CCID", "#PCT", "#SHDN", "#REBOOT", "#CGMI", "#CGMM"],
    keeps: &[("#QSS", "0"), ("#NITZ", "0"), ("#SMSMODE", "0"), ("#BND", "0")],
    ..generic::PROFILE
};
