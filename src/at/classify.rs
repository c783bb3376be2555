//! Whose line is it: the echo, the answer of the command in flight, its final result, an
//! unsolicited code, or nobody's.
//!
//! [`RawLine`](super::RawLine) texts go in together with what is being watched for; [`Line`]s
//! come out. The order of the rules is the order of `Reader::read`: own PDU echoed, PDU of the
//! header before, echo of the command, final result, answer by prefix and shape, known
//! unsolicited code, bare text of the answer, unknown. Position never decides: an unsolicited
//! line may stand before the echo, inside an answer, or between a header and its PDU.

use super::command::{Answer, Bare};
use super::info::InfoLine;
use super::result::FinalResult;
use super::urc::Urc;

/// A line with its meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Our own words coming back.
    Echo,
    /// A line of the answer.
    Info(InfoLine),
    /// A final result.
    Final(FinalResult),
    /// An unsolicited result code.
    Urc(Urc),
    /// Nobody's.
    Stray(String),
}

/// What the command in flight makes a reader watch for.
#[derive(Clone, Copy, Debug)]
pub struct Watch<'a> {
    /// The command line as written.
    pub echo: &'a str,
    /// The PDU as written after the prompt.
    pub pdu_echo: Option<&'a str>,
    /// Which lines are its answer.
    pub answer: &'a Answer,
}

/// Remembers headers whose PDU has not come yet.
#[derive(Debug, Default)]
pub struct Reader {
    headers: Vec<Header>,
}

/// A line that announces a PDU line.
#[derive(Debug)]
struct Header {
    text: String,
    unsolicited: bool,
    /// How many other lines may still come in between.
    patience: u8,
}

impl Reader {
    /// A reader that waits for nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets headers: the port was reopened.
    pub fn reset(&mut self) {
        self.headers.clear();
    }

    /// The meaning of a text line. One line may hold two meanings glued together.
    pub fn read(&mut self, text: &str, fresh: bool, watch: Option<Watch<'_>>) -> Vec<Line> {
        let mut lines = Vec::new();
        self.read_into(text, fresh, watch, &mut lines);
        lines
    }

    fn read_into(
        &mut self,
        text: &str,
        fresh: bool,
        watch: Option<Watch<'_>>,
        out: &mut Vec<Line>,
    ) {
        let text = text.trim();
        let pdu_echo = watch.and_then(|watch| watch.pdu_echo);
        let unprompted = text.trim_start_matches(['>', ' ']);
        if pdu_echo.is_some_and(|pdu| unprompted.eq_ignore_ascii_case(pdu)) {
            return out.push(Line::Echo);
        }
        if let Some(pdu) = pdu_line(text)
            && let Some(header) = self.headers.pop()
        {
            return out.push(header.with(pdu));
        }
        if let Some(watch) = watch {
            if is_echo(text, fresh, watch.echo) {
                return out.push(Line::Echo);
            }
            if let Some((before, after)) = around_echo(text, &watch) {
                out.push(Line::Echo);
                for part in [before, after].into_iter().filter(|part| !part.is_empty()) {
                    self.read_into(part, true, Some(watch), out);
                }
                return;
            }
        }
        if let Some((result, rest)) = FinalResult::parse_glued(text) {
            out.extend(self.overdue());
            out.push(Line::Final(result));
            return self.read_into(rest, true, None, out);
        }
        if let Some(result) = final_result(text, watch.as_ref()) {
            out.extend(self.overdue());
            return out.push(Line::Final(result));
        }
        let line = self.other(text, watch.as_ref());
        // A header that waited too long for its PDU is a line like any other.
        if !matches!(line, None | Some(Line::Echo)) {
            for header in &mut self.headers {
                header.patience = header.patience.saturating_sub(1);
            }
            if self.headers.first().is_some_and(|header| header.patience == 0) {
                out.push(self.headers.remove(0).without());
            }
        }
        out.extend(line);
    }

    /// A line that is neither echo nor result; `None` when it is a header that waits for its PDU.
    fn other(&mut self, text: &str, watch: Option<&Watch<'_>>) -> Option<Line> {
        if let Some(watch) = watch {
            let answer = watch.answer;
            let ours =
                answer.prefixes.iter().any(|prefix| !prefix.is_empty() && text.starts_with(prefix));
            if (ours && (answer.fits)(text))
                || answer.bare == Bare::Text && has_name_of(text, watch.echo)
            {
                if answer.bare == Bare::Pdu && !text.ends_with(",0") {
                    self.wait(text, false);
                    return None;
                }
                return Some(Line::Info(InfoLine::new(text)));
            }
        }
        if Urc::has_pdu(text) {
            self.wait(text, true);
            return None;
        }
        let line = InfoLine::new(text);
        match Urc::parse(&line) {
            Some(Urc::Unknown(_)) | None
                if watch.is_some_and(|watch| watch.answer.bare == Bare::Text) =>
            {
                Some(Line::Info(line))
            }
            Some(urc) => Some(Line::Urc(urc)),
            None if text.starts_with('+') => Some(Line::Urc(Urc::Unknown(line.text))),
            None => Some(Line::Stray(line.text)),
        }
    }

    fn wait(&mut self, text: &str, unsolicited: bool) {
        // More than a few open headers mean that their PDUs were lost.
        if self.headers.len() >= MOST_HEADERS {
            self.headers.remove(0);
        }
        self.headers.push(Header { text: text.to_owned(), unsolicited, patience: PATIENCE });
    }

    /// The headers of an answer that ended before their PDU came.
    fn overdue(&mut self) -> Vec<Line> {
        let (unsolicited, own): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.headers).into_iter().partition(|header| header.unsolicited);
        self.headers = unsolicited;
        own.into_iter().map(Header::without).collect()
    }
}

impl Header {
    fn with(self, pdu: String) -> Line {
        let line = InfoLine { text: self.text, pdu: Some(pdu) };
        if self.unsolicited { unsolicited(line) } else { Line::Info(line) }
    }

    fn without(self) -> Line {
        let line = InfoLine::new(self.text);
        if self.unsolicited { unsolicited(line) } else { Line::Info(line) }
    }
}

fn unsolicited(line: InfoLine) -> Line {
    Line::Urc(Urc::parse(&line).unwrap_or(Urc::Unknown(line.text)))
}

/// The hexadecimal digits of a PDU line; blanks inside are the modem's, and dropped.
fn pdu_line(text: &str) -> Option<String> {
    let pdu: String = text.chars().filter(|c| *c != ' ').collect();
    (pdu.len() >= SHORTEST_PDU && pdu.bytes().all(|b| b.is_ascii_hexdigit())).then_some(pdu)
}

/// The line is the command, or, before any line end, a damaged copy of it.
fn is_echo(text: &str, fresh: bool, echo: &str) -> bool {
    let damaged = || {
        let at = text.get(..2).is_some_and(|at| at.eq_ignore_ascii_case("AT"));
        !fresh && at && !text.contains(':') && text.len() <= echo.len()
    };
    text.eq_ignore_ascii_case(echo) || damaged()
}

/// What stands before or behind the echo on its line, when that is a line in its own right.
fn around_echo<'a>(text: &'a str, watch: &Watch<'_>) -> Option<(&'a str, &'a str)> {
    let echo = watch.echo;
    if echo.len() < 3 {
        return None;
    }
    if let Some(before) = text.strip_suffix(echo).filter(|before| Urc::is_known(before)) {
        return Some((before, ""));
    }
    let after = text.strip_prefix(echo)?;
    let answer = watch.answer.prefixes.iter().any(|p| !p.is_empty() && after.starts_with(p));
    let known = answer || Urc::is_known(after) || final_result(after, Some(watch)).is_some();
    known.then_some(("", after))
}

/// `+NAME:` answers `AT+NAME…`, whatever else such a line may mean.
fn has_name_of(text: &str, echo: &str) -> bool {
    let body = echo.get(2..).unwrap_or("");
    let name = body.split(['=', '?', ';']).next().unwrap_or("");
    let extended = name.starts_with(|c: char| c.is_ascii_punctuation());
    extended && text.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
}

fn final_result(text: &str, watch: Option<&Watch<'_>>) -> Option<FinalResult> {
    let calling = watch.is_some_and(|watch| {
        let body = watch.echo.get(2..).unwrap_or("");
        body.starts_with(['D', 'd', 'A', 'a'])
    });
    FinalResult::parse(text, calling).or_else(|| {
        // Digits may be somebody's serial number where bare text is expected.
        let digits = watch.is_some_and(|watch| watch.answer.bare != Bare::Text);
        digits.then(|| FinalResult::parse_numeric(text, calling)).flatten()
    })
}

/// Lines that may come between a header and its PDU.
const PATIENCE: u8 = 3;
const MOST_HEADERS: usize = 8;
/// An empty service centre and the shortest TPDU are longer than this.
const SHORTEST_PDU: usize = 4;
