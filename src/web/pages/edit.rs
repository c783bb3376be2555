//! What is kept in a list and written on a form of its own: templates, rules, prompts.
//!
//! A [`Subject`] says what is particular to one of them: its boxes, the body they make, the API's
//! acts. What is the same for all stands here once: the empty form, the form of one, what a post
//! leads to. A refused post shows the page again with everything typed and the reason beside its box.

use std::fmt::Display;
use std::str::FromStr;

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::Value;

use super::form::{Form, Posted, Tried};
use super::{Frame, JsonObject, again, changes};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::Id;

/// One kind of thing with a list, a form and acts of the API.
pub(in crate::web) trait Subject: 'static {
    /// Names one of them.
    type Id: Copy + Display + FromStr + Send + 'static;

    /// The address of the list; one stands under it by its id.
    const HOME: &'static str;

    /// One as the API shows it.
    fn one(app: &App, id: Self::Id) -> impl Future<Output = Result<Value, WebError>> + Send;

    /// The body a program would send instead of the form; `kept` is what the form was made of.
    fn body(app: &App, posted: &Posted, kept: Option<&Value>) -> Result<Value, WebError>;

    /// Adds one.
    fn create(
        app: &App,
        caller: Caller,
        asked: Value,
    ) -> impl Future<Output = Result<(), WebError>> + Send;

    /// Changes one.
    fn update(
        app: &App,
        caller: Caller,
        id: Self::Id,
        changed: JsonObject,
    ) -> impl Future<Output = Result<(), WebError>> + Send;

    /// Forgets one.
    fn delete(
        app: &App,
        caller: Caller,
        id: Self::Id,
    ) -> impl Future<Output = Result<(), WebError>> + Send;

    /// The page with the form, empty or of one, and with what was refused of it.
    fn page(
        app: &App,
        caller: &Caller,
        kept: Option<&Value>,
        tried: Tried<'_>,
    ) -> impl Future<Output = Result<String, WebError>> + Send;
}

/// The acts of a [`Subject`] by the module of the API that has them: what a program would call is
/// what the page calls.
macro_rules! acts_of {
    ($api:ident) => {
        async fn one(app: &App, id: Self::Id) -> Result<Value, WebError> {
            let axum::Json(one) = $api::show(State(app.clone()), Id(id)).await?;
            serde_json::to_value(one).map_err(WebError::internal)
        }

        async fn create(app: &App, caller: Caller, asked: Value) -> Result<(), WebError> {
            $api::create(State(app.clone()), caller, Body::of(asked)?).await.map(drop)
        }

        async fn update(
            app: &App,
            caller: Caller,
            id: Self::Id,
            changed: JsonObject,
        ) -> Result<(), WebError> {
            $api::update(State(app.clone()), caller, Id(id), Patch::of(changed)?).await.map(drop)
        }

        async fn delete(app: &App, caller: Caller, id: Self::Id) -> Result<(), WebError> {
            $api::delete(State(app.clone()), caller, Id(id)).await.map(drop)
        }
    };
}
pub(super) use acts_of;

/// A page that is nothing but the form of one.
#[derive(Template)]
#[template(path = "edit.html", config = "src/web/askama.toml")]
pub(super) struct EditPage {
    pub(super) frame: Frame,
    pub(super) title: String,
    pub(super) back: (&'static str, &'static str),
    pub(super) form: Form,
    /// What its author should know.
    pub(super) warnings: Vec<String>,
    /// Where its button to delete posts to.
    pub(super) delete: Option<String>,
}

/// The form for a new one.
pub(in crate::web) async fn new<S: Subject>(
    State(app): State<App>,
    caller: Caller,
) -> Result<Html<String>, WebError> {
    Ok(Html(S::page(&app, &caller, None, None).await?))
}

/// Adds one.
pub(in crate::web) async fn create<S: Subject>(
    State(app): State<App>,
    caller: Caller,
    posted: Posted,
) -> Result<Response, WebError> {
    let made = match S::body(&app, &posted, None) {
        Ok(asked) => S::create(&app, caller.clone(), asked).await,
        Err(refusal) => Err(refusal),
    };
    leads_on::<S>(&app, &caller, None, &posted, made).await
}

/// One of them.
pub(in crate::web) async fn show<S: Subject>(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<S::Id>,
) -> Result<Html<String>, WebError> {
    let kept = S::one(&app, id).await?;
    Ok(Html(S::page(&app, &caller, Some(&kept), None).await?))
}

/// Changes one; the audit log names only what differs.
pub(in crate::web) async fn save<S: Subject>(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<S::Id>,
    posted: Posted,
) -> Result<Response, WebError> {
    let kept = S::one(&app, id).await?;
    let saved = match S::body(&app, &posted, Some(&kept)) {
        Ok(asked) => S::update(&app, caller.clone(), id, changes(asked, &kept)).await,
        Err(refusal) => Err(refusal),
    };
    leads_on::<S>(&app, &caller, Some(&kept), &posted, saved).await
}

/// Forgets one.
pub(in crate::web) async fn delete<S: Subject>(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<S::Id>,
) -> Result<Redirect, WebError> {
    S::delete(&app, caller, id).await?;
    Ok(Redirect::to(&format!("{}?done=deleted", S::HOME)))
}

/// On to the list, or the page again.
async fn leads_on<S: Subject>(
    app: &App,
    caller: &Caller,
    kept: Option<&Value>,
    posted: &Posted,
    outcome: Result<(), WebError>,
) -> Result<Response, WebError> {
    let Err(refusal) = outcome else {
        return Ok(Redirect::to(&format!("{}?done=saved", S::HOME)).into_response());
    };
    let html = S::page(app, caller, kept, Some((posted, &refusal))).await?;
    again(refusal, html)
}

/// A string at `key`; empty, when there is none.
pub(super) fn word(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The strings of a list.
pub(super) fn words(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
