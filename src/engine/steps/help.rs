//! HELP: who we are and how to reach us, at most once in ten minutes and three times a day (S72,
//! E104).

use super::opt_out::{answer_language, event};
use crate::engine::Flow;
use crate::engine::action::{Action, Filing, Mark, Place, Purpose};
use crate::engine::case::Case;
use crate::engine::consent::{Change, Intent};
use crate::engine::draft::Draft;
use crate::engine::texts::{self, Kind};
use crate::types::Millis;

pub(in crate::engine) fn help(case: &Case<'_>, draft: &mut Draft) -> Flow {
    let found = case.consent.as_ref().filter(|found| found.intent == Intent::Help);
    let Some(found) = found else { return Flow::Continue };
    draft.file(Filing {
        place: Place::Conversation,
        mark: Some(Mark::Help),
        unread: false,
        reopen: false,
    });
    draft.why(format!("the HELP word {:?} ({}), {}", found.word, found.language, found.level));
    let standing = &case.facts.consent;
    let within =
        |span| standing.help_answers.iter().filter(|at| case.now().since(**at) < span).count();
    let mut answered = false;
    if within(TEN_MINUTES) >= 1 || within(A_DAY) >= 3 {
        draft.why("answered of late: one answer in ten minutes, three a day");
    } else if standing.is_out() && !case.rules.line.consent.help_when_out {
        draft.why("the sender has opted out, and the line then answers no HELP");
    } else {
        match texts::fill(case, Kind::Help, answer_language(case, found)) {
            Ok(text) => answered = draft.answer(case, Purpose::HelpAnswer, text),
            Err(error) => draft.why(format!("no answer: {error}")),
        }
    }
    draft.act(Action::Consent(event(case, found, Change::Help, answered)));
    Flow::Stop
}

const TEN_MINUTES: Millis = Millis::from_secs(600);
const A_DAY: Millis = Millis::from_secs(24 * 3_600);
