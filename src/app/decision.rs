//! The engine at work inside the intake's transaction: rules and facts are read, one received text
//! is decided on, and what was decided becomes rows (D8).
//!
//! Nothing of it keeps a text from being stored. An engine that fails, or an action that cannot be
//! written down, leaves the text in its conversation, unread, with a line in its trace; only what
//! makes the whole transaction worthless (a full or broken disk) is passed on, and the SIM keeps
//! the text.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::effects;
use crate::engine::action::{Action, Place, TraceLine};
use crate::engine::{self, Decision, Facts, Inbound, Moment, Rules};
use crate::store::{Filing, LineId, Organisation, Result, WriteTx};
use crate::types::{MessageId, UnixTime};

/// What every decision of a gateway has in common.
#[derive(Clone, Debug)]
pub(super) struct House {
    /// Name, country and zone.
    pub(super) organisation: Organisation,
    /// Whether the wall clock can be believed (E163).
    pub(super) trusted: bool,
    /// Random bits for a new response code.
    pub(super) entropy: u64,
}

/// A decision with what it was made from.
pub(super) struct Decided {
    line: LineId,
    inbound: Inbound,
    rules: Arc<Rules>,
    facts: Facts,
    decision: Decision,
}

/// Decides on a text before it is stored, so that it is not part of its own past.
pub(super) fn decide(
    tx: &WriteTx<'_>,
    line: LineId,
    inbound: Inbound,
    house: &House,
    now: UnixTime,
) -> Result<Decided> {
    let read = tx.attempt(|tx| {
        let rules = tx.rulebook(line, &house.organisation)?;
        let facts = tx.facts(line, &inbound, &rules, now)?;
        Ok((rules, facts))
    });
    let (rules, facts) = match read {
        Ok(read) => read,
        Err(error) if error.is_of_the_job() => {
            tracing::error!(%error, "rules and facts cannot be read; the text is only stored");
            let decision = only_stored(format!("the rules could not be read: {error}"));
            return Ok(Decided {
                line,
                inbound,
                rules: Arc::default(),
                facts: Facts::default(),
                decision,
            });
        }
        Err(error) => return Err(error),
    };
    let moment = Moment { now, trusted: house.trusted, entropy: house.entropy };
    let decided =
        catch_unwind(AssertUnwindSafe(|| engine::decide(&inbound, &rules, &facts, moment)));
    let decision = decided.unwrap_or_else(|_| {
        tracing::error!("the engine failed on a text; it is only stored");
        only_stored("the engine failed: the text is stored and nothing else is done".to_owned())
    });
    Ok(Decided { line, inbound, rules, facts, decision })
}

impl Decided {
    /// How the text stands in its conversation.
    pub(super) fn filing(&self) -> Filing {
        let filing = self.decision.actions.iter().find_map(|action| match action {
            Action::File(filing) => Some(filing),
            _ => None,
        });
        filing.map_or_else(Filing::default, |filing| Filing {
            badge: filing.unread,
            reopen: filing.reopen,
            internal: matches!(filing.place, Place::Internal(_)),
            mark: filing.mark.map(engine::action::Mark::as_str),
        })
    }

    /// Turns the decision about the stored `message` into rows, all or none, and keeps its reasons.
    pub(super) fn carry_out(
        mut self,
        tx: &WriteTx<'_>,
        message: MessageId,
        now: UnixTime,
    ) -> Result<()> {
        let cause = effects::Cause {
            message,
            line: self.line,
            inbound: &self.inbound,
            rules: &self.rules,
            facts: &self.facts,
            now,
        };
        match tx.attempt(|tx| effects::carry_out(tx, &cause, &self.decision.actions)) {
            Ok(notes) => self.decision.trace.extend(notes),
            Err(error) if error.is_of_the_job() => {
                tracing::error!(%message, %error, "a decision cannot be carried out");
                let why = format!("nothing of this was done: {error}");
                self.decision.trace.push(TraceLine { step: "carry out", why });
            }
            Err(error) => return Err(error),
        }
        tx.set_trace(message, &effects::written(&self.decision.trace))
    }
}

fn only_stored(why: String) -> Decision {
    Decision { actions: Vec::new(), trace: vec![TraceLine { step: "intake", why }] }
}
