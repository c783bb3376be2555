//! A customer's text as a mail to staff: everything they need to answer without another system
//! (S38), and a reply address of their own.

use super::compose::html_of;
use super::header::{Fields, one_line};
use super::{Address, MailOut, Mailbox, Site};
use crate::types::{ConversationId, Direction, MessageId, UnixTime};

/// What a forward shows. One recipient each: the reply address is theirs.
#[derive(Clone, Debug)]
pub struct Forward<'a> {
    /// Who gets it.
    pub to: &'a Address,
    /// The thread the text belongs to.
    pub thread: ConversationId,
    /// The text.
    pub message: MessageId,
    /// When the forward was decided. A repeated try of the same delivery must pass the same time:
    /// it is part of the identity of the mail.
    pub decided_at: UnixTime,
    /// When the text came.
    pub received_at: UnixTime,
    /// The line's name and number.
    pub line: (&'a str, Option<&'a str>),
    /// The customer's name, if known.
    pub name: Option<&'a str>,
    /// The customer's number.
    pub number: &'a str,
    /// Tags: the line's first, then the message's (S37).
    pub tags: &'a [String],
    /// The text itself, one-time codes already hidden if the line wants that (E77).
    pub text: &'a str,
    /// The last lines of the thread before this text, oldest first.
    pub past: &'a [Past<'a>],
    /// The thread's page in the inbox.
    pub link: Option<&'a str>,
}

/// An earlier line of the thread.
#[derive(Clone, Debug)]
pub struct Past<'a> {
    /// Which way it went.
    pub direction: Direction,
    /// When.
    pub at: UnixTime,
    /// Who wrote it, if one of us.
    pub author: Option<&'a str>,
    /// Its words, codes hidden as above.
    pub text: &'a str,
}

/// The mail.
pub fn forward(forward: &Forward<'_>, site: &Site) -> MailOut {
    let token = site.token(forward.thread, forward.message, forward.to, forward.decided_at);
    let reply_to = site.reply_address(&token);
    let text = text(forward, site);
    let mut header = Fields::default();
    header.date(forward.decided_at, &site.zone);
    header.plain("Auto-Submitted", "auto-generated");
    header.plain("X-Auto-Response-Suppress", "All");
    header.token(LOOP, &site.loop_mark());
    MailOut {
        // Bounces come to the reply address, so they find their text even when they quote nothing.
        envelope_from: Some(reply_to.clone()),
        to: forward.to.clone(),
        from: Mailbox { name: Some(site.name.clone()), address: site.address.clone() },
        reply_to: Some(reply_to),
        subject: subject(forward),
        message_id: site.forward_id(&token),
        references: vec![site.thread_id(forward.thread)],
        html: Some(html_of(&text)),
        text,
        raw: Vec::new(),
    }
    .written(header)
}

/// Fixed parts only, never words of the text (E76). The same for every text of a thread with the
/// same tags, so that mail programs keep them together.
fn subject(forward: &Forward<'_>) -> String {
    let who = match forward.name.map(one_line).filter(|name| !name.is_empty()) {
        Some(name) => format!("{} ({})", shortened(&name, 80), forward.number),
        None => forward.number.to_owned(),
    };
    let mut subject = format!("Text from {who} on {}", shortened(&one_line(forward.line.0), 80));
    for tag in filled(forward.tags) {
        subject.push_str(&format!(" [{tag}]"));
    }
    subject
}

fn text(forward: &Forward<'_>, site: &Site) -> String {
    let name = forward.name.map(one_line).filter(|name| !name.is_empty());
    let who = name.map_or(String::new(), |name| format!("{name}, "));
    let (line, line_number) = forward.line;
    let line_number = line_number.map_or(String::new(), |number| format!(" ({number})"));
    let mut text = format!(
        "{MARKER}\n\n{who}{} to {}{line_number}, {}:\n\n{}\n\n",
        forward.number,
        one_line(line),
        when(forward.received_at, site),
        forward.text.trim_end(),
    );
    let tags: Vec<String> = filled(forward.tags).collect();
    if !tags.is_empty() {
        text.push_str(&format!("Tags: {}\n\n", tags.join(", ")));
    }
    if !forward.past.is_empty() {
        text.push_str("Before that:\n");
        for past in forward.past {
            let way = match (past.direction, past.author) {
                (Direction::In, _) => "in".to_owned(),
                (Direction::Out, None) => "out".to_owned(),
                (Direction::Out, Some(author)) => format!("out, {}", one_line(author)),
            };
            let words = shortened(&one_line(past.text), 300);
            text.push_str(&format!("{} ({way}): {words}\n", when(past.at, site)));
        }
        text.push('\n');
    }
    text.push_str(&how_to_answer(forward, site));
    if let Some(link) = forward.link {
        text.push_str(&format!("\nThe whole thread: {}", one_line(link)));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// A sender that is a name cannot be answered (S26).
fn how_to_answer(forward: &Forward<'_>, site: &Site) -> String {
    let mark = site.extract.end_mark.as_str();
    match (forward.number.contains(char::is_alphabetic), mark) {
        (true, _) => "This sender cannot be answered by text.".into(),
        (false, "") => "To answer by text, reply to this mail.".into(),
        (false, mark) => {
            format!("To answer by text, reply to this mail. Put {mark} where the text ends.")
        }
    }
}

/// `21 Nov 2026, 10:10`.
pub(super) fn when(time: UnixTime, site: &Site) -> String {
    let time = jiff::Timestamp::from_millisecond(time.0).unwrap_or_default();
    time.to_zoned(site.zone.clone()).strftime("%-d %b %Y, %H:%M %Z").to_string()
}

fn filled(tags: &[String]) -> impl Iterator<Item = String> + '_ {
    tags.iter().map(|tag| one_line(tag)).filter(|tag| !tag.is_empty())
}

/// At most so many characters, with a sign that there were more.
fn shortened(text: &str, most: usize) -> String {
    match text.chars().count() > most {
        true => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

/// The line above which a reply is written. What stands below it in an answer is ours (E61).
pub const MARKER: &str = "~~~ Reply above this line ~~~";
/// Holds [`Site::loop_mark`] in everything we send (E43).
pub(super) const LOOP: &str = "X-Loop";
