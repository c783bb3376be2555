//! Links in mails: each opens one conversation for one of us, or decides about one held text, and
//! each does so once. What may be done with them is asked when their button is pressed (`web`).

use super::incoming::Case;
use crate::email::Address;
use crate::io::Entropy;
use crate::store::{HeldLink, Result, Role, THREAD_LINK_LIFE, User};
use crate::types::{ConversationId, MessageId, Secret, hex};

/// Short, for it stands in a text; 128 bits, for it opens a conversation.
pub(in crate::app) fn fresh_key(entropy: &Entropy) -> Secret {
    let mut octets = [0; 16];
    entropy.fill(&mut octets);
    Secret::new(hex(&octets))
}

/// Where one of us reads a conversation without signing in (S113, C20). People who are only notified
/// may share an address, so nothing opens in the name of one of them.
pub(super) fn to_thread(
    case: &Case<'_, '_>,
    user: Option<&User>,
    thread: ConversationId,
) -> Result<Option<String>> {
    let user = user.filter(|user| user.profile.role != Role::Notified);
    let (Some(pages), Some(user)) = (&case.room.pages, user) else { return Ok(None) };
    let (key, now) = (fresh_key(case.entropy), case.now);
    case.tx.create_thread_link(&key, user.id, thread, now.after(THREAD_LINK_LIFE), now)?;
    Ok(Some(format!("{pages}/n/{}", key.expose())))
}

/// Where the author of a held text lets it go or drops it; with `takes_over` the conversation
/// becomes theirs with it (C6). A stranger whom an admin has let through once decides nothing (E46).
pub(super) fn to_held(
    case: &Case<'_, '_>,
    message: MessageId,
    author: &Address,
    user: Option<&User>,
    takes_over: bool,
) -> Result<Option<String>> {
    let Some(pages) = case.room.pages.as_ref().filter(|_| !case.approved) else { return Ok(None) };
    let key = fresh_key(case.entropy);
    let link = HeldLink {
        secret: &key,
        message,
        author: &author.key(),
        user: user.map(|user| user.id),
        takes_over,
    };
    case.tx.create_held_link(&link, case.now)?;
    Ok(Some(format!("{pages}/h/{}", key.expose())))
}
