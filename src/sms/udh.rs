//! TP-UDH: the header inside the user data, and the elements we understand.
//!
//! The octets are kept whole, so that unknown elements survive; known ones are read on request.
//! When an element comes twice the last one counts (23.040 §9.2.3.24). What a concatenated
//! message is made of is `assemble`'s subject.

use super::address::Address;
use super::charset::{Language, Tables};
use super::error::EncodeError;

/// A user data header without its length octet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Udh {
    octets: Vec<u8>,
}

/// One element of a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InformationElement<'a> {
    /// Information element identifier.
    pub iei: u8,
    /// What it holds.
    pub data: &'a [u8],
}

/// The place of a segment in a concatenated message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConcatRef {
    /// Shared by all segments of a message.
    pub reference: u16,
    /// Whether the reference has 16 bits.
    pub wide: bool,
    /// How many segments there are, 1 to 255.
    pub total: u8,
    /// Which one this is, 1 to `total`.
    pub seq: u8,
}

/// Application ports: the message is addressed to a program, not to a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The receiving application.
    pub destination: u16,
    /// The sending one.
    pub source: u16,
    /// Whether they have 16 bits.
    pub wide: bool,
}

/// Identifiers of the elements we read or write (23.040 §9.2.3.24).
pub mod iei {
    /// Concatenation with an 8-bit reference.
    pub const CONCAT: u8 = 0x00;
    /// Special message indication.
    pub const INDICATION: u8 = 0x01;
    /// Application ports of 8 bits.
    pub const PORTS: u8 = 0x04;
    /// Application ports of 16 bits.
    pub const PORTS_WIDE: u8 = 0x05;
    /// Concatenation with a 16-bit reference.
    pub const CONCAT_WIDE: u8 = 0x08;
    /// Reply address.
    pub const REPLY_ADDRESS: u8 = 0x22;
    /// National single shift table.
    pub const SINGLE_SHIFT: u8 = 0x24;
    /// National locking shift table.
    pub const LOCKING_SHIFT: u8 = 0x25;
}

impl Udh {
    /// A header of these octets, the length octet not among them.
    pub fn from_octets(octets: Vec<u8>) -> Self {
        Self { octets }
    }

    /// The octets without the length octet.
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Appends an element.
    pub fn push(&mut self, iei: u8, data: &[u8]) -> Result<(), EncodeError> {
        let too_long = EncodeError::HeaderTooLong { octets: self.octets.len() + 2 + data.len() };
        let length = u8::try_from(data.len()).map_err(|_| too_long)?;
        self.octets.extend([iei, length]);
        self.octets.extend(data);
        Ok(())
    }

    /// The elements in order, up to the first that runs past the header.
    pub fn elements(&self) -> impl Iterator<Item = InformationElement<'_>> {
        Elements { rest: &self.octets }
    }

    /// Whether an element runs past the header. The text is sound all the same.
    pub fn malformed(&self) -> bool {
        let read: usize = self.elements().map(|element| 2 + element.data.len()).sum();
        read != self.octets.len()
    }

    /// The segment's place in a message; nonsense such as segment 3 of 2 is no place.
    pub fn concat(&self) -> Option<ConcatRef> {
        let element = self.last(|iei| matches!(iei, iei::CONCAT | iei::CONCAT_WIDE))?;
        let place = match (element.iei, element.data) {
            (iei::CONCAT, &[reference, total, seq]) => {
                ConcatRef { reference: reference.into(), wide: false, total, seq }
            }
            (iei::CONCAT_WIDE, &[high, low, total, seq]) => {
                ConcatRef { reference: u16::from_be_bytes([high, low]), wide: true, total, seq }
            }
            _ => return None,
        };
        (1..=place.total).contains(&place.seq).then_some(place)
    }

    /// The application ports.
    pub fn ports(&self) -> Option<Ports> {
        let element = self.last(|iei| matches!(iei, iei::PORTS | iei::PORTS_WIDE))?;
        match (element.iei, element.data) {
            (iei::PORTS, &[destination, source]) => {
                Some(Ports { destination: destination.into(), source: source.into(), wide: false })
            }
            (iei::PORTS_WIDE, &[d1, d0, s1, s0]) => Some(Ports {
                destination: u16::from_be_bytes([d1, d0]),
                source: u16::from_be_bytes([s1, s0]),
                wide: true,
            }),
            _ => None,
        }
    }

    /// The address to answer to instead of the originator (23.040 §9.2.3.24.11).
    pub fn reply_address(&self) -> Option<Address> {
        Address::from_octets(self.last(|iei| iei == iei::REPLY_ADDRESS)?.data).ok()
    }

    /// The language of the locking shift table.
    pub fn locking(&self) -> Option<Language> {
        self.language(iei::LOCKING_SHIFT)
    }

    /// The language of the single shift table.
    pub fn single(&self) -> Option<Language> {
        self.language(iei::SINGLE_SHIFT)
    }

    /// The alphabets the text of this segment is written in.
    pub fn tables(&self) -> Tables {
        Tables::of(self.locking(), self.single())
    }

    fn language(&self, wanted: u8) -> Option<Language> {
        match self.last(|iei| iei == wanted)?.data {
            [octet] => Language::from_octet(*octet),
            _ => None,
        }
    }

    fn last(&self, wanted: impl Fn(u8) -> bool) -> Option<InformationElement<'_>> {
        self.elements().filter(|element| wanted(element.iei)).last()
    }
}

impl ConcatRef {
    /// Appends the element that says so.
    pub(super) fn write(self, header: &mut Vec<u8>) {
        if self.wide {
            let [high, low] = self.reference.to_be_bytes();
            header.extend([iei::CONCAT_WIDE, 4, high, low, self.total, self.seq]);
        } else {
            let [_, low] = self.reference.to_be_bytes();
            header.extend([iei::CONCAT, 3, low, self.total, self.seq]);
        }
    }
}

struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = InformationElement<'a>;
    fn next(&mut self) -> Option<Self::Item> {
        let (&[iei, length], rest) = self.rest.split_first_chunk::<2>()?;
        let (data, rest) = rest.split_at_checked(length.into())?;
        self.rest = rest;
        Some(InformationElement { iei, data })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(octets: &[u8]) -> Udh {
        Udh::from_octets(octets.to_vec())
    }

    #[test]
    fn a_place_in_a_message_must_make_sense() {
        for (octets, place) in [
            (&[0x00, 3, 0x2A, 2, 1][..], Some((0x2A, false, 2, 1))),
            (&[0x08, 4, 0x01, 0x2A, 3, 3], Some((0x12A, true, 3, 3))),
            (&[0x00, 3, 0x01, 2, 1, 0x08, 4, 0, 2, 3, 1], Some((2, true, 3, 1))),
            (&[0x00, 3, 0x2A, 2, 3], None),
            (&[0x00, 3, 0x2A, 0, 0], None),
            (&[0x00, 3, 0x2A, 2, 0], None),
            (&[0x00, 2, 0x2A, 2], None),
            (&[], None),
        ] {
            let seen = header(octets).concat().map(|c| (c.reference, c.wide, c.total, c.seq));
            assert_eq!(seen, place, "{octets:02X?}");
        }
    }

    #[test]
    fn ports_tables_and_reply_address_are_read() {
        let ports = |octets: &[u8]| header(octets).ports().map(|p| (p.destination, p.source));
        assert_eq!(ports(&[0x04, 2, 0xF0, 0xF1]), Some((240, 241)));
        assert_eq!(ports(&[0x05, 4, 0x0B, 0x84, 0x23, 0xF0]), Some((2948, 9200)));
        assert_eq!(ports(&[0x05, 3, 0x0B, 0x84, 0x23]), None);
        let turkish = header(&[0x24, 1, 1, 0x25, 1, 1]);
        assert_eq!(turkish.single(), Language::from_octet(1));
        assert_eq!(turkish.locking(), Language::from_octet(1));
        assert_eq!(header(&[0x24, 1, 0x0E, 0x25, 2, 1, 1]).single(), None);
        let reply = header(&[0x22, 4, 0x04, 0x81, 0x21, 0x43]).reply_address();
        assert_eq!(reply.map(|address| address.number()).as_deref(), Some("1234"));
    }

    #[test]
    fn an_element_past_the_end_is_dropped_and_noted() {
        let damaged = header(&[0x70, 0, 0x00, 3, 0x2A]);
        assert_eq!(damaged.elements().map(|element| element.iei).collect::<Vec<_>>(), [0x70]);
        assert!(damaged.malformed());
        assert!(!header(&[0x70, 0]).malformed());
    }
}
