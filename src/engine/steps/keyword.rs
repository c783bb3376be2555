//! Keyword rules: by order, then the closest match; the first only, unless it says "continue"
//! (S84, S92, E116).

use std::cmp::Reverse;

use super::then;
use crate::engine::Flow;
use crate::engine::action::{Author, Purpose};
use crate::engine::case::Case;
use crate::engine::draft::Draft;
use crate::engine::keyword::{Hit, Hours, KeywordRule};

pub(in crate::engine) fn keyword(case: &Case<'_>, draft: &mut Draft) -> Flow {
    if case.text.reaction || draft.filed() {
        return Flow::Continue;
    }
    let mut matching: Vec<(&KeywordRule, Hit)> =
        case.rules.keywords.iter().filter_map(|rule| Some((rule, fits(case, rule)?))).collect();
    matching.sort_by_key(|(rule, hit)| (rule.order, Reverse(hit.rank), rule.id));
    for (rule, hit) in &matching {
        draft.why(format!("the rule {:?} fits by {:?}", rule.name, hit.word));
        let author = Author::Rule(rule.id);
        then::carry_out(case, &rule.then, author, Purpose::KeywordAnswer, &hit.argument, draft);
        if !rule.goes_on {
            break;
        }
    }
    Flow::Continue
}

fn fits(case: &Case<'_>, rule: &KeywordRule) -> Option<Hit> {
    let line = &case.rules.line;
    let here = rule.lines.is_empty() || rule.lines.contains(&line.name);
    if rule.disabled || !here {
        return None;
    }
    if let Some(wanted) = &rule.when.language {
        let language = case.facts.contact.as_ref()?.language.as_ref()?;
        language.eq_ignore_ascii_case(wanted).then_some(())?;
    }
    let hit = rule.when.fits(&case.text)?;
    match rule.when.hours {
        None => Some(hit),
        // Hours need a clock that can be believed (E163).
        Some(_) if !case.moment.trusted => None,
        Some(wanted) => {
            let open = line.hours.as_ref().is_none_or(|hours| hours.is_open(case.now()));
            (open == (wanted == Hours::Open)).then_some(hit)
        }
    }
}
