//! One conversation: its history, who has it, what may be done, and the box to answer in.

use std::collections::HashMap;

use askama::Template;

use super::composer::{Compose, Written};
use super::face::{Piece, face, pieces};
use super::inbox::{Choice, View, called};
use super::timeline::{Story, Timeline};
use super::words::Moment;
use crate::engine::facts::Thread;
use crate::engine::rules::{PersonId, Rules};
use crate::engine::{claim, consent};
use crate::store::{Contact, Conversation, Line, MessageQuery, Page, ReadTx, User, UserId};
use crate::types::{ConversationId, MessageId, UnixTime};
use crate::web::api::conversations::seen;
use crate::web::assets::Addresses;
use crate::web::auth::Caller;
use crate::web::change::change;
use crate::web::error::WebError;
use crate::web::{App, crew};

/// The part of the page that shows one conversation.
#[derive(Template)]
#[template(path = "thread.html", config = "src/web/askama.toml")]
pub(super) struct Pane {
    assets: Addresses,
    id: ConversationId,
    /// The list's state, which every link and form keeps.
    query: String,
    name: String,
    number: String,
    known: bool,
    owner: Option<String>,
    mine: bool,
    team: Option<String>,
    participants: Vec<Member>,
    flag: Option<String>,
    closed: bool,
    possible_opt_out: bool,
    opted_out: bool,
    /// A sender's name is nobody's number.
    answerable: bool,
    rights: Rights,
    /// Those it can be given to.
    staff: Vec<Choice>,
    others: Vec<Choice>,
    timeline: Timeline,
    earlier: Option<String>,
    /// On a page of the past: the way to the end.
    newest: Option<String>,
    compose: Compose,
    closing: Closing,
    panel: Panel,
    present: Vec<String>,
}

/// The question before a conversation is closed with something unfinished in it (E127).
#[derive(Template)]
#[template(path = "closing.html", config = "src/web/askama.toml")]
pub(super) struct Closing {
    assets: Addresses,
    id: ConversationId,
    query: String,
    /// What is unfinished; `None`: nothing is asked.
    words: Option<String>,
}

/// Somebody who takes part.
struct Member {
    id: UserId,
    name: String,
}

/// What the viewer may do here; the acts check it again.
#[derive(Clone, Copy, Debug, Default)]
struct Rights {
    send: bool,
    admin: bool,
    claim: bool,
    release: bool,
    assign: bool,
    close: bool,
    /// An account takes part; an admin without one does not.
    join: bool,
}

/// What is known about the remote party.
struct Panel {
    contact: Option<Contact>,
    consent: Vec<Standing>,
    /// The contact's other numbers, with their conversation when there is one.
    numbers: Vec<(String, Option<ConversationId>)>,
    tags: Vec<String>,
    since: String,
    ledger: Vec<String>,
}

/// What holds for the number in one scope.
struct Standing {
    out: bool,
    words: String,
}

impl Pane {
    pub(super) fn id(&self) -> ConversationId {
        self.id
    }

    /// The box without the rest of the page.
    pub(super) fn box_alone(&self) -> askama::Result<String> {
        self.compose.render()
    }

    /// Asks whether to close it all the same.
    pub(super) fn ask_closing(&mut self, words: String) -> &Closing {
        self.closing.words = Some(words);
        &self.closing
    }

    pub(super) fn title(&self) -> String {
        self.name.clone()
    }

    fn face(&self) -> String {
        face(&self.name)
    }

    fn name_pieces(&self) -> Vec<Piece> {
        pieces(&self.name)
    }

    /// Who else looks or writes.
    fn present(&self) -> String {
        self.present.join(" · ")
    }

    /// Whether the contact has a conversation under another number too (C8).
    fn has_other_threads(&self) -> bool {
        self.panel.numbers.iter().any(|(_, thread)| thread.is_some())
    }

    /// All tags in one box.
    fn tag_words(&self) -> String {
        self.panel.tags.join(", ")
    }
}

/// Marks it as read for the viewer; writes only when there was news.
pub(super) async fn look(app: &App, caller: &Caller, id: ConversationId) -> Result<(), WebError> {
    let (asking, viewer) = (caller.clone(), caller.user());
    let before = app.store.read(move |tx| Ok(seen(tx, &asking, id))).await??;
    if before.unread > 0 {
        change(app, move |tx, now| Ok(tx.mark_read_by(id, viewer, now)?)).await?;
        app.bus.ring(crate::bus::Change::Conversation(id));
    }
    Ok(())
}

/// The conversation as the viewer sees it, with an empty box, their draft, or what was refused.
pub(super) async fn pane(
    app: &App,
    caller: &Caller,
    id: ConversationId,
    view: &View,
    written: Option<Written>,
) -> Result<Pane, WebError> {
    let (asking, shown, gateway) = (caller.clone(), view.clone(), app.clone());
    let read = app.store.read(move |tx| Ok(read(tx, &gateway, &asking, id, &shown, written)));
    let mut pane = read.await??;
    pane.present = app.presence.others(id, &caller.key_space(), app.now());
    Ok(pane)
}

fn read(
    tx: &ReadTx<'_>,
    app: &App,
    caller: &Caller,
    id: ConversationId,
    view: &View,
    written: Option<Written>,
) -> Result<Pane, WebError> {
    let zone = &app.settings.time_zone;
    let this = seen(tx, caller, id)?;
    let users = tx.users()?;
    let lines = tx.lines()?;
    let names: HashMap<UserId, String> = users.iter().map(|user| (user.id, user.name())).collect();
    let name = called(&this);
    let (story, earlier) = story(tx, caller, &this, view, &names, &lines, &name, zone)?;
    let query = view.query();
    let base = format!("/threads/{id}{query}");
    let join = if query.is_empty() { '?' } else { '&' };
    let contact = tx.contact_of(&this.number)?;
    let rules = crew::claim_rules(tx, this.line)?;
    let rights = rights(caller, &this, &rules);
    let participants = this
        .participants
        .iter()
        .map(|user| Member { id: *user, name: names.get(user).cloned().unwrap_or_default() });
    let choice = |user: &User| Choice {
        value: user.id.to_string(),
        name: user.name(),
        chosen: this.owner == Some(user.id),
    };
    let acting = users.iter().filter(|user| user.profile.acts());
    let others = acting
        .clone()
        .filter(|user| this.owner != Some(user.id) && !this.participants.contains(&user.id));
    Ok(Pane {
        assets: Addresses,
        id,
        known: contact.as_ref().is_some_and(|contact| !contact.name().is_empty()),
        number: this.number.as_str().to_owned(),
        owner: this.owner.map(|owner| names.get(&owner).cloned().unwrap_or_default()),
        mine: this.owner.is_some() && this.owner == caller.user(),
        team: this.team.clone(),
        participants: participants.collect(),
        flag: this.flag.clone(),
        closed: this.closed,
        possible_opt_out: this.possible_opt_out,
        opted_out: this.opted_out,
        answerable: this.number.answerable(),
        rights,
        staff: acting.clone().map(choice).collect(),
        others: others.map(choice).collect(),
        timeline: Timeline { assets: Addresses, entries: story.entries(), may_send: rights.send },
        earlier: earlier.map(|oldest| format!("{base}{join}before={oldest}")),
        newest: (!view.before.is_empty()).then(|| base.clone()),
        compose: Compose::read(tx, app, caller, &this, &rules, &query, written)?,
        closing: Closing { assets: Addresses, id, query: query.clone(), words: None },
        panel: panel(tx, &this, contact, &names, zone)?,
        present: Vec::new(),
        query,
        name,
    })
}

/// A page of the history, and the cursor to the page before it.
#[allow(clippy::too_many_arguments)] // one look at the store, one page
fn story<'a>(
    tx: &ReadTx<'_>,
    caller: &Caller,
    this: &Conversation,
    view: &View,
    names: &'a HashMap<UserId, String>,
    lines: &'a [Line],
    remote: &'a str,
    zone: &'a jiff::tz::TimeZone,
) -> Result<(Story<'a>, Option<MessageId>), WebError> {
    let before = view.before.parse().ok().map(MessageId);
    let query = MessageQuery {
        page: before.map_or(Page::Last, Page::Before),
        conversation: Some(this.id),
        line: caller.line(),
        limit: ENTRIES + 1, // one more tells whether a page is before this one
        ..MessageQuery::default()
    };
    let mut messages = tx.messages(&query)?;
    let more = messages.len() > ENTRIES as usize;
    messages.truncate(ENTRIES as usize);
    messages.reverse();
    let earlier = messages.first().filter(|_| more).map(|oldest| oldest.id);
    let told = |message: &crate::store::Message| message.received_at.unwrap_or(message.created_at);
    let from = messages.first().filter(|_| more).map_or(UnixTime(0), told);
    // Up to where the page after this one begins.
    let to = match before.map(|id| tx.message(id)).transpose()?.flatten() {
        Some(next) => told(&next),
        None => UnixTime(i64::MAX),
    };
    let within = |at: UnixTime| at >= from && at < to;
    let notes = tx.notes(this.id)?.into_iter().filter(|note| within(note.at)).collect();
    let consent = tx.consent_ledger(Some(&this.number), None, LEDGER)?;
    let consent = consent.into_iter().filter(|entry| within(entry.at)).collect();
    let happenings = tx.happenings(this.id, from, to)?;
    let story = Story {
        messages,
        notes,
        happenings,
        consent,
        names,
        lines,
        remote,
        zone,
        several_numbers: false,
    };
    Ok((story, earlier))
}

/// Whether the viewer may close it (S126).
pub(super) fn may_close(
    tx: &ReadTx<'_>,
    caller: &Caller,
    this: &Conversation,
) -> Result<bool, WebError> {
    Ok(rights(caller, this, &crew::claim_rules(tx, this.line)?).close)
}

fn rights(caller: &Caller, this: &Conversation, rules: &Rules) -> Rights {
    if !caller.may_send() {
        return Rights::default();
    }
    let thread = Thread {
        closed: this.closed,
        owner: this.owner.map(|owner| PersonId(owner.0)),
        participants: this.participants.iter().map(|user| PersonId(user.0)).collect(),
    };
    let who = crew::actor(caller, rules);
    Rights {
        send: true,
        admin: caller.is_admin(),
        claim: caller.user().is_some() && this.owner.is_none(),
        release: this.owner.is_some() && claim::may_release(&thread, &who).is_ok(),
        assign: claim::may_take_over(&thread, &who, rules).is_ok(),
        close: claim::may_close(&thread, &who, rules).is_ok(),
        join: caller.user().is_some(),
    }
}

fn panel(
    tx: &ReadTx<'_>,
    this: &Conversation,
    contact: Option<Contact>,
    names: &HashMap<UserId, String>,
    zone: &jiff::tz::TimeZone,
) -> Result<Panel, WebError> {
    let day = |at: UnixTime| Moment::new(at, zone).short;
    let lines = tx.lines()?;
    let mut standing = Vec::new();
    for decided in tx.consent_of(&this.number)? {
        let out = decided.state == consent::State::Out;
        let scope = decided.line.and_then(|id| lines.iter().find(|line| line.id == id));
        let scope = scope.map(|line| format!(" on {}", line.name)).unwrap_or_default();
        let word = if out { "Opted out" } else { "Opted in" };
        let words = format!("{word}{scope} on {}: “{}”", day(decided.since), decided.said);
        standing.push(Standing { out, words });
    }
    let ledger = tx.consent_ledger(Some(&this.number), None, LEDGER)?;
    let ledger = ledger.iter().rev().map(|entry| {
        let by = entry.author.as_ref().map(|author| super::timeline::writer(Some(author), names));
        let by = by.map(|who| format!(", by {who}")).unwrap_or_default();
        format!(
            "{}: {} “{}”{by}",
            day(entry.at),
            entry.change.as_str().replace('_', " "),
            entry.word
        )
    });
    let mut numbers = Vec::new();
    let all = contact.as_ref().map(|contact| contact.card.numbers.as_slice()).unwrap_or_default();
    for number in all.iter().filter(|number| **number != this.number) {
        let thread = tx.conversation_of(number)?.map(|thread| thread.id);
        numbers.push((number.as_str().to_owned(), thread));
    }
    Ok(Panel {
        contact,
        consent: standing,
        numbers,
        tags: this.tags.clone(),
        since: day(tx.begun_at(this.id)?),
        ledger: ledger.collect(),
    })
}

/// Texts on one page of a conversation.
const ENTRIES: u32 = 50;
/// Entries of the consent ledger; a number has a handful.
const LEDGER: u32 = 200;
