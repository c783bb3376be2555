//! What every step is given: the arguments of `decide` and what follows from them at once.

use super::consent::{Finding, recognise};
use super::normal::Comparable;
use super::rules::Person;
use super::{Facts, Inbound, Rules};
use crate::types::UnixTime;

/// Time and chance, from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Wall-clock time.
    pub now: UnixTime,
    /// Whether the clock can be believed. Until then nothing runs that depends on it (E163).
    pub trusted: bool,
    /// Random bits, used to choose a response code that cannot be guessed.
    pub entropy: u64,
}

impl Moment {
    /// A trusted moment without entropy: enough for rehearsals.
    pub fn at(now: UnixTime) -> Self {
        Self { now, trusted: true, entropy: 0 }
    }
}

/// One decision in the making, read only.
pub(super) struct Case<'a> {
    pub(super) inbound: &'a Inbound,
    pub(super) rules: &'a Rules,
    pub(super) facts: &'a Facts,
    pub(super) moment: Moment,
    /// The text for comparison only.
    pub(super) text: Comparable,
    /// The consent word in it, if any.
    pub(super) consent: Option<Finding>,
    /// The member of staff who sent it, if its sender may use relay commands.
    pub(super) staff: Option<&'a Person>,
}

impl<'a> Case<'a> {
    pub(super) fn new(
        inbound: &'a Inbound,
        rules: &'a Rules,
        facts: &'a Facts,
        moment: Moment,
    ) -> Self {
        let text = Comparable::new(&inbound.text);
        let consent = match text.reaction || facts.traffic.echoes(&text) {
            true => None,
            false => recognise(&text, &rules.packs),
        };
        let staff = rules.staff(&inbound.from);
        Self { inbound, rules, facts, moment, text, consent, staff }
    }

    /// How the sender is called: the contact's name, else the number (S10).
    pub(super) fn caller(&self) -> String {
        match &self.facts.contact {
            Some(contact) if !contact.name().is_empty() => contact.name(),
            _ if self.inbound.from.as_str().is_empty() => "unknown sender".to_owned(),
            _ => self.inbound.from.to_string(),
        }
    }

    pub(super) fn now(&self) -> UnixTime {
        self.moment.now
    }
}
