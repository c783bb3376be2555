//! SMS-STATUS-REPORT: what became of a message we sent (23.040 §9.2.2.3).
//!
//! The report counts once TP-ST is read, whatever follows: service centres pad with FF or 00.

use super::address::{Address, AddressFields};
use super::error::{DecodeError, EncodeError, Field};
use super::parameters::Parameters;
use super::reader::Reader;
use super::scts::Scts;
use super::status::Status;

/// A status report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// More messages wait in the service centre (TP-MMS, which is 0 on the air then).
    pub more_messages: bool,
    /// TP-LP.
    pub loop_prevention: bool,
    /// TP-SRQ: the report answers a COMMAND, not a SUBMIT.
    pub on_command: bool,
    /// TP-MR of the message meant.
    pub reference: u8,
    /// TP-RA.
    pub recipient: Address,
    /// TP-SCTS: when the service centre took the message.
    pub scts: Scts,
    /// TP-DT: when it was delivered, or last tried.
    pub discharge: Scts,
    /// TP-ST.
    pub status: Status,
    /// What follows the status.
    pub tail: Tail,
    /// Bits of the first octet that say nothing here; 0 when made by us.
    pub reserved_bits: u8,
}

/// What follows TP-ST.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tail {
    /// Nothing, as in most reports.
    #[default]
    Absent,
    /// TP-PI and what it announces.
    Parameters(Parameters),
    /// Octets that are no parameters.
    Unreadable {
        /// The octets.
        octets: Vec<u8>,
        /// Why not.
        error: DecodeError,
    },
}

impl StatusReport {
    const HEADER: u8 = 0x40;
    const RESERVED: u8 = 0x90 | Self::HEADER;

    /// A plain report.
    pub fn new(
        reference: u8,
        recipient: Address,
        scts: Scts,
        discharge: Scts,
        status: Status,
    ) -> Self {
        Self {
            more_messages: false,
            loop_prevention: false,
            on_command: false,
            reference,
            recipient,
            scts,
            discharge,
            status,
            tail: Tail::Absent,
            reserved_bits: 0,
        }
    }

    /// The first octet as it goes over the air.
    pub fn first_octet(&self) -> u8 {
        0x02 | u8::from(!self.more_messages) << 2
            | u8::from(self.loop_prevention) << 3
            | u8::from(self.on_command) << 5
            | u8::from(self.tail.has_header()) << 6
            | self.reserved_bits & Self::RESERVED
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = reader.octet(Field::FirstOctet)?;
        let reference = reader.octet(Field::Reference)?;
        let recipient = Address::read(reader, AddressFields::RECIPIENT)?;
        let scts = Scts(reader.array(Field::Scts)?);
        let discharge = Scts(reader.array(Field::DischargeTime)?);
        let status = Status(reader.octet(Field::Status)?);
        let tail = Tail::read(reader, first & Self::HEADER != 0);
        let named = if tail.has_header() { Self::HEADER } else { 0 };
        Ok(Self {
            more_messages: first & 0x04 == 0,
            loop_prevention: first & 0x08 != 0,
            on_command: first & 0x20 != 0,
            reference,
            recipient,
            scts,
            discharge,
            status,
            tail,
            reserved_bits: first & Self::RESERVED & !named,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend([self.first_octet(), self.reference]);
        self.recipient.write(out)?;
        out.extend(self.scts.0);
        out.extend(self.discharge.0);
        out.push(self.status.0);
        match &self.tail {
            Tail::Absent => Ok(()),
            Tail::Parameters(parameters) => {
                parameters.write_indicator(out);
                parameters.write_announced(out)
            }
            Tail::Unreadable { octets, .. } => {
                out.extend(octets);
                Ok(())
            }
        }
    }
}

impl Tail {
    fn has_header(&self) -> bool {
        matches!(self, Self::Parameters(parameters) if parameters.has_header())
    }

    fn read(reader: &mut Reader<'_>, with_header: bool) -> Self {
        if reader.rest().is_empty() {
            return Self::Absent;
        }
        let mut attempt = reader.clone();
        let parameters = Parameters::read_indicator(&mut attempt)
            .and_then(|indicator| Parameters::read_announced(&mut attempt, indicator, with_header));
        match parameters {
            Ok(parameters) => {
                *reader = attempt;
                Self::Parameters(parameters)
            }
            Err(error) => Self::Unreadable { octets: reader.take_rest().to_vec(), error },
        }
    }
}
