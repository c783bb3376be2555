//! The form to write a text: refused in words beside the box, the text never lost.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Extent;
use super::messages::{View, home, render};
use crate::sms::Count;
use crate::store::{IdempotencyKey, Line, SmsSwitch};
use crate::web::App;
use crate::web::accept::{Wanted, clean, counted};
use crate::web::api::messages::queue;
use crate::web::assets::Addresses;
use crate::web::auth::{Caller, secret};
use crate::web::error::{Code, WebError};
use crate::web::extract::Form;

/// The form as sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Filled {
    /// Made with the form: sending one form twice queues one text.
    key: String,
    to: String,
    text: String,
    line: Option<String>,
    /// Written on the page of one number, to which the visitor returns.
    fixed: Option<String>,
}

/// What the form shows.
pub(super) struct Draft {
    key: String,
    to: String,
    /// The recipient is that of the page and not asked for.
    fixed: bool,
    text: String,
    line: String,
    lines: Vec<Choice>,
    refusal: Option<Refusal>,
    count: Counted,
}

/// A line to send from.
struct Choice {
    id: String,
    name: String,
}

/// Why it was not taken, and at which box that is said.
struct Refusal {
    field: &'static str,
    words: String,
}

#[derive(Template)]
#[template(path = "compose.html", config = "src/web/askama.toml")]
pub(super) struct Compose {
    pub(super) assets: Addresses,
    pub(super) draft: Draft,
}

#[derive(Template)]
#[template(path = "count.html", config = "src/web/askama.toml")]
struct Counted {
    words: String,
    over: bool,
}

impl Draft {
    /// An empty form, to `number` when the page is that of one number.
    pub(super) fn empty(
        app: &App,
        number: Option<&str>,
        lines: &[Line],
        last: Option<&Line>,
    ) -> Self {
        let sending = lines.iter().filter(|line| line.sms == SmsSwitch::On);
        Self {
            key: secret(app, "").expose().to_owned(),
            to: number.unwrap_or_default().to_owned(),
            fixed: number.is_some(),
            text: String::new(),
            line: last.map(|line| line.id.to_string()).unwrap_or_default(),
            lines: sending
                .map(|line| Choice { id: line.id.to_string(), name: called(line) })
                .collect(),
            refusal: None,
            count: Counted::of(""),
        }
    }

    /// The same form with what was written and why it was not taken.
    fn refused_as(self, filled: &Filled, error: &WebError) -> Self {
        let field = match error.code() {
            Code::NumberInvalid => "to",
            Code::LineUnknown | Code::LineOff => "line",
            _ => "text",
        };
        Self {
            to: filled.to.clone(),
            text: filled.text.clone(),
            line: filled.line.clone().unwrap_or_default(),
            refusal: Some(Refusal { field, words: words(error) }),
            count: Counted::of(&filled.text),
            ..self
        }
    }

    /// The name under which unsent words are kept: those to one number stay on its page.
    fn kept(&self) -> &str {
        if self.fixed { &self.to } else { "" }
    }

    fn refused(&self, field: &str) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.field == field)
    }
}

/// A line as people call it.
fn called(line: &Line) -> String {
    match &line.number {
        Some(number) => format!("{} · {number}", line.name),
        None => line.name.clone(),
    }
}

fn words(error: &WebError) -> String {
    match error.code() {
        Code::IdempotencyConflict => {
            "The first version of this text is already on its way. Reload to write another."
                .to_owned()
        }
        _ => error.detail().to_owned(),
    }
}

impl Counted {
    fn of(text: &str) -> Self {
        let text = clean(text);
        match counted(&text) {
            _ if text.is_empty() => Self { words: String::new(), over: false },
            Ok(count) => Self { words: said(&text, &count), over: false },
            Err(error) => Self { words: error.detail().to_owned(), over: true },
        }
    }
}

/// What a text costs, in words a person can act on.
fn said(text: &str, count: &Count) -> String {
    let characters = text.chars().count();
    let plural = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let mut said = format!("{} · ", plural(characters, "character"));
    said.push_str(&plural(count.segments, "segment"));
    said.push_str(&format!(", {} left", count.units_left));
    match count.forcing.first() {
        Some(c) => said.push_str(&format!(" · Unicode because of “{c}”")),
        None => said.push_str(" · GSM-7"),
    }
    said
}

/// Queues what was written.
pub(in crate::web) async fn send(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Form(filled): Form<Filled>,
) -> Result<Response, WebError> {
    let extent = Extent::of(&headers);
    let view = View::of(&app, filled.fixed.as_ref().map(|_| filled.to.as_str()));
    let sent = queue_filled(&app, &caller, &filled).await;
    match (sent, extent) {
        (Ok(()), Extent::Whole) => Ok(Redirect::to(&home(&view)).into_response()),
        (Ok(()), Extent::Fragment) => {
            let draft = fresh(&app, &caller, &view).await?;
            Ok(Html(Compose { assets: Addresses, draft }.render()?).into_response())
        }
        (Err(error), _) if error.code().status().is_server_error() => Err(error),
        (Err(error), extent) => {
            let draft = fresh(&app, &caller, &view).await?.refused_as(&filled, &error);
            let html = match extent {
                Extent::Fragment => Compose { assets: Addresses, draft }.render()?,
                Extent::Whole => render(&app, &caller, view, Some(draft)).await?,
            };
            let status = match error.code().status() {
                status @ StatusCode::CONFLICT => status,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            Ok((status, Html(html)).into_response())
        }
    }
}

async fn queue_filled(app: &App, caller: &Caller, filled: &Filled) -> Result<(), WebError> {
    let line = filled.line.clone().filter(|line| !line.is_empty());
    let wanted = Wanted::plain(filled.to.clone(), filled.text.clone(), line);
    let asked = format!("{}\n{:?}\n{}", filled.to, filled.line, filled.text);
    let key =
        IdempotencyKey::new(caller.key_space(), format!("form {}", filled.key), asked.as_bytes());
    queue(app, caller.clone(), wanted, Some(key), false).await.map(|_| ())
}

/// An empty form for `view`, preset to the line last used there.
async fn fresh(app: &App, caller: &Caller, view: &View) -> Result<Draft, WebError> {
    let (number, own) = (view.number.clone(), caller.line());
    let read = app.store.read(move |tx| {
        let last = match &number {
            Some(number) => tx.conversation_of(number)?.and_then(|conversation| conversation.line),
            None => None,
        };
        let lines = tx.lines()?.into_iter().filter(|line| own.is_none_or(|own| own == line.id));
        Ok((lines.collect::<Vec<_>>(), last))
    });
    let (lines, last) = read.await?;
    let last = lines.iter().find(|line| Some(line.id) == last);
    Ok(Draft::empty(app, view.number.as_ref().map(|number| number.as_str()), &lines, last))
}

/// A text to count.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Text {
    text: String,
}

/// The line under the box, while somebody writes.
pub(in crate::web) async fn count(
    Form(Text { text }): Form<Text>,
) -> Result<Html<String>, WebError> {
    Ok(Html(Counted::of(&text).render()?))
}
