//! A reply meets the claims of its conversation (S119, S120, C6): only for users; what a program
//! sends in its own name is no answer of somebody's.

use crate::engine::claim::Verdict;
use crate::engine::facts::Thread;
use crate::engine::rules::{Line, PersonId, Rules};
use crate::store::{Claim, NewMessage, WriteTx};
use crate::types::UnixTime;
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
