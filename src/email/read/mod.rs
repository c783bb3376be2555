//! Octets to a [`MailIn`]: bounded before anything is decoded.
//!
//! The octets of a mail go in; out comes what it says about itself, and one text whose quoted lines
//! begin with `>`, whether it was plain, flowed or HTML. What a mail claims is kept as a claim:
//! who wrote it and whether that is true is decided elsewhere (`classify`, `authorise`).

mod fields;
mod html;
mod parts;
mod report;
mod text;

use ring::digest::{Context, SHA256};

use super::token::base32;
use super::{Address, Mailbox};
use fields::Fields;

/// How much of a mail is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the whole mail.
    pub octets: usize,
    /// Parts, nested ones counted.
    pub parts: usize,
    /// Multiparts within multiparts.
    pub depth: usize,
    /// Octets of the header.
    pub header: usize,
    /// Octets of text that are decoded; what follows is not read.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { octets: 10_000_000, parts: 200, depth: 20, header: 200_000, text: 1_000_000 }
    }
}

/// Why a mail is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// Larger than the limit.
    #[error("the mail has {octets} octets; {limit} are read")]
    TooLarge {
        /// Its octets.
        octets: usize,
        /// The limit.
        limit: usize,
    },
    /// More parts than the limit.
    #[error("the mail has more than {0} parts")]
    TooManyParts(usize),
    /// Multiparts nested deeper than the limit.
    #[error("the parts of the mail are nested deeper than {0}")]
    TooDeep(usize),
    /// The header is longer than the limit.
    #[error("the header of the mail is longer than {0} octets")]
    HeaderTooLong(usize),
    /// No header at all.
    #[error("this is no mail: it has no header")]
    NoHeader,
}

/// A mail, as far as we need it. All of it was written by others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailIn {
    /// Fields of the header in their order: names in lower case, values unfolded, not decoded.
    pub fields: Vec<(String, String)>,
    /// Every address in every `From`.
    pub from: Vec<Mailbox>,
    /// How many `From` fields, or authors without a readable address, there are beside.
    pub odd_authors: usize,
    /// Addresses in `To` and `Cc`.
    pub to: Vec<Address>,
    /// Addresses in `Delivered-To`, `X-Original-To`, `Envelope-To` and the like.
    pub delivered_to: Vec<Address>,
    /// The envelope sender as the receiving server recorded it. `Some(None)`: the null sender.
    pub return_path: Option<Option<String>>,
    /// The subject, decoded.
    pub subject: String,
    /// The `Message-ID`, without brackets; made from a hash where the mail has none (E53).
    pub message_id: String,
    /// The id was made by us.
    pub id_made: bool,
    /// Message ids of `In-Reply-To`.
    pub in_reply_to: Vec<String>,
    /// Message ids of `References`, oldest first.
    pub references: Vec<String>,
    /// The text.
    pub body: Body,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// The mail cannot be read without a key or a program of another kind (E68).
    pub sealed: Option<Sealed>,
    /// It is a report on a delivery (RFC 3464).
    pub report: Option<Report>,
    /// A hash of the decoded body, in hexadecimal.
    pub body_hash: String,
}

/// The text of a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Lines ended by `\n`; quoted ones begin with `>`.
    pub text: String,
    /// What it was made from.
    pub written: Written,
    /// The charset it declared, when it could not be read by it (E64).
    pub unreadable: Option<String>,
    /// More text followed than is read.
    pub cut_short: bool,
}

/// What a text was made from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Written {
    /// There was none.
    #[default]
    Nothing,
    /// `text/plain`.
    Plain,
    /// `text/html` (E62, E63).
    Html,
}

/// A file that came with a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its name, if it says one.
    pub name: Option<String>,
    /// Its type: `image/png`.
    pub kind: String,
    /// Octets as they came, before decoding.
    pub octets: usize,
    /// A picture shown inside the text, as signatures have them.
    pub inline: bool,
}

/// What keeps the text from being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// S/MIME, encrypted.
    Smime,
    /// OpenPGP, encrypted.
    Pgp,
    /// `winmail.dat` alone.
    Tnef,
    /// An answer to an invitation.
    Calendar,
}

/// A delivery status notification, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// `report-type`: `delivery-status`, `disposition-notification`, `feedback-report`.
    pub kind: String,
    /// `Action` of the first recipient: `failed`, `delayed`, `delivered`.
    pub action: Option<String>,
    /// `Status`.
    pub status: Option<String>,
    /// `Final-Recipient`, without its type.
    pub recipient: Option<String>,
    /// Message ids found in the returned mail.
    pub ids: Vec<String>,
}

impl MailIn {
    /// The first field of that name (in lower case).
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// All fields of that name (in lower case), topmost first.
    pub fn fields<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.fields.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The one author, if there is exactly one.
    pub fn author(&self) -> Option<&Address> {
        match self.from.as_slice() {
            [only] if self.odd_authors == 0 => Some(&only.address),
            _ => None,
        }
    }

    /// What two fetches of one mail have in common (E52): identity and body.
    pub fn fingerprint(&self) -> String {
        format!("{} {}", self.message_id, self.body_hash)
    }

    /// Whether a notice may be sent to its author: never to a machine, and not when the mail asks
    /// for none (E40, E74; RFC 3834 §2).
    pub fn may_be_answered(&self) -> bool {
        let machine = self.field("auto-submitted").is_some_and(|v| !said(v, "no"))
            || self
                .fields("precedence")
                .any(|v| said_any(v, &["bulk", "junk", "list", "auto_reply"]))
            || self.field("list-id").is_some()
            || self.return_path == Some(None)
            || self.report.is_some();
        !machine && self.field("x-auto-response-suppress").is_none_or(|v| said(v, "none"))
    }

    /// Whether it asks for a receipt (RFC 8098 §2.1, and what went before it). Ours says what became
    /// of the text.
    pub fn asks_for_receipt(&self) -> bool {
        ["disposition-notification-to", "return-receipt-to"]
            .iter()
            .any(|name| self.field(name).is_some_and(|to| to.contains('@')))
    }
}

/// Reads a mail.
pub fn read(raw: &[u8], limits: Limits) -> Result<MailIn, MailError> {
    if raw.len() > limits.octets {
        return Err(MailError::TooLarge { octets: raw.len(), limit: limits.octets });
    }
    // One octet more than allowed, so that a longer header is seen to be longer.
    let head = raw.get(..limits.header.saturating_add(1)).unwrap_or(raw);
    let (fields, below) = Fields::split(head);
    if fields.0.is_empty() {
        return Err(MailError::NoHeader);
    }
    let header = head.len() - below.len();
    if header > limits.header || (below.is_empty() && head.len() < raw.len()) {
        return Err(MailError::HeaderTooLong(limits.header));
    }
    let body = raw.get(header..).unwrap_or_default();
    let found = parts::walk(&fields, body, &limits)?;
    let mut mail = of_fields(fields);
    for piece in found.texts {
        if !mail.body.text.is_empty() && !mail.body.text.ends_with('\n') {
            mail.body.text.push('\n');
        }
        mail.body.text.push_str(&piece.text);
        if piece.written != Written::Nothing && mail.body.written != Written::Html {
            mail.body.written = piece.written;
        }
        mail.body.unreadable = mail.body.unreadable.take().or(piece.unreadable);
        mail.body.cut_short |= piece.cut_short;
    }
    if mail.body.text.contains("-----BEGIN PGP MESSAGE-----") {
        mail.sealed = Some(Sealed::Pgp);
    }
    mail.sealed = found.sealed.or(mail.sealed);
    mail.attachments = found.attachments;
    mail.report = found.report;
    mail.body_hash = hash(&[mail.body.text.as_bytes()]);
    if mail.message_id.is_empty() {
        let said: Vec<&[u8]> = ["from", "to", "date", "subject"]
            .iter()
            .filter_map(|name| mail.field(name))
            .map(str::as_bytes)
            .chain([mail.body_hash.as_bytes()])
            .collect();
        (mail.message_id, mail.id_made) = (format!("{}@made.invalid", hash(&said)), true);
    }
    Ok(mail)
}

/// Reads the header alone, for a mail that is too large to be fetched: enough to say who wrote it.
pub fn head(raw: &[u8], limits: Limits) -> Result<MailIn, MailError> {
    let (fields, _) = Fields::split(raw.get(..limits.header).unwrap_or(raw));
    match fields.0.is_empty() {
        true => Err(MailError::NoHeader),
        false => Ok(of_fields(fields)),
    }
}

/// What the header alone says.
fn of_fields(fields: Fields) -> MailIn {
    let (mut from, mut odd_authors) = (Vec::new(), 0);
    for (index, value) in fields.all("from").enumerate() {
        let (found, odd) = fields::addresses(value);
        from.extend(found);
        odd_authors += odd + usize::from(index > 0);
    }
    let addressed = |names: &[&str]| -> Vec<Address> {
        let mut found: Vec<Address> = Vec::new();
        for value in names.iter().flat_map(|name| fields.all(name)) {
            for mailbox in fields::addresses(value).0 {
                if found.len() < 200 && !found.contains(&mailbox.address) {
                    found.push(mailbox.address);
                }
            }
        }
        found
    };
    let all_ids = |name: &str| fields.all(name).flat_map(fields::ids).collect::<Vec<_>>();
    let return_path = fields.first("return-path").map(|path| {
        let path = path.trim().trim_start_matches('<').trim_end_matches('>').trim();
        (!path.is_empty()).then(|| path.to_owned())
    });
    MailIn {
        to: addressed(&["to", "cc"]),
        delivered_to: addressed(&[
            "delivered-to",
            "x-original-to",
            "envelope-to",
            "x-envelope-to",
            "x-delivered-to",
        ]),
        subject: fields.first("subject").map(fields::decoded).unwrap_or_default(),
        message_id: all_ids("message-id").into_iter().next().unwrap_or_default(),
        id_made: false,
        in_reply_to: all_ids("in-reply-to"),
        references: all_ids("references"),
        return_path,
        from,
        odd_authors,
        body: Body::default(),
        attachments: Vec::new(),
        sealed: None,
        report: None,
        body_hash: String::new(),
        fields: fields.0,
    }
}

/// The first word of a value, without its parameters.
pub(super) fn said(value: &str, word: &str) -> bool {
    let first = value.split([';', ' ', ',', '(']).find(|piece| !piece.is_empty());
    first.is_some_and(|first| first.eq_ignore_ascii_case(word))
}

pub(super) fn said_any(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| said(value, word))
}

/// A file's name as it is shown: one line, no path.
fn shown_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    super::header::one_line(name).chars().take(100).collect()
}

fn hash(parts: &[&[u8]]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    base32(context.finish().as_ref().iter().copied().take(20))
}
