//! The header of a mail or of a part: fields in their order, and the values we need of them.
//!
//! The header ends at the first line that is no field, as mail servers see it. Words and
//! addresses are decoded by `mail_parser`; an address that stands nowhere in the field as it is,
//! but only inside an encoded word, is none: mail servers do not see it either.

use mail_parser::parsers::MessageStream;
use mail_parser::{ContentType, HeaderValue};

use crate::email::{Address, Mailbox};

/// Fields in their order: names in lower case, values unfolded and not decoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(pub(super) Vec<(String, String)>);

impl Fields {
    /// The fields at the beginning of `raw`, and what follows the empty line.
    pub(super) fn split(raw: &[u8]) -> (Fields, &[u8]) {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut rest = raw;
        while !rest.is_empty() {
            let end = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1);
            let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            let text = String::from_utf8_lossy(line);
            let text = text.trim_end_matches(['\r', '\n']);
            if text.is_empty() {
                return (Fields(fields), after);
            }
            match (text.starts_with([' ', '\t']), fields.last_mut(), field(text)) {
                (true, Some((_, value)), _) => {
                    value.push(' ');
                    value.push_str(&printable(text.trim()));
                }
                (false, _, Some(field)) => fields.push(field),
                // The envelope line of an mbox file.
                (false, None, None) if text.starts_with("From ") => {}
                _ => return (Fields(fields), rest),
            }
            rest = after;
        }
        (Fields(fields), rest)
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// `type/subtype` in lower case and its attributes.
    pub(super) fn content_type(&self, name: &str) -> Option<Kind> {
        let value = format!("{}\r\n", self.first(name)?);
        match MessageStream::new(value.as_bytes()).parse_content_type() {
            HeaderValue::ContentType(kind) => Some(Kind::new(&kind)),
            _ => None,
        }
    }
}

/// A content type or disposition.
#[derive(Clone, Debug, Default)]
pub(super) struct Kind {
    /// `text`, or `attachment`.
    pub(super) main: String,
    /// `plain`.
    pub(super) sub: String,
    attributes: Vec<(String, String)>,
}

impl Kind {
    fn new(kind: &ContentType<'_>) -> Kind {
        let attributes = kind.attributes().unwrap_or_default().iter();
        Kind {
            main: kind.ctype().to_ascii_lowercase(),
            sub: kind.subtype().unwrap_or_default().to_ascii_lowercase(),
            attributes: attributes
                .map(|a| (a.name.to_ascii_lowercase(), a.value.to_string()))
                .collect(),
        }
    }

    /// What is assumed where a part says nothing (RFC 2045 §5.2).
    pub(super) fn plain() -> Kind {
        Kind { main: "text".into(), sub: "plain".into(), attributes: Vec::new() }
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The addresses of a field, and how many entries hold none.
pub(super) fn addresses(value: &str) -> (Vec<Mailbox>, usize) {
    let line = format!("{value}\r\n");
    let HeaderValue::Address(list) = MessageStream::new(line.as_bytes()).parse_address() else {
        return (Vec::new(), usize::from(!value.trim().is_empty()));
    };
    let (mut found, mut odd) = (Vec::new(), 0);
    for entry in list.iter().take(MOST_ADDRESSES) {
        let address = entry.address().filter(|address| value.contains(*address));
        match address.and_then(|address| Address::parse(address).ok()) {
            Some(address) => {
                found.push(Mailbox { name: entry.name().map(printable), address });
            }
            None => odd += 1,
        }
    }
    (found, odd)
}

/// The text of an unstructured field, encoded words decoded.
pub(super) fn decoded(value: &str) -> String {
    let line = format!("{value}\r\n");
    match MessageStream::new(line.as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => printable(&text),
        _ => printable(value),
    }
}

/// The message ids in a text, without brackets.
pub(super) fn ids(value: &str) -> Vec<String> {
    let pieces = value.split('<').skip(1).filter_map(|piece| piece.split_once('>'));
    let ids = pieces.map(|(id, _)| id.trim()).filter(|id| {
        (3..=MOST_ID).contains(&id.len()) && id.contains('@') && !id.contains(char::is_whitespace)
    });
    let found: Vec<String> = ids.take(MOST_IDS).map(str::to_owned).collect();
    if found.is_empty() {
        // Without brackets, as some programs write it.
        let bare = value.trim();
        let one = bare.contains('@') && !bare.contains([' ', '<', '>']) && bare.len() <= MOST_ID;
        return one.then(|| bare.to_owned()).into_iter().collect();
    }
    found
}

/// `Name: value`; a name is printable ASCII (RFC 5322 §2.2).
fn field(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end_matches([' ', '\t']);
    let plain = !name.is_empty() && name.len() <= 100 && name.bytes().all(|b| b.is_ascii_graphic());
    plain.then(|| (name.to_ascii_lowercase(), printable(value.trim())))
}

/// Controls are blanks.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

const MOST_ADDRESSES: usize = 200;
const MOST_IDS: usize = 200;
const MOST_ID: usize = 500;
