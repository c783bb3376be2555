//! Counting a prompt: one phone counts once (S90, E112).

use std::collections::BTreeMap;

use crate::types::{Number, UnixTime};

/// One recorded answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whose.
    pub number: Number,
    /// The option, figure or named answer.
    pub value: String,
    /// When it came.
    pub at: UnixTime,
}

/// What a prompt has brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Results {
    /// Numbers by answer.
    pub votes: BTreeMap<String, usize>,
    /// Numbers that were asked and have not answered, in the order they were asked.
    pub silent: Vec<Number>,
    /// Answers that came too late or were replaced.
    pub not_counted: usize,
}

/// Counts `answers` in the order they came. With `revote` a number's last answer before `closes`
/// counts, otherwise its first.
pub fn count(
    asked: &[Number],
    answers: &[Answer],
    closes: Option<UnixTime>,
    revote: Revote,
) -> Results {
    let mut counted: BTreeMap<&Number, &str> = BTreeMap::new();
    for answer in answers.iter().filter(|answer| closes.is_none_or(|closes| answer.at < closes)) {
        match revote {
            Revote::Last => drop(counted.insert(&answer.number, &answer.value)),
            Revote::First => drop(counted.entry(&answer.number).or_insert(&answer.value)),
        }
    }
    let mut results = Results::default();
    for value in counted.values() {
        *results.votes.entry((*value).to_owned()).or_default() += 1;
    }
    let silent = asked.iter().filter(|number| !counted.contains_key(number));
    results.silent = silent.cloned().collect();
    results.not_counted = answers.len() - counted.len();
    results
}

/// Which answer of one number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revote {
    /// Its first.
    First,
    /// Its last.
    Last,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S90, E112: one number one vote, the late ones not at all, the silent ones shown.
    #[test]
    fn one_phone_counts_once() {
        let number = |n: u8| Number::E164(format!("+44770090010{n}"));
        let answer = |n, value: &str, at| Answer {
            number: number(n),
            value: value.into(),
            at: UnixTime(at),
        };
        let answers = [answer(1, "A", 1), answer(2, "B", 2), answer(1, "B", 3), answer(3, "A", 90)];
        let asked = [1, 2, 3, 4].map(number);
        let results = count(&asked, &answers, Some(UnixTime(50)), Revote::Last);
        assert_eq!(results.votes, BTreeMap::from([("B".to_owned(), 2)]));
        assert_eq!((results.silent, results.not_counted), (vec![number(3), number(4)], 2));
        let first = count(&asked, &answers, None, Revote::First);
        assert_eq!(first.votes, BTreeMap::from([("A".to_owned(), 2), ("B".to_owned(), 1)]));
    }
}
