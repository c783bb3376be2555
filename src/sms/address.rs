//! TP-OA, TP-DA, TP-RA, the reply address and the service centre address.
//!
//! Octets come in as they stand in the PDU and are kept as such (an address is a plain copyable
//! value); text goes out on request. National numbering plans are absent: that is
//! `types::Number`'s subject.
//!
//! 23.040 §9.1.2.5; 24.011 §8.2.5 for the service centre.

use std::fmt;

use super::charset::Tables;
use super::error::{DecodeError, EncodeError, Field, Ignored};
use super::gsm7;
use super::reader::Reader;

/// A number or a name, with the type of address it came with.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    type_of_address: TypeOfAddress,
    semi_octets: u8,
    value: [u8; Address::VALUE_OCTETS],
}

/// The octet before the digits: type of number and numbering plan; bit 7 is always 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TypeOfAddress(u8);

impl TypeOfAddress {
    /// International number, E.164.
    pub const INTERNATIONAL: Self = Self(0x91);
    /// Unknown type of number, E.164 plan: digits as the network understands them.
    pub const UNKNOWN: Self = Self(0x81);
    /// A name in the GSM 7-bit alphabet.
    pub const ALPHANUMERIC: Self = Self(0xD0);

    /// Any octet; bit 7 is read as if it were 1.
    pub fn new(octet: u8) -> Self {
        Self(octet | 0x80)
    }

    /// The octet.
    pub fn octet(self) -> u8 {
        self.0
    }

    /// Type of number, 0 to 7: 1 international, 2 national, 5 alphanumeric.
    pub fn ton(self) -> u8 {
        self.0 >> 4 & 0x07
    }

    /// Numbering plan, 0 to 15: 1 is E.164.
    pub fn npi(self) -> u8 {
        self.0 & 0x0F
    }
}

impl fmt::Debug for TypeOfAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

/// Which of the addresses of a TPDU is being read, so that an error can name it.
#[derive(Clone, Copy)]
pub(super) struct AddressFields {
    length: Field,
    kind: Field,
    value: Field,
}

impl AddressFields {
    pub(super) const ORIGINATOR: Self = Self {
        length: Field::OriginatorLength,
        kind: Field::OriginatorType,
        value: Field::OriginatorValue,
    };
    pub(super) const DESTINATION: Self = Self {
        length: Field::DestinationLength,
        kind: Field::DestinationType,
        value: Field::DestinationValue,
    };
    pub(super) const RECIPIENT: Self = Self {
        length: Field::RecipientLength,
        kind: Field::RecipientType,
        value: Field::RecipientValue,
    };
}

impl Address {
    /// The service centre address is the longest: 11 octets; the others hold 10.
    const VALUE_OCTETS: usize = 11;
    const MOST_DIGITS: usize = 20;

    /// A number as typed: `+` makes it international. Digits, `*`, `#`, `a`, `b`, `c`.
    pub fn number_of(text: &str) -> Result<Self, AddressError> {
        match text.strip_prefix('+') {
            Some(digits) => Self::digits(TypeOfAddress::INTERNATIONAL, digits),
            None => Self::digits(TypeOfAddress::UNKNOWN, text),
        }
    }

    /// Digits with a given type of address.
    pub fn digits(type_of_address: TypeOfAddress, digits: &str) -> Result<Self, AddressError> {
        let mut value = [0xFF; Self::VALUE_OCTETS];
        let mut semi_octets = 0;
        for character in digits.chars() {
            let nibble = nibble(character).ok_or(AddressError::Character(character))?;
            let octet = value.get_mut(semi_octets / 2).ok_or(AddressError::TooLong)?;
            *octet = match semi_octets % 2 {
                0 => 0xF0 | nibble,
                _ => *octet & 0x0F | nibble << 4,
            };
            semi_octets += 1;
        }
        let semi_octets = u8::try_from(semi_octets).map_err(|_| AddressError::TooLong)?;
        Ok(Self { type_of_address, semi_octets, value })
    }

    /// A sender's name of at most eleven septets in the default alphabet.
    pub fn name_of(text: &str) -> Result<Self, AddressError> {
        Self::name(TypeOfAddress::ALPHANUMERIC, text)
    }

    /// A name with a given type of address.
    pub fn name(type_of_address: TypeOfAddress, text: &str) -> Result<Self, AddressError> {
        let mut septets = Vec::new();
        for character in text.chars() {
            Tables::DEFAULT
                .encode(character, &mut septets)
                .ok_or(AddressError::Character(character))?;
        }
        if septets.len() > 11 {
            return Err(AddressError::TooLong);
        }
        let mut value = [0xFF; Self::VALUE_OCTETS];
        for (to, from) in value.iter_mut().zip(gsm7::pack(&septets, 0)) {
            *to = from;
        }
        let semi_octets = u8::try_from((septets.len() * 7).div_ceil(4)).unwrap_or(u8::MAX);
        Ok(Self { type_of_address, semi_octets, value })
    }

    /// What people see: digits with `+` when international, the text of a name.
    pub fn number(&self) -> String {
        if self.is_alphanumeric() {
            let septets = usize::from(self.semi_octets) * 4 / 7;
            return Tables::DEFAULT.decode(&gsm7::unpack(&self.value, 0, septets));
        }
        let mut text = String::with_capacity(1 + usize::from(self.semi_octets));
        if self.type_of_address.ton() == 1 {
            text.push('+');
        }
        text.extend(self.nibbles().filter_map(character));
        // A `+` alone would pass for a number.
        if text == "+" { String::new() } else { text }
    }

    /// Type of number and numbering plan.
    pub fn type_of_address(&self) -> TypeOfAddress {
        self.type_of_address
    }

    /// How many semi-octets the value has: the digits of a number.
    pub fn digit_count(&self) -> usize {
        self.semi_octets.into()
    }

    /// Whether it is a name, which cannot be answered.
    pub fn is_alphanumeric(&self) -> bool {
        self.type_of_address.ton() == 5
    }

    /// Reads length in semi-octets, type and value, as in a TPDU or a reply address element.
    pub fn from_octets(octets: &[u8]) -> Result<Self, DecodeError> {
        Self::read(&mut Reader::new(octets), AddressFields::DESTINATION)
    }

    /// Length, type and value, as in a TPDU.
    pub fn octets(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::new();
        self.write(&mut out)?;
        Ok(out)
    }

    pub(super) fn read(
        reader: &mut Reader<'_>,
        fields: AddressFields,
    ) -> Result<Self, DecodeError> {
        let octet = reader.offset();
        let digits = reader.octet(fields.length)?;
        if usize::from(digits) > Self::MOST_DIGITS {
            return Err(DecodeError::BadAddressLength { field: fields.length, digits, octet });
        }
        let kind = reader.octet(fields.kind)?;
        let value = reader.take(usize::from(digits).div_ceil(2), fields.value)?;
        Ok(Self::normal(kind, digits, value, &mut reader.ignored))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let digits = usize::from(self.semi_octets);
        if digits > Self::MOST_DIGITS {
            return Err(EncodeError::AddressTooLong { digits, most: Self::MOST_DIGITS });
        }
        out.extend([self.semi_octets, self.type_of_address.octet()]);
        out.extend(self.value_octets());
        Ok(())
    }

    /// Reads the field before the TPDU: here the length counts octets and includes the type.
    pub(super) fn read_smsc(reader: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        let octets = reader.octet(Field::SmscLength)?;
        if octets == 0 {
            return Ok(None);
        }
        if usize::from(octets) > 1 + Self::VALUE_OCTETS {
            return Err(DecodeError::BadSmscLength { octets });
        }
        let kind = reader.octet(Field::SmscType)?;
        let value = reader.take(usize::from(octets) - 1, Field::SmscValue)?;
        let filled = value.last().is_some_and(|last| last >> 4 == 0x0F);
        let digits = (octets - 1) * 2 - u8::from(filled);
        Ok(Some(Self::normal(kind, digits, value, &mut reader.ignored)))
    }

    pub(super) fn write_smsc(&self, out: &mut Vec<u8>) {
        out.push(1 + self.semi_octets.div_ceil(2));
        out.push(self.type_of_address.octet());
        out.extend(self.value_octets());
    }

    /// Two spellings of one address become one value, and the difference is noted.
    fn normal(kind: u8, semi_octets: u8, octets: &[u8], ignored: &mut Ignored) -> Self {
        let type_of_address = TypeOfAddress::new(kind);
        if type_of_address.octet() != kind {
            ignored.insert(Ignored::ADDRESS_TYPE);
        }
        let mut value = [0xFF; Self::VALUE_OCTETS];
        for (to, from) in value.iter_mut().zip(octets) {
            *to = *from;
        }
        if semi_octets % 2 == 1
            && let Some(last) = value.get_mut(usize::from(semi_octets / 2))
        {
            // A name has zero bits there, a number has F.
            let fill = if type_of_address.ton() == 5 { *last & 0xF0 } else { 0xF0 };
            if *last & 0xF0 != fill {
                ignored.insert(Ignored::ADDRESS_FILL);
            }
            *last = *last & 0x0F | fill;
        }
        Self { type_of_address, semi_octets, value }
    }

    fn value_octets(&self) -> impl Iterator<Item = u8> {
        self.value.into_iter().take(usize::from(self.semi_octets.div_ceil(2)))
    }

    fn nibbles(&self) -> impl Iterator<Item = u8> {
        let both = self.value.into_iter().flat_map(|octet| [octet & 0x0F, octet >> 4]);
        both.take(usize::from(self.semi_octets))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.number())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({:?} {:?})", self.type_of_address, self.number())
    }
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither a digit nor one of `*`, `#`, `a`, `b`, `c`; or, in a name, not GSM 7-bit.
    #[error("{0:?} cannot stand in an address")]
    Character(char),
    /// More than 20 digits, or more than 11 characters of a name.
    #[error("the address is too long: at most 20 digits or 11 characters")]
    TooLong,
}

/// 23.040 §9.1.2.3: the digits and five more characters; F is fill.
fn character(nibble: u8) -> Option<char> {
    match nibble {
        0..=9 => Some(char::from(b'0' + nibble)),
        0xA => Some('*'),
        0xB => Some('#'),
        0xC => Some('a'),
        0xD => Some('b'),
        0xE => Some('c'),
        _ => None,
    }
}

fn nibble(character: char) -> Option<u8> {
    match character {
        '0'..='9' => u8::try_from(character.to_digit(10)?).ok(),
        '*' => Some(0xA),
        '#' => Some(0xB),
        'a' | 'A' => Some(0xC),
        'b' | 'B' => Some(0xD),
        'c' | 'C' => Some(0xE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_written_and_read() {
        for (octets, text) in [
            (&[0x00, 0x91][..], ""),
            (&[0x04, 0x81, 0x21, 0x43], "1234"),
            (&[0x03, 0x81, 0x21, 0xF3], "123"),
            (&[0x0C, 0x91, 0x44, 0x77, 0x00, 0x09, 0x10, 0x32], "+447700900123"),
            (&[0x06, 0x81, 0xBA, 0xDC, 0x0E], "*#abc0"),
            (&[0x0B, 0xD0, 0xC7, 0xF7, 0xFB, 0xCC, 0x2E, 0x03], "Google"),
        ] {
            let address = Address::from_octets(octets).unwrap();
            assert_eq!(address.number(), text);
            assert_eq!(address.octets().unwrap(), octets, "{text}");
        }
    }

    #[test]
    fn lengths_are_bounded() {
        for (digits, sound) in [(0, true), (1, true), (19, true), (20, true), (21, false)] {
            let number = Address::number_of(&"1".repeat(digits)).unwrap();
            assert_eq!(number.octets().is_ok(), sound, "{digits} digits");
        }
        assert_eq!(Address::number_of(&"1".repeat(23)), Err(AddressError::TooLong));
        assert!(Address::name_of("elevenchars").is_ok());
        assert_eq!(Address::name_of("twelve chars"), Err(AddressError::TooLong));
        assert_eq!(Address::number_of("12 3"), Err(AddressError::Character(' ')));
        assert_eq!(Address::name_of("naïve"), Err(AddressError::Character('ï')));
    }
}
