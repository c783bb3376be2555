//! Conversations: all texts with one remote address, across all lines.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::messages::Message;
use super::{List, cursor, page_size, stamp};
use crate::store::{self, ConversationQuery, MessageQuery, Page};
use crate::types::{ConversationId, UnixTime};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Id, Query};

/// All texts with one remote address.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Conversation {
    id: String,
    number: String,
    /// The line last used.
    line: Option<String>,
    unread: u32,
    /// Whether the last word is ours.
    answered: bool,
    last_message_at: String,
}

impl From<store::Conversation> for Conversation {
    fn from(conversation: store::Conversation) -> Self {
        Self {
            id: conversation.id.to_string(),
            number: conversation.number.as_str().to_owned(),
            line: conversation.line.map(|line| line.to_string()),
            unread: conversation.unread,
            answered: conversation.answered,
            last_message_at: stamp(conversation.last_message_at),
        }
    }
}

/// Which page of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Filter {
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 500, 50 without it.
    limit: Option<u32>,
}

/// Conversations, the one with the newest text first.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "conversations", params(Filter),
    responses((status = 200, body = List<Conversation>)))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(filter): Query<Filter>,
) -> Result<Json<List<Conversation>>, WebError> {
    let limit = page_size(filter.limit)?;
    let before = filter.after.as_deref().map(place).transpose()?;
    let query =
        ConversationQuery { before, line: caller.line(), limit, ..ConversationQuery::default() };
    let found = app.store.read(move |tx| tx.conversations(&query)).await?;
    let more = found.len() == limit as usize;
    let next = found.last().filter(|_| more).map(|c| format!("{}-{}", c.last_message_at.0, c.id));
    Ok(Json(List { items: found.into_iter().map(Conversation::from).collect(), next }))
}

/// A place in the list: the time of its newest text and its id.
fn place(text: &str) -> Result<(UnixTime, ConversationId), WebError> {
    let wrong = || WebError::new(Code::CursorInvalid, "Use `next` of the page before, unchanged.");
    let (at, id) = text.split_once('-').ok_or_else(wrong)?;
    match (cursor(Some(at))?, cursor(Some(id))?) {
        (Some(at), Some(id)) => Ok((UnixTime(at), ConversationId(id))),
        _ => Err(wrong()),
    }
}

/// A conversation with its newest texts.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Whole {
    #[serde(flatten)]
    conversation: Conversation,
    /// The newest 50, oldest first.
    messages: List<Message>,
}

/// One conversation.
#[utoipa::path(get, path = "/api/v1/conversations/{id}", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, body = Whole), (status = 404, description = "not_found")))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Json<Whole>, WebError> {
    let line = caller.line();
    let read = app.store.read(move |tx| {
        let query = MessageQuery {
            page: Page::Last,
            conversation: Some(id),
            line,
            limit: 50,
            ..Default::default()
        };
        Ok((tx.conversation(id)?, tx.messages(&query)?))
    });
    let (conversation, messages) = read.await?;
    let conversation = conversation.ok_or_else(WebError::not_found)?;
    if line.is_some() && messages.is_empty() {
        return Err(WebError::not_found());
    }
    let messages = List::whole(messages.into_iter().rev().map(Message::from).collect());
    Ok(Json(Whole { conversation: conversation.into(), messages }))
}
