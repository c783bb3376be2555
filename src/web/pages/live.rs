//! What open pages hear: what changed, by kind and id. They ask for the page again and put its
//! live parts in place, so that everything is rendered in one way only.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream};
use serde_json::json;

use crate::store::{ChangeKind, ChangeRow, LineId, StoreError};
use crate::types::{ConversationId, MessageId};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::Query;
use crate::web::live::{Rendering, Since, follow};

/// The stream of one browser.
pub(in crate::web) async fn stream(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(since): Query<Since>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, WebError> {
    follow(&app, &caller, &headers, &since, Changes { line: caller.line() }).await
}

/// Changes as `{"kind": "message", "id": 5, "conversation": 3}`.
struct Changes {
    /// A caller bound to one line hears of that line only.
    line: Option<LineId>,
}

impl Rendering for Changes {
    fn render<'a>(
        &'a self,
        app: &'a App,
        changes: &'a [ChangeRow],
    ) -> BoxFuture<'a, Result<Vec<Event>, StoreError>> {
        let (line, changes) = (self.line, changes.to_vec());
        let read = app.store.read(move |tx| {
            let mut events = Vec::new();
            for change in &changes {
                let conversation = match change.kind {
                    ChangeKind::Message => {
                        let Some(message) = tx.message(MessageId(change.id))? else { continue };
                        if line.is_some_and(|own| own != message.line) {
                            continue;
                        }
                        message.conversation.map(|id| id.0)
                    }
                    ChangeKind::Conversation => Some(change.id),
                    _ => None,
                };
                let data = json!({
                    "kind": change.kind.as_str(), "id": change.id, "conversation": conversation,
                });
                let event = Event::default().id(change.seq.to_string()).event("change");
                events.push(event.data(data.to_string()));
            }
            Ok(events)
        });
        read.boxed()
    }

    fn lost(&self) -> Event {
        Event::default().event("change").data(r#"{"kind":"all"}"#)
    }

    fn present(&self, of: ConversationId) -> Option<Event> {
        let data = json!({ "kind": "presence", "conversation": of.0 });
        Some(Event::default().event("change").data(data.to_string()))
    }
}
