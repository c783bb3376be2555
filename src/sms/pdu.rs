//! What PDU mode reads and writes: the service centre address, then the TPDU, in hexadecimal.
//!
//! 27.005 §3.1 (`<pdu>`). The length that modems give beside it is not looked at: the hex knows.

use super::address::Address;
use super::error::{DecodeError, EncodeError, Ignored};
use super::reader::Reader;
use super::tpdu::{Tpdu, Way};

/// A service centre address and a TPDU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pdu {
    /// `None`: the one stored on the SIM is meant.
    pub smsc: Option<Address>,
    /// The message.
    pub tpdu: Tpdu,
}

impl Pdu {
    /// Reads a line of hexadecimal.
    pub fn decode(hex: &str, way: Way) -> Result<Self, DecodeError> {
        Self::from_octets(&from_hex(hex)?, way)
    }

    /// Reads the octets of such a line.
    pub fn from_octets(octets: &[u8], way: Way) -> Result<Self, DecodeError> {
        Self::decode_noting(octets, way).map(|(pdu, _)| pdu)
    }

    /// As [`Pdu::from_octets`], and tells what was read past. When that is nothing, the PDU
    /// encodes to these very octets.
    pub fn decode_noting(octets: &[u8], way: Way) -> Result<(Self, Ignored), DecodeError> {
        let mut reader = Reader::new(octets);
        let smsc = Address::read_smsc(&mut reader)?;
        let (tpdu, ignored) = Tpdu::read(reader, way)?;
        Ok((Self { smsc, tpdu }, ignored))
    }

    /// The octets, service centre address first.
    pub fn octets(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::with_capacity(176);
        match &self.smsc {
            Some(smsc) => smsc.write_smsc(&mut out),
            None => out.push(0),
        }
        self.tpdu.write(&mut out)?;
        Ok(out)
    }

    /// The line of hexadecimal, in upper case.
    pub fn to_hex(&self) -> Result<String, EncodeError> {
        self.octets().map(|octets| to_hex(&octets))
    }

    /// How many octets the TPDU has: the number for `AT+CMGS=`.
    pub fn tpdu_octets(&self) -> Result<usize, EncodeError> {
        self.tpdu.encode().map(|octets| octets.len())
    }
}

/// The octets of hexadecimal digits of either case, with nothing between them.
pub fn from_hex(hex: &str) -> Result<Vec<u8>, DecodeError> {
    let digits = hex.as_bytes();
    let (pairs, odd) = digits.as_chunks::<2>();
    let mut octets = Vec::with_capacity(pairs.len());
    for (i, [high, low]) in pairs.iter().enumerate() {
        let high = nibble(*high).ok_or(DecodeError::BadHex { character: 2 * i })?;
        let low = nibble(*low).ok_or(DecodeError::BadHex { character: 2 * i + 1 })?;
        octets.push(high << 4 | low);
    }
    if odd.is_empty() { Ok(octets) } else { Err(DecodeError::BadHex { character: digits.len() }) }
}

/// Octets as hexadecimal digits in upper case.
pub fn to_hex(octets: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * octets.len());
    for octet in octets {
        hex.extend([digit(octet >> 4), digit(octet & 0x0F)]);
    }
    hex
}

fn digit(nibble: u8) -> char {
    match nibble {
        0..=9 => char::from(b'0' + nibble),
        _ => char::from(b'A' - 10 + nibble),
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_read_in_either_case_and_written_in_upper() {
        assert_eq!(from_hex("0aF9"), Ok(vec![0x0A, 0xF9]));
        assert_eq!(to_hex(&[0x0A, 0xF9, 0x90]), "0AF990");
        for (hex, character) in [("0", 1), ("0A1", 3), ("0G", 1), (" 00", 0), ("00é", 2)] {
            assert_eq!(from_hex(hex), Err(DecodeError::BadHex { character }), "{hex:?}");
        }
    }

    #[test]
    fn the_service_centre_may_be_absent_but_not_too_long() {
        let without = Pdu::decode("000404810001000062112151000000024161", Way::ToMobile);
        assert_eq!(without.map(|pdu| pdu.smsc), Ok(None));
        let long = Pdu::decode("0D91", Way::ToMobile);
        assert_eq!(long, Err(DecodeError::BadSmscLength { octets: 13 }));
    }
}
