//! Messages: queue one, list, look at one.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{List, claims, cursor, page_size, stamp};
use crate::bus::Change;
use crate::store::{
    self, Earlier, Enqueued, IdempotencyKey, MessageQuery, Page, SegmentRow, StoreError,
};
use crate::types::{Class, Direction, MessageId, MessageState, Millis, UnixTime};
use crate::web::accept::{Wanted, looked_for};
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id, Query};
use crate::web::refusals::{Attempt, noted};
use crate::web::{App, health};

/// A text to send.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewMessage {
    /// With + and country code, or national where the line has a country.
    pub(super) to: String,
    pub(super) text: String,
    /// Id, name, number or ICCID of a line. Without it: the line last used with this number.
    pub(super) line: Option<String>,
    /// `conversation` (default), `auto`, `alert`, `otp` or `marketing`.
    pub(super) class: Option<String>,
    /// Your own word, up to 50 characters, given back with the message and its answers.
    pub(super) tag: Option<String>,
    /// Where answers go by e-mail, up to 20.
    pub(super) response_emails: Option<Vec<String>>,
    /// Not before this time (RFC 3339).
    pub(super) send_at: Option<String>,
    /// Not handed to the network after so long: `30m`, `2h`, `PT90S`.
    pub(super) valid_for: Option<String>,
    /// Ask for a delivery report (default true).
    pub(super) report: Option<bool>,
    /// Show it at once and do not store it on the handset (default false).
    pub(super) flash: Option<bool>,
    /// For an acting user: send although somebody else has claimed the conversation, where the
    /// line's claims are `soft` (default false).
    pub(super) confirm: Option<bool>,
    /// Fill fields such as `{{ first_name|default('there') }}` from the address book (default false).
    pub(super) merge: Option<bool>,
    /// Why somebody who has opted out is answered once all the same: only to a text they wrote
    /// since, only a `conversation`, only by an admin; audited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exception: Option<String>,
    /// The id of the newest text its writer has seen: when a colleague has answered since, the call
    /// is refused with `answered_meanwhile` until `confirm` is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_seen: Option<String>,
    /// Pictures and files: always refused, in words. The lines send texts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub(super) media: Option<Value>,
}

impl NewMessage {
    /// What is tried by it, should it be refused.
    pub(super) fn attempt(&self, way: &'static str) -> Attempt {
        Attempt {
            way,
            to: self.to.clone(),
            line: self.line.clone(),
            class: self.class.clone().unwrap_or_else(|| Class::Conversation.as_str().to_owned()),
        }
    }

    /// Reads the words of the wire.
    pub(super) fn wanted(self) -> Result<Wanted, WebError> {
        if self.media.is_some() {
            let detail =
                "Put a link into the text instead: a SIM's line sends no pictures or files.";
            return Err(WebError::new(Code::MediaNotPossible, detail));
        }
        let seen = |id: String| id.parse().map(MessageId).ok();
        let last_seen = self.last_seen.map(|id| {
            seen(id)
                .ok_or_else(|| WebError::new(Code::FieldInvalid, "last_seen is a message's id."))
        });
        Ok(Wanted {
            exception: self.exception,
            last_seen: last_seen.transpose()?,
            class: self.class.as_deref().map(class).transpose()?.unwrap_or(Class::Conversation),
            send_at: self.send_at.as_deref().map(time).transpose()?,
            send_local: None,
            valid_for: self.valid_for.as_deref().map(duration).transpose()?,
            to: self.to,
            text: self.text,
            line: self.line,
            tag: self.tag,
            response_emails: self.response_emails.unwrap_or_default(),
            report: self.report.unwrap_or(true),
            flash: self.flash.unwrap_or(false),
            merge: self.merge.unwrap_or(false),
        })
    }
}

/// `consent` is the gateway's own: it passes the filter that all others meet.
fn class(word: &str) -> Result<Class, WebError> {
    Class::parse(word).filter(|class| *class != Class::Consent).ok_or_else(|| {
        let detail = "class is conversation, auto, alert, otp or marketing.";
        WebError::new(Code::FieldInvalid, detail)
    })
}

fn time(text: &str) -> Result<UnixTime, WebError> {
    UnixTime::parse_rfc3339(text).ok_or_else(|| {
        WebError::new(Code::TimeInvalid, "Write it as 2026-11-21T09:30:00Z or with an offset.")
    })
}

fn duration(text: &str) -> Result<Millis, WebError> {
    let span = text.parse::<jiff::Span>().ok();
    let days = jiff::SpanRelativeTo::days_are_24_hours();
    let length = span.and_then(|span| span.to_duration(days).ok());
    let millis = length.and_then(|length| u64::try_from(length.as_millis()).ok()).map(Millis);
    let fits = |millis: &Millis| (Millis::from_secs(1)..=LONGEST).contains(millis);
    millis.filter(fits).ok_or_else(|| {
        WebError::new(Code::TimeInvalid, "valid_for is between 1s and 30d, such as 30m or PT2H.")
    })
}

/// What was queued.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Accepted {
    id: String,
    conversation_id: Option<String>,
    state: &'static str,
    line: String,
    segments: u32,
    alphabet: Option<String>,
}

impl From<store::Message> for Accepted {
    fn from(message: store::Message) -> Self {
        Self {
            id: message.id.to_string(),
            conversation_id: message.conversation.map(|id| id.to_string()),
            state: message.state.as_str(),
            line: message.line.to_string(),
            segments: message.segments,
            alphabet: message.alphabet,
        }
    }
}

/// Queues a text. The answer comes after the durable commit.
#[utoipa::path(post, path = "/api/v1/messages", tag = "messages", request_body = NewMessage,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a call with the same key and body queues nothing more for 72 hours and is answered alike.")),
    responses((status = 202, body = Accepted),
        (status = 409, description = "idempotency_conflict, claim_required, claimed_by_other, answered_meanwhile"),
        (status = 422, description = "number_invalid, line_unknown, line_off, text_empty, text_too_long, tag_too_long, time_invalid, opted_out, media_not_possible")))]
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Body(new): Body<NewMessage>,
) -> Result<(StatusCode, Json<Accepted>), WebError> {
    let key = idempotency_key(&caller, &headers, "messages", &new)?;
    let (confirmed, attempt) = (new.confirm.unwrap_or(false), new.attempt("message"));
    let wanted = match new.wanted() {
        Ok(wanted) => wanted,
        Err(refusal) => return Err(noted(&app, &caller, attempt, refusal).await),
    };
    let message = queue(&app, caller, wanted, key, confirmed).await?;
    Ok((StatusCode::ACCEPTED, Json(message.into())))
}

/// Queues one text and tells the sender; the message as it was committed. Why one is refused is
/// kept.
pub(in crate::web) async fn queue(
    app: &App,
    caller: Caller,
    wanted: Wanted,
    key: Option<IdempotencyKey>,
    confirmed: bool,
) -> Result<store::Message, WebError> {
    health::room(app)?;
    let settings = app.settings.clone();
    let by = caller.clone();
    let way = if caller.signed_in().is_ok() { "page" } else { "message" };
    let attempt = Attempt::of(way, &wanted);
    let message = change(app, move |tx, now| {
        let (exception, last_seen) = (wanted.exception.clone(), wanted.last_seen);
        let send_local = wanted.send_local;
        let earlier = key.as_ref().map(|key| tx.earlier_call(key, now)).transpose()?.flatten();
        // A call repeated is answered as it was, whatever has changed since.
        if let Some(Earlier::Message(id)) = earlier {
            return tx.message(id)?.ok_or_else(WebError::not_found);
        }
        let new = wanted.accepted(tx, &caller, &settings, now)?;
        if earlier.is_none() {
            claims::reply(tx, &caller, &new, confirmed, now)?;
            claims::unanswered(tx, &caller, &new, last_seen.filter(|_| !confirmed), now)?;
        }
        match tx.enqueue(&new, key.as_ref(), now)? {
            Enqueued::New(id) => {
                if let Some(local) = send_local {
                    tx.planned_by_clock(id, local)?;
                }
                if let Some(reason) = exception {
                    tx.except(id, reason.trim())?;
                    audit(
                        tx,
                        &caller,
                        "consent.exception",
                        id,
                        json!({ "fields": ["reason"] }),
                        now,
                    )?;
                }
                tx.message(id)?.ok_or_else(WebError::not_found)
            }
            Enqueued::Repeated(id) => tx.message(id)?.ok_or_else(WebError::not_found),
            Enqueued::Conflict => Err(conflict()),
        }
    });
    let message = match message.await {
        Ok(message) => message,
        Err(refusal) => return Err(noted(app, &by, attempt, refusal).await),
    };
    app.bus.ring(Change::Message(message.id));
    app.bus.ring(Change::Queue);
    Ok(message)
}

pub(super) fn conflict() -> WebError {
    let detail = "Use a new Idempotency-Key for a new request.";
    WebError::new(Code::IdempotencyConflict, detail)
}

/// The key of a call, if it has one, bound to its caller and to what was asked.
pub(super) fn idempotency_key(
    caller: &Caller,
    headers: &HeaderMap,
    call: &str,
    asked: &impl Serialize,
) -> Result<Option<IdempotencyKey>, WebError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let wrong =
        || WebError::new(Code::FieldInvalid, "Idempotency-Key has 1 to 255 visible characters.");
    // The draft of the IETF puts it in quotes; most programs do not.
    let key = value.to_str().map_err(|_| wrong())?.trim().trim_matches('"');
    if key.is_empty() || key.len() > 255 {
        return Err(wrong());
    }
    let asked = serde_json::to_vec(asked).map_err(WebError::internal)?;
    Ok(Some(IdempotencyKey::new(caller.key_space(), format!("{call} {key}"), &asked)))
}

/// A text, in or out.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Message {
    id: String,
    /// Its place in the order of arrival; also a cursor for `after`.
    seq: i64,
    conversation_id: Option<String>,
    /// `in` or `out`.
    direction: &'static str,
    /// The id of the line.
    line: String,
    /// The remote address; empty when it could not be read.
    number: String,
    text: String,
    /// `text`, `undecodable`, `silent`, `waiting`, `data` or `mms`.
    kind: &'static str,
    class: &'static str,
    state: &'static str,
    tag: Option<String>,
    response_emails: Vec<String>,
    author: Option<Author>,
    segments: u32,
    /// In: segments that are here. Out: segments the network took.
    segments_done: u32,
    /// `gsm7`, `ucs2` or `data`.
    alphabet: Option<String>,
    flash: bool,
    created_at: String,
    sent_at: Option<String>,
    delivered_at: Option<String>,
    received_at: Option<String>,
    /// The service centre's time stamp.
    scts: Option<String>,
    error: Option<MessageError>,
    /// Why it waits for a person.
    hold: Option<String>,
    seen_count: u32,
    /// It may reach the recipient twice.
    possible_duplicate: bool,
}

/// Who wrote a message.
#[derive(Debug, Serialize, ToSchema)]
struct Author {
    /// `user`, `token`, `relay`, `email`, `rule`, `assistant`, `campaign` or `system`.
    kind: &'static str,
    id: Option<String>,
}

/// What went wrong with a message.
#[derive(Debug, Serialize, ToSchema)]
struct MessageError {
    code: String,
    detail: String,
}

impl From<store::Message> for Message {
    fn from(message: store::Message) -> Self {
        Self {
            id: message.id.to_string(),
            seq: message.id.0,
            conversation_id: message.conversation.map(|id| id.to_string()),
            direction: message.direction.as_str(),
            line: message.line.to_string(),
            number: message.number.as_str().to_owned(),
            text: message.text,
            kind: message.kind.as_str(),
            class: message.class.as_str(),
            state: message.state.as_str(),
            tag: message.tag,
            response_emails: message.response_emails,
            author: message.author.map(|a| Author { kind: a.kind.as_str(), id: a.id }),
            segments: message.segments,
            segments_done: message.segments_done,
            alphabet: message.alphabet,
            flash: message.flash,
            created_at: stamp(message.created_at),
            sent_at: message.sent_at.map(stamp),
            delivered_at: message.delivered_at.map(stamp),
            received_at: message.received_at.map(stamp),
            scts: message.scts.map(stamp),
            error: message.error.map(|e| MessageError { code: e.code, detail: e.detail }),
            hold: message.hold,
            seen_count: message.seen_count,
            possible_duplicate: message.possible_duplicate,
        }
    }
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Filter {
    /// Those after this cursor or message id, oldest first: a cheap poll.
    after: Option<String>,
    /// `in` or `out`.
    direction: Option<String>,
    /// Id, name, number or ICCID of a line.
    line: Option<String>,
    /// One state.
    state: Option<String>,
    /// One remote address.
    number: Option<String>,
    /// 1 to 500, 50 without it; of the file 1 to 10,000, and all of these without it.
    pub(super) limit: Option<u32>,
}

/// Messages in the order of their arrival.
#[utoipa::path(get, path = "/api/v1/messages", tag = "messages", params(Filter),
    responses((status = 200, body = List<Message>)))]
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(filter): Query<Filter>,
) -> Result<Json<List<Message>>, WebError> {
    let limit = page_size(filter.limit)?;
    let found = found(&app, &caller, filter, limit).await?;
    let more = found.len() == limit as usize;
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(List { items: found.into_iter().map(Message::from).collect(), next }))
}

/// Those of the texts the caller may see that a filter asks for.
pub(super) async fn found(
    app: &App,
    caller: &Caller,
    filter: Filter,
    limit: u32,
) -> Result<Vec<store::Message>, WebError> {
    let after = cursor(filter.after.as_deref())?;
    let no_such = |what| WebError::new(Code::FieldInvalid, what);
    let direction = word(filter.direction, Direction::parse, "direction is in or out.")?;
    let state = word(filter.state, MessageState::parse, "state is a message state.")?;
    let country = app.settings.country;
    let number = filter.number.map(|text| looked_for(&text, country));
    let query = MessageQuery {
        page: after.map_or(Page::First, |id| Page::After(MessageId(id))),
        direction,
        state,
        number,
        line: caller.line(),
        limit,
        ..MessageQuery::default()
    };
    let wanted = filter.line;
    let read = app.store.read(move |tx| {
        let line = wanted.as_deref().map(|word| tx.line_called(word)).transpose()?;
        let query = match line {
            Some(None) => return Ok(None),
            Some(Some(line)) if query.line.is_some_and(|own| own != line.id) => return Ok(None),
            Some(Some(line)) => MessageQuery { line: Some(line.id), ..query },
            None => query,
        };
        tx.messages(&query).map(Some)
    });
    read.await?.ok_or_else(|| no_such("line is none of GET /api/v1/lines."))
}

/// A filter of one word out of a fixed few.
fn word<T>(
    text: Option<String>,
    parse: fn(&str) -> Option<T>,
    otherwise: &'static str,
) -> Result<Option<T>, WebError> {
    let refusal = || WebError::new(Code::FieldInvalid, otherwise);
    text.map(|text| parse(&text).ok_or_else(refusal)).transpose()
}

/// A message with everything known about it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Whole {
    #[serde(flatten)]
    message: Message,
    segment_list: Vec<Segment>,
    custody: Vec<Station>,
    /// Why the rules did what they did.
    #[schema(value_type = Vec<Object>)]
    trace: Value,
    /// The mail it was written in, if it was.
    mail: Option<Mail>,
}

/// The mail that a text was written in.
#[derive(Debug, Serialize, ToSchema)]
struct Mail {
    /// The address of its author.
    from: String,
    message_id: String,
    /// The text whose forward was answered.
    answers: Option<String>,
    /// What was left out of it: a list of `{why, text}`.
    #[schema(value_type = Vec<Object>)]
    cut: Value,
}

impl From<store::MailText> for Mail {
    fn from(mail: store::MailText) -> Self {
        Self {
            from: mail.author,
            message_id: mail.mail_id,
            answers: mail.answers.map(|id| id.to_string()),
            cut: mail.cut,
        }
    }
}

/// One TPDU.
#[derive(Debug, Serialize, ToSchema)]
struct Segment {
    /// Its place, from 1.
    seq: u8,
    /// Out: which sending of the whole message.
    round: u32,
    /// The octets in hex.
    tpdu: String,
    /// Out: `waiting`, `on_air`, `accepted`, `refused` or `unknown`.
    state: Option<&'static str>,
    /// Out: the network's reference (TP-MR).
    reference: Option<u8>,
    /// Out: `trying`, `delivered`, `failed` or `expired`.
    report: Option<&'static str>,
    /// Out, `unknown`: `sent` or `not_sent`, as far as the modem's references or slots speak for it.
    evidence: Option<&'static str>,
    at: Option<String>,
    error: Option<String>,
}

/// One station of a message.
#[derive(Debug, Serialize, ToSchema)]
struct Station {
    at: String,
    event: String,
    detail: Option<String>,
}

impl From<SegmentRow> for Segment {
    fn from(row: SegmentRow) -> Self {
        Self {
            seq: row.seq,
            round: row.round,
            tpdu: crate::sms::to_hex(&row.tpdu),
            state: row.state.map(|state| state.as_str()),
            reference: row.mr,
            report: row.report.map(|report| report.as_str()),
            evidence: row.evidence.map(|evidence| evidence.as_str()),
            at: row.at.map(stamp),
            error: row.error,
        }
    }
}

/// One message with its segments, its chain of custody and its decision trace.
#[utoipa::path(get, path = "/api/v1/messages/{id}", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, body = Whole), (status = 404, description = "not_found")))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MessageId>,
) -> Result<Json<Whole>, WebError> {
    let read = app.store.read(move |tx| {
        let Some(message) = tx.message(id)? else { return Ok(None) };
        let (segments, custody) = (tx.segments_of(id)?, tx.custody_of(id)?);
        Ok::<_, StoreError>(Some((message, segments, custody, tx.mail_of(id)?)))
    });
    let (message, segments, custody, mail) = read.await?.ok_or_else(WebError::not_found)?;
    caller.sees(message.line)?;
    let trace = serde_json::from_str(&message.trace).map_err(WebError::internal)?;
    let stations = custody.into_iter();
    Ok(Json(Whole {
        message: message.into(),
        segment_list: segments.into_iter().map(Segment::from).collect(),
        custody: stations
            .map(|s| Station { at: stamp(s.at), event: s.event, detail: s.detail })
            .collect(),
        trace,
        mail: mail.map(Mail::from),
    }))
}

/// Longer than any network keeps a text.
const LONGEST: Millis = Millis::from_secs(30 * 24 * 3_600);
