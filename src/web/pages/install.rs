//! What makes the inbox an application of a phone or desk: its manifest, its worker, a page for
//! when the gateway is away, and an icon that counts.

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::json;

use crate::web::App;
use crate::web::assets::Addresses;
use crate::web::error::WebError;

/// The application's name, colours and icons.
pub(in crate::web) async fn manifest(State(app): State<App>) -> Response {
    let icon = |size: &str, src: &str, purpose: &str| json!({ "src": src, "sizes": size, "type": "image/png", "purpose": purpose });
    let (small, large) = (Addresses.icon_small(), Addresses.icon_large());
    let manifest = json!({
        "id": "/",
        "name": format!("{} texts", app.settings.organisation),
        "short_name": app.settings.organisation,
        "description": "Texts of your own lines",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f5f7",
        "theme_color": "#1b5fc1",
        "icons": [
            icon("192x192", small, "any"),
            icon("512x512", large, "any"),
            icon("512x512", large, "maskable"),
        ],
        "shortcuts": [{ "name": "New text", "url": "/new" }],
    });
    let kind = [(header::CONTENT_TYPE, "application/manifest+json")];
    (kind, Json(manifest).into_response().into_body()).into_response()
}

/// The worker; a browser asks for it anew by itself.
pub(in crate::web) async fn worker() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, include_str!("../assets/sw.js")).into_response()
}

/// What browsers ask for beside pages that name no icon, such as a file.
pub(in crate::web) async fn favicon() -> Redirect {
    Redirect::permanent(Addresses.mark())
}

#[derive(Template)]
#[template(path = "offline.html", config = "src/web/askama.toml")]
struct OfflinePage {
    organisation: String,
    /// The style sheet is kept by the browser: its address changes with its content.
    assets: Addresses,
}

/// What the worker shows when the gateway cannot be reached. Without the style sheet it is still read.
pub(in crate::web) async fn offline(State(app): State<App>) -> Result<Html<String>, WebError> {
    let organisation = app.settings.organisation.clone();
    Ok(Html(OfflinePage { organisation, assets: Addresses }.render()?))
}

#[derive(Template)]
#[template(path = "badge.svg", config = "src/web/askama.toml", escape = "html")]
struct Badge {
    count: String,
}

/// The page's icon with the number of unread texts.
pub(in crate::web) async fn badge(Path(count): Path<u32>) -> Result<Response, WebError> {
    let count = if count > 99 { "99".to_owned() } else { count.to_string() };
    let headers =
        [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")];
    Ok((headers, Badge { count }.render()?).into_response())
}
