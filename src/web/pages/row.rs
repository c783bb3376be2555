//! One text as a bubble of its conversation.

use super::face::{Piece, face, hidden, linked};
use super::words::{Action, Badge, Moment, actions, badge};
use crate::store::{AuthorKind, Kind, Message};
use crate::types::{Direction, MessageState, UnixTime};

/// What a bubble shows.
pub(super) struct Row {
    pub(super) id: i64,
    pub(super) inbound: bool,
    /// Who wrote it: the remote party, or one of us.
    pub(super) who: String,
    pub(super) line: String,
    pub(super) text: String,
    pub(super) at: UnixTime,
    pub(super) clock: String,
    pub(super) state: Option<Badge>,
    pub(super) why: Option<String>,
    /// Why the entry is set apart: a consent word, an answer to a question (C4).
    pub(super) mark: Option<&'static str>,
    /// Written by the gateway itself.
    pub(super) automatic: bool,
    pub(super) possible_duplicate: bool,
    pub(super) actions: &'static [Action],
}

impl Row {
    /// `message` as seen from `zone`, with the names of its remote party, writer and line.
    pub(super) fn new(
        message: &Message,
        who: String,
        line: String,
        zone: &jiff::tz::TimeZone,
    ) -> Self {
        let at = message.received_at.unwrap_or(message.created_at);
        let error = message.error.as_ref().map(|error| error.detail.clone());
        let author = message.author.as_ref().map(|author| author.kind);
        Self {
            id: message.id.0,
            inbound: message.direction == Direction::In,
            who,
            line,
            text: message.text.clone(),
            at,
            clock: Moment::new(at, zone).clock,
            state: badge(message.state),
            why: message.hold.clone().or(error).or_else(|| explained(message)),
            mark: message.mark.as_deref().and_then(marked),
            automatic: matches!(author, Some(AuthorKind::Rule | AuthorKind::System)),
            possible_duplicate: message.possible_duplicate,
            actions: actions(message.state),
        }
    }

    pub(super) fn side(&self) -> &'static str {
        if self.inbound { "in" } else { "out" }
    }

    pub(super) fn face(&self) -> String {
        face(&self.who)
    }

    /// The bubble's name for who cannot see its side and colour.
    pub(super) fn label(&self) -> String {
        match self.inbound {
            true => format!("Text from {}, {}", self.who, self.clock),
            false => format!("Text by {}, {}", self.who, self.clock),
        }
    }

    /// What is said aloud when it arrives.
    pub(super) fn said(&self) -> String {
        if !self.inbound {
            return String::new();
        }
        let spoken: String = self.text.chars().filter(|c| !hidden(*c)).take(200).collect();
        format!("New text from {}: {spoken}", self.who)
    }

    pub(super) fn pieces(&self) -> Vec<Piece> {
        linked(&self.text)
    }
}

/// Why a message needs a person, or cannot be read, where it does not say so itself.
fn explained(message: &Message) -> Option<String> {
    let words = match message.state {
        MessageState::Unknown => "No answer came after it left the modem: it may have arrived.",
        MessageState::Incomplete => "Segments of it are missing.",
        _ if message.kind == Kind::Undecodable => "It could not be read; its octets are kept.",
        _ => return None,
    };
    Some(words.to_owned())
}

/// What an entry is, when it is no ordinary text.
fn marked(mark: &str) -> Option<&'static str> {
    Some(match mark {
        "opt_out" => "opt-out",
        "opt_in" => "opt-in",
        "help" => "asked for help",
        "reaction" => "reaction",
        "prompt_answer" => "answer to a question",
        "staff" => "from staff",
        "repeat" => "delivered again",
        _ => return None,
    })
}
