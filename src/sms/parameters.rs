//! TP-PI and what it announces at the end of the three kinds of report (23.040 §9.2.3.27).

use super::dcs::Dcs;
use super::error::{DecodeError, EncodeError, Field};
use super::pid::Pid;
use super::reader::Reader;
use super::user_data::UserData;

/// The optional parameters of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// TP-PID; missing counts as 0.
    pub pid: Option<Pid>,
    /// TP-DCS; missing counts as 0.
    pub dcs: Option<Dcs>,
    /// TP-UD.
    pub user_data: Option<UserData>,
    /// Bits 3 to 6 of TP-PI, which have no meaning yet.
    pub reserved_bits: u8,
    /// Further octets of TP-PI, which have no meaning yet.
    pub extensions: Vec<u8>,
}

impl Parameters {
    pub(super) const RESERVED: u8 = 0x78;
    const PID: u8 = 0x01;
    const DCS: u8 = 0x02;
    const USER_DATA: u8 = 0x04;
    const EXTENSION: u8 = 0x80;

    /// TP-PI as it goes over the air.
    pub fn indicator(&self) -> u8 {
        let bit = |present: bool, bit: u8| if present { bit } else { 0 };
        bit(self.pid.is_some(), Self::PID)
            | bit(self.dcs.is_some(), Self::DCS)
            | bit(self.user_data.is_some(), Self::USER_DATA)
            | bit(!self.extensions.is_empty(), Self::EXTENSION)
            | self.reserved_bits & Self::RESERVED
    }

    /// The text of the user data.
    pub fn text(&self) -> Option<String> {
        self.user_data.as_ref()?.text(self.dcs.unwrap_or_default())
    }

    pub(super) fn has_header(&self) -> bool {
        self.user_data.as_ref().is_some_and(|user_data| user_data.header.is_some())
    }

    /// Reads TP-PI alone, with its extension octets.
    pub(super) fn read_indicator(reader: &mut Reader<'_>) -> Result<(u8, Vec<u8>), DecodeError> {
        let indicator = reader.octet(Field::ParameterIndicator)?;
        let mut extensions = Vec::new();
        let mut last = indicator;
        while last & Self::EXTENSION != 0 {
            last = reader.octet(Field::ParameterIndicatorExtension)?;
            extensions.push(last);
        }
        Ok((indicator, extensions))
    }

    /// Reads what the indicator announced.
    pub(super) fn read_announced(
        reader: &mut Reader<'_>,
        (indicator, extensions): (u8, Vec<u8>),
        with_header: bool,
    ) -> Result<Self, DecodeError> {
        let announced = |bit: u8| indicator & bit != 0;
        let pid = announced(Self::PID).then(|| reader.octet(Field::Pid).map(Pid)).transpose()?;
        let dcs = announced(Self::DCS).then(|| reader.octet(Field::Dcs).map(Dcs)).transpose()?;
        let user_data = announced(Self::USER_DATA)
            .then(|| UserData::read(reader, with_header, dcs.unwrap_or_default()))
            .transpose()?;
        let reserved_bits = indicator & Self::RESERVED;
        Ok(Self { pid, dcs, user_data, reserved_bits, extensions })
    }

    pub(super) fn write_indicator(&self, out: &mut Vec<u8>) {
        out.push(self.indicator());
        out.extend(&self.extensions);
    }

    pub(super) fn write_announced(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        out.extend(self.pid.map(|pid| pid.0));
        out.extend(self.dcs.map(|dcs| dcs.0));
        match &self.user_data {
            Some(user_data) => user_data.write(self.dcs.unwrap_or_default(), out),
            None => Ok(()),
        }
    }
}
