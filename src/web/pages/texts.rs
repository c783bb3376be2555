//! `/texts`: every text sent and received with its data, newest first, as far as the viewer's role and
//! line reach (S135). The list as a file is the API's own (`api::texts`).

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use serde::Deserialize;

use super::Frame;
use super::face::{Piece, pieces};
use super::inbox::{Choice, encoded, line_name};
use super::timeline::writer;
use super::words::{Badge, badge, when};
use crate::store::{Line, Message, MessageQuery, Page, ReadTx, StoreError, UserId};
use crate::types::{Direction, MessageId, MessageState};
use crate::web::App;
use crate::web::accept::looked_for;
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::Query;

#[derive(Template)]
#[template(path = "texts.html", config = "src/web/askama.toml")]
struct TextsPage {
    frame: Frame,
    asked: Asked,
    rows: Vec<Row>,
    lines: Vec<Choice>,
    states: Vec<Choice>,
    next: Option<String>,
}

/// One text.
struct Row {
    id: MessageId,
    inbound: bool,
    at: String,
    with: String,
    line: String,
    who: String,
    text: Vec<Piece>,
    segments: u32,
    state: Option<Badge>,
}

/// Which texts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Asked {
    /// `in`, `out`, or both.
    direction: String,
    line: String,
    state: String,
    number: String,
    /// Those before this one.
    before: Option<i64>,
}

impl Asked {
    fn query(&self) -> String {
        let words = [
            ("direction", &self.direction),
            ("line", &self.line),
            ("state", &self.state),
            ("number", &self.number),
        ];
        let given = words.iter().filter(|(_, word)| !word.is_empty());
        let pairs: Vec<String> =
            given.map(|(name, word)| format!("{name}={}", encoded(word))).collect();
        pairs.join("&")
    }

    fn is_filtered(&self) -> bool {
        !self.query().is_empty()
    }

    fn wanted(
        &self,
        app: &App,
        caller: &Caller,
        tx: &ReadTx<'_>,
    ) -> Result<MessageQuery, StoreError> {
        let line = match self.line.is_empty() {
            true => None,
            false => tx.line_called(&self.line)?.map(|line| line.id),
        };
        let number = self.number.trim();
        Ok(MessageQuery {
            page: self.before.map_or(Page::Last, |id| Page::Before(MessageId(id))),
            direction: match self.direction.as_str() {
                "in" => Some(Direction::In),
                "out" => Some(Direction::Out),
                _ => None,
            },
            line: caller.line().or(line),
            state: MessageState::parse(&self.state),
            number: (!number.is_empty()).then(|| looked_for(number, app.settings.country)),
            limit: ROWS,
            ..MessageQuery::default()
        })
    }
}

/// What the rows are made with.
struct Names {
    users: HashMap<UserId, String>,
    lines: Vec<Line>,
}

impl Names {
    fn read(tx: &ReadTx<'_>, caller: &Caller) -> Result<Self, StoreError> {
        let own = caller.line();
        let lines = tx.lines()?.into_iter().filter(|line| own.is_none_or(|own| own == line.id));
        let users = tx.users()?.iter().map(|user| (user.id, user.name())).collect();
        Ok(Self { users, lines: lines.collect() })
    }
}

/// What is known of a number: its contact's name, else the number.
fn called(tx: &ReadTx<'_>, message: &Message) -> Result<String, StoreError> {
    let contact = tx.contact_of(&message.number)?.map(|contact| contact.name());
    let name = contact.filter(|name| !name.is_empty());
    Ok(name.unwrap_or_else(|| message.number.as_str().to_owned()))
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, WebError> {
    let (wanted, asking, gateway) = (asked.clone(), caller.clone(), app.clone());
    let read = app.store.read(move |tx| {
        let names = Names::read(tx, &asking)?;
        let zone = &gateway.settings.time_zone;
        let found = tx.messages(&wanted.wanted(&gateway, &asking, tx)?)?;
        let last = found.last().filter(|_| found.len() == ROWS as usize).map(|last| last.id);
        let row = |message: Message| {
            Ok::<_, StoreError>(Row {
                id: message.id,
                inbound: message.direction == Direction::In,
                at: when(message.received_at.unwrap_or(message.created_at), zone),
                with: called(tx, &message)?,
                line: line_name(&names.lines, Some(message.line)),
                who: match message.direction {
                    Direction::In => String::new(),
                    Direction::Out => writer(message.author.as_ref(), &names.users),
                },
                state: badge(message.state),
                segments: message.segments,
                text: pieces(&message.text),
            })
        };
        let rows: Vec<Row> = found.into_iter().map(row).collect::<Result<_, StoreError>>()?;
        Ok::<_, StoreError>((names, rows, last))
    });
    let (names, rows, last) = read.await?;
    let choice = |value: &str, name: &str, chosen: &str| Choice {
        value: value.to_owned(),
        name: name.to_owned(),
        chosen: value == chosen,
    };
    let lines =
        names.lines.iter().map(|line| choice(&line.id.to_string(), &line.name, &asked.line));
    let states = MessageState::ALL
        .iter()
        .filter_map(|state| Some(choice(state.as_str(), badge(*state)?.word, &asked.state)));
    let page = TextsPage {
        frame: Frame::of(&app, &caller, "All texts", "/texts", "texts").await?,
        next: last.map(|last| format!("/texts?{}&before={last}", asked.query())),
        lines: lines.collect(),
        states: states.collect(),
        rows,
        asked,
    };
    Ok(Html(page.render()?))
}

/// Texts on one page.
const ROWS: u32 = 50;
