//! Messages: service, centre, reading, deleting, sending (27.005 §3 and §4), PDU mode only.

mod indications;
mod storage;

pub use indications::{
    IndicationChoices, Indications, ListIndications, QueryIndications, UseIndications,
};
pub use storage::{ListStorages, QueryStorages, Storage, StorageChoices, StorageFill, UseStorages};

use super::super::command::{Answer, Command, Ending, Payload};
use super::super::info::{Info, ParseError};
use super::super::line::{AtLine, Hex, Quoted};
use super::super::params::{Params, Value};
use super::general::settings;
use crate::types::Millis;

settings! {
    /// `AT+CMGF=0`: PDU mode.
    PduMode "+CMGF=0" 10;
    /// `AT+CMMS=1`: keep the link open while more messages follow.
    KeepLink "+CMMS=1" 5;
    /// `AT+CMMS=0`: do not keep the link.
    ReleaseLink "+CMMS=0" 5;
    /// `AT+CNMA=0`: the message that came directly is stored.
    Acknowledge "+CNMA=0" 10;
    /// `AT+CNMA`: the same for modems that take no parameter.
    AcknowledgePlain "+CNMA" 10;
}

/// `AT+CSMS=1`: phase 2+ service. Directly routed messages then want `+CNMA`. What it answers
/// (27.005 §3.2.1) does not say that it is in use: [`QueryService`] asks.
#[derive(Clone, Copy, Debug)]
pub struct PhaseTwoPlus;

impl Command for PhaseTwoPlus {
    type Reply = ();
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer { ending: Ending::Deadline, ..Answer::lines(&["+CSMS:"]) };
    fn write(&self, line: &mut AtLine) {
        line.name("+CSMS").number(1u8);
    }
    fn parse(&self, _: &Info) -> Result<(), ParseError> {
        Ok(())
    }
}

/// `AT+CSMS?`: is the phase 2+ service in use?
#[derive(Clone, Copy, Debug)]
pub struct QueryService;

impl Command for QueryService {
    type Reply = u8;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::lines(&["+CSMS:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CSMS").read();
    }
    fn parse(&self, info: &Info) -> Result<u8, ParseError> {
        info.one("+CSMS:")?.number()
    }
}

/// `AT+CSCA?`: the service centre (27.005 §3.3.1). `None` when the SIM has none.
#[derive(Clone, Copy, Debug)]
pub struct QueryCentre;

impl Command for QueryCentre {
    type Reply = Option<Centre>;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::lines(&["+CSCA:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CSCA").read();
    }
    fn parse(&self, info: &Info) -> Result<Option<Centre>, ParseError> {
        let line = info.with("+CSCA:").last().ok_or(ParseError::Missing("+CSCA:"))?;
        Ok(Centre::parse(line.after("+CSCA:")))
    }
}

/// The address of a service centre.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Centre {
    /// With `+` when international.
    pub number: String,
    /// It came as hexadecimal UCS-2: the modem's strings are in that set.
    pub ucs2: bool,
}

impl Centre {
    /// Reads `"<number>"[,<type>]`; 145 says international even where the `+` is missing.
    pub fn parse(rest: &str) -> Option<Self> {
        let mut fields = rest.split(',').map(|field| field.trim().trim_matches('"').trim());
        let text = fields.next()?;
        let international = fields.next() == Some("145");
        let (digits, ucs2) = match ucs2_number(text) {
            Some(digits) => (digits, true),
            None => (text.to_owned(), false),
        };
        let plus = if international && !digits.starts_with('+') { "+" } else { "" };
        (!digits.is_empty()).then(|| Self { number: format!("{plus}{digits}"), ucs2 })
    }
}

/// `002B0034…`: a number in hexadecimal UCS-2 (27.007 §5.5).
fn ucs2_number(text: &str) -> Option<String> {
    if text.is_empty() || !text.is_ascii() || !text.len().is_multiple_of(4) {
        return None;
    }
    let units = text.as_bytes().chunks(4).map(|unit| {
        let unit = u32::from_str_radix(std::str::from_utf8(unit).ok()?, 16).ok()?;
        char::from_u32(unit).filter(|c| c.is_ascii_digit() || "+*#".contains(*c))
    });
    units.collect()
}

/// `AT+CSCA="…",145`: set the service centre. Writes the SIM: only when asked to.
#[derive(Clone, Debug)]
pub struct SetCentre(pub Quoted, pub u8);

impl Command for SetCentre {
    type Reply = ();
    const TIMEOUT: Millis = Millis::from_secs(10);
    fn write(&self, line: &mut AtLine) {
        line.name("+CSCA").quoted(&self.0).number(self.1);
    }
    fn parse(&self, _: &Info) -> Result<(), ParseError> {
        Ok(())
    }
}

/// A message as it lies in a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The slot; `None` in the answer to a read, which does not repeat it.
    pub index: Option<u16>,
    /// 0 unread, 1 read, 2 unsent, 3 sent; `None` when the modem sent words: it is in text mode.
    pub stat: Option<u8>,
    /// The octets of the TPDU as announced; fewer or more in `pdu` mean that bytes were lost.
    pub length: Option<u16>,
    /// Hexadecimal digits with the SMSC field; `None` when the PDU line never came.
    pub pdu: Option<String>,
}

impl Stored {
    /// The last field is the length; the one after the index is the status. What stands between
    /// (a name, or nothing, with or without its comma) does not matter.
    fn parse(line: &super::super::info::InfoLine, prefix: &str, indexed: bool) -> Self {
        let params = Params::rough(line.after(prefix));
        let field = |position: usize| params.values().get(position).and_then(Value::number);
        let first = usize::from(indexed);
        let length = params.last().filter(|(position, _)| *position > first + 1);
        Self {
            index: field(0).filter(|_| indexed).and_then(|index| u16::try_from(index).ok()),
            stat: field(first).and_then(|stat| u8::try_from(stat).ok()).filter(|stat| *stat <= 3),
            length: length
                .and_then(|(_, value)| value.number())
                .and_then(|n| u16::try_from(n).ok()),
            pdu: line.pdu.clone(),
        }
    }

    /// True when the PDU has as many octets as announced.
    pub fn is_whole(&self) -> bool {
        let (Some(length), Some(pdu)) = (self.length, &self.pdu) else { return false };
        let smsc = pdu.get(..2).and_then(|octet| usize::from_str_radix(octet, 16).ok());
        smsc.is_some_and(|smsc| pdu.len() == 2 * (1 + smsc + usize::from(length)))
    }
}

/// `AT+CMGL=4`: all messages of the storage in use.
#[derive(Clone, Copy, Debug)]
pub struct ListMessages;

impl Command for ListMessages {
    type Reply = Vec<Stored>;
    const TIMEOUT: Millis = Millis::from_secs(60);
    const ANSWER: Answer = Answer::pdus(&["+CMGL:"], Ending::Lost);
    fn write(&self, line: &mut AtLine) {
        line.name("+CMGL").number(4u8);
    }
    fn parse(&self, info: &Info) -> Result<Vec<Stored>, ParseError> {
        Ok(info.with("+CMGL:").map(|line| Stored::parse(line, "+CMGL:", true)).collect())
    }
}

/// `AT+CMGR=<index>`: one message. `None` when the slot is empty.
#[derive(Clone, Copy, Debug)]
pub struct ReadMessage(pub u16);

impl Command for ReadMessage {
    type Reply = Option<Stored>;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::pdus(&["+CMGR:"], Ending::Assumed);
    fn write(&self, line: &mut AtLine) {
        line.name("+CMGR").number(self.0);
    }
    fn parse(&self, info: &Info) -> Result<Option<Stored>, ParseError> {
        let stored = info.with("+CMGR:").last().map(|line| Stored::parse(line, "+CMGR:", false));
        Ok(stored.filter(|stored| stored.pdu.is_some() || stored.length != Some(0)))
    }
}

/// `AT+CMGD=<index>`: delete one message. The forms that delete several race with arrivals and
/// do not exist here.
#[derive(Clone, Copy, Debug)]
pub struct DeleteMessage(pub u16);

impl Command for DeleteMessage {
    type Reply = ();
    const TIMEOUT: Millis = Millis::from_secs(25);
    fn write(&self, line: &mut AtLine) {
        line.name("+CMGD").number(self.0);
    }
    fn parse(&self, _: &Info) -> Result<(), ParseError> {
        Ok(())
    }
}

/// `AT+CMGW=<octets>`: write a TPDU into the storage that [`SendStored`] sends from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WritePdu(SubmitPdu);

impl WritePdu {
    /// A submit through the service centre of the SIM.
    pub fn new(tpdu: &[u8]) -> Self {
        Self(SubmitPdu::new(None, tpdu))
    }
}

impl Command for WritePdu {
    /// The slot.
    type Reply = u16;
    const TIMEOUT: Millis = Millis::from_secs(30);
    const ANSWER: Answer = Answer::lines(&["+CMGW:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CMGW").number(self.0.tpdu_octets);
    }
    fn parse(&self, info: &Info) -> Result<u16, ParseError> {
        info.one("+CMGW:")?.number()
    }
    fn payload(&self) -> Option<Payload> {
        self.0.payload()
    }
}

/// `AT+CMSS=<index>`: send what [`WritePdu`] wrote. The modem marks the slot as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendStored(pub u16);

impl Command for SendStored {
    /// The message reference.
    type Reply = u8;
    const TIMEOUT: Millis = Millis::from_secs(120);
    const ANSWER: Answer = Answer::lines(&["+CMSS:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CMSS").number(self.0);
    }
    fn parse(&self, info: &Info) -> Result<u8, ParseError> {
        let reference: i64 = info.one("+CMSS:")?.number()?;
        Ok(u8::try_from(reference).unwrap_or(0))
    }
}

/// `AT+CMGS=<octets>`: send a TPDU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitPdu {
    tpdu_octets: u16,
    hex: Hex,
}

impl SubmitPdu {
    /// A submit through the service centre of the SIM (`00` in front), or through the one whose
    /// field `smsc` holds, length octet included.
    pub fn new(smsc: Option<&[u8]>, tpdu: &[u8]) -> Self {
        let whole: Vec<u8> = smsc.unwrap_or(&[0]).iter().chain(tpdu).copied().collect();
        let tpdu_octets = u16::try_from(tpdu.len()).unwrap_or(u16::MAX);
        Self { tpdu_octets, hex: Hex::of(&whole) }
    }
}

impl Command for SubmitPdu {
    /// The message reference.
    type Reply = u8;
    const TIMEOUT: Millis = Millis::from_secs(120);
    const ANSWER: Answer = Answer::lines(&["+CMGS:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CMGS").number(self.tpdu_octets);
    }
    /// `OK` without a reference is no success: it is also the answer to a cancelled entry.
    /// Some modems print -1; their reference counts as 0.
    fn parse(&self, info: &Info) -> Result<u8, ParseError> {
        let reference: i64 = info.one("+CMGS:")?.number()?;
        Ok(u8::try_from(reference).unwrap_or(0))
    }
    fn payload(&self) -> Option<Payload> {
        Some(Payload { hex: self.hex.clone(), prompt_within: Millis::from_secs(10) })
    }
}
