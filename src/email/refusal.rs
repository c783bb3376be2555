//! Why a person's mail does not become a text, in words for that person.

use super::MailError;

/// A reason to send nothing, told to the author by a notice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// E56, E67: nothing is left to send.
    #[error("Nothing is left to send. Write the text above the quoted mail, and put ## after it.")]
    Empty,
    /// E68: encrypted.
    #[error("The mail is encrypted, and the gateway has no key. Send it again without encryption.")]
    Encrypted,
    /// E68: Outlook's own format.
    #[error(
        "The mail is in Outlook's own format (winmail.dat). Send it again as plain text or HTML."
    )]
    Tnef,
    /// E68: an answer to an invitation.
    #[error("This is an answer to an invitation. Answer the text with a mail of its own.")]
    Calendar,
    /// E72: STOP from a member of staff.
    #[error(
        "The mail only says \"{0}\". Customers opt out by texting that themselves. To opt a number \
         out, use its page in the inbox; to send the word, add something to it."
    )]
    ConsentWord(String),
    /// E70: one mail to many.
    #[error(
        "One mail answers at most {limit} threads, and this one is addressed to {threads}. \
             Write to each of them, or use a bulk text."
    )]
    TooManyThreads {
        /// How many it is addressed to.
        threads: usize,
        /// How many are possible.
        limit: usize,
    },
    /// E49: the reply address is too old.
    #[error(
        "The reply address of that mail is no longer valid. Open the thread in the inbox, or \
             answer a newer mail."
    )]
    Expired,
    /// E64: the characters cannot be read.
    #[error(
        "The characters of the mail cannot be read (it says {0:?}). Send it again as UTF-8 or \
             plain text."
    )]
    Unreadable(String),
    /// The mail is larger than what is read.
    #[error("The mail is larger than {} megabytes. Send the text without attachments.", limit / 1_000_000)]
    TooLarge {
        /// The limit in octets.
        limit: usize,
    },
    /// The mail has more parts than a person makes.
    #[error(
        "The mail is built in a way the gateway does not read ({0}). Send the text as a new mail."
    )]
    Structure(&'static str),
    /// Refused by the engine or the store: an opt-out, a country, a quota (S53, E71).
    #[error("{sentence}")]
    Policy {
        /// The word of the API for it.
        code: &'static str,
        /// For the author.
        sentence: String,
    },
}

impl Refusal {
    /// A stable word for logs, tests and the API.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Empty => "empty",
            Refusal::Encrypted => "encrypted",
            Refusal::Tnef => "tnef",
            Refusal::Calendar => "calendar",
            Refusal::ConsentWord(_) => "consent_word",
            Refusal::TooManyThreads { .. } => "too_many_threads",
            Refusal::Expired => "expired",
            Refusal::Unreadable(_) => "unreadable",
            Refusal::TooLarge { .. } => "too_large",
            Refusal::Structure(_) => "structure",
            Refusal::Policy { code, .. } => code,
        }
    }
}

impl From<MailError> for Refusal {
    fn from(error: MailError) -> Refusal {
        match error {
            MailError::TooLarge { limit, .. } => Refusal::TooLarge { limit },
            MailError::TooManyParts(_) => Refusal::Structure("it has too many parts"),
            MailError::TooDeep(_) => Refusal::Structure("its parts are nested too deeply"),
            MailError::HeaderTooLong(_) => Refusal::Structure("its header is too long"),
            MailError::NoHeader => Refusal::Structure("it has no header"),
        }
    }
}
