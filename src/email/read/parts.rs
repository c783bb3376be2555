//! MIME parts: a mail taken apart, with bounded work.
//!
//! Each multipart is read once by each of the multiparts around it, so the work is at most the
//! size of the mail times the depth allowed; nothing is copied before it is known to be text.

use super::fields::{Fields, Kind};
use super::text::{self, Decoded};
use super::{Attachment, Limits, MailError, Report, Sealed, Written, html, report};

/// What the parts of a mail hold.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) texts: Vec<Piece>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) sealed: Option<Sealed>,
    pub(super) report: Option<Report>,
    parts: usize,
    decoded: usize,
}

/// A piece of the mail's text.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) written: Written,
    pub(super) unreadable: Option<String>,
    pub(super) cut_short: bool,
}

/// Takes apart what stands below the header `fields`.
pub(super) fn walk(fields: &Fields, body: &[u8], limits: &Limits) -> Result<Found, MailError> {
    let mut found = Found::default();
    let texts = part(fields, body, limits, 0, &Kind::default(), &mut found)?;
    found.texts = texts;
    Ok(found)
}

/// The texts of one part, in order; everything else about it goes to `found`.
fn part(
    fields: &Fields,
    body: &[u8],
    limits: &Limits,
    depth: usize,
    parent: &Kind,
    found: &mut Found,
) -> Result<Vec<Piece>, MailError> {
    found.parts += 1;
    if found.parts > limits.parts {
        return Err(MailError::TooManyParts(limits.parts));
    }
    let kind = fields.content_type("content-type").filter(|kind| !kind.sub.is_empty());
    let kind = kind.unwrap_or_else(Kind::plain);
    if kind.main == "multipart" {
        if depth >= limits.depth {
            return Err(MailError::TooDeep(limits.depth));
        }
        if let Some(children) = kind.attribute("boundary").and_then(|b| split(body, b, limits)) {
            return multipart(&kind, &children?, limits, depth + 1, found);
        }
        // Nothing in it is delimited: then it is the text of a broken program.
        return Ok(leaf(&Kind::plain(), fields, body, limits, parent, found));
    }
    Ok(leaf(&kind, fields, body, limits, parent, found))
}

fn multipart(
    kind: &Kind,
    children: &[&[u8]],
    limits: &Limits,
    depth: usize,
    found: &mut Found,
) -> Result<Vec<Piece>, MailError> {
    if kind.sub == "encrypted" {
        found.sealed.get_or_insert(Sealed::Pgp);
    }
    let is_report = kind.sub == "report";
    if is_report {
        let kind = kind.attribute("report-type").unwrap_or_default().to_ascii_lowercase();
        found.report.get_or_insert(Report { kind, ..Report::default() });
    }
    let mut texts: Vec<Vec<Piece>> = Vec::new();
    for (index, child) in children.iter().enumerate() {
        let (fields, body) = Fields::split(child);
        if is_report && index > 0 {
            found.parts += 1;
            if found.parts > limits.parts {
                return Err(MailError::TooManyParts(limits.parts));
            }
            let kind = fields.content_type("content-type").unwrap_or_default();
            report::part(&kind, &text::transfer_decoded(&fields, body, limits.text), found);
            continue;
        }
        texts.push(part(&fields, body, limits, depth, kind, found)?);
    }
    Ok(match kind.sub.as_str() {
        "alternative" => best(texts),
        _ => texts.into_iter().flatten().collect(),
    })
}

/// E63: the plain text, unless it is empty or only says that there is HTML.
fn best(alternatives: Vec<Vec<Piece>>) -> Vec<Piece> {
    let of = |written: Written| {
        move |pieces: &&Vec<Piece>| {
            pieces.iter().any(|p| p.written == written && !p.text.trim().is_empty())
        }
    };
    let plain = alternatives.iter().position(|pieces| of(Written::Plain)(&pieces));
    let html = alternatives.iter().position(|pieces| of(Written::Html)(&pieces));
    let stub = plain.and_then(|at| alternatives.get(at)).is_some_and(|pieces| {
        let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        is_stub(&text)
    });
    let chosen = match (plain, html) {
        (Some(_), Some(html)) if stub => html,
        (Some(plain), Some(_)) => plain,
        (Some(only), None) | (None, Some(only)) => only,
        (None, None) => 0,
    };
    alternatives.into_iter().nth(chosen).unwrap_or_default()
}

fn is_stub(text: &str) -> bool {
    let text = text.trim().to_lowercase();
    text.chars().count() < 300 && STUBS.iter().any(|stub| text.contains(stub))
}

fn leaf(
    kind: &Kind,
    fields: &Fields,
    body: &[u8],
    limits: &Limits,
    parent: &Kind,
    found: &mut Found,
) -> Vec<Piece> {
    let disposition = fields.content_type("content-disposition").unwrap_or_default();
    let name = disposition.attribute("filename").or_else(|| kind.attribute("name"));
    let attached = disposition.main == "attachment";
    let sub = kind.sub.as_str();
    match kind.main.as_str() {
        "application"
            if matches!(sub, "pkcs7-signature" | "x-pkcs7-signature" | "pgp-signature") =>
        {
            return Vec::new();
        }
        "application" if matches!(sub, "pkcs7-mime" | "x-pkcs7-mime") => {
            found.sealed.get_or_insert(Sealed::Smime);
        }
        "application" if sub == "pgp-encrypted" => {
            found.sealed.get_or_insert(Sealed::Pgp);
        }
        "application" if matches!(sub, "ms-tnef" | "vnd.ms-tnef") => {
            found.sealed.get_or_insert(Sealed::Tnef);
        }
        _ if name.is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat")) => {
            found.sealed.get_or_insert(Sealed::Tnef);
        }
        "text" if sub == "calendar" => {
            let method = kind.attribute("method").unwrap_or_default();
            let head = String::from_utf8_lossy(body.get(..4_000).unwrap_or(body)).to_uppercase();
            if ["REPLY", "COUNTER"].iter().any(|m| method.eq_ignore_ascii_case(m))
                || (method.is_empty() && head.contains("METHOD:REPLY"))
            {
                found.sealed.get_or_insert(Sealed::Calendar);
            }
        }
        "text" if matches!(sub, "plain" | "html") && !attached && name.is_none() => {
            return vec![piece(kind, fields, body, limits, found)];
        }
        "text" if sub == "plain" && !attached && parent.main.is_empty() => {
            return vec![piece(kind, fields, body, limits, found)];
        }
        _ => {}
    }
    let inline = fields.first("content-id").is_some() || disposition.main == "inline";
    found.attachments.push(Attachment {
        name: name.map(super::shown_name),
        kind: format!("{}/{}", kind.main, kind.sub),
        octets: body.len(),
        inline: inline && kind.main == "image",
    });
    Vec::new()
}

fn piece(kind: &Kind, fields: &Fields, body: &[u8], limits: &Limits, found: &mut Found) -> Piece {
    let room = limits.text.saturating_sub(found.decoded);
    let octets = text::transfer_decoded(fields, body, room.saturating_add(1));
    let cut_short = octets.len() > room;
    let octets = octets.get(..room.min(octets.len())).unwrap_or_default();
    found.decoded += octets.len();
    let charset = kind.attribute("charset");
    if kind.sub == "html" {
        let charset = charset.map(str::to_owned).or_else(|| html::declared_charset(octets));
        let Decoded { text, unreadable } = text::decoded(octets, charset.as_deref());
        let text = html::to_text(&text);
        return Piece { text, written: Written::Html, unreadable, cut_short };
    }
    let Decoded { text, unreadable } = text::decoded(octets, charset);
    let is = |name: &str, value: &str| {
        kind.attribute(name).is_some_and(|v| v.trim().eq_ignore_ascii_case(value))
    };
    let text = match is("format", "flowed") {
        true => text::unflowed(&text, is("delsp", "yes")),
        false => text,
    };
    Piece { text, written: Written::Plain, unreadable, cut_short }
}

/// The parts between the delimiters (RFC 2046 §5.1.1), or `None` when there is no delimiter.
fn split<'a>(
    body: &'a [u8],
    boundary: &str,
    limits: &Limits,
) -> Option<Result<Vec<&'a [u8]>, MailError>> {
    let boundary = boundary.trim_end().as_bytes();
    if boundary.is_empty() || boundary.len() > 200 {
        return None;
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    let (mut at, mut start) = (0, None);
    while at < body.len() {
        let rest = body.get(at..).unwrap_or_default();
        let length = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |end| end + 1);
        let line = rest.get(..length).unwrap_or_default();
        let after = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary));
        let after = after.map(<[u8]>::trim_ascii_end);
        if let Some(after @ (b"" | b"--")) = after {
            if let Some(start) = start {
                parts.push(without_end(body.get(start..at).unwrap_or_default()));
            }
            if parts.len() > limits.parts {
                return Some(Err(MailError::TooManyParts(limits.parts)));
            }
            if after == b"--" {
                return Some(Ok(parts));
            }
            start = Some(at + length);
        }
        at += length;
    }
    // Truncated: the last part has no end.
    let last = body.get(start?..).unwrap_or_default();
    parts.push(last);
    Some(Ok(parts))
}

/// The line end before a delimiter belongs to the delimiter.
fn without_end(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

/// What programs put into the plain text when they only wrote HTML.
const STUBS: &[&str] = &[
    "view in html",
    "view this email in your browser",
    "view this message in html",
    "does not support html",
    "doesn't support html",
    "cannot display html",
    "html-capable",
    "html capable",
    "unterstützt kein html",
    "kann kein html",
    "ne supporte pas le html",
    "no soporta html",
];
