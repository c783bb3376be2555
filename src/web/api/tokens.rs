//! Tokens: what programs sign in with. The secret is shown once, when it is made.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::{List, stamp};
use crate::store::{self, TokenId};
use crate::types::UnixTime;
use crate::web::App;
use crate::web::auth::{Caller, SCOPES, secret};
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id};

/// A token without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Token {
    id: String,
    name: String,
    /// Its first characters.
    hint: String,
    /// `send`, `read`, `admin`.
    scopes: Vec<String>,
    /// The only line it is good for.
    line: Option<String>,
    created_at: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    /// To the hour.
    last_used_at: Option<String>,
}

impl From<store::Token> for Token {
    fn from(token: store::Token) -> Self {
        Self {
            id: token.id.to_string(),
            name: token.name,
            hint: token.hint,
            scopes: token.scopes,
            line: token.line.map(|line| line.to_string()),
            created_at: stamp(token.created_at),
            expires_at: token.expires_at.map(stamp),
            revoked_at: token.revoked_at.map(stamp),
            last_used_at: token.last_used_at.map(stamp),
        }
    }
}

/// Every token, revoked ones too.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", responses((status = 200, body = List<Token>)))]
pub(in crate::web) async fn list(State(app): State<App>) -> Result<Json<List<Token>>, WebError> {
    let tokens = app.store.read(|tx| tx.tokens()).await?;
    Ok(Json(List::whole(tokens.into_iter().map(Token::from).collect())))
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct NewToken {
    /// What it is for.
    name: String,
    /// Some of `send`, `read`, `admin`; the last includes the others.
    scopes: Vec<String>,
    /// The only line it is good for.
    line: Option<String>,
    /// When it ends (RFC 3339).
    expires_at: Option<String>,
}

/// A token just made.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Made {
    id: String,
    /// `sg_...`: shown now and never again.
    token: String,
}

/// Makes a token.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = NewToken,
    responses((status = 201, body = Made), (status = 422, description = "scope_unknown, line_unknown, time_invalid")))]
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<NewToken>,
) -> Result<(StatusCode, Json<Made>), WebError> {
    if new.name.trim().is_empty() || new.name.chars().count() > 100 {
        return Err(WebError::new(Code::FieldInvalid, "name has 1 to 100 characters."));
    }
    if new.scopes.is_empty() || !new.scopes.iter().all(|word| SCOPES.contains(&word.as_str())) {
        return Err(WebError::new(Code::ScopeUnknown, "scopes holds send, read or admin."));
    }
    let expires_at = new.expires_at.as_deref().map(|text| end(text, app.now())).transpose()?;
    let wanted = new.line;
    let line =
        app.store.read(move |tx| wanted.map(|word| tx.line_called(&word)).transpose()).await?;
    if let Some(None) = line {
        return Err(WebError::new(Code::LineUnknown, "Use an id from GET /api/v1/lines."));
    }
    let token = secret(&app, "sg_");
    let made = store::NewToken {
        name: new.name,
        secret: token.clone(),
        scopes: new.scopes,
        line: line.flatten().map(|line| line.id),
        expires_at,
    };
    let id = change(&app, move |tx, now| {
        let id = tx.create_token(&made, now)?;
        audit(tx, &caller, "token.created", id, json!({ "scopes": made.scopes }), now)?;
        Ok(id)
    })
    .await?;
    let made = Made { id: id.to_string(), token: token.expose().to_owned() };
    Ok((StatusCode::CREATED, Json(made)))
}

fn end(text: &str, now: UnixTime) -> Result<UnixTime, WebError> {
    UnixTime::parse_rfc3339(text).filter(|end| *end > now).ok_or_else(|| {
        WebError::new(Code::TimeInvalid, "expires_at is a time to come, as 2027-01-31T00:00:00Z.")
    })
}

/// Ends a token at once.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "tokens", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found")))]
pub(in crate::web) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TokenId>,
) -> Result<StatusCode, WebError> {
    change(&app, move |tx, now| match tx.revoke_token(id, now)? {
        true => audit(tx, &caller, "token.revoked", id, json!({}), now),
        false => Err(WebError::not_found()),
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
