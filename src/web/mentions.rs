//! Whom a note names with an `@`: they take part from then on, and are told by their own way.
//!
//! Who told them and what was noted comes in; rows go out. How somebody is told is decided when it
//! leaves: by the channels a line has for them, else by e-mail, else by SMS (`app::tell`).

use serde_json::json;

use super::auth::Caller;
use super::error::WebError;
use crate::store::{
    Conversation, DeliveryKind, Happened, MessageQuery, NewDelivery, NewHappening, NoteId, Page,
    User, WriteTx,
};
use crate::types::UnixTime;

/// Brings in those whom a note names, and tells them.
pub(super) fn bring_in(
    tx: &WriteTx<'_>,
    caller: &Caller,
    this: &Conversation,
    note: (NoteId, &str),
    now: UnixTime,
) -> Result<(), WebError> {
    let (id, text) = note;
    let author = caller.user().map(|user| tx.user(user)).transpose()?.flatten();
    let author = author.map_or_else(|| "An admin".to_owned(), |user| user.name());
    for user in mentioned(tx, text)? {
        let is_in = this.owner == Some(user.id) || this.participants.contains(&user.id);
        if !is_in {
            tx.add_participant(this.id, user.id, now)?;
            let joined = NewHappening {
                kind: Happened::Joined,
                author: Some(caller.author()),
                user: Some(user.id),
                word: None,
            };
            tx.happened(this.id, &joined, now)?;
        }
        if caller.user() == Some(user.id) {
            continue;
        }
        let shown: String = text.chars().take(SHOWN).collect();
        let more = if shown.len() < text.len() { "…" } else { "" };
        let about = named(this);
        let notice = NewDelivery {
            kind: DeliveryKind::Notice,
            target: user.id.to_string(),
            payload: json!({
                "channel": "own",
                "text": format!("{author} named you in a note about {about}: {shown}{more}"),
                "thread": this.id.0,
            }),
            message: newest(tx, this)?,
            once: Some(format!("mention {id} {}", user.id)),
            not_before: None,
        };
        tx.add_delivery(&notice, now)?;
    }
    Ok(())
}

/// Those of us whom a note names: by first name or by the whole one.
fn mentioned(tx: &WriteTx<'_>, text: &str) -> Result<Vec<User>, WebError> {
    let said = text.to_lowercase();
    let names = |name: &str| {
        let name = format!("@{}", name.to_lowercase());
        let ends = |at: usize| {
            said.get(at + name.len()..).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        };
        name.len() > 1 && said.match_indices(&name).any(|(at, _)| ends(at))
    };
    let users = tx.users()?.into_iter().filter(|user| user.profile.acts());
    Ok(users.filter(|user| names(&user.profile.first_name) || names(&user.name())).collect())
}

fn named(this: &Conversation) -> String {
    let name = this.contact.as_ref().map(|(_, name)| name.clone()).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| this.number.as_str().to_owned())
}

/// The newest text of the conversation: a notice by SMS goes out on its line.
fn newest(
    tx: &WriteTx<'_>,
    this: &Conversation,
) -> Result<Option<crate::types::MessageId>, WebError> {
    let query = MessageQuery {
        page: Page::Last,
        conversation: Some(this.id),
        limit: 1,
        ..MessageQuery::default()
    };
    Ok(tx.messages(&query)?.into_iter().next().map(|message| message.id))
}

/// Characters of a note in a notice.
const SHOWN: usize = 200;
