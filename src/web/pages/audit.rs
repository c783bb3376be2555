//! Audit: who changed what, newest first. Names of fields, never their values.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use serde::Deserialize;
use serde_json::Value;

use super::Frame;
use super::actors::Actors;
use super::words::when;
use crate::store::Audit;
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::Query;

#[derive(Template)]
#[template(path = "audit.html", config = "src/web/askama.toml")]
struct AuditPage {
    frame: Frame,
    rows: Vec<Row>,
    next: Option<i64>,
    /// The first row that was changed from outside. Known on the first page only.
    broken: Option<i64>,
    first: bool,
}

/// One act.
struct Row {
    id: i64,
    at: String,
    who: String,
    action: String,
    subject: String,
    detail: String,
}

impl Row {
    fn new(act: Audit, actors: &Actors, zone: &jiff::tz::TimeZone) -> Self {
        Self {
            id: act.id,
            at: when(act.at, zone),
            who: actors.name(&act.actor),
            // A word such as contact.changed reads well with a blank.
            action: act.action.replace(['.', '_'], " "),
            subject: act.subject.unwrap_or_default(),
            detail: said(&act.detail),
        }
    }
}

/// The detail without the signs of JSON.
fn said(detail: &Value) -> String {
    let word = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            let words =
                items.iter().map(|item| item.as_str().map_or(item.to_string(), str::to_owned));
            words.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    let pairs = detail.as_object().into_iter().flatten();
    pairs.map(|(key, value)| format!("{key}: {}", word(value))).collect::<Vec<_>>().join("; ")
}

/// Where to go on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct From {
    before: Option<i64>,
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Query(From { before }): Query<From>,
) -> Result<Html<String>, WebError> {
    let read = app.store.read(move |tx| {
        let broken = if before.is_none() { tx.audit_broken_at()? } else { None };
        Ok((tx.audit_log(before, SHOWN + 1)?, Actors::read(tx)?, broken))
    });
    let (mut acts, actors, broken) = read.await?;
    let more = acts.len() > SHOWN as usize;
    acts.truncate(SHOWN as usize);
    let zone = &app.settings.time_zone;
    let page = AuditPage {
        next: acts.last().filter(|_| more).map(|act| act.id),
        rows: acts.into_iter().map(|act| Row::new(act, &actors, zone)).collect(),
        frame: Frame::of(&app, &caller, "Audit", "/audit", "audit").await?,
        first: before.is_none(),
        broken,
    };
    Ok(Html(page.render()?))
}

const SHOWN: u32 = 100;
