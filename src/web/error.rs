//! What the web says when it does not do what was asked.
//!
//! A [`WebError`] comes in from a handler, an extractor or a layer; a problem document (RFC 9457)
//! goes out to programs and a page to people, by what was asked. The `code` is a stable word; the
//! `detail` says what to do next; the private source goes to the log and to nobody else.

use std::borrow::Cow;
use std::error::Error;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Serialize;

use super::{App, pages};
use crate::engine::sending::Refusal;
use crate::engine::template::MergeError;
use crate::store::{ErrorKind, StoreError};
use crate::types::NumberError;

/// A refusal or failure: its stable code, words for the reader, a source for the log.
#[derive(Debug)]
pub struct WebError {
    code: Code,
    detail: Cow<'static, str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// Declares the codes: variant, stable word, status, title.
macro_rules! codes {
    ($($variant:ident $word:literal $status:ident $title:literal,)+) => {
        /// The stable words of problem documents.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $(#[doc = $title] $variant,)+ }

        impl Code {
            /// Every code, for the reference page and its test.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The code of a stable word.
            pub fn of_word(word: &str) -> Option<Code> {
                Self::ALL.iter().copied().find(|code| code.word() == word)
            }

            /// The stable word.
            pub fn word(self) -> &'static str {
                match self { $(Code::$variant => $word,)+ }
            }

            /// The HTTP status it always has.
            pub fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status,)+ }
            }

            /// The same words for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)+ }
            }
        }
    };
}

codes! {
    JsonInvalid "json_invalid" BAD_REQUEST "The body is not valid JSON",
    UnknownField "unknown_field" BAD_REQUEST "A field is not known",
    FieldInvalid "field_invalid" BAD_REQUEST "A field is missing or has the wrong form",
    CursorInvalid "cursor_invalid" BAD_REQUEST "The cursor was not given by this gateway",
    Unauthorized "unauthorized" UNAUTHORIZED "Sign in or give a token",
    Forbidden "forbidden" FORBIDDEN "This token may not do that",
    CrossSite "cross_site" FORBIDDEN "The request came from another site",
    NotFound "not_found" NOT_FOUND "There is nothing here",
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED "This address does not take that method",
    RequestTimeout "request_timeout" REQUEST_TIMEOUT "The request took too long to arrive",
    Conflict "conflict" CONFLICT "That is not possible in the present state",
    IdempotencyConflict "idempotency_conflict" CONFLICT "The Idempotency-Key was used for another request",
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE "The body is too large",
    MediaType "media_type_unsupported" UNSUPPORTED_MEDIA_TYPE "The body must be application/json",
    HostUnknown "host_unknown" MISDIRECTED_REQUEST "This gateway does not answer to that name",
    ClaimRequired "claim_required" CONFLICT "The conversation must be claimed first",
    AnsweredMeanwhile "answered_meanwhile" CONFLICT "Somebody has answered since you looked",
    ClaimedByOther "claimed_by_other" CONFLICT "Somebody else has claimed the conversation",
    EmailTaken "email_taken" CONFLICT "The address belongs to another account",
    NameTaken "name_taken" CONFLICT "The name is taken",
    LastAdmin "last_admin" CONFLICT "There would be no admin left",
    UserInUse "user_in_use" CONFLICT "A line names this user",
    AdminRequired "admin_required" FORBIDDEN "Only an admin may do that",
    CloseNotAllowed "close_not_allowed" FORBIDDEN "Only its claimer, a participant or an admin may close it",
    NotYours "not_yours" FORBIDDEN "Only its claimer or an admin may release it",
    ActingUserRequired "acting_user_required" UNPROCESSABLE_ENTITY "Say which user acts",
    UserUnknown "user_unknown" UNPROCESSABLE_ENTITY "There is no such user",
    UserInactive "user_inactive" UNPROCESSABLE_ENTITY "The user cannot act",
    ContactUnknown "contact_unknown" UNPROCESSABLE_ENTITY "There is no such contact",
    TemplateUnknown "template_unknown" UNPROCESSABLE_ENTITY "There is no such template",
    PromptUnknown "prompt_unknown" UNPROCESSABLE_ENTITY "There is no such prompt",
    NotifiedUserRequired "notified_user_required" UNPROCESSABLE_ENTITY "The line needs a notified user",
    NotifiedUsersTooMany "notified_users_too_many" UNPROCESSABLE_ENTITY "The line has too many notified users",
    ChannelRequired "channel_required" UNPROCESSABLE_ENTITY "A notified user needs a channel",
    PhoneMissing "phone_missing" UNPROCESSABLE_ENTITY "The user has no phone number",
    PhoneIsOwnLine "phone_is_own_line" UNPROCESSABLE_ENTITY "The user's number is a line of ours",
    EmailMissing "email_missing" UNPROCESSABLE_ENTITY "The user has no e-mail address",
    RecipientWithoutPhone "recipient_without_phone" UNPROCESSABLE_ENTITY "The response recipient has no phone number",
    RecipientIsOwnLine "recipient_is_own_line" UNPROCESSABLE_ENTITY "The response recipient's number is a line of ours",
    HelpContactMissing "help_contact_missing" UNPROCESSABLE_ENTITY "The line does not say how people reach you",
    RegistrationMissing "registration_missing" UNPROCESSABLE_ENTITY "The line is not registered yet",
    HoursInvalid "hours_invalid" UNPROCESSABLE_ENTITY "The business hours cannot be read",
    ResponseEmailsTooMany "response_emails_too_many" UNPROCESSABLE_ENTITY "There are too many response addresses",
    ResponseEmailInvalid "response_email_invalid" UNPROCESSABLE_ENTITY "A response address is none",
    ConsentWord "consent_word" UNPROCESSABLE_ENTITY "A consent word cannot be used here",
    RuleWithoutWords "rule_without_words" UNPROCESSABLE_ENTITY "The rule has neither words nor a pattern",
    NumberInvalid "number_invalid" UNPROCESSABLE_ENTITY "The number cannot be written to",
    LineUnknown "line_unknown" UNPROCESSABLE_ENTITY "There is no such line",
    LineOff "line_off" UNPROCESSABLE_ENTITY "The line is switched off",
    PasswordWeak "password_weak" UNPROCESSABLE_ENTITY "The password would be guessed",
    MediaNotPossible "media_not_possible" UNPROCESSABLE_ENTITY "The line sends texts only",
    TextEmpty "text_empty" UNPROCESSABLE_ENTITY "The text is empty",
    TextTooLong "text_too_long" UNPROCESSABLE_ENTITY "The text is too long",
    TagTooLong "tag_too_long" UNPROCESSABLE_ENTITY "The tag is too long",
    MergeFieldMissing "merge_field_missing" UNPROCESSABLE_ENTITY "A field of the text has no value",
    TemplateInvalid "template_invalid" UNPROCESSABLE_ENTITY "The template cannot be read",
    TemplateTooLong "template_too_long" UNPROCESSABLE_ENTITY "The template computes too much",
    TagInvalid "tag_invalid" UNPROCESSABLE_ENTITY "The tag is not one line of text",
    OptedOut "opted_out" UNPROCESSABLE_ENTITY "The recipient has opted out",
    MarketingConsentMissing "marketing_consent_missing" UNPROCESSABLE_ENTITY "No consent to marketing is recorded",
    InternationalOff "international_off" UNPROCESSABLE_ENTITY "The line does not send abroad",
    ShortCodeNotAllowed "short_code_not_allowed" UNPROCESSABLE_ENTITY "The line does not write to that short code",
    CannotBeAnswered "cannot_be_answered" UNPROCESSABLE_ENTITY "That sender cannot be answered",
    ScopeUnknown "scope_unknown" UNPROCESSABLE_ENTITY "There is no such scope",
    TimeInvalid "time_invalid" UNPROCESSABLE_ENTITY "The time cannot be used",
    BatchRefused "batch_refused" UNPROCESSABLE_ENTITY "No message of the batch can be taken",
    BatchTooLarge "batch_too_large" UNPROCESSABLE_ENTITY "The batch has too many messages",
    TooManyTries "too_many_tries" TOO_MANY_REQUESTS "Too many tries",
    TooManyStreams "too_many_streams" SERVICE_UNAVAILABLE "Too many event streams are open",
    StorageLow "storage_low" SERVICE_UNAVAILABLE "There is not enough room on the disk",
    Internal "internal" INTERNAL_SERVER_ERROR "Something went wrong here",
}

impl WebError {
    /// A refusal with words for this occurrence: what is wrong and what to do next.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), source: None }
    }

    /// A failure of ours: the reader gets no detail, the log gets all of it.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let detail = Cow::Borrowed("The request was not carried out. The log says why.");
        Self { code: Code::Internal, detail, source: Some(source.into()) }
    }

    /// Nothing under this address or id.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "Check the address or the id.")
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The words for this occurrence.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The document a program reads.
    pub fn problem(&self) -> Problem {
        Problem {
            kind: "about:blank",
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone(),
            code: self.code.word(),
        }
    }
}

/// A problem document (RFC 9457).
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// Always `about:blank`; `code` tells the problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    pub(super) title: &'static str,
    status: u16,
    /// What is wrong here and what to do next.
    pub(super) detail: Cow<'static, str>,
    /// The stable word.
    code: &'static str,
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        match error.kind {
            ErrorKind::Full => WebError {
                code: Code::StorageLow,
                detail: "Nothing was stored. Make room on the gateway's disk.".into(),
                source: Some(error.into()),
            },
            _ => WebError::internal(error),
        }
    }
}

impl From<NumberError> for WebError {
    fn from(error: NumberError) -> Self {
        WebError::new(Code::NumberInvalid, error.to_string())
    }
}

impl From<Refusal> for WebError {
    /// The engine's words are the API's: a test compares them.
    fn from(refusal: Refusal) -> Self {
        let code = Code::of_word(refusal.code).unwrap_or(Code::Conflict);
        WebError::new(code, refusal.sentence)
    }
}

impl From<MergeError> for WebError {
    fn from(error: MergeError) -> Self {
        WebError::new(Code::of_word(error.code()).unwrap_or(Code::FieldInvalid), error.to_string())
    }
}

impl From<askama::Error> for WebError {
    fn from(error: askama::Error) -> Self {
        WebError::internal(error)
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        if let Some(source) = &self.source {
            tracing::error!(code = self.code.word(), source, "a web request failed");
        }
        self.problem().into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
            }
            _ => {}
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every refusal a body that fits the asker, also those of layers that only set a status.
pub(super) async fn explain(State(app): State<App>, request: Request, next: Next) -> Response {
    let person = asks_for_a_page(&request);
    let looking = matches!(*request.method(), Method::GET | Method::HEAD);
    let response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone(),
        // Its handler has said it already: a form with words beside the box, a health report.
        None if response.headers().contains_key(header::CONTENT_TYPE) => return response,
        None => of_status(status).problem(),
    };
    if !person {
        let known = response.extensions().get::<Problem>().is_some();
        return if known { response } else { problem.into_response() };
    }
    if status == StatusCode::UNAUTHORIZED && looking {
        return Redirect::to("/signin").into_response();
    }
    match pages::problem::html(&app, &problem) {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => response,
    }
}

/// A browser asks for `text/html`; the API answers programs even there.
fn asks_for_a_page(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    !request.uri().path().starts_with("/api/")
        && accept.is_some_and(|accept| accept.contains("text/html"))
}

/// The refusal behind a bare status set by a layer or by the router itself.
fn of_status(status: StatusCode) -> WebError {
    let code = Code::ALL.iter().copied().find(|code| code.status() == status);
    let detail = match status {
        StatusCode::NOT_FOUND => "Check the address or the id.",
        StatusCode::METHOD_NOT_ALLOWED => "See /api/v1/openapi.json for the methods.",
        StatusCode::REQUEST_TIMEOUT => "Send the whole request within 30 seconds.",
        _ => "",
    };
    WebError::new(code.unwrap_or(Code::Internal), detail)
}
