//! The way in until accounts exist: a link that `run` and `demo` print opens one browser, once.
//!
//! Looking at the link does nothing, because mail scanners and chat previews look at links too;
//! the button on its page spends it.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Frame;
use crate::store::StoreError;
use crate::types::{Millis, Secret};
use crate::web::App;
use crate::web::auth::{end_session, secret, session_cookie};
use crate::web::error::WebError;
use crate::web::extract::{Form, Query};

/// Makes a fresh sign-in key. Whoever prints it writes
/// `<address>/signin?key=<key>`.
pub async fn new_link(app: &App) -> Result<Secret, StoreError> {
    let (key, now) = (secret(app, ""), app.now());
    let made = key.clone();
    app.store.write(move |tx| tx.create_sign_in_link(&made, now.after(LINK_LIFE), now)).await?;
    Ok(key)
}

#[derive(Template)]
#[template(path = "signin.html", config = "src/web/askama.toml")]
struct SignInPage {
    frame: Frame,
    step: Step,
}

/// Where the visitor stands.
enum Step {
    /// With a link in hand.
    Open { key: String },
    /// The link opens nothing any more.
    Used,
    /// Without one.
    Missing,
}

/// The key of a link.
#[derive(Deserialize)]
pub(in crate::web) struct Key {
    #[serde(default)]
    key: String,
}

/// The page behind the link: a button, and nothing spent yet.
pub(in crate::web) async fn show(
    State(app): State<App>,
    Query(Key { key }): Query<Key>,
) -> Result<Html<String>, WebError> {
    page(&app, if key.is_empty() { Step::Missing } else { Step::Open { key } })
}

/// Spends the link and starts a session.
pub(in crate::web) async fn open(
    State(app): State<App>,
    Form(Key { key }): Form<Key>,
) -> Result<Response, WebError> {
    let (link, cookie, now) = (Secret::new(key), secret(&app, ""), app.now());
    let session = cookie.clone();
    // One transaction: two browsers cannot both spend it.
    let opened = app.store.write(move |tx| tx.sign_in_by_link(&link, &session, now)).await?;
    if opened.is_none() {
        return Ok((StatusCode::GONE, page(&app, Step::Used)?).into_response());
    }
    let cookie = [(header::SET_COOKIE, session_cookie(&app, Some(&cookie)))];
    Ok((cookie, Redirect::to("/")).into_response())
}

/// Ends the session of this browser.
pub(in crate::web) async fn close(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    end_session(&app, &headers).await?;
    let cookie = [(header::SET_COOKIE, session_cookie(&app, None))];
    Ok((cookie, Redirect::to("/signin")).into_response())
}

fn page(app: &App, step: Step) -> Result<Html<String>, WebError> {
    Ok(Html(SignInPage { frame: Frame::bare(app, "Sign in"), step }.render()?))
}

/// Long enough to find the terminal again, short enough for a link that was left in a log.
const LINK_LIFE: Millis = Millis::from_secs(24 * 3_600);
