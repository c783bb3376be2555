//! What counts as an answer to a prompt.

use serde::Deserialize;

use super::Outcome;
use crate::engine::keyword::Phrase;
use crate::engine::normal::Comparable;

/// The answers a prompt understands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grammar {
    /// A poll: the option's letter, and nothing glued to it (E111).
    Options(Vec<String>),
    /// A rating.
    Scale(Scale),
    /// A confirmation or appointment: named answers, each with its words.
    Words(Vec<Choice>),
}

impl Default for Grammar {
    fn default() -> Self {
        Grammar::Options(Vec::new())
    }
}

/// The scale of a rating. Both bounds count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Scale {
    /// The least figure.
    pub least: u32,
    /// The most.
    pub most: u32,
    /// Low up to this.
    pub low: u32,
    /// High from this.
    pub high: u32,
}

/// One named answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Choice {
    /// Its name in results.
    pub value: String,
    /// What people may write for it, as the whole message or first words before a symbol.
    pub words: Vec<Phrase>,
}

/// What a text is to a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// An answer.
    Answer {
        /// The option, figure or named answer.
        value: String,
        /// Where a rating lies.
        outcome: Option<Outcome>,
    },
    /// An attempt that cannot be counted: `55`, `1-5`.
    Invalid,
    /// Something else.
    Other,
}

impl Grammar {
    /// Reads `text` as an answer.
    pub fn read(&self, text: &str) -> Reading {
        let folded = Comparable::new(text);
        let value = match self {
            Grammar::Options(options) => {
                options.iter().find(|option| begins(&folded, option)).cloned()
            }
            Grammar::Words(choices) => choices
                .iter()
                .find(|choice| choice.words.iter().any(|phrase| leads(&folded, phrase)))
                .map(|choice| choice.value.clone()),
            Grammar::Scale(scale) => return scale.read(&folded),
        };
        value.map_or(Reading::Other, |value| Reading::Answer { value, outcome: None })
    }

    /// Whether one of the answers is this folded word (C3, E115).
    pub fn lists(&self, word: &str) -> bool {
        let same = |text: &str| Comparable::new(text).joined() == word;
        match self {
            Grammar::Options(options) => options.iter().any(|option| same(option)),
            Grammar::Scale(_) => false,
            Grammar::Words(choices) => {
                choices.iter().any(|choice| choice.words.iter().any(|phrase| same(&phrase.text)))
            }
        }
    }
}

/// The option first, then the end, white space or a symbol: `A`, `a.`, `A - because`; not `Apple`.
fn begins(text: &Comparable, option: &str) -> bool {
    let option = Comparable::new(option);
    let rest = text.plain.trim_start().strip_prefix(option.plain.as_str());
    !option.plain.is_empty() && rest.is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

/// The phrase is the whole message but for symbols, or stands before a symbol.
fn leads(text: &Comparable, phrase: &Phrase) -> bool {
    let written = Comparable::new(&phrase.text);
    if written.words.is_empty() {
        return text.find(&phrase.tokens) == Some(0);
    }
    let rest = text.plain.trim_start().strip_prefix(written.plain.as_str());
    text.words == written.words
        || rest.is_some_and(|rest| {
            rest.trim_start().starts_with(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’')
        })
}

impl Scale {
    /// `5`, `5!`, `5/5`, `five`, five stars; `5, because` too. `55` and `1-5` are attempts (E113).
    fn read(&self, text: &Comparable) -> Reading {
        let stars = text.tokens.iter().filter(|token| matches!(token.as_str(), "⭐" | "★" | "🌟"));
        let stars = u32::try_from(stars.count()).unwrap_or(u32::MAX);
        if stars > 0 && text.words.is_empty() {
            return self.place(Some(stars));
        }
        let first = text.words.first().and_then(|word| figure(word));
        let second = text.words.get(1).map(String::as_str);
        match (first, text.words.len()) {
            (None, _) => Reading::Other,
            (Some(figure), 1) => self.place(Some(figure)),
            (Some(figure), 2) if text.plain.contains('/') => {
                let of_most = second.and_then(self::figure) == Some(self.most);
                self.place(of_most.then_some(figure))
            }
            (Some(figure), _) if matches!(second, Some("star" | "stars" | "points" | "out")) => {
                self.place(Some(figure))
            }
            (Some(_), 2) if second.and_then(self::figure).is_some() => Reading::Invalid,
            (Some(figure), _) if symbol_after_figure(&text.plain) => self.place(Some(figure)),
            _ => Reading::Other,
        }
    }

    fn place(&self, figure: Option<u32>) -> Reading {
        match figure.filter(|figure| (self.least..=self.most).contains(figure)) {
            None => Reading::Invalid,
            Some(figure) => {
                let outcome = self.outcome(figure);
                Reading::Answer { value: figure.to_string(), outcome: Some(outcome) }
            }
        }
    }

    /// Low, middle or high; each figure of the scale is one of them (S88).
    pub fn outcome(&self, figure: u32) -> Outcome {
        if figure <= self.low {
            Outcome::Low
        } else if figure >= self.high {
            Outcome::High
        } else {
            Outcome::Middle
        }
    }
}

fn symbol_after_figure(plain: &str) -> bool {
    let rest = plain.trim_start().trim_start_matches(char::is_alphanumeric).trim_start();
    rest.starts_with([',', '.', '!', ':', ';', '-', '\u{2013}', '\n'])
        && !rest.get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn figure(word: &str) -> Option<u32> {
    if word.bytes().all(|b| b.is_ascii_digit()) {
        return word.parse().ok().or(Some(u32::MAX));
    }
    let named = FIGURES.iter().position(|names| names.split(' ').any(|name| name == word));
    named.and_then(|index| u32::try_from(index).ok())
}

/// Zero to ten in the languages of the packs.
const FIGURES: [&str; 11] = [
    "zero null cero",
    "one un uno eins",
    "two deux dos zwei",
    "three trois tres drei",
    "four quatre cuatro vier",
    "five cinq cinco funf",
    "six seis sechs",
    "seven sept siete sieben",
    "eight huit ocho acht",
    "nine neuf nueve neun",
    "ten dix diez zehn",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn value(grammar: &Grammar, text: &str) -> Option<String> {
        match grammar.read(text) {
            Reading::Answer { value, .. } => Some(value),
            Reading::Invalid => Some("invalid".into()),
            Reading::Other => None,
        }
    }

    /// S89, E111: an option and nothing glued to it.
    #[test]
    fn a_vote_is_the_option_and_a_boundary() {
        let poll = Grammar::Options(["A", "B", "C"].map(str::to_owned).to_vec());
        for text in ["A", "a.", "A!", "A - because", " a "] {
            assert_eq!(value(&poll, text).as_deref(), Some("A"), "{text}");
        }
        for text in ["AB", "Apple", "D", ""] {
            assert_eq!(value(&poll, text), None, "{text}");
        }
    }

    /// S85, E113: figures, words and stars.
    #[test]
    fn a_rating_is_read_in_many_forms() {
        let scale = Grammar::Scale(Scale { least: 1, most: 5, low: 2, high: 4 });
        for text in
            ["5", "5!", "5/5", "five", "⭐⭐⭐⭐⭐", "5 stars", "5 - lovely", "cinq", "fünf"]
        {
            assert_eq!(value(&scale, text).as_deref(), Some("5"), "{text}");
        }
        for text in ["55", "1-5", "0", "5/10", "99999999999999"] {
            assert_eq!(value(&scale, text).as_deref(), Some("invalid"), "{text}");
        }
        for text in ["5 people came", "lovely", ""] {
            assert_eq!(value(&scale, text), None, "{text}");
        }
    }

    /// S83, C3: appointments have words of their own.
    #[test]
    fn an_appointment_is_answered_in_words() {
        let words =
            |list: &[&str]| list.iter().map(|word| Phrase::from((*word).to_owned())).collect();
        let appointment = Grammar::Words(vec![
            Choice { value: "yes".into(), words: words(&["yes", "ok", "👍"]) },
            Choice { value: "cancel".into(), words: words(&["cancel"]) },
        ]);
        for (text, expected) in [
            ("Yes!", Some("yes")),
            ("👍🏽", Some("yes")),
            ("yes, see you", Some("yes")),
            ("CANCEL", Some("cancel")),
            ("cancelled?", None),
            ("yes we can't", None),
        ] {
            assert_eq!(value(&appointment, text).as_deref(), expected, "{text}");
        }
        assert!(appointment.lists("cancel") && !appointment.lists("stop"));
    }
}
