//! Templates: texts people insert and send again and again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::List;
use super::contacts::one_line;
use super::line_settings::renders;
use crate::engine::sending::Refusal;
use crate::engine::{lint, rules::Rules, template};
use crate::store::{self, ReadTx, TemplateClass, TemplateId};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id, Patch};

/// A text with fields such as `{{ first_name|default('there') }}`.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Template {
    id: String,
    name: String,
    text: String,
    /// `service` or `marketing`.
    class: &'static str,
    /// The names of the fields it uses.
    fields: Vec<String>,
    /// What an author should know; the template is kept all the same.
    warnings: Vec<Warning>,
}

/// What somebody should know, without being refused.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Warning {
    code: &'static str,
    detail: String,
}

impl From<Refusal> for Warning {
    fn from(refusal: Refusal) -> Self {
        Self { code: refusal.code, detail: refusal.sentence }
    }
}

/// What the author of `text` should know.
pub(super) fn warnings(text: &str) -> Vec<Warning> {
    lint::text(text, &Rules::default()).into_iter().map(Warning::from).collect()
}

impl From<store::Template> for Template {
    fn from(template: store::Template) -> Self {
        Self {
            id: template.id.to_string(),
            class: template.class.as_str(),
            fields: template::names(&template.text).unwrap_or_default(),
            warnings: warnings(&template.text),
            name: template.name,
            text: template.text,
        }
    }
}

/// Every template, by name.
#[utoipa::path(get, path = "/api/v1/templates", tag = "templates", responses((status = 200, body = List<Template>)))]
pub(in crate::web) async fn list(State(app): State<App>) -> Result<Json<List<Template>>, WebError> {
    let templates = app.store.read(|tx| tx.templates()).await?;
    Ok(Json(List::whole(templates.into_iter().map(Template::from).collect())))
}

/// What is set of a template; a change names only what changes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct TemplateSet {
    name: Option<String>,
    text: Option<String>,
    /// `service` (default) or `marketing`.
    class: Option<String>,
}

impl TemplateSet {
    fn onto(
        self,
        mut template: store::Template,
        tx: &ReadTx<'_>,
    ) -> Result<store::Template, WebError> {
        if let Some(name) = self.name {
            template.name = one_line("name", &name, 100)?;
        }
        if let Some(text) = self.text {
            template.text = text;
        }
        if let Some(class) = self.class {
            template.class = TemplateClass::parse(&class).ok_or_else(|| {
                WebError::new(Code::FieldInvalid, "class is service or marketing.")
            })?;
        }
        if template.name.is_empty() {
            return Err(WebError::new(Code::FieldInvalid, "name has 1 to 100 characters."));
        }
        if tx.template_named(&template.name)?.is_some_and(|other| other.id != template.id) {
            let detail = "There is a template of that name. Change it, or choose another name.";
            return Err(WebError::new(Code::NameTaken, detail));
        }
        renders(&template.text)?;
        Ok(template)
    }
}

/// Adds a template. A broken one is refused; what its author should know is among `warnings`.
#[utoipa::path(post, path = "/api/v1/templates", tag = "templates", request_body = TemplateSet,
    responses((status = 201, body = Template), (status = 409, description = "name_taken"),
        (status = 422, description = "template_invalid, template_too_long, text_empty, text_too_long")))]
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<TemplateSet>,
) -> Result<(StatusCode, Json<Template>), WebError> {
    let made = change(&app, move |tx, now| {
        let empty = store::Template {
            id: TemplateId(0),
            name: String::new(),
            text: String::new(),
            class: TemplateClass::Service,
        };
        let set = new.onto(empty, tx)?;
        let id = tx.create_template(&set.name, &set.text, set.class, now)?;
        audit(tx, &caller, "template.created", id, json!({}), now)?;
        Ok(store::Template { id, ..set })
    });
    Ok((StatusCode::CREATED, Json(made.await?.into())))
}

/// One template.
#[utoipa::path(get, path = "/api/v1/templates/{id}", tag = "templates", params(("id" = String, Path)),
    responses((status = 200, body = Template), (status = 404, description = "not_found")))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    Id(id): Id<TemplateId>,
) -> Result<Json<Template>, WebError> {
    let found = app.store.read(move |tx| tx.template(id)).await?;
    Ok(Json(found.ok_or_else(WebError::not_found)?.into()))
}

/// Changes a template.
#[utoipa::path(patch, path = "/api/v1/templates/{id}", tag = "templates", params(("id" = String, Path)),
    request_body = TemplateSet,
    responses((status = 200, body = Template), (status = 404, description = "not_found"),
        (status = 409, description = "name_taken"), (status = 422, description = "template_invalid")))]
pub(in crate::web) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
    Patch { set, fields }: Patch<TemplateSet>,
) -> Result<Json<Template>, WebError> {
    let changed = change(&app, move |tx, now| {
        let before = tx.template(id)?.ok_or_else(WebError::not_found)?;
        let after = set.onto(before, tx)?;
        tx.save_template(&after, now)?;
        audit(tx, &caller, "template.changed", id, json!({ "fields": fields }), now)?;
        Ok(after)
    });
    Ok(Json(changed.await?.into()))
}

/// Forgets a template.
#[utoipa::path(delete, path = "/api/v1/templates/{id}", tag = "templates", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found")))]
pub(in crate::web) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TemplateId>,
) -> Result<StatusCode, WebError> {
    change(&app, move |tx, now| match tx.delete_template(id, now)? {
        true => audit(tx, &caller, "template.deleted", id, json!({}), now),
        false => Err(WebError::not_found()),
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
