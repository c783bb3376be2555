//! What must not reach a log: bodies, full numbers, secrets.

use std::fmt;

/// A value that logs print only as its size. The value itself stays reachable with `.0`.
#[derive(Clone, PartialEq, Eq)]
pub struct Redacted<T>(pub T);

impl<T: AsRef<str>> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} characters>", self.0.as_ref().chars().count())
    }
}

impl<T: AsRef<str>> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A password, PIN or token. It prints as `***` and is handed out only by [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the one place that must write it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A number with its middle hidden, for logs: `+44770…02`. Short ones are hidden whole.
pub fn masked(number: &str) -> String {
    let characters: Vec<char> = number.chars().collect();
    match characters.len() {
        0..=6 => "…".to_owned(),
        n => {
            let head: String = characters.iter().take(n / 2).collect();
            let tail: String = characters.iter().skip(n - 2).collect();
            format!("{head}…{tail}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_shows_neither_body_nor_secret_nor_full_number() {
        assert_eq!(format!("{:?}", Redacted("hello")), "<5 characters>");
        assert_eq!(format!("{:?}", Secret::new("1234")), "***");
        assert_eq!(masked("+447700900123"), "+44770…23");
        assert_eq!(masked("85258"), "…");
    }
}
