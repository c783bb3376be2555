//! Prompts: a question put to people, and the grammar that tells an answer from other words.
//!
//! An answer belongs to the newest open prompt whose grammar fits (E114). What fits none is an
//! ordinary message.

mod grammar;
mod results;

pub use grammar::{Choice, Grammar, Reading, Scale};
pub use results::{Answer, Results, Revote, count};

use std::collections::BTreeMap;

use super::keyword::Then;
use super::rules::PromptId;
use crate::types::{UnixTime, words};

/// A prompt that was put to the sender and may still be answered.
#[derive(Clone, Debug, Default)]
pub struct OpenPrompt {
    /// The row.
    pub id: PromptId,
    /// What people call it.
    pub name: String,
    /// What is an answer.
    pub grammar: Grammar,
    /// No answers count after this.
    pub closes: Option<UnixTime>,
    /// The answer the number has given already.
    pub answered: Option<String>,
    /// A later answer replaces an earlier one until the close (E112).
    pub revote: bool,
    /// What follows an answer, by its value or by `low`, `middle`, `high`; `*` for any other.
    pub outcomes: BTreeMap<String, Vec<Then>>,
    /// Sent once to somebody whose answer cannot be counted, such as `55` (E113).
    pub hint: Option<String>,
    /// It was sent.
    pub hinted: bool,
}

impl OpenPrompt {
    /// Whether an answer counts at `now`.
    pub fn takes_answers(&self, now: UnixTime) -> bool {
        let open = self.closes.is_none_or(|closes| now < closes);
        open && (self.answered.is_none() || self.revote)
    }

    /// What follows `value`.
    pub fn follows(&self, value: &str, outcome: Option<Outcome>) -> &[Then] {
        let by_outcome = outcome.and_then(|outcome| self.outcomes.get(outcome.as_str()));
        let found = self.outcomes.get(value).or(by_outcome).or_else(|| self.outcomes.get("*"));
        found.map_or(&[], |then| then.as_slice())
    }
}

words!(
    /// Where on its scale a rating lies (S86..S88).
    Outcome {
        /// An agent should look.
        Low = "low",
        /// Neither.
        Middle = "middle",
        /// A review may be asked for.
        High = "high",
    }
);
