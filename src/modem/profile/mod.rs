//! What one modem family does differently, as data: one file each, a `const PROFILE` built from
//! [`generic::PROFILE`].
//!
//! The driver asks a profile, never for a family's name. A quirk that cannot be said with the
//! fields here becomes one more named field with a harmless default. Discovery reads
//! [`Profile::usb`] to know which devices are ours and which of their ports speaks AT.
//!
//! Deliberately absent: anything that runs. Begin with [`Profile`], then `generic`.

pub mod generic;
mod huawei;
mod quectel;
mod sierra;
mod simcom_sim7600;
mod simcom_sim800;
mod telit;
mod ublox;
mod usb;
mod zte;

use crate::at::Disposition;
use crate::at::commands::sim::QueryPinTriesBy;
use crate::at::commands::sms::{Indications, Storage};
pub use usb::{AtPort, UsbId};

/// Everything the driver needs to know about a family.
#[derive(Clone, Copy, Debug)]
pub struct Profile {
    /// As the owner writes it in the settings.
    pub name: &'static str,
    /// Words in `+CGMI` that mean this family, in capitals. Empty when the maker has several.
    pub makers: &'static [&'static str],
    /// Beginnings of `+CGMM` that mean this family, in capitals.
    pub models: &'static [&'static str],
    /// USB identities after any mode switch.
    pub usb: &'static [UsbId],
    /// Settings of its own, after the common ones; a refusal is no harm (quieting, mostly).
    pub init: &'static [&'static str],
    /// Commands that ask for the card number, in this order.
    pub iccid: &'static [&'static str],
    /// How to ask for the PIN tries left, before the standard's own way.
    pub pin_tries: &'static [QueryPinTriesBy],
    /// Storages for received texts, best first.
    pub storages: &'static [Storage],
    /// `+CNMI` settings to try, best first (27.005 §3.4.1).
    pub cnmi: &'static [Cnmi],
    /// How USSD questions are written, most likely first.
    pub ussd: &'static [UssdForm],
    /// Beginnings of unsolicited lines that are its own chatter, not worth a note.
    pub noise: &'static [&'static str],
    /// Meaning of result codes whose number other makers use otherwise (`+CMS ERROR: 512` on).
    pub cms: &'static [(u16, Disposition)],
    /// Smaller deviations.
    pub quirks: Quirks,
}

/// Deviations that are a yes, a no or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirks {
    /// `+CSMS=1` works and `+CMT` and `+CDS` are then acknowledged with `+CNMA`.
    pub acknowledges: bool,
    /// The `+CFUN` value that switches the radio off.
    pub radio_off: u8,
    /// Quiet time after a final result, in milliseconds; held-back URCs come out in it.
    pub pause_ms: u64,
    /// Commands about texts need no such pause before them: nothing unsolicited looks like their
    /// answers. Old modules lose characters without it.
    pub brisk: bool,
    /// A text may be written into a slot and sent from there right away (`+CMGW`, `+CMSS`).
    pub keeps_sent: bool,
}

/// A `+CNMI` setting: mode, mt, bm, ds, bfr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cnmi(pub u8, pub u8, pub u8, pub u8, pub u8);

impl Cnmi {
    /// The same with names.
    pub fn indications(self) -> Indications {
        let Cnmi(mode, mt, bm, ds, bfr) = self;
        Indications { mode, mt, bm, ds, bfr }
    }
}

/// How a USSD code is written into `+CUSD` (27.007 §7.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UssdForm {
    /// As text.
    Text,
    /// As GSM 7-bit septets, packed, in hex.
    Packed,
    /// As UCS-2 in hex.
    Ucs2,
}

/// All families; the generic one last.
pub const ALL: &[&Profile] = &[
    &huawei::PROFILE,
    &simcom_sim800::PROFILE,
    &simcom_sim7600::PROFILE,
    &quectel::PROFILE,
    &zte::PROFILE,
    &ublox::PROFILE,
    &telit::PROFILE,
    &sierra::PROFILE,
    &generic::PROFILE,
];

impl Profile {
    /// The profile of that name.
    pub fn named(name: &str) -> Option<&'static Profile> {
        ALL.iter().copied().find(|profile| profile.name == name)
    }

    /// The profile that fits best what the modem says of itself; generic when none does.
    pub fn matching(maker: &str, model: &str) -> &'static Profile {
        let best = ALL.iter().copied().max_by_key(|profile| profile.score(maker, model));
        best.filter(|profile| profile.score(maker, model) > 0).unwrap_or(&generic::PROFILE)
    }

    /// How well the profile fits: a model counts more than a maker, a longer beginning more than
    /// a shorter one.
    fn score(&self, maker: &str, model: &str) -> usize {
        let (maker, model) = (maker.to_ascii_uppercase(), model.to_ascii_uppercase());
        let by_model = self.models.iter().filter(|start| model.starts_with(**start));
        let by_model = by_model.map(|start| 100 + start.len()).max().unwrap_or(0);
        let by_maker = if self.makers.iter().any(|word| maker.contains(word)) { 50 } else { 0 };
        by_model + by_maker
    }

    /// What `+CMS ERROR: code` means here, when this family uses the number in its own way.
    pub fn cms(&self, code: u16) -> Option<Disposition> {
        self.cms.iter().find(|(own, _)| *own == code).map(|(_, meaning)| *meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modem_finds_its_profile_by_what_it_says_of_itself() {
        for (maker, model, expected) in [
            ("huawei", "E3372", "huawei"),
            ("Huawei Technologies Co., Ltd.", "MU609", "huawei"),
            // Quirk 2: the chip's maker instead of the stick's.
            ("QUALCOMM INCORPORATED", "E1750", "huawei"),
            ("SIMCOM_Ltd", "SIMCOM_SIM800L", "simcom-sim800"),
            ("SIMCOM_Ltd", "SIM900", "simcom-sim800"),
            ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "simcom-sim7600"),
            ("SIMCOM INCORPORATED", "A7670E-FASE", "simcom-sim7600"),
            ("INCORPORATED", "SIM7080G", "simcom-sim7600"),
            ("Quectel", "EC25", "quectel"),
            ("Quectel_Ltd", "Quectel_M26", "quectel"),
            ("ZTE CORPORATION", "MF190", "zte"),
            ("u-blox", "LARA-R211-02B", "ublox"),
            ("Telit", "LE910C1-EU", "telit"),
            ("Sierra Wireless, Incorporated", "MC7455", "sierra"),
            ("WAVECOM MODEM", "MULTIBAND 900E 1800", "sierra"),
            ("Nokia", "Nokia N95", "generic"),
            ("", "", "generic"),
        ] {
            assert_eq!(Profile::matching(maker, model).name, expected, "{maker} {model}");
        }
    }

    #[test]
    fn names_are_unique_and_found() {
        for profile in ALL {
            assert_eq!(ALL.iter().filter(|other| other.name == profile.name).count(), 1);
            assert_eq!(Profile::named(profile.name).unwrap().models, profile.models);
            assert_eq!(profile.name, profile.name.to_ascii_lowercase());
            assert!(!profile.cnmi.is_empty() && !profile.storages.is_empty());
            assert!(!profile.iccid.is_empty() && !profile.ussd.is_empty());
        }
        assert_eq!(Profile::named("nokia").map(|p| p.name), None);
    }
}
