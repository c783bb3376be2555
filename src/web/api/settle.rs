//! Settling a message that waits for a decision: take it back, send it again, give it up.

use axum::Json;
use axum::extract::State;
use serde_json::json;

use super::messages::Message;
use crate::bus::Change;
use crate::store::{self, Settled, StoreError, WriteTx};
use crate::types::{MessageId, UnixTime};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::Id;

/// What a person or program decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) enum Decision {
    Cancel,
    Resend,
    Drop,
}

impl Decision {
    /// The decision of a word on a button.
    pub(in crate::web) fn parse(word: &str) -> Option<Self> {
        match word {
            "cancel" => Some(Self::Cancel),
            "resend" => Some(Self::Resend),
            "drop" => Some(Self::Drop),
            _ => None,
        }
    }

    /// What the audit log calls it.
    fn audited(self) -> &'static str {
        match self {
            Self::Cancel => "message.cancelled",
            Self::Resend => "message.resent",
            Self::Drop => "message.dropped",
        }
    }

    fn carry_out(
        self,
        tx: &WriteTx<'_>,
        id: MessageId,
        now: UnixTime,
    ) -> Result<Settled, StoreError> {
        match self {
            Self::Cancel => tx.cancel(id, now),
            Self::Resend => tx.resend(id, now),
            Self::Drop => tx.drop_message(id, now),
        }
    }
}

/// Carries a decision out; the message as it is now.
pub(in crate::web) async fn settle(
    app: &App,
    caller: &Caller,
    id: MessageId,
    decision: Decision,
) -> Result<store::Message, WebError> {
    let (now, own, author) = (app.now(), caller.line(), caller.author());
    let settled = app.store.write(move |tx| {
        let Some(message) = tx.message(id)? else { return Ok(None) };
        if own.is_some_and(|own| own != message.line) {
            return Ok(None);
        }
        let settled = decision.carry_out(tx, id, now)?;
        if let Settled::Done(_) = settled {
            tx.audit(&author, decision.audited(), Some(id.to_string()), &json!({}), now)?;
        }
        Ok(tx.message(id)?.map(|message| (settled, message)))
    });
    match settled.await? {
        Some((Settled::Done(_), message)) => {
            app.bus.ring(Change::Message(id));
            app.bus.ring(Change::Queue);
            Ok(message)
        }
        Some((Settled::Refused(state), _)) => {
            let detail = format!("The message is {state}; that cannot be done any more.");
            Err(WebError::new(Code::Conflict, detail))
        }
        Some((Settled::NotFound, _)) => {
            Err(WebError::new(Code::Conflict, "Only a message on its way out can be settled."))
        }
        None => Err(WebError::not_found()),
    }
}

/// Takes a message back that has not left yet.
#[utoipa::path(post, path = "/api/v1/messages/{id}/cancel", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, body = Message), (status = 404, description = "not_found"), (status = 409, description = "conflict")))]
pub(in crate::web) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MessageId>,
) -> Result<Json<Message>, WebError> {
    Ok(Json(settle(&app, &caller, id, Decision::Cancel).await?.into()))
}

/// Sends a failed, unknown, expired or held message again, as a whole.
#[utoipa::path(post, path = "/api/v1/messages/{id}/resend", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, body = Message), (status = 404, description = "not_found"), (status = 409, description = "conflict")))]
pub(in crate::web) async fn resend(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MessageId>,
) -> Result<Json<Message>, WebError> {
    Ok(Json(settle(&app, &caller, id, Decision::Resend).await?.into()))
}

/// Gives up an unknown or held message.
#[utoipa::path(post, path = "/api/v1/messages/{id}/drop", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, body = Message), (status = 404, description = "not_found"), (status = 409, description = "conflict")))]
pub(in crate::web) async fn drop(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MessageId>,
) -> Result<Json<Message>, WebError> {
    Ok(Json(settle(&app, &caller, id, Decision::Drop).await?.into()))
}
