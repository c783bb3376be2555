//! What a recipient's text with a code does: goes to the customer, or orders something about the
//! conversation (S13, S14, E14, E20..E23, E32, E33).

use super::recipient::Desk;
use crate::engine::action::{Action, Author, Purpose, Sms, ThreadChange};
use crate::engine::claim::{self, Verdict};
use crate::engine::consent::{Change, Event, Level};
use crate::engine::draft::Draft;
use crate::engine::relay::{A_DAY, Code, Order};
use crate::engine::sending::{Outbound, Refusal, may_send};
use crate::types::{Class, Millis};

pub(super) fn carry_out(desk: &Desk<'_, '_>, code: &Code, rest: &str, draft: &mut Draft) {
    let (rules, person) = (desk.case.rules, desk.person);
    let name = code.called();
    match Order::read(rest) {
        Order::Say(text) => say(desk, code, &text, draft),
        Order::Show => {
            draft.why(format!("only the code: the last lines with {name}"));
            let lines = code.last_lines.join("\n");
            desk.say(draft, if lines.is_empty() { format!("{name}: nothing yet.") } else { lines });
        }
        Order::Claim => {
            let allowed = claim::may_claim(&code.thread, person, rules);
            settle(desk, code, draft, allowed, ThreadChange::Claim(person.id), "yours now");
        }
        Order::Take => {
            let allowed = claim::may_take_over(&code.thread, person, rules);
            settle(desk, code, draft, allowed, ThreadChange::TakeOver(person.id), "yours now");
        }
        Order::Close => {
            let allowed = claim::may_close(&code.thread, person, rules);
            settle(desk, code, draft, allowed, ThreadChange::Close(person.id), "closed");
        }
        Order::Note(text) => {
            let change = ThreadChange::Note { by: person.id, text };
            settle(desk, code, draft, Ok(()), change, "note kept");
        }
        Order::Name(text) => {
            draft.why(format!("@{} gets a name", code.code));
            let known = crate::engine::relay::plain_name(&text);
            desk.say(draft, format!("@{} is {known} now.", code.code));
            draft.act(Action::NameContact { number: code.customer.clone(), name: known });
        }
        Order::Stop => {
            draft.why("STOP with a code is neither sent nor done at once: asked first");
            desk.hold(draft);
            let code = code.code;
            desk.say(draft, format!("Opt {name} out? Then answer @{code} STOP YES."));
        }
        Order::StopYes => {
            draft.why(format!("{} confirms that {name} wants no more texts", person.name));
            draft.act(Action::Consent(Event {
                number: code.customer.clone(),
                change: Change::OptedOut,
                scope: rules.line.consent.scope,
                level: Level::Whole,
                word: "stop yes".into(),
                language: "en".into(),
                answered: false,
                by: Some(person.id),
            }));
            draft.act(Action::CancelScheduled(code.customer.clone()));
            desk.say(draft, format!("{name} gets no more texts."));
        }
    }
}

/// The recipient's words go to the customer from the line; the recipient's number nowhere (S15).
fn say(desk: &Desk<'_, '_>, code: &Code, text: &str, draft: &mut Draft) {
    let (rules, name) = (desk.case.rules, code.called());
    let remote = code.customer.clone();
    if let Err(refusal) =
        may_send(&Outbound::plain(&remote, text, Class::Conversation), rules, &code.standing)
    {
        not_sent(desk, code, &refusal, draft);
        return refuse(desk, draft, "Not sent", &refusal);
    }
    let claims = match rules.line.claims.reply_from_outside(&code.thread, desk.person, rules) {
        Verdict::Go { claims } => claims,
        Verdict::Ask(refusal) | Verdict::No(refusal) => {
            not_sent(desk, code, &refusal, draft);
            let answered = answered_before(desk, code).map(|said| format!(" {said}"));
            let code = code.code;
            let sentence = format!(
                "{}{} Text @{code} TAKE, then send it again.",
                refusal.sentence,
                answered.unwrap_or_default()
            );
            return refuse(desk, draft, "Not sent", &Refusal { code: refusal.code, sentence });
        }
    };
    draft.why(format!("@{} stands for {name}: sent to them without the code", code.code));
    let mut sms = Sms::new(remote.clone(), text.to_owned(), Purpose::RelayAnswer);
    sms.author = Author::Person(desk.person.id);
    if let Some(last) = &code.last_outbound {
        sms.tag.clone_from(&last.tag);
        sms.response_emails.clone_from(&last.response_emails);
    }
    draft.act(Action::Send(sms));
    let change = ThreadChange::Answered;
    draft.act(Action::Thread { remote: remote.clone(), change });
    if claims {
        draft.why("nobody held the conversation: claimed for the author");
        let change = ThreadChange::Claim(desk.person.id);
        draft.act(Action::Thread { remote, change });
    }
    if let Some(said) = answered_before(desk, code) {
        draft.why("a colleague answered before: both went out, and the author is told");
        desk.say(draft, format!("Sent. {said}"));
    }
    if code.recycled && desk.case.now().since(code.issued) < ECHO_FOR {
        draft.why("the code changed hands of late: the name is echoed");
        desk.say(draft, format!("Sent to {name}."));
    }
}

/// Keeps that the words did not go out, and why.
fn not_sent(desk: &Desk<'_, '_>, code: &Code, refusal: &Refusal, draft: &mut Draft) {
    let (by, to) = (desk.person.id, code.customer.clone());
    draft.act(Action::NotSent { by, to, refusal: refusal.clone() });
}

/// What a colleague has answered since the customer wrote (E33).
fn answered_before(desk: &Desk<'_, '_>, code: &Code) -> Option<String> {
    let answer = code.answered_by.as_ref().filter(|by| by.person != Some(desk.person.id))?;
    let minutes = desk.case.now().since(answer.at).0 / 60_000;
    let words: String = answer.text.chars().take(ANSWER_SHOWN).collect();
    let more = if words.len() < answer.text.len() { "..." } else { "" };
    Some(match minutes {
        0 => format!("{} had answered just now: {words}{more}", answer.name),
        minutes => format!("{} had answered {minutes} min before: {words}{more}", answer.name),
    })
}

fn settle(
    desk: &Desk<'_, '_>,
    code: &Code,
    draft: &mut Draft,
    allowed: Result<(), Refusal>,
    change: ThreadChange,
    done: &str,
) {
    match allowed {
        Err(refusal) => refuse(desk, draft, "Not done", &refusal),
        Ok(()) => {
            draft.why(format!("@{}: {done}", code.code));
            draft.act(Action::Thread { remote: code.customer.clone(), change });
            desk.say(draft, format!("{}: {done}.", code.called()));
        }
    }
}

fn refuse(desk: &Desk<'_, '_>, draft: &mut Draft, what: &str, refusal: &Refusal) {
    draft.why(format!("{} ({}): {}", what.to_lowercase(), refusal.code, refusal.sentence));
    desk.hold(draft);
    desk.say(draft, format!("{what}. {}", refusal.sentence));
}

/// Characters of a colleague's answer that are shown.
const ANSWER_SHOWN: usize = 80;
/// How long after a change of hands answers are echoed with the name (E4).
const ECHO_FOR: Millis = Millis(90 * A_DAY.0);
