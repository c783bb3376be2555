//! `/n/{key}`: the link in a notice opens one conversation for the person it was sent to, once, in
//! this browser, without a password (S113, C20).
//!
//! Looking at the link does nothing, because previews and mail scanners look at links too (E153);
//! the button spends it. Where a PIN is set the button asks for it, and a few wrong ones end the link.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::Frame;
use crate::store::{Author, LinkUse, NewSession, StoreError, THREAD_LINK_LIFE, UserId, WriteTx};
use crate::types::{ConversationId, Millis, Secret, UnixTime};
use crate::web::auth::{secret, session_cookie};
use crate::web::change::change;
use crate::web::error::WebError;
use crate::web::extract::Form;
use crate::web::peer::Peer;
use crate::web::{App, password};

/// Makes a link into one conversation for one person: the path to write behind the gateway's
/// address. It opens once, within a day.
pub async fn thread_link(
    app: &App,
    user: UserId,
    conversation: ConversationId,
) -> Result<String, StoreError> {
    let (key, now) = (secret(app, ""), app.now());
    let made = key.clone();
    let kept = app.store.write(move |tx| {
        tx.create_thread_link(&made, user, conversation, now.after(THREAD_LINK_LIFE), now)
    });
    kept.await?;
    Ok(format!("/n/{}", key.expose()))
}

#[derive(Template)]
#[template(path = "notice.html", config = "src/web/askama.toml")]
struct NoticePage {
    frame: Frame,
    key: String,
    step: Step,
}

/// Where the visitor stands.
enum Step {
    Open { pin: bool, wrong: bool },
    Over,
}

/// The page behind the link: a button, and nothing spent yet.
pub(in crate::web) async fn show(
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<Response, WebError> {
    match link(&app, &key).await? {
        Some(link) => page(&app, key, Step::Open { pin: link.pin.is_some(), wrong: false }),
        None => page(&app, key, Step::Over),
    }
}

/// The PIN, where one is set.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Pressed {
    pin: String,
}

/// Spends the link and opens its conversation.
pub(in crate::web) async fn open(
    State(app): State<App>,
    peer: Peer,
    Path(key): Path<String>,
    Form(Pressed { pin }): Form<Pressed>,
) -> Result<Response, WebError> {
    app.throttle.link(peer.address, app.now())?;
    let Some(found) = link(&app, &key).await? else { return page(&app, key, Step::Over) };
    if let Some(kept) = found.pin {
        let (given, kept) = (Secret::new(pin), Secret::new(kept));
        if !password::verify(&app, &given, Some(&kept)).await? {
            let tried = Secret::new(key.clone());
            app.store.write(move |tx| tx.wrong_pin(&tried)).await?;
            return match link(&app, &key).await? {
                Some(_) => page(&app, key, Step::Open { pin: true, wrong: true }),
                None => page(&app, key, Step::Over),
            };
        }
    }
    let (spent, cookie) = (Secret::new(key.clone()), secret(&app, ""));
    let session = cookie.clone();
    // One transaction: two browsers cannot both spend it.
    let opened = change(&app, move |tx, now| {
        let Some(link) = tx.spend_thread_link(&spent, now)? else { return Ok(None) };
        let browser = NewSession {
            user: link.user,
            cookie: session,
            browser: peer.browser,
            address: peer.address.to_string(),
        };
        enter(tx, &browser, link.conversation, now)?;
        let (author, subject) = (Author::of_user(link.user), link.conversation.to_string());
        tx.audit(&author, "conversation.opened_by_link", Some(subject), &json!({}), now)?;
        Ok(Some(link.conversation))
    });
    match opened.await? {
        Some(thread) => {
            let cookie = [(header::SET_COOKIE, session_cookie(&app, Some(&cookie)))];
            Ok((cookie, Redirect::to(&format!("/threads/{thread}"))).into_response())
        }
        None => page(&app, key, Step::Over),
    }
}

/// A browser that sees one conversation, as a link's reader.
pub(super) fn enter(
    tx: &WriteTx<'_>,
    browser: &NewSession,
    conversation: ConversationId,
    now: UnixTime,
) -> Result<(), StoreError> {
    let opened = tx.create_session(browser, now)?;
    tx.bind_session(opened, conversation, now.after(SESSION_LIFE))
}

async fn link(app: &App, key: &str) -> Result<Option<LinkUse>, WebError> {
    let (key, now) = (Secret::new(key), app.now());
    Ok(app.store.read(move |tx| tx.thread_link(&key, now)).await?)
}

fn page(app: &App, key: String, step: Step) -> Result<Response, WebError> {
    let status = match step {
        Step::Open { wrong: true, .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Step::Open { .. } => StatusCode::OK,
        Step::Over => StatusCode::GONE,
    };
    let html = NoticePage { frame: Frame::bare(app, "New text"), key, step }.render()?;
    Ok((status, Html(html)).into_response())
}

/// What it opens stays open for a working day.
const SESSION_LIFE: Millis = Millis::from_secs(12 * 3_600);
