//! `/messages/{id}`: where a text was and when, and why the rules did what they did.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::face::{Piece, linked};
use super::timeline::writer;
use super::words::{self, Action, Badge, actions, badge, size};
use super::{Extent, Frame};
use crate::sms::{Tpdu, Way};
use crate::store::{MailText, Message, ReportOutcome, SegmentRow, StoreError, UserId};
use crate::types::{ConversationId, Direction, MessageId, MessageState, Millis, UnixTime};
use crate::web::App;
use crate::web::api::settle::{Decision, settle as carry_out};
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Form, Id};

#[derive(Template)]
#[template(path = "custody.html", config = "src/web/askama.toml")]
struct CustodyPage {
    frame: Frame,
    id: MessageId,
    conversation: Option<ConversationId>,
    inbound: bool,
    number: String,
    line: String,
    who: String,
    text: String,
    state: Option<Badge>,
    why: Option<String>,
    facts: Vec<(&'static str, String)>,
    /// What was left out of the mail it was made from, and why.
    left_out: Vec<(String, String)>,
    stations: Vec<Station>,
    trace: Vec<String>,
    segments: Vec<Segment>,
    actions: &'static [Action],
}

/// A place where it was.
struct Station {
    at: UnixTime,
    clock: String,
    event: String,
    detail: String,
}

/// One TPDU.
struct Segment {
    seq: u32,
    state: String,
    octets: String,
}

impl CustodyPage {
    fn thread(&self) -> String {
        self.conversation.map(|id| id.to_string()).unwrap_or_default()
    }

    fn pieces(&self) -> Vec<Piece> {
        linked(&self.text)
    }
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MessageId>,
) -> Result<Html<String>, WebError> {
    let asking = caller.clone();
    let read = app.store.read(move |tx| {
        let Some(message) = tx.message(id)? else { return Ok(None) };
        let names: HashMap<UserId, String> =
            tx.users()?.iter().map(|user| (user.id, user.name())).collect();
        let line = tx.line(message.line)?.map(|line| line.name).unwrap_or_default();
        let seen = message
            .conversation
            .map(|id| crate::web::api::conversations::seen(tx, &asking, id).map(drop));
        Ok::<_, StoreError>(Some((
            message,
            names,
            line,
            seen,
            tx.segments_of(id)?,
            tx.custody_of(id)?,
            tx.mail_of(id)?,
        )))
    });
    let (message, names, line, seen, segments, custody, mail) =
        read.await?.ok_or_else(WebError::not_found)?;
    caller.sees(message.line)?;
    seen.transpose()?;
    let frame = Frame::of(&app, &caller, "What happened to a text", "/", "message").await?;
    let zone = &app.settings.time_zone;
    let when = |at: UnixTime| words::when(at, zone);
    let page = CustodyPage {
        id,
        conversation: message.conversation,
        inbound: message.direction == Direction::In,
        number: message.number.as_str().to_owned(),
        who: writer(message.author.as_ref(), &names),
        state: badge(message.state),
        why: message.hold.clone().or(message.error.as_ref().map(|e| e.detail.clone())),
        facts: facts(&message, mail.as_ref(), report(&message, &segments, app.now(), &when), &when),
        left_out: mail.map(|mail| left_out(&mail)).unwrap_or_default(),
        stations: custody
            .into_iter()
            .map(|station| Station {
                at: station.at,
                clock: when(station.at),
                event: station.event.replace(['_', '-'], " "),
                detail: station.detail.unwrap_or_default(),
            })
            .collect(),
        trace: trace(&message.trace),
        segments: segments
            .into_iter()
            .map(|segment| Segment {
                seq: segment.seq.into(),
                state: segment.state.map(|s| s.as_str().to_owned()).unwrap_or_default(),
                octets: crate::sms::to_hex(&segment.tpdu),
            })
            .collect(),
        actions: if frame.may.send { actions(message.state) } else { &[] },
        text: message.text,
        line,
        frame,
    };
    Ok(Html(page.render()?))
}

/// The pieces of a mail that are no part of its text.
fn left_out(mail: &MailText) -> Vec<(String, String)> {
    let pieces = mail.cut.as_array().map(Vec::as_slice).unwrap_or_default();
    let word = |piece: &Value, name: &str| piece[name].as_str().unwrap_or_default().to_owned();
    pieces.iter().map(|piece| (word(piece, "why").replace('_', " "), word(piece, "text"))).collect()
}

fn facts(
    message: &Message,
    mail: Option<&MailText>,
    report: Option<String>,
    when: &dyn Fn(UnixTime) -> String,
) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Written", when(message.created_at))];
    let times = [
        ("Received", message.received_at),
        ("Network's time", message.scts),
        ("Sent", message.sent_at),
        ("Delivered", message.delivered_at),
    ];
    facts.extend(times.into_iter().filter_map(|(word, at)| Some((word, when(at?)))));
    facts.extend(report.map(|report| ("Delivery report", report)));
    let segments = usize::try_from(message.segments).unwrap_or(usize::MAX);
    facts.push(("Size", size(segments, message.alphabet.as_deref())));
    facts.push(("Class", message.class.as_str().to_owned()));
    if let Some(tag) = &message.tag {
        facts.push(("Tag", tag.clone()));
    }
    if let Some(mail) = mail {
        facts.push(("Mail from", mail.author.clone()));
        facts.push(("Mail", mail.mail_id.clone()));
    }
    if message.seen_count > 1 {
        facts.push(("Came", format!("{} times", message.seen_count)));
    }
    facts
}

/// How long a report may come after the network gave up: it is sent from where the network tried last.
const REPORT_UNDER_WAY: Millis = Millis::from_secs(3_600);

/// What is known of the delivery of a text that the network took and has not said the last word of. The
/// network tries for as long as the segments told it to (TP-VP, 23.040 §9.2.3.12).
fn report(
    message: &Message,
    segments: &[SegmentRow],
    now: UnixTime,
    when: &dyn Fn(UnixTime) -> String,
) -> Option<String> {
    let sent_at = message.sent_at.filter(|_| message.state == MessageState::Sent)?;
    let round = segments.iter().map(|segment| segment.round).max()?;
    let last: Vec<&SegmentRow> = segments.iter().filter(|segment| segment.round == round).collect();
    let Ok(Tpdu::Submit(submit)) = Tpdu::decode(&last.last()?.tpdu, Way::FromMobile) else {
        return None;
    };
    if !submit.report {
        return Some("not asked for".to_owned());
    }
    let tried = Millis::from_secs(submit.validity?.seconds()?.into());
    let until = sent_at.after(tried).after(REPORT_UNDER_WAY);
    let delivered = last.iter().filter(|one| one.report == Some(ReportOutcome::Delivered)).count();
    Some(match (delivered, now < until) {
        (0, true) => format!("expected until {}", when(until)),
        (0, false) => "none came in time; it may have arrived all the same".to_owned(),
        (some, true) => {
            format!("{some} of {} segments delivered, the rest until {}", last.len(), when(until))
        }
        (some, false) => format!(
            "{some} of {} segments delivered; the rest may have arrived all the same",
            last.len()
        ),
    })
}

/// The decision, a line a step.
fn trace(json: &str) -> Vec<String> {
    let steps: Vec<Value> = serde_json::from_str(json).unwrap_or_default();
    steps.iter().map(step).collect()
}

fn step(step: &Value) -> String {
    match step {
        Value::String(words) => words.clone(),
        Value::Object(fields) => {
            let word = |value: &Value| match value {
                Value::String(word) => word.clone(),
                other => other.to_string(),
            };
            let said: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}: {}", word(value))).collect();
            said.join(" · ")
        }
        other => other.to_string(),
    }
}

/// A button of a text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Pressed {
    act: String,
}

/// Takes a text back, sends it again or leaves it.
pub(in crate::web) async fn settle(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id<MessageId>,
    Form(Pressed { act }): Form<Pressed>,
) -> Result<Response, WebError> {
    let decision = Decision::parse(&act).ok_or_else(|| {
        WebError::new(Code::FieldInvalid, "A text is taken back, sent again or left.")
    })?;
    let message = carry_out(&app, &caller, id, decision).await?;
    Ok(match (Extent::of(&headers), message.conversation) {
        (Extent::Fragment, _) => StatusCode::NO_CONTENT.into_response(),
        (Extent::Whole, Some(thread)) => {
            Redirect::to(&format!("/threads/{thread}#message-{id}")).into_response()
        }
        (Extent::Whole, None) => Redirect::to(&format!("/messages/{id}")).into_response(),
    })
}
