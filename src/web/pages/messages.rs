//! The first page: the texts of all lines, newest at the end, and a form to write one. With
//! `?number=` it is the page of one number.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::compose::{Compose, Draft};
use super::row::{Row, RowHtml};
use super::{Extent, Frame};
use crate::store::{Line, Message, MessageQuery, Page};
use crate::types::{MessageId, Number};
use crate::web::App;
use crate::web::accept::looked_for;
use crate::web::api::settle::{Decision, settle as carry_out};
use crate::web::assets::Addresses;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Form, Id, Query};

/// Which texts a visitor looks at.
#[derive(Clone, Debug, Default)]
pub(super) struct View {
    /// Those with one number only.
    pub(super) number: Option<Number>,
    /// Those before this one; without it the newest, live.
    before: Option<MessageId>,
}

impl View {
    /// The newest texts, with one number or all.
    pub(super) fn of(app: &App, number: Option<&str>) -> Self {
        let number = number.filter(|text| !text.is_empty());
        Self { number: number.map(|text| looked_for(text, app.settings.country)), before: None }
    }
}

#[derive(Template)]
#[template(path = "messages.html", config = "src/web/askama.toml")]
struct MessagesPage {
    frame: Frame,
    number: Option<String>,
    /// Where the module listens; empty on a page of the past.
    live: String,
    rows: Vec<Placed>,
    earlier: Option<String>,
    newest: Option<String>,
    here: String,
    compose: Compose,
    /// An alphanumeric sender cannot be answered.
    answerable: bool,
}

/// A row and whether a new day begins with it.
struct Placed {
    opens_day: bool,
    row: Row,
}

impl Placed {
    fn html(&self) -> RowHtml<'_> {
        RowHtml { assets: &Addresses, row: &self.row }
    }
}

/// The query of the page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Asked {
    number: Option<String>,
    before: Option<i64>,
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, WebError> {
    let view =
        View { before: asked.before.map(MessageId), ..View::of(&app, asked.number.as_deref()) };
    Ok(Html(render(&app, &caller, view, None).await?))
}

/// The page as HTML, with an empty form or the draft that was refused.
pub(super) async fn render(
    app: &App,
    caller: &Caller,
    view: View,
    draft: Option<Draft>,
) -> Result<String, WebError> {
    let query = MessageQuery {
        page: view.before.map_or(Page::Last, Page::Before),
        number: view.number.clone(),
        line: caller.line(),
        limit: ROWS,
        ..MessageQuery::default()
    };
    let (number, own) = (view.number.clone(), caller.line());
    let read = app.store.read(move |tx| {
        let last = number.as_ref().map(|number| tx.conversation_of(number)).transpose()?.flatten();
        // The sequence first: what is committed later comes by the stream, twice does no harm.
        let seen = tx.last_change()?;
        let lines = tx.lines()?.into_iter().filter(|line| own.is_none_or(|own| own == line.id));
        Ok((seen, tx.messages(&query)?, lines.collect::<Vec<_>>(), last))
    });
    let (seen, messages, lines, last) = read.await?;
    let last = last.and_then(|conversation| conversation.line);
    let last = lines.iter().find(|line| Some(line.id) == last);
    let number = view.number.as_ref().map(|number| number.as_str().to_owned());
    let title = number.clone().unwrap_or_else(|| "Texts".to_owned());
    let frame = Frame::of(app, caller, title, "/", "inbox").await?;
    let draft = draft.unwrap_or_else(|| Draft::empty(app, number.as_deref(), &lines, last));
    let earlier = messages.last().filter(|_| messages.len() == ROWS as usize);
    let here = home(&view);
    let join = if view.number.is_some() { '&' } else { '?' };
    let page = MessagesPage {
        frame,
        live: match view.before {
            Some(_) => String::new(),
            None => format!("/live{}{join}after={seen}", &here[1..]),
        },
        earlier: earlier.map(|oldest| format!("{here}{join}before={}", oldest.id)),
        newest: view.before.map(|_| here.clone()),
        here,
        rows: placed(messages, &lines, app),
        compose: Compose { assets: Addresses, draft },
        answerable: view.number.as_ref().is_none_or(Number::answerable),
        number,
    };
    Ok(page.render()?)
}

/// Oldest first, with the days between them.
fn placed(newest_first: Vec<Message>, lines: &[Line], app: &App) -> Vec<Placed> {
    let zone = &app.settings.time_zone;
    let mut day = String::new();
    let place = |message: Message| {
        let row = Row::new(&message, line_name(lines, &message), zone);
        let opens_day = row.day != day;
        day.clone_from(&row.day);
        Placed { opens_day, row }
    };
    newest_first.into_iter().rev().map(place).collect()
}

/// What the line of a message is called.
pub(super) fn line_name<'a>(lines: &'a [Line], message: &Message) -> &'a str {
    lines.iter().find(|line| line.id == message.line).map_or("another line", |line| &line.name)
}

/// The address of a view, at its newest text.
pub(super) fn home(view: &View) -> String {
    match &view.number {
        Some(number) => numbered(number.as_str()),
        None => "/".to_owned(),
    }
}

/// The address of the page of one number; a bare `+` in a query would be a blank.
pub(super) fn numbered(number: &str) -> String {
    format!("/?number={}", encoded(number))
}

/// `text` for a query string.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode =
        |byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

/// A button of a row.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Pressed {
    act: String,
}

/// Carries out a button of a row; the stream shows what became of it.
pub(in crate::web) async fn settle(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id<MessageId>,
    Form(Pressed { act }): Form<Pressed>,
) -> Result<Response, WebError> {
    let decision = Decision::parse(&act).ok_or_else(|| {
        WebError::new(Code::FieldInvalid, "A text is taken back, sent again or left.")
    })?;
    carry_out(&app, &caller, id, decision).await?;
    Ok(match Extent::of(&headers) {
        Extent::Whole => Redirect::to(&format!("/#message-{id}")).into_response(),
        Extent::Fragment => axum::http::StatusCode::NO_CONTENT.into_response(),
    })
}

/// Texts on one page.
const ROWS: u32 = 50;
