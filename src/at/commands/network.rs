//! Registration, operator and signal: 27.007 §7.2, §7.3, §8.5, §8.69 and §10.1.

use super::super::command::{Answer, Command};
use super::super::info::{Info, ParseError};
use super::super::line::AtLine;
use super::super::params::{Params, Value};
use super::general::settings;
use crate::types::Millis;

/// Which network a registration is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Domain {
    /// `+CREG`: circuit switched.
    Circuit,
    /// `+CGREG`: packet switched.
    Packet,
    /// `+CEREG`: 4G.
    Eps,
    /// `+C5GREG`: 5G.
    FiveG,
}

impl Domain {
    /// The domain that `prefix` (with its colon) speaks of.
    pub fn of_prefix(prefix: &str) -> Option<Self> {
        Some(match prefix {
            "+CREG:" => Self::Circuit,
            "+CGREG:" => Self::Packet,
            "+CEREG:" => Self::Eps,
            "+C5GREG:" => Self::FiveG,
            _ => return None,
        })
    }
}

/// `<stat>` of a registration (27.007 §7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegistrationState {
    /// 0: not registered and not searching.
    Idle,
    /// 1, 6, 9: on the home network, perhaps for messages only.
    Home,
    /// 2: searching.
    Searching,
    /// 3: the network refuses this subscription.
    Denied,
    /// 5, 7, 10: on a foreign network, perhaps for messages only.
    Roaming,
    /// 8, 11: emergency calls only.
    EmergencyOnly,
    /// 4, 12, 13 and what is not defined: no coverage or limited service.
    Unknown,
}

impl RegistrationState {
    fn of(stat: u8) -> Self {
        match stat {
            0 => Self::Idle,
            1 | 6 | 9 => Self::Home,
            2 => Self::Searching,
            3 => Self::Denied,
            5 | 7 | 10 => Self::Roaming,
            8 | 11 => Self::EmergencyOnly,
            _ => Self::Unknown,
        }
    }

    /// True when messages can be sent and received.
    pub fn carries_messages(self) -> bool {
        matches!(self, Self::Home | Self::Roaming)
    }
}

/// A registration, from an answer or an unsolicited line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Which network.
    pub domain: Domain,
    /// `<stat>` as it came.
    pub stat: u8,
    /// Location or tracking area code, 0 when unknown.
    pub area: u32,
    /// Cell id, 0 when unknown.
    pub cell: u64,
    /// Access technology, as numbered in 27.007 §7.2.
    pub technology: Option<u8>,
}

impl Registration {
    /// Reads what follows the prefix. `asked` says that a read command waits for it.
    ///
    /// The two forms differ by a leading `<n>` only, and some modems send the read form unasked,
    /// so it is recognised by its second field: short, decimal and without quotes.
    pub fn parse(domain: Domain, rest: &str, asked: bool) -> Option<Self> {
        let fields: Vec<&str> = rest.split(',').map(str::trim).collect();
        let read_form = fields.get(1).is_some_and(|f| is_stat(f, if asked { 5 } else { 3 }));
        let fields = fields.get(usize::from(read_form)..)?;
        let mut fields = fields.iter().map(|field| unquoted(field));
        let stat = fields.next()?.parse::<u8>().ok()?;
        let mut rest: Vec<&str> = fields.collect();
        // Some 4G modems put a two-digit routing area between the tracking area and the cell.
        let routing = rest.get(1).is_some_and(|f| (1..=2).contains(&f.len()) && hex(f).is_some());
        if domain == Domain::Eps && routing && rest.len() >= 4 {
            rest.remove(1);
        }
        let number = |position: usize| rest.get(position).and_then(|field| hex(field));
        Some(Self {
            domain,
            stat,
            area: number(0).and_then(|area| u32::try_from(area).ok()).unwrap_or(0),
            cell: number(1).unwrap_or(0),
            technology: rest.get(2).and_then(|field| field.parse().ok()),
        })
    }

    /// What `stat` means.
    pub fn state(&self) -> RegistrationState {
        RegistrationState::of(self.stat)
    }

    /// True for an answer to the read form, false for a line that must be unsolicited.
    fn is_read_form(line: &str) -> bool {
        let rest = line.split_once(':').map_or("", |(_, rest)| rest);
        rest.split(',').nth(1).is_some_and(|field| is_stat(field.trim(), 5))
    }
}

fn is_stat(field: &str, longest: usize) -> bool {
    (1..=longest).contains(&field.len())
        && field.bytes().all(|b| b.is_ascii_digit())
        && field.parse::<u32>().is_ok_and(|stat| stat <= 15)
}

fn unquoted(field: &str) -> &str {
    field.trim_matches(|c: char| c == '"' || c.is_ascii_whitespace())
}

fn hex(field: &str) -> Option<u64> {
    u64::from_str_radix(field, 16).ok()
}

/// `AT+CREG?` and its three sisters.
macro_rules! registrations {
    ($($(#[$doc:meta])* $name:ident $text:literal $prefix:literal $domain:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Command for $name {
            type Reply = Registration;
            const TIMEOUT: Millis = Millis::from_secs(5);
            const ANSWER: Answer = Answer::lines(&[$prefix]).shaped(Registration::is_read_form);
            fn write(&self, line: &mut AtLine) {
                line.name($text).read();
            }
            fn parse(&self, info: &Info) -> Result<Registration, ParseError> {
                let line = info.with($prefix).last().ok_or(ParseError::Missing($prefix))?;
                Registration::parse($domain, line.after($prefix), true).ok_or(ParseError::Parameter(1))
            }
        }
    )*};
}

registrations! {
    /// `AT+CREG?`: circuit-switched registration.
    QueryRegistration "+CREG" "+CREG:" Domain::Circuit;
    /// `AT+CGREG?`: packet-switched registration.
    QueryPacketRegistration "+CGREG" "+CGREG:" Domain::Packet;
    /// `AT+CEREG?`: 4G registration.
    QueryEpsRegistration "+CEREG" "+CEREG:" Domain::Eps;
    /// `AT+C5GREG?`: 5G registration.
    QueryFiveGRegistration "+C5GREG" "+C5GREG:" Domain::FiveG;
}

settings! {
    /// `AT+CREG=2`: tell registration changes with their cell.
    ReportRegistration "+CREG=2" 5;
    /// `AT+CREG=1`: tell registration changes.
    ReportRegistrationPlain "+CREG=1" 5;
    /// `AT+CGREG=2`.
    ReportPacketRegistration "+CGREG=2" 5;
    /// `AT+CEREG=2`.
    ReportEpsRegistration "+CEREG=2" 5;
    /// `AT+COPS=3,0`: show the operator's long name from now on.
    OperatorByName "+COPS=3,0" 10;
    /// `AT+COPS=3,2`: show the operator's number from now on.
    OperatorByNumber "+COPS=3,2" 10;
    /// `AT+COPS=0`: choose a network automatically.
    ChooseAutomatically "+COPS=0" 180;
    /// `AT+CTZU=1`: set the clock from the network.
    ClockFromNetwork "+CTZU=1" 5;
}

/// `AT+COPS?`: on which network (27.007 §7.3). `None` when on none.
#[derive(Clone, Copy, Debug)]
pub struct QueryOperator;

impl Command for QueryOperator {
    type Reply = Option<String>;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::lines(&["+COPS:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+COPS").read();
    }
    fn parse(&self, info: &Info) -> Result<Option<String>, ParseError> {
        let mut cops = info.one("+COPS:")?;
        let name = cops.skip().skip().maybe_text();
        Ok(name
            .map(|name| name.trim_matches('"').trim().to_owned())
            .filter(|name| !name.is_empty()))
    }
}

/// `AT+CSQ`: received signal strength (27.007 §8.5).
#[derive(Clone, Copy, Debug)]
pub struct QuerySignal;

/// Signal strength as `+CSQ` gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal {
    /// In dBm; `None` when not known.
    pub dbm: Option<i16>,
    /// Bit error rate class 0 to 7; `None` when not known.
    pub error_rate: Option<u8>,
}

impl Signal {
    /// From the `<rssi>` of `+CSQ`: steps of 2 dB from -113, and from 100 on steps of 1 from -116.
    pub fn of_rssi(rssi: u8) -> Self {
        let dbm = match i16::from(rssi) {
            n @ 0..=31 => Some(-113 + 2 * n),
            n @ 100..=191 => Some(-216 + n),
            _ => None,
        };
        Self { dbm, error_rate: None }
    }

    /// 0 none, 1 weak, 2 fair, 3 good, 4 very good.
    pub fn bars(self) -> u8 {
        match self.dbm {
            None | Some(..-109) => 0,
            Some(-109..-93) => 1,
            Some(-93..-83) => 2,
            Some(-83..-73) => 3,
            Some(_) => 4,
        }
    }
}

impl Command for QuerySignal {
    type Reply = Signal;
    const TIMEOUT: Millis = Millis::from_secs(5);
    const ANSWER: Answer = Answer::lines(&["+CSQ:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CSQ");
    }
    fn parse(&self, info: &Info) -> Result<Signal, ParseError> {
        let mut csq = info.one("+CSQ:")?;
        let (rssi, ber): (u8, Option<u8>) = (csq.number()?, csq.maybe());
        Ok(Signal { error_rate: ber.filter(|ber| *ber <= 7), ..Signal::of_rssi(rssi) })
    }
}

/// `AT+CESQ`: signal quality of 2G, 3G and 4G (27.007 §8.69), in tenths of a decibel.
#[derive(Clone, Copy, Debug)]
pub struct QuerySignalDetail;

/// Each is the upper edge of its step, in tenths of dBm or dB; `None` when not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalDetail {
    /// 2G signal.
    pub rssi: Option<i16>,
    /// Bit error rate class.
    pub error_rate: Option<u8>,
    /// 3G code power.
    pub rscp: Option<i16>,
    /// 3G quality.
    pub ecno: Option<i16>,
    /// 4G quality.
    pub rsrq: Option<i16>,
    /// 4G power.
    pub rsrp: Option<i16>,
}

impl Command for QuerySignalDetail {
    type Reply = SignalDetail;
    const TIMEOUT: Millis = Millis::from_secs(5);
    const ANSWER: Answer = Answer::lines(&["+CESQ:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CESQ");
    }
    fn parse(&self, info: &Info) -> Result<SignalDetail, ParseError> {
        let mut cesq = info.one("+CESQ:")?;
        let mut field = |unknown: i16, zero: i16, step: i16| {
            let level: Option<i16> = cesq.maybe();
            level.filter(|level| (0..unknown).contains(level)).map(|level| zero + step * level)
        };
        Ok(SignalDetail {
            rssi: field(99, -1_110, 10),
            error_rate: field(99, 0, 1).and_then(|ber| u8::try_from(ber).ok()),
            rscp: field(255, -1_210, 10),
            ecno: field(255, -245, 5),
            rsrq: field(255, -200, 5),
            rsrp: field(255, -1_410, 10),
        })
    }
}

/// One network of `AT+COPS=?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundOperator {
    /// Long name, or the short one.
    pub name: String,
    /// Country and network code.
    pub code: String,
    /// 0 unknown, 1 available, 2 current, 3 forbidden.
    pub stat: u8,
}

/// `AT+COPS=?`: look for networks. Blocks the modem for minutes: only by hand.
#[derive(Clone, Copy, Debug)]
pub struct FindOperators;

impl Command for FindOperators {
    type Reply = Vec<FoundOperator>;
    const TIMEOUT: Millis = Millis::from_secs(180);
    const ANSWER: Answer = Answer::lines(&["+COPS:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+COPS").test();
    }
    fn parse(&self, info: &Info) -> Result<Vec<FoundOperator>, ParseError> {
        let cops: Params = info.one("+COPS:")?;
        let found = cops.values().iter().filter_map(|value| match value {
            Value::List(fields) => {
                let text =
                    |n: usize| fields.get(n).map(Value::text).filter(|text| !text.is_empty());
                Some(FoundOperator {
                    stat: u8::try_from(fields.first()?.number()?).ok()?,
                    name: text(1).or_else(|| text(2)).unwrap_or_default(),
                    code: text(3)?,
                })
            }
            _ => None,
        });
        Ok(found.collect())
    }
}
