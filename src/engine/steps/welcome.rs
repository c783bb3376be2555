//! The text to a sender who was never heard of (S127, S128, E106..E108).

use crate::engine::Flow;
use crate::engine::action::Purpose;
use crate::engine::case::Case;
use crate::engine::draft::Draft;
use crate::engine::texts::{self, Kind};

pub(in crate::engine) fn welcome(case: &Case<'_>, draft: &mut Draft) -> Flow {
    let line = &case.rules.line;
    if line.texts.opt_in_off || case.facts.welcomed || case.staff.is_some() {
        return Flow::Continue;
    }
    if draft.answered() {
        draft.why("a first message, but it has its answer already");
        return Flow::Continue;
    }
    match texts::fill(case, Kind::OptIn, None) {
        Err(error) => draft.why(format!("no welcome text: {error}")),
        Ok(text) => {
            if draft.answer(case, Purpose::Welcome, text) {
                draft.why("a first message: welcome text");
            }
        }
    }
    Flow::Continue
}
