//! The form in which a text goes into the codec.
//!
//! Kept apart from cutting and coding, which take every text as it is.

use unicode_normalization::UnicodeNormalization;

/// A text as people typed it, in Unicode NFC and with `\n` for every line end.
///
/// Composed letters are what the GSM alphabets hold, and `\r\n` would cost a septet more.
pub fn normal_text(text: &str) -> String {
    text.replace("\r\n", "\n").nfc().collect()
}
