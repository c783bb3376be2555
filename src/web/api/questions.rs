//! Questions put to people, and what came back: asking, counting, a file of the answers (S83..S90).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::consent::quoted;
use super::{List, stamp};
use crate::bus::Change;
use crate::engine::prompt::{Revote, count};
use crate::store::{Prompt, PromptId, StoreError};
use crate::types::MessageId;
use crate::web::accept::Wanted;
use crate::web::auth::Caller;
use crate::web::error::{Code, Problem, WebError};
use crate::web::extract::{Body, Id};
use crate::web::refusals::{self, Attempt};
use crate::web::{App, health};

/// Whom to ask.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Asked {
    /// At most 1,000 numbers.
    to: Vec<String>,
    /// Id, name, number or ICCID of a line. Without it: the line last used with each.
    line: Option<String>,
}

/// What became of the question to one number: one of the two is there.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Put {
    to: String,
    message_id: Option<String>,
    problem: Option<Problem>,
}

/// Puts a prompt to people, merged for each. Who was asked before is asked again, and answers anew.
#[utoipa::path(post, path = "/api/v1/prompts/{id}/ask", tag = "prompts", params(("id" = String, Path)),
    request_body = Asked,
    responses((status = 202, body = List<Put>), (status = 404, description = "not_found"),
        (status = 409, description = "conflict: it is closed"),
        (status = 422, description = "batch_too_large; per number also opted_out, number_invalid, merge_field_missing")))]
pub(in crate::web) async fn ask(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromptId>,
    Body(asked): Body<Asked>,
) -> Result<(StatusCode, Json<List<Put>>), WebError> {
    if asked.to.len() > MOST {
        return Err(WebError::new(Code::BatchTooLarge, "At most 1,000 numbers are asked at once."));
    }
    health::room(&app)?;
    let (now, settings, by) = (app.now(), app.settings.clone(), caller.clone());
    let put = app.store.write(move |tx| {
        let Some(prompt) = tx.prompt(id)? else { return Ok(Err(WebError::not_found())) };
        if let Some(why) = not_open(&prompt, now) {
            return Ok(Err(WebError::new(Code::Conflict, why)));
        }
        let (mut items, mut met) = (Vec::new(), Vec::new());
        for to in asked.to {
            let wanted = Wanted {
                merge: true,
                ..Wanted::plain(to.clone(), prompt.set.text.clone(), asked.line.clone())
            };
            let attempt = Attempt::of("prompt", &wanted);
            let put = match wanted.accepted(tx, &caller, &settings, now) {
                Err(refusal) => {
                    met.push((attempt, refusal.code(), refusal.detail().to_owned()));
                    Put { to, message_id: None, problem: Some(refusal.problem()) }
                }
                Ok(new) => {
                    let (line, number) = (new.line, new.to.clone());
                    let queued = match tx.enqueue(&new, None, now)? {
                        crate::store::Enqueued::New(message)
                        | crate::store::Enqueued::Repeated(message) => message,
                        crate::store::Enqueued::Conflict => continue,
                    };
                    tx.put_prompt(id, &number, line, queued, now)?;
                    Put { to, message_id: Some(queued.to_string()), problem: None }
                }
            };
            items.push(put);
        }
        Ok::<_, StoreError>(Ok((items, met)))
    });
    let (items, met) = put.await??;
    refusals::note(&app, &by, met).await;
    let queued = items.iter().filter_map(|put| put.message_id.as_deref()?.parse().ok());
    queued.for_each(|id: MessageId| app.bus.ring(Change::Message(id)));
    app.bus.ring(Change::Queue);
    Ok((StatusCode::ACCEPTED, Json(List::whole(items))))
}

fn not_open(prompt: &Prompt, now: crate::types::UnixTime) -> Option<&'static str> {
    if prompt.set.opens.is_some_and(|opens| now < opens) {
        return Some("The prompt is not open yet.");
    }
    let closed = prompt.set.closes.is_some_and(|closes| now >= closes);
    closed.then_some("The prompt is closed: give it a later end, or make a new one.")
}

/// What a prompt has brought.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Results {
    /// Numbers asked.
    asked: usize,
    /// Numbers by answer; one phone counts once.
    votes: BTreeMap<String, usize>,
    /// Numbers that have not answered.
    silent: usize,
    /// Answers that were replaced, or came too late.
    not_counted: usize,
}

/// Votes by answer, and who is silent (S90).
#[utoipa::path(get, path = "/api/v1/prompts/{id}/results", tag = "prompts", params(("id" = String, Path)),
    responses((status = 200, body = Results), (status = 404, description = "not_found")))]
pub(in crate::web) async fn results(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromptId>,
) -> Result<Json<Results>, WebError> {
    caller.every_line()?;
    let read = app.store.read(move |tx| {
        let Some(prompt) = tx.prompt(id)? else { return Ok(None) };
        Ok::<_, StoreError>(Some((prompt, tx.asked(id)?, tx.answers(id)?)))
    });
    let (prompt, asked, answers) = read.await?.ok_or_else(WebError::not_found)?;
    let revote = if prompt.set.revote { Revote::Last } else { Revote::First };
    let counted = count(&asked, &answers, prompt.set.closes, revote);
    Ok(Json(Results {
        asked: asked.len(),
        votes: counted.votes,
        silent: counted.silent,
        not_counted: counted.not_counted,
    }))
}

/// Every answer as a file, in the order they came.
#[utoipa::path(get, path = "/api/v1/prompts/{id}/results.csv", tag = "prompts", params(("id" = String, Path)),
    responses((status = 200, description = "text/csv"), (status = 404, description = "not_found")))]
pub(in crate::web) async fn export(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromptId>,
) -> Result<Response, WebError> {
    caller.every_line()?;
    let read = app.store.read(move |tx| match tx.prompt(id)? {
        Some(_) => tx.answers(id).map(Some),
        None => Ok(None),
    });
    let answers = read.await?.ok_or_else(WebError::not_found)?;
    let mut text = String::from("at,number,answer\r\n");
    for answer in answers {
        let cells = [stamp(answer.at), answer.number.as_str().to_owned(), answer.value];
        text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
        text.push_str("\r\n");
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"answers.csv\""),
    ];
    Ok((headers, text).into_response())
}

const MOST: usize = 1_000;
