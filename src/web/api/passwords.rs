//! What a user proves themselves with, set or taken away by an admin: the password they sign in
//! with, and the PIN that the links in their notices ask for (C20).

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::store::{Role, UserId};
use crate::types::Secret;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id};
use crate::web::{App, password};

/// What a user signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct PasswordSet {
    /// At least ten characters; null takes the password away.
    #[schema(value_type = Option<String>)]
    password: Option<String>,
}

/// Sets a user's password, or takes it away. It is kept as a hash and never shown.
#[utoipa::path(post, path = "/api/v1/users/{id}/password", tag = "users",
    params(("id" = String, Path)), request_body = PasswordSet,
    responses((status = 204), (status = 404, description = "not_found"),
        (status = 422, description = "password_weak, user_inactive")))]
pub(in crate::web) async fn set(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
    Body(PasswordSet { password }): Body<PasswordSet>,
) -> Result<StatusCode, WebError> {
    let user = app.store.read(move |tx| tx.user(id)).await?.ok_or_else(WebError::not_found)?;
    let hash = match password.map(Secret::new) {
        None => None,
        Some(_) if user.profile.role == Role::Notified => {
            let detail = "Who is only notified does not sign in. Give them another role first.";
            return Err(WebError::new(Code::UserInactive, detail));
        }
        Some(password) => {
            password::check(&password, &user.profile)?;
            Some(password::hash(&app, &password).await?)
        }
    };
    change(&app, move |tx, now| {
        tx.user(id)?.ok_or_else(WebError::not_found)?;
        tx.set_password_hash(id, hash.as_ref(), now)?;
        let action = if hash.is_some() { "user.password_set" } else { "user.password_removed" };
        audit(tx, &caller, action, id, json!({}), now)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the links in a user's notices ask for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct PinSet {
    /// 4 to 12 digits; null takes the PIN away.
    #[schema(value_type = Option<String>)]
    pin: Option<String>,
}

/// Sets the PIN that the links in a user's notices ask for, or takes it away. It is kept as a hash
/// and never shown.
#[utoipa::path(post, path = "/api/v1/users/{id}/pin", tag = "users",
    params(("id" = String, Path)), request_body = PinSet,
    responses((status = 204), (status = 404, description = "not_found")))]
pub(in crate::web) async fn set_pin(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
    Body(PinSet { pin }): Body<PinSet>,
) -> Result<StatusCode, WebError> {
    keep_pin(&app, caller, id, pin.map(Secret::new)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps the hash of a PIN, or forgets it.
pub(in crate::web) async fn keep_pin(
    app: &App,
    caller: Caller,
    id: UserId,
    pin: Option<Secret>,
) -> Result<(), WebError> {
    let hash = match pin {
        None => None,
        Some(pin) => {
            let digits = pin.expose().bytes().all(|octet| octet.is_ascii_digit());
            if !digits || !(4..=12).contains(&pin.expose().len()) {
                return Err(WebError::new(Code::FieldInvalid, "A PIN has 4 to 12 digits."));
            }
            Some(password::hash(app, &pin).await?)
        }
    };
    change(app, move |tx, now| {
        tx.user(id)?.ok_or_else(WebError::not_found)?;
        tx.set_link_pin(id, hash.as_ref(), now)?;
        let action = if hash.is_some() { "user.pin_set" } else { "user.pin_removed" };
        audit(tx, &caller, action, id, json!({}), now)
    })
    .await
}
