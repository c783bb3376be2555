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
use super::rules::Rule;
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

/// The rules of lines as they were read last: reading and compiling them costs more than all else
/// that is done with a text. They hold as long as the version in `settings` is the one they were read
/// at; triggers of the schema draw a new one with every change.
#[derive(Debug, Default)]
pub(super) struct Rulebooks(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    version: String,
    of_lines: HashMap<LineId, Known>,
}

/// Rules, and what else they were made from.
#[derive(Debug)]
struct Known {
    company: String,
    country: Option<Country>,
    rules: Arc<Rules>,
}

impl Rulebooks {
    fn find(&self, version: &str, line: LineId, of: &Organisation) -> Option<Arc<Rules>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.of_lines.get(&line).filter(|_| kept.version == version)?;
        (known.company == of.name && known.country == of.country).then(|| known.rules.clone())
    }

    fn keep(&self, version: String, line: LineId, of: &Organisation, rules: Arc<Rules>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.version != version {
            *kept = Kept { version, of_lines: HashMap::new() };
        }
        let known = Known { company: of.name.clone(), country: of.country, rules };
        kept.of_lines.insert(line, known);
    }
}

impl ReadTx<'_> {
    /// Everything set that can matter for a text on `line`. Shared: read again only when somebody has
    /// changed something of it.
    pub fn rulebook(&self, line: LineId, organisation: &Organisation) -> Result<Arc<Rules>> {
        let Some(version) = self.setting(VERSION)? else {
            return self.read_rulebook(line, organisation).map(Arc::new);
        };
        if let Some(known) = self.rulebooks.find(&version, line, organisation) {
            return Ok(known);
        }
        let rules = Arc::new(self.read_rulebook(line, organisation)?);
        self.rulebooks.keep(version, line, organisation, rules.clone());
        Ok(rules)
    }

    fn read_rulebook(&self, line: LineId, organisation: &Organisation) -> Result<Rules> {
        let set = self.line_settings(line)?;
        let set = set.ok_or_else(|| StoreError::not_found(format_args!("line {line}")))?;
        let users = self.users()?;
        let lines = self.lines()?;
        let keywords = self.rules()?.into_iter().filter_map(|rule| keyword(rule, line));
        let own = |other: &super::lines::Line| other.number.as_deref().map(Number::from_key);
        Ok(Rules {
            company: organisation.name.clone(),
            line: engine_line(set, organisation.country),
            own_numbers: lines.iter().filter_map(own).collect(),
            people: users.iter().filter(|user| user.profile.active).map(person).collect(),
            keywords: Arc::new(keywords.collect()),
            packs: self.packs()?,
            ..Rules::default()
        })
    }
}

/// The setting that names the version of all that a rulebook is read from.
const VERSION: &str = "rulebook_version";

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
