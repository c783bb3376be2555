//! What is kept about one number, from its conversation: given out as a file, erased for good, or
//! cut off because the number has a new owner.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::Frame;
use super::inbox::called;
use crate::store::Conversation;
use crate::types::ConversationId;
use crate::web::App;
use crate::web::api::conversations::seen;
use crate::web::api::merges;
use crate::web::api::numbers::{self, Whose};
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::{Body, Id, Query};

#[derive(Template)]
#[template(path = "erase.html", config = "src/web/askama.toml")]
struct ErasePage {
    frame: Frame,
    id: ConversationId,
    name: String,
}

async fn one(app: &App, caller: &Caller, id: ConversationId) -> Result<Conversation, WebError> {
    let caller = caller.clone();
    app.store.read(move |tx| Ok(seen(tx, &caller, id))).await?
}

#[derive(Template)]
#[template(path = "new_owner.html", config = "src/web/askama.toml")]
struct NewOwnerPage {
    frame: Frame,
    id: ConversationId,
    name: String,
    number: String,
}

/// Asks once more whether the number has a new owner (E137).
pub(in crate::web) async fn ask_new_owner(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Html<String>, WebError> {
    let this = one(&app, &caller, id).await?;
    let frame = Frame::of(&app, &caller, "A new owner", "/", "thread").await?;
    let number = this.number.as_str().to_owned();
    Ok(Html(NewOwnerPage { frame, id, name: called(&this), number }.render()?))
}

/// Cuts what was written with the earlier owner.
pub(in crate::web) async fn new_owner(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Redirect, WebError> {
    merges::new_owner(State(app), caller, Id(id)).await.map(drop)?;
    Ok(Redirect::to(&format!("/threads/{id}")))
}

/// Everything kept about the number, as a file.
pub(in crate::web) async fn export(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Response, WebError> {
    let number = one(&app, &caller, id).await?.number.as_str().to_owned();
    let Json(dossier) = numbers::export(State(app), caller, Query(Whose { number })).await?;
    let name = format!("attachment; filename=\"conversation-{id}.json\"");
    Ok(([(header::CONTENT_DISPOSITION, name)], Json(dossier)).into_response())
}

/// Asks once more.
pub(in crate::web) async fn ask(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Html<String>, WebError> {
    let name = called(&one(&app, &caller, id).await?);
    let frame = Frame::of(&app, &caller, "Erase", "/", "thread").await?;
    Ok(Html(ErasePage { frame, id, name }.render()?))
}

/// Erases it.
pub(in crate::web) async fn erase(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ConversationId>,
) -> Result<Redirect, WebError> {
    let number = one(&app, &caller, id).await?.number.as_str().to_owned();
    numbers::erase(State(app), caller, Body(Whose { number })).await.map(drop)?;
    Ok(Redirect::to("/"))
}
