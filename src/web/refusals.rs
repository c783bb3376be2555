//! A text that is not taken leaves a trace all the same: who tried, for whom, and why, kept by the
//! store and shown at `/api/v1/refusals` and `/refusals`. Its words are not kept.
//!
//! Comes in: an [`Attempt`] and the refusal it met. Goes out: the refusal, unchanged. A trace that
//! cannot be written is a line in the log, never another refusal.

use super::App;
use super::accept::Wanted;
use super::auth::Caller;
use super::error::{Code, WebError};
use crate::store::NewRefused;
use crate::types::Number;

/// What somebody tried, without the words.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempt {
    /// By which call.
    pub(super) way: &'static str,
    pub(super) to: String,
    pub(super) line: Option<String>,
    pub(super) class: String,
}

impl Attempt {
    /// A text that was read and then refused.
    pub(super) fn of(way: &'static str, wanted: &Wanted) -> Self {
        Self {
            way,
            to: wanted.to.clone(),
            line: wanted.line.clone(),
            class: wanted.class.as_str().to_owned(),
        }
    }
}

/// Keeps why a text was not taken; the refusal comes back for the caller to give.
pub(super) async fn noted(
    app: &App,
    caller: &Caller,
    attempt: Attempt,
    refusal: WebError,
) -> WebError {
    let met = (attempt, refusal.code(), refusal.detail().to_owned());
    note(app, caller, vec![met]).await;
    refusal
}

/// The same for texts that were tried together: each with the code and the words it met.
pub(super) async fn note(app: &App, caller: &Caller, met: Vec<(Attempt, Code, String)>) {
    let met: Vec<_> =
        met.into_iter().filter(|(_, code, _)| code.status().is_client_error()).collect();
    if met.is_empty() {
        return;
    }
    let (now, author, country) = (app.now(), caller.author(), app.settings.country);
    let kept = app.store.write(move |tx| {
        let mut rows = Vec::with_capacity(met.len());
        for (attempt, code, detail) in met {
            let line = match &attempt.line {
                Some(word) => tx.line_called(word)?,
                None => None,
            };
            let country = line.as_ref().and_then(|line| line.country).or(country);
            // These words quote a text; what is kept holds none.
            let quotes = code == Code::AnsweredMeanwhile;
            rows.push(NewRefused {
                way: attempt.way,
                author: author.clone(),
                line: line.map(|line| line.id),
                number: Number::parse(&attempt.to, country).ok(),
                // A word of ours, or the first of what was taken for one.
                class: attempt.class.chars().take(20).collect(),
                code: code.word(),
                why: if quotes { code.title().to_owned() } else { detail },
            });
        }
        tx.note_refused(&rows, now)
    });
    if let Err(error) = kept.await {
        tracing::warn!(%error, "why a text was not taken could not be kept");
    }
}
