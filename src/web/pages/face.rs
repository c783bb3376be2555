//! How names and texts are put on a page so that they cannot dress up as something else.

/// A stretch of text, a character that would otherwise be unseen, or a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Plain(String),
    Sign(String),
    Link(Link),
}

/// An address in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) words: String,
    /// Why it may lead somewhere else than it seems to.
    pub(super) warning: Option<&'static str>,
}

/// Two characters that tell people apart at a glance: initials, or the end of a number.
pub(super) fn face(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let characters: Vec<char> = name.chars().filter(|c| c.is_alphanumeric()).collect();
    if characters.iter().all(char::is_ascii_digit) {
        let from = characters.len().saturating_sub(2);
        return characters.iter().skip(from).collect();
    }
    let first = |word: &str| word.chars().find(|c| c.is_alphanumeric());
    let initials = [words.first(), words.get(1)];
    let initials = initials.into_iter().flatten().filter_map(|word| first(word));
    initials.flat_map(char::to_uppercase).take(2).collect()
}

/// Shows control and bidirectional characters as marks, so that a text cannot dress up as another
/// (CVE-2021-42574). Joiners stay: emoji and many scripts need them.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    // Some handsets end lines with a carriage return, which an event stream could not carry.
    for c in text.chars().filter(|c| *c != '\r') {
        if !hidden(c) {
            plain.push(c);
            continue;
        }
        if !plain.is_empty() {
            pieces.push(Piece::Plain(std::mem::take(&mut plain)));
        }
        pieces.push(Piece::Sign(format!("U+{:04X}", u32::from(c))));
    }
    if !plain.is_empty() {
        pieces.push(Piece::Plain(plain));
    }
    pieces
}

/// The same with web addresses as links. Only what is written as `http://` or `https://` becomes
/// one, and one that may deceive says so.
pub(super) fn linked(text: &str) -> Vec<Piece> {
    pieces(text)
        .into_iter()
        .flat_map(|piece| match piece {
            Piece::Plain(text) => links(&text),
            other => vec![other],
        })
        .collect()
}

fn links(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = start(rest) {
        let (before, from) = rest.split_at(at);
        let end = from.find(|c: char| c.is_whitespace() || "<>\"'`{}|\\^".contains(c));
        let address = from.get(..end.unwrap_or(from.len())).unwrap_or(from);
        let address = address.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']', '…']);
        if !before.is_empty() {
            pieces.push(Piece::Plain(before.to_owned()));
        }
        match host(address) {
            Some(host) => pieces.push(Piece::Link(Link {
                href: address.to_owned(),
                words: address.to_owned(),
                warning: doubt(address, host),
            })),
            None => pieces.push(Piece::Plain(address.to_owned())),
        }
        rest = from.get(address.len()..).unwrap_or_default();
    }
    if !rest.is_empty() {
        pieces.push(Piece::Plain(rest.to_owned()));
    }
    pieces
}

fn start(text: &str) -> Option<usize> {
    [text.find("https://"), text.find("http://")].into_iter().flatten().min()
}

fn host(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    (!authority.is_empty()).then_some(authority)
}

/// What may be wrong with an address: another name before an `@`, letters of another script, a bare
/// number instead of a name.
fn doubt(address: &str, authority: &str) -> Option<&'static str> {
    if authority.contains('@') {
        return Some("it leads to what stands after the @, not before it");
    }
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    if !host.is_ascii() || host.to_ascii_lowercase().split('.').any(|l| l.starts_with("xn--")) {
        return Some("its name uses letters that may look like others");
    }
    if host.chars().all(|c| c.is_ascii_digit() || c == '.') || host.starts_with('[') {
        return Some("it leads to a bare number, not to a name");
    }
    address.starts_with("http://").then_some("it is not protected on its way (http)")
}

pub(super) fn hidden(c: char) -> bool {
    match c {
        '\n' | '\t' | '\u{c}' => false,
        '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        | '\u{200B}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{2060}'
        | '\u{FEFF}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Piece {
        Piece::Plain(text.to_owned())
    }

    /// Trojan source: an override is seen, not obeyed; an emoji stays whole.
    #[test]
    fn hidden_characters_become_marks_and_emoji_stay_whole() {
        let marked = pieces("pay \u{202E}evil\u{0} 👩\u{200D}🚀\nnext");
        let sign = |text: &str| Piece::Sign(text.to_owned());
        let wanted = vec![
            plain("pay "),
            sign("U+202E"),
            plain("evil"),
            sign("U+0000"),
            plain(" 👩\u{200D}🚀\nnext"),
        ];
        assert_eq!(marked, wanted);
    }

    #[test]
    fn an_address_becomes_a_link_without_the_stop_behind_it() {
        let found = linked("See https://example.org/a?b=1. Bye");
        let link = Link {
            href: "https://example.org/a?b=1".to_owned(),
            words: "https://example.org/a?b=1".to_owned(),
            warning: None,
        };
        assert_eq!(found, vec![plain("See "), Piece::Link(link), plain(". Bye")]);
        assert_eq!(
            linked("javascript:alert(1) data:text/html,x"),
            vec![plain("javascript:alert(1) data:text/html,x")]
        );
    }

    #[test]
    fn an_address_that_may_deceive_says_why() {
        for text in [
            "https://bank.example@evil.example/",
            "https://ex\u{430}mple.org",
            "https://xn--exmple-4nf.org/x",
            "http://192.0.2.7/pay",
        ] {
            let found = linked(text);
            let [Piece::Link(link)] = found.as_slice() else { panic!("{found:?}") };
            assert!(link.warning.is_some(), "{text}");
        }
    }

    #[test]
    fn a_face_is_initials_or_the_end_of_a_number() {
        assert_eq!(face("Alisha Brown"), "AB");
        assert_eq!(face("+447700900123"), "23");
        assert_eq!(face("MyBank"), "M");
        assert_eq!(face("<b>"), "B");
    }
}
