//! Modem families as they look from the terminal: names, banners, storages, quirks.
//!
//! One constant per file, each built from [`generic::PROFILE`]. A profile is facts only; `commands`
//! and `device` read them. Names are those the gateway's driver uses for the same families.

use super::settings::Charset;
use super::storage::Memory;
use crate::types::Millis;

mod generic;
mod huawei;
mod quectel;
mod sierra;
mod simcom_sim7600;
mod simcom_sim800;
mod telit;
mod ublox;
mod zte;

/// One family.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: &'static str,
    pub maker: &'static str,
    pub model: &'static str,
    pub firmware: &'static str,
    /// Said after power-on, when the port can already be heard.
    pub banner: &'static [&'static str],
    /// Said once the SIM answers.
    pub sim_ready: &'static [&'static str],
    /// Silence after power-on.
    pub boot: Millis,
    /// How long SIM and SMS commands answer "busy" after power-on or a right PIN.
    pub sim_busy: Millis,
    /// A reset makes the port vanish for a while.
    pub usb: bool,
    /// What `+CPMS` takes as its first, second and third storage.
    pub memories: [&'static [Memory]; 3],
    pub memories_at_start: [Memory; 3],
    pub slots: Slots,
    /// How data is asked for.
    pub prompt: &'static str,
    pub errors_at_start: u8,
    pub charset_at_start: Charset,
    /// What `+CSMS` takes.
    pub services: &'static [u8],
    /// What `+CNMI` takes, per parameter.
    pub cnmi: [&'static [u8]; 5],
    /// The whole answer to a command it does not know, in place of `ERROR`.
    pub unknown_command: Option<&'static str>,
    /// Makers' commands it knows, of those in `commands::vendor` and beyond.
    pub vendor: &'static [&'static str],
    /// Standard commands it does not know.
    pub lacks: &'static [&'static str],
    /// Makers' settings that are taken and read back: name and first value.
    pub keeps: &'static [(&'static str, &'static str)],
    /// Said when a message does not fit; `{}` is the storage.
    pub full: Option<&'static str>,
    /// Said now and then without being asked; `{}` is the signal.
    pub heartbeat: Option<(&'static str, Millis)>,
    pub quirks: Quirks,
}

/// How many messages fit, and how they are counted.
#[derive(Clone, Debug)]
pub struct Slots {
    pub sim: u16,
    pub equipment: u16,
    pub reports: u16,
    /// The first index.
    pub base: u16,
}

/// Deviations that are not a list of something.
#[derive(Clone, Copy, Debug)]
pub struct Quirks {
    /// `+CMGR` of an empty slot: `OK` alone instead of CMS 321.
    pub empty_slot_is_ok: bool,
    /// `+CPMS=` wants all three storages (quirk 68).
    pub wants_three_memories: bool,
    /// Status reports kept in SR are announced as SM (quirk 89).
    pub reports_announced_as_sim: bool,
    /// `+CNUM` and phonebook names lack quotes as the family prints them (quirk 101).
    pub bare_number: bool,
    /// TP-MR is always 0 in `+CMGS:` (fault 39).
    pub reference_always_zero: bool,
    /// A direct delivery needs no `+CNMA` whatever `+CSMS` says (quirk 87).
    pub acknowledges_itself: bool,
    /// USSD answers come as packed 7-bit hex, and requests must come so (quirks 104, 108).
    pub ussd_packed: bool,
    /// `+CCID` answers with bare digits and their filler.
    pub bare_iccid: bool,
    /// `+CGSN` answers with its name in front.
    pub named_identity: bool,
}

/// Every family.
pub const ALL: &[&Profile] = &[
    &generic::PROFILE,
    &huawei::PROFILE,
    &simcom_sim800::PROFILE,
    &simcom_sim7600::PROFILE,
    &quectel::PROFILE,
    &zte::PROFILE,
    &ublox::PROFILE,
    &telit::PROFILE,
    &sierra::PROFILE,
];

/// The family of that name.
pub fn find(name: &str) -> Option<&'static Profile> {
    ALL.iter().copied().find(|profile| profile.name == name)
}
