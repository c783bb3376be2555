//! The form in which a text goes into the codec.
//!
//! Kept apart from cutting and coding, which take every text as it is.

use unicode_normalization::UnicodeNormalization;

/// A text as people typed it, in Unicode NFC and with `\n` for every line end.
///
/// Composed letters are what the GSM alphabets hold, and `\r\n` would cost a septet more.
pub fn normal_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    // Nothing to compose in ASCII, and most texts are.
    if text.is_ascii() { text } else { text.nfc().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_composed_and_line_ends_are_one_character() {
        assert_eq!(normal_text("Cafe\u{301}\r\nbar\r"), "Café\nbar\r");
        assert_eq!(normal_text("Cafe\r\nbar\r"), "Cafe\nbar\r");
    }
}
