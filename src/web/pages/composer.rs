//! The box of a conversation: what is written is kept, counted by the codec that will send it, and
//! refused in words beside it (S93, S158..S164, E121, E146, E149).

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Extent;
use super::count::{Counted, replaced};
use super::inbox::{self, View};
use super::strip::state_words;
use super::thread;
use super::words::Moment;
use crate::engine::claim::Verdict;
use crate::engine::consent;
use crate::engine::facts::Thread;
use crate::engine::rules::{PersonId, Rules};
use crate::store::{
    Conversation, IdempotencyKey, Line, LineId, Message, MessageQuery, Page, ReadTx, SmsSwitch,
};
use crate::types::{ConversationId, MessageId, UnixTime};
use crate::web::App;
use crate::web::accept::{Wanted, merged};
use crate::web::api::conversations::seen;
use crate::web::api::messages::queue;
use crate::web::assets::Addresses;
use crate::web::auth::{Caller, secret};
use crate::web::change::change;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Form, Id, Query};

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
    /// Opted out: the day and the words.
    OptedOut(String),
    Closed(&'static str),
}

impl Mode {
    /// A word by which an open page sees that the box must change.
    fn word(&self) -> String {
        match self {
            Mode::Open => "open".to_owned(),
            Mode::Claim(_) => "claim".to_owned(),
            Mode::Taken(words) => format!("taken {words}"),
            Mode::OptedOut(_) => "out".to_owned(),
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
        return Ok((Mode::OptedOut(words), None));
    }
    if tx.is_opted_out(&this.number)? {
        return Ok((Mode::OptedOut("Opted out before their data was erased.".to_owned()), None));
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

/// Queues what was written.
pub(in crate::web) async fn send(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id<ConversationId>,
    Query(view): Query<View>,
    Form(filled): Form<Filled>,
) -> Result<Response, WebError> {
    if !filled.act.is_empty() {
        return compose(&app, &caller, &headers, id, view, filled).await;
    }
    match queue_filled(&app, &caller, id, &filled).await {
        Ok(()) => answer(&app, &caller, &headers, id, view, None, StatusCode::OK).await,
        Err(error) if error.code().status().is_server_error() => Err(error),
        Err(error) if error.code() == Code::NotFound => Err(error),
        Err(error) => {
            keep(&app, &caller, id, &filled).await?;
            let status = match error.code().status() {
                status @ StatusCode::CONFLICT => status,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let written = Written { filled, refusal: Some(refusal(&error)) };
            answer(&app, &caller, &headers, id, view, Some(written), status).await
        }
    }
}

/// Changes what stands in the box without sending it: a template, a field, a plainer character.
async fn compose(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    id: ConversationId,
    view: View,
    mut filled: Filled,
) -> Result<Response, WebError> {
    let mut refusal = None;
    match filled.act.as_str() {
        "template" => match insert(app, caller, id, &filled).await? {
            Ok(text) => filled.text = text,
            Err((text, why)) => {
                filled.text = text;
                refusal = Some(why);
            }
        },
        "field" if !filled.field.is_empty() => {
            let space = if filled.text.ends_with(char::is_whitespace) { "" } else { " " };
            let space = if filled.text.is_empty() { "" } else { space };
            filled.text = format!("{}{space}{{{{ {} }}}}", filled.text, filled.field);
        }
        "replace" => filled.text = replaced(&filled.text),
        _ => {}
    }
    (filled.template, filled.field) = (String::new(), String::new());
    keep(app, caller, id, &filled).await?;
    let written = Written { filled, refusal };
    answer(app, caller, headers, id, view, Some(written), StatusCode::OK).await
}

/// Keeps what was written so far (S82).
pub(in crate::web) async fn draft(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
    Form(filled): Form<Filled>,
) -> Result<StatusCode, WebError> {
    keep(&app, &caller, id, &filled).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn keep(
    app: &App,
    caller: &Caller,
    id: ConversationId,
    filled: &Filled,
) -> Result<(), WebError> {
    if filled.text.len() > LONGEST_DRAFT {
        return Ok(());
    }
    let (caller, filled) = (caller.clone(), filled.clone());
    change(app, move |tx, now| {
        seen(tx, &caller, id)?;
        let line = filled.line.parse().ok().map(LineId);
        let line = line.map(|line| tx.line(line)).transpose()?.flatten().map(|line| line.id);
        Ok(tx.keep_draft(&caller.key_space(), id, &filled.text, line, now)?)
    })
    .await
}

/// The page again, or only the box of it.
async fn answer(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    id: ConversationId,
    view: View,
    written: Option<Written>,
    status: StatusCode,
) -> Result<Response, WebError> {
    let done = written.is_none();
    if done && Extent::of(headers) == Extent::Whole {
        return Ok(Redirect::to(&format!("/threads/{id}{}", view.query())).into_response());
    }
    let pane = thread::pane(app, caller, id, &view, written).await?;
    let html = match Extent::of(headers) {
        Extent::Fragment => pane.box_alone()?,
        Extent::Whole => inbox::render(app, caller, view, Some(pane)).await?,
    };
    Ok((status, Html(html)).into_response())
}

fn refusal(error: &WebError) -> Refusal {
    let field = match error.code() {
        Code::LineUnknown | Code::LineOff => "line",
        Code::TimeInvalid => "send_at",
        _ => "text",
    };
    let words = match error.code() {
        Code::IdempotencyConflict => {
            "The first version of this text is already on its way. Press send to send this one too."
                .to_owned()
        }
        // The API's way to say so is a field; here it is the button.
        Code::AnsweredMeanwhile => {
            let detail = error.detail();
            let words = detail.split(" Send yours as well").next().unwrap_or(detail);
            format!("{words} Send yours too?")
        }
        _ => error.detail().to_owned(),
    };
    Refusal { field, words, may_confirm: error.code() == Code::AnsweredMeanwhile }
}

/// The chosen template with this contact's details (S93), or the template as it is and why.
async fn insert(
    app: &App,
    caller: &Caller,
    id: ConversationId,
    filled: &Filled,
) -> Result<Result<String, (String, Refusal)>, WebError> {
    let (caller, filled, settings) = (caller.clone(), filled.clone(), app.settings.clone());
    let read = app.store.read(move |tx| {
        let insert = || {
            let this = seen(tx, &caller, id)?;
            let template = filled.template.parse().ok();
            let template = template.map(|id| tx.template(id)).transpose()?.flatten();
            let Some(template) = template else { return Ok(Ok(filled.text.clone())) };
            let line = filled.line.parse().ok().map(LineId).or(this.line);
            let line = line.map(|line| tx.line(line)).transpose()?.flatten();
            let Some(line) = line else { return Ok(Ok(template.text)) };
            Ok::<_, WebError>(match merged(tx, &template.text, &line, &this.number, &settings) {
                Ok(text) => Ok(text),
                Err(error) => Err((template.text, refusal(&error))),
            })
        };
        Ok(insert())
    });
    read.await?
}

async fn queue_filled(
    app: &App,
    caller: &Caller,
    id: ConversationId,
    filled: &Filled,
) -> Result<(), WebError> {
    let confirmed = !filled.confirm.is_empty();
    let (asking, known) = (caller.clone(), filled.clone());
    let checked = app.store.read(move |tx| {
        let check = || {
            let this = seen(tx, &asking, id)?;
            let senders = senders(tx, &asking, None)?;
            if known.line.is_empty() && senders.len() > 1 {
                let last = this
                    .line
                    .and_then(|id| senders.iter().find(|sender| sender.id == id.to_string()));
                let why = last.and_then(|sender| {
                    Some(format!("{} is {}. ", sender.name, sender.trouble.as_ref()?))
                });
                let words = format!("{}Choose the line to send from.", why.unwrap_or_default());
                return Err(WebError::new(Code::LineUnknown, words));
            }
            Ok(this)
        };
        Ok(check())
    });
    let this = checked.await??;
    let line = Some(filled.line.clone()).filter(|line| !line.is_empty());
    let (send_at, send_local) = later(&filled.send_at, &app.settings.time_zone)?.unzip();
    let wanted = Wanted {
        send_at,
        send_local,
        last_seen: Some(MessageId(filled.seen)),
        merge: filled.text.contains("{{") || filled.text.contains("{%"),
        ..Wanted::plain(this.number.as_str().to_owned(), filled.text.clone(), line)
    };
    let asked = format!("{id}\n{}\n{}\n{}", filled.line, filled.send_at, filled.text);
    let key =
        IdempotencyKey::new(caller.key_space(), format!("form {}", filled.key), asked.as_bytes());
    queue(app, caller.clone(), wanted, Some(key), confirmed).await?;
    let author = caller.key_space();
    Ok(app.store.write(move |tx| tx.drop_draft(&author, id)).await?)
}

/// A time as a clock in the organisation's zone shows it; empty is now.
fn later(
    text: &str,
    zone: &jiff::tz::TimeZone,
) -> Result<Option<(UnixTime, jiff::civil::DateTime)>, WebError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let local = text.trim().parse::<jiff::civil::DateTime>().ok();
    let time = local.and_then(|local| Some((local.to_zoned(zone.clone()).ok()?, local)));
    let time = time.map(|(at, local)| (UnixTime(at.timestamp().as_millisecond()), local));
    let wrong = || WebError::new(Code::TimeInvalid, "Choose a day and a time, or leave it empty.");
    time.map(Some).ok_or_else(wrong)
}

/// More than any text that can be sent.
const LONGEST_DRAFT: usize = 64 * 1024;
