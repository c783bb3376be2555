//! Header fields, written so that nothing can be smuggled into them.
//!
//! Names are `&'static str`, addresses and ids are checked types, and free text goes through one
//! door that knows no line end: [`Fields::text`]. Lines stay below 78 characters where they can
//! be folded (RFC 5322 §2.1.1), words beyond ASCII are encoded (RFC 2047).

use super::{Address, Mailbox};

/// A header under construction.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(String);

impl Fields {
    /// Free text: anything may be in it.
    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        let text = one_line(text);
        self.folded(name, &words(&text));
    }

    /// A value of ours.
    pub(super) fn plain(&mut self, name: &'static str, value: &'static str) {
        self.folded(name, &[value.to_owned()]);
    }

    /// A value made of letters and digits; every other character is left out.
    pub(super) fn token(&mut self, name: &'static str, token: &str) {
        self.folded(name, &[token.chars().filter(char::is_ascii_alphanumeric).collect()]);
    }

    /// An address, with its name if there is one.
    pub(super) fn mailbox(&mut self, name: &'static str, mailbox: &Mailbox) {
        let mut pieces = mailbox.name.as_deref().map(phrase).unwrap_or_default();
        pieces.push(match pieces.is_empty() {
            true => mailbox.address.to_string(),
            false => format!("<{}>", mailbox.address),
        });
        self.folded(name, &pieces);
    }

    /// A bare address.
    pub(super) fn address(&mut self, name: &'static str, address: &Address) {
        self.folded(name, &[address.to_string()]);
    }

    /// Message ids. One that could not stand in a header as it is, is left out.
    pub(super) fn ids<'a>(
        &mut self,
        name: &'static str,
        ids: impl IntoIterator<Item = &'a String>,
    ) {
        let plain = |id: &&String| {
            id.len() < 500 && id.bytes().all(|b| b.is_ascii_graphic() && !b"<>(),\\\"".contains(&b))
        };
        let ids: Vec<String> = ids.into_iter().filter(plain).map(|id| format!("<{id}>")).collect();
        if !ids.is_empty() {
            self.folded(name, &ids);
        }
    }

    /// The date in the form of RFC 5322 §3.3.
    pub(super) fn date(&mut self, time: crate::types::UnixTime, zone: &jiff::tz::TimeZone) {
        let time = jiff::Timestamp::from_millisecond(time.0).unwrap_or_default();
        let time = time.to_zoned(zone.clone());
        self.folded("Date", &[time.strftime("%a, %d %b %Y %H:%M:%S %z").to_string()]);
    }

    /// The header with the empty line that ends it.
    pub(super) fn end(mut self) -> String {
        self.0.push_str("\r\n");
        self.0
    }

    /// Pieces with a blank between them, and a line end before the blank where the line is full.
    fn folded(&mut self, name: &'static str, pieces: &[String]) {
        self.0.push_str(name);
        self.0.push(':');
        let mut column = name.len() + 1;
        for piece in pieces {
            if column + 1 + piece.len() > LINE && column > name.len() + 1 {
                self.0.push_str("\r\n");
                column = 0;
            }
            self.0.push(' ');
            self.0.push_str(piece);
            column += 1 + piece.len();
        }
        self.0.push_str("\r\n");
    }
}

/// The text on one line: line ends, other controls and marks that turn the direction of what
/// follows become blanks, and blanks are not repeated.
pub(super) fn one_line(text: &str) -> String {
    let blank = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
    };
    let words: Vec<&str> = text.split(blank).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// The words of an unstructured field. All of it is encoded when one of its words must be, so that
/// blanks between encoded words are kept (RFC 2047 §6.2).
fn words(text: &str) -> Vec<String> {
    let plain = |word: &str| word.len() <= LINE - 20 && word.is_ascii() && !word.contains("=?");
    match text.split(' ').all(plain) {
        true => text.split(' ').map(str::to_owned).collect(),
        false => encoded(text),
    }
}

/// A display name: a quoted string, or encoded words.
fn phrase(name: &str) -> Vec<String> {
    let name = one_line(name);
    if name.is_empty() {
        return Vec::new();
    }
    if !name.is_ascii() || name.contains("=?") || name.len() > LINE - 20 {
        return encoded(&name);
    }
    let mut quoted = String::from("\"");
    for c in name.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    vec![quoted]
}

/// Encoded words of UTF-8 in base64, each at most 75 characters and each of whole characters
/// (RFC 2047 §2, §5).
fn encoded(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    for c in text.chars() {
        match pieces.last_mut() {
            Some(piece) if piece.len() + c.len_utf8() <= 39 => piece.push(c),
            _ => pieces.push(c.to_string()),
        }
    }
    pieces.iter().map(|piece| format!("=?UTF-8?B?{}?=", base64(piece.as_bytes()))).collect()
}

/// Octets in the alphabet of RFC 4648 §4, padded.
pub fn base64(octets: &[u8]) -> String {
    let mut text = String::new();
    for chunk in octets.chunks(3) {
        let held = chunk.iter().fold(0_u32, |held, octet| (held << 8) | u32::from(*octet));
        let held = held << (8 * (3 - chunk.len()));
        for place in 0..4_usize {
            let index = (held >> (18 - 6 * place)) & 63;
            match ALPHABET.get(index as usize) {
                Some(c) if place <= chunk.len() => text.push(char::from(*c)),
                _ => text.push('='),
            }
        }
    }
    text
}

/// Characters of a line, without its end.
const LINE: usize = 78;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> String {
        let mut fields = Fields::default();
        fields.text("Subject", text);
        fields.0
    }

    /// E76: whatever a customer or a name holds stays in its field.
    #[test]
    fn no_text_leaves_its_field() {
        for text in [
            "a\r\nBcc: x@example.com",
            "a\nBcc: x@example.com",
            "a\r\n\r\n<html>",
            "a\u{2028}b\u{85}c\0d\u{b}e",
            "=?UTF-8?Q?a=0D=0ABcc:_x?=",
            "\u{202e}gnp.exe",
        ] {
            let field = field(text);
            assert_eq!(field.matches("\r\n").count(), 1, "{field:?}");
            assert!(!field.contains("\r\nBcc") && field.ends_with("\r\n"), "{field:?}");
            assert_eq!(field.replace("\r\n", "").matches(char::is_control).count(), 0);
        }
        assert_eq!(field("=?UTF-8?Q?a?="), "Subject: =?UTF-8?B?PT9VVEYtOD9RP2E/PQ==?=\r\n");
    }

    #[test]
    fn long_fields_are_folded_and_other_letters_encoded() {
        let long = field(&"word ".repeat(60));
        assert!(long.lines().all(|line| line.len() <= LINE), "{long}");
        let greek = field(&"Καλημέρα κόσμε ".repeat(12));
        assert!(greek.lines().all(|line| line.len() <= LINE && line.is_ascii()), "{greek}");
        let unbroken = field(&"x".repeat(3000));
        assert!(unbroken.lines().all(|line| line.len() <= LINE), "{unbroken}");
    }

    #[test]
    fn a_name_is_quoted_or_encoded() {
        let named = |name: &str| {
            let address = "desk@example.org".parse().unwrap();
            let mut fields = Fields::default();
            fields.mailbox("From", &Mailbox { name: Some(name.into()), address });
            fields.0
        };
        assert_eq!(
            named("A \"B\" <x@example.com>"),
            "From: \"A \\\"B\\\" <x@example.com>\" <desk@example.org>\r\n"
        );
        assert_eq!(named("Zoë"), "From: =?UTF-8?B?Wm/Dqw==?= <desk@example.org>\r\n");
        assert_eq!(named("\r\n"), "From: desk@example.org\r\n");
    }

    #[test]
    fn an_id_of_strangers_cannot_end_its_field() {
        let ids: Vec<String> =
            ["a@b.example", "a b", "a>\r\nBcc: x", "<x>"].iter().map(|t| (*t).into()).collect();
        let mut fields = Fields::default();
        fields.ids("References", &ids);
        assert_eq!(fields.0, "References: <a@b.example>\r\n");
    }
}
