//! Texts that were not taken, and why: what an admin looks at when somebody says "I did send it".

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{List, cursor, page_size, stamp};
use crate::store::{self, RefusalId, RefusedQuery};
use crate::web::App;
use crate::web::accept::looked_for;
use crate::web::error::{Code, WebError};
use crate::web::extract::Query;

/// A text that was not taken. Its words are not kept.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Refused {
    id: String,
    /// When it was tried first.
    first_at: String,
    /// When it was tried last.
    at: String,
    /// How often: tries within an hour of each other are one row.
    times: u32,
    /// How it came: `message`, `batch`, `bulk`, `prompt`, `page`, `mail`, `relay`.
    way: String,
    /// Who tried: `user`, `token`, `email`, `relay`, `system`.
    author_kind: &'static str,
    author_id: Option<String>,
    /// The id of the line, where one was named.
    line: Option<String>,
    /// The recipient; empty when it could not be read.
    number: String,
    class: String,
    /// The stable word that the call was answered with.
    code: String,
    trace: Vec<Step>,
}

/// One step of why.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(in crate::web) struct Step {
    step: String,
    pub(in crate::web) why: String,
}

impl From<store::Refused> for Refused {
    fn from(row: store::Refused) -> Self {
        Self {
            id: row.id.to_string(),
            first_at: stamp(row.first_at),
            at: stamp(row.at),
            times: row.times,
            way: row.way,
            author_kind: row.author.kind.as_str(),
            author_id: row.author.id,
            line: row.line.map(|line| line.to_string()),
            number: row.number.map(|number| number.as_str().to_owned()).unwrap_or_default(),
            class: row.class,
            code: row.code,
            trace: steps(&row.trace),
        }
    }
}

/// The steps of a trace; we wrote it ourselves.
pub(in crate::web) fn steps(trace: &str) -> Vec<Step> {
    serde_json::from_str(trace).unwrap_or_default()
}

/// Which refusals.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Filter {
    /// One recipient.
    number: Option<String>,
    /// One stable word, such as `opted_out`.
    code: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 500, 50 without it.
    limit: Option<u32>,
}

/// Texts that were not taken, the newest first: who tried, for whom, and why. The newest 10,000 are
/// kept, without their words.
#[utoipa::path(get, path = "/api/v1/refusals", tag = "messages", params(Filter),
    responses((status = 200, body = List<Refused>)))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<List<Refused>>, WebError> {
    let limit = page_size(filter.limit)?;
    if filter.code.as_deref().is_some_and(|word| Code::of_word(word).is_none()) {
        let detail = "code is one of the stable words of docs/reference/api.md.";
        return Err(WebError::new(Code::FieldInvalid, detail));
    }
    let country = app.settings.country;
    let query = RefusedQuery {
        before: cursor(filter.after.as_deref())?.map(RefusalId),
        number: filter.number.map(|text| looked_for(&text, country)),
        code: filter.code,
        limit,
    };
    let rows = app.store.read(move |tx| tx.refused(&query)).await?;
    let next = rows.last().filter(|_| rows.len() == limit as usize);
    let next = next.map(|row| row.id.to_string());
    Ok(Json(List { items: rows.into_iter().map(Refused::from).collect(), next }))
}
