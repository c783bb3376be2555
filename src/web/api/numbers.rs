//! What is kept about one number: given out whole, or erased.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::contacts::Contact;
use super::conversations::{Conversation, Note};
use super::messages::Message;
use super::refusals::Refused;
use crate::bus::Change;
use crate::store::{Erasure, RefusedQuery};
use crate::types::ConversationId;
use crate::web::App;
use crate::web::accept::looked_for;
use crate::web::auth::{Caller, secret};
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Query};

/// Whose.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::web) struct Whose {
    /// With + and country code, or national by the organisation's country.
    pub(in crate::web) number: String,
}

/// Everything kept about a number.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Dossier {
    number: String,
    contacts: Vec<Contact>,
    conversation: Option<Conversation>,
    /// Every text, oldest first.
    messages: Vec<Message>,
    notes: Vec<Note>,
    /// Texts to it that were not taken, the newest first.
    refused: Vec<Refused>,
    /// Conversations of others whose texts or notes speak of the number: look at them yourself.
    mentioned_in: Vec<String>,
}

/// Everything kept about a number, for the person who asks for it.
#[utoipa::path(get, path = "/api/v1/export", tag = "privacy", params(Whose),
    responses((status = 200, body = Dossier)))]
pub(in crate::web) async fn export(
    State(app): State<App>,
    caller: Caller,
    Query(Whose { number }): Query<Whose>,
) -> Result<Json<Dossier>, WebError> {
    let number = looked_for(&number, app.settings.country);
    let whose = number.as_str().to_owned();
    let found = change(&app, move |tx, now| {
        let mut found = tx.dossier(&number)?;
        let refused = RefusedQuery { number: Some(number), limit: u32::MAX, ..Default::default() };
        let refused = tx.refused(&refused)?;
        let contacts = std::mem::take(&mut found.contacts).into_iter();
        let contacts =
            contacts.map(|contact| Contact::read(tx, contact)).collect::<Result<_, _>>()?;
        let subject = found.conversation.as_ref().map_or(0, |conversation| conversation.id.0);
        audit(tx, &caller, "number.exported", subject, json!({}), now)?;
        Ok((contacts, found, refused))
    });
    let (contacts, found, refused) = found.await?;
    Ok(Json(Dossier {
        number: whose,
        contacts,
        conversation: found.conversation.map(|seen| Conversation::seen_by(None, seen)),
        messages: found.messages.into_iter().map(Message::from).collect(),
        notes: found.notes.into_iter().map(Note::from).collect(),
        refused: refused.into_iter().map(Refused::from).collect(),
        mentioned_in: found.mentioned_in.iter().map(ConversationId::to_string).collect(),
    }))
}

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Erased {
    messages: u64,
    /// Contacts that had no other number.
    contacts: u64,
    notes: u64,
    /// Conversations of others whose texts or notes speak of the number: look at them yourself.
    mentioned_in: Vec<String>,
}

/// Erases what is kept about a number. An opt-out stays, as a salted hash.
#[utoipa::path(post, path = "/api/v1/erase", tag = "privacy", request_body = Whose,
    responses((status = 200, body = Erased), (status = 409, description = "conflict")))]
pub(in crate::web) async fn erase(
    State(app): State<App>,
    caller: Caller,
    Body(Whose { number }): Body<Whose>,
) -> Result<Json<Erased>, WebError> {
    let number = looked_for(&number, app.settings.country);
    let salt = secret(&app, "");
    let erased = change(&app, move |tx, now| {
        let subject = tx.conversation_of(&number)?.map(|conversation| conversation.id);
        // E103: what is gone cannot be written to by mistake either.
        if tx.is_opted_out(&number)? {
            tx.suppress_hashed(&number, salt.expose(), now)?;
        }
        match tx.erase(&number, now)? {
            Erasure::Done(erased) => {
                let detail = json!({ "messages": erased.messages, "contacts": erased.contacts });
                let subject_row = subject.map_or(0, |id| id.0);
                audit(tx, &caller, "number.erased", subject_row, detail, now)?;
                Ok((subject, erased))
            }
            Erasure::OnAir => {
                let detail = "A text to this number is at the modem. Try again in a minute.";
                Err(WebError::new(Code::Conflict, detail))
            }
        }
    });
    let (conversation, erased) = erased.await?;
    conversation.into_iter().for_each(|id| app.bus.ring(Change::Conversation(id)));
    Ok(Json(Erased {
        messages: erased.messages,
        contacts: erased.contacts,
        notes: erased.notes,
        mentioned_in: erased.mentioned_in.iter().map(ConversationId::to_string).collect(),
    }))
}
