//! Our people and lines as the engine's checks want them, and words that mean one of us.

use super::Settings;
use super::auth::Caller;
use super::error::{Code, WebError};
use crate::engine::rules::{self, Notified, Person, PersonId, Rules};
use crate::engine::{action::Urgency, claim};
use crate::store::{ClaimPolicy, LineId, LineSettings, NotifiedUser, ReadTx, Role, User, UserId};
use crate::types::{Country, Number};

/// Everybody and all own numbers; the line is the default one.
pub(super) fn rules(tx: &ReadTx<'_>) -> Result<Rules, WebError> {
    let numbers = tx.lines()?.into_iter().filter_map(|line| line.number);
    Ok(Rules {
        people: tx.users()?.iter().map(person).collect(),
        own_numbers: numbers.map(Number::E164).collect(),
        packs: tx.packs()?,
        ..Rules::default()
    })
}

/// Everybody, and the claim policy of a line.
pub(super) fn claim_rules(tx: &ReadTx<'_>, line: Option<LineId>) -> Result<Rules, WebError> {
    let settings = line.map(|line| tx.line_settings(line)).transpose()?.flatten();
    let people = tx.users()?.iter().map(person).collect();
    let claims = settings.as_ref().map(claims).unwrap_or_default();
    let line = rules::Line { claims, ..rules::Line::default() };
    Ok(Rules { people, line, packs: Vec::new(), ..Rules::default() })
}

fn claims(settings: &LineSettings) -> claim::Policy {
    let mode = match settings.claims() {
        ClaimPolicy::Off => claim::Mode::Off,
        ClaimPolicy::Soft => claim::Mode::Soft,
        ClaimPolicy::Strict => claim::Mode::Strict,
    };
    claim::Policy { mode, participants_reply: settings.participants_reply }
}

/// A user as the engine sees one.
pub(super) fn person(user: &User) -> Person {
    Person {
        id: PersonId(user.id.0),
        name: user.name(),
        phone: user.profile.phone.clone(),
        email: user.profile.email.clone(),
        admin: user.profile.role == Role::Admin && user.profile.active,
        off_duty: !user.profile.duty,
        paused: user.paused,
    }
}

/// A notified user as the engine sees one.
pub(super) fn notified(told: &NotifiedUser) -> Notified {
    let urgency = match told.urgency.as_deref() {
        Some("now") => Some(Urgency::Now),
        Some("batch") => Some(Urgency::Batch),
        _ => None,
    };
    let person = PersonId(told.user.0);
    Notified { person, sms: told.sms, email: told.email, push: told.push, urgency }
}

/// The user a word means: an id, an address or a phone number, where that is one person.
pub(super) fn user_called(
    tx: &ReadTx<'_>,
    word: &str,
    settings: &Settings,
) -> Result<User, WebError> {
    let phone = Number::parse(word, settings.country).ok();
    let mut found = tx.users_called(word.trim(), phone.as_ref())?;
    let unknown = |detail: &'static str| WebError::new(Code::UserUnknown, detail);
    match found.len() {
        0 => Err(unknown("Use an id from GET /api/v1/users, or an address or phone of one user.")),
        1 => Ok(found.remove(0)),
        // An id wins over a phone that looks like it; two people with one address do not.
        _ if found[0].id.to_string() == word.trim() => Ok(found.remove(0)),
        _ => Err(unknown("Several users have that address or phone: use the id.")),
    }
}

/// Who acts, as the engine sees them: a user, or the admin who needs no account.
pub(super) fn actor(caller: &Caller, rules: &Rules) -> Person {
    let known = caller.user().and_then(|user| rules.person(PersonId(user.0)));
    known.cloned().unwrap_or_else(|| Person {
        admin: caller.is_admin(),
        name: "The admin".to_owned(),
        ..Person::default()
    })
}

/// Those of the people who can act: not deactivated, with a role to answer.
pub(super) fn can_act(tx: &ReadTx<'_>, id: UserId) -> Result<User, WebError> {
    let user = tx
        .user(id)?
        .ok_or_else(|| WebError::new(Code::UserUnknown, "Use an id from GET /api/v1/users."))?;
    match user.profile.acts() {
        true => Ok(user),
        false => Err(WebError::new(
            Code::UserInactive,
            "Choose an active user with the role admin or agent.",
        )),
    }
}

/// How numbers are read when no line is named: the organisation's country, else the first line's.
pub(super) fn country(tx: &ReadTx<'_>, settings: &Settings) -> Result<Option<Country>, WebError> {
    match settings.country {
        Some(country) => Ok(Some(country)),
        None => Ok(tx.lines()?.into_iter().find_map(|line| line.country)),
    }
}
