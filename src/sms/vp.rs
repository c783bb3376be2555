//! TP-VP: how long the service centre keeps trying (23.040 §9.2.3.12).
//!
//! Only the relative form is sent by us; networks rarely honour the others.

use crate::types::Millis;

use super::error::{DecodeError, Field};
use super::reader::Reader;
use super::scts::Scts;

/// A validity period as sent; no period at all is an `Option` of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidityPeriod {
    /// One octet, from 5 minutes to 63 weeks.
    Relative(u8),
    /// A functionality indicator and what it announces.
    Enhanced([u8; 7]),
    /// Until then.
    Absolute(Scts),
}

impl ValidityPeriod {
    /// The shortest relative period that is not shorter than `wanted`; at most 63 weeks.
    pub fn at_least(wanted: Millis) -> Self {
        let minutes = wanted.0.div_ceil(60_000);
        let octet = (0..=u8::MAX).find(|&octet| u64::from(relative_minutes(octet)) >= minutes);
        Self::Relative(octet.unwrap_or(u8::MAX))
    }

    /// The period in seconds; `None` when there is none, or it is given as a date.
    pub fn seconds(self) -> Option<u32> {
        match self {
            Self::Relative(octet) => Some(relative_minutes(octet) * 60),
            Self::Enhanced(octets) => enhanced_seconds(&octets),
            Self::Absolute(_) => None,
        }
    }

    /// TP-VPF: bits 4 and 3 of the first octet.
    pub(super) fn format(self) -> u8 {
        match self {
            Self::Enhanced(_) => 1,
            Self::Relative(_) => 2,
            Self::Absolute(_) => 3,
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>, format: u8) -> Result<Option<Self>, DecodeError> {
        let field = Field::ValidityPeriod;
        Ok(match format {
            1 => Some(Self::Enhanced(reader.array(field)?)),
            2 => Some(Self::Relative(reader.octet(field)?)),
            3 => Some(Self::Absolute(Scts(reader.array(field)?))),
            _ => None,
        })
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Relative(octet) => out.push(octet),
            Self::Enhanced(octets) | Self::Absolute(Scts(octets)) => out.extend(octets),
        }
    }
}

/// 23.040 §9.2.3.12.1.
fn relative_minutes(octet: u8) -> u32 {
    const DAY: u32 = 24 * 60;
    match u32::from(octet) {
        octet @ 0..=143 => (octet + 1) * 5,
        octet @ 144..=167 => DAY / 2 + (octet - 143) * 30,
        octet @ 168..=196 => (octet - 166) * DAY,
        octet => (octet - 192) * 7 * DAY,
    }
}

/// 23.040 §9.2.3.12.3: the indicator's extensions come first, then the period.
fn enhanced_seconds(octets: &[u8; 7]) -> Option<u32> {
    let kind = octets.first()? & 0x07;
    let extensions = octets.iter().take_while(|octet| **octet & 0x80 != 0).count();
    let period = octets.get(extensions + 1..)?;
    match (kind, period) {
        (1, [octet, ..]) => Some(relative_minutes(*octet) * 60),
        (2, [seconds, ..]) => Some(u32::from(*seconds)),
        (3, [hours, minutes, seconds, ..]) => {
            let two = |octet: u8| u32::from(octet & 0x0F) * 10 + u32::from(octet >> 4);
            Some(two(*hours) * 3_600 + two(*minutes) * 60 + two(*seconds))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relative_form_is_the_shortest_that_is_long_enough() {
        const HOUR: u64 = 60;
        const DAY: u64 = 24 * HOUR;
        for (minutes, octet) in [
            (0, 0x00),
            (5, 0x00),
            (6, 0x01),
            (12 * HOUR, 143),
            (12 * HOUR + 1, 144),
            (DAY, 0xA7),
            (2 * DAY, 0xA8),
            (7 * DAY, 0xAD),
            (30 * DAY, 0xC4),
            (31 * DAY, 197),
            (63 * 7 * DAY, 0xFF),
            (1_000 * DAY, 0xFF),
        ] {
            let wanted = Millis(minutes * 60_000);
            let period = ValidityPeriod::at_least(wanted);
            assert_eq!(period, ValidityPeriod::Relative(octet), "{minutes} minutes");
        }
    }

    #[test]
    fn the_enhanced_form_is_read() {
        for (octets, seconds) in [
            ([0x00, 0, 0, 0, 0, 0, 0], None),
            ([0x01, 0xA7, 0, 0, 0, 0, 0], Some(86_400)),
            ([0x42, 45, 0, 0, 0, 0, 0], Some(45)),
            ([0x03, 0x21, 0x43, 0x65, 0, 0, 0], Some(12 * 3_600 + 34 * 60 + 56)),
            ([0x82, 0x00, 45, 0, 0, 0, 0], Some(45)), // one more indicator octet
            ([0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80], None),
            ([0x07, 1, 1, 1, 1, 1, 1], None),
        ] {
            assert_eq!(ValidityPeriod::Enhanced(octets).seconds(), seconds, "{octets:02X?}");
        }
    }
}
