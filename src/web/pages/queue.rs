//! Queue: what has not left yet, what waits for a person, and what may or may not have arrived.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Frame;
use super::face::{Piece, pieces};
use super::inbox::line_name;
use super::words::{Action, Badge, actions, badge, when};
use crate::store::{Line, Message, MessageQuery, Page};
use crate::types::{Direction, MessageId, MessageState};
use crate::web::App;
use crate::web::api::settle::{Decision, settle as carry_out};
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Form, Id, Query};

#[derive(Template)]
#[template(path = "queue.html", config = "src/web/askama.toml")]
struct QueuePage {
    frame: Frame,
    groups: Vec<Group>,
    done: Option<&'static str>,
    refusal: Option<String>,
}

/// Messages in one state.
struct Group {
    title: &'static str,
    about: &'static str,
    /// There are more than are shown.
    more: bool,
    rows: Vec<Row>,
}

/// One message.
struct Row {
    id: MessageId,
    to: String,
    line: String,
    at: String,
    text: Vec<Piece>,
    state: Option<Badge>,
    why: String,
    actions: &'static [Action],
}

impl Row {
    fn new(message: Message, lines: &[Line], zone: &jiff::tz::TimeZone) -> Self {
        let line = line_name(lines, Some(message.line));
        let error = message.error.map(|error| error.detail);
        Self {
            id: message.id,
            to: message.number.as_str().to_owned(),
            line,
            at: when(message.created_at, zone),
            text: pieces(&message.text),
            state: badge(message.state),
            why: message.hold.or(error).unwrap_or_default(),
            actions: actions(message.state),
        }
    }
}

const GROUPS: &[(MessageState, &str, &str)] = &[
    (
        MessageState::Unknown,
        "Unknown",
        "They left the modem and no answer came back. Send again what must arrive; it may arrive twice.",
    ),
    (MessageState::Held, "Held", "They wait for somebody to decide."),
    (MessageState::Failed, "Failed", "The network or the modem refused them."),
    (MessageState::Submitting, "On their way", "The modem has them now."),
    (MessageState::Queued, "Queued", "They leave by themselves, in order."),
];
const SHOWN: u32 = 50;

/// What the page was opened with.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Opened {
    done: Option<String>,
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Query(Opened { done }): Query<Opened>,
) -> Result<Html<String>, WebError> {
    let done = match done.as_deref() {
        Some("resend") => Some("It is queued again."),
        Some("cancel") => Some("It is taken back."),
        Some("drop") => Some("It is left as it is."),
        _ => None,
    };
    page(&app, &caller, done, None).await
}

async fn page(
    app: &App,
    caller: &Caller,
    done: Option<&'static str>,
    refusal: Option<String>,
) -> Result<Html<String>, WebError> {
    let own = caller.line();
    let read = app.store.read(move |tx| {
        let mut found = Vec::new();
        for (state, title, about) in GROUPS {
            let query = MessageQuery {
                page: Page::Last,
                direction: Some(Direction::Out),
                line: own,
                state: Some(*state),
                limit: SHOWN + 1,
                ..MessageQuery::default()
            };
            found.push((*title, *about, tx.messages(&query)?));
        }
        Ok((found, tx.lines()?))
    });
    let (found, lines) = read.await?;
    let zone = &app.settings.time_zone;
    let group = |(title, about, mut messages): (_, _, Vec<Message>)| {
        let more = messages.len() > SHOWN as usize;
        messages.truncate(SHOWN as usize);
        let rows = messages.into_iter().map(|message| Row::new(message, &lines, zone)).collect();
        Group { title, about, more, rows }
    };
    let page = QueuePage {
        groups: found.into_iter().map(group).filter(|group| !group.rows.is_empty()).collect(),
        frame: Frame::of(app, caller, "Queue", "/queue", "queue").await?,
        done,
        refusal,
    };
    Ok(Html(page.render()?))
}

/// What somebody decides.
#[derive(Deserialize)]
pub(in crate::web) struct Decided {
    act: String,
}

/// Carries a decision out.
pub(in crate::web) async fn settle(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MessageId>,
    Form(Decided { act }): Form<Decided>,
) -> Result<Response, WebError> {
    let decision = Decision::parse(&act)
        .ok_or_else(|| WebError::new(Code::FieldInvalid, "Choose one of the buttons."))?;
    match carry_out(&app, &caller, id, decision).await {
        Ok(_) => {
            let word = match decision {
                Decision::Cancel => "cancel",
                Decision::Resend => "resend",
                Decision::Drop => "drop",
            };
            Ok(Redirect::to(&format!("/queue?done={word}")).into_response())
        }
        Err(refusal) => {
            let words = Some(refusal.detail().to_owned());
            let Html(html) = page(&app, &caller, None, words).await?;
            super::again(refusal, html)
        }
    }
}
