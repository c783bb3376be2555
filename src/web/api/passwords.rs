//! A user's password, set or taken away by an admin.

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
