//! The audit log: who changed what, newest first.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{cursor, page_size, stamp};
use crate::store;
use crate::web::App;
use crate::web::error::WebError;
use crate::web::extract::Query;

/// One act.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Entry {
    id: String,
    at: String,
    /// `user`, `token`, `system`, ...
    actor_kind: &'static str,
    actor_id: Option<String>,
    /// A word such as `contact.changed`.
    action: String,
    /// The id of what it was done to.
    subject: Option<String>,
    /// Names of fields and ids, never values.
    #[schema(value_type = Object)]
    detail: Value,
}

impl From<store::Audit> for Entry {
    fn from(row: store::Audit) -> Self {
        Self {
            id: row.id.to_string(),
            at: stamp(row.at),
            actor_kind: row.actor.kind.as_str(),
            actor_id: row.actor.id,
            action: row.action,
            subject: row.subject,
            detail: row.detail,
        }
    }
}

/// A page of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Log {
    items: Vec<Entry>,
    next: Option<String>,
    /// The first row that was changed from outside; null: the log is whole. On the first page only.
    broken_at: Option<String>,
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Filter {
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 500, 50 without it.
    limit: Option<u32>,
}

/// Who changed what, newest first. Each row seals the ones before it; `broken_at` tells where not.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(Filter),
    responses((status = 200, body = Log)))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Log>, WebError> {
    let limit = page_size(filter.limit)?;
    let before = cursor(filter.after.as_deref())?;
    let read = app.store.read(move |tx| {
        let broken = if before.is_none() { tx.audit_broken_at()? } else { None };
        Ok((tx.audit_log(before, limit)?, broken))
    });
    let (rows, broken) = read.await?;
    let next = rows.last().filter(|row| rows.len() == limit as usize && row.id > 1);
    let next = next.map(|row| row.id.to_string());
    let items = rows.into_iter().map(Entry::from).collect();
    Ok(Json(Log { items, next, broken_at: broken.map(|id| id.to_string()) }))
}
