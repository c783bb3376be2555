//! What is done with the words of the box: sent, kept, completed by a template or a field, or refused
//! beside it with nothing lost (S82, S93, S159, S160, S164, E121, E125, E146).

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Filled, Refusal, Written, senders};
use crate::store::{IdempotencyKey, LineId};
use crate::types::{ConversationId, MessageId, UnixTime};
use crate::web::App;
use crate::web::accept::{Wanted, merged};
use crate::web::api::conversations::seen;
use crate::web::api::messages::queue;
use crate::web::auth::Caller;
use crate::web::change::change;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Form, Id, Query};
use crate::web::pages::Extent;
use crate::web::pages::count::replaced;
use crate::web::pages::inbox::{self, View};
use crate::web::pages::thread;
use crate::web::pages::words::unboxed;

/// Queues what was written.
pub(in crate::web) async fn send(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id<ConversationId>,
    Query(view): Query<View>,
    Form(filled): Form<Filled>,
) -> Result<Response, WebError> {
    if !filled.act.is_empty() {
        return compose(&app, &caller, &headers, id, view, filled).await;
    }
    match queue_filled(&app, &caller, id, &filled).await {
        Ok(()) => answer(&app, &caller, &headers, id, view, None, StatusCode::OK).await,
        Err(error) if error.code().status().is_server_error() => Err(error),
        Err(error) if error.code() == Code::NotFound => Err(error),
        Err(error) => {
            keep(&app, &caller, id, &filled).await?;
            let status = match error.code().status() {
                status @ StatusCode::CONFLICT => status,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let written = Written { filled, refusal: Some(refusal(&error)) };
            answer(&app, &caller, &headers, id, view, Some(written), status).await
        }
    }
}

/// Changes what stands in the box without sending it: a template, a field, a plainer character.
async fn compose(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    id: ConversationId,
    view: View,
    mut filled: Filled,
) -> Result<Response, WebError> {
    let mut refusal = None;
    match filled.act.as_str() {
        "template" => match insert(app, caller, id, &filled).await? {
            Ok(text) => filled.text = text,
            Err((text, why)) => {
                filled.text = text;
                refusal = Some(why);
            }
        },
        "field" if !filled.field.is_empty() => {
            let space = if filled.text.ends_with(char::is_whitespace) { "" } else { " " };
            let space = if filled.text.is_empty() { "" } else { space };
            filled.text = format!("{}{space}{{{{ {} }}}}", filled.text, filled.field);
        }
        "replace" => filled.text = replaced(&filled.text),
        _ => {}
    }
    (filled.template, filled.field) = (String::new(), String::new());
    keep(app, caller, id, &filled).await?;
    let written = Written { filled, refusal };
    answer(app, caller, headers, id, view, Some(written), StatusCode::OK).await
}

/// Keeps what was written so far (S82).
pub(in crate::web) async fn draft(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
    Form(filled): Form<Filled>,
) -> Result<StatusCode, WebError> {
    keep(&app, &caller, id, &filled).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn keep(
    app: &App,
    caller: &Caller,
    id: ConversationId,
    filled: &Filled,
) -> Result<(), WebError> {
    if filled.text.len() > LONGEST_DRAFT {
        return Ok(());
    }
    let (caller, filled) = (caller.clone(), filled.clone());
    change(app, move |tx, now| {
        seen(tx, &caller, id)?;
        let line = filled.line.parse().ok().map(LineId);
        let line = line.map(|line| tx.line(line)).transpose()?.flatten().map(|line| line.id);
        Ok(tx.keep_draft(&caller.key_space(), id, &filled.text, line, now)?)
    })
    .await
}

/// The page again, or only the box of it.
async fn answer(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    id: ConversationId,
    view: View,
    written: Option<Written>,
    status: StatusCode,
) -> Result<Response, WebError> {
    let done = written.is_none();
    if done && Extent::of(headers) == Extent::Whole {
        return Ok(Redirect::to(&format!("/threads/{id}{}", view.query())).into_response());
    }
    let pane = thread::pane(app, caller, id, &view, written).await?;
    let html = match Extent::of(headers) {
        Extent::Fragment => pane.box_alone()?,
        Extent::Whole => inbox::render(app, caller, view, Some(pane)).await?,
    };
    Ok((status, Html(html)).into_response())
}

fn refusal(error: &WebError) -> Refusal {
    let field = match error.code() {
        Code::LineUnknown | Code::LineOff => "line",
        Code::TimeInvalid => "send_at",
        _ => "text",
    };
    let words = match error.code() {
        Code::IdempotencyConflict => {
            "The first version of this text is already on its way. Press send to send this one too."
                .to_owned()
        }
        // The API's way to say so is a field; here it is the button.
        Code::AnsweredMeanwhile => {
            let detail = error.detail();
            let words = detail.split(" Send yours as well").next().unwrap_or(detail);
            format!("{words} Send yours too?")
        }
        _ => error.detail().to_owned(),
    };
    Refusal { field, words, may_confirm: error.code() == Code::AnsweredMeanwhile }
}

/// The chosen template with this contact's details (S93), or the template as it is and why.
async fn insert(
    app: &App,
    caller: &Caller,
    id: ConversationId,
    filled: &Filled,
) -> Result<Result<String, (String, Refusal)>, WebError> {
    let (caller, filled, settings) = (caller.clone(), filled.clone(), app.settings.clone());
    let read = app.store.read(move |tx| {
        let insert = || {
            let this = seen(tx, &caller, id)?;
            let template = filled.template.parse().ok();
            let template = template.map(|id| tx.template(id)).transpose()?.flatten();
            let Some(template) = template else { return Ok(Ok(filled.text.clone())) };
            let line = filled.line.parse().ok().map(LineId).or(this.line);
            let line = line.map(|line| tx.line(line)).transpose()?.flatten();
            let Some(line) = line else { return Ok(Ok(template.text)) };
            Ok::<_, WebError>(match merged(tx, &template.text, &line, &this.number, &settings) {
                Ok(text) => Ok(text),
                Err(error) => Err((template.text, refusal(&error))),
            })
        };
        Ok(insert())
    });
    read.await?
}

async fn queue_filled(
    app: &App,
    caller: &Caller,
    id: ConversationId,
    filled: &Filled,
) -> Result<(), WebError> {
    let confirmed = !filled.confirm.is_empty();
    let (asking, known) = (caller.clone(), filled.clone());
    let checked = app.store.read(move |tx| {
        let check = || {
            let this = seen(tx, &asking, id)?;
            let senders = senders(tx, &asking, None)?;
            if known.line.is_empty() && senders.len() > 1 {
                let last = this
                    .line
                    .and_then(|id| senders.iter().find(|sender| sender.id == id.to_string()));
                let why = last.and_then(|sender| {
                    Some(format!("{} is {}. ", sender.name, sender.trouble.as_ref()?))
                });
                let words = format!("{}Choose the line to send from.", why.unwrap_or_default());
                return Err(WebError::new(Code::LineUnknown, words));
            }
            Ok(this)
        };
        Ok(check())
    });
    let this = checked.await??;
    let line = Some(filled.line.clone()).filter(|line| !line.is_empty());
    let (send_at, send_local) = later(&filled.send_at, &app.settings.time_zone)?.unzip();
    let wanted = Wanted {
        send_at,
        send_local,
        last_seen: Some(MessageId(filled.seen)),
        exception: Some(filled.exception.clone()).filter(|why| !why.is_empty()),
        merge: filled.text.contains("{{") || filled.text.contains("{%"),
        ..Wanted::plain(this.number.as_str().to_owned(), filled.text.clone(), line)
    };
    let asked = format!("{id}\n{}\n{}\n{}", filled.line, filled.send_at, filled.text);
    let key =
        IdempotencyKey::new(caller.key_space(), format!("form {}", filled.key), asked.as_bytes());
    queue(app, caller.clone(), wanted, Some(key), confirmed).await?;
    let author = caller.key_space();
    Ok(app.store.write(move |tx| tx.drop_draft(&author, id)).await?)
}

/// A time as a clock in the organisation's zone shows it; empty is now.
fn later(text: &str, zone: &TimeZone) -> Result<Option<(UnixTime, DateTime)>, WebError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let time = unboxed(text, zone).zip(text.trim().parse().ok());
    let wrong = || WebError::new(Code::TimeInvalid, "Choose a day and a time, or leave it empty.");
    time.map(Some).ok_or_else(wrong)
}

/// More than any text that can be sent.
const LONGEST_DRAFT: usize = 64 * 1024;
