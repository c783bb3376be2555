//! SMS-DELIVER-REPORT: our word on a message we received (23.040 §9.2.2.1a).
//!
//! Nothing in the octets tells an acknowledgement from a refusal; see [`Rp`].

use super::error::{DecodeError, EncodeError, Field};
use super::fcs::FailureCause;
use super::parameters::Parameters;
use super::reader::Reader;
use super::tpdu::Rp;

/// Acknowledgement (no cause) or refusal of a DELIVER.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliverReport {
    /// TP-FCS: why it was refused; `None` in an acknowledgement.
    pub cause: Option<FailureCause>,
    /// TP-PI and what it announces.
    pub parameters: Parameters,
    /// Bits of the first octet that say nothing here; 0 when made by us.
    pub reserved_bits: u8,
}

impl DeliverReport {
    const HEADER: u8 = 0x40;

    /// The first octet as it goes over the air.
    pub fn first_octet(&self) -> u8 {
        u8::from(self.parameters.has_header()) << 6 | self.reserved_bits & !0x03
    }

    pub(super) fn read(reader: &mut Reader<'_>, rp: Rp) -> Result<Self, DecodeError> {
        let first = reader.octet(Field::FirstOctet)?;
        let cause = match rp {
            Rp::Ack => None,
            Rp::Error => Some(FailureCause(reader.octet(Field::FailureCause)?)),
        };
        let indicator = Parameters::read_indicator(reader)?;
        let with_header = first & Self::HEADER != 0;
        let parameters = Parameters::read_announced(reader, indicator, with_header)?;
        let named = if parameters.has_header() { 0x03 | Self::HEADER } else { 0x03 };
        let reserved_bits = first & !named;
        Ok(Self { cause, parameters, reserved_bits })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.push(self.first_octet());
        out.extend(self.cause.map(|cause| cause.0));
        self.parameters.write_indicator(out);
        self.parameters.write_announced(out)
    }
}
