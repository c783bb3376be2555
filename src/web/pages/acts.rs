//! What is done to a conversation from its page. Each is a plain form; whether somebody may is
//! asked by the same acts as the API's.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::Extent;
use super::inbox::View;
use crate::bus::Change;
use crate::types::ConversationId;
use crate::web::App;
use crate::web::api::consent::{self, ByHand};
use crate::web::api::conversations::seen;
use crate::web::api::threads::{self, Assignment, Flag, NewNote, Participants, Tags};
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Form, Id, Query};

/// A button of the page, and the box beside it.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Pressed {
    act: String,
    user: String,
    team: String,
    word: String,
    text: String,
    tags: String,
    /// How an opt-out was told.
    how: String,
    /// Pressed although something is unfinished.
    confirm: String,
}

/// Carries a button out and shows the conversation as it is then.
pub(in crate::web) async fn press(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Id(id): Id<ConversationId>,
    Query(view): Query<View>,
    Form(pressed): Form<Pressed>,
) -> Result<Response, WebError> {
    let closing = pressed.act == "close";
    if closing
        && pressed.confirm.is_empty()
        && let Some(words) = unfinished(&app, &caller, id).await?
    {
        return ask_first(&app, &caller, Extent::of(&headers), id, view, words).await;
    }
    carry_out(&app, caller, id, pressed).await?;
    Ok(match Extent::of(&headers) {
        Extent::Fragment => StatusCode::NO_CONTENT.into_response(),
        // What is closed is done with: the list is what comes next (S154).
        Extent::Whole if closing => Redirect::to(&format!("/{}", view.query())).into_response(),
        Extent::Whole => Redirect::to(&format!("/threads/{id}{}", view.query())).into_response(),
    })
}

/// What closing would leave undone: the closer's own draft, texts that are still to leave (E127).
async fn unfinished(
    app: &App,
    caller: &Caller,
    id: ConversationId,
) -> Result<Option<String>, WebError> {
    let caller = caller.clone();
    let read = app.store.read(move |tx| {
        let found = || {
            let this = seen(tx, &caller, id)?;
            // Whoever may not close it is told that instead.
            if !super::thread::may_close(tx, &caller, &this)? {
                return Ok((None, 0));
            }
            Ok::<_, WebError>((tx.draft(&caller.key_space(), id)?, this.scheduled))
        };
        Ok(found())
    });
    let (draft, scheduled) = read.await??;
    let draft = draft.filter(|draft| !draft.text.trim().is_empty());
    let draft = draft.map(|_| "You have not sent what you wrote; it stays here as your draft.");
    let scheduled = match scheduled {
        0 => None,
        1 => Some("One text is still to leave; it leaves all the same.".to_owned()),
        n => Some(format!("{n} texts are still to leave; they leave all the same.")),
    };
    let words: Vec<String> = draft.map(str::to_owned).into_iter().chain(scheduled).collect();
    Ok((!words.is_empty()).then(|| words.join(" ")))
}

/// The page with the question whether to close all the same, or the question alone.
async fn ask_first(
    app: &App,
    caller: &Caller,
    extent: Extent,
    id: ConversationId,
    view: View,
    words: String,
) -> Result<Response, WebError> {
    let mut pane = super::thread::pane(app, caller, id, &view, None).await?;
    let html = match extent {
        Extent::Fragment => pane.ask_closing(words).render()?,
        Extent::Whole => {
            pane.ask_closing(words);
            super::inbox::render(app, caller, view, Some(pane)).await?
        }
    };
    Ok((StatusCode::CONFLICT, Html(html)).into_response())
}

/// A person has read the words that may have been an opt-out, and found that they were none (E81).
async fn not_meant(app: &App, caller: Caller, id: ConversationId) -> Result<(), WebError> {
    change(app, move |tx, now| {
        seen(tx, &caller, id)?;
        tx.set_possible_opt_out(id, false, now)?;
        audit(tx, &caller, "consent.not_meant", id, json!({}), now)
    })
    .await?;
    app.bus.ring(Change::Conversation(id));
    Ok(())
}

/// Opts the conversation's number out, as somebody told us.
async fn opt_out(
    app: &App,
    caller: Caller,
    id: ConversationId,
    how: String,
) -> Result<(), WebError> {
    let asking = caller.clone();
    let this = app.store.read(move |tx| Ok(seen(tx, &asking, id))).await??;
    let (number, state) = (this.number.as_str().to_owned(), "out".to_owned());
    let told = Body(ByHand { number, state, how, line: None });
    consent::record(State(app.clone()), caller, told).await.map(drop)?;
    app.bus.ring(Change::Conversation(id));
    Ok(())
}

async fn carry_out(
    app: &App,
    caller: Caller,
    id: ConversationId,
    pressed: Pressed,
) -> Result<(), WebError> {
    let Pressed { act, user, team, word, text, tags, how, confirm: _ } = pressed;
    match act.as_str() {
        "opt_out" => return opt_out(app, caller, id, how).await,
        "not_opt_out" => return not_meant(app, caller, id).await,
        _ => {}
    }
    let app = State(app.clone());
    match act.as_str() {
        "claim" => threads::claim(app, caller, Id(id)).await.map(drop),
        "release" => threads::release(app, caller, Id(id)).await.map(drop),
        "close" => threads::close(app, caller, Id(id)).await.map(drop),
        "reopen" => threads::reopen(app, caller, Id(id)).await.map(drop),
        "take" => {
            let me = Some(Some(caller.acting()?.to_string()));
            let to = Body(Assignment { user: me, team: None });
            threads::assign(app, caller, Id(id), to).await.map(drop)
        }
        "give" => {
            let to = Body(Assignment { user: Some(Some(user)), team: None });
            threads::assign(app, caller, Id(id), to).await.map(drop)
        }
        "team" => {
            let team = Some(team).filter(|team| !team.trim().is_empty());
            let to = Body(Assignment { user: None, team: Some(team) });
            threads::assign(app, caller, Id(id), to).await.map(drop)
        }
        "flag" => {
            let word = if word.trim().is_empty() { "follow up".to_owned() } else { word };
            threads::flag(app, caller, Id(id), Body(Flag { flag: Some(word) })).await.map(drop)
        }
        "unflag" => threads::flag(app, caller, Id(id), Body(Flag { flag: None })).await.map(drop),
        "join" | "leave" => {
            let me = caller.acting()?.to_string();
            let change = members(&act, me);
            threads::participants(app, caller, Id(id), Body(change)).await.map(drop)
        }
        "add" | "remove" => {
            let change = members(&act, user);
            threads::participants(app, caller, Id(id), Body(change)).await.map(drop)
        }
        "tags" => {
            let words = tags.split(',').map(str::trim).filter(|tag| !tag.is_empty());
            let tags = Tags { tags: words.map(str::to_owned).collect() };
            threads::tags(app, caller, Id(id), Body(tags)).await.map(drop)
        }
        "note" => threads::notes(app, caller, Id(id), Body(NewNote { text })).await.map(drop),
        _ => Err(WebError::new(Code::FieldInvalid, "The page is old. Load it again.")),
    }
}

fn members(act: &str, user: String) -> Participants {
    match act {
        "join" | "add" => Participants { add: vec![user], remove: Vec::new() },
        _ => Participants { add: Vec::new(), remove: vec![user] },
    }
}

/// The page is looked at: nothing in it is news to its viewer any more.
pub(in crate::web) async fn read(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<StatusCode, WebError> {
    super::thread::look(&app, &caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Marks everything as read (S145).
pub(in crate::web) async fn read_all(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Query(view): Query<View>,
) -> Result<Response, WebError> {
    threads::read_all(State(app.clone()), caller).await?;
    // Which one does not matter: every page looks again.
    app.bus.ring(Change::Conversation(ConversationId(0)));
    Ok(match Extent::of(&headers) {
        Extent::Fragment => StatusCode::NO_CONTENT.into_response(),
        Extent::Whole => Redirect::to(&format!("/{}", view.query())).into_response(),
    })
}

/// How a page is looked at.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Looking {
    /// `here`, `writing` or `gone`.
    how: String,
}

/// Tells the others who looks at a conversation and who writes.
pub(in crate::web) async fn presence(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
    Form(Looking { how }): Form<Looking>,
) -> Result<StatusCode, WebError> {
    let (asking, viewer) = (caller.clone(), caller.user());
    let read = app.store.read(move |tx| {
        let user = viewer.map(|user| tx.user(user)).transpose()?.flatten();
        let known = seen(tx, &asking, id).map(drop);
        Ok((known, user))
    });
    let (known, user) = read.await?;
    known?;
    let name = user.map_or_else(|| "Admin".to_owned(), |user| user.name());
    let key = caller.key_space();
    let news = match how.as_str() {
        "gone" => app.presence.gone(id, &key),
        how => app.presence.here(id, &key, &name, how == "writing", app.now()),
    };
    if news {
        app.bus.ring(Change::Presence(id));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Opens the conversation with a number or contact.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct With {
    with: String,
}

/// Opens a conversation, new or existing; a closed one opens again (S144, S155).
pub(in crate::web) async fn open(
    State(app): State<App>,
    caller: Caller,
    Form(With { with }): Form<With>,
) -> Result<Redirect, WebError> {
    let with = Body(threads::With { with, line: None });
    let Json(opened) = threads::open(State(app), caller, with).await?;
    Ok(Redirect::to(&format!("/threads/{}", opened.id)))
}
