//! What the gateway tells people about their own mails.
//!
//! A notice says what to do next. It has the null envelope sender and says that a machine wrote it
//! (RFC 3834), and there is none for what a machine wrote or for who asked for none: two gateways
//! cannot talk to each other (E74).

use super::compose::html_of;
use super::extract::{Cut, CutKind};
use super::forward::LOOP;
use super::header::{Fields, one_line};
use super::{Address, MailIn, MailOut, Mailbox, Refusal, Site};
use crate::types::{MessageState, UnixTime};

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing was sent.
    Refused(Refusal),
    /// It was sent, and this was left out or became of it (E57, E65, E66, E67).
    Sent {
        /// Whom to, as people read it.
        to: String,
        /// The words that were sent.
        text: String,
        /// Its segments.
        segments: u32,
        /// What was left out.
        cut: Vec<Cut>,
        /// What else its author should know.
        also: Vec<Also>,
    },
    /// It waits until the author says yes (E58, E60).
    Held {
        /// The words that would be sent.
        text: String,
        /// Why the author is asked.
        why: String,
        /// Where to say yes.
        link: Option<String>,
    },
    /// It waits for somebody at the inbox: a limit or a doubt that its author does not decide.
    Waiting {
        /// The words that would be sent.
        text: String,
        /// What for.
        why: String,
    },
    /// Somebody else holds the thread; one step takes it over and sends (C6).
    Claimed {
        /// Who.
        by: String,
        /// The words that would be sent.
        text: String,
        /// What else to think of before sending them.
        why: Option<String>,
        /// Where to take it over; `None`: the author may not.
        link: Option<String>,
    },
    /// What became of a text that was written by mail.
    Result {
        /// Whom to.
        to: String,
        /// Where it stands.
        state: MessageState,
        /// More about it, for people.
        detail: Option<String>,
    },
    /// Told to a registered address: a mail in its name was kept back (E45).
    KeptBack {
        /// Why.
        why: String,
    },
}

/// What the author should know of a text that was sent all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Also {
    /// Somebody had answered already; this was sent as well (E51).
    AnsweredBy(String),
    /// There are newer messages than the mail showed (E48).
    Newer {
        /// Where they are.
        link: Option<String>,
    },
}

/// A notice.
#[derive(Clone, Debug)]
pub struct Notice<'a> {
    /// Who is told: the registered address, never one only the mail names.
    pub to: &'a Address,
    /// The mail it is about; `None` for what became of a text later, with `about` instead.
    pub mail: Option<&'a MailIn>,
    /// The message id and subject of the mail, when the mail itself is gone.
    pub about: (&'a str, &'a str),
    /// What is told.
    pub told: &'a Told,
    /// When.
    pub at: UnixTime,
}

/// The mail; `None` when nobody may be told.
pub fn notice(notice: &Notice<'_>, site: &Site) -> Option<MailOut> {
    if notice.mail.is_some_and(|mail| !mail.may_be_answered()) || site.is_mailbox(notice.to) {
        return None;
    }
    let (about, subject) = match notice.mail {
        Some(mail) => (mail.message_id.as_str(), mail.subject.as_str()),
        None => notice.about,
    };
    let (headline, text) = words(notice.told);
    let subject: String = one_line(subject).chars().take(120).collect();
    let subject = match subject.is_empty() {
        true => headline.to_owned(),
        false => format!("{headline}: {subject}"),
    };
    let mut header = Fields::default();
    header.date(notice.at, &site.zone);
    header.plain("Auto-Submitted", "auto-replied");
    header.plain("X-Auto-Response-Suppress", "All");
    header.token(LOOP, &site.loop_mark());
    let parts: [&[u8]; 3] = [about.as_bytes(), notice.to.local().as_bytes(), headline.as_bytes()];
    Some(
        MailOut {
            envelope_from: None,
            to: notice.to.clone(),
            from: Mailbox { name: Some(site.name.clone()), address: site.address.clone() },
            reply_to: None,
            subject,
            message_id: site.notice_id(&parts),
            references: vec![about.to_owned()],
            html: Some(html_of(&text)),
            text,
            raw: Vec::new(),
        }
        .written(header),
    )
}

fn words(told: &Told) -> (&'static str, String) {
    let link = |before: &str, link: &Option<String>| {
        link.as_deref().map_or(String::new(), |link| format!("\n{before} {}\n", one_line(link)))
    };
    match told {
        Told::Refused(refusal) => ("Not sent", format!("Nothing was sent.\n\n{refusal}\n")),
        Told::Sent { to, text, segments, cut, also } => {
            let parts = if *segments == 1 { "" } else { "s" };
            let mut words =
                format!("Sent to {}, {segments} segment{parts}:\n\n{text}\n", one_line(to));
            for also in also {
                words.push_str(&match also {
                    Also::AnsweredBy(by) => format!(
                        "\n{} had already answered in this thread; your text was sent as well.\n",
                        one_line(by)
                    ),
                    Also::Newer { link: to } => format!(
                        "\nThere are newer messages in this thread than the mail you answered \
                         showed.\n{}",
                        link("Read them:", to)
                    ),
                });
            }
            words.push_str(&left_out(cut));
            ("Sent", words)
        }
        Told::Held { text, why, link: to } => (
            "Please confirm",
            format!(
                "Nothing was sent yet. {why}\n\nThe text would be:\n\n{text}\n{}",
                link("Send it, change it or drop it:", to)
            ),
        ),
        Told::Waiting { text, why } => (
            "Not sent yet",
            format!(
                "Nothing was sent yet. {why}\n\nThe text would be:\n\n{text}\n\nIt waits in the \
                 conversation until somebody at the inbox sends or drops it.\n"
            ),
        ),
        Told::Claimed { by, text, why, link: to } => {
            let by = one_line(by);
            let why = why.as_deref().map_or(String::new(), |why| format!("{why}\n\n"));
            let step = match to {
                Some(_) => link("Take the thread over and send it:", to),
                None => format!(
                    "\nIt waits in the conversation: {by} or an admin can send it, or hand the \
                     thread over to you.\n"
                ),
            };
            (
                "Not sent",
                format!(
                    "Nothing was sent: {by} answers in this thread.\n\n{why}The text would \
                     be:\n\n{text}\n{step}"
                ),
            )
        }
        Told::Result { to, state, detail } => {
            let detail =
                detail.as_deref().map_or(String::new(), |d| format!("\n{}\n", one_line(d)));
            ("Result", format!("Your text to {}: {state}.\n{detail}", one_line(to)))
        }
        Told::KeptBack { why } => (
            "Kept back",
            format!(
                "A mail in your name was not sent as a text: {}.\n\nIf it was yours, an \
                 administrator can approve it.\n",
                one_line(why)
            ),
        ),
    }
}

/// What was left out, for the author.
fn left_out(cut: &[Cut]) -> String {
    let told = |kind: CutKind| !matches!(kind, CutKind::Quote | CutKind::Attribution);
    let mut words = String::new();
    for cut in cut.iter().filter(|cut| told(cut.kind)) {
        let piece: String = one_line(&cut.text).chars().take(200).collect();
        words.push_str(&format!("\nLeft out ({}): {piece}\n", cut.kind));
    }
    let attached = cut.iter().any(|cut| cut.kind == CutKind::Attachment);
    if attached {
        words.push_str("\nFiles cannot go by text. Send a link, or mail them to the person.\n");
    }
    words
}
