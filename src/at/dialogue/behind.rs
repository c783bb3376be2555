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

    /// Whether `text`, which the command in flight did not ask for, is such a line; the result that
    /// follows is then waited for. What only a re-synchronisation asks for always is.
    pub(super) fn is_late(&mut self, now: Millis, text: &str) -> bool {
        let begins = |prefix: &&str| !prefix.is_empty() && text.starts_with(prefix);
        let place = self.missing.iter().position(|prefixes| prefixes.iter().any(begins));
        let missed = place.and_then(|place| self.missing.remove(place)).is_some();
        let late = missed || QueryErrorForm::ANSWER.prefixes.iter().any(begins);
        if late {
            self.result_until = Some(now + RESULT_FOLLOWS);
        }
        late
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

/// A result follows its line at once.
const RESULT_FOLLOWS: Millis = Millis(1_000);
const MOST_MISSING: usize = 8;
