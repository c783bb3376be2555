//! What the past has left behind, as far as one message can depend on it. The store fills it; each
//! field says from where. `Facts::default()` is a sender never heard of.

use std::collections::BTreeMap;

use super::PersonId;
use super::consent::Standing;
use super::normal::Comparable;
use super::prompt::OpenPrompt;
use super::relay::Code;
use crate::types::UnixTime;

/// Everything remembered that can matter for one message.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The contact with this number.
    pub contact: Option<Contact>,
    /// The conversation with this number, across all lines (C8).
    pub thread: Thread,
    /// The consent of this number, in the line's scope.
    pub consent: Standing,
    /// The welcome text went to this number before, in the line's welcome scope (E108), or there
    /// was any earlier message with it on that scope.
    pub welcomed: bool,
    /// Automatic texts of late.
    pub traffic: Traffic,
    /// Open prompts put to this number, newest first.
    pub prompts: Vec<OpenPrompt>,
    /// The last message we sent to this number from any line, if there was one.
    pub last_outbound: Option<LastOutbound>,
    /// What concerns the response recipient of `Rules::code_holder`.
    pub relay: Relayed,
}

/// The person behind the number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// First name, may be empty.
    pub first_name: String,
    /// Last name, may be empty.
    pub last_name: String,
    /// ISO 639 code, when known.
    pub language: Option<String>,
    /// Free fields, for templates.
    pub fields: BTreeMap<String, String>,
}

impl Contact {
    /// First and last name on one line, without anything a phone could take for layout (E147).
    pub fn name(&self) -> String {
        super::relay::plain_name(&format!("{} {}", self.first_name, self.last_name))
    }
}

/// The state of the conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thread {
    /// Closed: reopened by an ordinary message (S156).
    pub closed: bool,
    /// Who has claimed it.
    pub owner: Option<PersonId>,
    /// Who takes part without owning it.
    pub participants: Vec<PersonId>,
}

/// Automatic texts of late, for the breaker.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// Automatic SMS to this number within the last hour.
    pub automatic_hour: u32,
    /// Automatic SMS to this number within the last day.
    pub automatic_day: u32,
    /// Automatic SMS to all numbers within the last hour.
    pub automatic_all_hour: u32,
    /// Earlier messages with this very text from this number within the last hour.
    pub same_text_hour: u32,
    /// Our last automatic texts to this number, newest first; three are enough.
    pub last_automatic: Vec<String>,
    /// The conversation carries the flag `loop` already: people know.
    pub loop_flagged: bool,
    /// The last away text to this number.
    pub last_away: Option<UnixTime>,
}

impl Traffic {
    /// Whether a message is one of our own automatic texts come back, whole or quoted.
    pub(super) fn echoes(&self, text: &Comparable) -> bool {
        self.last_automatic.iter().any(|ours| {
            let ours = Comparable::new(ours);
            ours.words.len() >= 3 && text.joined().contains(&ours.joined())
        })
    }
}

/// What the last message to the number carried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastOutbound {
    /// Its tag (S33).
    pub tag: Option<String>,
    /// Its `responseemail` (S28).
    pub response_emails: Vec<String>,
}

/// What concerns one response recipient on this line.
#[derive(Clone, Debug, Default)]
pub struct Relayed {
    /// All codes ever issued to (recipient, line), each with its present customer.
    pub codes: Vec<Code>,
    /// Wrong codes and PINs of the last hour.
    pub wrong: u32,
    /// Answers are not acted on until then (E34).
    pub locked_until: Option<UnixTime>,
    /// When the help answer was given last (E19).
    pub helped: Option<UnixTime>,
    /// Texts passed on within the last ten minutes (E38).
    pub relayed: u32,
    /// Texts withheld since the last digest.
    pub withheld: u32,
    /// When the last digest went out.
    pub digested: Option<UnixTime>,
}
