//! One message as a row of the page: the same template for a page load and for a live arrival.

use askama::Template;

use super::messages::numbered;
use super::words::{Action, Badge, Moment, actions, badge};
use crate::store::Message;
use crate::types::{Direction, MessageState, UnixTime};
use crate::web::assets::Addresses;

/// A row, rendered.
#[derive(Template)]
#[template(path = "message.html", config = "src/web/askama.toml")]
pub(super) struct RowHtml<'a> {
    pub(super) assets: &'a Addresses,
    pub(super) row: &'a Row,
}

/// What a row shows.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) inbound: bool,
    /// The remote address; empty when it could not be read.
    pub(super) who: String,
    pub(super) line: String,
    pub(super) text: String,
    pub(super) at: UnixTime,
    pub(super) day: String,
    pub(super) clock: String,
    pub(super) state: Option<Badge>,
    pub(super) why: Option<String>,
    pub(super) possible_duplicate: bool,
    pub(super) actions: &'static [Action],
}

impl Row {
    /// `message` as seen from `zone`, with the name of its line.
    pub(super) fn new(message: &Message, line: &str, zone: &jiff::tz::TimeZone) -> Self {
        let at = message.received_at.unwrap_or(message.created_at);
        let moment = Moment::new(at, zone);
        let error = message.error.as_ref().map(|error| error.detail.clone());
        Self {
            id: message.id.0,
            inbound: message.direction == Direction::In,
            who: message.number.as_str().to_owned(),
            line: line.to_owned(),
            text: message.text.clone(),
            at,
            day: moment.day,
            clock: moment.clock,
            state: badge(message.state),
            why: message.hold.clone().or(error).or_else(|| explained(message.state)),
            possible_duplicate: message.possible_duplicate,
            actions: actions(message.state),
        }
    }

    fn side(&self) -> &'static str {
        if self.inbound { "in" } else { "out" }
    }

    /// The page of this number.
    fn address(&self) -> String {
        numbered(&self.who)
    }

    /// Two characters that tell people apart at a glance.
    fn face(&self) -> String {
        let characters: Vec<char> = self.who.chars().filter(|c| c.is_alphanumeric()).collect();
        let digits = characters.iter().all(char::is_ascii_digit);
        let from = if digits { characters.len().saturating_sub(2) } else { 0 };
        characters.iter().skip(from).take(2).collect()
    }

    /// The row's name for who cannot see its side and colour.
    fn label(&self) -> String {
        let way = if self.inbound { "Text from" } else { "Text to" };
        let who = if self.who.is_empty() { "an unreadable sender" } else { &self.who };
        format!("{way} {who}, {}", self.clock)
    }

    /// What is said aloud when the row arrives or changes.
    fn said(&self) -> String {
        match self.state {
            None => {
                let spoken: String = self.text.chars().filter(|c| !hidden(*c)).collect();
                format!("New text from {}: {spoken}", self.who)
            }
            Some(state) if self.inbound => format!("Text from {}: {}", self.who, state.word),
            Some(state) => format!("Text to {}: {}", self.who, state.word),
        }
    }

    fn pieces(&self) -> Vec<Piece> {
        pieces(&self.text)
    }
}

/// Why a state needs a person, where the message itself does not say.
fn explained(state: MessageState) -> Option<String> {
    let words = match state {
        MessageState::Unknown => "No answer came after it left the modem: it may have arrived.",
        MessageState::Incomplete => "Segments of it are missing.",
        _ => return None,
    };
    Some(words.to_owned())
}

/// A stretch of text, or a character that would otherwise be unseen.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Plain(String),
    Sign(String),
}

/// Shows control and bidirectional characters as marks, so that a text cannot dress up as another
/// (CVE-2021-42574). Joiners stay: emoji and many scripts need them.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    // Some handsets end lines with a carriage return, which an event stream could not carry.
    for c in text.chars().filter(|c| *c != '\r') {
        if !hidden(c) {
            plain.push(c);
            continue;
        }
        if !plain.is_empty() {
            pieces.push(Piece::Plain(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Sign(format!("U+{:04X}", u32::from(c))));
    }
    if !plain.is_empty() {
        pieces.push(Piece::Plain(plain));
    }
    pieces
}

fn hidden(c: char) -> bool {
    match c {
        '\n' | '\t' | '\u{c}' => false,
        '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        | '\u{200B}'
        | '\u{2060}'
        | '\u{FEFF}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trojan source: an override is seen, not obeyed; an emoji stays whole.
    #[test]
    fn hidden_characters_become_marks_and_emoji_stay_whole() {
        let marked = pieces("pay \u{202E}evil\u{0} 👩\u{200D}🚀\nnext");
        let plain = |text: &str| Piece::Plain(text.to_owned());
        let sign = |text: &str| Piece::Sign(text.to_owned());
        let wanted = vec![
            plain("pay "),
            sign("U+202E"),
            plain("evil"),
            sign("U+0000"),
            plain(" 👩\u{200D}🚀\nnext"),
        ];
        assert_eq!(marked, wanted);
    }
}
