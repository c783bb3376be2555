//! SMS-SUBMIT-REPORT: the network's word on a message we sent (23.040 §9.2.2.2a).
//!
//! Nothing in the octets tells an acknowledgement from a refusal; see [`Rp`].

use super::error::{DecodeError, EncodeError, Field};
use super::fcs::FailureCause;
use super::parameters::Parameters;
use super::reader::Reader;
use super::scts::Scts;
use super::tpdu::Rp;

/// Acknowledgement (no cause) or refusal of a SUBMIT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitReport {
    /// TP-FCS: why it was refused; `None` in an acknowledgement.
    pub cause: Option<FailureCause>,
    /// TP-SCTS: when the service centre took the message.
    pub scts: Scts,
    /// TP-PI and what it announces.
    pub parameters: Parameters,
    /// Bits of the first octet that say nothing here; 0 when made by us.
    pub reserved_bits: u8,
}

impl SubmitReport {
    const HEADER: u8 = 0x40;

    /// The first octet as it goes over the air.
    pub fn first_octet(&self) -> u8 {
        0x01 | u8::from(self.parameters.has_header()) << 6 | self.reserved_bits & !0x03
    }

    pub(super) fn read(reader: &mut Reader<'_>, rp: Rp) -> Result<Self, DecodeError> {
        let first = reader.octet(Field::FirstOctet)?;
        let cause = match rp {
            Rp::Ack => None,
            Rp::Error => Some(FailureCause(reader.octet(Field::FailureCause)?)),
        };
        let indicator = Parameters::read_indicator(reader)?;
        let scts = Scts(reader.array(Field::Scts)?);
        let with_header = first & Self::HEADER != 0;
        let parameters = Parameters::read_announced(reader, indicator, with_header)?;
        let named = if parameters.has_header() { 0x03 | Self::HEADER } else { 0x03 };
        let reserved_bits = first & !named;
        Ok(Self { cause, scts, parameters, reserved_bits })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.push(self.first_octet());
        out.extend(self.cause.map(|cause| cause.0));
        self.parameters.write_indicator(out);
        out.extend(self.scts.0);
        self.parameters.write_announced(out)
    }
}
