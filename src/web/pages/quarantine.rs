//! `/quarantine`: mail that came in and waits for an admin. Each can be looked at, with the text it
//! would become, and let through or left; what became of all the others stands below on request
//! (E42, E45, E46, E73).

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::face::{Piece, linked, pieces};
use super::words::{size, when};
use super::{Frame, again};
use crate::email::{self, MailIn};
use crate::sms::normal_text;
use crate::store::{Mail, MailId, MailOutcome};
use crate::web::App;
use crate::web::accept::counted;
use crate::web::api::quarantine as api;
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Form, Id, Query};

#[derive(Template)]
#[template(path = "quarantine.html", config = "src/web/askama.toml")]
struct QuarantinePage {
    frame: Frame,
    mails: Vec<Row>,
    /// Also those nobody has to decide about.
    all: bool,
    done: Option<&'static str>,
}

/// One mail.
struct Row {
    id: MailId,
    from: String,
    subject: Vec<Piece>,
    why: String,
    at: String,
    waits: bool,
    /// What became of it, with its tone.
    state: &'static str,
    tone: &'static str,
}

impl Row {
    fn new(mail: Mail, zone: &jiff::tz::TimeZone) -> Self {
        let (state, tone) = in_words(mail.outcome);
        let from = Some(mail.author).filter(|author| !author.is_empty());
        let subject = Some(mail.subject).filter(|subject| !subject.trim().is_empty());
        Self {
            id: mail.id,
            from: from.unwrap_or_else(|| "not one author".to_owned()),
            subject: pieces(subject.as_deref().unwrap_or("no subject")),
            why: mail.why,
            at: when(mail.at, zone),
            waits: mail.outcome == MailOutcome::Quarantined,
            state,
            tone,
        }
    }
}

/// What became of a mail, as a person would say it.
fn in_words(outcome: MailOutcome) -> (&'static str, &'static str) {
    match outcome {
        MailOutcome::Sent => ("became a text", "good"),
        MailOutcome::Held => ("became a text that is held", "warn"),
        MailOutcome::Refused => ("refused", "bad"),
        MailOutcome::Quarantined => ("waits", "warn"),
        MailOutcome::Rejected => ("left", ""),
        MailOutcome::Approved => ("let through", "good"),
        MailOutcome::Dropped => ("not from a person", ""),
        MailOutcome::Bounce => ("a mail came back", "bad"),
    }
}

/// What the page was opened with.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct Opened {
    done: Option<String>,
    all: Option<String>,
}

/// The list.
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(opened): Query<Opened>,
) -> Result<Html<String>, WebError> {
    let all = opened.all.is_some();
    let mails = app.store.read(move |tx| tx.mails(!all, SHOWN)).await?;
    let zone = &app.settings.time_zone;
    let page = QuarantinePage {
        mails: mails.into_iter().map(|mail| Row::new(mail, zone)).collect(),
        frame: Frame::of(&app, &caller, "Quarantine", "/quarantine", "quarantine").await?,
        all,
        done: match opened.done.as_deref() {
            Some("approve") => Some("Let through: it becomes the text it would have become."),
            Some("drop") => Some("Left. Nothing comes of it."),
            _ => None,
        },
    };
    Ok(Html(page.render()?))
}

#[derive(Template)]
#[template(path = "quarantined.html", config = "src/web/askama.toml")]
struct MailPage {
    frame: Frame,
    row: Row,
    /// What the mail says; none where it is not kept any more.
    inside: Option<Inside>,
    refusal: Option<String>,
}

/// What a mail says. All of it was written by others.
struct Inside {
    to: String,
    text: Vec<Piece>,
    files: Vec<String>,
    /// Why not all of it can be read.
    note: Option<&'static str>,
    becomes: Becomes,
}

/// What would be sent.
enum Becomes {
    Text {
        text: Vec<Piece>,
        size: String,
        /// Its author wrote above and below what is quoted (E60).
        scattered: bool,
        /// Each with its reason.
        left_out: Vec<(&'static str, Vec<Piece>)>,
    },
    /// Nothing, in words for its author.
    Nothing(String),
}

impl Becomes {
    /// The same steps as where mail is taken in: what is shown is what is sent.
    fn of(mail: &MailIn, options: &email::extract::Options) -> Self {
        let extracted = match email::extract(mail, options) {
            Ok(extracted) => extracted,
            Err(refusal) => return Self::Nothing(refusal.to_string()),
        };
        let text = normal_text(&extracted.text);
        match counted(&text) {
            Ok(count) => Self::Text {
                size: size(count.segments, Some(count.coding.alphabet().word())),
                text: linked(&text),
                scattered: extracted.hold.is_some(),
                left_out: extracted
                    .cut
                    .iter()
                    .map(|cut| (cut.kind.as_str(), pieces(&cut.text)))
                    .collect(),
            },
            Err(refusal) => Self::Nothing(refusal.detail().to_owned()),
        }
    }
}

impl Inside {
    fn of(mail: MailIn, options: &email::extract::Options) -> Self {
        let becomes = Becomes::of(&mail, options);
        let shown: String = mail.body.text.chars().take(LONGEST).collect();
        let short = shown.len() < mail.body.text.len() || mail.body.cut_short;
        Self {
            to: mail.to.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            text: linked(shown.trim()),
            files: mail
                .attachments
                .into_iter()
                .map(|file| file.name.unwrap_or(file.kind))
                .collect(),
            note: match () {
                () if mail.sealed.is_some() => Some("It is encrypted, or no plain mail."),
                () if short => Some("It goes on; the rest is not shown here."),
                () => None,
            },
            becomes,
        }
    }
}

/// One mail.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MailId>,
) -> Result<Html<String>, WebError> {
    Ok(Html(one(&app, &caller, id, None).await?))
}

async fn one(
    app: &App,
    caller: &Caller,
    id: MailId,
    refusal: Option<String>,
) -> Result<String, WebError> {
    let found = app.store.read(move |tx| Ok((tx.mail(id)?, tx.mail_octets(id)?)));
    let (mail, octets) = found.await?;
    let mail = mail.ok_or_else(WebError::not_found)?;
    let settings = &app.settings;
    let inside = octets.and_then(|octets| email::read(&octets, settings.mail_limits).ok());
    let page = MailPage {
        frame: Frame::of(app, caller, "Mail in quarantine", "/quarantine", "quarantine").await?,
        row: Row::new(mail, &settings.time_zone),
        inside: inside.map(|mail| Inside::of(mail, &settings.mail_extract)),
        refusal,
    };
    Ok(page.render()?)
}

/// What somebody decides.
#[derive(Deserialize)]
pub(in crate::web) struct Decided {
    act: String,
}

/// Lets a mail through, or leaves it.
pub(in crate::web) async fn decide(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MailId>,
    Form(Decided { act }): Form<Decided>,
) -> Result<Response, WebError> {
    let (word, decided) = match act.as_str() {
        "approve" => ("approve", api::approve(State(app.clone()), caller.clone(), Id(id)).await),
        "drop" => ("drop", api::reject(State(app.clone()), caller.clone(), Id(id)).await),
        _ => return Err(WebError::new(Code::FieldInvalid, "Choose one of the buttons.")),
    };
    match decided {
        Ok(_) => Ok(Redirect::to(&format!("/quarantine?done={word}")).into_response()),
        Err(refusal) => {
            let words = Some(refusal.detail().to_owned());
            let html = one(&app, &caller, id, words).await?;
            again(refusal, html)
        }
    }
}

/// Mails on the page.
const SHOWN: u32 = 200;
/// Characters of a mail that are shown.
const LONGEST: usize = 20_000;
