//! Bytes to lines and prompts.
//!
//! Bytes go in one at a time, so that it makes no difference how they were cut; out come
//! [`RawLine`]s. Any mix of CR and LF ends a line and empty lines vanish. NUL, other control
//! characters and bytes above 7F are dropped outside quotes: they are noise of a port at the
//! wrong speed. A line is cut at 4 KiB. The text of `+CUSD` may go over several lines.
//! Absent on purpose: what a line means (`classify`).

use std::collections::VecDeque;

/// What the dialogue expects next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Lines only: `>` is an ordinary character.
    Line,
    /// A prompt may come: `>` at the beginning of a line is one at once, without a line end.
    Prompt,
    /// The prompt has been answered: further `>` at the beginning of a line mean nothing.
    Answered,
}

/// What the modem said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawLine {
    /// A line without its end, trimmed, never empty.
    Text {
        /// The characters.
        text: String,
        /// False for the rest of a line that was there before the first line end: an echo or
        /// what is left of one.
        fresh: bool,
    },
    /// The prompt for data.
    Prompt,
    /// A line longer than the cap; it was thrown away.
    Overlong,
}

/// The state between two bytes.
#[derive(Debug, Default)]
pub struct Lexer {
    line: Vec<u8>,
    quoted: bool,
    after_cr: bool,
    overlong: bool,
    /// A line end has been seen since the stream, or the last command, began.
    fresh: bool,
    ready: VecDeque<RawLine>,
    dropped: u64,
}

impl Lexer {
    /// A lexer at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one byte; lines that it completes can be had from [`Lexer::pop`].
    pub fn push(&mut self, byte: u8, hint: Hint) {
        match byte {
            b'\r' | b'\n' => self.end_of_line(byte),
            _ if self.overlong => {}
            b'>' if self.line.is_empty() && hint != Hint::Line => {
                if hint == Hint::Prompt {
                    self.ready.push_back(RawLine::Prompt);
                }
            }
            b' ' | b'\t' if self.line.is_empty() => {}
            0x20..=0x7E | b'\t' => self.add(byte),
            // In quotes 00 is `@` of the default alphabet, and names may be in any 8-bit set.
            _ if self.quoted => self.add(byte),
            _ => self.dropped += 1,
        }
    }

    /// The next line.
    pub fn pop(&mut self) -> Option<RawLine> {
        self.ready.pop_front()
    }

    /// A command is about to be written: what comes before the next line end may be its echo.
    pub fn expect_echo(&mut self) {
        self.fresh = false;
    }

    /// True while a text over several lines is open; its end may have been lost.
    pub fn is_in_text(&self) -> bool {
        is_open_text(&self.line) && self.line.contains(&b'\n')
    }

    /// Gives an open text up: its lines are lines of their own.
    pub fn give_text_up(&mut self) {
        let lines = std::mem::take(&mut self.line);
        self.quoted = false;
        for line in lines.split(|byte| *byte == b'\n') {
            self.emit(line);
        }
    }

    /// Forgets everything: the port was reopened.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// How many bytes of noise were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    fn add(&mut self, byte: u8) {
        if self.line.len() >= LONGEST_LINE {
            self.line.clear();
            self.quoted = false;
            self.overlong = true;
            return;
        }
        self.after_cr = false;
        self.quoted ^= byte == b'"';
        self.line.push(byte);
    }

    fn end_of_line(&mut self, byte: u8) {
        if std::mem::take(&mut self.overlong) {
            self.ready.push_back(RawLine::Overlong);
        } else if is_open_text(&self.line) {
            if self.line.iter().filter(|byte| **byte == b'\n').count() >= MOST_LINES_OF_TEXT {
                self.give_text_up();
            } else if byte == b'\r' || !self.after_cr {
                self.line.push(b'\n');
            }
            self.after_cr = byte == b'\r';
            return;
        } else {
            let line = std::mem::take(&mut self.line);
            self.emit(&line);
        }
        self.quoted = false;
        self.fresh = true;
    }

    fn emit(&mut self, line: &[u8]) {
        let text = text(line);
        let text = text.trim();
        if !text.is_empty() {
            self.ready.push_back(RawLine::Text { text: text.to_owned(), fresh: self.fresh });
        }
        self.fresh = true;
    }
}

/// UTF-8 when it is, else each byte as the character of Latin-1 with its number.
fn text(line: &[u8]) -> String {
    match std::str::from_utf8(line) {
        Ok(text) => text.to_owned(),
        Err(_) => line.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// True for `+CUSD: <m>,"…` up to its closing quote, which ends the line or stands before the
/// coding scheme. Quotes inside the text do not end it (27.007 §7.15).
fn is_open_text(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"+CUSD:") else { return false };
    let Some(open) = rest.iter().position(|byte| *byte == b'"') else { return false };
    let Some(text) = rest.get(open + 1..) else { return false };
    let end = text.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'0'..=b'9'));
    let end = match end {
        Some(end) if text.get(end) == Some(&b',') => end.checked_sub(1),
        end => end,
    };
    end.and_then(|end| text.get(end)) != Some(&b'"')
}

const LONGEST_LINE: usize = 4_096;
const MOST_LINES_OF_TEXT: usize = 30;
