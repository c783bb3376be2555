//! Conversations: all texts with one remote address, across all lines; as a list in three tabs.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::messages::Message;
use super::{List, cursor, page_size, stamp};
use crate::store::{self, ConversationQuery, MessageQuery, Page, ReadTx, Tab, UserId};
use crate::types::{ConversationId, Number, UnixTime};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Id, Query};

/// All texts with one remote address.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Conversation {
    pub(in crate::web) id: String,
    number: String,
    /// `number`, `short_code` or `name`.
    kind: &'static str,
    /// Whether an answer can reach it at all: a sender's name cannot be written to.
    answerable: bool,
    /// The contact who names it.
    contact_id: Option<String>,
    contact_name: Option<String>,
    /// The line last used; where an answer goes out.
    line: Option<String>,
    /// News to the acting user; without one, since anybody looked.
    unread: u32,
    /// Whether the last word is ours.
    answered: bool,
    /// `active`, `team` or `closed`, as the acting user sees it.
    tab: &'static str,
    /// The id of the user who has claimed it.
    owner: Option<String>,
    /// Ids of users who take part.
    participants: Vec<String>,
    team: Option<String>,
    /// For follow-up, with a word why.
    flag: Option<String>,
    closed: bool,
    tags: Vec<String>,
    /// Its owner wants no texts, on one line at least.
    opted_out: bool,
    /// A person must decide whether the last words were an opt-out.
    possible_opt_out: bool,
    /// Texts that are to leave later; closing keeps them (E127).
    scheduled: u32,
    last_message_at: String,
    /// The newest text, or its beginning.
    last_text: Option<String>,
    /// `in` or `out`.
    last_direction: Option<&'static str>,
}

impl Conversation {
    pub(super) fn seen_by(viewer: Option<UserId>, seen: store::Conversation) -> Self {
        let tab = seen.tab(viewer).as_str();
        let (last_direction, last_text) = seen.last_text.unzip();
        let (contact_id, contact_name) = seen.contact.unzip();
        Self {
            id: seen.id.to_string(),
            number: seen.number.as_str().to_owned(),
            kind: match seen.number {
                Number::E164(_) => "number",
                Number::ShortCode(_) => "short_code",
                Number::Alphanumeric(_) => "name",
            },
            answerable: seen.number.answerable(),
            contact_id: contact_id.map(|id| id.to_string()),
            contact_name: contact_name.filter(|name| !name.is_empty()),
            line: seen.line.map(|line| line.to_string()),
            unread: seen.unread,
            answered: seen.answered,
            tab,
            owner: seen.owner.map(|owner| owner.to_string()),
            participants: seen.participants.iter().map(UserId::to_string).collect(),
            team: seen.team,
            flag: seen.flag,
            closed: seen.closed,
            tags: seen.tags,
            opted_out: seen.opted_out,
            possible_opt_out: seen.possible_opt_out,
            scheduled: seen.scheduled,
            last_message_at: stamp(seen.last_message_at),
            last_text: last_text.map(|text| text.chars().take(PREVIEW).collect()),
            last_direction: last_direction.map(|direction| direction.as_str()),
        }
    }
}

/// Which conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Filter {
    /// `active`, `team` or `closed`; all without it.
    tab: Option<String>,
    /// Those that were ever on this line: id, name, number or ICCID.
    line: Option<String>,
    /// Words of a name or a text, or part of a number; case and accents do not matter.
    q: Option<String>,
    /// Those flagged with this word; `any` for every flag.
    flag: Option<String>,
    /// Those with this tag.
    tag: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// 1 to 500, 50 without it.
    limit: Option<u32>,
}

/// A page of conversations, and how many there are.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Inbox {
    items: Vec<Conversation>,
    /// Give it back as `after` to go on; null at the end.
    next: Option<String>,
    counts: Counts,
}

/// How many conversations stand in each tab, whatever else is asked for.
#[derive(Debug, Serialize, ToSchema)]
struct Counts {
    active: u32,
    team: u32,
    closed: u32,
    /// Texts that are news, in all.
    unread: u32,
}

/// Conversations, the one with the newest text first.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "conversations", params(Filter),
    responses((status = 200, body = Inbox), (status = 400, description = "cursor_invalid, field_invalid")))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(filter): Query<Filter>,
) -> Result<Json<Inbox>, WebError> {
    let limit = page_size(filter.limit)?;
    let before = filter.after.as_deref().map(place).transpose()?;
    let no_tab = || WebError::new(Code::FieldInvalid, "tab is active, team or closed.");
    let tab = filter.tab.map(|word| Tab::parse(&word).ok_or_else(no_tab)).transpose()?;
    let viewer = caller.user();
    let query = ConversationQuery {
        before,
        line: caller.line(),
        tab,
        viewer,
        search: filter.q.filter(|typed| !typed.trim().is_empty()),
        flag: filter.flag.map(|flag| if flag == "any" { String::new() } else { flag }),
        owner: None,
        tag: filter.tag,
        limit,
    };
    let wanted = filter.line;
    let read = app.store.read(move |tx| {
        let line = match wanted.as_deref().map(|word| tx.line_called(word)).transpose()? {
            Some(None) => return Ok(None),
            Some(Some(line)) if query.line.is_some_and(|own| own != line.id) => return Ok(None),
            Some(Some(line)) => Some(line.id),
            None => query.line,
        };
        let query = ConversationQuery { line, ..query };
        let counts = (tx.tab_counts(viewer, line)?, tx.unread_for(viewer)?);
        Ok(Some((tx.conversations(&query)?, counts)))
    });
    let unknown = || WebError::new(Code::FieldInvalid, "line is none of GET /api/v1/lines.");
    let (found, (counts, unread)) = read.await?.ok_or_else(unknown)?;
    let more = found.len() == limit as usize;
    let next = found.last().filter(|_| more).map(|c| format!("{}-{}", c.last_message_at.0, c.id));
    let items = found.into_iter().map(|seen| Conversation::seen_by(viewer, seen)).collect();
    let store::TabCounts { active, team, closed } = counts;
    Ok(Json(Inbox { items, next, counts: Counts { active, team, closed, unread } }))
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

/// A conversation with its newest texts and what staff wrote about it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Whole {
    #[serde(flatten)]
    conversation: Conversation,
    /// The newest 50, oldest first.
    messages: List<Message>,
    /// For staff only; never sent.
    notes: Vec<Note>,
}

/// What staff wrote about a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Note {
    id: String,
    /// The id of the user who wrote it, when a user did.
    user: Option<String>,
    text: String,
    at: String,
}

impl From<store::Note> for Note {
    fn from(note: store::Note) -> Self {
        Self {
            id: note.id.to_string(),
            user: note.author.user().map(|user| user.to_string()),
            text: note.text,
            at: stamp(note.at),
        }
    }
}

/// One conversation.
#[utoipa::path(get, path = "/api/v1/conversations/{id}", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, body = Whole), (status = 404, description = "not_found")))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Json<Whole>, WebError> {
    let (line, viewer) = (caller.line(), caller.user());
    let read = app.store.read(move |tx| {
        let query = MessageQuery {
            page: Page::Last,
            conversation: Some(id),
            line,
            limit: 50,
            ..Default::default()
        };
        Ok((tx.conversation_for(id, viewer)?, tx.messages(&query)?, tx.notes(id)?))
    });
    let (conversation, messages, notes) = read.await?;
    let conversation = conversation.ok_or_else(WebError::not_found)?;
    if line.is_some() && messages.is_empty() {
        return Err(WebError::not_found());
    }
    Ok(Json(Whole {
        conversation: Conversation::seen_by(viewer, conversation),
        messages: List::whole(messages.into_iter().rev().map(Message::from).collect()),
        notes: notes.into_iter().map(Note::from).collect(),
    }))
}

/// The conversation, if the caller may see it; one of another line does not exist for them.
pub(in crate::web) fn seen(
    tx: &ReadTx<'_>,
    caller: &Caller,
    id: ConversationId,
) -> Result<store::Conversation, WebError> {
    let found = tx.conversation_for(id, caller.user())?.ok_or_else(WebError::not_found)?;
    if caller.thread().is_some_and(|only| only != id) {
        return Err(WebError::not_found());
    }
    match caller.line() {
        Some(line) if !tx.was_on_line(id, line)? => Err(WebError::not_found()),
        _ => Ok(found),
    }
}

/// Characters of the newest text in a list.
const PREVIEW: usize = 200;
