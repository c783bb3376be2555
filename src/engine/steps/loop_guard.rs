//! Machines that answer machines: after a few rounds we fall silent and a person looks (E109,
//! E110). Messages are still shown, relayed and forwarded; only our own texts stop.

use std::sync::LazyLock;

use crate::engine::Flow;
use crate::engine::action::{Action, ThreadChange};
use crate::engine::case::Case;
use crate::engine::consent::Level;
use crate::engine::draft::Draft;
use crate::engine::normal::Comparable;
use crate::engine::texts;

pub(in crate::engine) fn loop_guard(case: &Case<'_>, draft: &mut Draft) -> Flow {
    let Some(why) = tripped(case) else { return Flow::Continue };
    draft.mute(why.clone());
    // The first message beyond the limit tells the people; the following ones only stay silent.
    if !case.facts.traffic.loop_flagged && case.staff.is_none() {
        let remote = case.inbound.from.clone();
        draft.act(Action::Thread { remote, change: ThreadChange::Flag("loop".into()) });
        draft.act(Action::Alert(format!("Automatic texts to one number have stopped: {why}.")));
    }
    Flow::Continue
}

fn tripped(case: &Case<'_>) -> Option<String> {
    let (traffic, breaker) = (&case.facts.traffic, &case.rules.breaker);
    // Consent is answered once a change of state; only the daily and the general limit stop that.
    let consent = case.consent.as_ref().is_some_and(|found| found.level != Level::Inside);
    let room = if case.staff.is_some() { STAFF_FACTOR } else { 1 };
    if traffic.automatic_all_hour >= breaker.all_per_hour {
        return Some(format!("{} automatic SMS in an hour", traffic.automatic_all_hour));
    }
    if traffic.automatic_day >= breaker.per_day.saturating_mul(room) {
        return Some(format!("{} automatic SMS to this number in a day", traffic.automatic_day));
    }
    if consent {
        return None;
    }
    if traffic.automatic_hour >= breaker.per_hour.saturating_mul(room) {
        return Some(format!("{} automatic SMS to this number in an hour", traffic.automatic_hour));
    }
    if breaker.same_text > 0 && traffic.same_text_hour + 1 >= breaker.same_text {
        return Some(format!("the same text {} times in an hour", traffic.same_text_hour + 1));
    }
    if traffic.echoes(&case.text) {
        return Some("the message is one of our own texts come back".into());
    }
    let ours = case.text.words.len() >= 6 && OUR_TEXTS.iter().any(|text| case.text.says(text));
    ours.then(|| "the message is a text that gateways like this one send".into())
}

/// The longest fixed stretch of every shipped text, folded: another gateway of our kind sends them.
static OUR_TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let stretches = texts::all_shipped().filter_map(|text| {
        let fixed = text.split(['{', '}', '%']).map(|part| Comparable::new(part).joined());
        fixed.max_by_key(String::len)
    });
    stretches.filter(|stretch| stretch.split(' ').count() >= 4).collect()
});

/// Staff exchange many texts with the gateway on a busy day.
const STAFF_FACTOR: u32 = 20;
