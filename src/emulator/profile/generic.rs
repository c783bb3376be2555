//! A modem that does what the standards say, and all of it.

use super::{Profile, Quirks, Slots};
use crate::emulator::settings::Charset;
use crate::emulator::storage::Memory::{Both, Broadcast, Equipment, Reports, Sim};
use crate::types::Millis;

pub const QUIRKS: Quirks = Quirks {
    empty_slot_is_ok: false,
    wants_three_memories: false,
    reports_announced_as_sim: false,
    bare_number: false,
    reference_always_zero: false,
    acknowledges_itself: false,
    ussd_packed: false,
    bare_iccid: false,
    named_identity: false,
};

pub const PROFILE: Profile = Profile {
    name: "generic",
    maker: "Simgate",
    model: "Emulated Modem",
    firmware: "1.0",
    banner: &[],
    sim_ready: &[],
    boot: Millis(200),
    sim_busy: Millis(0),
    usb: false,
    memories: [&[Sim, Equipment, Both, Reports, Broadcast], &[Sim, Equipment], &[Sim, Equipment]],
    memories_at_start: [Sim, Sim, Sim],
    slots: Slots { sim: 30, equipment: 100, reports: 20, base: 1 },
    prompt: "\r\n> ",
    errors_at_start: 0,
    charset_at_start: Charset::Gsm,
    services: &[0, 1],
    cnmi: [&[0, 1, 2, 3], &[0, 1, 2, 3], &[0, 1, 2, 3], &[0, 1, 2], &[0, 1]],
    unknown_command: None,
    vendor: &["+CCID", "+CPINR"],
    lacks: &[],
    keeps: &[],
    full: None,
    heartbeat: None,
    quirks: QUIRKS,
};
