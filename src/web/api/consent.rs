//! Consent: the ledger as a list and as a file, and decisions made by hand.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{List, cursor, page_size, stamp};
use crate::bus::Change as Ring;
use crate::engine::consent::{Change, Event, Level, Scope, State as Standing};
use crate::store::{ConsentEntry, ConsentId, Decided, Said, StoreError};
use crate::types::Number;
use crate::web::App;
use crate::web::accept::looked_for;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Query};
use crate::web::sheet::Sheet;

/// One entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Entry {
    id: String,
    number: String,
    /// The line it was said on; null when it was not said by a text.
    line: Option<String>,
    /// `opted_out`, `opted_in`, `repeated`, `possible` or `help`.
    change: &'static str,
    /// `organisation` or `line`.
    scope: &'static str,
    /// How sure the gateway was, or `by hand`.
    level: String,
    /// The word recognised, or a person's reason.
    word: String,
    language: String,
    /// An answer was sent.
    answered: bool,
    /// Who decided it for the customer, `kind` and id; null: the customer.
    by: Option<String>,
    message_id: Option<String>,
    /// SHA-256 of the octets it was said in, in hex.
    pdu_digest: Option<String>,
    /// The service centre's time.
    scts: Option<String>,
    at: String,
}

impl From<ConsentEntry> for Entry {
    fn from(entry: ConsentEntry) -> Self {
        let by = |author: crate::store::Author| match author.id {
            Some(id) => format!("{} {id}", author.kind.as_str()),
            None => author.kind.as_str().to_owned(),
        };
        Self {
            id: entry.id.to_string(),
            number: entry.number.as_str().to_owned(),
            line: entry.line.map(|line| line.to_string()),
            change: entry.change.as_str(),
            scope: entry.scope.as_str(),
            level: entry.level,
            word: entry.word,
            language: entry.language,
            answered: entry.answered,
            by: entry.author.map(by),
            message_id: entry.message.map(|id| id.to_string()),
            pdu_digest: entry.pdu_digest.map(|digest| crate::sms::to_hex(&digest)),
            scts: entry.scts.map(stamp),
            at: stamp(entry.at),
        }
    }
}

/// What holds for a number: one a scope.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Consent {
    number: String,
    /// `organisation`, or the id of the line it holds on.
    scope: String,
    /// `in` or `out`.
    state: &'static str,
    at: String,
    /// The words that led to it.
    how: String,
}

impl Consent {
    /// What holds for `number`.
    pub(in crate::web) fn of(number: &Number, decided: Decided) -> Self {
        Self {
            number: number.as_str().to_owned(),
            scope: decided.line.map_or_else(|| "organisation".to_owned(), |line| line.to_string()),
            state: decided.state.as_str(),
            at: stamp(decided.since),
            how: decided.said,
        }
    }
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Filter {
    /// Of one number.
    number: Option<String>,
    /// Those after this cursor, oldest first.
    after: Option<String>,
    /// 1 to 500, 50 without it.
    limit: Option<u32>,
}

/// The ledger of consent, oldest first. It is only ever appended to.
#[utoipa::path(get, path = "/api/v1/consent", tag = "consent", params(Filter),
    responses((status = 200, body = List<Entry>)))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(filter): Query<Filter>,
) -> Result<Json<List<Entry>>, WebError> {
    caller.every_line()?;
    let limit = page_size(filter.limit)?;
    let after = cursor(filter.after.as_deref())?.map(ConsentId);
    let country = app.settings.country;
    let number = filter.number.map(|text| looked_for(&text, country));
    let read = app.store.read(move |tx| tx.consent_ledger(number.as_ref(), after, limit));
    let found = read.await?;
    let more = found.len() == limit as usize;
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(List { items: found.into_iter().map(Entry::from).collect(), next }))
}

/// The whole ledger as a file for spreadsheets and lawyers.
#[utoipa::path(get, path = "/api/v1/consent.csv", tag = "consent",
    responses((status = 200, description = "text/csv")))]
pub(in crate::web) async fn export(
    State(app): State<App>,
    caller: Caller,
) -> Result<Response, WebError> {
    caller.every_line()?;
    let entries = app.store.read(|tx| {
        let mut all: Vec<ConsentEntry> = Vec::new();
        loop {
            let page = tx.consent_ledger(None, all.last().map(|last| last.id), PAGE)?;
            let last = page.len() < PAGE as usize;
            all.extend(page);
            if last {
                return Ok::<_, StoreError>(all);
            }
        }
    });
    let mut sheet = Sheet::new(HEADINGS);
    for entry in entries.await?.into_iter().map(Entry::from) {
        let answered = if entry.answered { "yes" } else { "no" };
        sheet.row([
            entry.at.as_str(),
            &entry.number,
            entry.change,
            entry.scope,
            entry.line.as_deref().unwrap_or_default(),
            &entry.level,
            &entry.word,
            &entry.language,
            answered,
            entry.by.as_deref().unwrap_or_default(),
            entry.message_id.as_deref().unwrap_or_default(),
            entry.pdu_digest.as_deref().unwrap_or_default(),
            entry.scts.as_deref().unwrap_or_default(),
        ]);
    }
    Ok(sheet.file("consent.csv"))
}

/// A decision that somebody told us by another way than a text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct ByHand {
    /// Whose.
    pub(in crate::web) number: String,
    /// `out`, or `in` for somebody who has not opted out.
    pub(in crate::web) state: String,
    /// How it was told: "by phone", "form of 3 May".
    pub(in crate::web) how: String,
    /// Id, name, number or ICCID of a line: it then holds on that line only.
    pub(in crate::web) line: Option<String>,
}

/// Opts a number out by hand, or records consent given by another way. Nothing is sent.
#[utoipa::path(post, path = "/api/v1/consent", tag = "consent", request_body = ByHand,
    responses((status = 201, body = List<Consent>),
        (status = 422, description = "number_invalid, line_unknown, opted_out")))]
pub(in crate::web) async fn record(
    State(app): State<App>,
    caller: Caller,
    Body(asked): Body<ByHand>,
) -> Result<(StatusCode, Json<List<Consent>>), WebError> {
    caller.every_line()?;
    let wrong = |detail| WebError::new(Code::FieldInvalid, detail);
    let change = match asked.state.as_str() {
        "out" => Change::OptedOut,
        "in" => Change::OptedIn,
        _ => return Err(wrong("state is out or in.")),
    };
    let how = asked.how.trim().to_owned();
    if how.is_empty() || how.chars().count() > 200 || how.chars().any(char::is_control) {
        return Err(wrong("how says in 1 to 200 characters how it was told."));
    }
    let (now, country, author) = (app.now(), app.settings.country, caller.author());
    let written = app.store.write(move |tx| {
        let line = match asked.line.as_deref().map(|word| tx.line_called(word)).transpose()? {
            Some(None) => return Ok(Err(Code::LineUnknown)),
            line => line.flatten(),
        };
        let country = line.as_ref().and_then(|line| line.country).or(country);
        let Ok(number) = Number::parse(&asked.number, country) else {
            return Ok(Err(Code::NumberInvalid));
        };
        let opted_out = tx.consent_of(&number)?.iter().any(|d| d.state == Standing::Out);
        if change == Change::OptedIn && (opted_out || tx.is_opted_out(&number)?) {
            return Ok(Err(Code::OptedOut));
        }
        let scope = if line.is_some() { Scope::Line } else { Scope::Organisation };
        let event = Event {
            number: number.clone(),
            change,
            scope,
            level: Level::Whole,
            word: how,
            language: String::new(),
            answered: false,
            by: None,
        };
        let line = line.map(|line| line.id);
        tx.record_consent(&event, &Said { line, message: None, author: Some(author) }, now)?;
        if change == Change::OptedOut {
            tx.cancel_all_to(&number, line, now)?;
        }
        let decided = tx.consent_of(&number)?.into_iter();
        Ok(Ok(decided.map(|decided| Consent::of(&number, decided)).collect::<Vec<_>>()))
    });
    let consent = written.await?.map_err(|code| match code {
        Code::OptedOut => WebError::new(
            code,
            "This number opted out. Only the person can change that, by texting START.",
        ),
        Code::LineUnknown => WebError::new(code, "Use an id from GET /api/v1/lines."),
        _ => WebError::new(code, "Write the number with + and country code."),
    })?;
    app.bus.ring(Ring::Queue);
    Ok((StatusCode::CREATED, Json(List::whole(consent))))
}

const HEADINGS: &str = "at,number,change,scope,line,level,word,language,answered,by,message_id,pdu_sha256,service_centre_time";
/// Rows read at a time.
const PAGE: u32 = 1_000;
