//! Sierra Wireless EM and MC cards: `!` commands, prompts followed by an early `OK` on some.

use super::generic::{self, QUIRKS};
use super::{Profile, Quirks, Slots};
use crate::emulator::storage::Memory::{Equipment, Reports, Sim};
use crate::types::Millis;

pub const PROFILE: Profile = Profile {
    name: "sierra",
    maker: "Sierra Wireless, Incorporated",
    model: "MC7455",
    firmware: "SWI9X30C_02.33.03.00",
    boot: Millis(2_000),
    sim_busy: Millis(1_000),
    usb: true,
    memories: [&[Sim, Equipment, Reports], &[Sim, Equipment], &[Sim, Equipment]],
    slots: Slots { sim: 30, equipment: 255, reports: 10, base: 0 },
    cnmi: [&[0, 1, 2], &[0, 1, 2, 3], &[0, 2], &[0, 1, 2], &[0, 1]],
    vendor: &["!ICCID", "!GSTATUS", "!RESET"],
    keeps: &[("!ENTERCND", ""), ("!SELRAT", "00"), ("+WIND", "0")],
    quirks: Quirks { empty_slot_is_ok: true, ..QUIRKS },
    ..generic::PROFILE
};
