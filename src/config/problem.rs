//! What is wrong with the settings, as the operator reads it.

use std::fmt;
use std::path::Path;

/// One thing to correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// `simgate.toml:12`, or `environment SIMGATE__WEB__LISTEN`.
    pub place: String,
    /// `web.listen`; empty when the file as a whole cannot be read.
    pub key: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl Problem {
    /// The file cannot be read at all.
    pub(super) fn of_file(path: &Path, error: &std::io::Error) -> Self {
        Self { place: path.display().to_string(), key: String::new(), what: error.to_string() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.what)
    }
}

/// All of them, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// A single one.
    pub(super) fn one(problem: Problem) -> Self {
        Self(vec![problem])
    }

    /// `value`, if nothing is wrong.
    pub(super) fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

/// One problem a line.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| writeln!(f, "{problem}"))
    }
}

impl std::error::Error for Problems {}

/// The known word nearest to a mistyped one; `None` when nothing is near.
pub(super) fn nearest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let distances = known.iter().map(|word| (distance(typed, word), *word));
    distances.filter(|(d, word)| *d <= 1 + word.len() / 4).min().map(|(_, word)| word)
}

/// How many insertions, deletions and replacements lead from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_mistake_finds_its_word_and_nonsense_finds_none() {
        let known = ["listen", "public_url", "pin_file"];
        assert_eq!(nearest("lisen", &known), Some("listen"));
        assert_eq!(nearest("pinfile", &known), Some("pin_file"));
        assert_eq!(nearest("colour", &known), None);
    }
}
