//! Octets of a text part to text: transfer encoding, charset, `format=flowed`.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::fields::Fields;

/// A text, and the charset it declared when it could not be read by it.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) text: String,
    pub(super) unreadable: Option<String>,
}

/// Undoes the `Content-Transfer-Encoding`; at most `room` octets.
pub(super) fn transfer_decoded<'a>(fields: &Fields, body: &'a [u8], room: usize) -> Cow<'a, [u8]> {
    let encoding = fields.first("content-transfer-encoding").unwrap_or_default();
    let encoding = encoding.split([';', ' ']).next().unwrap_or_default();
    match encoding.to_ascii_lowercase().as_str() {
        "quoted-printable" => Cow::Owned(quoted_printable(body, room)),
        "base64" => Cow::Owned(base64(body, room)),
        _ => Cow::Borrowed(body.get(..room).unwrap_or(body)),
    }
}

/// By declaration, and where that fails by what the octets can be (E64).
pub(super) fn decoded(octets: &[u8], charset: Option<&str>) -> Decoded {
    let label = charset.map(|label| label.trim().trim_matches(['"', '\'']).to_ascii_lowercase());
    let label = label.unwrap_or_default();
    let fine = |text: &str| Decoded { text: clean(text), unreadable: None };
    let utf8 = std::str::from_utf8(octets).ok();
    if matches!(label.as_str(), "" | "us-ascii" | "ascii" | "utf-8" | "utf8" | "unknown-8bit") {
        if let Some(text) = utf8 {
            return fine(text.trim_start_matches('\u{feff}'));
        }
        // Not UTF-8 at all, rather than broken UTF-8: the usual mistake of Western programs.
        if !holds_utf8(octets)
            && let Some(text) = whole(WINDOWS_1252, octets)
        {
            return fine(&text);
        }
        let text = UTF_8.decode(octets).0;
        return Decoded { text: clean(&text), unreadable: Some(label) };
    }
    if let Some(text) = Encoding::for_label(label.as_bytes()).and_then(|e| whole(e, octets)) {
        return fine(&text);
    }
    if let Some(text) = utf8 {
        return fine(text);
    }
    let text = String::from_utf8_lossy(octets);
    Decoded { text: clean(&text), unreadable: Some(label) }
}

/// The text, if every octet of it means something.
fn whole(encoding: &'static Encoding, octets: &[u8]) -> Option<String> {
    let (text, _, errors) = encoding.decode(octets);
    let odd = |c: char| encoding == WINDOWS_1252 && matches!(c, '\u{80}'..='\u{9f}');
    let means_nothing = errors || text.contains(odd);
    (!means_nothing).then(|| text.into_owned())
}

/// Whether there is a sequence that is a character of UTF-8 and hardly anything else.
fn holds_utf8(octets: &[u8]) -> bool {
    octets.utf8_chunks().any(|chunk| !chunk.valid().is_ascii())
}

/// Line ends to `\n`; other controls, which no text holds, are left out.
fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

/// RFC 3676: lines that end in a blank go on, unless the quoting changes; stuffed blanks go away.
pub(super) fn unflowed(text: &str, delete_blank: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let content = line.trim_start_matches('>');
        let depth = line.len() - content.len();
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        if open != Some(depth) || signature {
            if open.is_some() {
                out.push('\n');
            }
            out.extend(std::iter::repeat_n('>', depth));
            if depth > 0 {
                out.push(' ');
            } else if content.starts_with('>') {
                // Stuffed because it is no quote.
                out.push(' ');
            }
        }
        let flows = content.ends_with(' ') && !signature;
        out.push_str(match flows && delete_blank {
            true => content.strip_suffix(' ').unwrap_or(content),
            false => content,
        });
        open = flows.then_some(depth);
        if !flows {
            out.push('\n');
        }
    }
    out
}

/// RFC 2045 §6.7, read past mistakes: an `=` that begins nothing stays.
fn quoted_printable(body: &[u8], room: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for line in body.split_inclusive(|b| *b == b'\n') {
        if out.len() >= room {
            break;
        }
        let (line, ended) = line.strip_suffix(b"\n").map_or((line, false), |line| (line, true));
        let mut line = line.trim_ascii_end();
        let soft = line.last() == Some(&b'=');
        if soft {
            line = line.strip_suffix(b"=").unwrap_or(line);
        }
        while let Some((octet, rest)) = line.split_first() {
            let pair = rest.split_first_chunk::<2>().filter(|_| *octet == b'=');
            match pair.and_then(|([a, b], rest)| Some((hex(*a)? << 4 | hex(*b)?, rest))) {
                Some((decoded, rest)) => {
                    out.push(decoded);
                    line = rest;
                }
                None => {
                    out.push(*octet);
                    line = rest;
                }
            }
        }
        if ended && !soft {
            out.push(b'\n');
        }
    }
    out.truncate(room);
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// RFC 2045 §6.8: everything outside the alphabet is passed over; padding ends a group.
fn base64(body: &[u8], room: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for octet in body {
        let value = match octet {
            b'A'..=b'Z' => octet - b'A',
            b'a'..=b'z' => octet - b'a' + 26,
            b'0'..=b'9' => octet - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' => {
                (held, bits) = (0, 0);
                continue;
            }
            _ => continue,
        };
        held = (held << 6 | u32::from(value)) & 0xFFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits & 0xFF) as u8);
            if out.len() >= room {
                break;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E64: soft breaks, mistakes and padding in the middle.
    #[test]
    fn transfer_encodings_are_read_past_mistakes() {
        assert_eq!(quoted_printable(b"a=\r\nb=20 \r\n=C3=A9 =ZZ=", 99), "ab \né =ZZ".as_bytes());
        assert_eq!(base64(b"aGVs\r\nbG8=IQ==", 99), b"hello!");
        assert_eq!(base64(b"aGVsbG8", 3), b"hel");
    }

    /// E64: by declaration, then by what it can be, never by guessing past doubt.
    #[test]
    fn charsets_are_read_by_declaration_or_by_what_they_can_be() {
        let text = |octets: &[u8], charset: Option<&str>| decoded(octets, charset).text;
        assert_eq!(text(b"\x80 5", Some("windows-1252")), "€ 5");
        assert_eq!(text(b"\xa4 5", Some("ISO-8859-15")), "€ 5");
        assert_eq!(text(b"\xc4\xe3\xba\xc3", Some("GB18030")), "你好");
        assert_eq!(text("é".as_bytes(), None), "é");
        assert_eq!(text(b"caf\xe9", Some("utf-8")), "café");
        assert_eq!(text("ж".as_bytes(), Some("x-nothing")), "ж");
        let broken =
            decoded("é\u{ff}".chars().map(|c| c as u8).collect::<Vec<_>>().as_slice(), Some("x-y"));
        assert_eq!(broken.unreadable.as_deref(), Some("x-y"));
        assert!(decoded(b"\xc3\xa9 \xff", Some("utf-8")).unreadable.is_some());
        assert_eq!(text(b"a\0b\x07\rc", None), "ab\nc");
    }

    /// E64: flowed lines are joined, quotes and signature lines are not.
    #[test]
    fn flowed_lines_are_joined() {
        let flowed = "one \ntwo\n> a \n> b\nthree \n-- \nme\n >no quote\n";
        assert_eq!(unflowed(flowed, false), "one two\n> a b\nthree \n-- \nme\n >no quote\n");
        assert_eq!(unflowed("日本 \n語\n", true), "日本語\n");
    }
}
