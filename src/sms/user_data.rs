//! TP-UDL and TP-UD: the header and what follows it.
//!
//! The DCS decides whether the length counts septets or octets; it comes in as an argument and is
//! not kept here twice. Joining segments is `assemble`'s subject, making them `segment`'s.
//!
//! 23.040 §9.2.3.16 and §9.2.3.24.

use super::charset::Tables;
use super::dcs::{Alphabet, Dcs};
use super::error::{DecodeError, EncodeError, Field, Ignored};
use super::gsm7;
use super::reader::Reader;
use super::ucs2;
use super::udh::Udh;

/// User data: an optional header, and text or octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserData {
    /// The header; `None` when TP-UDHI is 0.
    pub header: Option<Udh>,
    /// What follows the header.
    pub body: Body,
}

/// The user data behind the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// GSM 7-bit text, one septet an octet, not yet translated.
    Septets(Vec<u8>),
    /// Everything else: UCS-2, 8-bit data, compressed text.
    Octets(Vec<u8>),
}

impl UserData {
    /// The most octets TP-UD holds.
    pub const MOST_OCTETS: usize = 140;

    /// The text of this segment alone; `None` for 8-bit data and compressed text.
    pub fn text(&self, dcs: Dcs) -> Option<String> {
        match &self.body {
            Body::Septets(septets) => Some(self.tables().decode(septets)),
            Body::Octets(octets) => {
                (dcs.is_text() && dcs.alphabet() == Alphabet::Ucs2).then(|| ucs2::decode(octets))
            }
        }
    }

    /// TP-UDL: septets or octets, header and fill included.
    pub fn length(&self) -> usize {
        let header = self.header_octets();
        match &self.body {
            Body::Septets(septets) => (header * 8).div_ceil(7) + septets.len(),
            Body::Octets(octets) => header + octets.len(),
        }
    }

    /// Octets after the header as they go over the air; septets are packed behind their fill.
    pub fn body_octets(&self) -> Vec<u8> {
        match &self.body {
            Body::Septets(septets) => gsm7::pack(septets, fill_bits(self.header_octets())),
            Body::Octets(octets) => octets.clone(),
        }
    }

    /// The alphabets of the text.
    pub fn tables(&self) -> Tables {
        self.header.as_ref().map_or(Tables::DEFAULT, Udh::tables)
    }

    /// The header with its length octet.
    fn header_octets(&self) -> usize {
        self.header.as_ref().map_or(0, |header| 1 + header.octets().len())
    }

    pub(super) fn read(
        reader: &mut Reader<'_>,
        with_header: bool,
        dcs: Dcs,
    ) -> Result<Self, DecodeError> {
        let length = usize::from(reader.octet(Field::UserDataLength)?);
        let in_septets = dcs.counts_septets();
        let octets = if in_septets { (length * 7).div_ceil(8) } else { length };
        let start = reader.offset();
        let whole = reader.take(octets, Field::UserData)?;
        let (header, rest) = if with_header { split_header(whole, start)? } else { (None, whole) };
        let header_octets = whole.len() - rest.len();
        let body = if in_septets {
            let fill = fill_bits(header_octets);
            let septets = length
                .checked_sub((header_octets * 8).div_ceil(7))
                .ok_or(DecodeError::BadUdh { octet: start })?;
            reader.ignored.insert(stray_bits(rest, fill, septets));
            Body::Septets(gsm7::unpack(rest, fill, septets))
        } else {
            Body::Octets(rest.to_vec())
        };
        Ok(Self { header, body })
    }

    pub(super) fn write(&self, dcs: Dcs, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        if dcs.counts_septets() != matches!(self.body, Body::Septets(_)) {
            return Err(EncodeError::AlphabetMismatch);
        }
        let length = u8::try_from(self.length()).unwrap_or(u8::MAX);
        out.push(length);
        let start = out.len();
        if let Some(header) = &self.header {
            let octets = header.octets().len();
            let length = u8::try_from(octets).ok().filter(|_| octets < Self::MOST_OCTETS);
            out.push(length.ok_or(EncodeError::HeaderTooLong { octets })?);
            out.extend(header.octets());
        }
        match &self.body {
            Body::Septets(septets) => {
                gsm7::pack_onto(out, septets, fill_bits(self.header_octets()));
            }
            Body::Octets(octets) => out.extend(octets),
        }
        let octets = out.len() - start;
        if octets > Self::MOST_OCTETS {
            return Err(EncodeError::UserDataTooLong { octets });
        }
        Ok(())
    }
}

/// Takes the header off; what is left begins right after it.
pub(super) fn split_header(
    whole: &[u8],
    octet: usize,
) -> Result<(Option<Udh>, &[u8]), DecodeError> {
    let bad = DecodeError::BadUdh { octet };
    let (&length, rest) = whole.split_first().ok_or(bad)?;
    let (header, rest) = rest.split_at_checked(length.into()).ok_or(bad)?;
    Ok((Some(Udh::from_octets(header.to_vec())), rest))
}

/// Septets begin at a multiple of seven bits from the start of TP-UD; the gap is filled with 0.
pub(super) fn fill_bits(header_octets: usize) -> usize {
    (7 - header_octets * 8 % 7) % 7
}

/// Whether the bits before and after the septets are 0, as they should be.
fn stray_bits(octets: &[u8], fill: usize, septets: usize) -> Ignored {
    let mut stray = Ignored::default();
    if octets.first().is_some_and(|first| u32::from(*first) & ((1 << fill) - 1) != 0) {
        stray.insert(Ignored::FILL_BITS);
    }
    let used = (fill + septets * 7) % 8;
    if used != 0 && octets.last().is_some_and(|last| last >> used != 0) {
        stray.insert(Ignored::SPARE_BITS);
    }
    stray
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_counts_septets_or_octets_header_included() {
        let header = |octets: usize| Some(Udh::from_octets(vec![0; octets]));
        for (octets, septets, fill) in
            [(3, 5, 3), (4, 6, 2), (5, 7, 1), (6, 8, 0), (8, 11, 5), (9, 12, 4), (12, 15, 1)]
        {
            let text = UserData { header: header(octets), body: Body::Septets(vec![0x41; 3]) };
            assert_eq!(text.length(), septets + 3, "{octets} octets");
            assert_eq!(fill_bits(octets + 1), fill, "{octets} octets");
            let data = UserData { header: header(octets), body: Body::Octets(vec![0x41; 3]) };
            assert_eq!(data.length(), octets + 1 + 3);
        }
    }

    #[test]
    fn a_header_longer_than_the_user_data_is_refused() {
        let read = |octets: &[u8]| UserData::read(&mut Reader::new(octets), true, Dcs::OCTETS);
        assert_eq!(read(&[2, 2, 0]), Err(DecodeError::BadUdh { octet: 1 }));
        assert_eq!(read(&[0]), Err(DecodeError::BadUdh { octet: 1 }));
        assert!(read(&[1, 0]).is_ok());
        let short = DecodeError::Truncated { field: Field::UserData, octet: 1 };
        assert_eq!(read(&[3, 0]), Err(short));
    }
}
