//! Octets to a [`MailIn`]: bounded before anything is decoded.

use super::{Address, Mailbox};

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
    /// for none (E40, E74).
    pub fn may_be_answered(&self) -> bool {
        true
    }
}

/// Reads a mail.
pub fn read(raw: &[u8], limits: Limits) -> Result<MailIn, MailError> {
    if raw.len() > limits.octets {
        return Err(MailError::TooLarge { octets: raw.len(), limit: limits.octets });
    }
    Err(MailError::NoHeader)
}
