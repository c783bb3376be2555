//! `/new`: write to somebody, by number or by name (S115, S144, S155).

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use serde::Deserialize;

use super::Frame;
use super::face::{Piece, face, pieces};
use crate::store::{ContactQuery, ConversationQuery, ReadTx};
use crate::types::Number;
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::crew;
use crate::web::error::WebError;
use crate::web::extract::Query;

#[derive(Template)]
#[template(path = "new.html", config = "src/web/askama.toml")]
struct NewPage {
    frame: Frame,
    typed: String,
    matches: Vec<Match>,
    /// What was typed can be written to as it is.
    number: Option<String>,
    refusal: Option<String>,
}

/// Somebody who may be meant.
struct Match {
    /// What opens the conversation: `contact:7` or a number.
    with: String,
    name: String,
    number: String,
    closed: bool,
}

impl Match {
    fn face(&self) -> String {
        face(&self.name)
    }

    fn name_pieces(&self) -> Vec<Piece> {
        pieces(&self.name)
    }
}

/// What was typed.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Typed {
    with: String,
}

/// The page, with everybody who may be meant.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Query(Typed { with }): Query<Typed>,
) -> Result<Html<String>, WebError> {
    let frame = Frame::of(&app, &caller, "New text", "/", "new").await?;
    let (typed, settings, asking) = (with.trim().to_owned(), app.settings.clone(), caller);
    let looked = typed.clone();
    let read = app.store.read(move |tx| {
        let country = crew::country(tx, &settings);
        Ok(country.map(|country| (Number::parse(&looked, country), find(tx, &asking, &looked))))
    });
    let (number, matches) = read.await??;
    let matches = matches?;
    let refusal = match (&number, matches.is_empty() && !typed.is_empty()) {
        (Err(error), true) => Some(format!("Nobody of that name, and no number: {error}.")),
        _ => None,
    };
    let number = number.ok().map(|number| number.as_str().to_owned());
    let number = number.filter(|number| matches.iter().all(|found| found.number != *number));
    Ok(Html(NewPage { frame, typed, matches, number, refusal }.render()?))
}

/// Contacts by name or number, and conversations with numbers that nobody named.
fn find(tx: &ReadTx<'_>, caller: &Caller, typed: &str) -> Result<Vec<Match>, WebError> {
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let search = Some(typed.to_owned());
    let query = ContactQuery { search: search.clone(), limit: MOST, ..ContactQuery::default() };
    let mut found = Vec::new();
    for contact in tx.contacts(&query)? {
        for number in &contact.card.numbers {
            let closed = tx.conversation_of(number)?.is_some_and(|thread| thread.closed);
            let name = match contact.name() {
                name if name.is_empty() => number.as_str().to_owned(),
                name => name,
            };
            let with = number.as_str().to_owned();
            found.push(Match { with, name, number: number.as_str().to_owned(), closed });
        }
    }
    let query = ConversationQuery {
        search,
        line: caller.line(),
        viewer: caller.user(),
        limit: MOST,
        ..ConversationQuery::default()
    };
    for thread in tx.conversations(&query)? {
        let number = thread.number.as_str();
        let known = found.iter().any(|known| known.number == number);
        if known || thread.contact.is_some() || !thread.number.answerable() {
            continue;
        }
        found.push(Match {
            with: number.to_owned(),
            name: number.to_owned(),
            number: number.to_owned(),
            closed: thread.closed,
        });
    }
    Ok(found)
}

/// People on one page.
const MOST: u32 = 30;
