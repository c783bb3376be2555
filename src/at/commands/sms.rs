//! Messages: service, storage, indications, reading, sending (27.005 §3 and §4), PDU mode only.

use super::super::command::{Answer, Command, Ending, Payload};
use super::super::info::{Info, ParseError};
use super::super::line::{AtLine, Hex, Quoted};
use super::super::params::{Params, Value};
use super::general::settings;
use crate::types::Millis;

settings! {
    /// `AT+CMGF=0`: PDU mode.
    PduMode "+CMGF=0" 10;
    /// `AT+CSMS=1`: phase 2+ service. Directly routed messages then want `+CNMA`.
    PhaseTwoPlus "+CSMS=1" 10;
    /// `AT+CMMS=1`: keep the link open while more messages follow.
    KeepLink "+CMMS=1" 5;
    /// `AT+CMMS=0`: do not keep the link.
    ReleaseLink "+CMMS=0" 5;
    /// `AT+CNMA=0`: the message that came directly is stored.
    Acknowledge "+CNMA=0" 10;
    /// `AT+CNMA`: the same for modems that take no parameter.
    AcknowledgePlain "+CNMA" 10;
}

/// A storage of messages, as modems name it (27.005 §3.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Storage {
    /// The SIM card.
    Sm,
    /// The modem.
    Me,
    /// Both.
    Mt,
    /// Status reports.
    Sr,
    /// Broadcast pages.
    Bm,
    /// The adapter.
    Ta,
}

impl Storage {
    /// All of them.
    pub const ALL: [Storage; 6] = [Self::Sm, Self::Me, Self::Mt, Self::Sr, Self::Bm, Self::Ta];

    /// Reads a name; quotes may be missing or unbalanced.
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.trim_matches(|c: char| c == '"' || c.is_ascii_whitespace());
        Self::ALL.into_iter().find(|storage| storage.name().eq_ignore_ascii_case(name))
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sm => "SM",
            Self::Me => "ME",
            Self::Mt => "MT",
            Self::Sr => "SR",
            Self::Bm => "BM",
            Self::Ta => "TA",
        }
    }
}

/// `AT+CPMS=?`: which storages may read, write and receive.
#[derive(Clone, Copy, Debug)]
pub struct ListStorages;

/// The choices for each of the three roles; an empty list when the modem named none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageChoices {
    /// To read, list and delete from.
    pub read: Vec<Storage>,
    /// To write to and send from.
    pub write: Vec<Storage>,
    /// Where received messages go.
    pub receive: Vec<Storage>,
}

impl Command for ListStorages {
    type Reply = StorageChoices;
    const TIMEOUT: Millis = Millis::from_secs(20);
    const ANSWER: Answer = Answer::lines(&["+CPMS:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CPMS").test();
    }
    fn parse(&self, info: &Info) -> Result<StorageChoices, ParseError> {
        let cpms = info.one("+CPMS:")?;
        // Some put all three into one more pair of parentheses.
        let lists = match cpms.values() {
            [Value::List(inner)] if inner.iter().any(|value| matches!(value, Value::List(_))) => {
                inner
            }
            lists => lists,
        };
        let choices = |position: usize| {
            let names = lists.get(position).map(Value::texts).unwrap_or_default();
            names.iter().filter_map(|name| Storage::parse(name)).collect()
        };
        Ok(StorageChoices { read: choices(0), write: choices(1), receive: choices(2) })
    }
}

/// `AT+CPMS?`: which storages are in use and how full they are.
#[derive(Clone, Copy, Debug)]
pub struct QueryStorages;

/// `AT+CPMS="…"[,"…"[,"…"]]`: use these; modems differ in how many they take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UseStorages(pub Vec<Storage>);

/// How full a storage is. A total of 0 means that it has not been read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StorageFill {
    /// Which; `None` when the modem gave counts only: then the position tells.
    pub storage: Option<Storage>,
    /// Messages in it.
    pub used: u16,
    /// Room in it.
    pub total: u16,
}

impl StorageFill {
    /// Reads up to three groups of name, used and total, or of used and total.
    pub fn parse_all(rest: &str) -> Vec<StorageFill> {
        let params = Params::rough(rest);
        let mut fills = Vec::new();
        let mut values = params.values().iter().peekable();
        while let Some(value) = values.next() {
            let storage = Storage::parse(&value.text());
            let used = if storage.is_some() { values.next() } else { Some(value) };
            let count = |value: Option<&Value>| {
                value.and_then(Value::number).and_then(|count| u16::try_from(count).ok())
            };
            if let (Some(used), Some(total)) = (count(used), count(values.next())) {
                fills.push(StorageFill { storage, used, total });
            }
        }
        fills
    }
}

impl Command for QueryStorages {
    type Reply = Vec<StorageFill>;
    const TIMEOUT: Millis = Millis::from_secs(20);
    const ANSWER: Answer = Answer::lines(&["+CPMS:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CPMS").read();
    }
    fn parse(&self, info: &Info) -> Result<Vec<StorageFill>, ParseError> {
        let line = info.with("+CPMS:").last().ok_or(ParseError::Missing("+CPMS:"))?;
        Ok(StorageFill::parse_all(line.after("+CPMS:")))
    }
}

impl Command for UseStorages {
    type Reply = Vec<StorageFill>;
    const TIMEOUT: Millis = Millis::from_secs(20);
    const ANSWER: Answer = Answer::lines(&["+CPMS:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CPMS");
        for storage in &self.0 {
            line.word(storage.name());
        }
    }
    /// The counts, named by the storages asked for where the answer does not name them.
    fn parse(&self, info: &Info) -> Result<Vec<StorageFill>, ParseError> {
        let line = info.with("+CPMS:").last();
        let fills =
            line.map(|line| StorageFill::parse_all(line.after("+CPMS:"))).unwrap_or_default();
        let named = fills.into_iter().enumerate().map(|(position, fill)| StorageFill {
            storage: fill.storage.or_else(|| self.0.get(position).copied()),
            ..fill
        });
        Ok(named.collect())
    }
}

/// `AT+CNMI=?`: which indications the modem can give.
#[derive(Clone, Copy, Debug)]
pub struct ListIndications;

/// The five parameters of `+CNMI` (27.005 §3.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indications {
    /// When codes may come.
    pub mode: u8,
    /// How messages are announced.
    pub mt: u8,
    /// How broadcast pages are announced.
    pub bm: u8,
    /// How status reports are announced.
    pub ds: u8,
    /// What happens to codes held back.
    pub bfr: u8,
}

/// The values each parameter of `+CNMI` may have; a list that is missing allows 0 only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndicationChoices(pub [Vec<u32>; 5]);

impl IndicationChoices {
    /// True when the modem says it takes these.
    pub fn allow(&self, wanted: Indications) -> bool {
        let Indications { mode, mt, bm, ds, bfr } = wanted;
        let wanted = [mode, mt, bm, ds, bfr].map(u32::from);
        self.0.iter().zip(wanted).all(|(list, value)| list.contains(&value))
    }
}

impl Command for ListIndications {
    type Reply = IndicationChoices;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::lines(&["+CNMI:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CNMI").test();
    }
    fn parse(&self, info: &Info) -> Result<IndicationChoices, ParseError> {
        let cnmi = info.one("+CNMI:")?;
        Ok(IndicationChoices(std::array::from_fn(|position| {
            let numbers = cnmi.values().get(position).map(Value::numbers).unwrap_or_default();
            if numbers.is_empty() { vec![0] } else { numbers }
        })))
    }
}

/// `AT+CNMI=…`: how messages are announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UseIndications(pub Indications);

impl Command for UseIndications {
    type Reply = ();
    const TIMEOUT: Millis = Millis::from_secs(10);
    fn write(&self, line: &mut AtLine) {
        let Indications { mode, mt, bm, ds, bfr } = self.0;
        line.name("+CNMI").number(mode).number(mt).number(bm).number(ds).number(bfr);
    }
    fn parse(&self, _: &Info) -> Result<(), ParseError> {
        Ok(())
    }
}

/// `AT+CNMI?`: how messages are announced now.
#[derive(Clone, Copy, Debug)]
pub struct QueryIndications;

impl Command for QueryIndications {
    type Reply = Indications;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::lines(&["+CNMI:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CNMI").read();
    }
    fn parse(&self, info: &Info) -> Result<Indications, ParseError> {
        let mut cnmi = info.one("+CNMI:")?;
        Ok(Indications {
            mode: cnmi.number()?,
            mt: cnmi.number()?,
            bm: cnmi.maybe().unwrap_or(0),
            ds: cnmi.maybe().unwrap_or(0),
            bfr: cnmi.maybe().unwrap_or(0),
        })
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
