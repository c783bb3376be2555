//! Questions put to people, and what came back: asking, counting, a file of the answers (S83..S90).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{List, stamp};
use crate::bus::Change;
use crate::engine::prompt::{Answer, Results as Counted, Revote, count};
use crate::store::{Prompt, PromptId, StoreError};
use crate::types::{MessageId, Number, UnixTime};
use crate::web::accept::Wanted;
use crate::web::auth::Caller;
use crate::web::error::{Code, Problem, WebError};
use crate::web::extract::{Body, Id};
use crate::web::refusals::{self, Attempt};
use crate::web::sheet::Sheet;
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
    /// Which they are, those asked first at the top; the first 1,000. The file holds all.
    non_answers: Vec<Silent>,
    /// Answers that were replaced, or came too late.
    not_counted: usize,
}

/// Somebody who was asked and has not answered.
#[derive(Debug, Serialize, ToSchema)]
struct Silent {
    number: String,
    /// When they were asked last.
    asked_at: String,
}

/// A prompt, whom it was put to, and what came back.
struct Brought {
    prompt: Prompt,
    askings: Vec<(Number, UnixTime)>,
    answers: Vec<Answer>,
}

impl Brought {
    async fn by(app: &App, id: PromptId) -> Result<Self, WebError> {
        let read = app.store.read(move |tx| {
            let Some(prompt) = tx.prompt(id)? else { return Ok(None) };
            let (askings, answers) = (tx.askings(id)?, tx.answers(id)?);
            Ok::<_, StoreError>(Some(Brought { prompt, askings, answers }))
        });
        read.await?.ok_or_else(WebError::not_found)
    }

    /// One phone counts once.
    fn counted(&self) -> Counted {
        let revote = if self.prompt.set.revote { Revote::Last } else { Revote::First };
        let asked: Vec<Number> = self.askings.iter().map(|(number, _)| number.clone()).collect();
        count(&asked, &self.answers, self.prompt.set.closes, revote)
    }

    /// When each number was asked last.
    fn asked_at(&self) -> BTreeMap<&Number, UnixTime> {
        self.askings.iter().map(|(number, at)| (number, *at)).collect()
    }
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
    let brought = Brought::by(&app, id).await?;
    let (counted, asked_at) = (brought.counted(), brought.asked_at());
    let silent = counted.silent.iter().take(MOST).map(|number| Silent {
        number: number.as_str().to_owned(),
        asked_at: asked_at.get(number).map(|at| stamp(*at)).unwrap_or_default(),
    });
    Ok(Json(Results {
        asked: brought.askings.len(),
        silent: counted.silent.len(),
        non_answers: silent.collect(),
        votes: counted.votes,
        not_counted: counted.not_counted,
    }))
}

/// Every answer as a file, in the order they came; below them those who were asked and have not
/// answered, with nothing under `at` and `answer`.
#[utoipa::path(get, path = "/api/v1/prompts/{id}/results.csv", tag = "prompts", params(("id" = String, Path)),
    responses((status = 200, description = "text/csv"), (status = 404, description = "not_found")))]
pub(in crate::web) async fn export(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromptId>,
) -> Result<Response, WebError> {
    caller.every_line()?;
    let brought = Brought::by(&app, id).await?;
    let asked_at = brought.asked_at();
    let mut sheet = Sheet::new("at,number,answer,asked_at");
    let mut row = |at: String, number: &Number, answer: &str| {
        let asked_at = asked_at.get(number).map(|at| stamp(*at)).unwrap_or_default();
        sheet.row([at.as_str(), number.as_str(), answer, asked_at.as_str()]);
    };
    for answer in &brought.answers {
        row(stamp(answer.at), &answer.number, &answer.value);
    }
    for number in &brought.counted().silent {
        row(String::new(), number, "");
    }
    Ok(sheet.file("answers.csv"))
}

const MOST: usize = 1_000;
