//! ZTE MF sticks: `+ZUSIMR` and `+ZPASR` between everything.

use super::generic::{self, QUIRKS};
use super::{Profile, Quirks, Slots};
use crate::emulator::storage::Memory::{Equipment, Sim};
use crate::types::Millis;

pub const PROFILE: Profile = Profile {
    name: "zte",
    maker: "ZTE INCORPORATED",
    model: "MF190",
    firmware: "BD_MF190V1.0.0B04",
    sim_ready: &[
        "+ZUSIMR:2",
        "+ZPASR: \"UMTS\"",
        "+ZDONR: \"Emulated\",234,99,\"CS_PS\",\"ROAM_OFF\"",
    ],
    sim_busy: Millis(2_000),
    usb: true,
    memories: [&[Sim, Equipment], &[Sim, Equipment], &[Sim, Equipment]],
    memories_at_start: [Equipment, Equipment, Equipment],
    slots: Slots { sim: 20, equipment: 100, reports: 0, base: 0 },
    cnmi: [&[0, 1, 2], &[0, 1, 2], &[0, 2], &[0, 1], &[0, 1]],
    vendor: &["+ZGETICCID", "+ZPAS"],
    keeps: &[("+ZOPRT", "5"), ("+ZCDRUN", "8"), ("+ZSNT", "0,0,0")],
    full: Some("+ZSMMEMFULL: \"{}\""),
    heartbeat: Some(("+ZUSIMR:2", Millis(20_000))),
    quirks: Quirks { empty_slot_is_ok: true, ..QUIRKS },
    ..generic::PROFILE
};
