//! The SIM: its state, its PIN, its identities (27.007 §5.6, §7.1, §8.3, §8.18).

use super::super::command::{Answer, Command};
use super::super::info::{Info, ParseError};
use super::super::line::{AtLine, Quoted};
use super::super::params::Params;
use crate::types::{Iccid, Imsi, Millis};

/// What the SIM waits for (`+CPIN`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SimState {
    /// Nothing: it works.
    Ready,
    /// Its PIN.
    Pin,
    /// The unblocking key, which only a person may enter.
    Puk,
    /// PIN2 or PUK2: messages work without it.
    SecondPin,
    /// The code of a lock to a device or a network; the state as the modem names it.
    Locked(String),
    /// There is none.
    Absent,
    /// Not read yet: ask again.
    NotReady,
    /// Blocked for good.
    Blocked,
    /// Anything else.
    Other(String),
}

impl SimState {
    /// Reads the state, quoted or not.
    pub fn parse(text: &str) -> Self {
        let state = text.trim().trim_matches('"').trim();
        match state.to_ascii_uppercase().as_str() {
            "READY" => Self::Ready,
            "SIM PIN" => Self::Pin,
            "SIM PUK" => Self::Puk,
            "SIM PIN2" | "SIM PUK2" => Self::SecondPin,
            "NOT INSERTED" | "SIM REMOVED" => Self::Absent,
            "NOT READY" => Self::NotReady,
            "BLOCKED" => Self::Blocked,
            lock if lock.starts_with("PH-") => Self::Locked(state.to_owned()),
            _ => Self::Other(state.to_owned()),
        }
    }

    /// The state in the words of the standard.
    pub fn words(&self) -> &str {
        match self {
            Self::Ready => "READY",
            Self::Pin => "SIM PIN",
            Self::Puk => "SIM PUK",
            Self::SecondPin => "SIM PIN2",
            Self::Locked(state) | Self::Other(state) => state,
            Self::Absent => "NOT INSERTED",
            Self::NotReady => "NOT READY",
            Self::Blocked => "BLOCKED",
        }
    }
}

/// `AT+CPIN?`: what the SIM waits for.
#[derive(Clone, Copy, Debug)]
pub struct QuerySim;

impl Command for QuerySim {
    type Reply = SimState;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::lines(&["+CPIN:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CPIN").read();
    }
    fn parse(&self, info: &Info) -> Result<SimState, ParseError> {
        let line = info.with("+CPIN:").last().ok_or(ParseError::Missing("+CPIN:"))?;
        Ok(SimState::parse(line.after("+CPIN:")))
    }
}

/// `AT+CPIN="…"`: enter the PIN. Three wrong ones lock the SIM: never sent twice by itself.
#[derive(Clone, Debug)]
pub struct EnterPin(pub Quoted);

impl Command for EnterPin {
    type Reply = ();
    const TIMEOUT: Millis = Millis::from_secs(30);
    fn write(&self, line: &mut AtLine) {
        line.name("+CPIN").secret(&self.0);
    }
    fn parse(&self, _: &Info) -> Result<(), ParseError> {
        Ok(())
    }
}

/// `AT+CPINR="SIM PIN"`: how many tries are left (27.007 §8.65).
#[derive(Clone, Copy, Debug)]
pub struct QueryPinTries;

impl Command for QueryPinTries {
    type Reply = u8;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::lines(&["+CPINR:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CPINR").word("SIM PIN");
    }
    fn parse(&self, info: &Info) -> Result<u8, ParseError> {
        let pin = info.with("+CPINR:").map(|line| Params::parse(line.after("+CPINR:"))).find_map(
            |mut params| (params.text().ok()? == "SIM PIN").then(|| params.number().ok()).flatten(),
        );
        pin.ok_or(ParseError::Missing("+CPINR:"))
    }
}

/// A vendor's way to ask for the tries left: the command, the prefix of the answer, and the
/// position of the PIN's counter in it. One row per dialect, tried in order.
#[derive(Clone, Copy, Debug)]
pub struct QueryPinTriesBy {
    /// What to write.
    pub text: &'static str,
    /// What the answer begins with.
    pub prefix: &'static str,
    /// Position of the counter, from 0.
    pub position: usize,
}

impl QueryPinTriesBy {
    /// The dialects known.
    pub const ALL: [QueryPinTriesBy; 5] = [
        QueryPinTriesBy { text: "^CPIN?", prefix: "^CPIN:", position: 3 },
        QueryPinTriesBy { text: "+SPIC", prefix: "+SPIC:", position: 0 },
        QueryPinTriesBy { text: "+QPINC=\"SC\"", prefix: "+QPINC:", position: 1 },
        QueryPinTriesBy { text: "#PCT", prefix: "#PCT:", position: 0 },
        QueryPinTriesBy { text: "+UPINCNT", prefix: "+UPINCNT:", position: 0 },
    ];
}

impl Command for QueryPinTriesBy {
    type Reply = u8;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::lines(&["^CPIN:", "+SPIC:", "+QPINC:", "#PCT:", "+UPINCNT:"]);
    fn write(&self, line: &mut AtLine) {
        line.name(self.text);
    }
    fn parse(&self, info: &Info) -> Result<u8, ParseError> {
        let params = info.one(self.prefix)?;
        let value = params.values().get(self.position).and_then(|value| value.number());
        value.and_then(|n| u8::try_from(n).ok()).ok_or(ParseError::Parameter(self.position + 1))
    }
}

/// `AT+CIMI`: the subscription (27.007 §5.6).
#[derive(Clone, Copy, Debug)]
pub struct QueryImsi;

impl Command for QueryImsi {
    type Reply = Imsi;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::text(&["+CIMI:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CIMI");
    }
    fn parse(&self, info: &Info) -> Result<Imsi, ParseError> {
        let imsi = info.lines.iter().find_map(|line| Imsi::parse(line.after("+CIMI:")));
        imsi.ok_or(ParseError::Missing("+CIMI:"))
    }
}

/// The card's number, asked in one of several dialects; the last reads the file itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryIccid(&'static str);

impl QueryIccid {
    /// The forms, in the order in which to try them.
    pub const ALL: [QueryIccid; 8] = [
        QueryIccid("+CCID"),
        QueryIccid("+ICCID"),
        QueryIccid("+QCCID"),
        QueryIccid("^ICCID?"),
        QueryIccid("#CCID"),
        QueryIccid("+ZGETICCID"),
        QueryIccid("!ICCID?"),
        QueryIccid("+CRSM=176,12258,0,0,10"),
    ];
}

impl Command for QueryIccid {
    type Reply = Iccid;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::text(&[
        "+CCID:",
        "+ICCID:",
        "+QCCID:",
        "^ICCID:",
        "#CCID:",
        "+ZGETICCID:",
        "!ICCID:",
        "+CRSM:",
    ]);
    fn write(&self, line: &mut AtLine) {
        line.name(self.0);
    }
    fn parse(&self, info: &Info) -> Result<Iccid, ParseError> {
        let iccid = info.lines.iter().find_map(|line| match line.text.strip_prefix("+CRSM:") {
            Some(rest) => {
                let file = Params::parse(rest).values().get(2)?.text();
                Iccid::parse(&swapped(&file))
            }
            None => {
                let text = line.text.split_once(':').map_or(line.text.as_str(), |(_, rest)| rest);
                Iccid::parse(text.split(',').next()?)
            }
        });
        iccid.ok_or(ParseError::Missing("ICCID"))
    }
}

/// EF-ICCID holds its digits with swapped nibbles (31.102 §4.2.2, ETSI TS 102 221 §13.2).
fn swapped(digits: &str) -> String {
    let digits: Vec<char> = digits.chars().collect();
    digits.chunks(2).flat_map(|pair| pair.iter().rev()).collect()
}

/// `AT+CNUM`: own numbers, those that are not empty (27.007 §7.1).
#[derive(Clone, Copy, Debug)]
pub struct QueryOwnNumbers;

impl Command for QueryOwnNumbers {
    type Reply = Vec<String>;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::lines(&["+CNUM:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CNUM");
    }
    fn parse(&self, info: &Info) -> Result<Vec<String>, ParseError> {
        let numbers = info.with("+CNUM:").filter_map(|line| own_number(line.after("+CNUM:")));
        Ok(numbers.collect())
    }
}

/// The second field, or where quotes are missing the longest run of digits.
fn own_number(rest: &str) -> Option<String> {
    let fields: Vec<&str> = rest.split(',').map(|field| field.trim().trim_matches('"')).collect();
    let is_number = |field: &&&str| {
        let digits = field.strip_prefix('+').unwrap_or(field);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let second = fields.get(1).filter(is_number);
    let number = second.or_else(|| fields.iter().filter(is_number).max_by_key(|field| field.len()));
    number.filter(|number| number.len() > 3).map(|number| (*number).to_owned())
}

/// `AT+CLCK="SC",2`: is the PIN asked for at all (27.007 §7.4)?
#[derive(Clone, Copy, Debug)]
pub struct QueryPinLock;

impl Command for QueryPinLock {
    type Reply = bool;
    const TIMEOUT: Millis = Millis::from_secs(30);
    const ANSWER: Answer = Answer::lines(&["+CLCK:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CLCK").word("SC").number(2u8);
    }
    fn parse(&self, info: &Info) -> Result<bool, ParseError> {
        info.one("+CLCK:")?.number::<u8>().map(|status| status != 0)
    }
}
