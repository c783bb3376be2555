//! Keyword rules: words or a pattern, under conditions, lead to answers, tags, people.
//!
//! Phrases and patterns are compiled where they are read, so that a decision among hundreds of
//! rules only compares. Patterns run on regex-lite: linear in text times pattern, bounded in size,
//! so no rule can stall the gateway.

use regex_lite::{Regex, RegexBuilder};
use serde::Deserialize;

use super::action::Assignee;
use super::normal::Comparable;
use super::rules::{PersonId, PromptId, RuleId};
use crate::types::words;

/// One rule.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeywordRule {
    /// The row.
    pub id: RuleId,
    /// What people call it; shown in the trace.
    pub name: String,
    /// Kept but not used.
    pub disabled: bool,
    /// Lower ones first.
    pub order: i64,
    /// The names of the lines it holds on; all, when empty.
    pub lines: Vec<String>,
    /// When it holds.
    pub when: When,
    /// What it does.
    pub then: Vec<Then>,
    /// Later rules are looked at too.
    #[serde(rename = "continue")]
    pub goes_on: bool,
}

/// When a rule holds: all that is given must be true.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// One of these.
    pub words: Vec<Phrase>,
    /// Where they must stand.
    pub at: At,
    /// A pattern, compared with the folded text.
    pub pattern: Option<Pattern>,
    /// Only while the line is open, or closed.
    pub hours: Option<Hours>,
    /// Only for contacts with this language.
    pub language: Option<String>,
}

words!(
    /// Where the words of a rule must stand.
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "snake_case")]
    At {
        /// Anywhere, as whole words.
        #[default]
        Anywhere = "anywhere",
        /// At the start; what follows is the argument (E86, E90).
        Start = "start",
        /// They are the whole message.
        Whole = "whole",
    }
);

words!(
    /// The state of the line a rule asks for.
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    Hours {
        /// Within business hours.
        Open = "open",
        /// Outside.
        Closed = "closed",
    }
);

/// One thing a rule does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// Answers with this template.
    Reply(String),
    /// Tags the conversation.
    Tag(String),
    /// Flags it for follow-up.
    Flag(String),
    /// Gives it to a person or team (S92).
    Assign(Assignee),
    /// Tells a person at once.
    Notify(PersonId),
    /// Puts a prompt to the sender.
    Prompt(PromptId),
    /// Posts a signed event to this address (S80).
    Webhook(String),
}

/// Words as people write them, folded once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Phrase {
    /// As written.
    pub text: String,
    pub(super) tokens: Vec<String>,
}

impl From<String> for Phrase {
    fn from(text: String) -> Self {
        let tokens = Comparable::new(&text).tokens;
        Self { text, tokens }
    }
}

/// A compiled pattern.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Pattern(Regex);

impl TryFrom<String> for Pattern {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.len() > 300 {
            return Err("a pattern has at most 300 characters".into());
        }
        let mut builder = RegexBuilder::new(&text);
        let built = builder.case_insensitive(true).size_limit(1 << 16).nest_limit(16).build();
        let pattern = built.map_err(|error| format!("the pattern cannot be read: {error}"))?;
        match pattern.is_match("") {
            true => Err("the pattern matches every text: make it match something".into()),
            false => Ok(Self(pattern)),
        }
    }
}

impl Pattern {
    /// As written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

/// Where a rule and a text met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// The phrase or pattern, as written.
    pub(super) word: String,
    /// Words after the phrase, folded.
    pub(super) argument: String,
    /// The closer the match, the higher (E116).
    pub(super) rank: usize,
}

impl When {
    /// Whether words and pattern fit; hours, line and language are the step's business.
    pub(super) fn fits(&self, text: &Comparable) -> Option<Hit> {
        let pattern = match &self.pattern {
            Some(pattern) if !pattern.is_match(&text.plain) => return None,
            Some(pattern) => Some(Hit {
                word: format!("/{}/", pattern.as_str()),
                argument: String::new(),
                rank: 1,
            }),
            None => None,
        };
        if self.words.is_empty() {
            return pattern;
        }
        self.words.iter().filter_map(|phrase| self.hit(phrase, text)).max_by_key(|hit| hit.rank)
    }

    fn hit(&self, phrase: &Phrase, text: &Comparable) -> Option<Hit> {
        let at = text.find(&phrase.tokens)?;
        let end = at + phrase.tokens.len();
        let place = match self.at {
            At::Anywhere => 2,
            At::Start if at == 0 => 3,
            At::Whole if at == 0 && end == text.tokens.len() => 4,
            _ => return None,
        };
        let argument = text.tokens[end..].join(" ");
        Some(Hit {
            word: phrase.text.clone(),
            argument,
            rank: place * 100 + phrase.tokens.len().min(99),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(words: &[&str], at: At) -> When {
        let words = words.iter().map(|word| Phrase::from((*word).to_owned())).collect();
        When { words, at, ..Default::default() }
    }

    fn fits(when: &When, text: &str) -> bool {
        when.fits(&Comparable::new(text)).is_some()
    }

    /// E117: accents, emoji and scripts from right to left.
    #[test]
    fn words_of_any_script_are_found_as_whole_words() {
        let summer = when(&["été", "🎉", "שלום"], At::Anywhere);
        for text in ["ETE!", "Cet été ?", "so 🎉🎉", "שלום!", "e\u{301}te\u{301}"] {
            assert!(fits(&summer, text), "{text}");
        }
        assert!(!fits(&summer, "etes"));
        assert!(fits(&when(&["stop"], At::Start), "STOP 12345"));
        assert!(!fits(&when(&["stop"], At::Whole), "STOP 12345"));
    }

    /// Rules come from people: a bad or boundless pattern is refused where it is written.
    #[test]
    fn a_bad_pattern_is_refused() {
        for text in ["(", "a*", "(((((((((((((((((((a)))))))))))))))))))", "(a{1000}){1000}"] {
            assert!(Pattern::try_from(text.to_owned()).is_err(), "{text}");
        }
        let order = Pattern::try_from("order (no )?[0-9]+".to_owned()).expect("a pattern");
        assert!(order.is_match("where is order no 12"));
    }
}
