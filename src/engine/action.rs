//! What a decision asks for. Plain data: the store turns each action into rows of the same
//! transaction that stores the message.

use super::consent::Event;
use super::rules::{PersonId, PromptId, RuleId};
use super::sending::Refusal;
use crate::types::{Class, Number, UnixTime, words};

/// What `decide` returns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// In the order they were decided; the first is always [`Action::File`].
    pub actions: Vec<Action>,
    /// Why, step by step. Stored with the message and shown.
    pub trace: Vec<TraceLine>,
}

/// One reason, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceLine {
    /// The step of `ORDER`.
    pub step: &'static str,
    /// What it found and did.
    pub why: String,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Where the message is shown. Every decision has exactly one, so that nothing is lost.
    File(Filing),
    /// A row in the outbox, on the line the message came in on (C11).
    Send(Sms),
    /// A row in the consent ledger, which is only ever appended to.
    Consent(Event),
    /// Messages to this number that are scheduled or queued are cancelled and shown (E97).
    CancelScheduled(Number),
    /// A change of the conversation with `remote`.
    Thread {
        /// Whose conversation.
        remote: Number,
        /// What changes.
        change: ThreadChange,
    },
    /// A row in the deliveries: an e-mail or a notice. The text is composed by its channel.
    Deliver(Delivery),
    /// A change of the response codes of (recipient, line).
    Code(CodeChange),
    /// A change of what is remembered about a response recipient.
    Recipient {
        /// Who.
        person: PersonId,
        /// What changes.
        change: RecipientChange,
    },
    /// Something about a prompt.
    Prompt(PromptChange),
    /// The address book: this number gets this name (E23).
    NameContact {
        /// Whose number.
        number: Number,
        /// The name as written.
        name: String,
    },
    /// The admins are told, by every channel they have.
    Alert(String),
    /// Words for a customer that the rules did not let out; kept among the refusals.
    NotSent {
        /// Who wrote them.
        by: PersonId,
        /// For whom.
        to: Number,
        /// Why not.
        refusal: Refusal,
    },
}

/// Where a message stands and what it does to its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filing {
    /// Where it is shown.
    pub place: Place,
    /// What the entry is marked as.
    pub mark: Option<Mark>,
    /// Whether it counts in badges and makes the conversation unanswered.
    pub unread: bool,
    /// Whether a closed conversation opens again (S156).
    pub reopen: bool,
}

/// Where a message is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the conversation with its sender.
    Conversation,
    /// Among the texts of staff: it never reaches a customer by itself (E1).
    Internal(PersonId),
}

words!(
    /// Why an entry of a conversation looks different.
    Mark {
        /// STOP and its family (C4).
        OptOut = "opt_out",
        /// START and JOIN.
        OptIn = "opt_in",
        /// HELP.
        Help = "help",
        /// A phone's text for a thumb on an older message (E37, E85).
        Reaction = "reaction",
        /// A vote, a rating, a confirmation.
        PromptAnswer = "prompt_answer",
        /// An answer or command of the response recipient.
        Staff = "staff",
        /// The network delivered it again (E138).
        Repeat = "repeat",
    }
);

/// An SMS to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sms {
    /// To whom.
    pub to: Number,
    /// The whole text, final.
    pub text: String,
    /// What it is for; gives the class.
    pub purpose: Purpose,
    /// Its author.
    pub author: Author,
    /// Not sent after this time (E93).
    pub not_after: Option<UnixTime>,
    /// The tag that replies carry on (S47).
    pub tag: Option<String>,
    /// The addresses that replies go to (S48).
    pub response_emails: Vec<String>,
}

impl Sms {
    pub(super) fn new(to: Number, text: String, purpose: Purpose) -> Self {
        let author = Author::System;
        Self { to, text, purpose, author, not_after: None, tag: None, response_emails: vec![] }
    }
}

words!(
    /// What an SMS of the engine is for.
    Purpose {
        /// The one confirmation of an opt-out or opt-in.
        ConsentAnswer = "consent answer",
        /// The answer to HELP.
        HelpAnswer = "help answer",
        /// The question whether the sender wants to opt out.
        Clarify = "clarifying question",
        /// Follows a vote, rating or confirmation.
        PromptAnswer = "prompt answer",
        /// The answer of a keyword rule.
        KeywordAnswer = "keyword answer",
        /// The text to a new sender.
        Welcome = "welcome text",
        /// The text outside business hours.
        Away = "away text",
        /// A customer's text, passed on to the response recipient.
        Relay = "relay",
        /// The response recipient's words, passed on to the customer.
        RelayAnswer = "relay answer",
        /// What the gateway tells the response recipient.
        Desk = "desk answer",
    }
);

impl Purpose {
    /// The class of messages of this purpose.
    pub fn class(self) -> Class {
        match self {
            Purpose::ConsentAnswer | Purpose::HelpAnswer => Class::Consent,
            Purpose::Relay | Purpose::RelayAnswer => Class::Conversation,
            _ => Class::Auto,
        }
    }

    /// Whether the gateway wrote it by itself, as against passing on a person's words.
    pub fn is_automatic(self) -> bool {
        !matches!(self, Purpose::Relay | Purpose::RelayAnswer)
    }
}

/// Who wrote a message or made a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The gateway by its own texts.
    System,
    /// A rule.
    Rule(RuleId),
    /// A prompt.
    Prompt(PromptId),
    /// A member of staff by SMS.
    Person(PersonId),
}

/// A change of one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThreadChange {
    /// Shown as a possible opt-out; marketing to the number is held (consent.md, level 3).
    PossibleOptOut,
    /// Flagged for follow-up, with a word that says why.
    Flag(String),
    /// Gets a tag.
    Tag(String),
    /// Gets an owner or a team.
    Assign(Assignee),
    /// Claimed by a person, if nobody else holds it: one conditional update (E120).
    Claim(PersonId),
    /// Taken from its claimer, audited.
    TakeOver(PersonId),
    /// Closed by a person.
    Close(PersonId),
    /// Somebody of staff has answered.
    Answered,
    /// Gets a note.
    Note {
        /// Who wrote it.
        by: PersonId,
        /// The words.
        text: String,
    },
}

/// Who gets a conversation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignee {
    /// One person.
    Person(PersonId),
    /// A team by name.
    Team(String),
}

/// One row in the deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A forward by e-mail, with what the mail must show (S33..S38).
    Email {
        /// The addresses, each once.
        to: Vec<String>,
        /// Where they came from, for the trace: the last outbound or the line.
        because: super::routing::Because,
        /// Line tags first, then the message's (S37).
        tags: Vec<String>,
        /// One-time codes in the text are masked (E77).
        mask_codes: bool,
    },
    /// A notice to a user with a link to the conversation.
    Notice {
        /// Who.
        person: PersonId,
        /// By which channel.
        channel: Channel,
        /// Now, or with the next batch (S81).
        urgency: Urgency,
    },
    /// A signed HTTP event (S80).
    Webhook {
        /// Which rule asked for it.
        rule: RuleId,
        /// The address set in the rule.
        url: String,
    },
}

words!(
    /// How a user is told.
    Channel {
        /// By SMS with a link.
        Sms = "sms",
        /// By e-mail with a link.
        Email = "email",
        /// By the browser.
        Push = "push",
    }
);

words!(
    /// How soon a user is told.
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    Urgency {
        /// At once.
        Now = "now",
        /// With the next batch.
        Batch = "batch",
    }
);

/// A change of the response codes of one (recipient, line).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeChange {
    /// `code` now belongs to `customer`, whoever had it before.
    Issue {
        /// Whose phone shows it.
        person: PersonId,
        /// The code.
        code: u32,
        /// The customer it stands for.
        customer: Number,
    },
    /// `code` was used now: its cool-down starts anew (E4).
    Renew {
        /// Whose phone shows it.
        person: PersonId,
        /// The code.
        code: u32,
    },
}

/// A change of what is remembered about a response recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipientChange {
    /// Relays to this person stop, and the next recipient takes over (E20).
    Pause,
    /// Relays to this person go on.
    Resume,
    /// On duty.
    OnDuty,
    /// Off duty.
    OffDuty,
    /// A wrong code or PIN now (E34).
    WrongCode,
    /// Answers of this number are not acted on until then.
    LockUntil(UnixTime),
    /// The help answer was given now (E19).
    Helped,
    /// A text was passed on now (E38).
    Relayed,
    /// A text was not passed on singly; it waits for the next digest.
    Withheld,
    /// A digest was sent now.
    Digested,
    /// A question was asked about this text; `@code STOP YES` and the like may follow.
    Held {
        /// The words that were not sent.
        text: String,
    },
}

/// Something about a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromptChange {
    /// An answer; replaces the number's earlier one where the prompt allows it (E112).
    Answer {
        /// Which prompt.
        prompt: PromptId,
        /// The option's letter, the rating's figure, or the confirmation's word.
        value: String,
        /// `low`, `middle`, `high` for a rating.
        outcome: Option<super::prompt::Outcome>,
    },
    /// Its grammar did not fit once; not nagged again (E113).
    Nagged(PromptId),
    /// A rule puts this question to the sender.
    Open(PromptId),
}
