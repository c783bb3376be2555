//! What may be written to a modem: a command line built from typed parts.
//!
//! In go names (literals of this program), numbers and checked newtypes; out comes one line that
//! holds printable ASCII only. A carriage return, a line feed, Ctrl-Z or ESC inside a command
//! would end it early or cancel a message, so no part can contain one. Absent on purpose: a way
//! to append a received or configured string as it is. Begin with [`AtLine`].

use std::fmt;

/// One command line without its `AT` and without its carriage return.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AtLine {
    body: String,
    parameters: usize,
    secret: bool,
}

impl AtLine {
    /// An empty line: plain `AT`.
    pub fn new() -> Self {
        Self::default()
    }

    /// A whole command line known when the program was written, for example a vendor's set-up.
    pub fn literal(text: &'static str) -> Self {
        let mut line = Self::new();
        line.name(text);
        line
    }

    /// Appends the command's name, for example `+CREG`.
    pub fn name(&mut self, name: &'static str) -> &mut Self {
        self.body.extend(name.chars().filter(|c| is_writable(*c)));
        self
    }

    /// The read form: `?`.
    pub fn read(&mut self) -> &mut Self {
        self.body.push('?');
        self
    }

    /// The test form: `=?`.
    pub fn test(&mut self) -> &mut Self {
        self.body.push_str("=?");
        self
    }

    /// A decimal parameter of the set form.
    pub fn number(&mut self, number: impl Into<u64>) -> &mut Self {
        self.parameter(&number.into().to_string())
    }

    /// A quoted string parameter.
    pub fn quoted(&mut self, text: &Quoted) -> &mut Self {
        self.parameter(&format!("\"{}\"", text.0))
    }

    /// A quoted parameter known when the program was written, for example `"SM"`.
    pub fn word(&mut self, word: &'static str) -> &mut Self {
        let word: String = word.chars().filter(|c| is_writable(*c) && *c != '"').collect();
        self.parameter(&format!("\"{word}\""))
    }

    /// A quoted parameter that logs and traces must not show: a PIN.
    pub fn secret(&mut self, text: &Quoted) -> &mut Self {
        self.secret = true;
        self.quoted(text)
    }

    /// A quoted parameter of hexadecimal digits.
    pub fn hex(&mut self, hex: &Hex) -> &mut Self {
        self.parameter(&format!("\"{}\"", hex.0))
    }

    /// A number to dial, directly after the name and without quotes.
    pub fn dial(&mut self, number: &DialString) -> &mut Self {
        self.body.push_str(&number.0);
        self
    }

    /// A line a person typed into the console, whole.
    pub fn console(line: &ConsoleLine) -> Self {
        Self { body: line.0.clone(), parameters: 0, secret: false }
    }

    /// The line as it is written and as its echo looks: `AT…`, without the carriage return.
    pub fn text(&self) -> String {
        format!("AT{}", self.body)
    }

    /// The line for a log: as [`AtLine::text`], with the parameters of a secret hidden.
    pub fn shown(&self) -> String {
        match self.body.split_once('=') {
            Some((name, _)) if self.secret => format!("AT{name}=***"),
            _ => self.text(),
        }
    }

    fn parameter(&mut self, text: &str) -> &mut Self {
        self.body.push(if self.parameters == 0 { '=' } else { ',' });
        self.body.push_str(text);
        self.parameters += 1;
        self
    }
}

/// Why a text cannot become part of a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefusedText {
    /// It is empty.
    #[error("empty")]
    Empty,
    /// It is longer than a modem's line buffer.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// It holds a character that would end the command or has no place in this parameter.
    #[error("the character at position {0} is not allowed here")]
    Character(usize),
}

/// The content of a quoted string: printable ASCII without quotes and backslashes.
///
/// V.250 has escapes for both (`\22`, `\5C`), but few modems honour them, and nothing we write
/// needs them.
#[derive(Clone, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// Checks `text`.
    pub fn new(text: &str) -> Result<Self, RefusedText> {
        check(text, 0..=182, |c| is_writable(c) && c != '"' && c != '\\').map(Self)
    }
}

/// Prints the length only: it may be a PIN or a number.
impl fmt::Debug for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quoted(<{} characters>)", self.0.len())
    }
}

/// Hexadecimal digits, in pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hex(String);

impl Hex {
    /// The digits of `octets`, upper case.
    pub fn of(octets: &[u8]) -> Self {
        let digit = |nibble: u8| match nibble {
            0..=9 => char::from(b'0' + nibble),
            _ => char::from(b'A' - 10 + nibble),
        };
        Self(octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 0x0F)]).collect())
    }

    /// Checks digits that are hexadecimal already.
    pub fn new(digits: &str) -> Result<Self, RefusedText> {
        let hex = check(digits, 1..=1_024, |c| c.is_ascii_hexdigit())?;
        if hex.len().is_multiple_of(2) {
            Ok(Self(hex))
        } else {
            Err(RefusedText::Character(hex.len()))
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What may follow `ATD`: digits, `+`, `*`, `#`, and the pauses a keypad knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialString(String);

impl DialString {
    /// Checks `text`.
    pub fn new(text: &str) -> Result<Self, RefusedText> {
        check(text, 1..=40, |c| c.is_ascii_digit() || "+*#ABCDabcd,pPwW".contains(c)).map(Self)
    }
}

/// A command line typed by a person, checked so that it stays one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleLine(String);

impl ConsoleLine {
    /// Takes `text` with or without its leading `AT`. `A/` (repeat the last line) is refused.
    pub fn new(text: &str) -> Result<Self, RefusedText> {
        let line = check(text.trim(), 1..=254, is_writable)?;
        match line.get(..2) {
            Some(at) if at.eq_ignore_ascii_case("AT") => {
                Ok(Self(line.get(2..).unwrap_or("").into()))
            }
            Some("A/" | "a/") => Err(RefusedText::Character(1)),
            _ => Ok(Self(line)),
        }
    }
}

/// Printable ASCII: everything else either ends the line or is dropped by some modem.
fn is_writable(c: char) -> bool {
    matches!(c, ' '..='~')
}

fn check(
    text: &str,
    length: std::ops::RangeInclusive<usize>,
    allowed: impl Fn(char) -> bool,
) -> Result<String, RefusedText> {
    if let Some(position) = text.chars().position(|c| !allowed(c)) {
        return Err(RefusedText::Character(position));
    }
    match text.len() {
        n if n > *length.end() => Err(RefusedText::TooLong(*length.end())),
        n if n < *length.start() => Err(RefusedText::Empty),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_separated_by_themselves() {
        let mut line = AtLine::new();
        line.name("+CPMS").word("SM").number(3u8);
        assert_eq!(line.text(), "AT+CPMS=\"SM\",3");
    }

    #[test]
    fn nothing_that_ends_a_line_gets_into_one() {
        for text in ["1\r", "1\n2", "\x1a", "12\x1b", "é", "\0"] {
            assert!(Quoted::new(text).is_err(), "{text:?}");
            assert!(DialString::new(text).is_err(), "{text:?}");
            assert!(ConsoleLine::new(&format!("AT{text}X")).is_err(), "{text:?}");
        }
        assert_eq!(Quoted::new("a\"b"), Err(RefusedText::Character(1)));
        assert_eq!(ConsoleLine::new("A/"), Err(RefusedText::Character(1)));
        assert_eq!(AtLine::literal("+CFUN?\r").text(), "AT+CFUN?");
    }

    #[test]
    fn a_pin_is_written_but_never_shown() {
        let pin = Quoted::new("1234").expect("digits");
        let mut line = AtLine::new();
        line.name("+CPIN").secret(&pin);
        assert_eq!(line.text(), "AT+CPIN=\"1234\"");
        assert_eq!(line.shown(), "AT+CPIN=***");
    }
}
