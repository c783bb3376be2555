//! Typed extractors: what leaves them has been checked, what is refused says why.
//!
//! Unknown fields are refused in bodies and in queries, so that a typing error never changes the
//! meaning of a request in silence. Bodies are bounded before they are read (`routes`).

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

use super::error::{Code, WebError};

/// A JSON body of exactly the declared fields.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        if !is_json(&request) {
            let detail = "Send the header Content-Type: application/json.";
            return Err(WebError::new(Code::MediaType, detail));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(too_large)?;
        serde_json::from_slice(&bytes).map(Body).map_err(json_refusal)
    }
}

fn is_json(request: &Request) -> bool {
    let value = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = value.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// A body that could not be read: over the limit, or the connection broke.
fn too_large(rejection: BytesRejection) -> WebError {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        WebError::new(Code::BodyTooLarge, "Send at most 64 KiB, in a batch at most 4 MiB.")
    } else {
        WebError::new(Code::JsonInvalid, "The body did not arrive whole.")
    }
}

/// What serde says about a body, sorted by who can mend it.
fn json_refusal(error: serde_json::Error) -> WebError {
    let words = error.to_string();
    let code = match error.classify() {
        _ if words.starts_with("unknown field") => Code::UnknownField,
        serde_json::error::Category::Data => Code::FieldInvalid,
        _ => Code::JsonInvalid,
    };
    WebError::new(code, words)
}

/// A JSON body that names only what changes; the names stand in the audit log.
pub struct Patch<T> {
    /// What changes.
    pub set: T,
    /// The fields the body names.
    pub fields: Vec<String>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Patch<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        let Body(given) =
            Body::<serde_json::Map<String, serde_json::Value>>::from_request(request, state)
                .await?;
        Self::of(given)
    }
}

impl<T: DeserializeOwned> Patch<T> {
    /// The change that names these fields; a page makes one of its form.
    pub(super) fn of(given: serde_json::Map<String, serde_json::Value>) -> Result<Self, WebError> {
        let fields = given.keys().cloned().collect();
        let set = serde_json::from_value(serde_json::Value::Object(given)).map_err(json_refusal)?;
        Ok(Self { set, fields })
    }
}

impl<T: DeserializeOwned> Body<T> {
    /// The body a program would have sent; a page makes one of its form.
    pub(super) fn of(given: serde_json::Value) -> Result<Self, WebError> {
        serde_json::from_value(given).map(Body).map_err(json_refusal)
    }
}

/// For a field where null means something: absent is `None`, null is `Some(None)`.
pub(super) fn given<'de, D, T>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    <Option<T> as serde::Deserialize>::deserialize(from).map(Some)
}

/// A query string of exactly the declared fields.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WebError> {
        let query = axum::extract::Query::try_from_uri(&parts.uri);
        query.map(|axum::extract::Query(value)| Query(value)).map_err(|rejection| {
            let words = rejection.body_text();
            let unknown = words.contains("unknown field");
            WebError::new(if unknown { Code::UnknownField } else { Code::FieldInvalid }, words)
        })
    }
}

/// A posted form of exactly the declared fields.
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = WebError;

    async fn from_request(request: Request, state: &S) -> Result<Self, WebError> {
        match axum::extract::Form::from_request(request, state).await {
            Ok(axum::extract::Form(value)) => Ok(Form(value)),
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(WebError::new(Code::BodyTooLarge, "Send at most 64 KiB."))
            }
            Err(rejection) => Err(WebError::new(Code::FieldInvalid, rejection.body_text())),
        }
    }
}

/// An id in the path. What is no id names nothing, so the refusal is "not found".
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, WebError> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| WebError::not_found())?;
        text.parse().map(Id).map_err(|_| WebError::not_found())
    }
}
