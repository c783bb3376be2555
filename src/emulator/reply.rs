//! What goes back to the terminal: information lines and one result code (V.250 §5.7).

use crate::at::{CmeError, CmsError};

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// `ERROR`, whatever `+CMEE` says.
    Plain,
    /// `+CME ERROR` (27.007 §9.2).
    Cme(u16),
    /// `+CMS ERROR` (27.005 §3.2.5).
    Cms(u16),
    /// A maker's own words.
    Words(String),
}

impl Refusal {
    pub const BAD_PARAMETERS: Refusal = Refusal::Cme(50);
    pub const NOT_ALLOWED: Refusal = Refusal::Cme(3);
    pub const NOT_SUPPORTED: Refusal = Refusal::Cme(4);
}

/// The result code that ends a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Ok,
    Refused(Refusal),
    NoCarrier,
}

/// The settings that shape every answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// V1: words. V0: numbers.
    pub verbose: bool,
    /// Q1: no result codes at all.
    pub quiet: bool,
    /// +CMEE.
    pub errors: u8,
    /// S3, the line end.
    pub cr: u8,
    /// S4, the line feed.
    pub lf: u8,
}

impl Default for Style {
    fn default() -> Self {
        Self { verbose: true, quiet: false, errors: 0, cr: b'\r', lf: b'\n' }
    }
}

impl Style {
    /// An information text of one or more lines.
    pub fn info(&self, lines: &[String]) -> Vec<u8> {
        let mut out = Vec::new();
        if lines.is_empty() {
            return out;
        }
        if self.verbose {
            out.extend([self.cr, self.lf]);
        }
        for line in lines {
            out.extend(bytes_of(line));
            out.extend([self.cr, self.lf]);
        }
        out
    }

    /// An unsolicited result code, which may have several lines.
    pub fn urc(&self, text: &str) -> Vec<u8> {
        // Two of them are result codes with a number (V.250 §5.7.1).
        let number = match text {
            "RING" => Some("2"),
            "NO CARRIER" => Some("3"),
            _ => None,
        };
        if let Some(number) = number.filter(|_| !self.verbose) {
            return [number.as_bytes(), &[self.cr]].concat();
        }
        let lines: Vec<String> = text.split("\r\n").map(str::to_owned).collect();
        self.info(&lines)
    }

    pub fn verdict(&self, verdict: &Verdict) -> Vec<u8> {
        if self.quiet {
            return Vec::new();
        }
        let (words, number) = match verdict {
            Verdict::Ok => ("OK".to_owned(), "0"),
            Verdict::NoCarrier => ("NO CARRIER".to_owned(), "3"),
            Verdict::Refused(refusal) => match self.refusal(refusal) {
                None => ("ERROR".to_owned(), "4"),
                Some(words) => return self.framed(&words),
            },
        };
        if self.verbose { self.framed(&words) } else { [number.as_bytes(), &[self.cr]].concat() }
    }

    fn framed(&self, words: &str) -> Vec<u8> {
        let end = [self.cr, self.lf];
        [&end[..], &bytes_of(words), &end[..]].concat()
    }

    /// The long form of an error, `None` when only `ERROR` is said.
    fn refusal(&self, refusal: &Refusal) -> Option<String> {
        let (prefix, code, text) = match refusal {
            Refusal::Plain => return None,
            Refusal::Words(words) => return Some(words.clone()),
            Refusal::Cme(code) => ("+CME ERROR", *code, CmeError::Code(*code).meaning().to_owned()),
            Refusal::Cms(code) => ("+CMS ERROR", *code, CmsError::Code(*code).meaning().to_owned()),
        };
        match (self.errors, text) {
            (0, _) => None,
            (2, text) if text != "reserved" => Some(format!("{prefix}: {text}")),
            _ => Some(format!("{prefix}: {code}")),
        }
    }
}

/// The inverse of `command::latin1`. Characters above FF cannot be there; they become `?`.
pub fn bytes_of(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_follow_v_q_and_cmee() {
        let words = Style::default();
        let numbers = Style { verbose: false, ..Style::default() };
        assert_eq!(words.info(&["+CSQ: 20,0".into()]), b"\r\n+CSQ: 20,0\r\n");
        assert_eq!(numbers.info(&["+CSQ: 20,0".into()]), b"+CSQ: 20,0\r\n");
        assert_eq!(words.verdict(&Verdict::Ok), b"\r\nOK\r\n");
        assert_eq!(numbers.verdict(&Verdict::Ok), b"0\r");
        let refused = Verdict::Refused(Refusal::Cme(10));
        assert_eq!(words.verdict(&refused), b"\r\nERROR\r\n");
        let coded = Style { errors: 1, ..Style::default() };
        assert_eq!(coded.verdict(&refused), b"\r\n+CME ERROR: 10\r\n");
        let quiet = Style { quiet: true, ..Style::default() };
        assert_eq!(quiet.verdict(&refused), b"");
    }
}
