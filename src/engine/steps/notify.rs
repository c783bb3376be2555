//! Notices to the line's users, over the channels each has chosen (S78, S79, S109, S112, C5, E152).

use crate::engine::Flow;
use crate::engine::action::{Channel, Delivery, Urgency};
use crate::engine::case::Case;
use crate::engine::draft::Draft;

pub(in crate::engine) fn notify(case: &Case<'_>, draft: &mut Draft) -> Flow {
    let mut told = 0;
    for user in &case.rules.line.notified {
        let Some(person) = case.rules.person(user.person) else { continue };
        if person.phone.as_ref() == Some(&case.inbound.from) {
            draft.why(format!("{} is not told about a message of their own", person.name));
            continue;
        }
        let phone = person.phone.as_ref().filter(|phone| !case.rules.is_own(phone));
        // Who gets the relay has the words on the phone already (C5).
        let sms = user.sms && phone.is_some_and(|phone| !draft.relays_to(phone));
        let urgency = match user.urgency {
            _ if draft.flagged() => Urgency::Now,
            wanted => wanted.unwrap_or(Urgency::Now),
        };
        let wanted =
            [(sms, Channel::Sms), (user.email, Channel::Email), (user.push, Channel::Push)];
        for (_, channel) in wanted.into_iter().filter(|(wanted, _)| *wanted) {
            told +=
                usize::from(draft.notice(Delivery::Notice { person: person.id, channel, urgency }));
        }
    }
    if told > 0 {
        draft.why(format!("{told} notice(s)"));
    }
    Flow::Continue
}
