//! A fresh sign-in link, for whoever has the data folder but no browser signed in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::App;
use crate::web::error::WebError;
use crate::web::pages::signin::new_link;

/// A link that opens one browser, once, within 24 hours.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct SignInLink {
    /// To be put behind the gateway's address.
    path: String,
}

/// Makes a sign-in link, as `run` and `demo` print one.
#[utoipa::path(post, path = "/api/v1/sign-in-links", tag = "tokens", responses((status = 201, body = SignInLink)))]
pub(in crate::web) async fn create(
    State(app): State<App>,
) -> Result<(StatusCode, Json<SignInLink>), WebError> {
    let key = new_link(&app).await?;
    let path = format!("/signin?key={}", key.expose());
    Ok((StatusCode::CREATED, Json(SignInLink { path })))
}
