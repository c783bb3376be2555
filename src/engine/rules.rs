//! What people have set: the organisation, the line the message came in on, its staff and rules.
//!
//! Plain data. It may be read with serde (the form of the API); `Rules::default()` is a line
//! without sinks, with the shipped word lists and texts.

use std::sync::Arc;

use serde::Deserialize;

use super::claim::Policy;
use super::consent::{self, Pack};
use super::hours::BusinessHours;
use super::keyword::KeywordRule;
use super::limits::Limits;
use super::relay::RelayRules;
use super::texts::Texts;
use super::{action::Urgency, read};
use crate::types::{Country, Number};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        pub struct $name(pub i64);
    };
}

id!(
    /// A user, or a person who is only notified.
    PersonId
);
id!(
    /// A keyword rule.
    RuleId
);
id!(
    /// A poll, rating or confirmation that was put to people.
    PromptId
);

/// Everything set that can matter for one message on one line.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// The name that texts are filled with.
    pub company: String,
    /// The line the message came in on.
    pub line: Line,
    /// The numbers of all our lines.
    #[serde(deserialize_with = "read::numbers")]
    pub own_numbers: Vec<Number>,
    /// The people named by the line and its rules.
    pub people: Vec<Person>,
    /// The languages whose consent words are understood.
    pub packs: Vec<Pack>,
    /// Keyword rules in the order people gave them; shared, because compiling them costs more than
    /// using them.
    #[serde(deserialize_with = "read::shared")]
    pub keywords: Arc<Vec<KeywordRule>>,
    /// When automatic texts stop.
    pub breaker: Breaker,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            company: String::new(),
            line: Line::default(),
            own_numbers: Vec::new(),
            people: Vec::new(),
            packs: Pack::shipped(),
            keywords: Arc::default(),
            breaker: Breaker::default(),
        }
    }
}

/// A line's settings, as far as the engine is concerned.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Line {
    /// What people call it.
    pub name: String,
    /// Its own number, where the SIM or a person has told it.
    #[serde(deserialize_with = "read::maybe_number")]
    pub number: Option<Number>,
    /// The country national numbers are read by (E131).
    #[serde(deserialize_with = "read::country")]
    pub country: Option<Country>,
    /// The texts it sends by itself.
    pub texts: Texts,
    /// Classification shown in every forward (S36).
    pub tags: Vec<String>,
    /// Where replies go when the last outbound names no addresses (S29).
    pub response_emails: Vec<String>,
    /// Forwards show one-time codes instead of masking them (E77).
    pub show_codes: bool,
    /// The relay by SMS; off without recipients.
    pub relay: RelayRules,
    /// Who is told about new messages.
    pub notified: Vec<Notified>,
    /// Who may answer.
    pub claims: Policy,
    /// When the line is attended; always, when absent.
    pub hours: Option<BusinessHours>,
    /// How consent is handled.
    pub consent: consent::Settings,
    /// Short codes that may be written to, although that may cost a premium (E25).
    pub short_codes: Vec<String>,
    /// Whether numbers outside the line's country may be written to (S53).
    pub international: bool,
    /// Warnings and holds for the cost of it.
    pub limits: Limits,
}

impl Line {
    /// Whether a text to `number` can be answered or sent at all (E24..E26).
    pub fn can_answer(&self, number: &Number) -> bool {
        match number {
            Number::E164(_) => true,
            Number::ShortCode(code) => !code.is_empty() && self.short_codes.contains(code),
            Number::Alphanumeric(_) => false,
        }
    }
}

/// A user or a person who is only notified.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Person {
    /// The row.
    pub id: PersonId,
    /// What colleagues and customers' relays call them.
    pub name: String,
    /// Their mobile number. It is never told to a customer (S15).
    #[serde(deserialize_with = "read::maybe_number")]
    pub phone: Option<Number>,
    /// Their address.
    pub email: String,
    /// May take over and close whatever others hold.
    pub admin: bool,
    /// Is off duty: relays go to the next recipient.
    pub off_duty: bool,
    /// Has texted STOP: relays go to the next recipient (E20).
    pub paused: bool,
}

/// One notified user of a line (S103..S112).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notified {
    /// Who.
    pub person: PersonId,
    /// By SMS with a link.
    pub sms: bool,
    /// By e-mail with a link.
    pub email: bool,
    /// By the browser.
    pub push: bool,
    /// How soon ordinary messages are told; flagged ones are told at once.
    pub urgency: Option<Urgency>,
}

/// When automatic texts stop (E109, E110).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Breaker {
    /// Automatic SMS to one number in an hour.
    pub per_hour: u32,
    /// Automatic SMS to one number in a day.
    pub per_day: u32,
    /// Automatic SMS to everybody in an hour.
    pub all_per_hour: u32,
    /// The same text from one number this often in an hour is a machine.
    pub same_text: u32,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { per_hour: 4, per_day: 12, all_per_hour: 300, same_text: 3 }
    }
}

impl Rules {
    /// A person by row.
    pub fn person(&self, id: PersonId) -> Option<&Person> {
        self.people.iter().find(|person| person.id == id)
    }

    /// Whether `number` is one of our own lines (E18, E110).
    pub fn is_own(&self, number: &Number) -> bool {
        self.line.number.as_ref() == Some(number) || self.own_numbers.contains(number)
    }

    /// The response recipient who sent from `number`, on duty or not (S23). Told by the number of
    /// the configured recipient, never by the address book (E16).
    pub fn staff(&self, number: &Number) -> Option<&Person> {
        let mut recipients = self.recipients();
        recipients.find(|person| person.phone.as_ref() == Some(number) && !self.is_own(number))
    }

    /// The person relays go to now: the first recipient with a phone who is on duty and has not
    /// paused. Never somebody whose phone is one of our lines.
    pub fn on_duty(&self) -> Option<&Person> {
        self.recipients().find(|person| {
            let phone = person.phone.as_ref();
            !person.off_duty && !person.paused && phone.is_some_and(|phone| !self.is_own(phone))
        })
    }

    /// Whose response codes the facts must hold for a message from `sender`: the recipient's who
    /// wrote it, else the recipient's who will get it.
    pub fn code_holder(&self, sender: &Number) -> Option<&Person> {
        self.staff(sender).or_else(|| self.on_duty())
    }

    fn recipients(&self) -> impl Iterator<Item = &Person> {
        self.line.relay.recipients.iter().filter_map(|id| self.person(*id))
    }
}
