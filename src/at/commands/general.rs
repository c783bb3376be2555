//! Commands of the conversation itself and of the device: V.250 §6, 27.007 §5 and §8.2.

use super::super::command::{Answer, Command};
use super::super::info::{Info, ParseError};
use super::super::line::{AtLine, ConsoleLine};
use super::super::params::Params;
use crate::types::{Imei, Millis};

/// Commands that set something and answer `OK` alone.
macro_rules! settings {
    ($($(#[$doc:meta])* $name:ident $text:literal $seconds:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Command for $name {
            type Reply = ();
            const TIMEOUT: Millis = Millis::from_secs($seconds);
            fn write(&self, line: &mut AtLine) {
                line.name($text);
            }
            fn parse(&self, _: &Info) -> Result<(), ParseError> {
                Ok(())
            }
        }
    )*};
}
pub(super) use settings;

settings! {
    /// `AT`: is anybody there?
    Attention "" 2;
    /// `ATZ`: back to the stored profile.
    ResetProfile "Z" 5;
    /// `AT&F`: back to the factory profile.
    FactoryProfile "&F" 5;
    /// `ATE0`: no echo. Some modems go on echoing; the reader does not depend on it.
    EchoOff "E0" 2;
    /// `ATV1`: results in words.
    Verbose "V1" 2;
    /// `ATQ0`: results are shown.
    ShowResults "Q0" 2;
    /// `AT+CMEE=1`: errors with numbers (27.007 §9.1).
    NumericErrors "+CMEE=1" 2;
    /// `AT+CSCS="GSM"`: strings in the default alphabet (27.007 §5.5). PDUs are never affected.
    CharacterSetGsm "+CSCS=\"GSM\"" 2;
    /// `AT+CSCS="IRA"`: strings in ASCII.
    CharacterSetIra "+CSCS=\"IRA\"" 2;
}

/// A set-up line of a vendor profile, a literal of this program; what it answers is ignored.
#[derive(Clone, Copy, Debug)]
pub struct Setup(pub &'static str);

impl Command for Setup {
    type Reply = ();
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::text(&[]);
    fn write(&self, line: &mut AtLine) {
        line.name(self.0);
    }
    fn parse(&self, _: &Info) -> Result<(), ParseError> {
        Ok(())
    }
}

/// A line a person typed; every line of the answer is returned.
#[derive(Clone, Debug)]
pub struct Console(pub ConsoleLine);

impl Command for Console {
    type Reply = Vec<String>;
    const TIMEOUT: Millis = Millis::from_secs(60);
    const ANSWER: Answer = Answer::text(&[]);
    fn write(&self, line: &mut AtLine) {
        *line = AtLine::console(&self.0);
    }
    fn parse(&self, info: &Info) -> Result<Vec<String>, ParseError> {
        let lines = info.lines.iter();
        Ok(lines
            .flat_map(|line| std::iter::once(line.text.clone()).chain(line.pdu.clone()))
            .collect())
    }
}

/// Identification texts, with or without prefix and quotes (27.007 §5.1 to §5.3).
macro_rules! identification {
    ($($(#[$doc:meta])* $name:ident $text:literal $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name;

        impl Command for $name {
            type Reply = String;
            const TIMEOUT: Millis = Millis::from_secs(3);
            const ANSWER: Answer = Answer::text(&[$prefix]);
            fn write(&self, line: &mut AtLine) {
                line.name($text);
            }
            fn parse(&self, info: &Info) -> Result<String, ParseError> {
                info.text($prefix)
            }
        }
    )*};
}

identification! {
    /// `AT+CGMI`: who made the modem.
    QueryMaker "+CGMI" "+CGMI:";
    /// `AT+CGMM`: its model.
    QueryModel "+CGMM" "+CGMM:";
    /// `AT+CGMR`: its firmware.
    QueryFirmware "+CGMR" "+CGMR:";
    /// `ATI`: free text, the first line of it.
    QueryProduct "I" "";
}

/// `AT+CGSN`: the serial number of the device (27.007 §5.4). `None` when it is no IMEI.
#[derive(Clone, Copy, Debug)]
pub struct QueryImei;

impl Command for QueryImei {
    type Reply = Option<Imei>;
    const TIMEOUT: Millis = Millis::from_secs(3);
    const ANSWER: Answer = Answer::text(&["+CGSN:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CGSN");
    }
    fn parse(&self, info: &Info) -> Result<Option<Imei>, ParseError> {
        Ok(info.lines.iter().find_map(|line| Imei::parse(line.after("+CGSN:"))))
    }
}

/// How much of the modem is switched on (27.007 §8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Functionality {
    /// 0: SIM and radio off.
    Minimum,
    /// 1: everything on.
    Full,
    /// 4: radio off.
    RadioOff,
    /// A vendor's own level.
    Other(u8),
}

/// `AT+CFUN?`: how much is switched on. An answer in the test form counts as full.
#[derive(Clone, Copy, Debug)]
pub struct QueryFunctionality;

impl Command for QueryFunctionality {
    type Reply = Functionality;
    const TIMEOUT: Millis = Millis::from_secs(10);
    const ANSWER: Answer = Answer::lines(&["+CFUN:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CFUN").read();
    }
    fn parse(&self, info: &Info) -> Result<Functionality, ParseError> {
        Ok(match info.one("+CFUN:")?.maybe::<u8>() {
            Some(0) => Functionality::Minimum,
            Some(4) => Functionality::RadioOff,
            Some(1) | None => Functionality::Full,
            Some(other) => Functionality::Other(other),
        })
    }
}

settings! {
    /// `AT+CFUN=1`: switch everything on.
    SwitchOn "+CFUN=1" 60;
    /// `AT+CFUN=4`: switch the radio off.
    RadioOff "+CFUN=4" 60;
    /// `AT+CFUN=0`: for modems that refuse 4.
    SwitchOff "+CFUN=0" 60;
    /// `AT+CFUN=1,1`: restart the modem. On USB the port disappears.
    RestartModem "+CFUN=1,1" 60;
}

/// `AT+CCLK?`: the modem's clock (27.007 §8.15).
#[derive(Clone, Copy, Debug)]
pub struct QueryClock;

/// Local time as the modem shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModemClock {
    /// Year, month, day.
    pub date: (u16, u8, u8),
    /// Hour, minute, second.
    pub time: (u8, u8, u8),
    /// East of Greenwich, in minutes.
    pub offset_minutes: Option<i16>,
}

impl Command for QueryClock {
    type Reply = Option<ModemClock>;
    const TIMEOUT: Millis = Millis::from_secs(5);
    const ANSWER: Answer = Answer::lines(&["+CCLK:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CCLK").read();
    }
    fn parse(&self, info: &Info) -> Result<Option<ModemClock>, ParseError> {
        let line = info.with("+CCLK:").last().ok_or(ParseError::Missing("+CCLK:"))?;
        Ok(ModemClock::parse(line.after("+CCLK:")))
    }
}

impl ModemClock {
    /// Reads `"yy/MM/dd,hh:mm:ss±zz"`, zone in quarters of an hour; zone and quotes may be missing.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_matches('"').trim();
        let zone_at = text.find(['+', '-']).unwrap_or(text.len());
        let (stamp, zone) = text.split_at_checked(zone_at)?;
        let fields: Vec<u8> =
            stamp.split(['/', ',', ':']).map(|f| f.trim().parse().ok()).collect::<Option<_>>()?;
        let &[year, month, day, hour, minute, second] = fields.as_slice() else { return None };
        let sane = (1..=12).contains(&month) && (1..=31).contains(&day);
        if !sane || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let quarters = zone.parse::<i16>().ok().filter(|quarters| quarters.abs() <= 96);
        Some(Self {
            date: (2_000 + u16::from(year), month, day),
            time: (hour, minute, second),
            offset_minutes: quarters.map(|quarters| quarters * 15),
        })
    }
}

/// `AT+CMEE?`: asked after a re-synchronisation, because its answer can be told from every other.
#[derive(Clone, Copy, Debug)]
pub struct QueryErrorForm;

impl Command for QueryErrorForm {
    type Reply = u8;
    const TIMEOUT: Millis = Millis::from_secs(2);
    const ANSWER: Answer = Answer::lines(&["+CMEE:"]);
    fn write(&self, line: &mut AtLine) {
        line.name("+CMEE").read();
    }
    fn parse(&self, info: &Info) -> Result<u8, ParseError> {
        info.one("+CMEE:").and_then(|mut params: Params| params.number())
    }
}
