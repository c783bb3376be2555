//! Consent: which words opt out, in and ask for help, how sure we are, and what is remembered.
//!
//! [`recognise()`] reads a text in three levels (consent.md): the whole message is a keyword; a
//! keyword with polite filling; a keyword or phrase inside other words. Only the first two act.
//! Words are data ([`Pack`]), one pack a language, editable.
//!
//! The state of a number is a [`Standing`]; each change is an [`Event`] of an append-only ledger.

mod pack;
mod recognise;

pub use pack::{Pack, is_comparable};
pub use recognise::{Finding, Intent, Level, recognise};

use serde::Deserialize;

use crate::types::{Number, UnixTime, words};

/// What is known about a number's consent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// In, out, or never said.
    pub state: State,
    /// When the state was entered.
    pub since: Option<UnixTime>,
    /// The words that led to it, as written.
    pub said: String,
    /// An ordinary message arrived after the opt-out (E95).
    pub wrote_since: bool,
    /// Marketing consent is recorded (S95).
    pub marketing: bool,
    /// A possible opt-out waits for a person; marketing is held (E81).
    pub possible_opt_out: bool,
    /// The last confirmation of an opt-out.
    pub last_confirmation: Option<UnixTime>,
    /// The HELP answers of the last day.
    pub help_answers: Vec<UnixTime>,
}

impl Standing {
    /// Whether the number has opted out.
    pub fn is_out(&self) -> bool {
        self.state == State::Out
    }
}

words!(
    /// The consent of a number.
    #[derive(Default)]
    State {
        /// Nothing was ever said.
        #[default]
        Unknown = "unknown",
        /// Opted in by word.
        In = "in",
        /// Opted out.
        Out = "out",
    }
);

words!(
    /// What a ledger entry records.
    Change {
        /// Opted out.
        OptedOut = "opted_out",
        /// Opted in.
        OptedIn = "opted_in",
        /// Said again what already holds.
        Repeated = "repeated",
        /// Said something that may be an opt-out; nothing changed yet.
        Possible = "possible",
        /// Asked for help.
        Help = "help",
    }
);

/// One entry of the ledger. The store adds the line, the times and the digest of the raw PDU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whose consent.
    pub number: Number,
    /// What is recorded.
    pub change: Change,
    /// How far it reaches.
    pub scope: Scope,
    /// How sure we were.
    pub level: Level,
    /// The word or phrase that was recognised.
    pub word: String,
    /// The language of its pack.
    pub language: String,
    /// Whether an answer was sent.
    pub answered: bool,
    /// The member of staff who confirmed it for the customer, if it was not the customer's own
    /// message (E20).
    pub by: Option<super::PersonId>,
}

words!(
    /// How far an opt-out reaches (C9).
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Scope {
        /// All lines.
        #[default]
        Organisation = "organisation",
        /// The line it was sent to.
        Line = "line",
    }
);

words!(
    /// The custom of a country, where it differs (consent.md).
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Profile {
        /// No particular one.
        #[default]
        General = "general",
        /// CANCEL always opts out; the confirmation goes within five minutes or not at all.
        Us = "us",
        /// Answers even a repeated STOP, in the language of the word.
        Canada = "canada",
    }
);

/// A line's settings of consent.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How far an opt-out on this line reaches.
    pub scope: Scope,
    /// The custom followed.
    pub profile: Profile,
    /// One clarifying SMS after a possible opt-out.
    pub clarify: bool,
    /// HELP is answered although the sender has opted out (E104).
    pub help_when_out: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let (scope, profile) = (Scope::default(), Profile::default());
        Self { scope, profile, clarify: false, help_when_out: true }
    }
}
