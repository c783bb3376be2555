//! The secret that events to other programs are signed with (docs/reference/webhooks.md).

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::email::base64;
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::WebError;

/// What a receiver checks signatures with.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct WebhookSecret {
    /// `whsec_` and a key in base64, as Standard Webhooks writes it.
    secret: String,
}

impl WebhookSecret {
    fn of(key: &[u8; 32]) -> Json<Self> {
        Json(Self { secret: format!("whsec_{}", base64(key)) })
    }
}

fn fresh(app: &App) -> [u8; 32] {
    let mut key = [0; 32];
    (app.random)(&mut key);
    key
}

/// The secret in use; made when it is first asked for.
#[utoipa::path(get, path = "/api/v1/webhooks/secret", tag = "rules",
    responses((status = 200, body = WebhookSecret)))]
pub(in crate::web) async fn show(State(app): State<App>) -> Result<Json<WebhookSecret>, WebError> {
    let (fresh, now) = (fresh(&app), app.now());
    let key = app.store.write(move |tx| tx.webhook_key(&fresh, now)).await?;
    Ok(WebhookSecret::of(&key))
}

/// A new secret. For a day events are signed with the one before as well.
#[utoipa::path(post, path = "/api/v1/webhooks/secret", tag = "rules",
    responses((status = 200, body = WebhookSecret)))]
pub(in crate::web) async fn renew(
    State(app): State<App>,
    caller: Caller,
) -> Result<Json<WebhookSecret>, WebError> {
    let fresh = fresh(&app);
    let renewed = change(&app, move |tx, now| {
        tx.change_webhook_key(&fresh, now)?;
        audit(tx, &caller, "webhook.secret_renewed", "", json!({}), now)
    });
    renewed.await?;
    Ok(WebhookSecret::of(&fresh))
}
