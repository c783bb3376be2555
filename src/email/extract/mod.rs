//! What of a mail becomes the text.

use super::{MailIn, Refusal};

/// How the text is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What ends the text (`##`, S43). Empty: nothing does.
    pub end_mark: String,
    /// The seed's behaviour: without an end mark the whole new body is sent, signature included
    /// (S46, E58). Quotes are removed all the same.
    pub literal: bool,
    /// Typographic characters become those of the GSM alphabet where the meaning stays (E65).
    pub fold: bool,
    /// Beginnings of lines that start a signature or disclaimer, beside those known.
    pub also_cut: Vec<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options { end_mark: "##".into(), literal: false, fold: true, also_cut: Vec::new() }
    }
}

/// The text of a mail, and what was left out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// What is sent.
    pub text: String,
    /// Everything that was left out, in the order of the mail.
    pub cut: Vec<Cut>,
    /// The author ended the text with the end mark.
    pub ended: bool,
    /// The author should be asked before it is sent.
    pub hold: Option<Hold>,
}

/// A piece that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Why.
    pub kind: CutKind,
    /// The words, without the end mark.
    pub text: String,
}

crate::types::words!(
    /// Why a piece of a mail is not sent.
    CutKind {
        /// After the end mark.
        AfterMark = "after the end mark",
        /// Quoted, or below our own marker line.
        Quote = "quote",
        /// "On … wrote:", or a block of forwarded headers, with what follows.
        Attribution = "earlier mail",
        /// Below `-- `.
        Signature = "signature",
        /// A line such as "Sent from my iPhone".
        Mobile = "mobile signature",
        /// A legal text at the end.
        Disclaimer = "disclaimer",
        /// The footer of a mailing list.
        List = "list footer",
        /// An attached file: texts carry none (E66).
        Attachment = "attachment",
    }
);

/// Why the author is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// E60: own words both above and below quotes.
    Interleaved,
}

/// The text of `mail`.
pub fn extract(mail: &MailIn, options: &Options) -> Result<Extracted, Refusal> {
    let _ = (mail, options);
    Err(Refusal::Empty)
}
