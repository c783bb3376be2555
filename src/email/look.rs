//! From a mail to what becomes of it, in two steps with the store between them.
//!
//! [`look`] needs nothing but the mail: whether a person wrote it, and what it answers. For each
//! thread the caller reads who may answer there, and asks [`judge`].

use super::authorise::{Accepted, Doubt, Rights};
use super::classify::{Bounce, Kind};
use super::extract::{Extracted, Hold};
use super::{Destination, MailIn, OwnId, Refusal, ReplyToken, Site, TokenError};
use crate::types::UnixTime;

/// What a mail is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// No person wrote it; it is only recorded.
    Drop(Drop),
    /// A report about one of our mails: the sink is marked, the customer sees nothing (E41).
    Bounce(Bounce),
    /// An admin should see it.
    Quarantine(Doubt),
    /// A person's, but nothing can come of it. The notice goes only to an authorised author.
    Refuse(Refusal),
    /// An answer: one text for each thread (E69, E70), and texts to be started.
    Person {
        /// Threads that are answered, each once.
        replies: Vec<ReplyToken>,
        /// Whom a new text is for.
        starts: Vec<Destination>,
    },
}

/// Why a mail is only recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Drop {
    /// E39.
    #[error("an automatic answer: {0}")]
    OutOfOffice(String),
    /// E43.
    #[error("one of our own mails")]
    Own,
    /// E43.
    #[error("a loop: {0}")]
    Loop(&'static str),
}

/// What becomes of an answer in one thread, or of one text to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It becomes this text.
    Text(Accepted, Extracted),
    /// It would become this text; the author is asked first (E60).
    Hold(Accepted, Extracted, Hold),
    /// Nothing is sent, and the author is told why.
    Refuse(Accepted, Refusal),
    /// An admin decides.
    Quarantine(Doubt),
}

/// What a mail is about.
pub fn look(mail: &MailIn, site: &Site, now: UnixTime) -> Look {
    match super::classify(mail, site, now) {
        Kind::Own => Look::Drop(Drop::Own),
        Kind::Loop(why) => Look::Drop(Drop::Loop(why)),
        Kind::OutOfOffice(why) => Look::Drop(Drop::OutOfOffice(why)),
        Kind::Robot(why) => Look::Quarantine(Doubt::Robot(why)),
        Kind::Bounce(bounce) => Look::Bounce(bounce),
        Kind::List(list) => Look::Quarantine(Doubt::List(list)),
        Kind::Person => addressed(mail, site, now),
    }
}

/// What a person's mail answers: told by the addresses it was sent to, then by the mails it refers
/// to, never by its subject (E47).
fn addressed(mail: &MailIn, site: &Site, now: UnixTime) -> Look {
    let (mut replies, mut starts): (Vec<ReplyToken>, Vec<Destination>) = Default::default();
    let (mut expired, mut forged) = (false, false);
    for address in mail.to.iter().chain(&mail.delivered_to).filter(|to| site.is_own(to)) {
        if let Some(destination) = site.destination(address) {
            if !starts.contains(&destination) {
                starts.push(destination);
            }
            continue;
        }
        let Some(detail) = address.detail() else { continue };
        match ReplyToken::read(detail, &site.keys, now) {
            Ok(token) => add(&mut replies, token),
            Err(TokenError::Expired(_)) => expired = true,
            Err(TokenError::Forged | TokenError::Malformed) => forged = true,
        }
    }
    if replies.is_empty() && starts.is_empty() {
        for id in mail.in_reply_to.iter().chain(mail.references.iter().rev()) {
            match site.own_id(id, now) {
                Some(OwnId::Forward(token)) => {
                    add(&mut replies, token);
                    break;
                }
                Some(OwnId::Expired(_)) => expired = true,
                Some(OwnId::Thread(_) | OwnId::Notice) | None => {}
            }
        }
    }
    // A mail that answers starts nothing: who is in copy there was not chosen.
    if !replies.is_empty() {
        starts.clear();
    }
    let threads = replies.len() + starts.len();
    match threads {
        0 if forged => Look::Quarantine(Doubt::Forged),
        0 if expired => Look::Refuse(Refusal::Expired),
        0 => Look::Quarantine(Doubt::NoThread),
        n if n > MOST_THREADS => {
            Look::Refuse(Refusal::TooManyThreads { threads, limit: MOST_THREADS })
        }
        _ => Look::Person { replies, starts },
    }
}

/// One text for each thread, however often the mail names it (E69).
fn add(replies: &mut Vec<ReplyToken>, token: ReplyToken) {
    if !replies.iter().any(|known| known.thread == token.thread) {
        replies.push(token);
    }
}

/// What becomes of a person's mail in one thread.
pub fn judge(mail: &MailIn, site: &Site, rights: Rights<'_>) -> Outcome {
    let accepted = match super::authorise(mail, site, rights) {
        Ok(accepted) => accepted,
        Err(doubt) => return Outcome::Quarantine(doubt),
    };
    match super::extract(mail, &site.extract) {
        Ok(extracted) => match extracted.hold {
            Some(hold) => Outcome::Hold(accepted, extracted, hold),
            None => Outcome::Text(accepted, extracted),
        },
        Err(refusal) => Outcome::Refuse(accepted, refusal),
    }
}

/// E70: a mail is no way to write to many.
const MOST_THREADS: usize = 2;
