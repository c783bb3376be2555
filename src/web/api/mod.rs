//! The JSON interface, one resource a file, each with its own wire structs, so that storage can
//! change without breaking a client.
//!
//! Ids are strings, times RFC 3339 in UTC, lists `{items, next}`; unknown fields are refused.

pub(super) mod audit;
pub(super) mod batch;
pub(super) mod bulk;
mod claims;
pub(super) mod consent;
pub(super) mod consent_words;
pub(super) mod contacts;
pub(super) mod conversations;
pub(super) mod count;
pub(super) mod events;
pub(super) mod line_settings;
pub(super) mod lines;
pub(super) mod merges;
pub(super) mod messages;
pub(super) mod modems;
pub(super) mod numbers;
pub(super) mod passwords;
pub(super) mod prompts;
pub(super) mod quarantine;
pub(super) mod questions;
pub(super) mod refusals;
pub(super) mod rehearsal;
pub(super) mod rules;
pub(super) mod settle;
pub(super) mod sign_in_links;
pub(super) mod templates;
pub(super) mod texts;
pub(super) mod threads;
pub(super) mod tokens;
pub(super) mod usage;
pub(super) mod users;
pub(super) mod webhooks;

use serde::Serialize;
use utoipa::ToSchema;

use super::error::{Code, WebError};
use crate::types::UnixTime;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    items: Vec<T>,
    /// Give it back to go on; null at the end.
    next: Option<String>,
}

impl<T> List<T> {
    /// A list that is always whole.
    fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// A time as the wire has it.
fn stamp(time: UnixTime) -> String {
    time.to_string()
}

/// How many rows a page of a list has.
fn page_size(limit: Option<u32>) -> Result<u32, WebError> {
    match limit.unwrap_or(50) {
        limit @ 1..=500 => Ok(limit),
        _ => Err(WebError::new(Code::FieldInvalid, "limit is 1 to 500.")),
    }
}

/// The number in a cursor of ours.
fn cursor(text: Option<&str>) -> Result<Option<i64>, WebError> {
    let wrong = || WebError::new(Code::CursorInvalid, "Use `next` of the page before, unchanged.");
    text.map(|text| text.parse().map_err(|_| wrong())).transpose()
}
