//! `/contacts/import`: a file is shown first, and becomes contacts when somebody says so.

use askama::Template;
use axum::extract::{Multipart, State};
use axum::response::Html;

use super::Frame;
use crate::store::Card;
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::crew;
use crate::web::error::{Code, WebError};
use crate::web::imports::{self, Imported};

#[derive(Template)]
#[template(path = "import.html", config = "src/web/askama.toml")]
struct ImportPage {
    frame: Frame,
    step: Step,
}

/// Where the visitor stands.
enum Step {
    Choose {
        refusal: Option<String>,
    },
    /// What the file holds, and the file again for the button.
    Preview {
        text: String,
        fresh: usize,
        known: usize,
        shown: Vec<Shown>,
        refused: Vec<(usize, String)>,
    },
    Done {
        fresh: usize,
        known: usize,
    },
}

/// A row of the preview.
struct Shown {
    name: String,
    numbers: String,
    fields: String,
    known: bool,
}

/// The page to choose a file on.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
) -> Result<Html<String>, WebError> {
    page(&app, &caller, Step::Choose { refusal: None }).await
}

/// Shows what a file holds; with the button of that page, keeps it.
pub(in crate::web) async fn take(
    State(app): State<App>,
    caller: Caller,
    mut parts: Multipart,
) -> Result<Html<String>, WebError> {
    let broken = |_| WebError::new(Code::FieldInvalid, "The file did not arrive whole.");
    let (mut text, mut keep) = (String::new(), false);
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let octets = part.bytes().await.map_err(|_| {
            WebError::new(Code::BodyTooLarge, "A file has at most 4 MiB. Split it.")
        })?;
        match name.as_str() {
            "file" | "text" if !octets.is_empty() => text = imports::decoded(&octets),
            "keep" => keep = true,
            _ => {}
        }
    }
    let settings = app.settings.clone();
    let country = app.store.read(move |tx| Ok(crew::country(tx, &settings))).await??;
    let read = imports::read(&text, country);
    if read.cards.is_empty() {
        let why = read.refused.first().map(|(_, why)| why.clone());
        let words = why.unwrap_or_else(|| "There is no contact in it.".to_owned());
        return page(&app, &caller, Step::Choose { refusal: Some(words) }).await;
    }
    let step = match keep {
        true => stored(&app, &caller, read).await?,
        false => preview(&app, text, read).await?,
    };
    page(&app, &caller, step).await
}

async fn preview(app: &App, text: String, read: Imported) -> Result<Step, WebError> {
    let Imported { cards, refused } = read;
    let looked = app.store.read(move |tx| {
        let mut known = Vec::with_capacity(cards.len());
        for card in &cards {
            let first = card.numbers.first().map(|number| tx.contact_of(number)).transpose()?;
            known.push(first.flatten().is_some());
        }
        Ok((cards, known))
    });
    let (cards, known) = looked.await?;
    let count = known.iter().filter(|known| **known).count();
    let shown = cards.iter().zip(&known).take(PREVIEW).map(|(card, known)| shown(card, *known));
    Ok(Step::Preview {
        fresh: cards.len() - count,
        known: count,
        shown: shown.collect(),
        refused,
        text,
    })
}

fn shown(card: &Card, known: bool) -> Shown {
    let fields: Vec<String> =
        card.fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let numbers: Vec<&str> = card.numbers.iter().map(|number| number.as_str()).collect();
    Shown {
        name: format!("{} {}", card.first_name, card.last_name).trim().to_owned(),
        numbers: numbers.join(", "),
        fields: fields.join(", "),
        known,
    }
}

/// New numbers become contacts; of known ones, only what was missing is filled in.
async fn stored(app: &App, caller: &Caller, read: Imported) -> Result<Step, WebError> {
    let (mut fresh, mut known) = (0, 0);
    // A file of thousands must not keep the writer from texts that arrive.
    for some in read.cards.chunks(AT_ONCE) {
        let (some, caller) = (some.to_vec(), caller.clone());
        let done = change(app, move |tx, now| {
            let (mut fresh, mut known) = (0, 0);
            for card in &some {
                let found = card.numbers.first().map(|number| tx.contact_of(number)).transpose()?;
                match found.flatten() {
                    Some(contact) => {
                        tx.save_contact(contact.id, &contact.card.completed_by(card), now)?;
                        known += 1;
                    }
                    None => {
                        tx.create_contact(card, now)?;
                        fresh += 1;
                    }
                }
            }
            let detail = serde_json::json!({ "new": fresh, "completed": known });
            audit(tx, &caller, "contacts.imported", "", detail, now)?;
            Ok((fresh, known))
        });
        let (new, old) = done.await?;
        fresh += new;
        known += old;
    }
    Ok(Step::Done { fresh, known })
}

async fn page(app: &App, caller: &Caller, step: Step) -> Result<Html<String>, WebError> {
    let frame = Frame::of(app, caller, "Import contacts", "/contacts", "contacts").await?;
    Ok(Html(ImportPage { frame, step }.render()?))
}

/// Rows of a file that are shown.
const PREVIEW: usize = 20;
const AT_ONCE: usize = 200;
