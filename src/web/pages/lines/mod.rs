//! Lines: the SIM cards and everything people set of them, a form for each subject.
//!
//! Each form posts what it shows and no more, so that two people may work on one line. The act is
//! the API's own (`api::line_settings`), with its checks and its refusals.

mod body;
mod click;
mod settings;
mod trial;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use self::click::Click;
use self::trial::Trial;
use super::form::{Field, Form, Posted};
use super::{Frame, again, changes};
use crate::store::{Line, LineId, LineSettings, Modem, User};
use crate::web::App;
use crate::web::api::{line_settings, lines as api};
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::{Id, Patch, Query};

#[derive(Template)]
#[template(path = "lines.html", config = "src/web/askama.toml")]
struct LinesPage {
    frame: Frame,
    lines: Vec<Row>,
}

/// One line of the list.
struct Row {
    id: LineId,
    name: String,
    number: String,
    sms: &'static str,
    tone: &'static str,
    modem: String,
    recipient: String,
    told: usize,
}

/// How the switch stands, in words, with its tone.
fn switch(line: &Line) -> (&'static str, &'static str) {
    match line.sms.as_str() {
        "on" => ("on", "good"),
        "pending_on" => ("pending: going on", "warn"),
        "pending_off" => ("pending: going off", "warn"),
        _ => ("off", ""),
    }
}

impl Row {
    fn new(line: Line, set: LineSettings, modems: &[Modem], users: &[User]) -> Self {
        let (sms, tone) = switch(&line);
        let modem = modems.iter().find(|modem| modem.line == Some(line.id));
        let recipient = users.iter().find(|user| Some(user.id) == set.response_recipient);
        Self {
            sms,
            tone,
            modem: modem.map_or("not plugged in".to_owned(), |modem| {
                let device = modem.model.as_deref().unwrap_or("modem");
                format!("{device}, {}", modem.operator.as_deref().unwrap_or("no network"))
            }),
            recipient: recipient.map_or(String::new(), User::name),
            told: set.notified.len(),
            id: line.id,
            name: line.name,
            number: line.number.unwrap_or_default(),
        }
    }
}

/// Every line.
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Html<String>, WebError> {
    let page = LinesPage {
        lines: rows(&app).await?,
        frame: Frame::of(&app, &caller, "Lines", "/lines", "lines").await?,
    };
    Ok(Html(page.render()?))
}

async fn rows(app: &App) -> Result<Vec<Row>, WebError> {
    let rows = app.store.read(|tx| {
        let (modems, users) = (tx.modems()?, tx.users()?);
        let mut rows = Vec::new();
        for line in tx.lines()? {
            if let Some(set) = tx.line_settings(line.id)? {
                rows.push(Row::new(line, set, &modems, &users));
            }
        }
        Ok(rows)
    });
    Ok(rows.await?)
}

#[derive(Template)]
#[template(path = "line.html", config = "src/web/askama.toml")]
struct LinePage {
    frame: Frame,
    name: String,
    number: String,
    iccid: String,
    operator: String,
    sms: &'static str,
    tone: &'static str,
    sections: Vec<Section>,
    trial: Trial,
    click: Option<Click>,
    done: Option<&'static str>,
}

/// One subject of a line's settings.
struct Section {
    id: &'static str,
    title: &'static str,
    about: &'static str,
    form: Form,
}

/// What the page was opened with.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Opened {
    done: Option<String>,
    greeting: Option<String>,
}

/// One line.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<LineId>,
    Query(opened): Query<Opened>,
) -> Result<Html<String>, WebError> {
    Ok(Html(one(&app, &caller, id, opened, |_, form| form).await?))
}

/// Keeps one subject of a line.
pub(in crate::web) async fn save(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<LineId>,
    posted: Posted,
) -> Result<Response, WebError> {
    let Json(kept) = api::show(State(app.clone()), caller.clone(), Id(id)).await?;
    let mut kept = serde_json::to_value(kept).map_err(WebError::internal)?;
    let set = app.store.read(move |tx| tx.line_settings(id)).await?;
    let chosen = set.and_then(|set| set.claim_policy);
    // The API shows the policy in force; the form, whether one was chosen.
    kept["claim_policy"] = chosen.map(|policy| policy.as_str()).into();
    let section = posted.get("section").to_owned();
    let saved = match Patch::of(changes(body::of(&section, &posted, &kept), &kept)) {
        Ok(patch) => line_settings::update(State(app.clone()), caller.clone(), Id(id), patch).await,
        Err(refusal) => Err(refusal),
    };
    match saved {
        Ok(_) => {
            let to = format!("/lines/{id}?done=saved#{}", anchor(&section));
            Ok(Redirect::to(&to).into_response())
        }
        Err(refusal) => {
            let refill = |id: &str, form: Form| match id == section {
                true => form.refused(&posted, &refusal),
                false => form,
            };
            let html = one(&app, &caller, id, Opened::default(), refill).await?;
            again(refusal, html)
        }
    }
}

/// The section's own word, or none: an address must not hold what somebody posted.
fn anchor(section: &str) -> &'static str {
    let all = ["line", "replies", "told", "claims", "texts", "consent", "hours", "limits"];
    all.into_iter().find(|known| *known == section).unwrap_or("line")
}

async fn one(
    app: &App,
    caller: &Caller,
    id: LineId,
    opened: Opened,
    with: impl Fn(&str, Form) -> Form,
) -> Result<String, WebError> {
    let (viewer, gateway) = (caller.user(), app.clone());
    let found = app.store.read(move |tx| {
        let (line, set) = (tx.line(id)?, tx.line_settings(id)?);
        let Some((line, set)) = line.zip(set) else { return Ok(None) };
        let trial = Trial::read(tx, &gateway, &line, viewer)?;
        Ok(Some((line, set, tx.users()?, trial)))
    });
    let (line, set, users, trial) = found.await?.ok_or_else(WebError::not_found)?;
    let zone = app.settings.time_zone.iana_name().unwrap_or("UTC").to_owned();
    let action = format!("/lines/{id}");
    let section = |id: &'static str, title, about, fields: Vec<Field>| {
        let form = Form::new(id, action.as_str(), "Save").fixed("section", id).fields(fields);
        Section { id, title, about, form: with(id, form) }
    };
    let sections = vec![
        section("line", "The line", "", settings::of_line(&line, &set)),
        section(
            "replies",
            "Replies",
            "Where the replies of customers go beside the inbox.",
            settings::of_replies(&set, &users),
        ),
        section(
            "told",
            "Notified people",
            "Up to five people are told of every new text, with a link to it.",
            settings::of_told(&set, &users),
        ),
        section("claims", "Claims", "", settings::of_claims(&set)),
        section("texts", "Automatic texts", settings::TEXTS_ABOUT, settings::of_texts(&set)),
        section("consent", "Consent and quiet hours", "", settings::of_consent(&set)),
        section("hours", "Business hours", settings::HOURS_ABOUT, settings::of_hours(&set, &zone)),
        section(
            "limits",
            "Limits",
            "What this line may send. Consent answers are never held back.",
            settings::of_limits(&set),
        ),
    ];
    let (sms, tone) = switch(&line);
    let click = match &line.number {
        Some(number) => Some(Click::new(number, opened.greeting.unwrap_or_default())?),
        None => None,
    };
    let page = LinePage {
        frame: Frame::of(app, caller, line.name.as_str(), "/lines", "lines").await?,
        name: line.name,
        number: line.number.unwrap_or_default(),
        iccid: line.iccid.map_or(String::new(), |iccid| iccid.as_str().to_owned()),
        operator: line.operator.unwrap_or_default(),
        sms,
        tone,
        sections,
        trial: trial.shown(|form| with("trial", form)),
        click,
        done: match opened.done.as_deref() {
            Some("saved") => Some("Saved."),
            Some("test") => {
                Some("The test text is on its way. Answer it, and you see that it receives.")
            }
            _ => None,
        },
    };
    Ok(page.render()?)
}

/// Sends a text by which somebody sees that the line works (S59).
pub(in crate::web) async fn test(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<LineId>,
    posted: Posted,
) -> Result<Response, WebError> {
    match trial::send(&app, caller.clone(), id, posted.get("to")).await {
        Ok(()) => Ok(Redirect::to(&format!("/lines/{id}?done=test#trial-title")).into_response()),
        Err(refusal) => {
            let refill = |id: &str, form: Form| match id {
                "trial" => form.refused(&posted, &refusal),
                _ => form,
            };
            let html = one(&app, &caller, id, Opened::default(), refill).await?;
            again(refusal, html)
        }
    }
}
