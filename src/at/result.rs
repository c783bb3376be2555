//! Final results: what ends a command, and what an error allows us to do next.
//!
//! A line goes in, a [`FinalResult`] comes out, or nothing when the line ends no command. The
//! codes and their meaning are the tables of `code`. Absent on purpose: counting. A disposition
//! speaks about one answer; how often to try is the sender's decision.

use std::fmt;

use super::code::{self, Row};

/// What ended a command (V.250 §5.7, 27.007 §9, 27.005 §3.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinalResult {
    /// `OK`.
    Ok,
    /// `CONNECT`: the port carries data now.
    Connect,
    /// `ERROR`, or a vendor's words for it.
    Error,
    /// `+CME ERROR`: the equipment refused.
    Cme(CmeError),
    /// `+CMS ERROR`: the message service refused.
    Cms(CmsError),
    /// `NO CARRIER`, `BUSY`, `NO ANSWER`, `NO DIALTONE`: a call came to nothing.
    NoCall,
}

/// What an error allows (the classes of both code tables).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// The network cannot just now: try again later.
    RetryLater,
    /// It will not succeed: say why.
    GiveUp,
    /// Account, lock or PIN: a person must act.
    Ask,
    /// The SIM or its storage must be looked after first.
    Sim,
    /// The modem is busy or confused: repeat the step soon, then recover it.
    Modem,
    /// The message may have gone out: never repeat it silently.
    Ambiguous,
}

/// The code or the words of a `+CME ERROR` (27.007 §9.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CmeError {
    /// A number, also when words stood for it.
    Code(u16),
    /// Words that no table knows.
    Text(String),
}

/// The code or the words of a `+CMS ERROR` (27.005 §3.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CmsError {
    /// A number, also when words stood for it.
    Code(u16),
    /// Words that no table knows.
    Text(String),
}

impl FinalResult {
    /// The final result that `line` is, if any. `CONNECT` and the four ends of a call count as
    /// one only for a command that calls; at other times they are unsolicited.
    pub fn parse(line: &str, calling: bool) -> Option<Self> {
        let line = line.trim();
        if let Some(code) = after(line, "+CME ERROR:") {
            return Some(Self::Cme(CmeError::parse(code)));
        }
        if let Some(code) = after(line, "+CMS ERROR:") {
            return Some(Self::Cms(CmsError::parse(code)));
        }
        if REFUSALS.iter().any(|words| line.eq_ignore_ascii_case(words))
            || REFUSALS_WITH_CODE.iter().any(|words| after(line, words).is_some())
        {
            return Some(Self::Error);
        }
        match line {
            "OK" => Some(Self::Ok),
            _ if calling && ENDS_OF_CALL.contains(&line) => Some(Self::NoCall),
            _ if calling && line.starts_with("CONNECT") => Some(Self::Connect),
            _ => None,
        }
    }

    /// The same for a modem that answers with digits (`ATV0`, V.250 §5.7.1).
    pub fn parse_numeric(line: &str, calling: bool) -> Option<Self> {
        match line {
            "0" => Some(Self::Ok),
            "4" => Some(Self::Error),
            "1" if calling => Some(Self::Connect),
            "3" | "6" | "7" | "8" if calling => Some(Self::NoCall),
            _ => None,
        }
    }

    /// A result with something glued to it, as `ERROR+CNUM: …`: the result, and the rest.
    pub fn parse_glued(line: &str) -> Option<(Self, &str)> {
        let (result, rest) = if let Some(rest) = line.strip_prefix("ERROR") {
            (Self::Error, rest)
        } else {
            (Self::Ok, line.strip_prefix("OK")?)
        };
        rest.starts_with(['+', '^']).then_some((result, rest))
    }

    /// True for `OK`.
    pub fn is_ok(&self) -> bool {
        *self == Self::Ok
    }

    /// What the answer to a submit allows, once its PDU has gone to the modem. `None` for `OK`.
    ///
    /// A bare `ERROR` is ambiguous here; when nothing had been written yet, or it came at once,
    /// [`FinalResult::disposition_unsent`] applies.
    pub fn disposition(&self) -> Option<Disposition> {
        match self {
            Self::Ok => None,
            Self::Cme(error) => Some(error.disposition()),
            Self::Cms(error) => Some(error.disposition()),
            Self::Error | Self::Connect | Self::NoCall => Some(Disposition::Ambiguous),
        }
    }

    /// What the answer to any other command allows, or to a submit before its PDU was written.
    pub fn disposition_unsent(&self) -> Option<Disposition> {
        match self {
            Self::Ok => None,
            Self::Cme(error) => Some(error.disposition_unsent()),
            Self::Cms(error) => Some(error.disposition_unsent()),
            Self::Error => Some(Disposition::GiveUp),
            Self::Connect | Self::NoCall => Some(Disposition::Modem),
        }
    }
}

impl fmt::Display for FinalResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("OK"),
            Self::Connect => f.write_str("CONNECT"),
            Self::Error => f.write_str("ERROR"),
            Self::NoCall => f.write_str("NO CARRIER"),
            Self::Cme(error) => write!(f, "{error}"),
            Self::Cms(error) => write!(f, "{error}"),
        }
    }
}

macro_rules! coded_error {
    ($name:ident, $label:literal, $table:path) => {
        impl $name {
            /// Reads what stands after the colon: a number, or words.
            pub fn parse(text: &str) -> Self {
                let text = text.trim().trim_matches('"');
                match text.parse() {
                    Ok(code) => Self::Code(code),
                    Err(_) => match code::by_words($table, text) {
                        Some(row) => Self::Code(row.low),
                        None => Self::Text(text.to_owned()),
                    },
                }
            }

            /// The number, when there is one.
            pub fn code(&self) -> Option<u16> {
                match self {
                    Self::Code(code) => Some(*code),
                    Self::Text(_) => None,
                }
            }

            /// What the code means, in words for a person.
            pub fn meaning(&self) -> &str {
                match self {
                    Self::Code(code) => {
                        code::row($table, *code).map_or("reserved", |row| row.meaning)
                    }
                    Self::Text(text) => text,
                }
            }

            fn row(&self) -> Option<&'static Row> {
                self.code().and_then(|code| code::row($table, code))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    Self::Code(code) => write!(f, "{} {code} ({})", $label, self.meaning()),
                    Self::Text(text) => write!(f, "{} {text}", $label),
                }
            }
        }
    };
}

coded_error!(CmeError, "+CME ERROR", code::CME);
coded_error!(CmsError, "+CMS ERROR", code::CMS);

impl CmsError {
    /// What this answer to a submit allows once the PDU has gone to the modem.
    pub fn disposition(&self) -> Disposition {
        match (self, self.row()) {
            (Self::Text(_), _) => Disposition::Ambiguous,
            (_, Some(row)) => row.class,
            // Reserved: RP causes speak for the network, application causes say nothing at all,
            // the rest is the modem's own (27.005 §3.2.5).
            (Self::Code(0..=127), None) => Disposition::RetryLater,
            (Self::Code(128..=223), None) => Disposition::GiveUp,
            (Self::Code(224..=255), None) => Disposition::Ambiguous,
            (Self::Code(_), None) => Disposition::Modem,
        }
    }

    /// What it allows when no PDU had been written: then nothing can be ambiguous.
    pub fn disposition_unsent(&self) -> Disposition {
        match self.disposition() {
            Disposition::Ambiguous => Disposition::Modem,
            disposition => disposition,
        }
    }
}

impl CmeError {
    /// What this answer to a submit allows once the PDU has gone to the modem.
    pub fn disposition(&self) -> Disposition {
        match (self, self.row()) {
            (Self::Text(_), _) => Disposition::Ambiguous,
            (_, Some(row)) => row.class,
            (_, None) => Disposition::Modem,
        }
    }

    /// What it allows for a query: a network timeout (31) then is only a reason to wait.
    pub fn disposition_unsent(&self) -> Disposition {
        match self {
            Self::Code(31) => Disposition::RetryLater,
            _ => match self.disposition() {
                Disposition::Ambiguous => Disposition::Modem,
                disposition => disposition,
            },
        }
    }
}

fn after<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    let head = line.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| line.get(prefix.len()..)).flatten()
}

/// Words that end a command as `ERROR` does. `UNKNOWN COMMAND` is not among them: `ERROR` follows.
const REFUSALS: &[&str] = &["ERROR", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "ABORTED"];
const REFUSALS_WITH_CODE: &[&str] = &["MODEM ERROR:", "+EXT ERROR:", "ERROR:"];
pub(super) const ENDS_OF_CALL: &[&str] =
    &["NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "NO DIAL TONE"];

#[cfg(test)]
mod tests {
    use super::*;

    /// quirk 40, quirk 42, quirk 43
    #[test]
    fn every_known_way_to_refuse_ends_a_command() {
        for line in [
            "ERROR",
            "COMMAND NOT SUPPORT",
            "TOO MANY PARAMETERS",
            "MODEM ERROR: 5",
            "+EXT ERROR: 3",
            "ERROR: 1",
            "ABORTED",
        ] {
            assert_eq!(FinalResult::parse(line, false), Some(FinalResult::Error), "{line}");
        }
        assert_eq!(FinalResult::parse("UNKNOWN COMMAND", false), None);
        assert_eq!(
            FinalResult::parse_glued("ERROR+CNUM: \"\",\"+15550100\",145"),
            Some((FinalResult::Error, "+CNUM: \"\",\"+15550100\",145"))
        );
    }

    #[test]
    fn the_end_of_a_call_ends_only_a_command_that_calls() {
        for line in ENDS_OF_CALL {
            assert_eq!(FinalResult::parse(line, false), None);
            assert_eq!(FinalResult::parse(line, true), Some(FinalResult::NoCall));
        }
    }

    /// quirk 19, quirk 48
    #[test]
    fn words_are_read_as_the_code_they_stand_for() {
        let busy = FinalResult::parse("+CME ERROR: SIM busy", false);
        assert_eq!(busy, Some(FinalResult::Cme(CmeError::Code(14))));
        let busy = FinalResult::parse("+CMS ERROR:SIM busy", false);
        assert_eq!(busy, Some(FinalResult::Cms(CmsError::Code(314))));
        let wrong = CmsError::parse("Invalid number format (incomplete number)");
        assert_eq!(wrong.disposition(), Disposition::GiveUp);
        assert_eq!(CmsError::parse("raspberry").disposition(), Disposition::Ambiguous);
    }

    #[test]
    fn a_code_says_what_may_be_done() {
        use Disposition::*;
        let sent = [
            (1, GiveUp),
            (8, Ask),
            (22, RetryLater),
            (38, RetryLater),
            (42, RetryLater),
            (69, GiveUp),
            (100, RetryLater),
            (128, GiveUp),
            (193, Ask),
            (208, Sim),
            (224, Ambiguous),
            (255, Ambiguous),
            (322, Sim),
            (331, RetryLater),
            (332, Ambiguous),
            (399, Modem),
            (500, Ambiguous),
            (513, Ambiguous),
            (515, Modem),
            (9_999, Modem),
        ];
        for (code, disposition) in sent {
            assert_eq!(CmsError::Code(code).disposition(), disposition, "CMS {code}");
        }
        assert_eq!(CmsError::Code(500).disposition_unsent(), Modem);
        assert_eq!(CmeError::Code(31).disposition(), Ambiguous);
        assert_eq!(CmeError::Code(31).disposition_unsent(), RetryLater);
        assert_eq!(CmeError::Code(16).disposition(), Ask);
        assert_eq!(FinalResult::Error.disposition(), Some(Ambiguous));
        assert_eq!(FinalResult::Error.disposition_unsent(), Some(GiveUp));
        assert_eq!(FinalResult::Ok.disposition(), None);
    }
}
