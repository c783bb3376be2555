//! Who is who: two contacts shown as one, parted again (E136); a number with a new owner (E137).
//!
//! Conversations and consent stay with the numbers whatever happens here (E99, E101).

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::contacts::{Contact, one};
use super::conversations::{Conversation, seen};
use crate::bus::Change;
use crate::store::{self, WriteTx};
use crate::types::{ContactId, ConversationId, UnixTime};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id};

/// The other contact.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Other {
    /// Its id.
    pub(in crate::web) contact: String,
}

impl Other {
    fn id(&self) -> Result<ContactId, WebError> {
        let unknown =
            || WebError::new(Code::ContactUnknown, "Use an id from GET /api/v1/contacts.");
        self.contact.parse().map(ContactId).map_err(|_| unknown())
    }
}

/// Shows another contact as part of this one: its numbers stand here too. Nothing is lost by it,
/// and `split` undoes it.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/merge", tag = "contacts", params(("id" = String, Path)),
    request_body = Other,
    responses((status = 200, body = Contact), (status = 404, description = "not_found"),
        (status = 409, description = "conflict"), (status = 422, description = "contact_unknown")))]
pub(in crate::web) async fn merge(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    Body(other): Body<Other>,
) -> Result<Json<Contact>, WebError> {
    let detail = "Choose another contact: one that is there, and no part of a merge itself.";
    let merge = Arrangement {
        does: |tx, into, other, now| tx.merge_contacts(into, other, now),
        refusal: detail,
        audited: "contact.merged",
    };
    merge.carry_out(&app, caller, id, other.id()?).await
}

/// Parts a contact from this one again, as it was before.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/split", tag = "contacts", params(("id" = String, Path)),
    request_body = Other,
    responses((status = 200, body = Contact), (status = 404, description = "not_found"),
        (status = 409, description = "conflict"), (status = 422, description = "contact_unknown")))]
pub(in crate::web) async fn split(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    Body(other): Body<Other>,
) -> Result<Json<Contact>, WebError> {
    let split = Arrangement {
        does: |tx, from, other, now| tx.split_contact(from, other, now),
        refusal: "That contact is no part of this one.",
        audited: "contact.parted",
    };
    split.carry_out(&app, caller, id, other.id()?).await
}

/// What is done with two contacts. `false` of what it does: it cannot be done with these.
struct Arrangement {
    does: fn(&WriteTx<'_>, ContactId, ContactId, UnixTime) -> store::Result<bool>,
    refusal: &'static str,
    audited: &'static str,
}

impl Arrangement {
    async fn carry_out(
        self,
        app: &App,
        caller: Caller,
        id: ContactId,
        other: ContactId,
    ) -> Result<Json<Contact>, WebError> {
        let done = change(app, move |tx, now| {
            tx.contact(id)?.ok_or_else(WebError::not_found)?;
            if !(self.does)(tx, id, other, now)? {
                return Err(WebError::new(Code::Conflict, self.refusal));
            }
            audit(tx, &caller, self.audited, id, json!({ "other": other.to_string() }), now)?;
            one(tx, id)
        });
        Ok(Json(done.await?))
    }
}

/// The number belongs to somebody else now: what was written before is cut off, not deleted; the
/// contact loses the number; consent to marketing ends, an opt-out stays.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/new-owner", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, body = Conversation), (status = 404, description = "not_found")))]
pub(in crate::web) async fn new_owner(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Json<Conversation>, WebError> {
    let viewer = caller.user();
    let after = change(&app, move |tx, now| {
        seen(tx, &caller, id)?;
        tx.new_owner(id, now)?;
        audit(tx, &caller, "conversation.new_owner", id, json!({}), now)?;
        seen(tx, &caller, id)
    });
    let after = after.await?;
    app.bus.ring(Change::Conversation(id));
    Ok(Json(Conversation::seen_by(viewer, after)))
}
