//! Templates: texts that people insert and send again and again.

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use serde_json::{Value, json};

use super::edit::{EditPage, Subject, acts_of, word};
use super::form::{Field, Form, Posted, Tried};
use super::{Done, Frame, JsonObject};
use crate::engine::{lint, rules::Rules, template};
use crate::store::{self, TemplateId};
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

/// What [`super::edit`] writes here.
pub(in crate::web) enum Templates {}

impl Subject for Templates {
    type Id = TemplateId;

    const HOME: &'static str = "/templates";

    acts_of!(api);

    fn body(_: &App, posted: &Posted, _: Option<&Value>) -> Result<Value, WebError> {
        Ok(json!({
            "name": posted.get("name"),
            "text": posted.text("text"),
            "class": posted.get("class"),
        }))
    }

    async fn page(
        app: &App,
        caller: &Caller,
        kept: Option<&Value>,
        tried: Tried<'_>,
    ) -> Result<String, WebError> {
        let title = kept.map_or("New template".to_owned(), |template| word(template, "name"));
        let text = kept.map_or(String::new(), |template| word(template, "text"));
        let page = EditPage {
            frame: Frame::of(app, caller, title.as_str(), "/templates", "templates").await?,
            title,
            back: ("/templates", "All templates"),
            form: form(kept).after(tried),
            warnings: warnings(&text),
            delete: kept.map(|template| format!("/templates/{}/delete", word(template, "id"))),
        };
        Ok(page.render()?)
    }
}

fn form(template: Option<&Value>) -> Form {
    let classes = [
        ("service", "Service: answers, reminders"),
        ("marketing", "Marketing: only to people who agreed to it"),
    ];
    let kept = |key: &str| template.map_or(String::new(), |template| word(template, key));
    let (action, button) = match template {
        Some(template) => (format!("/templates/{}", word(template, "id")), "Save"),
        None => ("/templates".to_owned(), "Add"),
    };
    let class = template.map_or("service".to_owned(), |template| word(template, "class"));
    Form::new("template", action, button)
        .field(Field::line("name", "Name", kept("name")).required())
        .field(
            Field::area("text", "Text", kept("text"))
                .hint(
                    "Fields stand in double braces: {{ first_name|default('there') }}. \
                     The words after default are used where nothing is known.",
                )
                .required(),
        )
        .field(Field::choice("class", "Class", classes, &class))
}
