//! What a person typed into a search field, as the index understands it.
//!
//! The index folds case and accents (`unicode61 remove_diacritics 2`). Every word must be found,
//! each as the beginning of a word, so that a search answers while it is being typed.

/// Finds nothing: no word of a text is a private-use character.
pub(super) const NOTHING: &str = "\"\u{F8FF}\"";

/// The words as a query of FTS5; `None` without a letter or digit. Nothing of it is syntax: each
/// word stands in quotes.
pub(super) fn words(typed: &str) -> Option<String> {
    quoted(typed, "*")
}

/// The same, each found as a whole word only.
pub(super) fn whole_words(typed: &str) -> Option<String> {
    quoted(typed, "")
}

fn quoted(typed: &str, ending: &str) -> Option<String> {
    let words = typed.split(|c: char| !is_word(c)).filter(|word| !word.is_empty()).take(MOST_WORDS);
    let quoted: Vec<String> = words.map(|word| format!("\"{word}\"{ending}")).collect();
    (!quoted.is_empty()).then(|| quoted.join(" "))
}

/// The digits to look for inside numbers: `07700 900` finds `+447700900…`. `None` when it is no
/// part of a number.
pub(super) fn digits(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let number = typed.chars().all(|c| c.is_ascii_digit() || "+ -./()\u{a0}".contains(c));
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    let national = if typed.starts_with('+') { &digits } else { digits.trim_start_matches('0') };
    (number && national.len() >= FEWEST_DIGITS).then(|| national.to_owned())
}

/// Letters, digits and the marks that may follow a letter.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c)
}

const MOST_WORDS: usize = 10;
const FEWEST_DIGITS: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    /// S142: what is typed is words, never syntax.
    #[test]
    fn quotes_stars_and_operators_are_no_syntax() {
        assert_eq!(words("O'Neil OR \"x*\"").as_deref(), Some("\"O\"* \"Neil\"* \"OR\"* \"x\"*"));
        assert_eq!(words(" - * \" "), None);
        assert_eq!(whole_words("to-do").as_deref(), Some("\"to\" \"do\""));
        assert_eq!(words("été").as_deref(), Some("\"été\"*"));
    }

    /// E130: a number is found by the digits people write.
    #[test]
    fn part_of_a_number_is_found_in_the_form_people_write() {
        assert_eq!(digits("07700 900-1").as_deref(), Some("77009001"));
        assert_eq!(digits("+44 7700").as_deref(), Some("447700"));
        assert_eq!(digits("0044 7700").as_deref(), Some("447700"));
        assert_eq!((digits("12"), digits("room 4711")), (None, None));
    }
}
