//! To the response recipient's phone, with name and code (S7..S12, S17, S18, E5, E24, E28, E38).

use crate::engine::Flow;
use crate::engine::action::{Action, CodeChange, Purpose, RecipientChange, Sms};
use crate::engine::case::Case;
use crate::engine::draft::Draft;
use crate::engine::relay::{self, Draw, Passed};
use crate::engine::rules::Person;
use crate::types::{Millis, Number};

pub(in crate::engine) fn relay(case: &Case<'_>, draft: &mut Draft) -> Flow {
    let Some(person) = case.rules.on_duty() else {
        if !case.rules.line.relay.recipients.is_empty() {
            draft.why("no response recipient is on duty");
        }
        return Flow::Continue;
    };
    let Some(phone) = person.phone.as_ref().filter(|phone| **phone != case.inbound.from) else {
        draft.why("not relayed: the sender is the response recipient");
        return Flow::Continue;
    };
    if case.rules.is_own(&case.inbound.from) {
        draft.why("not relayed: the sender is a line of our own");
        return Flow::Continue;
    }
    if !flooded(case, person, phone, draft) {
        pass_on(case, person, phone, draft);
    }
    Flow::Continue
}

fn pass_on(case: &Case<'_>, person: &Person, phone: &Number, draft: &mut Draft) {
    let rules = &case.rules.line.relay;
    let code = case.rules.line.can_answer(&case.inbound.from).then(|| {
        let codes = &case.facts.relay.codes;
        relay::draw(codes, &case.inbound.from, case.now(), rules.cool_down(), case.moment.entropy)
    });
    let gaps: Vec<String> = case.inbound.missing.iter().map(u8::to_string).collect();
    let gap = match gaps.is_empty() {
        true => String::new(),
        false => format!(" [part {} missing]", gaps.join(", ")),
    };
    let name = case.caller();
    let code_number = code.map(Draw::code);
    let passed = Passed { name: &name, code: code_number, text: &case.inbound.text, gap: &gap };
    let text = relay::passed_on(&passed, rules.max_segments);
    match code_number {
        Some(code) => draft.why(format!("relayed to {} with @{code}", person.name)),
        None => draft.why(format!("relayed to {} without a code: no reply possible", person.name)),
    }
    let (person_id, customer) = (person.id, case.inbound.from.clone());
    draft.act(Action::Send(Sms::new(phone.clone(), text, Purpose::Relay)));
    match code {
        Some(Draw::Same(code)) => {
            draft.act(Action::Code(CodeChange::Renew { person: person_id, code }));
        }
        Some(Draw::New(code) | Draw::Recycled(code)) => {
            draft.act(Action::Code(CodeChange::Issue { person: person_id, code, customer }));
        }
        None => {}
    }
    draft.act(Action::Recipient { person: person_id, change: RecipientChange::Relayed });
}

/// Above the threshold one digest in ten minutes replaces the single texts; the code is issued all
/// the same, so that LIST shows it.
fn flooded(case: &Case<'_>, person: &Person, phone: &Number, draft: &mut Draft) -> bool {
    let (rules, facts) = (&case.rules.line.relay, &case.facts.relay);
    if rules.digest_over == 0 || facts.relayed < rules.digest_over {
        return false;
    }
    let person_id = person.id;
    if case.rules.line.can_answer(&case.inbound.from) {
        let customer = case.inbound.from.clone();
        let entropy = case.moment.entropy;
        let change =
            match relay::draw(&facts.codes, &customer, case.now(), rules.cool_down(), entropy) {
                Draw::Same(code) => CodeChange::Renew { person: person_id, code },
                Draw::New(code) | Draw::Recycled(code) => {
                    CodeChange::Issue { person: person_id, code, customer }
                }
            };
        draft.act(Action::Code(change));
    }
    draft.act(Action::Recipient { person: person_id, change: RecipientChange::Withheld });
    if facts.digested.is_some_and(|at| case.now().since(at) < TEN_MINUTES) {
        draft.why("many replies: counted for the next digest");
    } else {
        draft.why(format!("many replies: {} gets a digest instead", person.name));
        let text = relay::digest(facts.withheld + 1);
        draft.act(Action::Send(Sms::new(phone.clone(), text, Purpose::Relay)));
        draft.act(Action::Recipient { person: person_id, change: RecipientChange::Digested });
    }
    true
}

const TEN_MINUTES: Millis = Millis::from_secs(600);
