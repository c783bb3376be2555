//! The line under the box: what a text costs, by the codec that will send it (S161, E148), and the
//! one character that makes it dear.

use askama::Template;
use axum::response::Html;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::sms::{Count, normal_text};
use crate::web::accept::counted;
use crate::web::error::WebError;
use crate::web::extract::Form;

#[derive(Template)]
#[template(path = "count.html", config = "src/web/askama.toml")]
pub(super) struct Counted {
    words: String,
    over: bool,
    /// What plainer characters would make of it, when that is enough to save segments' room.
    offer: Option<String>,
}

impl Counted {
    pub(super) fn of(text: &str) -> Self {
        let text = normal_text(text);
        match counted(&text) {
            _ if text.is_empty() => Self { words: String::new(), over: false, offer: None },
            Ok(count) => {
                Self { words: said(&text, &count), over: false, offer: offer(&count.forcing) }
            }
            Err(error) => Self { words: error.detail().to_owned(), over: true, offer: None },
        }
    }
}

/// What a text costs, in words a person can act on.
fn said(text: &str, count: &Count) -> String {
    let characters = text.chars().count();
    let plural = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let mut said = format!("{} · ", plural(characters, "character"));
    said.push_str(&plural(count.segments, "segment"));
    said.push_str(&format!(", {} left", count.units_left));
    match count.forcing.first() {
        Some(c) => said.push_str(&format!(" · Unicode because of “{c}”: 70 a segment")),
        None => said.push_str(" · GSM-7"),
    }
    said
}

/// The words on the button, when every forcing character has a plainer one.
fn offer(forcing: &[char]) -> Option<String> {
    let first = *forcing.first()?;
    if !forcing.iter().all(|c| plainer(*c).is_some()) {
        return None;
    }
    let plain = plainer(first)?;
    Some(match (forcing.len(), plain.as_str()) {
        (1, " ") => "Replace it with a blank".to_owned(),
        (1, plain) => format!("Replace it with “{plain}”"),
        (_, _) => "Replace them with plain ones".to_owned(),
    })
}

/// The text with plain characters where others force Unicode.
pub(super) fn replaced(text: &str) -> String {
    let text = normal_text(text);
    let forcing = counted(&text).map(|count| count.forcing).unwrap_or_default();
    let plain = |c: char| match forcing.contains(&c) {
        true => plainer(c).unwrap_or_else(|| c.to_string()),
        false => c.to_string(),
    };
    text.chars().map(plain).collect()
}

/// What says the same in the default alphabet (23.038 §6.2.1); nothing for another script.
fn plainer(c: char) -> Option<String> {
    let plain = match c {
        '‘' | '’' | '‚' | '‛' | '´' | '`' | '′' => "'",
        '“' | '”' | '„' | '‟' | '«' | '»' | '″' => "\"",
        '–' | '—' | '‒' | '―' | '‐' | '‑' | '−' => "-",
        '…' => "...",
        '•' | '·' => "*",
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' | '\t' => " ",
        '→' => "->",
        '←' => "<-",
        '™' => "(TM)",
        '©' => "(C)",
        '®' => "(R)",
        '×' => "x",
        _ => {
            let mut parts = std::iter::once(c).nfd();
            let base = parts.next().filter(char::is_ascii_alphabetic)?;
            return parts.all(is_combining_mark).then(|| base.to_string());
        }
    };
    Some(plain.to_owned())
}

/// A text to count.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Text {
    text: String,
}

/// The line under the box, while somebody writes.
pub(in crate::web) async fn count(
    Form(Text { text }): Form<Text>,
) -> Result<Html<String>, WebError> {
    Ok(Html(Counted::of(&text).render()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E148: the character that makes it dear is named, and replaced only when that is enough.
    #[test]
    fn a_character_that_forces_unicode_is_named_and_replaced() {
        let typed = Counted::of("It’s fine – really…");
        assert!(typed.words.contains("Unicode because of “’”"), "{}", typed.words);
        assert_eq!(typed.offer.as_deref(), Some("Replace them with plain ones"));
        assert_eq!(replaced("It’s fine – really…"), "It's fine - really...");
        assert_eq!(Counted::of("Привет’").offer, None);
        assert_eq!(Counted::of("plain €").offer, None);
        assert_eq!(replaced("Olá 👋"), "Ola 👋");
    }
}
