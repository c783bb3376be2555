//! The six message types of the transfer layer (23.040 §9.2.2).
//!
//! Octets and the way they travelled go in, one of six messages comes out, and back.

use super::command::Command;
use super::deliver::Deliver;
use super::deliver_report::DeliverReport;
use super::error::{DecodeError, EncodeError, Field, Ignored};
use super::reader::Reader;
use super::status_report::StatusReport;
use super::submit::Submit;
use super::submit_report::SubmitReport;

/// A transfer protocol data unit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each variant is documented at its type
pub enum Tpdu {
    Deliver(Deliver),
    Submit(Submit),
    StatusReport(StatusReport),
    SubmitReport(SubmitReport),
    DeliverReport(DeliverReport),
    Command(Command),
}

/// Which family the message type bits select from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the network to the mobile: DELIVER, SUBMIT-REPORT, STATUS-REPORT.
    ToMobile,
    /// From the mobile to the network: DELIVER-REPORT, SUBMIT, COMMAND.
    FromMobile,
    /// Read from a modem's storage, where both lie: DELIVER, SUBMIT, STATUS-REPORT.
    Stored,
}

/// Which relay layer message a report came in: only a refusal has a failure cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rp {
    /// RP-ACK: no TP-FCS.
    Ack,
    /// RP-ERROR: TP-FCS follows the first octet.
    Error,
}

impl Tpdu {
    /// Reads a TPDU. A report whose relay layer message is unknown is taken for the form that
    /// accounts for all its octets, for a refusal when both do or neither.
    pub fn decode(octets: &[u8], way: Way) -> Result<Self, DecodeError> {
        Self::read(Reader::new(octets), way).map(|(tpdu, _)| tpdu)
    }

    /// As [`Tpdu::decode`], and tells what was read past.
    pub fn decode_noting(octets: &[u8], way: Way) -> Result<(Self, Ignored), DecodeError> {
        Self::read(Reader::new(octets), way)
    }

    /// Reads a report whose relay layer message is known; other types as [`Tpdu::decode`].
    pub fn decode_report(octets: &[u8], way: Way, rp: Rp) -> Result<Self, DecodeError> {
        let reader = Reader::new(octets);
        match (reader.peek(Field::FirstOctet)? & 0x03, way) {
            (0, Way::FromMobile) => {
                DeliverReport::read(&mut reader.clone(), rp).map(Self::DeliverReport)
            }
            (1, Way::ToMobile) => {
                SubmitReport::read(&mut reader.clone(), rp).map(Self::SubmitReport)
            }
            _ => Self::decode(octets, way),
        }
    }

    /// The octets, which must not be more than a TPDU holds.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Vec::with_capacity(164);
        self.write(&mut out)?;
        Ok(out)
    }

    /// The text of this segment alone.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Deliver(deliver) => deliver.text(),
            Self::Submit(submit) => submit.text(),
            _ => None,
        }
    }

    /// The first octet as it goes over the air.
    pub fn first_octet(&self) -> u8 {
        match self {
            Self::Deliver(message) => message.first_octet(),
            Self::Submit(message) => message.first_octet(),
            Self::StatusReport(message) => message.first_octet(),
            Self::SubmitReport(message) => message.first_octet(),
            Self::DeliverReport(message) => message.first_octet(),
            Self::Command(message) => message.first_octet(),
        }
    }

    pub(super) fn read(mut reader: Reader<'_>, way: Way) -> Result<(Self, Ignored), DecodeError> {
        let octet = reader.offset();
        let mti = reader.peek(Field::FirstOctet)? & 0x03;
        let tpdu = match (mti, way) {
            (0, Way::ToMobile | Way::Stored) => Self::Deliver(Deliver::read(&mut reader)?),
            (1, Way::FromMobile | Way::Stored) => Self::Submit(Submit::read(&mut reader)?),
            (2, Way::ToMobile | Way::Stored) => {
                Self::StatusReport(StatusReport::read(&mut reader)?)
            }
            (0, Way::FromMobile) => {
                return guess(reader, |reader, rp| {
                    let report = DeliverReport::read(reader, rp)?;
                    let reserved = report.parameters.reserved_bits;
                    Ok((Self::DeliverReport(report), reserved))
                });
            }
            (1, Way::ToMobile) => {
                return guess(reader, |reader, rp| {
                    let report = SubmitReport::read(reader, rp)?;
                    let reserved = report.parameters.reserved_bits;
                    Ok((Self::SubmitReport(report), reserved))
                });
            }
            (2, Way::FromMobile) => Self::Command(Command::read(&mut reader)?),
            _ => return Err(DecodeError::ReservedMti { octet }),
        };
        Ok((tpdu, reader.finish()))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Deliver(message) => message.write(out),
            Self::Submit(message) => message.write(out),
            Self::StatusReport(message) => message.write(out),
            Self::SubmitReport(message) => message.write(out),
            Self::DeliverReport(message) => message.write(out),
            Self::Command(message) => message.write(out),
        }
    }
}

/// Reads a report both ways and takes the one that fits.
fn guess(
    reader: Reader<'_>,
    read: impl Fn(&mut Reader<'_>, Rp) -> Result<(Tpdu, u8), DecodeError>,
) -> Result<(Tpdu, Ignored), DecodeError> {
    let attempt = |rp| {
        let mut reader = reader.clone();
        read(&mut reader, rp).map(|(tpdu, reserved)| (tpdu, reader.finish(), reserved))
    };
    let refusal = attempt(Rp::Error);
    if matches!(&refusal, Ok((_, ignored, _)) if ignored.is_empty()) {
        return refusal.map(|(tpdu, ignored, _)| (tpdu, ignored));
    }
    match attempt(Rp::Ack) {
        Ok((tpdu, ignored, 0)) if ignored.is_empty() => Ok((tpdu, ignored)),
        _ => refusal.map(|(tpdu, ignored, _)| (tpdu, ignored)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_decides_what_a_message_type_is() {
        let deliver_report = [0x00, 0x00];
        let read = |octets: &[u8], way| Tpdu::decode(octets, way);
        assert!(matches!(read(&deliver_report, Way::FromMobile), Ok(Tpdu::DeliverReport(_))));
        assert!(matches!(read(&deliver_report, Way::ToMobile), Err(DecodeError::Truncated { .. })));
        let submit = [0x01, 0x00, 0x04, 0x81, 0x21, 0x43, 0x00, 0x00, 0x00];
        assert!(matches!(read(&submit, Way::FromMobile), Ok(Tpdu::Submit(_))));
        assert!(matches!(read(&submit, Way::Stored), Ok(Tpdu::Submit(_))));
        for way in [Way::ToMobile, Way::FromMobile, Way::Stored] {
            assert!(matches!(read(&[0x03], way), Err(DecodeError::ReservedMti { .. })));
            assert!(matches!(read(&[], way), Err(DecodeError::Truncated { .. })));
        }
    }
}
