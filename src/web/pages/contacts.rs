//! `/contacts`: the address book. What is written is checked by the same acts as the API's.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Frame;
use super::face::{Piece, face, pieces};
use crate::store::{Contact, ContactQuery, ReadTx, StoreError};
use crate::types::{ContactId, ConversationId};
use crate::web::api::contacts::{self as book, ContactSet};
use crate::web::api::merges::{self, Other};
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Form, Id, Patch, Query};
use crate::web::{App, exports};

#[derive(Template)]
#[template(path = "contacts.html", config = "src/web/askama.toml")]
struct ContactsPage {
    frame: Frame,
    q: String,
    rows: Vec<Row>,
    next: Option<String>,
}

/// A contact in the list.
struct Row {
    id: ContactId,
    name: String,
    numbers: Vec<String>,
    opted_out: bool,
}

impl Row {
    fn read(tx: &ReadTx<'_>, contact: Contact) -> Result<Self, StoreError> {
        let mut opted_out = false;
        for number in &contact.card.numbers {
            opted_out |= tx.is_opted_out(number)?;
        }
        let numbers: Vec<String> =
            contact.card.numbers.iter().map(|number| number.as_str().to_owned()).collect();
        let name = match contact.name() {
            name if name.is_empty() => numbers.first().cloned().unwrap_or_default(),
            name => name,
        };
        Ok(Self { id: contact.id, name, numbers, opted_out })
    }

    fn face(&self) -> String {
        face(&self.name)
    }

    fn name_pieces(&self) -> Vec<Piece> {
        pieces(&self.name)
    }
}

/// Which contacts.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Asked {
    q: String,
    after: Option<i64>,
}

/// The list.
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(Asked { q, after }): Query<Asked>,
) -> Result<Html<String>, WebError> {
    let query = ContactQuery {
        after: after.map(ContactId),
        search: Some(q.trim().to_owned()).filter(|typed| !typed.is_empty()),
        limit: ROWS,
        ..ContactQuery::default()
    };
    let read = app.store.read(move |tx| {
        let found = tx.contacts(&query)?.into_iter();
        found.map(|contact| Row::read(tx, contact)).collect::<Result<Vec<_>, _>>()
    });
    let rows = read.await?;
    let more = rows.len() == ROWS as usize;
    let next = rows.last().filter(|_| more);
    let next =
        next.map(|last| format!("/contacts?q={}&after={}", super::inbox::encoded(&q), last.id));
    let frame = Frame::of(&app, &caller, "Contacts", "/contacts", "contacts").await?;
    Ok(Html(ContactsPage { frame, q, rows, next }.render()?))
}

#[derive(Template)]
#[template(path = "contact.html", config = "src/web/askama.toml")]
struct ContactPage {
    frame: Frame,
    /// `None`: one that is being added.
    id: Option<ContactId>,
    form: Filled,
    refusal: Option<String>,
    threads: Vec<(String, Option<ConversationId>)>,
    consent: Vec<String>,
    others: Vec<Row>,
    merged: Vec<Row>,
}

impl ContactPage {
    /// Whether there is more than one conversation with them.
    fn several(&self) -> bool {
        self.threads.iter().filter(|(_, thread)| thread.is_some()).count() > 1
    }

    fn number(&self) -> String {
        self.id.map(|id| id.to_string()).unwrap_or_default()
    }
}

/// The form as sent.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Filled {
    first_name: String,
    last_name: String,
    /// One a line.
    numbers: String,
    language: String,
    /// `name: value`, one a line.
    fields: String,
    notes: String,
}

impl Filled {
    fn of(contact: &Contact) -> Self {
        let card = &contact.card;
        let numbers: Vec<&str> = card.numbers.iter().map(|number| number.as_str()).collect();
        let fields: Vec<String> =
            card.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        Self {
            first_name: card.first_name.clone(),
            last_name: card.last_name.clone(),
            numbers: numbers.join("\n"),
            language: card.language.clone().unwrap_or_default(),
            fields: fields.join("\n"),
            notes: card.notes.clone(),
        }
    }

    fn set(&self) -> Result<ContactSet, WebError> {
        let lines = |text: &str| -> Vec<String> {
            text.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect()
        };
        let field = |line: String| {
            let (name, value) = line.split_once(':').ok_or_else(|| {
                let words = format!("Write a field as name: value, not as {line:?}.");
                WebError::new(Code::FieldInvalid, words)
            })?;
            Ok::<_, WebError>((name.trim().to_owned(), value.trim().to_owned()))
        };
        let language = Some(self.language.trim().to_owned()).filter(|code| !code.is_empty());
        Ok(ContactSet {
            first_name: Some(self.first_name.clone()),
            last_name: Some(self.last_name.clone()),
            numbers: Some(lines(&self.numbers)),
            language: Some(language),
            fields: Some(lines(&self.fields).into_iter().map(field).collect::<Result<_, _>>()?),
            notes: Some(self.notes.replace("\r\n", "\n")),
        })
    }
}

/// What a new contact begins with.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Begun {
    number: String,
}

/// The form of a new contact.
pub(in crate::web) async fn new(
    State(app): State<App>,
    caller: Caller,
    Query(Begun { number }): Query<Begun>,
) -> Result<Html<String>, WebError> {
    // A bare + in a query is a blank.
    let numbers = match number.strip_prefix(' ') {
        Some(rest) => format!("+{rest}"),
        None => number,
    };
    let form = Filled { numbers, ..Filled::default() };
    Ok(Html(page(&app, &caller, None, Some(form), None).await?))
}

/// Adds a contact, and goes back to where its number is written to.
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    Form(form): Form<Filled>,
) -> Result<Response, WebError> {
    let made = match form.set() {
        Ok(set) => book::create(State(app.clone()), caller.clone(), Body(set)).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok((_, Json(contact))) => {
            let id: ContactId = contact.id.parse().map_err(|_| WebError::not_found())?;
            let read = app.store.read(move |tx| {
                let Some(contact) = tx.contact(id)? else { return Ok(None) };
                let Some(number) = contact.card.numbers.first() else { return Ok(None) };
                Ok(tx.conversation_of(number)?.map(|thread| thread.id))
            });
            Ok(match read.await? {
                Some(thread) => Redirect::to(&format!("/threads/{thread}")).into_response(),
                None => Redirect::to(&format!("/contacts/{id}")).into_response(),
            })
        }
        Err(error) => refused(&app, &caller, None, form, error).await,
    }
}

/// A contact and its form.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
) -> Result<Html<String>, WebError> {
    Ok(Html(page(&app, &caller, Some(id), None, None).await?))
}

/// Changes a contact.
pub(in crate::web) async fn save(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    Form(form): Form<Filled>,
) -> Result<Response, WebError> {
    let fields = ["first_name", "last_name", "numbers", "language", "fields", "notes"];
    let saved = match form.set() {
        Ok(set) => {
            let patch = Patch { set, fields: fields.map(str::to_owned).to_vec() };
            book::update(State(app.clone()), caller.clone(), Id(id), patch).await
        }
        Err(refusal) => Err(refusal),
    };
    match saved {
        Ok(_) => Ok(Redirect::to(&format!("/contacts/{id}")).into_response()),
        Err(error) => refused(&app, &caller, Some(id), form, error).await,
    }
}

async fn refused(
    app: &App,
    caller: &Caller,
    id: Option<ContactId>,
    form: Filled,
    error: WebError,
) -> Result<Response, WebError> {
    if error.code().status().is_server_error() || error.code() == Code::NotFound {
        return Err(error);
    }
    let html = page(app, caller, id, Some(form), Some(error.detail().to_owned())).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(html)).into_response())
}

/// Which other contact, and what is done.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Pressed {
    act: String,
    other: String,
}

/// Deletes a contact, shows two as one, or undoes that (E136).
pub(in crate::web) async fn press(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    Form(Pressed { act, other }): Form<Pressed>,
) -> Result<Redirect, WebError> {
    match act.as_str() {
        "delete" => {
            book::delete(State(app), caller, Id(id)).await?;
            return Ok(Redirect::to("/contacts"));
        }
        "merge" => {
            let other = Body(Other { contact: other });
            merges::merge(State(app), caller, Id(id), other).await.map(drop)?;
        }
        "split" => {
            let other = Body(Other { contact: other });
            merges::split(State(app), caller, Id(id), other).await.map(drop)?;
        }
        _ => return Err(WebError::new(Code::FieldInvalid, "The page is old. Load it again.")),
    }
    Ok(Redirect::to(&format!("/contacts/{id}")))
}

async fn page(
    app: &App,
    caller: &Caller,
    id: Option<ContactId>,
    form: Option<Filled>,
    refusal: Option<String>,
) -> Result<String, WebError> {
    let read = app.store.read(move |tx| {
        let contact = id.map(|id| tx.contact(id)).transpose()?.flatten();
        let (mut threads, mut consent, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for number in contact.iter().flat_map(|contact| &contact.card.numbers) {
            let thread = tx.conversation_of(number)?.map(|thread| thread.id);
            threads.push((number.as_str().to_owned(), thread));
            for said in tx.consent_of(number)? {
                let word = said.state.as_str();
                consent.push(format!("{}: opted {word} (“{}”)", number.as_str(), said.said));
            }
        }
        if let Some(contact) = &contact {
            // Those of the same name or number come first to mind.
            let search = Some(contact.card.last_name.clone()).filter(|name| !name.is_empty());
            let search = search.or_else(|| Some(contact.name())).filter(|name| !name.is_empty());
            let query = ContactQuery { search, limit: 50, ..ContactQuery::default() };
            for other in tx.contacts(&query)? {
                if other.id != contact.id {
                    others.push(Row::read(tx, other)?);
                }
            }
        }
        let mut merged = Vec::new();
        for part in contact.iter().flat_map(|contact| &contact.merged) {
            if let Some(part) = tx.contact(*part)? {
                merged.push(Row::read(tx, part)?);
            }
        }
        Ok((contact, threads, consent, others, merged))
    });
    let (contact, threads, consent, others, merged) = read.await?;
    if id.is_some() && contact.is_none() {
        return Err(WebError::not_found());
    }
    let title = match &contact {
        Some(contact) if !contact.name().is_empty() => contact.name(),
        Some(_) => "Contact".to_owned(),
        None => "New contact".to_owned(),
    };
    let form = form.or_else(|| contact.as_ref().map(Filled::of)).unwrap_or_default();
    let frame = Frame::of(app, caller, title, "/contacts", "contacts").await?;
    Ok(ContactPage { frame, id, form, refusal, threads, consent, others, merged }.render()?)
}

/// The whole address book as a table.
pub(in crate::web) async fn export(
    State(app): State<App>,
    caller: Caller,
) -> Result<Response, WebError> {
    Ok(exports::table(&everybody(&app, &caller).await?).file("contacts.csv"))
}

/// The whole address book as cards for a phone.
pub(in crate::web) async fn export_cards(
    State(app): State<App>,
    caller: Caller,
) -> Result<Response, WebError> {
    let file = exports::cards(&everybody(&app, &caller).await?);
    let headers = [
        (header::CONTENT_TYPE, "text/vcard; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"contacts.vcf\""),
    ];
    Ok((headers, file).into_response())
}

async fn everybody(app: &App, caller: &Caller) -> Result<Vec<Contact>, WebError> {
    caller.every_line()?;
    let read = app.store.read(|tx| {
        let mut all: Vec<Contact> = Vec::new();
        loop {
            let after = all.last().map(|last| last.id);
            let page =
                tx.contacts(&ContactQuery { after, limit: 500, ..ContactQuery::default() })?;
            let last = page.len() < 500;
            all.extend(page);
            if last {
                return Ok::<_, StoreError>(all);
            }
        }
    });
    Ok(read.await?)
}

/// Contacts on one page.
const ROWS: u32 = 50;
