//! Quectel EC2x and EG2x: reports lie in SR while `+CDSI` says SM.

use super::generic::{self, QUIRKS};
use super::{Profile, Quirks, Slots};
use crate::emulator::storage::Memory::{Both, Equipment, Reports, Sim};
use crate::types::Millis;

pub const PROFILE: Profile = Profile {
    name: "quectel",
    maker: "Quectel",
    model: "EC25",
    firmware: "EC25EFAR06A06M4G",
    banner: &["RDY"],
    sim_ready: &["+CPIN: READY", "+QUSIM: 1", "+CFUN: 1", "+QIND: SMS DONE", "+QIND: PB DONE"],
    boot: Millis(2_000),
    sim_busy: Millis(1_500),
    usb: true,
    memories: [&[Sim, Equipment, Both, Reports], &[Sim, Equipment], &[Sim, Equipment]],
    memories_at_start: [Equipment, Equipment, Equipment],
    slots: Slots { sim: 50, equipment: 23, reports: 10, base: 0 },
    cnmi: [&[0, 1, 2], &[0, 1, 2, 3], &[0, 2], &[0, 1, 2], &[0, 1]],
    vendor: &["+QCCID", "+QPINC", "+QNWINFO", "+QINISTAT", "+QPOWD"],
    keeps: &[
        ("+QURCCFG", "\"urcport\",\"usbat\""),
        ("+QCFG", "\"nwscanmode\",0"),
        ("+QINDCFG", "\"all\",1"),
    ],
    full: Some("+QIND: \"smsfull\",\"{}\""),
    quirks: Quirks { reports_announced_as_sim: true, empty_slot_is_ok: true, ..QUIRKS },
    ..generic::PROFILE
};
