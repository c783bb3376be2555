//! The box of a conversation: whether there is one for its viewer, and what stands in it (S93,
//! S158..S163, E94, E95, E149). What is done with the words: [`sending`].

mod sending;

use askama::Template;
use serde::Deserialize;

use super::count::Counted;
use super::inbox;
use super::strip::state_words;
use super::words::Moment;
use crate::engine::claim::Verdict;
use crate::engine::consent;
use crate::engine::facts::Thread;
use crate::engine::rules::{PersonId, Rules};
use crate::store::{Conversation, Line, LineId, Message, MessageQuery, Page, ReadTx, SmsSwitch};
use crate::types::ConversationId;
use crate::web::App;
use crate::web::assets::Addresses;
use crate::web::auth::{Caller, secret};
use crate::web::error::WebError;
pub(in crate::web) use sending::{draft, send};

/// The form as sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Filled {
    /// Made with the form: sending one form twice queues one text (E125).
    key: String,
    text: String,
    line: String,
    /// Not before this time, as the zone's clock shows it.
    send_at: String,
    /// The newest message when the form was made (E121).
    seen: i64,
    /// Sent although somebody should think twice.
    confirm: String,
    /// Why somebody who opted out is answered all the same (E95).
    exception: String,
    template: String,
    field: String,
    /// What is to be done with the words, when they are not sent yet.
    act: String,
}

/// What stands in the box again: somebody's words, and what became of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) filled: Filled,
    pub(super) refusal: Option<Refusal>,
}

/// Why it was not taken, and at which box that is said.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    field: &'static str,
    words: String,
    /// It can be sent all the same.
    may_confirm: bool,
}

/// The box, or why there is none.
#[derive(Template)]
#[template(path = "composer.html", config = "src/web/askama.toml")]
pub(super) struct Compose {
    assets: Addresses,
    id: ConversationId,
    query: String,
    mode: Mode,
    key: String,
    text: String,
    /// The sender chosen; empty when none can be (E149).
    from: String,
    lines: Vec<Sender>,
    /// Words about the only line, when texts have to wait for it.
    waits: Option<String>,
    templates: Vec<(i64, String)>,
    /// Merge fields, for a saved contact only (S160).
    fields: Vec<String>,
    refusal: Option<Refusal>,
    /// Somebody has it, but claims are a courtesy here.
    warning: Option<String>,
    seen: i64,
    send_at: String,
    exception: String,
    count: Counted,
    name: String,
}

/// A line to send from.
struct Sender {
    id: String,
    name: String,
    /// Why it cannot be chosen now.
    trouble: Option<String>,
    chosen: bool,
    disabled: bool,
}

/// Whether there is a box.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mode {
    Open,
    /// It must be claimed first (S119).
    Claim(String),
    /// Somebody else has it (S120).
    Taken(String),
    /// Opted out: the day and the words. To what they asked since, an admin may answer once (E95).
    OptedOut {
        words: String,
        may_answer: bool,
    },
    Closed(&'static str),
}

impl Mode {
    /// A word by which an open page sees that the box must change.
    fn word(&self) -> String {
        match self {
            Mode::Open => "open".to_owned(),
            Mode::Claim(_) => "claim".to_owned(),
            Mode::Taken(words) => format!("taken {words}"),
            Mode::OptedOut { may_answer: true, .. } => "out, asked".to_owned(),
            Mode::OptedOut { .. } => "out".to_owned(),
            Mode::Closed(_) => "closed".to_owned(),
        }
    }
}

impl Compose {
    /// The box of a conversation for its viewer.
    #[allow(clippy::too_many_arguments)] // one look at the store, one box
    pub(super) fn read(
        tx: &ReadTx<'_>,
        app: &App,
        caller: &Caller,
        this: &Conversation,
        rules: &Rules,
        query: &str,
        written: Option<Written>,
    ) -> Result<Self, WebError> {
        let draft = tx.draft(&caller.key_space(), this.id)?;
        let fresh = written.is_none();
        let Written { filled, refusal } = written.unwrap_or_default();
        let text = match fresh {
            true => draft.as_ref().map(|draft| draft.text.clone()).unwrap_or_default(),
            false => filled.text,
        };
        let kept = draft.and_then(|draft| draft.line);
        let chosen = filled.line.parse().ok().map(LineId).or(kept).or(this.line);
        let lines = senders(tx, caller, chosen)?;
        let from = lines.iter().find(|line| line.chosen && !line.disabled);
        let only = lines.first().filter(|_| lines.len() == 1);
        let waits = only.and_then(|line| {
            let trouble = line.trouble.as_ref()?;
            Some(format!("{} is {trouble}. Texts wait until it is back.", line.name))
        });
        let (mode, warning) = mode(tx, app, caller, this, rules)?;
        let contact = tx.contact_of(&this.number)?;
        let mut fields = Vec::new();
        if let Some(contact) = &contact {
            fields.extend(["first_name", "last_name", "company", "line"].map(str::to_owned));
            fields.extend(contact.card.fields.keys().cloned());
        }
        let templates = tx.templates()?.into_iter().map(|template| (template.id.0, template.name));
        let newest = newest(tx, this.id)?;
        Ok(Self {
            assets: Addresses,
            id: this.id,
            query: query.to_owned(),
            mode,
            key: secret(app, "").expose().to_owned(),
            from: from.map(|line| line.id.clone()).unwrap_or_default(),
            lines,
            waits,
            templates: templates.collect(),
            fields,
            warning,
            // After a refusal the newer answer has been told; the next press means it.
            seen: newest.map_or(0, |message| message.id.0),
            send_at: filled.send_at,
            exception: filled.exception,
            count: Counted::of(&text),
            name: inbox::called(this),
            refusal,
            text,
        })
    }

    fn refused(&self, field: &str) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.field == field)
    }

    fn may_confirm(&self) -> bool {
        self.warning.is_some() || self.refusal.as_ref().is_some_and(|r| r.may_confirm)
    }

    fn describes(&self, field: &str) -> &'static str {
        if self.refused(field) { " refusal" } else { "" }
    }
}

/// The lines one can send from, each with what is wrong with it now. One that is down can be chosen
/// only when no other is up: a text never leaves by another SIM in silence (C11, E149).
fn senders(
    tx: &ReadTx<'_>,
    caller: &Caller,
    chosen: Option<LineId>,
) -> Result<Vec<Sender>, WebError> {
    let own = caller.line();
    let modems = tx.modems()?;
    let trouble = |line: &Line| {
        if matches!(line.sms, SmsSwitch::Off | SmsSwitch::PendingOff) {
            return Some("switched off".to_owned());
        }
        let Some(modem) = modems.iter().find(|modem| modem.line == Some(line.id)) else {
            return Some("not plugged in".to_owned());
        };
        match (&modem.note, modem.state.as_str()) {
            (_, "ready") => None,
            (Some(note), _) => Some(note.clone()),
            (None, state) => Some(state_words(state).to_owned()),
        }
    };
    let lines = tx.lines()?.into_iter().filter(|line| own.is_none_or(|own| own == line.id));
    let all: Vec<(Line, Option<String>)> = lines
        .map(|line| {
            let why = trouble(&line);
            (line, why)
        })
        .collect();
    let some_up = all.iter().any(|(_, why)| why.is_none());
    let first = all.iter().find(|(_, why)| why.is_none() || !some_up).map(|(line, _)| line.id);
    let chosen = chosen.filter(|id| all.iter().any(|(line, _)| line.id == *id)).or(first);
    let sender = |(line, why): (Line, Option<String>)| Sender {
        id: line.id.to_string(),
        name: match &line.number {
            Some(number) => format!("{} · {number}", line.name),
            None => line.name.clone(),
        },
        chosen: chosen == Some(line.id),
        disabled: matches!(line.sms, SmsSwitch::Off | SmsSwitch::PendingOff)
            || (why.is_some() && some_up),
        trouble: why,
    };
    Ok(all.into_iter().map(sender).collect())
}

/// Whether the viewer may write here now, and what they should know first.
fn mode(
    tx: &ReadTx<'_>,
    app: &App,
    caller: &Caller,
    this: &Conversation,
    rules: &Rules,
) -> Result<(Mode, Option<String>), WebError> {
    if !caller.may_send() {
        return Ok((Mode::Closed("You can read here, but not answer."), None));
    }
    if !this.number.answerable() {
        let words = "This sender is a name, not a number: it cannot be answered.";
        return Ok((Mode::Closed(words), None));
    }
    let decided = tx.consent_of(&this.number)?;
    let out = decided.iter().filter(|said| said.state == consent::State::Out);
    if let (true, Some(said)) = (this.opted_out, out.max_by_key(|said| said.since)) {
        let day = Moment::new(said.since, &app.settings.time_zone).short;
        let words = format!("Opted out on {day} with “{}”.", said.said);
        let asked = |line| tx.standing(&this.number, line).map(|standing| standing.wrote_since);
        let asked = this.line.map(asked).transpose()?.unwrap_or(false);
        return Ok((Mode::OptedOut { words, may_answer: asked && caller.is_admin() }, None));
    }
    if tx.is_opted_out(&this.number)? {
        let words = "Opted out before their data was erased.".to_owned();
        return Ok((Mode::OptedOut { words, may_answer: false }, None));
    }
    // One who begins a conversation need not claim it.
    let (Some(user), Some(_)) = (caller.user(), this.last_message) else {
        return Ok((Mode::Open, None));
    };
    let thread = Thread {
        closed: this.closed,
        owner: this.owner.map(|owner| PersonId(owner.0)),
        participants: this.participants.iter().map(|user| PersonId(user.0)).collect(),
    };
    let who = rules.person(PersonId(user.0)).cloned().unwrap_or_default();
    Ok(match rules.line.claims.reply_in_inbox(&thread, &who, rules) {
        Verdict::Go { .. } => (Mode::Open, None),
        Verdict::Ask(refusal) => (Mode::Open, Some(refusal.sentence)),
        Verdict::No(refusal) if this.owner.is_none() => (Mode::Claim(refusal.sentence), None),
        Verdict::No(refusal) => (Mode::Taken(refusal.sentence), None),
    })
}

fn newest(tx: &ReadTx<'_>, of: ConversationId) -> Result<Option<Message>, WebError> {
    let query = MessageQuery {
        page: Page::Last,
        conversation: Some(of),
        limit: 1,
        ..MessageQuery::default()
    };
    Ok(tx.messages(&query)?.into_iter().next())
}
