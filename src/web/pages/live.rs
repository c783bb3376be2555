//! What open pages hear: rows and regions, rendered as on a page load.

use std::convert::Infallible;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream};
use serde::Deserialize;

use super::messages::{View, line_name};
use super::row::{Row, RowHtml};
use crate::store::{ChangeKind, ChangeRow, ErrorKind, Kind, LineId, Message, StoreError};
use crate::types::MessageId;
use crate::web::App;
use crate::web::assets::Addresses;
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::Query;
use crate::web::live::{Rendering, follow, known_to};

/// What a page asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct From {
    number: Option<String>,
    after: Option<i64>,
}

/// The stream of one open page.
pub(in crate::web) async fn stream(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(from): Query<From>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    let after = known_to(&headers, from.after).unwrap_or(0);
    let view = View::of(&app, from.number.as_deref());
    follow(&app, after, Fragments { view, line: caller.line() }).await
}

/// Events as fragments of HTML, for pages.
struct Fragments {
    view: View,
    line: Option<LineId>,
}

impl Fragments {
    /// Whether a message stands on the page.
    fn shows(&self, message: &Message) -> bool {
        matches!(message.kind, Kind::Text | Kind::Undecodable)
            && self.line.is_none_or(|own| own == message.line)
            && self.view.number.as_ref().is_none_or(|number| *number == message.number)
    }
}

impl Rendering for Fragments {
    fn render<'a>(
        &'a self,
        app: &'a App,
        changes: &'a [ChangeRow],
    ) -> BoxFuture<'a, Result<Vec<Event>, StoreError>> {
        let wanted: Vec<ChangeRow> = changes.to_vec();
        let read = app.store.read(move |tx| {
            let of_message = |change: &ChangeRow| match change.kind {
                ChangeKind::Message => tx.message(MessageId(change.id)),
                _ => Ok(None),
            };
            let messages: Result<Vec<_>, StoreError> = wanted
                .into_iter()
                .map(|change| of_message(&change).map(|message| (change, message)))
                .collect();
            Ok((messages?, tx.lines()?))
        });
        async move {
            let (changes, lines) = read.await?;
            let mut events = Vec::new();
            for (change, message) in changes {
                let Some(message) = message.filter(|message| self.shows(message)) else { continue };
                let row = Row::new(&message, line_name(&lines, &message), &app.settings.time_zone);
                events.push(fragment(change.seq, &RowHtml { assets: &Addresses, row: &row })?);
            }
            Ok(events)
        }
        .boxed()
    }

    fn lost(&self) -> Event {
        Event::default().event("reload").data("")
    }
}

/// A fragment under the number of its change.
pub(super) fn fragment(seq: i64, html: &impl Template) -> Result<Event, StoreError> {
    let bug = |error: askama::Error| StoreError::new(ErrorKind::Bug, error.to_string());
    let html = html.render().map_err(bug)?;
    Ok(Event::default().id(seq.to_string()).event("fragment").data(html))
}
