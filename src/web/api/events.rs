//! Events: what was committed, as it happens, as server-sent events.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream};
use serde_json::json;

use super::messages::Message;
use crate::store::{ChangeKind, ChangeRow, LineId, StoreError};
use crate::types::MessageId;
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::Query;
use crate::web::live::{Rendering, Since, follow};

/// Changes as they are committed, resumable by `Last-Event-ID`. `message` carries the message as
/// it is now; `conversation`, `line`, `modem` and `order` carry the id of what changed. `reset` says
/// that events were missed for good: read the lists anew. A comment every 15 seconds is a heartbeat.
#[utoipa::path(get, path = "/api/v1/events", tag = "events",
    params(Since, ("Last-Event-ID" = Option<String>, Header)),
    responses((status = 200, description = "Server-sent events", content_type = "text/event-stream", body = String)))]
pub(in crate::web) async fn stream(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(since): Query<Since>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    follow(&app, &caller, &headers, &since, Json { line: caller.line() }).await
}

/// Events as JSON, for programs.
struct Json {
    /// A caller bound to one line hears of that line only.
    line: Option<LineId>,
}

impl Rendering for Json {
    fn render<'a>(
        &'a self,
        app: &'a App,
        changes: &'a [ChangeRow],
    ) -> BoxFuture<'a, Result<Vec<Event>, StoreError>> {
        let (line, changes) = (self.line, changes.to_vec());
        let read = app.store.read(move |tx| {
            let event = |change: &ChangeRow| {
                let id = change.id.to_string();
                let mut said = json!({ "kind": change.kind.as_str(), "id": id });
                if change.kind == ChangeKind::Message {
                    let Some(message) = tx.message(MessageId(change.id))? else { return Ok(None) };
                    if line.is_some_and(|own| own != message.line) {
                        return Ok(None);
                    }
                    said["message"] = json!(Message::from(message));
                } else if line.is_some() {
                    return Ok(None);
                }
                let event = Event::default().id(change.seq.to_string()).event(change.kind.as_str());
                Ok(Some(event.data(said.to_string())))
            };
            changes.iter().filter_map(|change| event(change).transpose()).collect()
        });
        read.boxed()
    }

    fn lost(&self) -> Event {
        Event::default().event("reset").data("{}")
    }
}
