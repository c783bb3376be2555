//! What is set of a line: checked by the engine's own types and lints before it is kept.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::contacts::one_line;
use super::lines::{Line, NotifiedUser};
use crate::bus::Change;
use crate::engine::hours::BusinessHours;
use crate::engine::limits::Limits;
use crate::engine::quiet::QuietHours;
use crate::engine::relay::RelayRules;
use crate::engine::rules::{PersonId, Rules};
use crate::engine::texts::Texts;
use crate::engine::{consent, lint, routing, template};
use crate::store::{self, ClaimPolicy, LineId, LineSettings, ReadTx, Registration, SmsSwitch};
use crate::types::{Country, Number};
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Id, Patch, given};
use crate::web::{App, Settings, crew};

/// What changes of a line; null takes a setting away where that is possible.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct LineSet {
    name: Option<String>,
    /// Two letters, or null.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    country: Option<Option<String>>,
    /// Its own number, where the SIM does not tell it.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    number: Option<Option<String>>,
    /// `on` or `off`; pending until it really is.
    sms: Option<String>,
    /// `not_needed`, `needed`, `pending` or `registered`.
    registration: Option<String>,
    /// Shown in every forward, each up to 50 characters.
    tags: Option<Vec<String>>,
    /// Relays by SMS go to this user: id, address or phone; or null.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    response_recipient: Option<Option<String>>,
    /// One to five; each with at least one channel that works.
    notified_users: Option<Vec<NotifiedUser>>,
    /// Up to 20 addresses.
    response_emails: Option<Vec<String>>,
    /// `off`, `soft`, `strict`, or null: strict where users are notified.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    claim_policy: Option<Option<String>>,
    participants_reply: Option<bool>,
    /// Minutes after which an idle claim is given back to everybody; null: the gateway's 12 hours.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<u32>)]
    claims_idle: Option<Option<u32>>,
    /// Users are told of new texts: then `notified_users` names one at least. Naming some turns it
    /// on; a line on which nobody is to be told says false, or was never asked.
    notify: Option<bool>,
    /// `{from: "21:00", to: "08:00"}` of the recipient's day, in which marketing and whatever was
    /// planned ahead waits; `"off"`; null: these hours, for marketing alone.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    quiet_hours: Option<Option<Value>>,
    /// `{opt_in, opt_out, opt_back_in, help, away, ...}`: those named change, null is the shipped one.
    #[schema(value_type = Option<Object>)]
    texts: Option<Map<String, Value>>,
    /// How people reach you: the answer to HELP.
    help_contact: Option<String>,
    /// `{time_zone, week: {mon: ["09:00-17:00"]}, holidays}`, or null: always attended.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    business_hours: Option<Option<Value>>,
    international: Option<bool>,
    /// Short codes that may be written to, although that may cost a premium.
    short_codes: Option<Vec<String>>,
    /// `{segments_a_day: {warn, hold}, money_a_month: {warn, hold}, prices: {home, abroad,
    /// countries: {FR: 90}}}`, money in thousandths of the currency: those named change.
    #[schema(value_type = Option<Object>)]
    limits: Option<Map<String, Value>>,
    /// `{scope, profile, clarify, help_when_out}`: those named change.
    #[schema(value_type = Option<Object>)]
    consent: Option<Map<String, Value>>,
    /// `{recipients, pin, max_segments, middle, ...}` of the relay by SMS: those named change.
    #[schema(value_type = Option<Object>)]
    relay: Option<Map<String, Value>>,
    /// Forwards show one-time codes instead of masking them.
    show_codes: Option<bool>,
}

/// Changes a line. What is refused says which setting and what to do.
#[utoipa::path(patch, path = "/api/v1/lines/{id}", tag = "lines", params(("id" = String, Path)),
    request_body = LineSet,
    responses((status = 200, body = Line), (status = 404, description = "not_found"),
        (status = 422, description = "notified_user_required, notified_users_too_many, channel_required, phone_missing, email_missing, phone_is_own_line, recipient_without_phone, recipient_is_own_line, response_emails_too_many, response_email_invalid, tag_too_long, help_contact_missing, registration_missing, hours_invalid, template_invalid, user_unknown, number_invalid")))]
pub(in crate::web) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(line): Id<LineId>,
    Patch { set, fields }: Patch<LineSet>,
) -> Result<Json<Line>, WebError> {
    let settings = app.settings.clone();
    let changed = change(&app, move |tx, now| {
        let before = tx.line_settings(line)?.ok_or_else(WebError::not_found)?;
        let switch = set.sms.as_deref().map(switch).transpose()?;
        let after = set.onto(before, tx, &settings)?;
        let on =
            tx.line(line)?.is_some_and(|l| matches!(l.sms, SmsSwitch::On | SmsSwitch::PendingOn));
        if switch == Some(true) {
            may_be_on(&after, tx)?;
        } else if switch.is_none() && on && fields.iter().any(|field| field == "help_contact") {
            help_contact(&after)?;
        }
        tx.save_line_settings(line, &after, now)?;
        if let Some(on) = switch {
            tx.switch_sms(line, on, now)?;
        }
        audit(tx, &caller, "line.changed", line, json!({ "fields": fields }), now)?;
        Line::read(tx, line)?.ok_or_else(WebError::not_found)
    });
    let line = changed.await?;
    app.bus.ring(Change::Lines);
    app.bus.ring(Change::Queue);
    Ok(Json(line))
}

fn switch(word: &str) -> Result<bool, WebError> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(WebError::new(Code::FieldInvalid, "sms is on or off.")),
    }
}

/// S98, E18, E105: what a line needs before it is switched on.
fn may_be_on(set: &LineSettings, tx: &ReadTx<'_>) -> Result<(), WebError> {
    if matches!(set.registration, Registration::Needed | Registration::Pending) {
        let detail = "The line's registration is not done. Set registration when it is.";
        return Err(WebError::new(Code::RegistrationMissing, detail));
    }
    help_contact(set)?;
    if let Some(user) = set.response_recipient {
        recipient(PersonId(user.0), &crew::rules(tx)?)?;
    }
    Ok(())
}

fn help_contact(set: &LineSettings) -> Result<(), WebError> {
    match set.help_contact.is_empty() {
        true => Err(WebError::new(
            Code::HelpContactMissing,
            "Say in help_contact how people reach you: the answer to HELP needs it.",
        )),
        false => Ok(()),
    }
}

fn recipient(person: PersonId, rules: &Rules) -> Result<(), WebError> {
    let unknown =
        || WebError::new(Code::UserUnknown, "response_recipient is no user of GET /api/v1/users.");
    Ok(lint::recipient(rules.person(person).ok_or_else(unknown)?, rules)?)
}

impl LineSet {
    fn onto(
        self,
        mut set: LineSettings,
        tx: &ReadTx<'_>,
        settings: &Settings,
    ) -> Result<LineSettings, WebError> {
        let invalid = |detail: &'static str| WebError::new(Code::FieldInvalid, detail);
        if let Some(name) = self.name {
            set.name = one_line("name", &name, LONGEST_NAME)?;
            if set.name.is_empty() {
                return Err(invalid("name has 1 to 100 characters."));
            }
        }
        if let Some(country) = self.country {
            set.country = country
                .map(|code| code.parse::<Country>())
                .transpose()
                .map_err(|_| invalid("country is two letters such as GB, or null."))?;
        }
        if let Some(number) = self.number {
            let country = set.country.or(settings.country);
            set.number = match number.map(|text| Number::parse(&text, country)).transpose()? {
                Some(Number::E164(number)) => Some(number),
                None => None,
                Some(_) => return Err(WebError::new(Code::NumberInvalid, "number is E.164.")),
            };
        }
        if let Some(word) = self.registration {
            set.registration = Registration::parse(&word).ok_or_else(|| {
                invalid("registration is not_needed, needed, pending or registered.")
            })?;
        }
        if let Some(tags) = self.tags {
            if tags.len() > MOST_TAGS {
                return Err(invalid("tags holds at most 20."));
            }
            tags.iter().try_for_each(|tag| routing::check_tag(tag))?;
            set.tags = tags;
        }
        if let Some(emails) = self.response_emails {
            routing::check_emails(&emails, routing::MAX_EMAILS)?;
            set.response_emails = emails;
        }
        if let Some(policy) = self.claim_policy {
            let read = |word: String| {
                ClaimPolicy::parse(&word)
                    .ok_or_else(|| invalid("claim_policy is off, soft, strict or null."))
            };
            set.claim_policy = policy.map(read).transpose()?;
        }
        if let Some(user) = self.response_recipient {
            let user = user.map(|word| crew::user_called(tx, &word, settings)).transpose()?;
            if let Some(user) = &user {
                recipient(PersonId(user.id.0), &crew::rules(tx)?)?;
            }
            set.response_recipient = user.map(|user| user.id);
        }
        let named = self.notified_users.is_some();
        if let Some(told) = self.notified_users {
            let told = told.into_iter().map(|one| one.read(tx, settings));
            set.notified = told.collect::<Result<Vec<store::NotifiedUser>, WebError>>()?;
            set.notified.sort_by_key(|one| one.user);
            let people: Vec<_> = set.notified.iter().map(crew::notified).collect();
            // Nobody, while the sink is turned off by the same call, is nobody to check.
            if self.notify != Some(false) || !people.is_empty() {
                lint::notified(&people, &crew::rules(tx)?)?;
            }
            if set.notified.windows(2).any(|pair| pair[0].user == pair[1].user) {
                return Err(invalid("notified_users names somebody twice."));
            }
        }
        if let Some(texts) = self.texts {
            set.texts = checked_texts(merged("texts", set.texts, texts)?)?;
        }
        if let Some(contact) = self.help_contact {
            set.help_contact = one_line("help_contact", &contact, LONGEST_CONTACT)?;
        }
        if let Some(hours) = self.business_hours {
            if let Some(hours) = &hours {
                serde_json::from_value::<BusinessHours>(hours.clone())
                    .map_err(|error| WebError::new(Code::HoursInvalid, error.to_string()))?;
            }
            set.business_hours = hours;
        }
        if let Some(codes) = self.short_codes {
            let fine =
                |code: &String| matches!(Number::parse(code, None), Ok(Number::ShortCode(_)));
            if codes.len() > MOST_TAGS || !codes.iter().all(fine) {
                return Err(invalid("short_codes holds at most 20 codes of 2 to 6 digits."));
            }
            set.short_codes = codes;
        }
        if let Some(limits) = self.limits {
            set.limits = checked::<Limits>("limits", merged("limits", set.limits, limits)?)?;
        }
        if let Some(consent) = self.consent {
            let value = merged("consent", set.consent, consent)?;
            set.consent = checked::<consent::Settings>("consent", value)?;
        }
        if let Some(relay) = self.relay {
            set.relay = checked_relay(merged("relay", set.relay, relay)?, tx)?;
        }
        if let Some(minutes) = self.claims_idle {
            if minutes.is_some_and(|minutes| !(5..=60 * 24 * 31).contains(&minutes)) {
                return Err(invalid("claims_idle is 5 to 44640 minutes, or null."));
            }
            set.claims_idle = minutes;
        }
        if let Some(hours) = self.quiet_hours {
            set.quiet_hours = match hours {
                Some(Value::String(word)) if word == "off" => Some(Value::Null),
                Some(hours) => Some(checked::<QuietHours>("quiet_hours", hours)?),
                None => None,
            };
        }
        set.notify = self.notify.or(if named { Some(true) } else { set.notify });
        // S105: asked at every change, also at one that names nobody.
        if set.notify == Some(true) && set.notified.is_empty() {
            lint::notified(&[], &crew::rules(tx)?)?;
        }
        set.participants_reply = self.participants_reply.unwrap_or(set.participants_reply);
        set.international = self.international.unwrap_or(set.international);
        set.show_codes = self.show_codes.unwrap_or(set.show_codes);
        Ok(set)
    }
}

/// What is kept with what changes laid over it; null takes a key away.
fn merged(field: &str, kept: Value, changes: Map<String, Value>) -> Result<Value, WebError> {
    let mut kept = match kept {
        Value::Object(kept) => kept,
        _ => Map::new(),
    };
    for (key, value) in changes {
        match value {
            Value::Null => drop(kept.remove(&key)),
            value => drop(kept.insert(key, value)),
        }
    }
    let value = Value::Object(kept);
    match value.to_string().len() > LONGEST_JSON {
        true => Err(WebError::new(Code::FieldInvalid, format!("{field} is too large."))),
        false => Ok(value),
    }
}

/// A value that the engine's own type reads; its sentence is the refusal.
pub(super) fn checked<T: DeserializeOwned>(field: &str, value: Value) -> Result<Value, WebError> {
    read::<T>(field, &value)?;
    Ok(value)
}

/// As [`checked`], giving what was read.
pub(super) fn read<T: DeserializeOwned>(field: &str, value: &Value) -> Result<T, WebError> {
    serde_json::from_value::<T>(value.clone()).map_err(|error| {
        let words = error.to_string();
        let unknown = words.starts_with("unknown field");
        let code = if unknown { Code::UnknownField } else { Code::FieldInvalid };
        WebError::new(code, format!("{field}: {words}"))
    })
}

fn checked_texts(value: Value) -> Result<Value, WebError> {
    if value.get("help_contact").is_some() {
        let detail = "help_contact is a setting of its own, beside texts.";
        return Err(WebError::new(Code::UnknownField, detail));
    }
    let texts = read::<Texts>("texts", &value)?;
    let languages = texts.other_languages.values().chain([&texts]);
    let written = languages.flat_map(|texts| {
        [&texts.opt_in, &texts.opt_out, &texts.opt_back_in, &texts.help, &texts.away]
    });
    written.flatten().try_for_each(|text| renders(text).map(drop))?;
    Ok(value)
}

/// Whether a text is a template that can be filled: read, and tried once with every field set, so
/// that includes, circles and endless loops show when it is saved and not when it is sent.
pub(super) fn renders(text: &str) -> Result<Vec<String>, WebError> {
    if text.chars().count() > LONGEST_TEXT {
        return Err(WebError::new(Code::TextTooLong, "A text has at most 2,000 characters."));
    }
    let names = template::names(text)?;
    let filled = names.iter().map(|name| (name.clone(), "x".to_owned())).collect();
    template::merge(text, &filled)?;
    Ok(names)
}

/// The relay's settings; its further recipients are users who can be one.
fn checked_relay(mut value: Value, tx: &ReadTx<'_>) -> Result<Value, WebError> {
    if let Some(Value::Array(ids)) = value.get_mut("recipients") {
        for id in ids.iter_mut() {
            if let Some(number) = id.as_str().and_then(|text| text.parse::<i64>().ok()) {
                *id = json!(number);
            }
        }
    }
    let relay = read::<RelayRules>("relay", &value)?;
    let rules = crew::rules(tx)?;
    relay.recipients.iter().try_for_each(|person| recipient(*person, &rules))?;
    Ok(value)
}

const LONGEST_NAME: usize = 100;
const LONGEST_CONTACT: usize = 200;
const LONGEST_TEXT: usize = 2_000;
const LONGEST_JSON: usize = 32_000;
const MOST_TAGS: usize = 20;
