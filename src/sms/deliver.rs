//! SMS-DELIVER: a message from the network to the mobile (23.040 §9.2.2.1).

use super::address::{Address, AddressFields};
use super::dcs::Dcs;
use super::error::{DecodeError, EncodeError, Field};
use super::pid::Pid;
use super::reader::Reader;
use super::scts::Scts;
use super::segment::Segment;
use super::udh::{ConcatRef, Udh};
use super::user_data::UserData;

/// A received message, or one segment of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver {
    /// More messages wait in the service centre (TP-MMS, which is 0 on the air then).
    pub more_messages: bool,
    /// TP-LP: forwarded before; must not be forwarded again by itself.
    pub loop_prevention: bool,
    /// TP-SRI: the sender gets a status report.
    pub report_to_sender: bool,
    /// TP-RP: the answer may go through the same service centre.
    pub reply_path: bool,
    /// TP-OA.
    pub originator: Address,
    /// TP-PID.
    pub pid: Pid,
    /// TP-DCS.
    pub dcs: Dcs,
    /// TP-SCTS.
    pub scts: Scts,
    /// TP-UD.
    pub user_data: UserData,
    /// Bits of the first octet that have no name yet; 0 when made by us.
    pub reserved_bits: u8,
}

impl Deliver {
    const RESERVED: u8 = 0x10;

    /// A plain message that carries a segment.
    pub fn new(originator: Address, scts: Scts, segment: &Segment) -> Self {
        Self {
            more_messages: false,
            loop_prevention: false,
            report_to_sender: false,
            reply_path: false,
            originator,
            pid: Pid::ORDINARY,
            dcs: segment.dcs,
            scts,
            user_data: segment.user_data.clone(),
            reserved_bits: 0,
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
        u8::from(!self.more_messages) << 2
            | u8::from(self.loop_prevention) << 3
            | u8::from(self.report_to_sender) << 5
            | u8::from(self.user_data.header.is_some()) << 6
            | u8::from(self.reply_path) << 7
            | self.reserved_bits & Self::RESERVED
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = reader.octet(Field::FirstOctet)?;
        let originator = Address::read(reader, AddressFields::ORIGINATOR)?;
        let pid = Pid(reader.octet(Field::Pid)?);
        let dcs = Dcs(reader.octet(Field::Dcs)?);
        let scts = Scts(reader.array(Field::Scts)?);
        let user_data = UserData::read(reader, first & 0x40 != 0, dcs)?;
        Ok(Self {
            more_messages: first & 0x04 == 0,
            loop_prevention: first & 0x08 != 0,
            report_to_sender: first & 0x20 != 0,
            reply_path: first & 0x80 != 0,
            originator,
            pid,
            dcs,
            scts,
            user_data,
            reserved_bits: first & Self::RESERVED,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.push(self.first_octet());
        self.originator.write(out)?;
        out.extend([self.pid.0, self.dcs.0]);
        out.extend(self.scts.0);
        self.user_data.write(self.dcs, out)
    }
}
