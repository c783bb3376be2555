//! Server-sent events: what was committed since, then what is committed next.
//!
//! The `changes` table is the truth and its `seq` the event id, so a client that comes back with
//! `Last-Event-ID` misses nothing; the bus only says when to look again. A client that was away for
//! longer than the table reaches back is told to begin anew.

use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::IntoParams;

use super::App;
use super::auth::Caller;
use super::error::{Code, WebError};
use crate::bus::{Change, Heard, Listener};
use crate::store::{ChangeRow, StoreError};
use crate::types::ConversationId;

/// Turns a handful of changes into events; each page and the API have their own way.
pub(super) trait Rendering: Send + 'static {
    /// The events of `changes`, in order, each with the change's `seq` as its id.
    fn render<'a>(
        &'a self,
        app: &'a App,
        changes: &'a [ChangeRow],
    ) -> BoxFuture<'a, Result<Vec<Event>, StoreError>>;

    /// What tells the client that it must begin anew.
    fn lost(&self) -> Event;

    /// What tells the client that others look at a conversation; not every client cares.
    fn present(&self, _: ConversationId) -> Option<Event> {
        None
    }
}

/// Where a stream begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// The id of the last event known; without it and without `Last-Event-ID`: from now on.
    after: Option<i64>,
}

/// The stream of a client, from what it knows.
pub(super) async fn follow<R: Rendering>(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    since: &Since,
    rendering: R,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + use<R>>, WebError> {
    let after = match known_to(headers, since.after) {
        Some(seq) => seq,
        None => app.store.read(|tx| tx.last_change()).await?,
    };
    let permit = app.streams.clone().try_acquire_owned().map_err(|_| {
        let detail = "Close another page of this gateway, or try again in a minute.";
        WebError::new(Code::TooManyStreams, detail)
    })?;
    // Subscribed before the table is read, so nothing falls between the two.
    let follower = Follower {
        signals: app.bus.listen(),
        app: app.clone(),
        caller: caller.clone(),
        seq: after,
        ready: VecDeque::from([Event::default().comment("from simgate").retry(RETRY)]),
        ends: tokio::time::Instant::now() + LONGEST,
        rendering,
        _permit: permit,
    };
    let events = unfold(follower, |mut follower| async move {
        follower.next().await.map(|event| (Ok(event), follower))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT).text("still here")))
}

/// The `seq` a client says it has: the header of a reconnect wins over the address it first opened.
fn known_to(headers: &HeaderMap, first: Option<i64>) -> Option<i64> {
    let header = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    header.and_then(|text| text.parse().ok()).or(first)
}

struct Follower<R> {
    app: App,
    caller: Caller,
    signals: Listener,
    seq: i64,
    ready: VecDeque<Event>,
    ends: tokio::time::Instant,
    rendering: R,
    _permit: OwnedSemaphorePermit,
}

impl<R: Rendering> Follower<R> {
    /// The next event; `None` ends the stream and the client comes back by itself.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            match self.look().await {
                Ok(Some(true)) => {}
                Ok(Some(false)) => {
                    // A lost signal costs a heartbeat, not an event.
                    tokio::select! {
                        heard = self.signals.next() => {
                            if let Some(Heard::Change(Change::Presence(of))) = heard {
                                self.ready.extend(self.rendering.present(of));
                            }
                        }
                        () = tokio::time::sleep(HEARTBEAT) => {}
                        () = tokio::time::sleep_until(self.ends) => return None,
                    }
                }
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// Reads on in the table; whether there was anything, or `None`: the caller may hear no more
    /// (E156).
    async fn look(&mut self) -> Result<Option<bool>, StoreError> {
        let (seq, caller, now) = (self.seq, self.caller.clone(), self.app.now());
        let read = self.app.store.read(move |tx| match caller.still_holds(tx, now)? {
            true => Ok(Some((tx.changes_since(seq, AT_ONCE)?, tx.last_change()?))),
            false => Ok(None),
        });
        match read.await? {
            None => Ok(None),
            Some((None, last)) => {
                self.seq = last;
                self.ready.push_back(self.rendering.lost().id(last.to_string()));
                Ok(Some(true))
            }
            Some((Some(changes), _)) => {
                let Some(newest) = changes.last() else { return Ok(Some(false)) };
                self.seq = newest.seq;
                let events = self.rendering.render(&self.app, &newest_of_each(&changes)).await?;
                self.ready.extend(events);
                Ok(Some(true))
            }
        }
    }
}

/// Ten changes of one row are one event: a reader is shown the row as it is now anyway.
fn newest_of_each(changes: &[ChangeRow]) -> Vec<ChangeRow> {
    let mut seen = HashSet::new();
    let newest = changes.iter().rev().filter(|change| seen.insert((change.kind, change.id)));
    let mut kept: Vec<ChangeRow> = newest.copied().collect();
    kept.reverse();
    kept
}

/// Rows read in one go.
const AT_ONCE: u32 = 200;
/// Proxies close a connection on which nothing was said for a minute.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long a browser waits before it comes back.
const RETRY: Duration = Duration::from_secs(2);
/// A stream ends after so long and is asked for again.
const LONGEST: Duration = Duration::from_secs(15 * 60);
