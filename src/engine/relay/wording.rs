//! The texts on a recipient's phone. Name and code are added; the customer's words are not touched
//! (S21, E28).

use crate::engine::length::segments_at_most;

/// A customer's text on its way to a recipient.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Passed<'a> {
    /// Name, else number.
    pub(in crate::engine) name: &'a str,
    /// The response code; `None` when the sender cannot be answered (E24).
    pub(in crate::engine) code: Option<u32>,
    /// The customer's words.
    pub(in crate::engine) text: &'a str,
    /// Said about gaps: `[part 2 missing]` (E29).
    pub(in crate::engine) gap: &'a str,
}

/// The relayed text: `Alisha Brown @671: words`. Where that saves a segment the name is shortened,
/// then left out. Beyond `most` segments the start is passed on and the inbox has the rest.
pub(in crate::engine) fn passed_on(passed: &Passed<'_>, most: usize) -> String {
    let words = format!("{}{}", passed.text, passed.gap);
    let Some(code) = passed.code else {
        return clipped(&format!("{} (no reply possible): ", passed.name), &words, most);
    };
    let first = passed.name.split(' ').next().unwrap_or_default();
    let heads =
        [format!("{} @{code}: ", passed.name), format!("{first} @{code}: "), format!("@{code} ")];
    let needed = |head: &String| segments_at_most(&format!("{head}{words}"));
    let best = heads.iter().min_by_key(|head| needed(head)).map_or("", String::as_str);
    clipped(best, &words, most)
}

/// Replaces single relays while replies flood in (E38).
pub(in crate::engine) fn digest(waiting: u32) -> String {
    format!(
        "Many replies are coming in and are not passed on one by one; waiting: {waiting}. Open the \
         inbox, or text LIST for the latest."
    )
}

/// A name on one line: no control characters, no direction marks, no response code look-alikes,
/// at most forty characters (E147).
pub fn plain_name(name: &str) -> String {
    let hidden = |c: &char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let shown = name.chars().filter(|c| !hidden(c));
    let shown: String =
        shown.map(|c| if c.is_control() || c == '@' || c == '＠' { ' ' } else { c }).collect();
    let words: Vec<&str> = shown.split_whitespace().collect();
    words.join(" ").chars().take(40).collect()
}

fn clipped(head: &str, words: &str, most: usize) -> String {
    let whole = format!("{head}{words}");
    if segments_at_most(&whole) <= most.max(1) {
        return whole;
    }
    let mut kept: String = words.to_owned();
    // At most as many steps as there are characters; each estimate is linear, so cut by halves.
    let mut cut = kept.len() / 2;
    while cut > 0 {
        let tried = start(words, kept.len() - cut.min(kept.len()));
        if segments_at_most(&format!("{head}{tried}{MORE}")) > most.max(1) {
            kept = tried.to_owned();
        }
        cut /= 2;
    }
    while !kept.is_empty() && segments_at_most(&format!("{head}{kept}{MORE}")) > most.max(1) {
        kept.pop();
    }
    format!("{head}{kept}{MORE}")
}

/// The longest start of `text` of at most `octets` octets that ends at a character.
fn start(text: &str, octets: usize) -> &str {
    let end = (0..=octets.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

const MORE: &str = "... (more in the inbox)";

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(name: &str, code: Option<u32>, text: &str) -> String {
        passed_on(&Passed { name, code, text, gap: "" }, 4)
    }

    /// S9, S11, E24: name and code, or the word that no answer is possible.
    #[test]
    fn a_relayed_text_carries_name_and_code() {
        assert_eq!(pass("Alisha Brown", Some(671), "Hi!"), "Alisha Brown @671: Hi!");
        assert_eq!(pass("Bank", None, "Code 1"), "Bank (no reply possible): Code 1");
    }

    /// S21, E28: the name gives way first, then it goes; the customer's words stay whole.
    #[test]
    fn the_name_is_shortened_before_another_segment_is_used() {
        let text = "a".repeat(146);
        assert_eq!(pass("Alisha Brown", Some(671), &text), format!("Alisha @671: {text}"));
        let text = "a".repeat(155);
        assert_eq!(pass("Alisha Brown", Some(671), &text), format!("@671 {text}"));
        let text = "a".repeat(500);
        assert!(pass("Alisha Brown", Some(671), &text).ends_with(&text));
        let long = pass("Alisha Brown", Some(671), &"ä".repeat(2000));
        assert!(long.ends_with(MORE) && segments_at_most(&long) == 4, "{}", long.len());
    }

    /// E147: a name cannot forge layout or a code.
    #[test]
    fn a_name_is_one_plain_line() {
        assert_eq!(plain_name("Eve\u{202e}\n@100: pay  me"), "Eve 100: pay me");
    }
}
