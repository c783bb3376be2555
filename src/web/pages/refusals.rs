//! Refusals: texts that were not taken, by whom, for whom and why, newest first.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use serde::Deserialize;

use super::Frame;
use super::actors::Actors;
use super::words::when;
use crate::store::{RefusalId, Refused, RefusedQuery};
use crate::web::App;
use crate::web::api::refusals::{Step, steps};
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::Query;

#[derive(Template)]
#[template(path = "refusals.html", config = "src/web/askama.toml")]
struct RefusalsPage {
    frame: Frame,
    rows: Vec<Row>,
    next: Option<i64>,
}

/// One text that was not taken, as often as it was tried within an hour.
struct Row {
    at: String,
    times: u32,
    who: String,
    number: String,
    code: String,
    why: Vec<String>,
}

impl Row {
    fn new(row: Refused, actors: &Actors, zone: &jiff::tz::TimeZone) -> Self {
        // The column beside it says the word already.
        let own = format!("not taken ({}): ", row.code);
        let why = |step: Step| step.why.strip_prefix(&own).unwrap_or(&step.why).to_owned();
        Self {
            at: when(row.at, zone),
            times: row.times,
            who: actors.name(&row.author),
            number: row.number.map(|number| number.as_str().to_owned()).unwrap_or_default(),
            code: row.code.replace('_', " "),
            why: steps(&row.trace).into_iter().map(why).collect(),
        }
    }
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
    let query =
        RefusedQuery { before: before.map(RefusalId), limit: SHOWN + 1, ..Default::default() };
    let read = app.store.read(move |tx| Ok((tx.refused(&query)?, Actors::read(tx)?)));
    let (mut rows, actors) = read.await?;
    let more = rows.len() > SHOWN as usize;
    rows.truncate(SHOWN as usize);
    let zone = &app.settings.time_zone;
    let page = RefusalsPage {
        next: rows.last().filter(|_| more).map(|row| row.id.0),
        rows: rows.into_iter().map(|row| Row::new(row, &actors, zone)).collect(),
        frame: Frame::of(&app, &caller, "Refusals", "/refusals", "refusals").await?,
    };
    Ok(Html(page.render()?))
}

const SHOWN: u32 = 100;
