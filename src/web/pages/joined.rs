//! `/contacts/{id}/texts`: everything said with one contact, whichever of their numbers it was (C8).
//!
//! A view only: conversations stay one a number, and an answer is written in its own one.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use serde::Deserialize;

use super::Frame;
use super::timeline::{Story, Timeline};
use crate::store::{Line, Message, MessageQuery, Page, ReadTx, UserId};
use crate::types::{ContactId, ConversationId, MessageId};
use crate::web::App;
use crate::web::api::conversations::seen;
use crate::web::assets::Addresses;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Id, Query};

#[derive(Template)]
#[template(path = "joined.html", config = "src/web/askama.toml")]
struct JoinedPage {
    frame: Frame,
    id: ContactId,
    threads: Vec<(String, ConversationId)>,
    timeline: Timeline,
    earlier: Option<MessageId>,
    /// On a page of the past: there is a way to the end.
    past: bool,
}

/// Up to where.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Asked {
    before: Option<i64>,
}

/// What is read for the page.
struct Found {
    name: String,
    threads: Vec<(String, ConversationId)>,
    messages: Vec<Message>,
    more: bool,
    names: HashMap<UserId, String>,
    lines: Vec<Line>,
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    Query(Asked { before }): Query<Asked>,
) -> Result<Html<String>, WebError> {
    let (asking, before) = (caller.clone(), before.map(MessageId));
    let read = app.store.read(move |tx| Ok(find(tx, &asking, id, before)));
    let found = read.await??;
    let story = Story {
        messages: found.messages,
        notes: Vec::new(),
        happenings: Vec::new(),
        consent: Vec::new(),
        names: &found.names,
        lines: &found.lines,
        remote: &found.name,
        zone: &app.settings.time_zone,
        several_numbers: true,
    };
    let earlier = story.messages.first().filter(|_| found.more).map(|oldest| oldest.id);
    let timeline = Timeline { assets: Addresses, entries: story.entries(), may_send: false };
    let frame = Frame::of(&app, &caller, found.name.as_str(), "/contacts", "contacts").await?;
    let past = before.is_some();
    let page = JoinedPage { frame, id, threads: found.threads, timeline, earlier, past };
    Ok(Html(page.render()?))
}

fn find(
    tx: &ReadTx<'_>,
    caller: &Caller,
    id: ContactId,
    before: Option<MessageId>,
) -> Result<Found, WebError> {
    let contact = tx.contact(id)?.ok_or_else(WebError::not_found)?;
    let mut found = Found {
        name: contact.name(),
        threads: Vec::new(),
        messages: Vec::new(),
        more: false,
        names: tx.users()?.iter().map(|user| (user.id, user.name())).collect(),
        lines: tx.lines()?,
    };
    for number in &contact.card.numbers {
        let Some(thread) = tx.conversation_of(number)? else { continue };
        // What the caller may not see is not there.
        match seen(tx, caller, thread.id) {
            Err(refusal) if refusal.code() == Code::NotFound => continue,
            seen => seen?,
        };
        found.threads.push((number.as_str().to_owned(), thread.id));
        let query = MessageQuery {
            page: before.map_or(Page::Last, Page::Before),
            conversation: Some(thread.id),
            line: caller.line(),
            limit: ENTRIES + 1, // one more tells whether a page is before this one
            ..MessageQuery::default()
        };
        found.messages.extend(tx.messages(&query)?);
    }
    if found.name.is_empty() {
        found.name =
            found.threads.first().map_or("Contact".to_owned(), |(number, _)| number.clone());
    }
    // Their row is their place in the order of arrival, whichever conversation they belong to.
    found.messages.sort_by_key(|message| std::cmp::Reverse(message.id));
    found.more = found.messages.len() > ENTRIES as usize;
    found.messages.truncate(ENTRIES as usize);
    found.messages.reverse();
    Ok(found)
}

/// Texts on one page.
const ENTRIES: u32 = 50;
