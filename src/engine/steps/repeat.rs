//! The same SMS again: shown as "received n times", and nothing else (E30, E138).

use crate::engine::action::{Filing, Mark, Place};
use crate::engine::case::Case;
use crate::engine::draft::Draft;
use crate::engine::{Flow, Seen};

pub(in crate::engine) fn repeat(case: &Case<'_>, draft: &mut Draft) -> Flow {
    match case.inbound.seen {
        Seen::First => Flow::Continue,
        Seen::Completed => {
            draft.mute("a late segment completed a text that was answered when it was incomplete");
            Flow::Continue
        }
        Seen::Again => {
            let place = case.staff.map_or(Place::Conversation, |person| Place::Internal(person.id));
            let mark = Some(Mark::Repeat);
            draft.file(Filing { place, mark, unread: false, reopen: false });
            draft.why("the network delivered this SMS before: counted, not acted on again");
            Flow::Stop
        }
    }
}
