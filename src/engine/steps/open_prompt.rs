//! An answer to an open question: the newest prompt whose grammar fits owns it (S83..S90,
//! E111..E114).

use super::then;
use crate::engine::Flow;
use crate::engine::action::{Action, Author, Filing, Mark, Place, PromptChange, Purpose};
use crate::engine::case::Case;
use crate::engine::draft::Draft;
use crate::engine::keyword::Then;
use crate::engine::prompt::{OpenPrompt, Reading};

pub(in crate::engine) fn open_prompt(case: &Case<'_>, draft: &mut Draft) -> Flow {
    if case.text.reaction {
        return Flow::Continue;
    }
    let prompts = || case.facts.prompts.iter();
    let read = |prompt: &OpenPrompt| prompt.grammar.read(&case.inbound.text);
    let closed = prompts().find(|prompt| {
        !prompt.takes_answers(case.now()) && matches!(read(prompt), Reading::Answer { .. })
    });
    let open = || prompts().filter(|prompt| prompt.takes_answers(case.now()));
    let fitting = open().find(|prompt| matches!(read(prompt), Reading::Answer { .. }));
    let Some(prompt) = fitting else {
        if let Some(prompt) = closed {
            draft.why(format!(
                "{:?} takes no more answers from this number: an ordinary message",
                prompt.name
            ));
        } else if let Some(prompt) = open().find(|prompt| read(prompt) == Reading::Invalid) {
            invalid(case, prompt, draft);
        }
        return Flow::Continue;
    };
    let Reading::Answer { value, outcome } = read(prompt) else { return Flow::Continue };
    let others = open().count() - 1;
    let newest = if others > 0 { ", the newest open prompt that fits" } else { "" };
    let lies = outcome.map(|outcome| format!(" ({outcome})")).unwrap_or_default();
    draft.why(format!("answer {value:?}{lies} to {:?}{newest}", prompt.name));
    let steps = prompt.follows(&value, outcome);
    let people =
        steps.iter().any(|then| matches!(then, Then::Flag(_) | Then::Assign(_) | Then::Notify(_)));
    let mark = Some(Mark::PromptAnswer);
    draft.file(Filing { place: Place::Conversation, mark, unread: people, reopen: people });
    let prompt_id = prompt.id;
    draft.act(Action::Prompt(PromptChange::Answer { prompt: prompt_id, value, outcome }));
    then::carry_out(case, steps, Author::Prompt(prompt_id), Purpose::PromptAnswer, "", draft);
    // What asks for people goes on to the relay and the other sinks; a plain vote does not.
    if people { Flow::Continue } else { Flow::Stop }
}

/// `55` on a scale of five: an ordinary message, with one hint.
fn invalid(case: &Case<'_>, prompt: &OpenPrompt, draft: &mut Draft) {
    draft.why(format!("no valid answer to {:?}: an ordinary message", prompt.name));
    let hint = prompt.hint.as_ref().filter(|_| !prompt.hinted);
    if let Some(hint) = hint {
        draft.act(Action::Prompt(PromptChange::Nagged(prompt.id)));
        draft.answer(case, Purpose::PromptAnswer, hint.clone());
    }
}
