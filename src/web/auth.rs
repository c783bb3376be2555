//! Who is asking, and whether they may.
//!
//! Every route names its [`Access`] where it is mounted (`routes`) and passes [`require`] before
//! its handler, so no handler can forget. A caller is the owner of the data folder on the Unix
//! socket, a program with a token, or a user with a session. Tokens, cookies and sign-in keys
//! are 256 random bits; the store keeps only their SHA-256, so a copied database opens nothing.
//!
//! A user has the rights of the role they have now: who is deactivated is out with the next click.
//!
//! A caller with the scope `admin` may act for a user by `?as=<user>`: the call then has that user's
//! rights and name. The parameter is taken off before the handler sees it.
//!
//! Absent: how somebody signs in (`pages::signin`).

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::App;
use super::crew;
use super::error::{Code, WebError};
use super::refusals::{self, Attempt};
use crate::store::{
    Author, AuthorKind, LineId, ReadTx, Role, SessionId, StoreError, TokenUse, User, UserId,
};
use crate::types::{ConversationId, Millis, Secret, UnixTime, hex};

/// Marks a request that came over the gateway's own Unix socket (mode 0600): the system has
/// already checked that the caller owns the data folder. Only the socket's listener inserts it.
#[derive(Clone, Copy, Debug)]
pub struct LocalAdmin;

/// What a route asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody who reaches the port.
    Public,
    /// Whoever is signed in with a browser: what is their own.
    Account,
    /// Whoever may read texts.
    Read,
    /// Whoever may send them.
    Send,
    /// Whoever may change the gateway itself.
    Admin,
}

/// The words in a token's list of scopes.
pub(super) const SCOPES: &[&str] = &["send", "read", "admin"];

/// Who is asking.
#[derive(Clone, Debug)]
pub struct Caller {
    author: Author,
    scopes: Vec<String>,
    /// A token may be good for one line only.
    line: Option<LineId>,
    /// The user who acts, when one does.
    user: Option<UserId>,
    /// Who acts for the user: `token:3`.
    through: Option<String>,
    /// The browser the user is signed in with.
    session: Option<SessionId>,
    /// A browser that a notice's link opened sees one conversation only.
    thread: Option<ConversationId>,
}

impl Caller {
    /// Whose name stands at what the caller does.
    pub fn author(&self) -> Author {
        self.author.clone()
    }

    /// The only line the caller sees and uses, if bound to one.
    pub fn line(&self) -> Option<LineId> {
        self.line
    }

    /// Whose idempotency keys these are: two callers never meet in one.
    pub fn key_space(&self) -> String {
        format!("{}:{}", self.author.kind.as_str(), self.author.id.as_deref().unwrap_or_default())
    }

    /// The only conversation the caller sees, if bound to one.
    pub fn thread(&self) -> Option<ConversationId> {
        self.thread
    }

    /// Whether a page is one of those of the caller's only conversation.
    fn reaches(&self, path: &str) -> bool {
        let Some(thread) = self.thread else { return true };
        let own = format!("/threads/{thread}");
        let within = path.strip_prefix(&own).is_some_and(|rest| {
            matches!(rest, "" | "/read" | "/presence" | "/messages" | "/draft")
        });
        // A text's page asks by itself whether its conversation may be seen.
        let text = path.strip_prefix("/messages/").is_some_and(|rest| !rest.ends_with("/settle"));
        within || text || matches!(path, "/live" | "/help")
    }

    /// Whether whoever was let in may still be here: what stays open asks again and again (E156).
    pub(super) fn still_holds(&self, tx: &ReadTx<'_>, now: UnixTime) -> Result<bool, StoreError> {
        if let Some(id) = self.user {
            let linked = self.thread.is_some();
            let may = |user: User| user.may_sign_in() || (linked && user.profile.active);
            if !tx.user(id)?.is_some_and(may) {
                return Ok(false);
            }
            let browsers = tx.sessions_of(id, now)?;
            let here = |session| browsers.iter().any(|browser| browser.id == session);
            if !self.session.is_none_or(here) {
                return Ok(false);
            }
        }
        // A token's word counts for itself and for whom it acts.
        let word = self.through.clone().unwrap_or_else(|| self.key_space());
        match word.strip_prefix("token:").and_then(|id| id.parse().ok()) {
            Some(token) => tx.token_holds(token, now),
            None => Ok(true),
        }
    }

    /// The user who acts, if one does; to an admin without account nothing is one's own.
    pub fn user(&self) -> Option<UserId> {
        self.user
    }

    /// The user who acts, where there must be one.
    pub fn acting(&self) -> Result<UserId, WebError> {
        let detail = "Add ?as= with the id, address or phone of the user who acts.";
        self.user.ok_or_else(|| WebError::new(Code::ActingUserRequired, detail))
    }

    /// The user who is signed in here, with their browser: their own account is theirs alone.
    pub(super) fn signed_in(&self) -> Result<(UserId, SessionId), WebError> {
        let signed_in = self.user.zip(self.session);
        signed_in.ok_or_else(|| WebError::new(Code::Forbidden, OWN))
    }

    /// Who acts for the user, for the audit log.
    pub fn through(&self) -> Option<&str> {
        self.through.as_deref()
    }

    /// Whether the caller may change the gateway itself.
    pub fn is_admin(&self) -> bool {
        self.may(Access::Admin)
    }

    /// Whether the caller may write, answer, claim and close.
    pub fn may_send(&self) -> bool {
        self.may(Access::Send)
    }

    /// The caller as this user, with no more rights than the user's role has (S136).
    fn acting_for(self, user: &User) -> Self {
        let through = Some(self.key_space());
        Self { line: self.line, through, ..Self::of_user(user, None) }
    }

    /// A user with the rights of their role.
    fn of_user(user: &User, session: Option<SessionId>) -> Self {
        let scopes: &[&str] = match user.profile.role {
            Role::Admin => &["admin"],
            Role::Agent => &["send", "read"],
            Role::Viewer => &["read"],
            Role::Notified => &[],
        };
        Self {
            author: Author::of_user(user.id),
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            line: None,
            user: Some(user.id),
            through: None,
            session,
            thread: None,
        }
    }

    /// A person in a browser that a notice's link opened: whoever is told of texts may answer that
    /// one, login or not (S113).
    fn of_link(user: &User, session: SessionId, thread: ConversationId) -> Self {
        let scopes: &[&str] = match user.profile.role {
            Role::Viewer => &["read"],
            _ => &["send", "read"],
        };
        let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
        Self { scopes, thread: Some(thread), ..Self::of_user(user, Some(session)) }
    }

    /// Refuses what belongs to another line; to this caller it does not exist.
    pub fn sees(&self, line: LineId) -> Result<(), WebError> {
        match self.line {
            Some(own) if own != line => Err(WebError::not_found()),
            _ => Ok(()),
        }
    }

    /// Refuses a caller bound to one line what belongs to all of them.
    pub fn every_line(&self) -> Result<(), WebError> {
        let detail = "A token bound to one line cannot use this call.";
        self.line.map_or(Ok(()), |_| Err(WebError::new(Code::Forbidden, detail)))
    }

    fn may(&self, access: Access) -> bool {
        let has = |word: &str| self.scopes.iter().any(|scope| scope == word || scope == "admin");
        match access {
            Access::Public => true,
            Access::Account => self.session.is_some(),
            Access::Read => has("read"),
            Access::Send => has("send"),
            // A token bound to one line cannot change what belongs to all.
            Access::Admin => has("admin") && self.line.is_none(),
        }
    }

    fn whole(kind: AuthorKind, id: &str) -> Self {
        let author = Author { kind, id: Some(id.to_owned()) };
        let scopes = vec!["admin".to_owned()];
        Self { author, scopes, line: None, user: None, through: None, session: None, thread: None }
    }
}

/// The caller of a route that is not public; [`require`] has put it there.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = WebError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, WebError> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(unauthorized)
    }
}

/// The caller of a public route, who may be nobody.
pub(super) struct Anyone(pub(super) Option<Caller>);

impl<S: Send + Sync> FromRequestParts<S> for Anyone {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Caller>().cloned()))
    }
}

/// Lets a request through to its handler when its caller may use the route.
pub(super) async fn require(
    State((app, access)): State<(App, Access)>,
    request: Request,
    next: Next,
) -> Result<Response, WebError> {
    let (mut parts, body) = request.into_parts();
    match acting_caller(&app, &mut parts).await {
        // Wherever else it goes, a browser opened by a link is led back to its conversation.
        Ok(caller) if access != Access::Public && !caller.reaches(parts.uri.path()) => {
            return match (&parts.method, caller.thread) {
                (&Method::GET, Some(thread)) if parts.uri.path() == "/" => {
                    Ok(Redirect::to(&format!("/threads/{thread}")).into_response())
                }
                _ => Err(WebError::new(Code::Forbidden, "This link opens one conversation only.")),
            };
        }
        Ok(caller) if caller.may(access) => {
            parts.extensions.insert(caller);
        }
        Ok(caller) => {
            let detail = match caller.session {
                _ if access == Access::Account => OWN,
                Some(_) => "Your role does not include this. Ask an admin.",
                None => "Use a token with the scope this call needs.",
            };
            let refusal = WebError::new(Code::Forbidden, detail);
            return match sends(&parts) {
                Some(way) => {
                    let attempt = Attempt { way, ..Attempt::default() };
                    Err(refusals::noted(&app, &caller, attempt, refusal).await)
                }
                None => Err(refusal),
            };
        }
        Err(_) if access == Access::Public => {}
        Err(refusal) => return Err(refusal),
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

/// By which call a request would send a text: somebody who may not is refused before it is read.
fn sends(request: &Parts) -> Option<&'static str> {
    let path = request.uri.path();
    match (&request.method, path.strip_prefix("/api/v1/")) {
        (&Method::POST, Some("messages")) => Some("message"),
        (&Method::POST, Some("messages/batch")) => Some("batch"),
        (&Method::POST, Some("messages/bulk")) => Some("bulk"),
        (&Method::POST, Some(rest)) if rest.starts_with("prompts/") && rest.ends_with("/ask") => {
            Some("prompt")
        }
        (&Method::POST, None) if path.starts_with("/threads/") && path.ends_with("/messages") => {
            Some("page")
        }
        _ => None,
    }
}

/// Who is asking, or the user they act for.
async fn acting_caller(app: &App, request: &mut Parts) -> Result<Caller, WebError> {
    let caller = identify(app, request).await?;
    let Some(word) = take_as(request)? else { return Ok(caller) };
    if !caller.is_admin() {
        let detail = "Only a caller with the scope admin acts for others.";
        return Err(WebError::new(Code::Forbidden, detail));
    }
    let settings = app.settings.clone();
    let found = app.store.read(move |tx| Ok(crew::user_called(tx, &word, &settings)));
    let user = found.await??;
    if !user.may_sign_in() {
        let detail = "The user is deactivated, or is only notified and has no login.";
        return Err(WebError::new(Code::UserInactive, detail));
    }
    Ok(caller.acting_for(&user))
}

/// Takes `as` out of the query string, so that no handler has to know it. One that cannot be read
/// is refused: the call must never run with the rights of the admin instead.
fn take_as(request: &mut Parts) -> Result<Option<String>, WebError> {
    let Some(query) = request.uri.query() else { return Ok(None) };
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for pair in query.split('&') {
        match decoded(pair) {
            Some((key, user)) if key == "as" => named.push(user),
            None if pair.starts_with("as=") => return Err(unreadable()),
            _ => others.push(pair),
        }
    }
    let user = match named.len() {
        0 => return Ok(None),
        1 => named.pop(),
        _ => return Err(unreadable()),
    };
    let path = request.uri.path();
    let rest = match others.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", others.join("&")),
    };
    request.uri = rest.parse().map_err(|_| unreadable())?;
    Ok(user)
}

fn unreadable() -> WebError {
    let detail = "as names one user: an id, an address or a phone with %2B for its plus.";
    WebError::new(Code::FieldInvalid, detail)
}

/// Name and value of one pair of a query string.
fn decoded(pair: &str) -> Option<(String, String)> {
    let uri = format!("/?{pair}").parse().ok()?;
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&uri).ok()?;
    query.0.into_iter().next()
}

async fn identify(app: &App, request: &Parts) -> Result<Caller, WebError> {
    if request.extensions.get::<LocalAdmin>().is_some() {
        return Ok(Caller::whole(AuthorKind::System, "socket"));
    }
    if let Some(token) = bearer(&request.headers) {
        return of_token(app, token).await;
    }
    match cookie(&request.headers, cookie_name(app)) {
        Some(cookie) => of_session(app, cookie).await,
        None => Err(unauthorized()),
    }
}

async fn of_token(app: &App, token: &str) -> Result<Caller, WebError> {
    let (secret, now) = (Secret::new(token), app.now());
    match app.store.read(move |tx| tx.authenticate_token(&secret, now)).await? {
        TokenUse::Valid { token, note_use } => {
            if note_use {
                let id = token.id;
                app.store.write(move |tx| tx.token_used(id, now)).await?;
            }
            let author = Author { kind: AuthorKind::Token, id: Some(token.id.to_string()) };
            let (scopes, line) = (token.scopes, token.line);
            Ok(Caller {
                author,
                scopes,
                line,
                user: None,
                through: None,
                session: None,
                thread: None,
            })
        }
        TokenUse::Invalid => {
            let detail = "The token is not known, or it was revoked or has expired.";
            Err(WebError::new(Code::Unauthorized, detail))
        }
    }
}

async fn of_session(app: &App, cookie: &str) -> Result<Caller, WebError> {
    let (cookie, now) = (Secret::new(cookie), app.now());
    let found = app.store.read(move |tx| {
        let Some(session) = tx.session(&cookie, now)? else { return Ok(None) };
        Ok(tx.user(session.user)?.map(|user| (session, user)))
    });
    let found = found.await?.filter(|(session, user)| {
        user.may_sign_in() || (session.conversation.is_some() && user.profile.active)
    });
    let (session, user) = found.ok_or_else(unauthorized)?;
    if now.since(session.last_seen_at) > NOTED_EVERY {
        let id = session.id;
        app.store.write(move |tx| tx.session_used(id, now)).await?;
    }
    Ok(match session.conversation {
        Some(thread) => Caller::of_link(&user, session.id, thread),
        None => Caller::of_user(&user, Some(session.id)),
    })
}

/// Ends the session of a browser; another's is beyond its reach.
pub(super) async fn end_session(app: &App, headers: &HeaderMap) -> Result<(), WebError> {
    let Some(cookie) = cookie(headers, cookie_name(app)) else { return Ok(()) };
    let (cookie, now) = (Secret::new(cookie), app.now());
    let ended = app.store.write(move |tx| match tx.session(&cookie, now)? {
        Some(session) => tx.end_session(session.id),
        None => Ok(()),
    });
    Ok(ended.await?)
}

fn unauthorized() -> WebError {
    let detail = "Sign in, or send Authorization: Bearer sg_...";
    WebError::new(Code::Unauthorized, detail)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// `__Host-`: a browser takes it only over HTTPS and from this very host, never from a subdomain.
fn cookie_name(app: &App) -> &'static str {
    if app.settings.secure() { "__Host-simgate" } else { "simgate" }
}

/// The header that gives a browser its session, or takes it back when there is none.
pub(super) fn session_cookie(app: &App, session: Option<&Secret>) -> HeaderValue {
    let secure = if app.settings.secure() { "; Secure" } else { "" };
    let age = if session.is_some() { LONGEST.0 / 1_000 } else { 0 };
    let (name, value) = (cookie_name(app), session.map_or("", Secret::expose));
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// A fresh secret: 256 bits as hex after `prefix`, by which scanners recognise a leaked one.
pub(super) fn secret(app: &App, prefix: &str) -> Secret {
    let mut bits = [0_u8; 32];
    (app.random)(&mut bits);
    Secret::new(format!("{prefix}{}", hex(&bits)))
}

/// Said to programs at what belongs to a person.
const OWN: &str = "Sign in with a browser: only people do this, under their own name.";
/// Use of a session is noted no more often: a page that polls must not cost a write each time.
const NOTED_EVERY: Millis = Millis::from_secs(10 * 60);
/// The cookie outlives no session; the store ends it earlier when it was not used.
const LONGEST: Millis = Millis::from_secs(30 * 24 * 3_600);
