//! The form in which a text goes into the codec.
//!
//! Kept apart from cutting and coding, which take every text as it is.

use unicode_normalization::UnicodeNormalization;

/// A text as people typed it, in Unicode NFC, with `\n` for every line end and without byte order marks.
///
/// Composed letters are what the GSM alphabets hold, and `\r\n` would cost a septet more. A mark, which comes
/// along when text is pasted, cannot be seen and would make UCS-2 of any text; the swapped one at the
/// beginning has phones read everything after it with its octets swapped.
pub fn normal_text(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    // Nothing to compose in ASCII, and most texts are.
    if text.is_ascii() {
        return text;
    }
    let is_mark = |c: &char| matches!(c, '\u{FEFF}' | '\u{FFFE}');
    text.chars().filter(|c| !is_mark(c)).nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_composed_and_line_ends_are_one_character() {
        assert_eq!(normal_text("Cafe\u{301}\r\nbar\r"), "Café\nbar\r");
        assert_eq!(normal_text("Cafe\r\nbar\r"), "Cafe\nbar\r");
    }

    #[test]
    fn marks_of_the_byte_order_are_no_text() {
        assert_eq!(normal_text("\u{FEFF}Hello"), "Hello");
        assert_eq!(normal_text("\u{FFFE}Ω e\u{FEFF}\u{301}"), "Ω é");
    }
}
