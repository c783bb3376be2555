//! `/h/{key}`: the author of a text that waits lets it go or drops it, from the mail that asked; where
//! somebody else has the conversation, it becomes the author's in the same step (C6, E58, E60).
//!
//! Looking at the link does nothing, because mail scanners look at links too (E153); a button spends
//! it, after the PIN where one is set. What may be done is asked when the button is pressed: who had a
//! right when the mail was written may have lost it since.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::{Frame, notice};
use crate::bus::Change;
use crate::engine::claim::{self, Verdict};
use crate::engine::facts::Thread;
use crate::engine::rules::{Person, PersonId};
use crate::store::{
    Author, AuthorKind, Conversation, Happened, HeldUse, Message, NewHappening, NewSession,
    Settled, UserId, WriteTx,
};
use crate::types::{ConversationId, Secret, UnixTime};
use crate::web::auth::{secret, session_cookie};
use crate::web::change::change;
use crate::web::error::{Code, WebError};
use crate::web::extract::Form;
use crate::web::peer::Peer;
use crate::web::{App, crew, password};

#[derive(Template)]
#[template(path = "held.html", config = "src/web/askama.toml")]
struct HeldPage {
    frame: Frame,
    key: String,
    step: Step,
}

/// Where the visitor stands.
enum Step {
    Ask(Question),
    Sent,
    Dropped,
    Over,
}

/// The text and why it waits; its words only where no PIN protects them.
struct Question {
    text: Option<String>,
    why: String,
    takes_over: bool,
    pin: bool,
    wrong: bool,
}

/// The page behind the link: two buttons, and nothing spent yet.
pub(in crate::web) async fn show(
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<Response, WebError> {
    ask(&app, key, false).await
}

/// The button, and the PIN where one is set.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Pressed {
    act: String,
    pin: String,
}

/// Spends the link on the button's word.
pub(in crate::web) async fn decide(
    State(app): State<App>,
    peer: Peer,
    Path(key): Path<String>,
    Form(Pressed { act, pin }): Form<Pressed>,
) -> Result<Response, WebError> {
    app.throttle.link(peer.address, app.now())?;
    let sends = match act.as_str() {
        "send" => true,
        "drop" => false,
        _ => return Err(WebError::new(Code::FieldInvalid, "The page is old. Load it again.")),
    };
    let Some((link, _)) = waiting(&app, &key).await? else { return page(&app, key, Step::Over) };
    if let Some(kept) = link.pin {
        let (given, kept) = (Secret::new(pin), Secret::new(kept));
        if !password::verify(&app, &given, Some(&kept)).await? {
            let tried = Secret::new(key.clone());
            app.store.write(move |tx| tx.wrong_pin_for_held(&tried)).await?;
            return ask(&app, key, true).await;
        }
    }
    let (spent, cookie) = (Secret::new(key.clone()), secret(&app, ""));
    let session = cookie.clone();
    // One transaction: the link is spent exactly when the text has left its place.
    let decided = change(&app, move |tx, now| {
        let Some(link) = tx.spend_held_link(&spent, now)? else { return Ok(None) };
        let message = tx.message(link.message)?.ok_or_else(WebError::not_found)?;
        let thread = message.conversation.ok_or_else(WebError::not_found)?;
        if sends {
            send(tx, &link, &message, thread, now)?;
        } else {
            tx.drop_message(message.id, now)?;
            // Who drops it needs no mail about it.
            tx.mail_fate_told(message.id)?;
        }
        if let Some(user) = link.user {
            let browser = NewSession {
                user,
                cookie: session,
                browser: peer.browser,
                address: peer.address.to_string(),
            };
            notice::enter(tx, &browser, thread, now)?;
        }
        Ok(Some((link, thread)))
    });
    let Some((link, thread)) = decided.await? else { return page(&app, key, Step::Over) };
    app.bus.ring(Change::Message(link.message));
    app.bus.ring(Change::Conversation(thread));
    app.bus.ring(Change::Queue);
    match link.user {
        Some(_) => {
            let cookie = [(header::SET_COOKIE, session_cookie(&app, Some(&cookie)))];
            Ok((cookie, Redirect::to(&format!("/threads/{thread}"))).into_response())
        }
        None => page(&app, key, if sends { Step::Sent } else { Step::Dropped }),
    }
}

/// Lets the text go, if its author may answer there now; takes the conversation over first, if that
/// is what the link is for.
fn send(
    tx: &WriteTx<'_>,
    link: &HeldUse,
    message: &Message,
    thread: ConversationId,
    now: UnixTime,
) -> Result<(), WebError> {
    let before = tx.conversation(thread)?.ok_or_else(WebError::not_found)?;
    let rules = crew::claim_rules(tx, Some(message.line))?;
    let user = link.user.map(|user| tx.user(user)).transpose()?.flatten();
    let who = user.as_ref().map_or_else(Person::default, crew::person);
    let state = Thread {
        closed: before.closed,
        owner: before.owner.map(|owner| PersonId(owner.0)),
        participants: before.participants.iter().map(|user| PersonId(user.0)).collect(),
    };
    match user.filter(|user| link.takes_over && user.profile.acts()) {
        Some(user) => {
            claim::may_take_over(&state, &who, &rules)?;
            take_over(tx, &before, user.id, now)?;
        }
        None => match rules.line.claims.reply_from_outside(&state, &who, &rules) {
            Verdict::Go { .. } => {}
            Verdict::Ask(refusal) | Verdict::No(refusal) => return Err(refusal.into()),
        },
    }
    let author = match link.user {
        Some(user) => Author::of_user(user),
        None => Author { kind: AuthorKind::Email, id: Some(link.author.clone()) },
    };
    let detail = json!({ "takes_over": link.takes_over });
    tx.audit(&author, "message.sent_on_by_link", Some(message.id.to_string()), &detail, now)?;
    match tx.send_on(message.id, now)? {
        Settled::Done(_) => Ok(()),
        Settled::Refused(_) | Settled::NotFound => Err(WebError::not_found()),
    }
}

fn take_over(
    tx: &WriteTx<'_>,
    before: &Conversation,
    user: UserId,
    now: UnixTime,
) -> Result<(), WebError> {
    if before.owner == Some(user) || !tx.hand_over(before.id, before.owner, Some(user), now)? {
        return Ok(());
    }
    let author = Author::of_user(user);
    let taken = NewHappening {
        kind: Happened::Given,
        author: Some(author.clone()),
        user: Some(user),
        word: None,
    };
    tx.happened(before.id, &taken, now)?;
    let from = before.owner.map(|owner| owner.to_string());
    let detail = json!({ "from": from, "to": user.to_string(), "by": "mail" });
    let about = Some(before.id.to_string());
    Ok(tx.audit(&author, "conversation.taken_over", about, &detail, now)?)
}

/// What the link decides about, while it waits.
async fn waiting(app: &App, key: &str) -> Result<Option<(HeldUse, Message)>, WebError> {
    let (key, now) = (Secret::new(key), app.now());
    let read = app.store.read(move |tx| {
        let Some(link) = tx.held_link(&key, now)? else { return Ok(None) };
        Ok(tx.message(link.message)?.map(|message| (link, message)))
    });
    Ok(read.await?)
}

async fn ask(app: &App, key: String, wrong: bool) -> Result<Response, WebError> {
    let Some((link, message)) = waiting(app, &key).await? else {
        return page(app, key, Step::Over);
    };
    let question = Question {
        text: link.pin.is_none().then_some(message.text),
        why: message.hold.unwrap_or_default(),
        takes_over: link.takes_over,
        pin: link.pin.is_some(),
        wrong,
    };
    page(app, key, Step::Ask(question))
}

fn page(app: &App, key: String, step: Step) -> Result<Response, WebError> {
    let status = match &step {
        Step::Ask(question) if question.wrong => StatusCode::UNPROCESSABLE_ENTITY,
        Step::Ask(_) | Step::Sent | Step::Dropped => StatusCode::OK,
        Step::Over => StatusCode::GONE,
    };
    let html = HeldPage { frame: Frame::bare(app, "A text waits"), key, step }.render()?;
    Ok((status, Html(html)).into_response())
}
