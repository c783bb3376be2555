//! A modem that is behind: it answers a command after that has ended here.
//!
//! A result that nobody expects any more would end the next command, whose own result the one
//! after that, and so on for ever. Lines of an answer tell whose they are: when one comes that a
//! command ended without, the result that follows it is that command's too.

use std::collections::VecDeque;

use super::{Answer, Command, FinalResult, Millis, QueryErrorForm};

/// Answers that have not come, and what follows one that did.
#[derive(Debug, Default)]
pub(super) struct Behind {
    /// What the lines begin with of commands that ended without one, oldest first.
    missing: VecDeque<&'static [&'static str]>,
    /// A result that comes until then is a late one.
    result_until: Option<Millis>,
}

impl Behind {
    /// A command ended without a line of its answer.
    pub(super) fn missed(&mut self, answer: &Answer) {
        if answer.prefixes.iter().all(|prefix| prefix.is_empty()) {
            return;
        }
        self.missing.push_back(answer.prefixes);
        if self.missing.len() > MOST_MISSING {
            self.missing.pop_front();
        }
    }

    /// Whether `text` begins like such a line. What only a re-synchronisation asks for always does.
    pub(super) fn knows(&self, text: &str) -> bool {
        let asked = self.missing.iter().chain([&QueryErrorForm::ANSWER.prefixes]);
        asked.into_iter().any(|prefixes| begins(text, prefixes))
    }

    /// It is one: the result that follows belongs to it.
    pub(super) fn heard(&mut self, now: Millis, text: &str) {
        if let Some(place) = self.missing.iter().position(|prefixes| begins(text, prefixes)) {
            self.missing.remove(place);
        }
        self.result_until = Some(now + RESULT_FOLLOWS);
    }

    /// Whether `result` belongs to the line that came late.
    pub(super) fn ends_with(&mut self, now: Millis, result: &FinalResult) -> bool {
        result.is_ok() && self.result_until.take().is_some_and(|until| now < until)
    }

    /// All that was asked before has been answered, or is not worth waiting for.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

fn begins(text: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| !prefix.is_empty() && text.starts_with(prefix))
}

/// A result follows its line at once.
const RESULT_FOLLOWS: Millis = Millis(1_000);
const MOST_MISSING: usize = 8;
