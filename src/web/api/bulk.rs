//! Bulk: one template to many contacts, each with a text of their own (S19, S165).
//!
//! Each contact is judged by itself; those who can be written to are queued together in one
//! transaction, the others are reported with the reason.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::batch::of_batch;
use super::messages::{Accepted, NewMessage, conflict, idempotency_key};
use crate::bus::Change;
use crate::engine::template::{self, Fields};
use crate::store::{self, Earlier, ReadTx, TemplateClass, TemplateId};
use crate::types::{Class, ContactId};
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, Problem, WebError};
use crate::web::extract::Body;
use crate::web::refusals::{self, Attempt};
use crate::web::{App, Settings, health};

/// One text to many contacts.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Bulk {
    /// Ids of contacts, at most 1,000.
    contacts: Vec<String>,
    /// The id of a template; or `text`.
    template: Option<String>,
    /// The text with fields such as `{{ first_name|default('there') }}`.
    text: Option<String>,
    /// Id, name, number or ICCID of a line. Without it: the line last used with each.
    line: Option<String>,
    /// As for one message; a marketing template makes it `marketing`.
    class: Option<String>,
    tag: Option<String>,
    response_emails: Option<Vec<String>>,
    /// Not before this time (RFC 3339).
    send_at: Option<String>,
    valid_for: Option<String>,
    report: Option<bool>,
}

/// What became of each contact, in the order given.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Results {
    /// How many were queued.
    queued: usize,
    items: Vec<Outcome>,
}

/// What became of one contact: a message or a problem.
#[derive(Debug, Serialize, ToSchema)]
struct Outcome {
    contact: String,
    message: Option<Accepted>,
    problem: Option<Problem>,
}

impl Bulk {
    /// The text for everybody, and the class it has.
    fn template(&self, tx: &ReadTx<'_>) -> Result<(String, Option<String>), WebError> {
        let one = || WebError::new(Code::FieldInvalid, "Give template or text, one of the two.");
        match (&self.template, &self.text) {
            (Some(id), None) => {
                let unknown = || {
                    WebError::new(Code::TemplateUnknown, "Use an id from GET /api/v1/templates.")
                };
                let id = id.parse().map(TemplateId).map_err(|_| unknown())?;
                let template = tx.template(id)?.ok_or_else(unknown)?;
                let marketing = template.class == TemplateClass::Marketing;
                // S96: what was written as marketing is not sent as service.
                let class = match marketing {
                    true => Some(Class::Marketing.as_str().to_owned()),
                    false => self.class.clone(),
                };
                Ok((template.text, class))
            }
            (None, Some(text)) => Ok((text.clone(), self.class.clone())),
            _ => Err(one()),
        }
    }

    /// What is tried for one contact.
    fn attempt(
        &self,
        word: &str,
        class: Option<&str>,
        tx: &ReadTx<'_>,
    ) -> Result<Attempt, WebError> {
        let contact = word.parse().ok().map(|id| tx.contact(ContactId(id))).transpose()?.flatten();
        let number = contact.and_then(|contact| contact.card.numbers.into_iter().next());
        Ok(Attempt {
            way: "bulk",
            to: number.map(|number| number.as_str().to_owned()).unwrap_or_default(),
            line: self.line.clone(),
            class: class.unwrap_or(Class::Conversation.as_str()).to_owned(),
        })
    }

    /// The text for one contact, ready for the queue.
    fn judge(
        &self,
        word: &str,
        (text, class): &(String, Option<String>),
        tx: &ReadTx<'_>,
        caller: &Caller,
        settings: &Settings,
        now: crate::types::UnixTime,
    ) -> Result<store::NewMessage, WebError> {
        let unknown =
            || WebError::new(Code::ContactUnknown, "Use an id from GET /api/v1/contacts.");
        let id = word.parse().map(ContactId).map_err(|_| unknown())?;
        let contact = tx.contact(id)?.ok_or_else(unknown)?;
        let number = contact.card.numbers.first().ok_or_else(|| {
            WebError::new(Code::NumberInvalid, "The contact has no number: add one.")
        })?;
        let text = template::merge(text, &fields(&contact, settings))?;
        let new = NewMessage {
            to: number.as_str().to_owned(),
            text,
            line: self.line.clone(),
            class: class.clone(),
            tag: self.tag.clone(),
            response_emails: self.response_emails.clone(),
            send_at: self.send_at.clone(),
            valid_for: self.valid_for.clone(),
            report: self.report,
            flash: None,
            confirm: None,
            merge: None,
            exception: None,
            last_seen: None,
            media: None,
        };
        let wanted = new.wanted()?;
        let mut new = wanted.accepted(tx, caller, settings, now)?;
        new.author = Some(caller.author());
        Ok(new)
    }
}

/// What a template may say of a contact.
fn fields(contact: &store::Contact, settings: &Settings) -> Fields {
    let mut fields: Fields = contact.card.fields.clone();
    fields.insert("first_name".to_owned(), contact.card.first_name.clone());
    fields.insert("last_name".to_owned(), contact.card.last_name.clone());
    fields.insert("company".to_owned(), settings.organisation.clone());
    fields
}

/// Sends one text to many contacts, merged for each.
#[utoipa::path(post, path = "/api/v1/messages/bulk", tag = "messages", request_body = Bulk,
    params(("Idempotency-Key" = Option<String>, Header, description = "For the whole bulk.")),
    responses((status = 202, body = Results), (status = 409, description = "idempotency_conflict"),
        (status = 422, description = "batch_too_large, template_unknown, template_invalid, time_invalid, tag_too_long; per contact also merge_field_missing, opted_out, number_invalid, contact_unknown")))]
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Body(bulk): Body<Bulk>,
) -> Result<(StatusCode, Json<Results>), WebError> {
    if !(1..=MOST).contains(&bulk.contacts.len()) {
        return Err(WebError::new(Code::BatchTooLarge, "contacts holds 1 to 1,000 ids."));
    }
    health::room(&app)?;
    let key = idempotency_key(&caller, &headers, "bulk", &bulk)?;
    let (settings, by) = (app.settings.clone(), caller.clone());
    let done = change(&app, move |tx, now| {
        let text = bulk.template(tx)?;
        template::names(&text.0)?;
        let judge = |word: &String| bulk.judge(word, &text, tx, &caller, &settings, now);
        let judged: Vec<_> = bulk.contacts.iter().map(judge).collect();
        let mut met = Vec::new();
        for (word, judged) in bulk.contacts.iter().zip(&judged) {
            let Err(refusal) = judged else { continue };
            let attempt = bulk.attempt(word, text.1.as_deref(), tx)?;
            met.push((attempt, refusal.code(), refusal.detail().to_owned()));
        }
        let good: Vec<_> = judged.iter().filter_map(|j| j.as_ref().ok()).cloned().collect();
        let earlier = key.as_ref().map(|key| tx.earlier_call(key, now)).transpose()?.flatten();
        let queued = match earlier {
            Some(Earlier::Batch(batch)) => of_batch(tx, batch)?,
            Some(_) => return Err(conflict()),
            None if good.is_empty() => Vec::new(),
            None => {
                let (batch, _) = tx.enqueue_batch(&good, key.as_ref(), now)?;
                let detail = serde_json::json!({ "messages": good.len() });
                audit(tx, &caller, "bulk.sent", batch, detail, now)?;
                of_batch(tx, batch)?
            }
        };
        Ok((bulk.contacts, judged, queued, met))
    });
    let (contacts, judged, queued, met) = done.await?;
    refusals::note(&app, &by, met).await;
    for message in &queued {
        app.bus.ring(Change::Message(message.id));
    }
    app.bus.ring(Change::Queue);
    let (count, mut queued) = (queued.len(), queued.into_iter());
    let outcome = |(contact, judged): (String, Result<store::NewMessage, WebError>)| {
        let (message, problem) = match judged {
            // Those taken are in the batch in the order they were given.
            Ok(_) => (queued.next().map(Accepted::from), None),
            Err(refusal) => (None, Some(refusal.problem())),
        };
        Outcome { contact, message, problem }
    };
    let items = contacts.into_iter().zip(judged).map(outcome).collect();
    Ok((StatusCode::ACCEPTED, Json(Results { queued: count, items })))
}

const MOST: usize = 1_000;
