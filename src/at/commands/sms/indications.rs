//! How a modem announces messages: `+CNMI` (27.005 §3.4.1).

use crate::at::command::{Answer, Command};
use crate::at::info::{Info, ParseError};
use crate::at::line::AtLine;
use crate::at::params::Value;
use crate::types::Millis;

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
