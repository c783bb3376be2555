//! SIMCom SIM7600 and its A76xx relatives: LTE, all settings lost at `RDY`.

use super::generic::{self, QUIRKS};
use super::{Profile, Quirks, Slots};
use crate::emulator::storage::Memory::{Equipment, Reports, Sim};
use crate::types::Millis;

pub const PROFILE: Profile = Profile {
    name: "simcom-sim7600",
    maker: "SIMCOM INCORPORATED",
    model: "SIMCOM_SIM7600E-H",
    firmware: "LE20B03SIM7600M22",
    banner: &["RDY"],
    sim_ready: &["+CPIN: READY", "SMS DONE", "PB DONE"],
    boot: Millis(2_000),
    sim_busy: Millis(2_000),
    usb: true,
    memories: [&[Equipment, Sim, Reports], &[Equipment, Sim], &[Equipment, Sim]],
    memories_at_start: [Equipment, Equipment, Equipment],
    slots: Slots { sim: 40, equipment: 23, reports: 10, base: 0 },
    charset_at_start: crate::emulator::settings::Charset::Ira,
    cnmi: [&[0, 1, 2], &[0, 1, 2, 3], &[0, 2], &[0, 1, 2], &[0, 1]],
    vendor: &["+CICCID", "+SPIC", "+CPSI", "+CPOF", "+CRESET"],
    keeps: &[("+CNMP", "2"), ("+CNSMOD", "0"), ("+CVHU", "1"), ("+CSCLK", "0")],
    full: Some("+SMS FULL"),
    quirks: Quirks { acknowledges_itself: true, ..QUIRKS },
    ..generic::PROFILE
};
