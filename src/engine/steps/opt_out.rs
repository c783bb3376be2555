//! STOP and its family, before every rule (C3, C4, S70, S73, S130, E78..E93).

use crate::engine::Flow;
use crate::engine::action::{Action, Filing, Mark, Place, Purpose, Sms, ThreadChange};
use crate::engine::case::Case;
use crate::engine::consent::{Change, Event, Finding, Intent, Level, Profile};
use crate::engine::draft::Draft;
use crate::engine::keyword::{At, KeywordRule};
use crate::engine::texts::{self, Kind};
use crate::types::Millis;

pub(in crate::engine) fn opt_out(case: &Case<'_>, draft: &mut Draft) -> Flow {
    if case.text.reaction {
        draft.why("a reaction quotes our words: no consent word of the sender");
        return Flow::Continue;
    }
    let found = case.consent.as_ref().filter(|found| found.intent == Intent::OptOut);
    let Some(found) = found else { return Flow::Continue };
    if found.level == Level::Inside {
        return possible(case, found, draft);
    }
    if let Some(prompt) = claimed_by_prompt(case, found) {
        draft.why(format!(
            "{:?} alone would opt out, but the open prompt {prompt:?} lists it",
            found.word
        ));
        return Flow::Continue;
    }
    act(case, found, draft);
    Flow::Stop
}

fn act(case: &Case<'_>, found: &Finding, draft: &mut Draft) {
    let (standing, profile) = (&case.facts.consent, case.rules.line.consent.profile);
    let again = standing.is_out();
    let confirmed = standing.last_confirmation.is_some_and(|at| case.now().since(at) < A_DAY);
    draft.file(Filing {
        place: Place::Conversation,
        mark: Some(Mark::OptOut),
        unread: false,
        reopen: false,
    });
    draft.why(format!("the opt-out word {:?} ({}), {}", found.word, found.language, found.level));
    let mut answered = false;
    if again && confirmed && profile != Profile::Canada {
        draft.why("opted out before and told so within a day: no second confirmation");
    } else {
        answered = confirm(case, found, draft);
    }
    let change = if again { Change::Repeated } else { Change::OptedOut };
    draft.act(Action::Consent(event(case, found, change, answered)));
    if !again {
        draft.act(Action::CancelScheduled(case.inbound.from.clone()));
        tell_recipient(case, draft);
    }
}

fn confirm(case: &Case<'_>, found: &Finding, draft: &mut Draft) -> bool {
    let text = match texts::fill(case, Kind::OptOut, answer_language(case, found)) {
        Ok(text) => text,
        Err(error) => {
            draft.why(format!("no confirmation: {error}"));
            return false;
        }
    };
    let sent = draft.answer(case, Purpose::ConsentAnswer, text);
    // Five minutes or not at all (47 CFR 64.1200(a)(12)); without a trusted clock no deadline (E163).
    let deadline = case.rules.line.consent.profile == Profile::Us && case.moment.trusted;
    if let (true, true, Some(sms)) = (sent, deadline, draft.last_sms()) {
        sms.not_after = Some(case.now().after(Millis::from_secs(300)));
    }
    sent
}

/// The language of the word, unless it is one of the international English ones: then the line's.
/// In Canada the word decides.
pub(super) fn answer_language<'a>(case: &Case<'_>, found: &'a Finding) -> Option<&'a str> {
    let canada = case.rules.line.consent.profile == Profile::Canada;
    (found.language != "en" || canada).then_some(found.language.as_str())
}

/// Level 3: a person decides; until then marketing is held (E81, E86).
fn possible(case: &Case<'_>, found: &Finding, draft: &mut Draft) -> Flow {
    if case.facts.consent.is_out() {
        return Flow::Continue;
    }
    if let Some(rule) = taken_by_rule(case) {
        draft.why(format!("{:?} and more: the rule {rule:?} has it with an argument", found.word));
        return Flow::Continue;
    }
    draft.why(format!(
        "possible opt-out: {:?} {}; shown to a person, marketing held",
        found.word, found.level
    ));
    let mut answered = false;
    let asks = case.rules.line.consent.clarify && !case.facts.consent.possible_opt_out;
    if asks && let Ok(text) = texts::fill(case, Kind::Clarify, answer_language(case, found)) {
        answered = draft.answer(case, Purpose::Clarify, text);
    }
    let change = ThreadChange::PossibleOptOut;
    draft.act(Action::Thread { remote: case.inbound.from.clone(), change });
    draft.act(Action::Consent(event(case, found, Change::Possible, answered)));
    Flow::Continue
}

/// E86: the name of the rule that takes the word with an argument.
fn taken_by_rule<'a>(case: &'a Case<'_>) -> Option<&'a str> {
    let at_start = |rule: &&KeywordRule| !rule.disabled && rule.when.at == At::Start;
    let mut rules = case.rules.keywords.iter().filter(at_start);
    let takes = |rule: &&KeywordRule| {
        rule.when.fits(&case.text).is_some_and(|hit| !hit.argument.is_empty())
    };
    rules.find(takes).map(|rule| rule.name.as_str())
}

/// C3: the name of the open prompt that lists this ambiguous word as an answer.
fn claimed_by_prompt<'a>(case: &'a Case<'_>, found: &Finding) -> Option<&'a str> {
    let asked = found.ambiguous && case.rules.line.consent.profile != Profile::Us;
    let prompts = case.facts.prompts.iter();
    let mut open = prompts.filter(|prompt| asked && prompt.takes_answers(case.now()));
    open.find(|prompt| prompt.grammar.lists(&found.word)).map(|prompt| prompt.name.as_str())
}

/// E21: the recipient learns it once, without a code.
fn tell_recipient(case: &Case<'_>, draft: &mut Draft) {
    let Some(person) = case.rules.on_duty() else { return };
    if let Some(phone) = person.phone.as_ref().filter(|phone| **phone != case.inbound.from) {
        let text = format!("{} opted out and gets no more texts.", case.caller());
        draft.act(Action::Send(Sms::new(phone.clone(), text, Purpose::Relay)));
        draft.why(format!("{} is told, without a code", person.name));
    }
}

/// The ledger entry of a finding.
pub(super) fn event(case: &Case<'_>, found: &Finding, change: Change, answered: bool) -> Event {
    Event {
        number: case.inbound.from.clone(),
        change,
        scope: case.rules.line.consent.scope,
        level: found.level,
        word: found.word.clone(),
        language: found.language.clone(),
        answered,
        by: None,
    }
}

const A_DAY: Millis = Millis::from_secs(24 * 3_600);
