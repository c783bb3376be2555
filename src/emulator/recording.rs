//! A modem that only repeats what another one said: a dialogue file instead of an AT server.
//!
//! Lines a terminal writes come in; what the recorded modem said to the same line comes out, at
//! the recorded pace. The conversation need not go as it went then: a line is looked for from the
//! last place on, then from the beginning; one that was never recorded gets `ERROR`.
//!
//! What `simgate trace` masked fits anything when it was written and comes back as filler when it
//! was said: record with `--numbers` to have texts and numbers in the replay.

use super::dialogue::{Line, Step};
use crate::types::Millis;

/// A recorded conversation and the place where it stands.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What the modem said before it was asked anything.
    greeting: Vec<Doing>,
    exchanges: Vec<Exchange>,
    next: usize,
    typed: Vec<u8>,
}

/// One line of the terminal and everything until its next.
#[derive(Clone, Debug)]
struct Exchange {
    asked: Vec<u8>,
    answer: Vec<Doing>,
}

/// Something the modem did, so long after what it did before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Say(Millis, Vec<u8>),
    /// The port goes, and comes back by itself.
    Vanish(Millis),
}

/// Nothing a modem understands is longer.
const LONGEST: usize = 4_096;
const CTRL_Z: u8 = 0x1A;
const ESC: u8 = 0x1B;

impl Recording {
    /// The modem's part of a dialogue.
    pub fn new(lines: &[Line]) -> Self {
        let mut recording =
            Self { greeting: Vec::new(), exchanges: Vec::new(), next: 0, typed: Vec::new() };
        let mut waited = Millis(0);
        for line in lines {
            let done = match &line.step {
                Step::Expect(asked) => {
                    let asked = asked.clone();
                    recording.exchanges.push(Exchange { asked, answer: Vec::new() });
                    waited = Millis(0);
                    continue;
                }
                Step::Wait(time) | Step::Routine(time) => {
                    waited = waited + *time;
                    continue;
                }
                Step::Say(bytes) | Step::Unasked(bytes) => Doing::Say(waited, filled(bytes)),
                Step::Port(false) => Doing::Vanish(waited),
                Step::Port(true) | Step::Order(_) | Step::Conclude(_) => continue,
            };
            waited = Millis(0);
            match recording.exchanges.last_mut() {
                Some(exchange) => exchange.answer.push(done),
                None => recording.greeting.push(done),
            }
        }
        recording
    }

    /// What is said once, when the modem is first switched on.
    pub(super) fn greeting(&mut self) -> Vec<Doing> {
        std::mem::take(&mut self.greeting)
    }

    /// One byte of the terminal; what the modem does when it ended a line.
    pub(super) fn hear(&mut self, byte: u8) -> Vec<Doing> {
        // A line feed ends nothing: some terminals add it to the carriage return.
        if byte == b'\n' && self.typed.is_empty() {
            return Vec::new();
        }
        if self.typed.len() < LONGEST {
            self.typed.push(byte);
        }
        match byte {
            b'\r' | CTRL_Z | ESC => {
                let line = std::mem::take(&mut self.typed);
                self.answer(&line)
            }
            _ => Vec::new(),
        }
    }

    fn answer(&mut self, line: &[u8]) -> Vec<Doing> {
        let from = self.exchanges.iter().skip(self.next).position(|e| e.fits(line));
        let found = match from {
            Some(ahead) => Some(self.next + ahead),
            None => self.exchanges.iter().take(self.next).rposition(|e| e.fits(line)),
        };
        match found.and_then(|found| self.exchanges.get(found).map(|e| (found, e))) {
            Some((found, exchange)) => {
                // Going back to an old answer does not turn the conversation back.
                self.next = self.next.max(found + 1);
                exchange.answer.clone()
            }
            // ESC and an empty line ask nothing.
            None if line.iter().any(u8::is_ascii_alphanumeric) => {
                vec![Doing::Say(Millis(0), b"\r\nERROR\r\n".to_vec())]
            }
            None => Vec::new(),
        }
    }
}

impl Exchange {
    /// Whether this was asked, as far as the masking shows.
    fn fits(&self, line: &[u8]) -> bool {
        let mut rest = line;
        let mut pieces = Pieces(&self.asked).peekable();
        let mut open = false;
        while let Some(piece) = pieces.next() {
            match piece {
                Piece::Masked(_) => open = true,
                Piece::Shown(bytes) if open => {
                    let last = pieces.peek().is_none();
                    let found = match last {
                        true => rest.ends_with(bytes).then(|| rest.len() - bytes.len()),
                        false => rest.windows(bytes.len()).position(|window| window == bytes),
                    };
                    let Some(after) = found.and_then(|at| rest.get(at + bytes.len()..)) else {
                        return false;
                    };
                    (rest, open) = (after, false);
                }
                Piece::Shown(bytes) => match rest.strip_prefix(bytes) {
                    Some(after) => rest = after,
                    None => return false,
                },
            }
        }
        open || rest.is_empty()
    }
}

/// What was masked, as something of the same form.
fn filled(bytes: &[u8]) -> Vec<u8> {
    let pieces = Pieces(bytes).flat_map(|piece| match piece {
        Piece::Shown(bytes) => bytes.to_vec(),
        Piece::Masked(0) => b"00000".to_vec(),
        Piece::Masked(octets) => b"00".repeat(octets),
    });
    pieces.collect()
}

/// A recorded line in pieces: `+447700…23`, `<pin>`, `<20 octets>`.
struct Pieces<'a>(&'a [u8]);

#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Shown(&'a [u8]),
    /// How many octets, when that was told.
    Masked(usize),
}

const MARKS: &[&[u8]] = &["…".as_bytes(), b"<pin>"];

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.0.is_empty() {
            return None;
        }
        if let Some((octets, rest)) = mask(self.0) {
            self.0 = rest;
            return Some(Piece::Masked(octets));
        }
        let all = 1..=self.0.len();
        let ends = |at: &usize| self.0.get(*at..).is_none_or(|rest| mask(rest).is_some());
        let end = all.into_iter().find(ends).unwrap_or(self.0.len());
        let (shown, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(Piece::Shown(shown))
    }
}

/// The mask a text begins with, and what follows it.
fn mask(text: &[u8]) -> Option<(usize, &[u8])> {
    if let Some(rest) = MARKS.iter().find_map(|mark| text.strip_prefix(*mark)) {
        return Some((0, rest));
    }
    let inner = text.strip_prefix(b"<")?;
    let digits = inner.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = inner.split_at(digits);
    let rest = rest.strip_prefix(b" octets>")?;
    // A TPDU has 175 octets at most; a listing's text less than a line.
    let octets: usize = std::str::from_utf8(number).ok()?.parse().ok()?;
    (octets <= LONGEST).then_some((octets, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::dialogue::parse;

    fn recording(text: &str) -> Recording {
        Recording::new(&parse("test", text, &|_| Err("none".to_owned())).expect("readable"))
    }

    fn said(recording: &mut Recording, line: &str) -> String {
        let done = line.bytes().flat_map(|byte| recording.hear(byte)).collect::<Vec<_>>();
        let texts = done.iter().map(|doing| match doing {
            Doing::Say(_, bytes) => String::from_utf8_lossy(bytes).trim().to_owned(),
            Doing::Vanish(_) => "~".to_owned(),
        });
        texts.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn the_recorded_answers_come_in_their_order_and_an_old_one_when_there_is_no_new_one() {
        let mut modem =
            recording("> AT+CSQ\n< +CSQ: 9,99\n< OK\n> AT\n< OK\n> AT+CSQ\n< +CSQ: 20,99\n< OK\n");
        assert_eq!(said(&mut modem, "AT+CSQ\r"), "+CSQ: 9,99|OK");
        assert_eq!(said(&mut modem, "AT+CSQ\r"), "+CSQ: 20,99|OK");
        assert_eq!(said(&mut modem, "AT+CSQ\r"), "+CSQ: 20,99|OK");
        assert_eq!(said(&mut modem, "AT\r"), "OK");
        assert_eq!(said(&mut modem, "AT+CMGF=0\r"), "ERROR");
        assert_eq!(said(&mut modem, "\x1b\r\n"), "");
    }

    #[test]
    fn what_was_masked_fits_anything_and_comes_back_in_its_form() {
        let text = "> AT+CPIN=<pin>\n< OK\n> <20 octets>\\x1a\n< +CMGS: 1\n> AT+CSCA=\"+447700…23\"\n< <2 octets>\n";
        let mut modem = recording(text);
        assert_eq!(said(&mut modem, "AT+CPIN=\"1234\"\r"), "OK");
        assert_eq!(said(&mut modem, "001122\x1a"), "+CMGS: 1");
        assert_eq!(said(&mut modem, "AT+CSCA=\"+447700900023\"\r"), "0000");
        assert_eq!(said(&mut modem, "AT+CSCA=\"+447800900023\"\r"), "ERROR");
    }
}
