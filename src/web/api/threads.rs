//! What is done to a conversation: claimed, given away, closed, flagged, read, noted.
//!
//! Whether somebody may is `engine::claim`; that one of two wins is the store's one update.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::contacts::one_line;
use super::conversations::{Conversation, Note, seen};
use crate::bus::Change;
use crate::engine::facts::Thread;
use crate::engine::rules::{Person, PersonId, Rules};
use crate::engine::{claim, routing};
use crate::store::{self, Claim, Happened, NewHappening, UserId, WriteTx};
use crate::types::{ConversationId, UnixTime};
use crate::web::accept;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id, given};
use crate::web::{App, crew, mentions};

/// One act on one conversation, with everything its checks need.
struct Act<'a, 'tx> {
    tx: &'a WriteTx<'tx>,
    caller: &'a Caller,
    before: store::Conversation,
    rules: Rules,
    now: UnixTime,
}

impl Act<'_, '_> {
    fn id(&self) -> ConversationId {
        self.before.id
    }

    /// The state as the engine sees it.
    fn thread(&self) -> Thread {
        Thread {
            closed: self.before.closed,
            owner: self.before.owner.map(|owner| PersonId(owner.0)),
            participants: self.before.participants.iter().map(|user| PersonId(user.0)).collect(),
        }
    }

    /// Who acts: a user, or the admin who needs no account.
    fn actor(&self) -> Person {
        crew::actor(self.caller, &self.rules)
    }

    /// Notes what was done among the texts of the conversation.
    fn happened(
        &self,
        kind: Happened,
        user: Option<UserId>,
        word: Option<String>,
    ) -> Result<(), WebError> {
        let what = NewHappening { kind, author: Some(self.caller.author()), user, word };
        Ok(self.tx.happened(self.id(), &what, self.now)?)
    }

    fn audit(&self, action: &str, detail: Value) -> Result<(), WebError> {
        audit(self.tx, self.caller, action, self.id(), detail, self.now)
    }
}

/// Carries out an act in one transaction; the conversation as it is then.
async fn act(
    app: &App,
    caller: Caller,
    id: ConversationId,
    work: impl FnOnce(&Act<'_, '_>) -> Result<(), WebError> + Send + 'static,
) -> Result<Json<Conversation>, WebError> {
    let viewer = caller.user();
    let after = change(app, move |tx, now| {
        let before = seen(tx, &caller, id)?;
        let rules = crew::claim_rules(tx, before.line)?;
        let act = Act { tx, caller: &caller, before, rules, now };
        work(&act)?;
        if let Some(user) = viewer {
            tx.owner_acted(id, user, now)?;
        }
        seen(tx, &caller, id)
    });
    let after = after.await?;
    app.bus.ring(Change::Conversation(id));
    Ok(Json(Conversation::seen_by(viewer, after)))
}

/// Claims a conversation for the acting user. Of many at the same instant one wins.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/claim", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, body = Conversation), (status = 404, description = "not_found"),
        (status = 409, description = "claimed_by_other"), (status = 422, description = "acting_user_required")))]
pub(in crate::web) async fn claim(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Json<Conversation>, WebError> {
    act(&app, caller, id, move |act| {
        let user = act.caller.acting()?;
        claim::may_claim(&act.thread(), &act.actor(), &act.rules)?;
        match act.tx.claim(id, user, act.now)? {
            Claim::Won => Ok(()),
            Claim::NotFound => Err(WebError::not_found()),
            Claim::Held(owner) => {
                let thread = Thread { owner: Some(PersonId(owner.0)), ..act.thread() };
                Ok(claim::may_claim(&thread, &act.actor(), &act.rules)?)
            }
        }
    })
    .await
}

/// Gives a conversation back to everybody: its claimer, or an admin.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/release", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, body = Conversation), (status = 403, description = "not_yours"), (status = 404, description = "not_found")))]
pub(in crate::web) async fn release(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Json<Conversation>, WebError> {
    act(&app, caller, id, move |act| {
        if act.before.owner.is_none() {
            return Ok(());
        }
        claim::may_release(&act.thread(), &act.actor())?;
        if act.tx.hand_over(id, act.before.owner, None, act.now)? {
            act.happened(Happened::Released, act.before.owner, None)?;
        }
        if act.before.owner != act.caller.user() {
            act.audit("conversation.released", json!({ "from": id_of(act.before.owner) }))?;
        }
        Ok(())
    })
    .await
}

fn id_of(user: Option<UserId>) -> Value {
    json!(user.map(|user| user.to_string()))
}

/// Who gets a conversation; one of the two.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Assignment {
    /// Id, address or phone of a user; null gives it to nobody.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub(in crate::web) user: Option<Option<String>>,
    /// The name of a team; null takes it from its team.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub(in crate::web) team: Option<Option<String>>,
}

/// Gives a conversation to a user or a team. Taking it from its claimer needs an admin where claims
/// are strict, and is audited.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/assign", tag = "conversations", params(("id" = String, Path)),
    request_body = Assignment,
    responses((status = 200, body = Conversation), (status = 403, description = "admin_required"), (status = 404, description = "not_found"),
        (status = 422, description = "user_unknown, user_inactive")))]
pub(in crate::web) async fn assign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
    Body(to): Body<Assignment>,
) -> Result<Json<Conversation>, WebError> {
    let settings = app.settings.clone();
    act(&app, caller, id, move |act| {
        if to.user.is_none() && to.team.is_none() {
            return Err(WebError::new(Code::FieldInvalid, "Name a user or a team."));
        }
        claim::may_take_over(&act.thread(), &act.actor(), &act.rules)?;
        if let Some(user) = to.user {
            let user = user.map(|word| crew::user_called(act.tx, &word, &settings)).transpose()?;
            let user = user.map(|user| crew::can_act(act.tx, user.id)).transpose()?;
            let (from, to) = (act.before.owner, user.map(|user| user.id));
            if from != to && act.tx.hand_over(id, from, to, act.now)? {
                let kind = if to.is_some() { Happened::Given } else { Happened::Released };
                act.happened(kind, to.or(from), None)?;
            }
            if from.is_some() && from != to {
                let detail = json!({ "from": id_of(from), "to": id_of(to) });
                act.audit("conversation.taken_over", detail)?;
            }
        }
        if let Some(team) = to.team {
            let team = team.map(|team| one_line("team", &team, 100)).transpose()?;
            let team = team.filter(|team| !team.is_empty());
            act.tx.give_to_team(id, team.as_deref(), act.now)?;
            if team != act.before.team {
                act.happened(Happened::Team, None, team)?;
            }
        }
        Ok(())
    })
    .await
}

/// Closes a conversation: its claimer, a participant or an admin. Nothing is deleted; traffic opens
/// it again.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/close", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, body = Conversation), (status = 403, description = "close_not_allowed"), (status = 404, description = "not_found")))]
pub(in crate::web) async fn close(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Json<Conversation>, WebError> {
    act(&app, caller, id, move |act| {
        claim::may_close(&act.thread(), &act.actor(), &act.rules)?;
        act.tx.close_conversation(id, act.now)?;
        if act.before.closed { Ok(()) } else { act.happened(Happened::Closed, None, None) }
    })
    .await
}

/// Opens a closed conversation again.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/reopen", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, body = Conversation), (status = 404, description = "not_found")))]
pub(in crate::web) async fn reopen(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Json<Conversation>, WebError> {
    act(&app, caller, id, move |act| {
        act.tx.reopen_conversation(id, act.now)?;
        if act.before.closed { act.happened(Happened::Reopened, None, None) } else { Ok(()) }
    })
    .await
}

/// Why a conversation is to be followed up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Flag {
    /// A word; null takes the flag off.
    pub(in crate::web) flag: Option<String>,
}

/// Flags a conversation for follow-up, whoever has it, open or closed.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/flag", tag = "conversations", params(("id" = String, Path)),
    request_body = Flag, responses((status = 200, body = Conversation), (status = 404, description = "not_found")))]
pub(in crate::web) async fn flag(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
    Body(Flag { flag }): Body<Flag>,
) -> Result<Json<Conversation>, WebError> {
    let flag = flag.map(|word| one_line("flag", &word, 50)).transpose()?;
    let flag = flag.filter(|word| !word.is_empty());
    act(&app, caller, id, move |act| {
        act.tx.set_flag(id, flag.as_deref(), act.now)?;
        match flag {
            flag if flag == act.before.flag => Ok(()),
            None => act.happened(Happened::Unflagged, None, None),
            flag => act.happened(Happened::Flagged, None, flag),
        }
    })
    .await
}

/// The tags of a conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Tags {
    /// All of them, each up to 50 characters.
    pub(in crate::web) tags: Vec<String>,
}

/// Sets a conversation's tags.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/tags", tag = "conversations", params(("id" = String, Path)),
    request_body = Tags, responses((status = 200, body = Conversation), (status = 422, description = "tag_too_long")))]
pub(in crate::web) async fn tags(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
    Body(Tags { tags }): Body<Tags>,
) -> Result<Json<Conversation>, WebError> {
    if tags.len() > 50 {
        return Err(WebError::new(Code::FieldInvalid, "tags holds at most 50."));
    }
    tags.iter().try_for_each(|tag| routing::check_tag(tag))?;
    act(&app, caller, id, move |act| Ok(act.tx.set_tags(id, &tags, act.now)?)).await
}

/// Marks a conversation as read for the acting user; to others it stays news.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/read", tag = "conversations", params(("id" = String, Path)),
    responses((status = 200, body = Conversation), (status = 404, description = "not_found")))]
pub(in crate::web) async fn read(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Json<Conversation>, WebError> {
    let viewer = caller.user();
    act(&app, caller, id, move |act| Ok(act.tx.mark_read_by(id, viewer, act.now)?)).await
}

/// Marks everything as read for the acting user; without one, for nobody in particular.
#[utoipa::path(post, path = "/api/v1/conversations/read", tag = "conversations", responses((status = 204)))]
pub(in crate::web) async fn read_all(
    State(app): State<App>,
    caller: Caller,
) -> Result<StatusCode, WebError> {
    if caller.line().is_some() {
        let detail = "A token bound to one line marks conversations one by one.";
        return Err(WebError::new(Code::Conflict, detail));
    }
    let viewer = caller.user();
    change(&app, move |tx, now| Ok(tx.mark_all_read(viewer, now)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Words for staff.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewNote {
    /// At most 5,000 characters; never sent.
    pub(in crate::web) text: String,
}

/// Adds a note to a conversation. Whom it names with an `@` takes part from then on, and is told.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/notes", tag = "conversations", params(("id" = String, Path)),
    request_body = NewNote, responses((status = 201, body = Note), (status = 404, description = "not_found")))]
pub(in crate::web) async fn notes(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
    Body(NewNote { text }): Body<NewNote>,
) -> Result<(StatusCode, Json<Note>), WebError> {
    if text.trim().is_empty() || text.chars().count() > LONGEST_NOTE {
        return Err(WebError::new(Code::FieldInvalid, "text has 1 to 5,000 characters."));
    }
    let made = change(&app, move |tx, now| {
        let this = seen(tx, &caller, id)?;
        let note = tx.add_note(id, &caller.author(), &text, now)?;
        mentions::bring_in(tx, &caller, &this, (note, &text), now)?;
        if let Some(user) = caller.user() {
            tx.owner_acted(id, user, now)?;
        }
        let all = tx.notes(id)?;
        all.into_iter().find(|one| one.id == note).ok_or_else(WebError::not_found)
    });
    let made = made.await?;
    app.bus.ring(Change::Conversation(id));
    Ok((StatusCode::CREATED, Json(made.into())))
}

/// Who takes part.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Participants {
    /// Ids, addresses or phones of users.
    pub(in crate::web) add: Vec<String>,
    pub(in crate::web) remove: Vec<String>,
}

/// Lets users take part, or no more: they see it among their own, note and close.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/participants", tag = "conversations", params(("id" = String, Path)),
    request_body = Participants,
    responses((status = 200, body = Conversation), (status = 404, description = "not_found"), (status = 422, description = "user_unknown, user_inactive")))]
pub(in crate::web) async fn participants(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
    Body(change): Body<Participants>,
) -> Result<Json<Conversation>, WebError> {
    let settings = app.settings.clone();
    act(&app, caller, id, move |act| {
        if change.add.len() + change.remove.len() > 100 {
            return Err(WebError::new(Code::FieldInvalid, "At most 100 users in one call."));
        }
        for word in &change.add {
            let user = crew::user_called(act.tx, word, &settings)?;
            let user = crew::can_act(act.tx, user.id)?.id;
            act.tx.add_participant(id, user, act.now)?;
            if !act.before.participants.contains(&user) && act.before.owner != Some(user) {
                act.happened(Happened::Joined, Some(user), None)?;
            }
        }
        for word in &change.remove {
            let user = crew::user_called(act.tx, word, &settings)?;
            act.tx.remove_participant(id, user.id, act.now)?;
            if act.before.participants.contains(&user.id) {
                act.happened(Happened::Left, Some(user.id), None)?;
            }
        }
        Ok(())
    })
    .await
}

/// With whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct With {
    /// A number, or a contact's id as `contact:7`.
    pub(in crate::web) with: String,
    /// Id, name, number or ICCID of the line to write from.
    pub(in crate::web) line: Option<String>,
}

/// Opens the conversation with a number or contact, new or existing; a closed one opens again.
#[utoipa::path(post, path = "/api/v1/conversations", tag = "conversations", request_body = With,
    responses((status = 200, body = Conversation), (status = 422, description = "number_invalid, contact_unknown, line_unknown")))]
pub(in crate::web) async fn open(
    State(app): State<App>,
    caller: Caller,
    Body(With { with, line }): Body<With>,
) -> Result<Json<Conversation>, WebError> {
    let (settings, viewer) = (app.settings.clone(), caller.user());
    let opened = change(&app, move |tx, now| {
        let (line, to) = match with.strip_prefix("contact:") {
            Some(id) => {
                let unknown =
                    || WebError::new(Code::ContactUnknown, "Use an id from GET /api/v1/contacts.");
                let id = id.parse().map_err(|_| unknown())?;
                let contact = tx.contact(id)?.ok_or_else(unknown)?;
                let number = contact.card.numbers.first().ok_or_else(|| {
                    WebError::new(Code::NumberInvalid, "The contact has no number: add one.")
                })?;
                accept::route(number.as_str(), line.as_deref(), tx, &caller, &settings)?
            }
            None => accept::route(&with, line.as_deref(), tx, &caller, &settings)?,
        };
        let id = tx.conversation_with(&to, line.id, now)?;
        tx.reopen_conversation(id, now)?;
        seen(tx, &caller, id)
    });
    let opened = opened.await?;
    app.bus.ring(Change::Conversation(opened.id));
    Ok(Json(Conversation::seen_by(viewer, opened)))
}

const LONGEST_NOTE: usize = 5_000;
