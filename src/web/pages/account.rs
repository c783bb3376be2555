//! The own account: password, second factor, signed-in browsers.
//!
//! Only its owner, signed in with a browser, gets here; tokens and the command line do not. Whatever
//! weakens the account asks for the password again, as often as guessing would be slow (`throttle`).

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::Frame;
use super::signin::checked;
use super::words::{Moment, ago};
use crate::store::{SecondFactor, Session, SessionId, User, UserId};
use crate::types::Secret;
use crate::web::api::passwords::keep_pin;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Form, Id, Query};
use crate::web::qr::Qr;
use crate::web::{App, password, second_factor};

#[derive(Template)]
#[template(path = "account.html", config = "src/web/askama.toml")]
struct AccountPage {
    frame: Frame,
    name: String,
    email: String,
    role: &'static str,
    has_password: bool,
    protected: bool,
    has_pin: bool,
    codes_left: u32,
    sessions: Vec<Browser>,
    done: Option<&'static str>,
    refusal: Option<Refused>,
}

/// A signed-in browser.
struct Browser {
    id: SessionId,
    name: String,
    address: String,
    since: String,
    used: String,
    this: bool,
}

/// The form that was refused, and why.
struct Refused {
    form: &'static str,
    words: String,
}

impl AccountPage {
    fn refused(&self, form: &str) -> Option<&str> {
        self.refusal.as_ref().filter(|refusal| refusal.form == form).map(|r| r.words.as_str())
    }
}

/// What was just done.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Done {
    done: Option<String>,
}

/// The page.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Query(Done { done }): Query<Done>,
) -> Result<Html<String>, WebError> {
    let words = match done.as_deref() {
        Some("password") => Some("Your password is set. Your other browsers were signed out."),
        Some("factor-off") => Some("The second factor is off."),
        Some("pin") => Some("Saved. The links of later notices ask for it, or no longer do."),
        Some("ended") => Some("That browser is signed out."),
        Some("elsewhere") => Some("All your other browsers are signed out."),
        _ => None,
    };
    page(&app, &caller, words, None).await
}

async fn page(
    app: &App,
    caller: &Caller,
    done: Option<&'static str>,
    refusal: Option<Refused>,
) -> Result<Html<String>, WebError> {
    let (id, this) = caller.signed_in()?;
    let now = app.now();
    let (user, factor, codes_left, sessions) = read(app, id).await?;
    let browser = |session: Session| Browser {
        id: session.id,
        this: session.id == this,
        since: Moment::new(session.created_at, &app.settings.time_zone).short,
        used: ago(now.since(session.last_seen_at)),
        name: session.browser,
        address: session.address,
    };
    let page = AccountPage {
        frame: Frame::of(app, caller, "Your account", "/account", "account").await?,
        name: user.name(),
        has_pin: user.has_pin,
        email: user.profile.email,
        role: user.profile.role.as_str(),
        has_password: user.has_password,
        protected: factor.is_some_and(|factor| factor.confirmed),
        codes_left,
        sessions: sessions.into_iter().map(browser).collect(),
        done,
        refusal,
    };
    Ok(Html(page.render()?))
}

type Account = (User, Option<SecondFactor>, u32, Vec<Session>);

async fn read(app: &App, id: UserId) -> Result<Account, WebError> {
    let now = app.now();
    let found = app.store.read(move |tx| {
        let user = tx.user(id)?;
        let codes = tx.recovery_codes_left(id)?;
        let sessions = tx.sessions_of(id, now)?;
        let factor = tx.second_factor(id)?;
        Ok(user.map(|user| (user, factor, codes, sessions)))
    });
    found.await?.ok_or_else(WebError::not_found)
}

async fn again(
    app: &App,
    caller: &Caller,
    form: &'static str,
    refusal: WebError,
) -> Result<Response, WebError> {
    let status = match refusal.code().status() {
        StatusCode::INTERNAL_SERVER_ERROR => return Err(refusal),
        StatusCode::TOO_MANY_REQUESTS => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let refused = Refused { form, words: refusal.detail().to_owned() };
    Ok((status, page(app, caller, None, Some(refused)).await?).into_response())
}

/// Whether whoever sits at the browser is its owner. Who never set a password has none to give.
async fn still_you(app: &App, id: UserId, given: String) -> Result<(), WebError> {
    let kept = app.store.read(move |tx| tx.password_hash(id)).await?;
    let Some(kept) = kept else { return Ok(()) };
    app.throttle.own_password(id, app.now())?;
    match password::verify(app, &Secret::new(given), Some(&kept)).await? {
        true => Ok(()),
        false => Err(WebError::new(Code::FieldInvalid, "That is not your present password.")),
    }
}

/// A new password, and the one before.
#[derive(Deserialize)]
pub(in crate::web) struct NewPassword {
    #[serde(default)]
    current: String,
    password: String,
}

/// Sets the password; every other browser is signed out.
pub(in crate::web) async fn set_password(
    State(app): State<App>,
    caller: Caller,
    Form(form): Form<NewPassword>,
) -> Result<Response, WebError> {
    let (id, this) = caller.signed_in()?;
    let checked = async {
        still_you(&app, id, form.current).await?;
        let user = app.store.read(move |tx| tx.user(id)).await?.ok_or_else(WebError::not_found)?;
        checked(&app, &user.profile, Secret::new(form.password)).await
    };
    let hash = match checked.await {
        Ok(hash) => hash,
        Err(refusal) => return again(&app, &caller, "password", refusal).await,
    };
    change(&app, move |tx, now| {
        tx.set_password_hash(id, Some(&hash), now)?;
        tx.end_sessions_of(id, Some(this))?;
        audit(tx, &caller, "user.password_set", id, json!({}), now)
    })
    .await?;
    Ok(Redirect::to("/account?done=password").into_response())
}

#[derive(Template)]
#[template(path = "second_factor.html", config = "src/web/askama.toml")]
struct FactorPage {
    frame: Frame,
    step: FactorStep,
    refusal: Option<String>,
}

enum FactorStep {
    /// The picture, and a box for the first code.
    Scan { qr: Qr, spelled: String },
    /// What to write down; shown once.
    Codes(Vec<Secret>),
}

/// The password that confirms a change, and the PIN where that is what changes.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Confirmed {
    current: String,
    pin: String,
}

/// The owner, when the password confirms it is them; else the page with the reason at its form.
async fn confirmed(
    app: &App,
    caller: &Caller,
    form: &'static str,
    current: String,
) -> Result<Result<UserId, Response>, WebError> {
    let (id, _) = caller.signed_in()?;
    match still_you(app, id, current).await {
        Ok(()) => Ok(Ok(id)),
        Err(refusal) => again(app, caller, form, refusal).await.map(Err),
    }
}

/// Sets the PIN of the own links, or takes it away when none is given (C20).
pub(in crate::web) async fn set_pin(
    State(app): State<App>,
    caller: Caller,
    Form(Confirmed { current, pin }): Form<Confirmed>,
) -> Result<Response, WebError> {
    let id = match confirmed(&app, &caller, "pin", current).await? {
        Ok(id) => id,
        Err(page) => return Ok(page),
    };
    let pin = Some(pin.trim().to_owned()).filter(|pin| !pin.is_empty());
    match keep_pin(&app, caller.clone(), id, pin.map(Secret::new)).await {
        Ok(()) => Ok(Redirect::to("/account?done=pin").into_response()),
        Err(refusal) => again(&app, &caller, "pin", refusal).await,
    }
}

/// Begins to set up an authenticator.
pub(in crate::web) async fn begin_factor(
    State(app): State<App>,
    caller: Caller,
    Form(Confirmed { current, .. }): Form<Confirmed>,
) -> Result<Response, WebError> {
    let id = match confirmed(&app, &caller, "factor", current).await? {
        Ok(id) => id,
        Err(page) => return Ok(page),
    };
    let secret = second_factor::fresh(&app);
    change(&app, move |tx, now| Ok(tx.begin_second_factor(id, &secret, now)?)).await?;
    Ok(Redirect::to("/account/second-factor").into_response())
}

/// The picture for the authenticator.
pub(in crate::web) async fn show_factor(
    State(app): State<App>,
    caller: Caller,
) -> Result<Response, WebError> {
    scan(&app, &caller, None).await
}

async fn scan(app: &App, caller: &Caller, refusal: Option<WebError>) -> Result<Response, WebError> {
    let (id, _) = caller.signed_in()?;
    let (user, factor, ..) = read(app, id).await?;
    // One in force is never shown again.
    let Some(factor) = factor.filter(|factor| !factor.confirmed) else {
        return Ok(Redirect::to("/account").into_response());
    };
    let organisation = &app.settings.organisation;
    let address = second_factor::address(&factor.secret, organisation, &user.profile.email)?;
    let page = FactorPage {
        frame: Frame::of(app, caller, "Second factor", "/account", "account").await?,
        step: FactorStep::Scan {
            qr: Qr::new(&address, "The picture for your authenticator")?,
            spelled: second_factor::spelled(&factor.secret),
        },
        refusal: refusal.as_ref().map(|refusal| refusal.detail().to_owned()),
    };
    let status = refusal.map_or(StatusCode::OK, |_| StatusCode::UNPROCESSABLE_ENTITY);
    Ok((status, Html(page.render()?)).into_response())
}

/// The first code of an authenticator.
#[derive(Deserialize)]
pub(in crate::web) struct FirstCode {
    code: String,
}

/// Puts the authenticator in force and shows the recovery codes, once.
pub(in crate::web) async fn confirm_factor(
    State(app): State<App>,
    caller: Caller,
    Form(FirstCode { code }): Form<FirstCode>,
) -> Result<Response, WebError> {
    let (id, this) = caller.signed_in()?;
    let now = app.now();
    let (_, factor, ..) = read(&app, id).await?;
    let step = factor
        .filter(|factor| !factor.confirmed)
        .and_then(|factor| second_factor::step(&factor.secret, &code, now));
    let wrong = "That is not its present code. Is the clock of your phone right?";
    let Some(step) = step else {
        return scan(&app, &caller, Some(WebError::new(Code::FieldInvalid, wrong))).await;
    };
    let codes = second_factor::recovery_codes(&app);
    let kept: Vec<Secret> =
        codes.iter().map(|code| second_factor::recovery_code(code.expose())).collect();
    let acting = caller.clone();
    change(&app, move |tx, now| {
        if !tx.take_step(id, step, now)? {
            return Err(WebError::new(Code::Conflict, "That code was used before."));
        }
        tx.set_recovery_codes(id, &kept)?;
        tx.end_sessions_of(id, Some(this))?;
        audit(tx, &acting, "user.second_factor_on", id, json!({}), now)
    })
    .await?;
    let frame = Frame::of(&app, &caller, "Recovery codes", "/account", "account").await?;
    let page = FactorPage { frame, step: FactorStep::Codes(codes), refusal: None };
    Ok(Html(page.render()?).into_response())
}

/// Takes the second factor away.
pub(in crate::web) async fn end_factor(
    State(app): State<App>,
    caller: Caller,
    Form(Confirmed { current, .. }): Form<Confirmed>,
) -> Result<Response, WebError> {
    let id = match confirmed(&app, &caller, "factor", current).await? {
        Ok(id) => id,
        Err(page) => return Ok(page),
    };
    change(&app, move |tx, now| {
        tx.end_second_factor(id, now)?;
        audit(tx, &caller, "user.second_factor_off", id, json!({}), now)
    })
    .await?;
    Ok(Redirect::to("/account?done=factor-off").into_response())
}

/// Signs one browser of the own account out.
pub(in crate::web) async fn end_one(
    State(app): State<App>,
    caller: Caller,
    Id(session): Id<SessionId>,
) -> Result<Response, WebError> {
    let (id, this) = caller.signed_in()?;
    change(&app, move |tx, now| {
        // Another's session does not exist here.
        if !tx.sessions_of(id, now)?.iter().any(|own| own.id == session) {
            return Err(WebError::not_found());
        }
        tx.end_session(session)?;
        audit(tx, &caller, "user.signed_out", id, json!({ "session": session.0 }), now)
    })
    .await?;
    let to = if session == this { "/signin" } else { "/account?done=ended" };
    Ok(Redirect::to(to).into_response())
}

/// Signs every other browser of the own account out.
pub(in crate::web) async fn end_others(
    State(app): State<App>,
    caller: Caller,
) -> Result<Response, WebError> {
    let (id, this) = caller.signed_in()?;
    change(&app, move |tx, now| {
        let ended = tx.end_sessions_of(id, Some(this))?;
        audit(tx, &caller, "user.signed_out_elsewhere", id, json!({ "browsers": ended }), now)
    })
    .await?;
    Ok(Redirect::to("/account?done=elsewhere").into_response())
}
