//! Rules tried without effect: what would a text, or the texts of the last days, lead to?
//!
//! The same rules, facts and engine as in the intake; nothing is stored and nothing is sent.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::stamp;
use crate::engine::action::{Action, Place, ThreadChange};
use crate::engine::{self, Inbound, Moment};
use crate::store::{
    LineId, Message, MessageQuery, Organisation, Page, ReadTx, Result as StoreResult,
};
use crate::types::{Direction, Millis, Number, UnixTime};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::Body;

/// A sample, or how far to look back: one of `text` and `days`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Asked {
    /// What somebody might write.
    text: Option<String>,
    /// Who writes it; without it, somebody never heard of.
    from: Option<String>,
    /// Id, name, number or ICCID of the line it comes in on; without it the first.
    line: Option<String>,
    /// When (RFC 3339); now without it.
    at: Option<String>,
    /// The received texts of so many days, 1 to 31, against what is known now; the newest 500.
    days: Option<u32>,
}

/// What one text would lead to.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Outcome {
    /// The received text, when it was one.
    message_id: Option<String>,
    line: String,
    from: String,
    text: String,
    at: String,
    /// What would be done, each with a `do` and its details.
    #[schema(value_type = Vec<Object>)]
    would: Vec<Value>,
    /// Why, step by step.
    trace: Vec<Reason>,
}

/// What was tried.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Tried {
    items: Vec<Outcome>,
    /// Always null: the list is whole.
    next: Option<String>,
    /// Received texts of these days that were not tried: older than the newest 500.
    left_out: u64,
}

/// One reason.
#[derive(Debug, Serialize, ToSchema)]
struct Reason {
    step: &'static str,
    why: String,
}

/// What would happen, without effect.
#[utoipa::path(post, path = "/api/v1/rules/test", tag = "rules", request_body = Asked,
    responses((status = 200, body = Tried), (status = 422, description = "line_unknown, number_invalid, time_invalid")))]
pub(in crate::web) async fn test(
    State(app): State<App>,
    caller: Caller,
    Body(asked): Body<Asked>,
) -> Result<Json<Tried>, WebError> {
    let now = match asked.at.as_deref() {
        None => app.now(),
        Some(at) => UnixTime::parse_rfc3339(at).ok_or_else(|| {
            WebError::new(Code::TimeInvalid, "Write it as 2026-11-21T09:30:00Z or with an offset.")
        })?,
    };
    let organisation = app.settings.house();
    let own = caller.line();
    let found = app.store.read(move |tx| {
        let rehearsal = Rehearsal { tx, organisation };
        Ok(rehearsal.run(asked, own, now))
    });
    let (items, left_out) = found.await??;
    Ok(Json(Tried { items, next: None, left_out }))
}

struct Rehearsal<'a, 'tx> {
    tx: &'a ReadTx<'tx>,
    organisation: Organisation,
}

impl Rehearsal<'_, '_> {
    fn run(
        mut self,
        asked: Asked,
        own: Option<LineId>,
        now: UnixTime,
    ) -> Result<(Vec<Outcome>, u64), WebError> {
        let line = self.line(asked.line.as_deref(), own)?;
        match (asked.text, asked.days) {
            (Some(text), None) => {
                let line = line.ok_or_else(|| unknown_line("There is no line yet."))?;
                let country = self.tx.line(line)?.and_then(|line| line.country);
                let country = country.or(self.organisation.country);
                let from = match asked.from {
                    Some(from) => Number::parse(&from, country)?,
                    None => Number::E164(NEVER_HEARD_OF.to_owned()),
                };
                Ok((vec![self.outcome(None, line, Inbound::new(from, text), now)?], 0))
            }
            (None, Some(days @ 1..=31)) => {
                let limit = if asked.line.is_some() || own.is_some() { line } else { None };
                let since = now.before(Millis::from_secs(u64::from(days) * DAY));
                let received = self.received(limit, since)?;
                let all = self.tx.received_since(limit, since)?;
                let left_out = all.saturating_sub(received.len() as u64);
                let tried = received.into_iter().map(|message| {
                    let at = message.received_at.unwrap_or(message.created_at);
                    let inbound = Inbound::new(message.number.clone(), message.text.clone());
                    Ok(self.outcome(Some(&message), message.line, inbound, at)?)
                });
                Ok((tried.collect::<Result<Vec<_>, WebError>>()?, left_out))
            }
            _ => Err(WebError::new(
                Code::FieldInvalid,
                "Give a sample `text`, or `days` from 1 to 31.",
            )),
        }
    }

    fn line(&self, word: Option<&str>, own: Option<LineId>) -> Result<Option<LineId>, WebError> {
        let line = match word {
            Some(word) => Some(
                self.tx
                    .line_called(word)?
                    .ok_or_else(|| unknown_line("Use an id from GET /api/v1/lines."))?,
            ),
            None => self.tx.lines()?.into_iter().find(|line| own.is_none_or(|own| own == line.id)),
        };
        match (line, own) {
            (Some(line), Some(own)) if line.id != own => {
                Err(unknown_line("Use an id from GET /api/v1/lines."))
            }
            (line, _) => Ok(line.map(|line| line.id)),
        }
    }

    /// What came in since, the newest 500, oldest first.
    fn received(&self, line: Option<LineId>, since: UnixTime) -> StoreResult<Vec<Message>> {
        let mut found = self.tx.messages(&MessageQuery {
            page: Page::Last,
            direction: Some(Direction::In),
            line,
            limit: 500,
            ..MessageQuery::default()
        })?;
        found.retain(|message| message.received_at.is_some_and(|at| at >= since));
        found.reverse();
        Ok(found)
    }

    fn outcome(
        &mut self,
        message: Option<&Message>,
        line: LineId,
        inbound: Inbound,
        now: UnixTime,
    ) -> StoreResult<Outcome> {
        let rules = self.tx.rulebook(line, &self.organisation)?;
        let mut facts = self.tx.facts(line, &inbound, &rules, now)?;
        if message.is_some() {
            // The text itself is among what is known now; it must not silence its own rehearsal.
            facts.traffic = Default::default();
        }
        let decision = engine::decide(&inbound, &rules, &facts, Moment::at(now));
        let trace = decision.trace.into_iter();
        Ok(Outcome {
            message_id: message.map(|message| message.id.to_string()),
            line: line.to_string(),
            from: inbound.from.as_str().to_owned(),
            text: inbound.text,
            at: stamp(now),
            would: decision.actions.iter().map(would).collect(),
            trace: trace.map(|line| Reason { step: line.step, why: line.why }).collect(),
        })
    }
}

/// An action as a program reads it.
fn would(action: &Action) -> Value {
    match action {
        Action::File(filing) => json!({
            "do": "file", "internal": matches!(filing.place, Place::Internal(_)),
            "mark": filing.mark.map(engine::action::Mark::as_str), "unread": filing.unread,
            "reopen": filing.reopen,
        }),
        Action::Send(sms) => json!({
            "do": "send", "to": sms.to.as_str(), "text": sms.text,
            "purpose": sms.purpose.as_str(), "class": sms.purpose.class().as_str(),
        }),
        Action::Consent(event) => json!({
            "do": "consent", "number": event.number.as_str(), "change": event.change.as_str(),
            "word": event.word, "level": event.level.as_str(), "scope": event.scope.as_str(),
        }),
        Action::CancelScheduled(number) => {
            json!({ "do": "cancel_scheduled", "number": number.as_str() })
        }
        Action::Thread { remote, change } => {
            json!({ "do": thread(change), "conversation": remote.as_str(), "detail": detail(change) })
        }
        Action::Deliver(engine::action::Delivery::Email { to, tags, .. }) => {
            json!({ "do": "email", "to": to, "tags": tags })
        }
        Action::Deliver(engine::action::Delivery::Notice { person, channel, urgency }) => json!({
            "do": "notify", "user": person.0.to_string(), "channel": channel.as_str(),
            "urgency": urgency.as_str(),
        }),
        Action::Deliver(engine::action::Delivery::Webhook { rule, url }) => {
            json!({ "do": "webhook", "rule": rule.0.to_string(), "url": url })
        }
        Action::Code(engine::action::CodeChange::Issue { code, customer, .. }) => {
            json!({ "do": "issue_code", "code": code, "number": customer.as_str() })
        }
        Action::Code(engine::action::CodeChange::Renew { code, .. }) => {
            json!({ "do": "renew_code", "code": code })
        }
        Action::Recipient { person, .. } => {
            json!({ "do": "remember", "user": person.0.to_string() })
        }
        Action::Prompt(engine::action::PromptChange::Answer { prompt, value, outcome }) => json!({
            "do": "answer", "prompt": prompt.0.to_string(), "value": value,
            "outcome": outcome.map(engine::prompt::Outcome::as_str),
        }),
        Action::Prompt(engine::action::PromptChange::Nagged(prompt)) => {
            json!({ "do": "hint", "prompt": prompt.0.to_string() })
        }
        Action::Prompt(engine::action::PromptChange::Open(prompt)) => {
            json!({ "do": "ask", "prompt": prompt.0.to_string() })
        }
        Action::NameContact { number, name } => {
            json!({ "do": "name_contact", "number": number.as_str(), "name": name })
        }
        Action::Alert(text) => json!({ "do": "alert", "text": text }),
        Action::NotSent { to, refusal, .. } => json!({
            "do": "refuse", "to": to.as_str(), "code": refusal.code, "why": refusal.sentence,
        }),
    }
}

fn thread(change: &ThreadChange) -> &'static str {
    match change {
        ThreadChange::PossibleOptOut => "possible_opt_out",
        ThreadChange::Flag(_) => "flag",
        ThreadChange::Tag(_) => "tag",
        ThreadChange::Assign(_) => "assign",
        ThreadChange::Claim(_) => "claim",
        ThreadChange::TakeOver(_) => "take_over",
        ThreadChange::Close(_) => "close",
        ThreadChange::Answered => "answered",
        ThreadChange::Note { .. } => "note",
    }
}

fn detail(change: &ThreadChange) -> Option<String> {
    use crate::engine::action::Assignee;
    match change {
        ThreadChange::Flag(text) | ThreadChange::Tag(text) => Some(text.clone()),
        ThreadChange::Note { text, .. } => Some(text.clone()),
        ThreadChange::Assign(Assignee::Team(team)) => Some(team.clone()),
        ThreadChange::Assign(Assignee::Person(person))
        | ThreadChange::Claim(person)
        | ThreadChange::TakeOver(person)
        | ThreadChange::Close(person) => Some(person.0.to_string()),
        ThreadChange::PossibleOptOut | ThreadChange::Answered => None,
    }
}

fn unknown_line(detail: &'static str) -> WebError {
    WebError::new(Code::LineUnknown, detail)
}

/// Reserved for fiction, so nobody's.
const NEVER_HEARD_OF: &str = "+447700900999";
/// Seconds.
const DAY: u64 = 24 * 3_600;
