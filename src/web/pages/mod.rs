//! The pages people see: one file each, with its handler, its form and its template.
//!
//! Templates are in `web/templates`; a struct beside the handler names everything one shows, so a
//! forgotten value does not compile. askama escapes every value. `|safe` is written only behind
//! what is itself a template.
//!
//! A page extends `base.html` (`settings.html` when it is one of the settings) and holds a
//! [`Frame`]. An element with an id and `data-region="KINDS"` is live: our module asks for the page
//! again when a change of one of these kinds is committed and puts that element in place.

pub(super) mod account;
mod actors;
pub(super) mod acts;
pub(super) mod audit;
pub(super) mod certificate;
mod chart;
pub(super) mod composer;
pub(super) mod contacts;
pub(super) mod count;
pub(super) mod custody;
pub(super) mod edit;
mod face;
mod form;
mod frame;
pub(super) mod fresh;
pub(super) mod health;
pub(super) mod held;
pub(super) mod help;
pub(super) mod import;
pub(super) mod inbox;
pub(super) mod install;
pub(super) mod joined;
pub(super) mod lines;
pub(super) mod live;
pub(super) mod modems;
pub(super) mod notice;
pub(super) mod people;
pub(super) mod phones;
pub(super) mod privacy;
pub(super) mod problem;
pub(super) mod prompts;
pub(super) mod quarantine;
pub(super) mod queue;
pub(super) mod reference;
pub(super) mod refusals;
pub(super) mod reports;
mod row;
pub(super) mod rules;
pub(super) mod signin;
mod strip;
pub(super) mod templates;
pub(super) mod texts;
mod then;
mod thread;
mod timeline;
pub(super) mod tokens;
mod words;
mod would;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::App;
use super::error::WebError;
pub(super) use frame::Frame;

/// How much of a page was asked for: our module wants only the part it will replace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    Fragment,
}

impl Extent {
    fn of(headers: &HeaderMap) -> Self {
        if headers.contains_key("simgate-fragment") { Extent::Fragment } else { Extent::Whole }
    }
}

/// The parts of a body that differ from what is kept, so that the audit log names what changed.
fn changes(asked: serde_json::Value, kept: &serde_json::Value) -> JsonObject {
    let asked = match asked {
        serde_json::Value::Object(asked) => asked,
        _ => JsonObject::new(),
    };
    asked.into_iter().filter(|(key, value)| kept.get(key) != Some(value)).collect()
}

type JsonObject = serde_json::Map<String, serde_json::Value>;

/// What a page says about the act it came from, by the word in its address.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Done {
    pub(super) done: Option<String>,
}

/// A page again, with the status of the refusal it shows. What failed on our side is no form's fault.
fn again(refusal: WebError, html: String) -> Result<Response, WebError> {
    match refusal.code().status() {
        StatusCode::INTERNAL_SERVER_ERROR | StatusCode::NOT_FOUND => Err(refusal),
        // The browser posted what the person typed: the form is sound, its values are not.
        StatusCode::BAD_REQUEST => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Html(html)).into_response())
        }
        status => Ok((status, Html(html)).into_response()),
    }
}

/// How a person at another machine reaches us: the public name, or what this browser asked for.
fn base(app: &App, headers: &HeaderMap) -> String {
    if let Some(url) = &app.settings.public_url {
        return url.clone();
    }
    let scheme = if app.settings.tls { "https" } else { "http" };
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    format!("{scheme}://{}", host.unwrap_or("localhost"))
}
