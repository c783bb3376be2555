//! The API on a page: the OpenAPI document, read for people. No script, nothing from elsewhere.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use serde_json::Value;

use super::Frame;
use crate::web::App;
use crate::web::auth::Anyone;
use crate::web::error::{Code, WebError};
use crate::web::openapi::document;

#[derive(Template)]
#[template(path = "reference.html", config = "src/web/askama.toml")]
struct ReferencePage {
    frame: Frame,
    /// Calls by subject.
    subjects: BTreeMap<String, Vec<Call>>,
    codes: &'static [Code],
}

/// One call of the interface.
struct Call {
    verb: String,
    path: String,
    about: String,
    parameters: Vec<Field>,
    body: Vec<Field>,
    answers: Vec<Answer>,
}

/// A parameter or a field of a body.
struct Field {
    name: String,
    kind: String,
    about: String,
    required: bool,
}

/// What comes back.
struct Answer {
    status: String,
    fields: Vec<Field>,
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    Anyone(caller): Anyone,
) -> Result<Html<String>, WebError> {
    let here = "/docs/api";
    let frame = match caller {
        Some(caller) => Frame::of(&app, &caller, "API", here, "api").await?,
        None => Frame::bare(&app, "API"),
    };
    let document = serde_json::to_value(document()).map_err(WebError::internal)?;
    let page = ReferencePage { frame, subjects: subjects(&document), codes: Code::ALL };
    Ok(Html(page.render()?))
}

fn subjects(document: &Value) -> BTreeMap<String, Vec<Call>> {
    let mut subjects: BTreeMap<String, Vec<Call>> = BTreeMap::new();
    for (path, item) in object(&document["paths"]) {
        for (verb, operation) in object(item) {
            let subject = words(&operation["tags"][0]);
            subjects.entry(subject).or_default().push(call(document, verb, path, operation));
        }
    }
    subjects
}

fn call(document: &Value, verb: &str, path: &str, operation: &Value) -> Call {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let about = [&operation["summary"], &operation["description"]];
    Call {
        verb: verb.to_uppercase(),
        path: path.to_owned(),
        about: about.map(words).join(" ").trim().replace('`', ""),
        parameters: parameters
            .map(|parameter| Field::of(parameter, &parameter["schema"]))
            .collect(),
        body: fields(document, &operation["requestBody"]["content"]["application/json"]["schema"]),
        answers: object(&operation["responses"])
            .map(|(status, answer)| Answer {
                status: status.clone(),
                fields: fields(document, &answer["content"]["application/json"]["schema"]),
            })
            .collect(),
    }
}

impl Field {
    fn of(described: &Value, schema: &Value) -> Self {
        Self {
            name: words(&described["name"]),
            kind: kind(schema),
            about: words(&described["description"]),
            required: described["required"].as_bool().unwrap_or(false),
        }
    }
}

/// The fields of an object schema, its references followed.
fn fields(document: &Value, schema: &Value) -> Vec<Field> {
    let schema = resolve(document, schema);
    if let Some(parts) = schema["allOf"].as_array() {
        return parts.iter().flat_map(|part| fields(document, part)).collect();
    }
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    object(&schema["properties"])
        .map(|(name, field)| Field {
            name: name.clone(),
            kind: kind(field),
            about: words(&field["description"]),
            required: required.contains(&name.as_str()),
        })
        .collect()
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|name| name.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or(&Value::Null),
        None => schema,
    }
}

/// A type in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or_default().to_owned();
    }
    match &schema["type"] {
        Value::String(word) if word == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(word) => word.clone(),
        Value::Array(several) => {
            several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => {
            let choices = schema["oneOf"].as_array().into_iter().flatten();
            choices.map(kind).collect::<Vec<_>>().join(" or ")
        }
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
