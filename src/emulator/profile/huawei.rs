//! Huawei sticks (E17xx, E3xxx with stick firmware): chatty, own words for errors.

use super::generic::{self, QUIRKS};
use super::{Profile, Quirks, Slots};
use crate::emulator::storage::Memory::{Equipment, Reports, Sim};
use crate::types::Millis;

pub const PROFILE: Profile = Profile {
    name: "huawei",
    maker: "huawei",
    model: "E3372",
    firmware: "21.180.01.00.00",
    sim_ready: &["^SIMST:1", "^SRVST:2"],
    sim_busy: Millis(2_000),
    usb: true,
    memories: [&[Sim, Equipment, Reports], &[Sim, Equipment], &[Sim, Equipment]],
    slots: Slots { sim: 20, equipment: 23, reports: 10, base: 0 },
    cnmi: [&[0, 1, 2], &[0, 1, 2, 3], &[0, 2, 3], &[0, 1, 2], &[0, 1]],
    unknown_command: Some("COMMAND NOT SUPPORT"),
    vendor: &["^ICCID", "^CPIN", "^SYSINFO", "^HCSQ", "^VERSION", "^RESET"],
    keeps: &[
        ("^CURC", "1"),
        ("^U2DIAG", "0"),
        ("^PORTSEL", "0"),
        ("^USSDMODE", "0"),
        ("^SYSCFGEX", "\"00\",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF"),
        ("^CVOICE", "0"),
    ],
    full: Some("^SMMEMFULL:\"{}\""),
    heartbeat: Some(("^RSSI:{}", Millis(30_000))),
    quirks: Quirks { empty_slot_is_ok: true, bare_number: true, ..QUIRKS },
    ..generic::PROFILE
};
