//! Tokens: what programs sign in with. The secret is shown once, when it is made.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::json;

use super::form::{Field, Form, Posted};
use super::words::{Moment, ago};
use super::{Done, Frame, again};
use crate::store::{Line, Token, TokenId};
use crate::types::UnixTime;
use crate::web::App;
use crate::web::api::tokens as api;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id, Query};

#[derive(Template)]
#[template(path = "tokens.html", config = "src/web/askama.toml")]
struct TokensPage {
    frame: Frame,
    tokens: Vec<Row>,
    form: Form,
    /// One just made.
    secret: Option<String>,
    done: Option<&'static str>,
}

/// One token.
struct Row {
    id: TokenId,
    name: String,
    hint: String,
    scopes: String,
    line: String,
    used: String,
    ends: String,
    over: bool,
}

impl Row {
    fn new(token: Token, lines: &[Line], zone: &jiff::tz::TimeZone, now: UnixTime) -> Self {
        let line = token.line.and_then(|id| lines.iter().find(|line| line.id == id));
        let expired = token.expires_at.is_some_and(|end| end <= now);
        Self {
            id: token.id,
            over: token.revoked_at.is_some() || expired,
            ends: match (token.revoked_at, token.expires_at) {
                (Some(_), _) => "revoked".to_owned(),
                (None, Some(_)) if expired => "expired".to_owned(),
                (None, Some(end)) => Moment::new(end, zone).short,
                (None, None) => "never".to_owned(),
            },
            name: token.name,
            hint: token.hint,
            scopes: token.scopes.join(", "),
            line: line.map_or("every line".to_owned(), |line| line.name.clone()),
            used: token.last_used_at.map_or("never".to_owned(), |at| ago(now.since(at))),
        }
    }
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Query(Done { done }): Query<Done>,
) -> Result<Html<String>, WebError> {
    let done = (done.as_deref() == Some("revoked")).then_some("The token opens nothing any more.");
    Ok(Html(page(&app, &caller, None, done, |form| form).await?))
}

async fn page(
    app: &App,
    caller: &Caller,
    secret: Option<String>,
    done: Option<&'static str>,
    with: impl FnOnce(Form) -> Form,
) -> Result<String, WebError> {
    let now = app.now();
    let (tokens, lines) = app.store.read(|tx| Ok((tx.tokens()?, tx.lines()?))).await?;
    let zone = &app.settings.time_zone;
    let page = TokensPage {
        frame: Frame::of(app, caller, "Tokens", "/tokens", "tokens").await?,
        form: with(form(&lines)),
        tokens: tokens.into_iter().rev().map(|token| Row::new(token, &lines, zone, now)).collect(),
        secret,
        done,
    };
    Ok(page.render()?)
}

fn form(lines: &[Line]) -> Form {
    let scopes = [
        ("send", "Send texts"),
        ("read", "Read texts"),
        ("admin", "Change the gateway itself, and all of the above"),
    ];
    let every = [(String::new(), "Every line".to_owned())];
    let lines = lines.iter().map(|line| (line.id.to_string(), line.name.clone()));
    Form::new("token", "/tokens", "Make a token")
        .field(Field::line("name", "What is it for?", "").required())
        .field(Field::several("scopes", "It may", scopes, &["send".to_owned()]))
        .field(Field::choice("line", "On", every.into_iter().chain(lines), ""))
        .field(
            Field::typed("expires_at", "Until", "date", "")
                .hint("A day, or empty: until it is revoked."),
        )
}

/// Makes a token and shows it, once.
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    posted: Posted,
) -> Result<Response, WebError> {
    let made = async {
        let mut asked = json!({ "name": posted.get("name"), "scopes": posted.all("scopes") });
        if let Some(line) = posted.given("line") {
            asked["line"] = line.into();
        }
        if let Some(day) = posted.given("expires_at") {
            asked["expires_at"] = end_of(&day, &app.settings.time_zone)?.to_string().into();
        }
        api::create(State(app.clone()), caller.clone(), Body::of(asked)?).await
    };
    match made.await {
        Ok((_, Json(made))) => {
            let made = serde_json::to_value(made).map_err(WebError::internal)?;
            let secret = made["token"].as_str().map(str::to_owned);
            Ok(Html(page(&app, &caller, secret, None, |form| form).await?).into_response())
        }
        Err(refusal) => {
            let with = |form: Form| form.refused(&posted, &refusal);
            let html = page(&app, &caller, None, None, with).await?;
            again(refusal, html)
        }
    }
}

/// The end of a day in the organisation's zone.
fn end_of(day: &str, zone: &jiff::tz::TimeZone) -> Result<UnixTime, WebError> {
    let wrong = || WebError::new(Code::TimeInvalid, "Write the day as 2027-01-31.");
    let date: jiff::civil::Date = day.parse().map_err(|_| wrong())?;
    let next = date.tomorrow().map_err(|_| wrong())?;
    let end = next.to_zoned(zone.clone()).map_err(|_| wrong())?;
    Ok(UnixTime(end.timestamp().as_millisecond()))
}

/// Ends a token.
pub(in crate::web) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<TokenId>,
) -> Result<Response, WebError> {
    api::revoke(State(app), caller, Id(id)).await?;
    Ok(Redirect::to("/tokens?done=revoked").into_response())
}
