//! The mapping between texts and e-mail, both ways.
//!
//! Out: a [`Forward`] or a [`Notice`] goes in, a [`MailOut`] comes out, ready for an SMTP server.
//! In: the octets of a mail go in ([`read()`]), a [`MailIn`] comes out; [`look()`] says whether a
//! person wrote it and which threads it answers, [`judge`] whether the author may, and
//! [`extract()`] what of it becomes the text. What cannot become one is a [`Refusal`] with a sentence
//! for its author, a [`Doubt`] for an admin, or dropped because no person wrote it.
//!
//! Nothing is cut silently: [`Extracted`] holds every piece that was left out and why. Left out
//! are, in this order: everything after the first `##` of what the author wrote; quoted lines and
//! everything our own marker, a line such as "On … wrote:" in one of ten languages, or a block of
//! forwarded headers stands above; a signature after `-- `; the signatures mobile mail programs
//! add by themselves; footers of mailing lists; and disclaimers that open a paragraph at the end.
//!
//! Absent on purpose: SMTP, IMAP, DNS and files (`io`), queues (`store`), clocks and randomness:
//! the same arguments give the same octets, boundaries and identities included. Mails are
//! composed by a small encoder of our own and not by `lettre::message`, because that one fills in
//! dates and boundaries by itself, and so that this layer can be fuzzed without a mail client
//! linked to it. MIME is taken apart here and not by `mail_parser::MessageParser`, because parts,
//! depth and work must be bounded before memory is spent; the fields, words and transfer
//! encodings inside are decoded by `mail_parser`, the charsets by `encoding_rs`.
//!
//! Begin with [`Site`], [`look()`] and [`judge`]. Specifications: RFC 5322, 2045..2047, 3676, 3834,
//! 3464, 8601; Unicode.

// What strangers write decides none of these; tests may fail loudly.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented
    )
)]

mod address;
mod alert;
mod authorise;
mod classify;
mod compose;
pub mod extract;
mod forward;
mod header;
mod look;
mod notice;
pub mod read;
mod refusal;
mod results;
mod site;
mod token;

pub use address::{Address, AddressError, Destination, Mailbox};
pub use alert::{Alert, alert};
pub use authorise::{Accepted, As, Doubt, Rights, authorise};
pub use classify::{Bounce, Kind, classify};
pub use compose::MailOut;
pub use extract::{Cut, CutKind, Extracted, Hold, extract};
pub use forward::{Forward, MARKER, Past, forward};
pub use header::base64;
pub use look::{Drop, Look, Outcome, judge, look};
pub use notice::{Also, Notice, Told, notice};
pub use read::{Attachment, Body, Limits, MailError, MailIn, Report, Sealed, Written, read};
pub use refusal::Refusal;
pub use results::{Verified, verified};
pub use site::{OwnId, Site};
pub use token::{Keys, ReplyToken, TokenError};
