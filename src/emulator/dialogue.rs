//! Dialogue files: one conversation with a modem, line by line.
//!
//! ```text
//! # comment
//! & generic/ready.at     the lines of that file first
//! * submit 1 0100...     the gateway orders something (tests only)
//! > AT+CMGF=0            the terminal writes this (CR implied unless Ctrl-Z or ESC ends it)
//! < OK                   the modem answers this (CR LF around it implied)
//! ! +CMTI: "SM",3        unsolicited, at this point
//! @ 1.5s                 time passes
//! % 10m                  time passes, and what is asked is answered as it was before
//! ~ drop                 the port disappears; `~ open` brings it back
//! = accepted 1 mr=17     what the gateway must conclude (tests only)
//! ```
//!
//! `< >` is a prompt. `\r`, `\n`, `\\` and `\xHH` are bytes; `\z` at the end of a line means that
//! nothing is implied around it. The text comes in, typed lines go out; `io::capture` writes such
//! files, [`Recording`](super::Recording) and the tests play them.

use crate::types::Millis;

/// What one line of a dialogue file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The terminal writes these bytes.
    Expect(Vec<u8>),
    /// The modem writes these bytes.
    Say(Vec<u8>),
    /// The modem writes these bytes unasked.
    Unasked(Vec<u8>),
    /// Time passes.
    Wait(Millis),
    /// Time passes with a modem that answers everything as it did before.
    Routine(Millis),
    /// The port goes (`false`) or comes.
    Port(bool),
    /// The gateway orders something.
    Order(String),
    /// The gateway must have concluded this.
    Conclude(String),
}

/// A step and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// File and line number.
    pub place: String,
    /// What it says.
    pub step: Step,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {why}: {line}")]
pub struct BadLine {
    /// File and line number.
    pub place: String,
    /// What is wrong with it.
    pub why: String,
    /// The line.
    pub line: String,
}

/// Reads the text of a dialogue file; `name` stands in messages. `include` gives the lines of a
/// file named by `&`, or says why it cannot.
pub fn parse(
    name: &str,
    text: &str,
    include: &dyn Fn(&str) -> Result<Vec<Line>, String>,
) -> Result<Vec<Line>, BadLine> {
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", number + 1);
        let bad = |why: &str| BadLine { place: place.clone(), why: why.into(), line: line.into() };
        let (mark, rest) = match line.split_once(' ') {
            Some((mark, rest)) => (mark, rest),
            None => (line.trim_end(), ""),
        };
        let bytes = |bytes: Option<Vec<u8>>| bytes.ok_or_else(|| bad("bad escape"));
        let time = || duration(rest.trim()).ok_or_else(|| bad("not a duration"));
        let step = match mark {
            "" => continue,
            comment if comment.starts_with('#') => continue,
            "&" => {
                lines.extend(include(rest.trim()).map_err(|why| bad(&why))?);
                continue;
            }
            ">" => Step::Expect(bytes(written(rest))?),
            "<" => Step::Say(bytes(spoken(rest))?),
            "!" => Step::Unasked(bytes(spoken(rest))?),
            "@" => Step::Wait(time()?),
            "%" => Step::Routine(time()?),
            "~" => Step::Port(match rest.trim() {
                "drop" => false,
                "open" => true,
                _ => return Err(bad("neither drop nor open")),
            }),
            "*" => Step::Order(rest.trim().to_owned()),
            "=" => Step::Conclude(rest.trim().to_owned()),
            _ => return Err(bad("unknown mark")),
        };
        lines.push(Line { place, step });
    }
    Ok(lines)
}

/// `1.5s`, `300ms`, `2m`.
fn duration(text: &str) -> Option<Millis> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
    let number: f64 = number.trim().parse().ok()?;
    let unit = match unit {
        "ms" => 1.0,
        "s" => 1_000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        _ => return None,
    };
    Some(Millis((number * unit).round() as u64))
}

/// Bytes a terminal writes: a carriage return ends them, unless Ctrl-Z or ESC does.
fn written(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, raw) = unescape(text)?;
    if !raw && !matches!(bytes.last(), Some(0x1A | 0x1B)) {
        bytes.push(b'\r');
    }
    Some(bytes)
}

/// Bytes a modem writes: a line between two line ends, or a prompt.
fn spoken(text: &str) -> Option<Vec<u8>> {
    let (bytes, raw) = unescape(text)?;
    Some(match bytes.as_slice() {
        _ if raw => bytes,
        b">" => b"\r\n> ".to_vec(),
        line => [b"\r\n", line, b"\r\n"].concat(),
    })
}

/// The bytes of an escaped text, and whether it ended in `\z`.
fn unescape(text: &str) -> Option<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match rest.next()? {
            'r' => bytes.push(b'\r'),
            'n' => bytes.push(b'\n'),
            '\\' => bytes.push(b'\\'),
            'x' => {
                let digits: String = rest.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).ok()?);
            }
            'z' if rest.as_str().is_empty() => return Some((bytes, true)),
            _ => return None,
        }
    }
    Some((bytes, false))
}
