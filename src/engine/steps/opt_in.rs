//! START and JOIN, only as the whole message (S71, S133, E83, E88..E90).

use super::opt_out::{answer_language, event};
use crate::engine::Flow;
use crate::engine::action::{Action, Filing, Mark, Place, Purpose};
use crate::engine::case::Case;
use crate::engine::consent::{Change, Intent, Level, State};
use crate::engine::draft::Draft;
use crate::engine::texts::{self, Kind};

pub(in crate::engine) fn opt_in(case: &Case<'_>, draft: &mut Draft) -> Flow {
    let whole = |found: &&_| {
        matches!(
            found,
            crate::engine::consent::Finding { intent: Intent::OptIn, level: Level::Whole, .. }
        )
    };
    let Some(found) = case.consent.as_ref().filter(whole) else { return Flow::Continue };
    let mark = Some(Mark::OptIn);
    draft.file(Filing { place: Place::Conversation, mark, unread: false, reopen: false });
    draft.why(format!("the opt-in word {:?} ({}), {}", found.word, found.language, found.level));
    if case.facts.consent.state == State::In {
        draft.why("opted in before: recorded, not answered again");
        draft.act(Action::Consent(event(case, found, Change::Repeated, false)));
        return Flow::Stop;
    }
    let answered = match texts::fill(case, Kind::OptBackIn, answer_language(case, found)) {
        Ok(text) => draft.answer(case, Purpose::ConsentAnswer, text),
        Err(error) => {
            draft.why(format!("no answer: {error}"));
            false
        }
    };
    draft.act(Action::Consent(event(case, found, Change::OptedIn, answered)));
    Flow::Stop
}
