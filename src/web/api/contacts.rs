//! Contacts: the address book.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::{List, cursor, page_size, stamp};
use crate::store::{self, Card, ContactQuery, ReadTx, StoreError};
use crate::types::{ContactId, Number};
use crate::web::accept::looked_for;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id, Patch, Query, given};
use crate::web::{App, Settings, crew};

/// A person or organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Contact {
    pub(in crate::web) id: String,
    first_name: String,
    last_name: String,
    /// In E.164; the first is written to when nobody says which.
    numbers: Vec<String>,
    /// ISO 639 code.
    language: Option<String>,
    /// Free fields, for templates.
    fields: BTreeMap<String, String>,
    /// For staff only.
    notes: String,
    /// What each number's owner has said; it stays with the number (E100).
    consent: Vec<Consent>,
    /// Ids of contacts shown as part of this one.
    merged: Vec<String>,
    created_at: String,
    updated_at: String,
}

/// The last decision of a number's owner in one scope.
#[derive(Debug, Serialize, ToSchema)]
struct Consent {
    number: String,
    /// `organisation`, or the id of the line it holds on.
    scope: String,
    /// `in` or `out`.
    state: &'static str,
    at: String,
    /// The words that led to it.
    how: String,
}

impl Contact {
    /// A contact with what its numbers' owners have said.
    pub(super) fn read(tx: &ReadTx<'_>, contact: store::Contact) -> Result<Self, StoreError> {
        let mut consent = Vec::new();
        for number in &contact.card.numbers {
            consent.extend(tx.consent_of(number)?.into_iter().map(|said| Consent {
                number: number.as_str().to_owned(),
                scope: said.line.map_or_else(|| "organisation".to_owned(), |line| line.to_string()),
                state: said.state.as_str(),
                at: stamp(said.since),
                how: said.said,
            }));
        }
        let card = contact.card;
        Ok(Self {
            id: contact.id.to_string(),
            first_name: card.first_name,
            last_name: card.last_name,
            numbers: card.numbers.iter().map(|number| number.as_str().to_owned()).collect(),
            language: card.language,
            fields: card.fields,
            notes: card.notes,
            consent,
            merged: contact.merged.iter().map(ContactId::to_string).collect(),
            created_at: stamp(contact.created_at),
            updated_at: stamp(contact.updated_at),
        })
    }
}

/// Which contacts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Filter {
    /// Words of the name, or part of a number.
    q: Option<String>,
    /// Those with this number.
    number: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 500, 50 without it.
    limit: Option<u32>,
}

/// Contacts in the order they were added.
#[utoipa::path(get, path = "/api/v1/contacts", tag = "contacts", params(Filter),
    responses((status = 200, body = List<Contact>)))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<List<Contact>>, WebError> {
    let limit = page_size(filter.limit)?;
    let query = ContactQuery {
        after: cursor(filter.after.as_deref())?.map(ContactId),
        search: filter.q.filter(|typed| !typed.trim().is_empty()),
        number: filter.number.map(|text| looked_for(&text, app.settings.country)),
        limit,
    };
    let read = app.store.read(move |tx| {
        let found = tx.contacts(&query)?.into_iter();
        found.map(|contact| Contact::read(tx, contact)).collect::<Result<Vec<_>, _>>()
    });
    let items = read.await?;
    let next = items.last().filter(|_| items.len() == limit as usize).map(|c| c.id.clone());
    Ok(Json(List { items, next }))
}

/// What is written of a contact; a change names only what changes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct ContactSet {
    pub(in crate::web) first_name: Option<String>,
    pub(in crate::web) last_name: Option<String>,
    /// With + and country code, or national by the organisation's country.
    pub(in crate::web) numbers: Option<Vec<String>>,
    /// ISO 639 code, or null.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub(in crate::web) language: Option<Option<String>>,
    /// Replaces all free fields.
    pub(in crate::web) fields: Option<BTreeMap<String, String>>,
    pub(in crate::web) notes: Option<String>,
}

impl ContactSet {
    fn onto(self, mut card: Card, tx: &ReadTx<'_>, settings: &Settings) -> Result<Card, WebError> {
        if let Some(first) = self.first_name {
            card.first_name = one_line("first_name", &first, LONGEST_NAME)?;
        }
        if let Some(last) = self.last_name {
            card.last_name = one_line("last_name", &last, LONGEST_NAME)?;
        }
        if let Some(numbers) = self.numbers {
            if numbers.len() > MOST_NUMBERS {
                return Err(WebError::new(Code::FieldInvalid, "numbers holds at most 20."));
            }
            let country = crew::country(tx, settings)?;
            let read = numbers.iter().map(|text| Ok(Number::parse(text, country)?));
            card.numbers = read.collect::<Result<_, WebError>>()?;
        }
        if let Some(language) = self.language {
            card.language = language.map(|code| language_code(&code)).transpose()?;
        }
        if let Some(fields) = self.fields {
            card.fields = checked_fields(fields)?;
        }
        if let Some(notes) = self.notes {
            if notes.len() > LONGEST_NOTES {
                return Err(WebError::new(Code::FieldInvalid, "notes has at most 10,000 octets."));
            }
            card.notes = notes;
        }
        if card.numbers.is_empty() && card.first_name.is_empty() && card.last_name.is_empty() {
            return Err(WebError::new(Code::FieldInvalid, "Give a name or a number."));
        }
        Ok(card)
    }
}

/// One line without control characters: a name goes into texts and headers (E147).
pub(super) fn one_line(field: &str, text: &str, longest: usize) -> Result<String, WebError> {
    let text = text.trim();
    if text.chars().count() > longest || text.chars().any(char::is_control) {
        let detail = format!("{field} is one line of at most {longest} characters.");
        return Err(WebError::new(Code::FieldInvalid, detail));
    }
    Ok(text.to_owned())
}

fn language_code(code: &str) -> Result<String, WebError> {
    let code = code.trim().to_ascii_lowercase();
    match (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase()) {
        true => Ok(code),
        false => Err(WebError::new(Code::FieldInvalid, "language is a code such as en or fr.")),
    }
}

/// Names that a template can say, with values a template can hold.
fn checked_fields(fields: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, WebError> {
    let named = |name: &str| {
        let mut letters = name.bytes();
        letters.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
            && letters.all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if fields.len() > MOST_FIELDS || fields.values().any(|value| value.len() > LONGEST_FIELD) {
        let detail = "fields holds at most 50 values of at most 1,000 octets.";
        return Err(WebError::new(Code::FieldInvalid, detail));
    }
    match fields.keys().find(|name| name.len() > 50 || !named(name)) {
        Some(name) => {
            let detail = format!("{name:?} is no name of a field: use letters, digits and _.");
            Err(WebError::new(Code::FieldInvalid, detail))
        }
        None => Ok(fields),
    }
}

pub(super) fn one(tx: &ReadTx<'_>, id: ContactId) -> Result<Contact, WebError> {
    let contact = tx.contact(id)?.ok_or_else(WebError::not_found)?;
    Ok(Contact::read(tx, contact)?)
}

/// Adds a contact.
#[utoipa::path(post, path = "/api/v1/contacts", tag = "contacts", request_body = ContactSet,
    responses((status = 201, body = Contact), (status = 422, description = "number_invalid")))]
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<ContactSet>,
) -> Result<(StatusCode, Json<Contact>), WebError> {
    let settings = app.settings.clone();
    let made = change(&app, move |tx, now| {
        let card = new.onto(Card::default(), tx, &settings)?;
        let id = tx.create_contact(&card, now)?;
        audit(tx, &caller, "contact.created", id, json!({}), now)?;
        one(tx, id)
    });
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// One contact.
#[utoipa::path(get, path = "/api/v1/contacts/{id}", tag = "contacts", params(("id" = String, Path)),
    responses((status = 200, body = Contact), (status = 404, description = "not_found")))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    Id(id): Id<ContactId>,
) -> Result<Json<Contact>, WebError> {
    Ok(Json(app.store.read(move |tx| Ok(one(tx, id))).await??))
}

/// Changes a contact. Consent stays with the numbers (E100).
#[utoipa::path(patch, path = "/api/v1/contacts/{id}", tag = "contacts", params(("id" = String, Path)),
    request_body = ContactSet,
    responses((status = 200, body = Contact), (status = 404, description = "not_found")))]
pub(in crate::web) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    Patch { set, fields }: Patch<ContactSet>,
) -> Result<Json<Contact>, WebError> {
    let settings = app.settings.clone();
    let changed = change(&app, move |tx, now| {
        let contact = tx.contact(id)?.ok_or_else(WebError::not_found)?;
        let card = set.onto(contact.card, tx, &settings)?;
        tx.save_contact(id, &card, now)?;
        audit(tx, &caller, "contact.changed", id, json!({ "fields": fields }), now)?;
        one(tx, id)
    });
    Ok(Json(changed.await?))
}

/// Forgets a contact; its conversations stay, under their numbers.
#[utoipa::path(delete, path = "/api/v1/contacts/{id}", tag = "contacts", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found")))]
pub(in crate::web) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
) -> Result<StatusCode, WebError> {
    change(&app, move |tx, now| {
        if !tx.delete_contact(id, now)? {
            return Err(WebError::not_found());
        }
        audit(tx, &caller, "contact.deleted", id, json!({}), now)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

const LONGEST_NAME: usize = 100;
const LONGEST_NOTES: usize = 10_000;
const LONGEST_FIELD: usize = 1_000;
const MOST_NUMBERS: usize = 20;
const MOST_FIELDS: usize = 50;
