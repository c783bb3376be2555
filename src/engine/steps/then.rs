//! What rules and answered prompts do.

use crate::engine::action::{
    Action, Author, Channel, Delivery, PromptChange, Purpose, ThreadChange, Urgency,
};
use crate::engine::case::Case;
use crate::engine::draft::Draft;
use crate::engine::keyword::Then;
use crate::engine::{PersonId, RuleId, template, texts};

pub(super) fn carry_out(
    case: &Case<'_>,
    steps: &[Then],
    author: Author,
    purpose: Purpose,
    argument: &str,
    draft: &mut Draft,
) {
    for step in steps {
        let change = match step {
            Then::Tag(tag) => ThreadChange::Tag(tag.clone()),
            Then::Flag(flag) => ThreadChange::Flag(flag.clone()),
            Then::Assign(to) => ThreadChange::Assign(to.clone()),
            Then::Reply(text) => {
                reply(case, text, author, purpose, argument, draft);
                continue;
            }
            Then::Notify(person) => {
                notify(case, *person, draft);
                continue;
            }
            Then::Prompt(prompt) => {
                // A question is an SMS too: it counts as the one automatic answer.
                if draft.may_answer(case, purpose) {
                    draft.act(Action::Prompt(PromptChange::Open(*prompt)));
                }
                continue;
            }
            Then::Webhook(url) => {
                let rule = if let Author::Rule(rule) = author { rule } else { RuleId::default() };
                draft.act(Action::Deliver(Delivery::Webhook { rule, url: url.clone() }));
                continue;
            }
        };
        draft.act(Action::Thread { remote: case.inbound.from.clone(), change });
    }
}

fn reply(
    case: &Case<'_>,
    text: &str,
    author: Author,
    purpose: Purpose,
    argument: &str,
    draft: &mut Draft,
) {
    let mut fields = texts::fields(case);
    fields.insert("argument".into(), argument.into());
    match template::merge(text, &fields) {
        Err(error) => draft.why(format!("no answer: {error}")),
        Ok(text) => {
            if draft.answer(case, purpose, text) {
                draft.last_sms().into_iter().for_each(|sms| sms.author = author);
            }
        }
    }
}

/// A rule's notice is told at once, by every channel the person has on this line.
fn notify(case: &Case<'_>, id: PersonId, draft: &mut Draft) {
    let Some(person) = case.rules.person(id) else {
        return draft.why("the rule names a person who does not exist");
    };
    let listed = case.rules.line.notified.iter().find(|user| user.person == id);
    let sms = listed.map_or(person.email.is_empty(), |user| user.sms);
    let email = listed.map_or(!person.email.is_empty(), |user| user.email);
    let push = listed.is_some_and(|user| user.push);
    let reachable = person.phone.as_ref().is_some_and(|phone| !case.rules.is_own(phone));
    let wanted = [(sms && reachable, Channel::Sms), (email, Channel::Email), (push, Channel::Push)];
    for (_, channel) in wanted.into_iter().filter(|(wanted, _)| *wanted) {
        draft.notice(Delivery::Notice { person: id, channel, urgency: Urgency::Now });
    }
    draft.why(format!("{} is told at once", person.name));
}
