//! UCS-2, which is read and written as UTF-16 with the high octet first.
//!
//! Surrogate pairs are daily business (emoji). Never fails: what is no character becomes U+FFFD,
//! an odd last octet is dropped.
//!
//! 23.038 §6.2.3.

/// The octets of a text.
pub fn encode(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// The text of octets. A byte order mark at the very start is obeyed and dropped.
pub fn decode(octets: &[u8]) -> String {
    let (octets, read): (_, fn([u8; 2]) -> u16) = match octets {
        [0xFE, 0xFF, rest @ ..] => (rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => (rest, u16::from_le_bytes),
        _ => (octets, u16::from_be_bytes),
    };
    let (pairs, _odd) = octets.as_chunks::<2>();
    let mut text = String::with_capacity(octets.len());
    let units = pairs.iter().map(|pair| read(*pair));
    text.extend(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_utf_16_with_the_high_octet_first() {
        assert_eq!(encode("é👋"), [0x00, 0xE9, 0xD8, 0x3D, 0xDC, 0x4B]);
        for (octets, text) in [
            (&[0x00, 0xE9, 0xD8, 0x3D, 0xDC, 0x4B][..], "é👋"),
            (&[0xFE, 0xFF, 0x00, 0x41], "A"),
            (&[0xFF, 0xFE, 0x41, 0x00], "A"),
            (&[0x00, 0x41, 0xFF, 0xFE], "A\u{FFFE}"), // not at the start
            (&[0x00, 0x41, 0x00], "A"),
            (&[0xD8, 0x3D], "\u{FFFD}"),
            (&[0xDC, 0x4B, 0x00, 0x41], "\u{FFFD}A"),
            (&[], ""),
        ] {
            assert_eq!(decode(octets), text);
        }
    }
}
