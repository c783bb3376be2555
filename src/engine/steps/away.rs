//! The text outside business hours (S91, C12, C13, E158..E163, E169).

use crate::engine::Flow;
use crate::engine::action::Purpose;
use crate::engine::case::Case;
use crate::engine::draft::Draft;
use crate::engine::texts::{self, Kind};
use crate::types::Millis;

pub(in crate::engine) fn away(case: &Case<'_>, draft: &mut Draft) -> Flow {
    let line = &case.rules.line;
    let Some(hours) = line.hours.as_ref().filter(|_| !line.texts.away_off) else {
        return Flow::Continue;
    };
    if !case.moment.trusted {
        draft.why("the clock is not trusted yet: no away text");
        return Flow::Continue;
    }
    if hours.is_open(case.now()) {
        return Flow::Continue;
    }
    if case.facts.traffic.last_away.is_some_and(|at| case.now().since(at) < AGAIN_AFTER) {
        draft.why("closed, and the sender was told so of late");
        return Flow::Continue;
    }
    if draft.answered() {
        draft.why("closed, but the message has its answer already");
        return Flow::Continue;
    }
    match texts::fill(case, Kind::Away, None) {
        Err(error) => draft.why(format!("no away text: {error}")),
        Ok(text) => {
            if draft.answer(case, Purpose::Away, text) {
                draft.why("outside business hours: away text");
            }
        }
    }
    Flow::Continue
}

/// One away text an evening is kind, five are a machine.
const AGAIN_AFTER: Millis = Millis::from_secs(8 * 3_600);
