//! The information lines of one answer, and how a command reads them.
//!
//! In go the lines the classifier gave to the command in flight; out come parameters of a line by
//! its prefix. Absent on purpose: final results and unsolicited lines, which never get here.

use super::params::Params;

/// The lines between a command and its final result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// In the order in which they came.
    pub lines: Vec<InfoLine>,
}

/// One information line; a message listing carries the PDU of the following line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InfoLine {
    /// The line without line ends, for example `+CMGL: 1,1,,23`.
    pub text: String,
    /// The hexadecimal line that belongs to it, blanks removed.
    pub pdu: Option<String>,
}

/// Why an answer could not be read. Line numbers count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The answer has no such line.
    #[error("no {0} line in the answer")]
    Missing(&'static str),
    /// The line ends before this parameter.
    #[error("parameter {0} is missing")]
    Short(usize),
    /// The parameter has another type than expected.
    #[error("parameter {0} is not what was expected")]
    Parameter(usize),
    /// The words are known but not their meaning.
    #[error("unknown value in parameter {0}")]
    Unknown(usize),
}

impl Info {
    /// The parameters of the only, or last, line that begins with `prefix`.
    pub fn one(&self, prefix: &'static str) -> Result<Params, ParseError> {
        let line = self.with(prefix).last().ok_or(ParseError::Missing(prefix))?;
        Ok(Params::parse(line.after(prefix)))
    }

    /// The lines that begin with `prefix`.
    pub fn with(&self, prefix: &'static str) -> impl Iterator<Item = &InfoLine> {
        self.lines.iter().filter(move |line| line.text.starts_with(prefix))
    }

    /// The text of a bare answer: a first line, without `prefix` when it has one, without quotes.
    pub fn text(&self, prefix: &'static str) -> Result<String, ParseError> {
        let line = self.lines.first().ok_or(ParseError::Missing(prefix))?;
        let text = line.after(prefix).trim().trim_matches('"').trim();
        if text.is_empty() { Err(ParseError::Missing(prefix)) } else { Ok(text.to_owned()) }
    }
}

impl InfoLine {
    /// A line without PDU.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), pdu: None }
    }

    /// What follows `prefix`; the whole line when it does not begin with it.
    pub fn after(&self, prefix: &str) -> &str {
        self.text.strip_prefix(prefix).unwrap_or(&self.text)
    }
}
