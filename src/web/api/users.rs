//! Users: people of ours, with a role to sign in by or only notified.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::contacts::one_line;
use super::{List, stamp};
use crate::bus::Change;
use crate::engine::{lint, routing, rules};
use crate::store::{self, Profile, ReadTx, Role, UserId};
use crate::types::{ConversationId, Number};
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id, Patch, given};
use crate::web::{App, Settings, crew};

/// A person of ours.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct User {
    id: String,
    first_name: String,
    last_name: String,
    email: String,
    /// In E.164.
    phone: Option<String>,
    /// `admin`, `agent`, `viewer` or `notified`.
    role: &'static str,
    active: bool,
    /// On duty: relays reach them.
    duty: bool,
    team: Option<String>,
    /// Has texted STOP to us: relays go to the next recipient.
    paused: bool,
    has_password: bool,
    /// The links in their notices ask for a PIN.
    has_pin: bool,
    /// Texts they may start by mail within a day.
    mail_quota: u32,
    created_at: String,
}

impl From<store::User> for User {
    fn from(user: store::User) -> Self {
        let profile = user.profile;
        Self {
            id: user.id.to_string(),
            first_name: profile.first_name,
            last_name: profile.last_name,
            email: profile.email,
            phone: profile.phone.map(|phone| phone.as_str().to_owned()),
            role: profile.role.as_str(),
            active: profile.active,
            duty: profile.duty,
            team: profile.team,
            paused: user.paused,
            has_password: user.has_password,
            has_pin: user.has_pin,
            mail_quota: user.mail_quota,
            created_at: stamp(user.created_at),
        }
    }
}

/// Everybody.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", responses((status = 200, body = List<User>)))]
pub(in crate::web) async fn list(State(app): State<App>) -> Result<Json<List<User>>, WebError> {
    let users = app.store.read(|tx| tx.users()).await?;
    Ok(Json(List::whole(users.into_iter().map(User::from).collect())))
}

/// What is set of a user; a change names only what changes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct UserSet {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    /// A mobile number, or null.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
    /// `admin`, `agent`, `viewer` or `notified`.
    role: Option<String>,
    active: Option<bool>,
    duty: Option<bool>,
    /// The team conversations can be given to, or null.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    team: Option<Option<String>>,
    /// Texts they may start by mail within a day; 0: none.
    mail_quota: Option<u32>,
}

impl UserSet {
    pub(in crate::web) fn onto(
        self,
        mut profile: Profile,
        id: Option<UserId>,
        tx: &ReadTx<'_>,
        settings: &Settings,
    ) -> Result<Profile, WebError> {
        if let Some(first) = self.first_name {
            profile.first_name = one_line("first_name", &first, LONGEST_NAME)?;
        }
        if let Some(last) = self.last_name {
            profile.last_name = one_line("last_name", &last, LONGEST_NAME)?;
        }
        if let Some(email) = self.email {
            profile.email = email.trim().to_owned();
        }
        if let Some(phone) = self.phone {
            profile.phone = phone.map(|text| mobile(&text, tx, settings)).transpose()?;
        }
        if let Some(role) = self.role {
            profile.role = Role::parse(&role).ok_or_else(|| {
                let detail = "role is admin, agent, viewer or notified.";
                WebError::new(Code::FieldInvalid, detail)
            })?;
        }
        if let Some(team) = self.team {
            profile.team = team.map(|team| one_line("team", &team, LONGEST_NAME)).transpose()?;
        }
        profile.active = self.active.unwrap_or(profile.active);
        profile.duty = self.duty.unwrap_or(profile.duty);
        whole(&profile, id, tx)?;
        Ok(profile)
    }
}

/// Somebody of whom nothing is said yet.
pub(in crate::web) fn nobody() -> Profile {
    Profile {
        first_name: String::new(),
        last_name: String::new(),
        email: String::new(),
        phone: None,
        role: Role::Notified,
        active: true,
        duty: true,
        team: None,
    }
}

fn mobile(text: &str, tx: &ReadTx<'_>, settings: &Settings) -> Result<Number, WebError> {
    match Number::parse(text, crew::country(tx, settings)?)? {
        number @ Number::E164(_) => Ok(number),
        _ => Err(WebError::new(Code::NumberInvalid, "phone is a whole number, not a short code.")),
    }
}

/// S107: whoever is told of texts can be reached; whoever signs in has an address of their own.
fn whole(profile: &Profile, id: Option<UserId>, tx: &ReadTx<'_>) -> Result<(), WebError> {
    let missing = |field: &str| {
        let detail = format!("{field} is required for the role {}.", profile.role.as_str());
        Err(WebError::new(Code::FieldInvalid, detail))
    };
    if profile.first_name.is_empty() {
        return missing("first_name");
    }
    if profile.email.is_empty() {
        return missing("email");
    }
    if profile.role == Role::Notified && profile.last_name.is_empty() {
        return missing("last_name");
    }
    if profile.role == Role::Notified && profile.phone.is_none() {
        return missing("phone");
    }
    if routing::check_emails(std::slice::from_ref(&profile.email), 1).is_err() {
        return Err(WebError::new(Code::FieldInvalid, "email is not an address."));
    }
    if profile.role != Role::Notified && tx.email_taken(&profile.email, id)? {
        let detail = "Somebody signs in with that address already. Change that user instead.";
        return Err(WebError::new(Code::EmailTaken, detail));
    }
    Ok(())
}

/// Adds somebody.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = UserSet,
    responses((status = 201, body = User), (status = 409, description = "email_taken"),
        (status = 422, description = "number_invalid")))]
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<UserSet>,
) -> Result<(StatusCode, Json<User>), WebError> {
    let settings = app.settings.clone();
    let made = change(&app, move |tx, now| {
        let quota = new.mail_quota;
        let profile = new.onto(nobody(), None, tx, &settings)?;
        let id = tx.create_user(&profile, now)?;
        tx.set_mail_quota(id, quota.unwrap_or(0))?;
        audit(tx, &caller, "user.created", id, json!({ "role": profile.role.as_str() }), now)?;
        tx.user(id)?.ok_or_else(WebError::not_found)
    });
    Ok((StatusCode::CREATED, Json(made.await?.into())))
}

/// One user.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 200, body = User), (status = 404, description = "not_found")))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    Id(id): Id<UserId>,
) -> Result<Json<User>, WebError> {
    let found = app.store.read(move |tx| tx.user(id)).await?;
    Ok(Json(found.ok_or_else(WebError::not_found)?.into()))
}

/// Changes a user. Who is deactivated gives back what they had claimed.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    request_body = UserSet,
    responses((status = 200, body = User), (status = 404, description = "not_found"),
        (status = 409, description = "email_taken, last_admin, user_in_use"),
        (status = 422, description = "phone_missing, email_missing, recipient_without_phone")))]
pub(in crate::web) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
    Patch { set, fields }: Patch<UserSet>,
) -> Result<Json<User>, WebError> {
    let settings = app.settings.clone();
    let changed = change(&app, move |tx, now| {
        let user = tx.user(id)?.ok_or_else(WebError::not_found)?;
        let before = user.profile.clone();
        if let Some(quota) = set.mail_quota {
            tx.set_mail_quota(id, quota)?;
        }
        let profile = set.onto(user.profile, Some(id), tx, &settings)?;
        let admin = |p: &Profile| p.active && p.role == Role::Admin;
        if admin(&before) && !admin(&profile) && tx.active_admins()? == 1 {
            return Err(last_admin());
        }
        let released = tx.save_user(id, &profile, now)?;
        still_fits(tx, id, &profile)?;
        audit(tx, &caller, "user.changed", id, json!({ "fields": fields }), now)?;
        let user = tx.user(id)?.ok_or_else(WebError::not_found)?;
        Ok((user, released))
    });
    let (user, released) = changed.await?;
    ring(&app, released);
    Ok(Json(user.into()))
}

/// E154: every line that names the user is still right with what the user is now.
fn still_fits(tx: &ReadTx<'_>, id: UserId, profile: &Profile) -> Result<(), WebError> {
    let rules = crew::rules(tx)?;
    for line in tx.lines_naming(id)? {
        let Some(settings) = tx.line_settings(line)? else { continue };
        if !profile.active {
            let detail = format!(
                "The line {:?} names this user. Choose somebody else there first.",
                settings.name
            );
            return Err(WebError::new(Code::UserInUse, detail));
        }
        let told: Vec<_> = settings.notified.iter().map(crew::notified).collect();
        if !told.is_empty() {
            lint::notified(&told, &rules)?;
        }
        let recipient = settings.response_recipient == Some(id);
        if let Some(person) = rules.person(rules::PersonId(id.0)).filter(|_| recipient) {
            lint::recipient(person, &rules)?;
        }
    }
    Ok(())
}

/// Forgets a user whom no line names. Deactivate those whose name should stay at what they did.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found"),
        (status = 409, description = "user_in_use, last_admin")))]
pub(in crate::web) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
) -> Result<StatusCode, WebError> {
    let released = change(&app, move |tx, now| {
        let user = tx.user(id)?.ok_or_else(WebError::not_found)?;
        if !tx.lines_naming(id)?.is_empty() {
            let detail = "A line names this user. Choose somebody else there first.";
            return Err(WebError::new(Code::UserInUse, detail));
        }
        let admin = user.profile.active && user.profile.role == Role::Admin;
        if admin && tx.active_admins()? == 1 {
            return Err(last_admin());
        }
        let released = tx.delete_user(id, now)?;
        audit(tx, &caller, "user.deleted", id, json!({}), now)?;
        Ok(released)
    });
    ring(&app, released.await?);
    Ok(StatusCode::NO_CONTENT)
}

fn last_admin() -> WebError {
    WebError::new(Code::LastAdmin, "Make somebody else an admin first.")
}

fn ring(app: &App, released: Vec<ConversationId>) {
    released.into_iter().for_each(|id| app.bus.ring(Change::Conversation(id)));
}

const LONGEST_NAME: usize = 100;
