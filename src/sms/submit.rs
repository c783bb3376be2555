//! SMS-SUBMIT: a message from the mobile to the network (23.040 §9.2.2.2).

use super::address::{Address, AddressFields};
use super::dcs::Dcs;
use super::error::{DecodeError, EncodeError, Field};
use super::pid::Pid;
use super::reader::Reader;
use super::segment::Segment;
use super::udh::{ConcatRef, Udh};
use super::user_data::UserData;
use super::vp::ValidityPeriod;

/// A message to send, or one segment of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submit {
    /// TP-RD: the service centre drops a repetition with the same reference.
    pub reject_duplicates: bool,
    /// TP-SRR: a status report is wanted.
    pub report: bool,
    /// TP-RP: the answer may go through the same service centre.
    pub reply_path: bool,
    /// TP-MR; 0 lets the modem choose.
    pub reference: u8,
    /// TP-DA.
    pub destination: Address,
    /// TP-PID.
    pub pid: Pid,
    /// TP-DCS.
    pub dcs: Dcs,
    /// TP-VP.
    pub validity: Option<ValidityPeriod>,
    /// TP-UD.
    pub user_data: UserData,
}

impl Submit {
    /// A plain message that carries a segment: no report, no validity period.
    pub fn new(destination: Address, segment: &Segment) -> Self {
        Self {
            reject_duplicates: false,
            report: false,
            reply_path: false,
            reference: 0,
            destination,
            pid: Pid::ORDINARY,
            dcs: segment.dcs,
            validity: None,
            user_data: segment.user_data.clone(),
        }
    }

    /// The text of this segment alone; `None` for 8-bit data and compressed text.
    pub fn text(&self) -> Option<String> {
        self.user_data.text(self.dcs)
    }

    /// Its place in a concatenated message.
    pub fn concat(&self) -> Option<ConcatRef> {
        self.header().and_then(Udh::concat)
    }

    /// The user data header.
    pub fn header(&self) -> Option<&Udh> {
        self.user_data.header.as_ref()
    }

    /// The first octet as it goes over the air.
    pub fn first_octet(&self) -> u8 {
        0x01 | u8::from(self.reject_duplicates) << 2
            | self.validity.map_or(0, ValidityPeriod::format) << 3
            | u8::from(self.report) << 5
            | u8::from(self.user_data.header.is_some()) << 6
            | u8::from(self.reply_path) << 7
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = reader.octet(Field::FirstOctet)?;
        let reference = reader.octet(Field::Reference)?;
        let destination = Address::read(reader, AddressFields::DESTINATION)?;
        let pid = Pid(reader.octet(Field::Pid)?);
        let dcs = Dcs(reader.octet(Field::Dcs)?);
        let validity = ValidityPeriod::read(reader, first >> 3 & 0x03)?;
        let user_data = UserData::read(reader, first & 0x40 != 0, dcs)?;
        Ok(Self {
            reject_duplicates: first & 0x04 != 0,
            report: first & 0x20 != 0,
            reply_path: first & 0x80 != 0,
            reference,
            destination,
            pid,
            dcs,
            validity,
            user_data,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend([self.first_octet(), self.reference]);
        self.destination.write(out)?;
        out.extend([self.pid.0, self.dcs.0]);
        if let Some(validity) = self.validity {
            validity.write(out);
        }
        self.user_data.write(self.dcs, out)
    }
}
