//! A conversation as it happened: texts, notes and what was done, in one strict order (S167).
//!
//! Texts stand in the order of their arrival; the rest is put between them by its time.

use std::collections::HashMap;

use askama::Template;

use super::face::{Piece, linked};
use super::row::Row;
use super::words::Moment;
use crate::engine::consent::Change;
use crate::store::{
    Author, AuthorKind, ConsentEntry, Happened, Happening, Line, Message, Note, UserId,
};
use crate::types::{Direction, UnixTime};
use crate::web::assets::Addresses;

/// Everything that stands on one page of a conversation.
pub(super) struct Story<'a> {
    /// Oldest first.
    pub(super) messages: Vec<Message>,
    pub(super) notes: Vec<Note>,
    pub(super) happenings: Vec<Happening>,
    pub(super) consent: Vec<ConsentEntry>,
    pub(super) names: &'a HashMap<UserId, String>,
    pub(super) lines: &'a [Line],
    /// What the remote party is called.
    pub(super) remote: &'a str,
    pub(super) zone: &'a jiff::tz::TimeZone,
    /// Each text says which of the remote party's numbers it was.
    pub(super) several_numbers: bool,
}

/// One entry of the page.
pub(super) enum Entry {
    Day { id: String, words: String },
    Text(Box<Row>),
    Note { id: i64, who: String, text: String, at: UnixTime, clock: String },
    System { id: String, icon: &'static str, words: String, at: UnixTime, clock: String },
}

#[derive(Template)]
#[template(path = "timeline.html", config = "src/web/askama.toml")]
pub(super) struct Timeline {
    pub(super) assets: Addresses,
    pub(super) entries: Vec<Entry>,
    pub(super) may_send: bool,
}

impl Entry {
    fn at(&self) -> UnixTime {
        match self {
            Entry::Day { .. } => UnixTime(0),
            Entry::Text(row) => row.at,
            Entry::Note { at, .. } | Entry::System { at, .. } => *at,
        }
    }

    fn pieces(text: &str) -> Vec<Piece> {
        linked(text)
    }
}

impl Story<'_> {
    /// The entries in order, with the days between them.
    pub(super) fn entries(self) -> Vec<Entry> {
        let clock = |at| Moment::new(at, self.zone).clock;
        let mut others: Vec<Entry> = Vec::new();
        others.extend(self.notes.iter().map(|note| Entry::Note {
            id: note.id.0,
            who: writer(Some(&note.author), self.names),
            text: note.text.clone(),
            at: note.at,
            clock: clock(note.at),
        }));
        others.extend(self.happenings.iter().map(|done| {
            let (icon, words) = self.done(done);
            let id = format!("done-{}", done.id.0);
            Entry::System { id, icon, words, at: done.at, clock: clock(done.at) }
        }));
        others.extend(self.consent.iter().map(|entry| Entry::System {
            id: format!("consent-{}", entry.id.0),
            icon: "lock",
            words: self.consented(entry),
            at: entry.at,
            clock: clock(entry.at),
        }));
        others.sort_by_key(Entry::at);
        let mut others = others.into_iter().peekable();
        let mut ordered = Vec::new();
        for message in &self.messages {
            let row = self.row(message);
            while others.peek().is_some_and(|other| other.at() < row.at) {
                ordered.extend(others.next());
            }
            ordered.push(Entry::Text(Box::new(row)));
        }
        ordered.extend(others);
        self.with_days(ordered)
    }

    fn row(&self, message: &Message) -> Row {
        let who = match message.direction {
            Direction::In => self.remote.to_owned(),
            Direction::Out => writer(message.author.as_ref(), self.names),
        };
        let line = self.lines.iter().find(|line| line.id == message.line);
        let mut line = line.map_or_else(|| "another line".to_owned(), |line| line.name.clone());
        if self.several_numbers {
            line = format!("{line} with {}", message.number.as_str());
        }
        Row::new(message, who, line, self.zone)
    }

    fn with_days(&self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut day = String::new();
        let mut all = Vec::with_capacity(entries.len() + 4);
        for entry in entries {
            let moment = Moment::new(entry.at(), self.zone);
            if moment.day != day {
                day.clone_from(&moment.day);
                all.push(Entry::Day { id: format!("day-{}", moment.date), words: moment.day });
            }
            all.push(entry);
        }
        all
    }

    fn name(&self, user: Option<UserId>) -> String {
        let name = user.and_then(|user| self.names.get(&user));
        name.cloned().unwrap_or_else(|| "somebody".to_owned())
    }

    /// What was done, in words.
    fn done(&self, done: &Happening) -> (&'static str, String) {
        let what = &done.what;
        let who = writer(what.author.as_ref(), self.names);
        let word = what.word.as_deref().unwrap_or_default();
        let author = what.author.as_ref().and_then(Author::user);
        match what.kind {
            Happened::Claimed => ("hand", format!("{who} claimed it")),
            Happened::Released if what.user.is_some() && what.user != author => {
                ("hand", format!("{who} took it from {}", self.name(what.user)))
            }
            Happened::Released => ("hand", format!("{who} released it")),
            Happened::Given if what.user == author => ("hand", format!("{who} took it over")),
            Happened::Given => ("hand", format!("{who} gave it to {}", self.name(what.user))),
            Happened::Team if word.is_empty() => ("people", format!("{who} took it from its team")),
            Happened::Team => ("people", format!("{who} gave it to the team {word}")),
            Happened::Closed => ("check", format!("{who} closed it")),
            Happened::Reopened => ("bubble", format!("{who} reopened it")),
            Happened::Flagged => ("flag", format!("{who} flagged it: {word}")),
            Happened::Unflagged => ("flag", format!("{who} took the flag off")),
            Happened::Joined if what.user == author => ("people", format!("{who} takes part")),
            Happened::Joined => ("people", format!("{who} added {}", self.name(what.user))),
            Happened::Left if what.user == author => {
                ("people", format!("{who} takes part no more"))
            }
            Happened::Left => ("people", format!("{who} took {} out", self.name(what.user))),
        }
    }

    /// An entry of the consent ledger, in words.
    fn consented(&self, entry: &ConsentEntry) -> String {
        let by = entry.author.as_ref().map(|author| writer(Some(author), self.names));
        let by = by.map(|who| format!(". {who} noted it")).unwrap_or_default();
        let word = &entry.word;
        match entry.change {
            Change::OptedOut => format!("Opted out with “{word}”: nothing is sent any more{by}"),
            Change::OptedIn => format!("Opted in with “{word}”{by}"),
            Change::Repeated => format!("Said “{word}” again"),
            Change::Possible => format!("“{word}” may mean: no more texts. Please decide"),
            Change::Help => format!("Asked for help with “{word}”"),
        }
    }
}

/// Who wrote something, as a person would say it.
pub(super) fn writer(author: Option<&Author>, names: &HashMap<UserId, String>) -> String {
    let Some(author) = author else { return "simgate".to_owned() };
    let named = author.user().and_then(|user| names.get(&user));
    match author.kind {
        AuthorKind::User => named.cloned().unwrap_or_else(|| "Admin".to_owned()),
        AuthorKind::Token => "A program".to_owned(),
        AuthorKind::Relay => "A relayed answer".to_owned(),
        AuthorKind::Email => match &author.id {
            Some(address) => format!("{address} by e-mail"),
            None => "An e-mail".to_owned(),
        },
        AuthorKind::Rule => "A rule".to_owned(),
        AuthorKind::Assistant => "The assistant".to_owned(),
        AuthorKind::Campaign => "A bulk text".to_owned(),
        AuthorKind::System => "simgate".to_owned(),
    }
}
