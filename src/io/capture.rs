//! The flight recorder: the last lines of AT traffic and the driver's transitions, per modem.
//!
//! What comes out is a dialogue file (`> sent`, `< received`, `@ time passes`, `# remark`) that
//! the tests and `simgate emulate` can replay. Numbers and texts are masked unless asked for;
//! PINs are never shown.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use crate::types::{Millis, masked};

/// Lines kept per modem.
const KEPT: usize = 500;

/// A longer line is cut.
const LONGEST: usize = 1_024;

/// What a modem says when it waits for a PDU: no end of line follows.
const PROMPT: &[u8] = b"> ";

/// A pause shorter than this is not worth a line.
const PAUSE: Millis = Millis(500);

/// One modem's recorder. Cloning gives the same recorder.
#[derive(Clone, Debug, Default)]
pub struct Capture(Arc<Recorder>);

#[derive(Debug, Default)]
struct Recorder {
    tape: Mutex<Tape>,
    grown: Notify,
}

#[derive(Debug, Default)]
struct Tape {
    lines: VecDeque<Line>,
    /// How many lines were recorded before the first of `lines`.
    dropped: u64,
    sent: Vec<u8>,
    received: Vec<u8>,
    last: Millis,
}

/// Kept as it came: nearly all are dropped before anybody asks for them.
#[derive(Debug)]
enum Line {
    /// `>` sent, `<` received; without its end.
    Traffic(char, Vec<u8>),
    /// As a dialogue file has it.
    Remark(String),
}

/// Whether numbers and texts are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// As they are.
    Shown,
    /// Hidden.
    Masked,
}

impl Capture {
    /// Records bytes written to the modem.
    pub fn sent(&self, now: Millis, bytes: &[u8]) {
        self.record(now, '>', bytes);
    }

    /// Records bytes read from the modem.
    pub fn received(&self, now: Millis, bytes: &[u8]) {
        self.record(now, '<', bytes);
    }

    /// Records a fact that is no traffic.
    pub fn remark(&self, now: Millis, text: &str) {
        let mut tape = self.tape();
        tape.pause(now);
        tape.push(Line::Remark(format!("# {text}")));
        drop(tape);
        self.0.grown.notify_waiters();
    }

    /// The lines from number `from` on, and the number to ask for next time.
    pub fn lines(&self, from: u64, masking: Masking) -> (Vec<String>, u64) {
        let tape = self.tape();
        let skip = usize::try_from(from.saturating_sub(tape.dropped)).unwrap_or(usize::MAX);
        let lines = tape.lines.iter().skip(skip).map(|line| shown(&line.to_string(), masking));
        let lines = lines.collect();
        (lines, tape.dropped + tape.lines.len() as u64)
    }

    /// Resolves when something was recorded.
    pub async fn grown(&self) {
        self.0.grown.notified().await;
    }

    fn record(&self, now: Millis, direction: char, bytes: &[u8]) {
        let mut tape = self.tape();
        tape.pause(now);
        tape.take(direction, bytes);
        drop(tape);
        self.0.grown.notify_waiters();
    }

    fn tape(&self) -> MutexGuard<'_, Tape> {
        self.0.tape.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Tape {
    fn pause(&mut self, now: Millis) {
        let quiet = now.since(self.last);
        if quiet >= PAUSE && !self.lines.is_empty() {
            self.push(Line::Remark(format!("@ {quiet}")));
        }
        self.last = now;
    }

    /// Cuts lines at CR, LF, Ctrl-Z and ESC, and after a prompt.
    fn take(&mut self, direction: char, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let pending = if direction == '>' { &mut self.sent } else { &mut self.received };
            let room = LONGEST.saturating_sub(pending.len()).min(bytes.len());
            let within = bytes.iter().take(room).position(|b| is_end(*b)).unwrap_or(room);
            let prompt = pending.len() < PROMPT.len()
                && PROMPT.iter().eq(pending.iter().chain(bytes).take(PROMPT.len()));
            let within = if prompt { PROMPT.len() - pending.len() } else { within };
            let (line, rest) = bytes.split_at(within);
            pending.extend_from_slice(line);
            let ended = match rest.split_first() {
                _ if prompt || pending.len() >= LONGEST => Some(rest),
                Some((0x1A | 0x1B, after)) => {
                    pending.extend(rest.first());
                    Some(after)
                }
                Some((_, after)) => Some(after),
                None => None,
            };
            bytes = ended.unwrap_or_default();
            if ended.is_some() && !pending.is_empty() {
                let line = std::mem::take(pending);
                self.push(Line::Traffic(direction, line));
            }
        }
    }

    fn push(&mut self, line: Line) {
        if self.lines.len() == KEPT {
            self.lines.pop_front();
            self.dropped += 1;
        }
        self.lines.push_back(line);
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A file's line ends in no blank: the blank of a prompt is implied.
            Line::Traffic(direction, bytes) => {
                write!(f, "{direction} {}", printable(bytes.trim_ascii_end()))
            }
            Line::Remark(text) => f.write_str(text),
        }
    }
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | 0x1A | 0x1B)
}

/// Bytes as a dialogue file writes them: odd ones as `\xNN`.
fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\\' => text.push_str("\\x5c"),
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text
}

/// A line as it may be shown.
fn shown(line: &str, masking: Masking) -> String {
    if let Some(at) = line.find("+CPIN=") {
        return format!("{}<pin>", &line[..at + "+CPIN=".len()]);
    }
    match masking {
        Masking::Shown => line.to_owned(),
        Masking::Masked if line.starts_with(['#', '@']) => line.to_owned(),
        Masking::Masked => hide(line),
    }
}

/// Hides runs of hex digits: a long one is a PDU or an encoded text, a shorter one of decimal
/// digits alone a number or an identity.
fn hide(line: &str) -> String {
    let mut hidden = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(from.len());
        let (run, after) = from.split_at(end);
        hidden.push_str(before);
        match run.len() {
            24.. => hidden.push_str(&format!("<{} octets>", run.len() / 2)),
            7.. if run.bytes().all(|b| b.is_ascii_digit()) => hidden.push_str(&masked(run)),
            _ => hidden.push_str(run),
        }
        rest = after;
    }
    hidden + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_reads_as_a_dialogue_and_hides_numbers_texts_and_pins() {
        let capture = Capture::default();
        capture.sent(Millis(0), b"AT+CPIN=\"1234\"\r");
        capture.received(Millis(2_000), b"\r\nO");
        capture.received(Millis(2_001), b"K\r\n> ");
        capture.sent(Millis(2_001), b"0011000C914477009010320000AA0568656C6C6F\x1a");
        capture.received(Millis(2_001), b"+CNUM: ,\"+447700900123\",145\r\n");
        let (lines, next) = capture.lines(0, Masking::Masked);
        let expected = [
            "> AT+CPIN=<pin>",
            "@ 2.000s",
            "< OK",
            "< >",
            "> <20 octets>\\x1a",
            "< +CNUM: ,\"+447700…23\",145",
        ];
        assert_eq!(lines, expected);
        assert!(capture.lines(0, Masking::Shown).0[5].contains("+447700900123"));
        assert!(capture.lines(0, Masking::Shown).0[0].ends_with("<pin>"));
        assert_eq!(capture.lines(next, Masking::Masked).0, Vec::<String>::new());
    }

    proptest::proptest! {
        #[test]
        fn lines_are_the_same_however_the_bytes_come(
            bytes in proptest::collection::vec(proptest::sample::select(&b"> A\r\n\x1a\x1b\\"[..]), 0..200),
            cut in 0..200_usize,
            long in 0..2_000_usize,
        ) {
            let bytes = [vec![b'x'; long], bytes].concat();
            let lines = |pieces: &[&[u8]]| {
                let capture = Capture::default();
                pieces.iter().for_each(|piece| capture.received(Millis(0), piece));
                capture.lines(0, Masking::Shown).0
            };
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            let (begin, end) = bytes.split_at(cut.min(bytes.len()));
            proptest::prop_assert_eq!(lines(&[&bytes]), lines(&single));
            proptest::prop_assert_eq!(lines(&[begin, end]), lines(&single));
        }
    }

    #[test]
    fn a_recorder_keeps_the_last_lines_and_counts_the_lost() {
        let capture = Capture::default();
        for n in 0..600 {
            capture.remark(Millis(0), &n.to_string());
        }
        let (lines, next) = capture.lines(0, Masking::Masked);
        assert_eq!((lines.len(), next), (KEPT, 600));
        assert_eq!(lines.first().map(String::as_str), Some("# 100"));
    }
}
