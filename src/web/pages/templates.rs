//! Templates: texts that people insert and send again and again.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use super::form::{Field, Form, Posted};
use super::{Done, Frame, again, changes};
use crate::engine::{lint, rules::Rules, template};
use crate::store::{self, TemplateClass, TemplateId};
use crate::web::App;
use crate::web::api::templates as api;
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::{Body, Id, Patch, Query};

#[derive(Template)]
#[template(path = "templates.html", config = "src/web/askama.toml")]
struct TemplatesPage {
    frame: Frame,
    templates: Vec<Row>,
    done: Option<&'static str>,
}

/// One template.
struct Row {
    id: TemplateId,
    name: String,
    text: String,
    class: &'static str,
    fields: String,
    warnings: usize,
}

/// All of them.
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(Done { done }): Query<Done>,
) -> Result<Html<String>, WebError> {
    let row = |template: store::Template| Row {
        id: template.id,
        class: template.class.as_str(),
        fields: template::names(&template.text).unwrap_or_default().join(", "),
        warnings: warnings(&template.text).len(),
        name: template.name,
        text: template.text,
    };
    let templates = app.store.read(|tx| tx.templates()).await?;
    let page = TemplatesPage {
        templates: templates.into_iter().map(row).collect(),
        frame: Frame::of(&app, &caller, "Templates", "/templates", "templates").await?,
        done: match done.as_deref() {
            Some("saved") => Some("Saved."),
            Some("deleted") => Some("The template is gone."),
            _ => None,
        },
    };
    Ok(Html(page.render()?))
}

/// What the author of a text should know.
fn warnings(text: &str) -> Vec<String> {
    lint::text(text, &Rules::default()).into_iter().map(|refusal| refusal.sentence).collect()
}

#[derive(Template)]
#[template(path = "edit.html", config = "src/web/askama.toml")]
pub(super) struct EditPage {
    pub(super) frame: Frame,
    pub(super) title: String,
    pub(super) back: (&'static str, &'static str),
    pub(super) form: Form,
    pub(super) warnings: Vec<String>,
    /// Where its button to delete posts to.
    pub(super) delete: Option<String>,
}

fn form(template: Option<&store::Template>) -> Form {
    let classes = [
        ("service", "Service: answers, reminders"),
        ("marketing", "Marketing: only to people who agreed to it"),
    ];
    let action = template.map_or("/templates".to_owned(), |t| format!("/templates/{}", t.id));
    let button = if template.is_some() { "Save" } else { "Add" };
    let class = template.map_or(TemplateClass::Service, |template| template.class);
    Form::new("template", action, button)
        .field(Field::line("name", "Name", template.map_or("", |t| t.name.as_str())).required())
        .field(
            Field::area("text", "Text", template.map_or("", |t| t.text.as_str()))
                .hint(
                    "Fields stand in double braces: {{ first_name|default('there') }}. \
                     The words after default are used where nothing is known.",
                )
                .required(),
        )
        .field(Field::choice("class", "Class", classes, class.as_str()))
}

async fn edit(
    app: &App,
    caller: &Caller,
    template: Option<store::Template>,
    with: impl FnOnce(Form) -> Form,
) -> Result<String, WebError> {
    let title = template.as_ref().map_or("New template", |template| template.name.as_str());
    let page = EditPage {
        frame: Frame::of(app, caller, title, "/templates", "templates").await?,
        title: title.to_owned(),
        back: ("/templates", "All templates"),
        form: with(form(template.as_ref())),
        warnings: template.as_ref().map_or(Vec::new(), |template| warnings(&template.text)),
        delete: template.map(|template| format!("/templates/{}/delete", template.id)),
    };
    Ok(page.render()?)
}

fn body(posted: &Posted) -> Value {
    json!({
        "name": posted.get("name"),
        "text": posted.text("text"),
        "class": posted.get("class"),
    })
}

/// The form for a new one.
pub(in crate::web) async fn new(
    State(app): State<App>,
    caller: Caller,
) -> Result<Html<String>, WebError> {
    Ok(Html(edit(&app, &caller, None, |form| form).await?))
}

/// Adds one.
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    posted: Posted,
) -> Result<Response, WebError> {
    let made = match Body::of(body(&posted)) {
        Ok(asked) => api::create(State(app.clone()), caller.clone(), asked).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok(_) => Ok(Redirect::to("/templates?done=saved").into_response()),
        Err(refusal) => {
            let html = edit(&app, &caller, None, |form| form.refused(&posted, &refusal)).await?;
            again(refusal, html)
        }
    }
}

/// One template.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
) -> Result<Html<String>, WebError> {
    let template = app.store.read(move |tx| tx.template(id)).await?;
    let template = template.ok_or_else(WebError::not_found)?;
    Ok(Html(edit(&app, &caller, Some(template), |form| form).await?))
}

/// Changes one.
pub(in crate::web) async fn save(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
    posted: Posted,
) -> Result<Response, WebError> {
    let kept = app.store.read(move |tx| tx.template(id)).await?;
    let kept = kept.ok_or_else(WebError::not_found)?;
    let before = json!({ "name": kept.name, "text": kept.text, "class": kept.class.as_str() });
    let saved = match Patch::of(changes(body(&posted), &before)) {
        Ok(patch) => api::update(State(app.clone()), caller.clone(), Id(id), patch).await,
        Err(refusal) => Err(refusal),
    };
    match saved {
        Ok(_) => Ok(Redirect::to("/templates?done=saved").into_response()),
        Err(refusal) => {
            let with = |form: Form| form.refused(&posted, &refusal);
            let html = edit(&app, &caller, Some(kept), with).await?;
            again(refusal, html)
        }
    }
}

/// Deletes one.
pub(in crate::web) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
) -> Result<Response, WebError> {
    api::delete(State(app), caller, Id(id)).await?;
    Ok(Redirect::to("/templates?done=deleted").into_response())
}
