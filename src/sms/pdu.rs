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
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |nibble: u8| DIGITS[usize::from(nibble & 0x0F)];
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(*octet)]).collect()
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
