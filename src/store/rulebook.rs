//! What people have set, in the engine's words: the rules that hold for one line.
//!
//! Settings were read by the engine's own types when they were saved. Should one of them be
//! unreadable all the same, its default holds: a bad row must never keep a text from being stored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::tz::TimeZone;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ReadTx;
use super::error::{Result, StoreError};
use super::line_settings::{LineSettings, NotifiedUser};
use super::lines::LineId;
use super::rules::{RULES_VERSION, Rule};
use super::users::{User, UserId};
use super::words::{ClaimPolicy, Role};
use crate::engine::claim::{Mode, Policy};
use crate::engine::keyword::KeywordRule;
use crate::engine::rules::{Line, Notified, Person};
use crate::engine::{PersonId, RuleId, Rules};
use crate::types::{Country, Number};

/// What holds for the whole organisation.
#[derive(Clone, Debug)]
pub struct Organisation {
    /// The name that texts are filled with.
    pub name: String,
    /// How national numbers are read on lines without a country of their own.
    pub country: Option<Country>,
    /// The zone its days and months begin in.
    pub time_zone: TimeZone,
}

impl Default for Organisation {
    fn default() -> Self {
        Self { name: String::new(), country: None, time_zone: TimeZone::UTC }
    }
}

/// Keyword rules compiled once and kept as long as nobody changes one. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Compiled(Arc<Mutex<Kept>>);

/// What is kept, and of which version of the rules.
#[derive(Debug, Default)]
struct Kept {
    version: Option<String>,
    of_lines: HashMap<LineId, Arc<Vec<KeywordRule>>>,
}

impl ReadTx<'_> {
    /// Everything set that can matter for a text received on `line`.
    pub fn rulebook(&self, line: LineId, organisation: &Organisation) -> Result<Rules> {
        self.rulebook_by(line, organisation, &Compiled::default())
    }

    /// The same, with keyword rules taken from those compiled before.
    pub fn rulebook_by(
        &self,
        line: LineId,
        organisation: &Organisation,
        compiled: &Compiled,
    ) -> Result<Rules> {
        let users = self.users()?;
        let lines = self.lines()?;
        let keywords = self.keywords(line, compiled)?;
        let own = |other: &super::lines::Line| other.number.as_deref().map(Number::from_key);
        Ok(Rules {
            own_numbers: lines.iter().filter_map(own).collect(),
            people: users.iter().filter(|user| user.profile.active).map(person).collect(),
            keywords,
            packs: self.packs()?,
            ..self.sending_rules(line, organisation)?
        })
    }

    /// The keyword rules of a line, compiled.
    fn keywords(&self, line: LineId, compiled: &Compiled) -> Result<Arc<Vec<KeywordRule>>> {
        let version = self.setting(RULES_VERSION)?;
        let mut kept = compiled.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.version != version {
            *kept = Kept { version, of_lines: HashMap::new() };
        }
        if let Some(known) = kept.of_lines.get(&line) {
            return Ok(known.clone());
        }
        let rules = self.rules()?.into_iter().filter_map(|rule| keyword(rule, line));
        let rules = Arc::new(rules.collect::<Vec<_>>());
        kept.of_lines.insert(line, rules.clone());
        Ok(rules)
    }

    /// What is set about sending on `line`: the part of the rulebook that hand-over asks for.
    pub fn sending_rules(&self, line: LineId, organisation: &Organisation) -> Result<Rules> {
        let set = self.line_settings(line)?;
        let set = set.ok_or_else(|| StoreError::not_found(format_args!("line {line}")))?;
        let company = organisation.name.clone();
        Ok(Rules { company, line: engine_line(set, organisation.country), ..Rules::default() })
    }
}

fn engine_line(set: LineSettings, country: Option<Country>) -> Line {
    let claims = Policy {
        mode: match set.claims() {
            ClaimPolicy::Off => Mode::Off,
            ClaimPolicy::Soft => Mode::Soft,
            ClaimPolicy::Strict => Mode::Strict,
        },
        participants_reply: set.participants_reply,
    };
    let told = if set.notify == Some(false) { Vec::new() } else { set.notified };
    let mut line = Line {
        name: set.name,
        number: set.number.as_deref().map(Number::from_key),
        country: set.country.or(country),
        texts: read(set.texts),
        tags: set.tags,
        response_emails: set.response_emails,
        show_codes: set.show_codes,
        relay: read(set.relay),
        notified: told.into_iter().map(notified).collect(),
        claims,
        hours: set.business_hours.and_then(|hours| serde_json::from_value(hours).ok()),
        consent: read(set.consent),
        short_codes: set.short_codes,
        international: set.international,
        limits: read(set.limits),
    };
    // A line without HELP contact data is not in service yet: it greets nobody by itself, so that
    // a SIM just plugged in costs its owner nothing and surprises no sender.
    line.texts.opt_in_off |= set.help_contact.trim().is_empty();
    line.texts.help_contact = set.help_contact;
    // The line's own recipient first; those of the relay settings take over from them (E20).
    if let Some(UserId(first)) = set.response_recipient {
        line.relay.recipients.retain(|person| person.0 != first);
        line.relay.recipients.insert(0, PersonId(first));
    }
    line
}

fn notified(user: NotifiedUser) -> Notified {
    let urgency = user.urgency.as_deref().and_then(crate::engine::action::Urgency::parse);
    let person = PersonId(user.user.0);
    Notified { person, sms: user.sms, email: user.email, push: user.push, urgency }
}

fn person(user: &User) -> Person {
    Person {
        id: PersonId(user.id.0),
        name: user.name(),
        phone: user.profile.phone.clone(),
        email: user.profile.email.clone(),
        admin: user.profile.role == Role::Admin,
        off_duty: !user.profile.duty,
        paused: user.paused,
    }
}

/// A rule as the engine reads it; `None` when it is of another line, switched off or unreadable.
fn keyword(rule: Rule, line: LineId) -> Option<KeywordRule> {
    let here = rule.set.lines.is_empty() || rule.set.lines.contains(&line);
    if !rule.set.enabled || !here {
        return None;
    }
    Some(KeywordRule {
        id: RuleId(rule.id.0),
        name: rule.set.name,
        disabled: false,
        order: rule.set.order,
        lines: Vec::new(),
        when: serde_json::from_value(rule.set.when).ok()?,
        then: serde_json::from_value(rule.set.then).ok()?,
        goes_on: rule.set.goes_on,
    })
}

fn read<T: DeserializeOwned + Default>(value: Value) -> T {
    serde_json::from_value(value).unwrap_or_default()
}
