//! The message in its conversation: badge, reopening, odd senders (S62, S156, E126, E133, E134).

use crate::engine::Flow;
use crate::engine::action::{Action, Filing, Mark, Place, ThreadChange};
use crate::engine::case::Case;
use crate::engine::draft::Draft;
use crate::types::Number;

pub(in crate::engine) fn thread(case: &Case<'_>, draft: &mut Draft) -> Flow {
    if draft.filed() {
        return Flow::Continue;
    }
    let reaction = case.text.reaction;
    draft.file(Filing {
        place: Place::Conversation,
        mark: reaction.then_some(Mark::Reaction),
        unread: !reaction,
        reopen: !reaction,
    });
    if reaction {
        draft.why("a reaction of the phone: recorded, nobody is told");
        return Flow::Stop;
    }
    draft.why(if case.facts.thread.closed {
        "the closed conversation opens again"
    } else {
        "unread"
    });
    if let Number::Alphanumeric(name) = &case.inbound.from
        && let Some(why) = odd_name(name)
    {
        draft.why(why);
        let change = ThreadChange::Flag("sender name".into());
        draft.act(Action::Thread { remote: case.inbound.from.clone(), change });
    }
    Flow::Continue
}

/// A sender's name that pretends to be a number, or is written in mixed alphabets.
fn odd_name(name: &str) -> Option<&'static str> {
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let letters = name.chars().filter(|c| c.is_alphabetic());
    let (latin, other): (Vec<char>, Vec<char>) = letters.partition(char::is_ascii);
    let mixed = !latin.is_empty() && other.iter().any(|c| ('\u{370}'..='\u{52f}').contains(c));
    if digits >= 7 && latin.is_empty() && other.is_empty() {
        Some("the sender's name is written like a number, but it is only a name")
    } else if mixed {
        Some("the sender's name mixes alphabets: it may imitate another name")
    } else {
        None
    }
}
