//! The ways in: an address and a password, then a code where a second factor is set up; or a link
//! that is good once.
//!
//! A link that `run`, `demo` or an admin hands out signs in, lets an invited person choose a password,
//! or, while there is no admin, sets up the first one. Looking at a link does nothing, because mail
//! scanners and chat previews look at links too; the button on its page spends it (E153).
//!
//! Whoever fails learns nothing: one sentence for an unknown address, a wrong password and an account
//! without one, after the same work (`password`), and not too often (`throttle`).

use std::net::IpAddr;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;

use super::Frame;
use crate::store::{
    Author, LinkKind, NewSession, Profile, Role, SignInLink, StoreError, User, UserId, WriteTx,
};
use crate::types::{Millis, Secret, UnixTime};
use crate::web::api::users::{UserSet, nobody};
use crate::web::auth::{end_session, secret, session_cookie};
use crate::web::change::change;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Form, Query};
use crate::web::peer::Peer;
use crate::web::{App, password, second_factor};

/// Makes a fresh key for the first admin, or for whoever is to become it. Whoever prints it writes
/// `<address>/signin?key=<key>`.
pub async fn new_link(app: &App) -> Result<Secret, StoreError> {
    make_link(app, SignInLink { kind: LinkKind::Open, user: None }, LINK_LIFE).await
}

/// Makes a key that signs one user in.
pub async fn link_for(app: &App, user: UserId) -> Result<Secret, StoreError> {
    make_link(app, SignInLink { kind: LinkKind::Open, user: Some(user) }, LINK_LIFE).await
}

/// Makes a key by which a user chooses a password.
pub async fn invite(app: &App, user: UserId) -> Result<Secret, StoreError> {
    make_link(app, SignInLink { kind: LinkKind::Invite, user: Some(user) }, INVITE_LIFE).await
}

/// Whether nobody could sign in with a password: then a link is the only way.
pub async fn needs_setting_up(app: &App) -> Result<bool, StoreError> {
    let users = app.store.read(|tx| tx.users()).await?;
    let can =
        |user: &User| user.may_sign_in() && user.profile.role == Role::Admin && user.has_password;
    Ok(!users.iter().any(can))
}

async fn make_link(app: &App, link: SignInLink, life: Millis) -> Result<Secret, StoreError> {
    let (key, now) = (secret(app, ""), app.now());
    let made = key.clone();
    app.store.write(move |tx| tx.create_sign_in_link(&made, link, now.after(life), now)).await?;
    Ok(key)
}

#[derive(Template)]
#[template(path = "signin.html", config = "src/web/askama.toml")]
struct SignInPage {
    frame: Frame,
    step: Step,
    /// Why the last try did not work.
    refusal: Option<String>,
    /// The browser has warned of a certificate that we made ourselves.
    warned: bool,
}

/// Where the visitor stands.
enum Step {
    /// At the door.
    Password { email: String, nobody_yet: bool },
    /// The password was right.
    Code { key: String },
    /// With a link in hand.
    Open { key: String, name: String },
    /// With a link, and the first here.
    First { key: String, first_name: String, last_name: String, email: String },
    /// Invited, and about to choose a password.
    Invited { key: String, name: String, email: String },
    /// The link opens nothing any more.
    Used,
}

/// The key of a link.
#[derive(Deserialize)]
pub(in crate::web) struct Key {
    #[serde(default)]
    key: String,
}

/// The page: for a link its button, else the form. Nothing is spent yet.
pub(in crate::web) async fn show(
    State(app): State<App>,
    Query(Key { key }): Query<Key>,
) -> Result<Response, WebError> {
    if key.is_empty() {
        return door(&app, "", None).await;
    }
    match step_of(&app, key).await? {
        Step::Used => Ok((StatusCode::GONE, page(&app, Step::Used, None)?).into_response()),
        step => Ok(page(&app, step, None)?.into_response()),
    }
}

/// What a link in hand leads to.
async fn step_of(app: &App, key: String) -> Result<Step, WebError> {
    let (presented, now) = (Secret::new(key.as_str()), app.now());
    let found = app.store.read(move |tx| {
        let Some(link) = tx.sign_in_link(&presented, now)? else { return Ok(None) };
        let user = match link.user {
            Some(user) => tx.user(user)?,
            None => tx.first_admin()?,
        };
        Ok(Some((link, user)))
    });
    Ok(match found.await? {
        Some((link, Some(user))) if user.may_sign_in() => match link.kind {
            LinkKind::Open => Step::Open { key, name: user.name() },
            LinkKind::Invite => Step::Invited { key, name: user.name(), email: user.profile.email },
            LinkKind::Code => Step::Code { key },
        },
        Some((SignInLink { kind: LinkKind::Open, user: None }, None)) => Step::First {
            key,
            first_name: String::new(),
            last_name: String::new(),
            email: String::new(),
        },
        _ => Step::Used,
    })
}

/// What comes back from the page: a link's key, or address and password.
#[derive(Deserialize)]
pub(in crate::web) struct Entry {
    #[serde(default)]
    key: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

/// Opens a session: by a link, which is spent, or by a password.
pub(in crate::web) async fn open(
    State(app): State<App>,
    peer: Peer,
    Form(entry): Form<Entry>,
) -> Result<Response, WebError> {
    if entry.key.is_empty() {
        let email = entry.email.trim().to_owned();
        return by_password(&app, &peer, email, Secret::new(entry.password)).await;
    }
    if let Err(refusal) = app.throttle.link(peer.address, app.now()) {
        return refused(&app, Step::Open { key: entry.key, name: String::new() }, &refusal);
    }
    match step_of(&app, entry.key).await? {
        Step::Open { key, .. } => by_link(&app, &peer, key).await,
        Step::Used => Ok((StatusCode::GONE, page(&app, Step::Used, None)?).into_response()),
        more => Ok(page(&app, more, None)?.into_response()),
    }
}

async fn by_link(app: &App, peer: &Peer, key: String) -> Result<Response, WebError> {
    let (cookie, key) = (secret(app, ""), Secret::new(key));
    let (made, at) = (cookie.clone(), Whence::of(peer));
    // One transaction: two browsers cannot both spend it.
    let opened = change(app, move |tx, now| {
        let Some(link) = tx.use_sign_in_link(&key, now)? else { return Ok(false) };
        let user = match link.user {
            Some(user) => tx.user(user)?,
            None => tx.first_admin()?,
        };
        let Some(user) = user.filter(User::may_sign_in) else { return Ok(false) };
        begin(tx, user.id, made, at, "link", now)?;
        Ok(true)
    });
    match opened.await? {
        true => Ok(inside(app, &cookie)),
        false => Ok((StatusCode::GONE, page(app, Step::Used, None)?).into_response()),
    }
}

async fn by_password(
    app: &App,
    peer: &Peer,
    email: String,
    given: Secret,
) -> Result<Response, WebError> {
    if let Err(refusal) = app.throttle.password(&email, peer.address, app.now()) {
        return door(app, &email, Some(&refusal)).await;
    }
    let asked = email.clone();
    let found = app.store.read(move |tx| {
        let Some(user) = tx.user_of_email(&asked)? else { return Ok(None) };
        let kept = tx.password_hash(user.id)?;
        let factor = tx.second_factor(user.id)?.filter(|factor| factor.confirmed);
        Ok(Some((user, kept, factor.is_some())))
    });
    let found = found.await?;
    let kept = found.as_ref().and_then(|(_, kept, _)| kept.as_ref());
    let right = password::verify(app, &given, kept).await?;
    let (user, two_steps) = match found {
        Some((user, _, two_steps)) if right && user.may_sign_in() => (user, two_steps),
        _ => {
            tracing::warn!(from = %peer.address, "a sign-in was refused");
            return door(app, &email, Some(&WebError::new(Code::FieldInvalid, WRONG))).await;
        }
    };
    if two_steps {
        let link = SignInLink { kind: LinkKind::Code, user: Some(user.id) };
        let key = make_link(app, link, CODE_LIFE).await?;
        let step = Step::Code { key: key.expose().to_owned() };
        return Ok(page(app, step, None)?.into_response());
    }
    app.throttle.signed_in(&email, user.id, peer.address);
    let cookie = secret(app, "");
    let (made, at) = (cookie.clone(), Whence::of(peer));
    change(app, move |tx, now| begin(tx, user.id, made, at, "password", now)).await?;
    Ok(inside(app, &cookie))
}

/// The second step.
#[derive(Deserialize)]
pub(in crate::web) struct Typed {
    key: String,
    code: String,
}

/// Takes a code of the authenticator, or a recovery code.
pub(in crate::web) async fn code(
    State(app): State<App>,
    peer: Peer,
    Form(Typed { key, code }): Form<Typed>,
) -> Result<Response, WebError> {
    let (presented, now) = (Secret::new(key.as_str()), app.now());
    let found = app.store.read(move |tx| {
        let link = tx.sign_in_link(&presented, now)?;
        let user = link.filter(|link| link.kind == LinkKind::Code).and_then(|link| link.user);
        let user = user.map(|user| tx.user(user)).transpose()?.flatten();
        let Some(user) = user.filter(User::may_sign_in) else { return Ok(None) };
        let factor = tx.second_factor(user.id)?;
        Ok(Some((user, factor)))
    });
    let Some((user, factor)) = found.await? else {
        let late = WebError::new(Code::FieldInvalid, "That took too long. Sign in again.");
        return door(&app, "", Some(&late)).await;
    };
    if let Err(refusal) = app.throttle.code(user.id, peer.address, now) {
        return refused(&app, Step::Code { key }, &refusal);
    }
    let step = factor.and_then(|factor| second_factor::step(&factor.secret, &code, now));
    let recovery = second_factor::recovery_code(&code);
    let cookie = secret(&app, "");
    let (made, at) = (cookie.clone(), Whence::of(&peer));
    let (spent, id) = (Secret::new(key.as_str()), user.id);
    let opened = change(&app, move |tx, now| {
        let how = match step {
            Some(step) if tx.take_step(id, step, now)? => "code",
            None if tx.use_recovery_code(id, &recovery, now)? => "recovery code",
            _ => return Ok(false),
        };
        let spent = tx.use_sign_in_link(&spent, now)?.ok_or_else(WebError::not_found)?;
        debug_assert_eq!(spent.user, Some(id));
        begin(tx, id, made, at, how, now)?;
        Ok(true)
    });
    if !opened.await? {
        let wrong = "That code is not right, or was used before. Wait for the next one.";
        return refused(&app, Step::Code { key }, &WebError::new(Code::FieldInvalid, wrong));
    }
    app.throttle.signed_in(&user.profile.email, user.id, peer.address);
    Ok(inside(&app, &cookie))
}

/// The first admin, as the page asks for one.
#[derive(Deserialize)]
pub(in crate::web) struct First {
    key: String,
    first_name: String,
    #[serde(default)]
    last_name: String,
    email: String,
    password: String,
}

/// Makes the first admin and signs them in.
pub(in crate::web) async fn first(
    State(app): State<App>,
    peer: Peer,
    Form(form): Form<First>,
) -> Result<Response, WebError> {
    let again = Step::First {
        key: form.key.clone(),
        first_name: form.first_name.clone(),
        last_name: form.last_name.clone(),
        email: form.email.clone(),
    };
    match set_up_first(&app, &peer, form).await {
        Ok(Some(cookie)) => Ok(inside(&app, &cookie)),
        Ok(None) => Ok((StatusCode::GONE, page(&app, Step::Used, None)?).into_response()),
        Err(refusal) => refused(&app, again, &refusal),
    }
}

async fn set_up_first(app: &App, peer: &Peer, form: First) -> Result<Option<Secret>, WebError> {
    app.throttle.link(peer.address, app.now())?;
    let (key, now) = (Secret::new(form.key), app.now());
    let presented = key.clone();
    let may = app.store.read(move |tx| {
        let link = tx.sign_in_link(&presented, now)?;
        let first = SignInLink { kind: LinkKind::Open, user: None };
        Ok(link == Some(first) && tx.first_admin()?.is_none())
    });
    if !may.await? {
        return Ok(None);
    }
    let asked = json!({
        "first_name": form.first_name, "last_name": form.last_name,
        "email": form.email, "role": "admin",
    });
    let asked: UserSet = serde_json::from_value(asked).map_err(WebError::internal)?;
    let settings = app.settings.clone();
    // Read first, so that a password that is refused costs no admin and no link.
    let profile = app.store.read(move |tx| Ok(asked.onto(nobody(), None, tx, &settings))).await??;
    let hash = checked(app, &profile, Secret::new(form.password)).await?;
    let cookie = secret(app, "");
    let (made, at) = (cookie.clone(), Whence::of(peer));
    let opened = change(app, move |tx, now| {
        let used = tx.use_sign_in_link(&key, now)?;
        if used.is_none() || tx.first_admin()?.is_some() {
            return Ok(false);
        }
        let id = tx.create_user(&profile, now)?;
        tx.set_password_hash(id, Some(&hash), now)?;
        let (author, role) = (Author::of_user(id), json!({ "role": "admin" }));
        tx.audit(&author, "user.created", Some(id.to_string()), &role, now)?;
        begin(tx, id, made, at, "link", now)?;
        Ok(true)
    });
    Ok(opened.await?.then_some(cookie))
}

/// What an invited person chooses.
#[derive(Deserialize)]
pub(in crate::web) struct Chosen {
    key: String,
    password: String,
}

/// Sets the password of somebody invited and signs them in.
pub(in crate::web) async fn invited(
    State(app): State<App>,
    peer: Peer,
    Form(form): Form<Chosen>,
) -> Result<Response, WebError> {
    let now = app.now();
    if let Err(refusal) = app.throttle.link(peer.address, now) {
        let step = Step::Invited { key: form.key, name: String::new(), email: String::new() };
        return refused(&app, step, &refusal);
    }
    let Step::Invited { key, name, email } = step_of(&app, form.key).await? else {
        return Ok((StatusCode::GONE, page(&app, Step::Used, None)?).into_response());
    };
    let presented = Secret::new(key.as_str());
    let user = app.store.read(move |tx| {
        let user = tx.sign_in_link(&presented, now)?.and_then(|link| link.user);
        user.map(|user| tx.user(user)).transpose().map(Option::flatten)
    });
    let user = user.await?.ok_or_else(WebError::not_found)?;
    let hash = match checked(&app, &user.profile, Secret::new(form.password)).await {
        Ok(hash) => hash,
        Err(refusal) => return refused(&app, Step::Invited { key, name, email }, &refusal),
    };
    let cookie = secret(&app, "");
    let (made, at, spent) = (cookie.clone(), Whence::of(&peer), Secret::new(key));
    let opened = change(&app, move |tx, now| {
        if tx.use_sign_in_link(&spent, now)?.is_none() {
            return Ok(false);
        }
        tx.end_sessions_of(user.id, None)?;
        tx.set_password_hash(user.id, Some(&hash), now)?;
        let (author, none) = (Author::of_user(user.id), json!({}));
        tx.audit(&author, "user.password_set", Some(user.id.to_string()), &none, now)?;
        begin(tx, user.id, made, at, "invitation", now)?;
        Ok(true)
    });
    match opened.await? {
        true => Ok(inside(&app, &cookie)),
        false => Ok((StatusCode::GONE, page(&app, Step::Used, None)?).into_response()),
    }
}

/// Ends the session of this browser.
pub(in crate::web) async fn close(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    end_session(&app, &headers).await?;
    let cookie = [(header::SET_COOKIE, session_cookie(&app, None))];
    Ok((cookie, Redirect::to("/signin")).into_response())
}

/// The hash of a password that may be one.
pub(super) async fn checked(
    app: &App,
    owner: &Profile,
    chosen: Secret,
) -> Result<Secret, WebError> {
    password::check(&chosen, owner)?;
    password::hash(app, &chosen).await
}

/// Where a browser signs in from.
struct Whence {
    browser: String,
    address: IpAddr,
}

impl Whence {
    fn of(peer: &Peer) -> Self {
        Self { browser: peer.browser.clone(), address: peer.address }
    }
}

/// Opens the session and says in the audit log how.
fn begin(
    tx: &WriteTx<'_>,
    user: UserId,
    cookie: Secret,
    whence: Whence,
    how: &str,
    now: UnixTime,
) -> Result<(), WebError> {
    let address = match whence.address.is_unspecified() {
        true => String::new(),
        false => whence.address.to_string(),
    };
    tx.create_session(&NewSession { user, cookie, browser: whence.browser, address }, now)?;
    let (author, how) = (Author::of_user(user), json!({ "by": how }));
    Ok(tx.audit(&author, "user.signed_in", Some(user.to_string()), &how, now)?)
}

fn inside(app: &App, cookie: &Secret) -> Response {
    let cookie = [(header::SET_COOKIE, session_cookie(app, Some(cookie)))];
    (cookie, Redirect::to("/")).into_response()
}

/// The form for address and password.
async fn door(app: &App, email: &str, refusal: Option<&WebError>) -> Result<Response, WebError> {
    let nobody_yet = app.store.read(|tx| Ok(tx.first_admin()?.is_none())).await?;
    let step = Step::Password { email: email.to_owned(), nobody_yet };
    match refusal {
        Some(refusal) => refused(app, step, refusal),
        None => Ok(page(app, step, None)?.into_response()),
    }
}

/// The same page with the words of a refusal; what was typed is still there.
fn refused(app: &App, step: Step, refusal: &WebError) -> Result<Response, WebError> {
    let status = match refusal.code().status() {
        StatusCode::INTERNAL_SERVER_ERROR => StatusCode::INTERNAL_SERVER_ERROR,
        StatusCode::TOO_MANY_REQUESTS => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok((status, page(app, step, Some(refusal.detail().to_owned()))?).into_response())
}

fn page(app: &App, step: Step, refusal: Option<String>) -> Result<Html<String>, WebError> {
    let warned = app.settings.self_signed.is_some();
    Ok(Html(SignInPage { frame: Frame::bare(app, "Sign in"), step, refusal, warned }.render()?))
}

/// Said of everything that is wrong with an address or a password.
const WRONG: &str = "Address or password is not right.";
/// Long enough to find the terminal again, short enough for a link that was left in a log.
const LINK_LIFE: Millis = Millis::from_secs(24 * 3_600);
/// An invitation waits for a holiday to end.
const INVITE_LIFE: Millis = Millis::from_secs(7 * 24 * 3_600);
/// The time to find the phone.
const CODE_LIFE: Millis = Millis::from_secs(5 * 60);
