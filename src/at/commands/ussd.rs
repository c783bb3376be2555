//! Unstructured supplementary service data: codes such as `*100#` and their answers (27.007 §7.15).
//!
//! The answer's text comes as plain text, or as hexadecimal of UCS-2, of packed septets or of
//! octets, and its label lies often. Which one it is is decided here; unpacking septets is the
//! codec's work and comes in as a function.

use super::super::command::{Answer, Command};
use super::super::info::{Info, ParseError};
use super::super::line::{AtLine, Hex, Quoted};
use super::general::settings;
use crate::types::Millis;

/// `+CUSD: <m>[,"<text>"[,<dcs>]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UssdReply {
    /// What happens next.
    pub status: UssdStatus,
    /// The string as it came, without quotes; empty when there was none.
    pub text: String,
    /// Its label, in the coding groups of cell broadcast (23.038 §5).
    pub dcs: Option<u8>,
}

/// `<m>` of `+CUSD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UssdStatus {
    /// 0: the session is over.
    Done,
    /// 1: the network waits for an answer.
    Answer,
    /// 2: the network ended the session.
    Ended,
    /// 3: another client of the modem answered.
    Elsewhere,
    /// 4: not supported.
    NotSupported,
    /// 5 and what is not defined: no answer from the network.
    Timeout,
}

/// How the string of a reply was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UssdForm {
    /// As text.
    Text,
    /// Hexadecimal of UCS-2.
    Ucs2Hex,
    /// Hexadecimal of packed septets.
    PackedHex,
    /// Hexadecimal of ASCII octets.
    OctetHex,
}

impl UssdReply {
    /// Reads what follows the prefix. The text may hold line ends, commas and quotes: it goes to
    /// the last quote.
    pub fn parse(rest: &str) -> Option<Self> {
        let rest = rest.trim();
        let (m, tail) = rest.split_once(',').unwrap_or((rest, ""));
        let tail = tail.trim();
        let (text, label) = match (tail.find('"'), tail.rfind('"')) {
            (Some(open), Some(close)) if open < close => {
                (tail.get(open + 1..close)?, tail.get(close + 1..)?)
            }
            (Some(open), _) => (tail.get(open + 1..)?, ""),
            _ => tail.rsplit_once(',').unwrap_or((tail, "")),
        };
        let status = match m.trim().parse::<u8>().ok()? {
            0 => UssdStatus::Done,
            1 => UssdStatus::Answer,
            2 => UssdStatus::Ended,
            3 => UssdStatus::Elsewhere,
            4 => UssdStatus::NotSupported,
            _ => UssdStatus::Timeout,
        };
        let dcs = label.trim().trim_start_matches(',').trim().parse().ok();
        Some(Self { status, text: text.to_owned(), dcs })
    }

    /// The text for a person, and how it had been written. `unpack` turns packed septets of the
    /// default alphabet into text.
    pub fn decode(&self, unpack: impl Fn(&[u8]) -> String) -> (UssdForm, String) {
        let plain = || (UssdForm::Text, self.text.clone());
        let Some(octets) = octets_of_hex(&self.text) else { return plain() };
        let amount = self.text.len() < 12 && self.text.bytes().all(|b| b.is_ascii_digit());
        if amount {
            return plain();
        }
        let units: Vec<u16> = octets
            .chunks_exact(2)
            .map(|pair| pair.iter().fold(0, |u, o| u << 8 | u16::from(*o)))
            .collect();
        let ucs2 = || (UssdForm::Ucs2Hex, String::from_utf16_lossy(&units));
        if self.says_ucs2() && self.text.len() >= 4 {
            return ucs2();
        }
        if octets.iter().all(|octet| matches!(octet, 0x20..=0x7E | b'\n' | b'\r')) {
            return (UssdForm::OctetHex, octets.iter().map(|octet| char::from(*octet)).collect());
        }
        if units.len() >= 3 && looks_like_ucs2(&units) {
            return ucs2();
        }
        let unpacked = unpack(&octets);
        if looks_like_text(&unpacked) { (UssdForm::PackedHex, unpacked) } else { plain() }
    }

    fn says_ucs2(&self) -> bool {
        self.dcs.is_some_and(|dcs| dcs == 17 || (dcs & 0xC0 == 0x40 && dcs & 0x0C == 0x08))
    }
}

/// The octets when the text is hexadecimal; a last odd digit is dropped.
fn octets_of_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    let octets: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit))
        .collect();
    (!octets.is_empty()).then_some(octets)
}

/// Four fifths in Latin, or in one further block of 256.
fn looks_like_ucs2(units: &[u16]) -> bool {
    let is_latin = |unit: &u16| matches!(unit, 0x20..=0x7E | 0xA0..=0x24F | 0x0A | 0x0D);
    let further = units.iter().find(|unit| !is_latin(unit)).map(|unit| unit >> 8);
    let near = units.iter().filter(|unit| is_latin(unit) || Some(**unit >> 8) == further).count();
    near * 5 >= units.len() * 4
}

/// Four fifths letters, digits, blanks and common punctuation.
fn looks_like_text(text: &str) -> bool {
    let common =
        |c: &char| c.is_alphanumeric() || c.is_whitespace() || ".,:;!?'\"()-+*#/@%&=".contains(*c);
    let (common, all) = (text.chars().filter(common).count(), text.chars().count());
    all > 0 && common * 5 >= all * 4
}

/// `AT+CUSD=1,"…",15`: send a code or an answer. The reply comes as a [`Urc`](super::super::Urc),
/// before or after the `OK`.
#[derive(Clone, Debug)]
pub struct SendUssd(pub Quoted);

impl Command for SendUssd {
    type Reply = ();
    const TIMEOUT: Millis = Millis::from_secs(15);
    fn write(&self, line: &mut AtLine) {
        line.name("+CUSD").number(1u8).quoted(&self.0).number(15u8);
    }
    fn parse(&self, _: &Info) -> Result<(), ParseError> {
        Ok(())
    }
}

/// The same for modems that want packed septets or UCS-2 in hexadecimal.
#[derive(Clone, Debug)]
pub struct SendUssdHex(pub Hex);

impl Command for SendUssdHex {
    type Reply = ();
    const TIMEOUT: Millis = Millis::from_secs(15);
    const ANSWER: Answer = Answer::NONE;
    fn write(&self, line: &mut AtLine) {
        line.name("+CUSD").number(1u8).hex(&self.0).number(15u8);
    }
    fn parse(&self, _: &Info) -> Result<(), ParseError> {
        Ok(())
    }
}

settings! {
    /// `AT+CUSD=1`: show network texts.
    ShowUssd "+CUSD=1" 10;
    /// `AT+CUSD=2`: end the session.
    EndUssd "+CUSD=2" 15;
}
