//! A reply meets the claims of its conversation (S119, S120, C6): only for users; what a program
//! sends in its own name is no answer of somebody's.

use crate::engine::claim::Verdict;
use crate::engine::facts::Thread;
use crate::engine::rules::{Line, PersonId, Rules};
use crate::store::{Author, Claim, Message, MessageQuery, NewMessage, Page, WriteTx};
use crate::types::{Class, Direction, MessageId, UnixTime};
use crate::web::auth::Caller;
use crate::web::crew;
use crate::web::error::{Code, WebError};

/// Whether the acting user may send this; claims what nobody holds where the policy says so.
pub(super) fn reply(
    tx: &WriteTx<'_>,
    caller: &Caller,
    new: &NewMessage,
    confirmed: bool,
    now: UnixTime,
) -> Result<(), WebError> {
    let Some(user) = caller.user() else { return Ok(()) };
    let Some(before) = tx.conversation_of(&new.to)? else { return Ok(()) };
    // A conversation that they begin is not yet anybody's to answer.
    if before.last_message.is_none() {
        return Ok(());
    }
    let rules = crew::claim_rules(tx, Some(new.line))?;
    let thread = Thread {
        closed: before.closed,
        owner: before.owner.map(|owner| PersonId(owner.0)),
        participants: before.participants.iter().map(|user| PersonId(user.0)).collect(),
    };
    let Rules { line: Line { claims, .. }, .. } = &rules;
    let who = rules.person(PersonId(user.0)).cloned().unwrap_or_default();
    match claims.reply_in_inbox(&thread, &who, &rules) {
        Verdict::Go { claims: false } => Ok(()),
        Verdict::Go { claims: true } => match tx.claim(before.id, user, now)? {
            Claim::Won => Ok(()),
            _ => Err(WebError::new(Code::ClaimedByOther, "Somebody else was first.")),
        },
        Verdict::Ask(_) if confirmed => Ok(()),
        Verdict::Ask(refusal) => {
            let detail = format!("{} Or send it with \"confirm\": true.", refusal.sentence);
            Err(WebError::new(Code::ClaimedByOther, detail))
        }
        Verdict::No(refusal) => Err(refusal.into()),
    }
}

/// E121: whether a colleague has answered since the writer looked.
pub(super) fn unanswered(
    tx: &WriteTx<'_>,
    caller: &Caller,
    new: &NewMessage,
    last_seen: Option<MessageId>,
    now: UnixTime,
) -> Result<(), WebError> {
    let Some(last_seen) = last_seen else { return Ok(()) };
    let since = tx.messages(&MessageQuery {
        page: Page::After(last_seen),
        direction: Some(Direction::Out),
        number: Some(new.to.clone()),
        limit: 20,
        ..MessageQuery::default()
    })?;
    let own = caller.author();
    let by_hand = |message: &&Message| {
        let automatic = matches!(message.class, Class::Auto | Class::Consent | Class::Marketing);
        !automatic && message.author.as_ref() != Some(&own)
    };
    let Some(answer) = since.iter().rev().find(by_hand) else { return Ok(()) };
    let user = answer.author.as_ref().and_then(Author::user);
    let user = user.map(|user| tx.user(user)).transpose()?.flatten();
    let name = user.map_or_else(|| "Somebody".to_owned(), |user| user.name());
    let words: String = answer.text.chars().take(100).collect();
    let minutes = now.since(answer.created_at).0 / 60_000;
    let detail = format!(
        "{name} answered {minutes} min ago: {words:?}. Send yours as well with \"confirm\": true."
    );
    Err(WebError::new(Code::AnsweredMeanwhile, detail))
}
