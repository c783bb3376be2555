//! Batches: up to a thousand texts in one call and one transaction.
//!
//! Each text is judged by itself. Those that can be sent are queued together; the answer names for
//! each, in order, what was queued or why it was refused. When none can be sent, nothing is queued
//! and the whole call is refused.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::messages::{Accepted, NewMessage, conflict, idempotency_key};
use crate::bus::Change;
use crate::store::{self, BatchId, Earlier, MessageQuery, StoreError, WriteTx};
use crate::web::auth::Caller;
use crate::web::error::{Code, Problem, WebError};
use crate::web::extract;
use crate::web::{App, health, refusals};

/// Texts to send.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Batch {
    /// At most 1,000.
    messages: Vec<NewMessage>,
}

/// What became of each text, in the order given.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Results {
    items: Vec<Outcome>,
}

/// What became of one text: one of the two is there.
#[derive(Debug, Serialize, ToSchema)]
struct Outcome {
    /// 202, or the status a call of its own would have had.
    status: u16,
    message: Option<Accepted>,
    problem: Option<Problem>,
}

/// Queues texts together. 422 `batch_refused` when none can be sent.
#[utoipa::path(post, path = "/api/v1/messages/batch", tag = "messages", request_body = Batch,
    params(("Idempotency-Key" = Option<String>, Header, description = "For the whole batch.")),
    responses((status = 202, body = Results), (status = 409, description = "idempotency_conflict"),
        (status = 422, description = "batch_refused, batch_too_large")))]
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    extract::Body(batch): extract::Body<Batch>,
) -> Result<Response, WebError> {
    if batch.messages.len() > MOST {
        return Err(WebError::new(Code::BatchTooLarge, "A batch holds at most 1,000 messages."));
    }
    health::room(&app)?;
    let key = idempotency_key(&caller, &headers, "batch", &batch)?;
    let (now, settings, by) = (app.now(), app.settings.clone(), caller.clone());
    let attempts: Vec<_> = batch.messages.iter().map(|new| new.attempt("batch")).collect();
    let read = app.store.read(move |tx| {
        let judge = |new: NewMessage| {
            if new.exception.is_some() {
                let detail = "An exception is made for one text, by a call of its own.";
                return Err(WebError::new(Code::FieldInvalid, detail));
            }
            new.wanted()?.accepted(tx, &caller, &settings, now)
        };
        Ok(batch.messages.into_iter().map(judge).collect::<Vec<_>>())
    });
    let judged = read.await?;
    let met = attempts.into_iter().zip(&judged).filter_map(|(attempt, judged)| {
        let refusal = judged.as_ref().err()?;
        Some((attempt, refusal.code(), refusal.detail().to_owned()))
    });
    refusals::note(&app, &by, met.collect()).await;
    let good: Vec<store::NewMessage> =
        judged.iter().filter_map(|j| j.as_ref().ok()).cloned().collect();
    if good.is_empty() {
        return Ok(refused(&outcomes(judged, Vec::new())));
    }
    let queued = app.store.write(move |tx| {
        let earlier = key.as_ref().map(|key| tx.earlier_call(key, now)).transpose()?.flatten();
        match earlier {
            Some(Earlier::Batch(batch)) => of_batch(tx, batch).map(Some),
            Some(_) => Ok(None),
            None => {
                let (batch, _) = tx.enqueue_batch(&good, key.as_ref(), now)?;
                of_batch(tx, batch).map(Some)
            }
        }
    });
    let queued = queued.await?.ok_or_else(conflict)?;
    for message in &queued {
        app.bus.ring(Change::Message(message.id));
    }
    app.bus.ring(Change::Queue);
    let results = Results { items: outcomes(judged, queued) };
    Ok((StatusCode::ACCEPTED, Json(results)).into_response())
}

pub(super) fn of_batch(
    tx: &WriteTx<'_>,
    batch: BatchId,
) -> Result<Vec<store::Message>, StoreError> {
    let limit = u32::try_from(MOST).unwrap_or(u32::MAX);
    tx.messages(&MessageQuery { batch: Some(batch), limit, ..MessageQuery::default() })
}

/// The texts that were taken are in the batch in the order they were given.
fn outcomes(
    judged: Vec<Result<store::NewMessage, WebError>>,
    queued: Vec<store::Message>,
) -> Vec<Outcome> {
    let mut queued = queued.into_iter();
    let outcome = |judged| {
        let refusal: WebError = match judged {
            Ok(_) => match queued.next() {
                Some(message) => {
                    let status = StatusCode::ACCEPTED.as_u16();
                    return Outcome { status, message: Some(message.into()), problem: None };
                }
                // Only when a line was switched on between a call and its repetition.
                None => WebError::new(Code::Conflict, "It was refused when the batch was queued."),
            },
            Err(refusal) => refusal,
        };
        let status = refusal.code().status().as_u16();
        Outcome { status, message: None, problem: Some(refusal.problem()) }
    };
    judged.into_iter().map(outcome).collect()
}

/// The problem document of a batch without a single good text, with the reasons of each.
fn refused(items: &[Outcome]) -> Response {
    let refusal =
        WebError::new(Code::BatchRefused, "Nothing was queued. See items for the reasons.");
    let mut document = json!(refusal.problem());
    document["items"] = json!(items);
    let (mut head, _) = refusal.into_response().into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(document.to_string()))
}

const MOST: usize = 1_000;
