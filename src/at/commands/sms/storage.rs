//! Where messages lie: which storages there are, which are in use, how full they are (27.005 §3.2.2).

use crate::at::command::{Answer, Command};
use crate::at::info::{Info, ParseError};
use crate::at::line::AtLine;
use crate::at::params::{Params, Value};
use crate::types::Millis;

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
