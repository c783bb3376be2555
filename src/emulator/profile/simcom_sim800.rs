//! SIMCom SIM800 family: 2G boards on a UART that announce every step of their start.

use super::generic::{self, QUIRKS};
use super::{Profile, Quirks, Slots};
use crate::emulator::storage::Memory::{Both, Equipment, Sim};
use crate::types::Millis;

pub const PROFILE: Profile = Profile {
    name: "simcom-sim800",
    maker: "SIMCOM_Ltd",
    model: "SIMCOM_SIM800L",
    firmware: "Revision:1418B05SIM800L24",
    banner: &["RDY", "+CFUN: 1"],
    sim_ready: &["+CPIN: READY", "Call Ready", "SMS Ready"],
    boot: Millis(1_500),
    sim_busy: Millis(3_000),
    memories: [&[Sim, Equipment, Both], &[Sim, Equipment, Both], &[Sim, Equipment, Both]],
    slots: Slots { sim: 25, equipment: 25, reports: 0, base: 1 },
    services: &[0, 1],
    cnmi: [&[0, 1, 2], &[0, 1, 2, 3], &[0, 2], &[0, 1], &[0, 1]],
    vendor: &["+CCID", "+SPIC", "+CPOWD", "+CBC", "+CMTE"],
    keeps: &[("+CSCLK", "0"), ("+CIURC", "1"), ("+IPR", "115200"), ("+CSGS", "1")],
    full: Some("+CIEV: \"MESSAGE\",1"),
    quirks: Quirks { acknowledges_itself: true, bare_iccid: true, ..QUIRKS },
    ..generic::PROFILE
};
