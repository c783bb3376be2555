//! u-blox SARA, LARA and TOBY: close to the standards, slow to start.

use super::{Profile, Slots, generic};
use crate::emulator::settings::Charset;
use crate::emulator::storage::Memory::{Equipment, Reports, Sim};
use crate::types::Millis;

pub const PROFILE: Profile = Profile {
    name: "ublox",
    maker: "u-blox",
    model: "SARA-U201",
    firmware: "23.60",
    sim_ready: &["+UUSIMSTAT: 1"],
    boot: Millis(3_000),
    sim_busy: Millis(2_000),
    usb: true,
    memories: [&[Sim, Equipment, Reports], &[Sim, Equipment], &[Sim, Equipment]],
    slots: Slots { sim: 30, equipment: 200, reports: 10, base: 1 },
    charset_at_start: Charset::Ira,
    cnmi: [&[0, 1, 2], &[0, 1, 2, 3], &[0, 1, 2, 3], &[0, 1, 2], &[0, 1]],
    vendor: &["+CCID", "+UPINCNT", "+CPWROFF"],
    keeps: &[("+UUSIMSTAT", "0"), ("+UPSV", "0"), ("+USIMSTAT", "0"), ("+CGSMS", "1")],
    ..generic::PROFILE
};
