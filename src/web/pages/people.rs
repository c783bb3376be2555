//! People: who signs in with which role, who is only notified, and the links that let them in.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::form::{Field, Form, Posted};
use super::{Done, Frame, again, base, changes};
use crate::store::{Role, User, UserId};
use crate::types::Secret;
use crate::web::App;
use crate::web::api::passwords::keep_pin;
use crate::web::api::users as api;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::WebError;
use crate::web::extract::{Body, Id, Patch, Query};

#[derive(Template)]
#[template(path = "people.html", config = "src/web/askama.toml")]
struct PeoplePage {
    frame: Frame,
    people: Vec<Person>,
    done: Option<&'static str>,
}

/// One row.
struct Person {
    id: UserId,
    name: String,
    email: String,
    phone: String,
    role: &'static str,
    team: String,
    /// What stands in their way, or that all is well.
    state: &'static str,
    tone: &'static str,
}

impl Person {
    fn new(user: User, factor: bool) -> Self {
        let profile = &user.profile;
        let (state, tone) = match (profile.active, profile.role, user.has_password) {
            (false, ..) => ("deactivated", "bad"),
            _ if user.paused => ("texted STOP", "warn"),
            _ if !profile.duty => ("off duty", "warn"),
            (_, Role::Notified, _) => ("notified only", ""),
            (_, _, false) => ("no password yet", "warn"),
            _ if factor => ("two steps", "good"),
            _ => ("active", "good"),
        };
        Self {
            id: user.id,
            name: user.name(),
            email: user.profile.email,
            phone: user.profile.phone.map_or(String::new(), |phone| phone.as_str().to_owned()),
            role: user.profile.role.as_str(),
            team: user.profile.team.unwrap_or_default(),
            state,
            tone,
        }
    }
}

/// Everybody.
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(Done { done }): Query<Done>,
) -> Result<Html<String>, WebError> {
    let people = app.store.read(|tx| {
        let with_factor = |user: User| {
            let factor = tx.second_factor(user.id)?.is_some_and(|factor| factor.confirmed);
            Ok(Person::new(user, factor))
        };
        tx.users()?.into_iter().map(with_factor).collect::<crate::store::Result<Vec<_>>>()
    });
    let page = PeoplePage {
        people: people.await?,
        frame: Frame::of(&app, &caller, "People", "/people", "people").await?,
        done: (done.as_deref() == Some("deleted")).then_some("The person is forgotten."),
    };
    Ok(Html(page.render()?))
}

#[derive(Template)]
#[template(path = "person.html", config = "src/web/askama.toml")]
struct PersonPage {
    frame: Frame,
    /// `None`: somebody new.
    person: Option<Person>,
    form: Form,
    /// The PIN of their links; only of somebody who is there.
    pin: Option<Form>,
    may_sign_in: bool,
    own: bool,
    browsers: usize,
    factor: bool,
    /// A link just made; shown once.
    link: Option<String>,
    done: Option<&'static str>,
    refusal: Option<String>,
}

/// Which role a new person begins with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Begin {
    role: Option<String>,
}

/// The form for somebody new.
pub(in crate::web) async fn new(
    State(app): State<App>,
    caller: Caller,
    Query(Begin { role }): Query<Begin>,
) -> Result<Html<String>, WebError> {
    let role = role.as_deref().and_then(Role::parse).unwrap_or(Role::Agent);
    Ok(Html(blank(&app, &caller, form(None, role)).await?))
}

async fn blank(app: &App, caller: &Caller, form: Form) -> Result<String, WebError> {
    let page = PersonPage {
        frame: Frame::of(app, caller, "New person", "/people", "people").await?,
        person: None,
        form,
        pin: None,
        may_sign_in: false,
        own: false,
        browsers: 0,
        factor: false,
        link: None,
        done: None,
        refusal: None,
    };
    Ok(page.render()?)
}

fn form(user: Option<&User>, role: Role) -> Form {
    let word = |of: fn(&User) -> &str| user.map_or(String::new(), |user| of(user).to_owned());
    let roles = [
        ("admin", "Admin: everything"),
        ("agent", "Agent: reads and answers"),
        ("viewer", "Viewer: reads"),
        ("notified", "Notified only: no sign-in"),
    ];
    let role = user.map_or(role, |user| user.profile.role).as_str();
    let phone = user.and_then(|user| user.profile.phone.as_ref());
    let (action, button) = match user {
        Some(user) => (format!("/people/{}", user.id), "Save"),
        None => ("/people".to_owned(), "Add"),
    };
    let form = Form::new("person", action, button)
        .field(Field::line("first_name", "First name", word(|u| &u.profile.first_name)).required())
        .field(Field::line("last_name", "Last name", word(|u| &u.profile.last_name)))
        .field(Field::typed("email", "E-mail", "email", word(|u| &u.profile.email)).required())
        .field(
            Field::typed("phone", "Mobile number", "tel", phone.map_or("", |p| p.as_str()))
                .hint("For notices and relays. Customers never see it."),
        )
        .field(Field::choice("role", "Role", roles, role))
        .field(
            Field::line("team", "Team", word(|u| u.profile.team.as_deref().unwrap_or_default()))
                .hint("Conversations can be given to a team by its name."),
        );
    match user {
        None => form,
        Some(user) => form
            .field(
                Field::tick("active", "Active", user.profile.active)
                    .hint("Without it they are out at once; what they claimed is everybody's."),
            )
            .field(
                Field::tick("duty", "On duty", user.profile.duty)
                    .hint("Off duty, relays by SMS go to the next recipient."),
            )
            .field(
                Field::typed(
                    "mail_quota",
                    "Texts they may start by e-mail within a day",
                    "number",
                    user.mail_quota.to_string(),
                )
                .hint("0: none. Answers to forwarded texts are not counted."),
            ),
    }
}

fn body(posted: &Posted, new: bool) -> Value {
    let mut body = json!({
        "first_name": posted.get("first_name"),
        "last_name": posted.get("last_name"),
        "email": posted.get("email"),
        "phone": posted.given("phone"),
        "role": posted.get("role"),
        "team": posted.given("team"),
    });
    if !new {
        body["active"] = posted.ticked("active").into();
        body["duty"] = posted.ticked("duty").into();
        let quota = posted.get("mail_quota");
        if !quota.is_empty() {
            body["mail_quota"] = quota.parse::<u32>().map_or(json!(quota), Value::from);
        }
    }
    body
}

/// Adds somebody.
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    posted: Posted,
) -> Result<Response, WebError> {
    let made = match Body::of(body(&posted, true)) {
        Ok(asked) => api::create(State(app.clone()), caller.clone(), asked).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok((_, Json(user))) => {
            let user = serde_json::to_value(user).map_err(WebError::internal)?;
            let id = user["id"].as_str().unwrap_or_default();
            Ok(Redirect::to(&format!("/people/{id}?done=created")).into_response())
        }
        Err(refusal) => {
            let form = form(None, Role::Agent).refused(&posted, &refusal);
            again(refusal, blank(&app, &caller, form).await?)
        }
    }
}

/// One person.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
    Query(Done { done }): Query<Done>,
) -> Result<Html<String>, WebError> {
    let done = match done.as_deref() {
        Some("created") => Some("Added. To sign in, they need a link from below."),
        Some("saved") => Some("Saved."),
        Some("signed-out") => Some("They are signed out everywhere; the second factor is off."),
        Some("pin") => Some("Saved. The links of later notices ask for it, or no longer do."),
        _ => None,
    };
    Ok(Html(one(&app, &caller, id, Said { done, ..Said::default() }, |form| form).await?))
}

/// What a page of one person says beside the person.
#[derive(Default)]
struct Said {
    done: Option<&'static str>,
    link: Option<String>,
    refusal: Option<String>,
    pin: Option<Form>,
}

/// C20: what the links in somebody's notices ask for.
fn pin_form(user: &User) -> Form {
    let hint = match user.has_pin {
        true => "One is set. An empty box leaves it.",
        false => "None is set: whoever holds the phone opens the link. 4 to 12 digits.",
    };
    // Typed in the open: whoever sets it has to tell it to them.
    Form::new("pin", format!("/people/{}/pin", user.id), "Save")
        .field(Field::typed("pin", "PIN", "text", "").hint(hint))
        .field(Field::tick("pin_off", "Take the PIN away", false))
}

async fn one(
    app: &App,
    caller: &Caller,
    id: UserId,
    said: Said,
    with: impl FnOnce(Form) -> Form,
) -> Result<String, WebError> {
    let now = app.now();
    let found = app.store.read(move |tx| {
        let factor = tx.second_factor(id)?.is_some_and(|factor| factor.confirmed);
        let browsers = tx.sessions_of(id, now)?.len();
        Ok(tx.user(id)?.map(|user| (user, factor, browsers)))
    });
    let (user, factor, browsers) = found.await?.ok_or_else(WebError::not_found)?;
    let page = PersonPage {
        frame: Frame::of(app, caller, user.name(), "/people", "people").await?,
        form: with(form(Some(&user), user.profile.role)),
        pin: Some(said.pin.unwrap_or_else(|| pin_form(&user))),
        may_sign_in: user.may_sign_in(),
        own: caller.user() == Some(id),
        browsers,
        factor,
        person: Some(Person::new(user, factor)),
        link: said.link,
        done: said.done,
        refusal: said.refusal,
    };
    Ok(page.render()?)
}

/// Changes somebody.
pub(in crate::web) async fn save(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
    posted: Posted,
) -> Result<Response, WebError> {
    let Json(kept) = api::show(State(app.clone()), Id(id)).await?;
    let kept = serde_json::to_value(kept).map_err(WebError::internal)?;
    let saved = match Patch::of(changes(body(&posted, false), &kept)) {
        Ok(patch) => api::update(State(app.clone()), caller.clone(), Id(id), patch).await,
        Err(refusal) => Err(refusal),
    };
    match saved {
        Ok(_) => Ok(Redirect::to(&format!("/people/{id}?done=saved")).into_response()),
        Err(refusal) => {
            let with = |form: Form| form.refused(&posted, &refusal);
            let html = one(&app, &caller, id, Said::default(), with).await?;
            again(refusal, html)
        }
    }
}

/// Makes a link by which somebody chooses a password; it is shown once.
pub(in crate::web) async fn invite(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
    headers: HeaderMap,
) -> Result<Html<String>, WebError> {
    let user = app.store.read(move |tx| tx.user(id)).await?;
    user.filter(User::may_sign_in).ok_or_else(WebError::not_found)?;
    let key = super::signin::invite(&app, id).await?;
    let acting = caller.clone();
    change(&app, move |tx, now| audit(tx, &acting, "user.invited", id, json!({}), now)).await?;
    let link = Some(format!("{}/signin?key={}", base(&app, &headers), key.expose()));
    Ok(Html(one(&app, &caller, id, Said { link, ..Said::default() }, |form| form).await?))
}

/// Sets the PIN of somebody's links, or takes it away.
pub(in crate::web) async fn set_pin(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
    posted: Posted,
) -> Result<Response, WebError> {
    let saved = match (posted.ticked("pin_off"), posted.given("pin")) {
        (true, _) => keep_pin(&app, caller.clone(), id, None).await,
        (false, None) => Ok(()),
        (false, Some(pin)) => keep_pin(&app, caller.clone(), id, Some(Secret::new(pin))).await,
    };
    match saved {
        Ok(()) => Ok(Redirect::to(&format!("/people/{id}?done=pin")).into_response()),
        Err(refusal) => {
            let user = app.store.read(move |tx| tx.user(id)).await?;
            let user = user.ok_or_else(WebError::not_found)?;
            let pin = Some(pin_form(&user).refused(&posted, &refusal));
            let said = Said { pin, ..Said::default() };
            let html = one(&app, &caller, id, said, |form| form).await?;
            again(refusal, html)
        }
    }
}

/// Signs somebody out everywhere and takes a lost second factor away.
pub(in crate::web) async fn sign_out(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
) -> Result<Response, WebError> {
    change(&app, move |tx, now| {
        tx.user(id)?.ok_or_else(WebError::not_found)?;
        let browsers = tx.end_sessions_of(id, None)?;
        tx.end_second_factor(id, now)?;
        audit(tx, &caller, "user.signed_out_everywhere", id, json!({ "browsers": browsers }), now)
    })
    .await?;
    Ok(Redirect::to(&format!("/people/{id}?done=signed-out")).into_response())
}

/// Forgets somebody whom nothing names.
pub(in crate::web) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<UserId>,
) -> Result<Response, WebError> {
    match api::delete(State(app.clone()), caller.clone(), Id(id)).await {
        Ok(_) => Ok(Redirect::to("/people?done=deleted").into_response()),
        Err(refusal) => {
            let said = Said { refusal: Some(refusal.detail().to_owned()), ..Said::default() };
            let html = one(&app, &caller, id, said, |form| form).await?;
            again(refusal, html)
        }
    }
}
