//! SMS-COMMAND: a wish about a message sent earlier (23.040 §9.2.2.4).
//!
//! Hardly any network supports it. It is read and written, never relied on.

use super::address::{Address, AddressFields};
use super::error::{DecodeError, EncodeError, Field};
use super::pid::Pid;
use super::reader::Reader;
use super::udh::Udh;
use super::user_data::split_header;

/// A command to the service centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// TP-SRR: a status report is wanted.
    pub report: bool,
    /// TP-UDHI: the data begins with a header.
    pub with_header: bool,
    /// TP-MR.
    pub reference: u8,
    /// TP-PID.
    pub pid: Pid,
    /// TP-CT: 0 enquiry, 1 cancel the report, 2 delete the message, 3 enable the report.
    pub kind: u8,
    /// TP-MN: TP-MR of the message meant.
    pub message: u8,
    /// TP-DA: the destination of that message.
    pub destination: Address,
    /// TP-CD, header included.
    pub data: Vec<u8>,
    /// Bits of the first octet that have no name; 0 when made by us.
    pub reserved_bits: u8,
}

impl Command {
    const RESERVED: u8 = 0x9C;
    const MOST_OCTETS: usize = 157;

    /// The first octet as it goes over the air.
    pub fn first_octet(&self) -> u8 {
        0x02 | u8::from(self.report) << 5
            | u8::from(self.with_header) << 6
            | self.reserved_bits & Self::RESERVED
    }

    /// The header the data begin with; `None` without TP-UDHI, or when it claims more than is
    /// there.
    pub fn header(&self) -> Option<Udh> {
        self.parts().0
    }

    /// The data behind the header.
    pub fn content(&self) -> &[u8] {
        self.parts().1
    }

    fn parts(&self) -> (Option<Udh>, &[u8]) {
        let header = self.with_header.then(|| split_header(&self.data, 0).ok()).flatten();
        header.unwrap_or((None, &self.data))
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let first = reader.octet(Field::FirstOctet)?;
        let reference = reader.octet(Field::Reference)?;
        let pid = Pid(reader.octet(Field::Pid)?);
        let kind = reader.octet(Field::CommandType)?;
        let message = reader.octet(Field::MessageNumber)?;
        let destination = Address::read(reader, AddressFields::DESTINATION)?;
        let length = reader.octet(Field::CommandLength)?;
        let data = reader.take(length.into(), Field::CommandData)?.to_vec();
        Ok(Self {
            report: first & 0x20 != 0,
            with_header: first & 0x40 != 0,
            reference,
            pid,
            kind,
            message,
            destination,
            data,
            reserved_bits: first & Self::RESERVED,
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let too_long = EncodeError::CommandTooLong { octets: self.data.len() };
        let length = u8::try_from(self.data.len())
            .ok()
            .filter(|length| usize::from(*length) <= Self::MOST_OCTETS)
            .ok_or(too_long)?;
        out.extend([self.first_octet(), self.reference, self.pid.0, self.kind, self.message]);
        self.destination.write(out)?;
        out.push(length);
        out.extend(&self.data);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::{Tpdu, Way};

    fn command(hex: &str) -> Command {
        let octets = crate::sms::from_hex(hex).unwrap();
        match Tpdu::decode(&octets, Way::FromMobile) {
            Ok(Tpdu::Command(command)) => command,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_data_may_begin_with_a_header() {
        let with = command("620100002A0C914477000910320606060101AABB");
        assert_eq!(with.header().map(|header| header.octets().to_vec()), None, "6 of 5 claimed");
        let with = command("620100002A0C914477000910320603060101AABB");
        let header = with.header().unwrap();
        let elements: Vec<_> = header.elements().map(|e| (e.iei, e.data.to_vec())).collect();
        assert_eq!((elements, with.content()), (vec![(0x06, vec![0x01])], &[0xAA, 0xBB][..]));
        let without = command("220100002A0C914477000910320603060101AABB");
        assert_eq!((without.header(), without.content().len()), (None, 6));
    }
}
