//! The words of consent, a pack a language: shipped ones, and what people make of them (C2).

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::List;
use crate::bus::Change;
use crate::engine::consent::{self, Pack};
use crate::web::App;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::Patch;

/// The consent words of one language.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Words {
    /// ISO 639 code.
    language: String,
    /// Opt out, alone or among filler words.
    opt_out: Vec<String>,
    /// Opt out only as the whole message: these words have other uses.
    opt_out_alone: Vec<String>,
    /// Opt in, only as the whole message.
    opt_in: Vec<String>,
    /// Ask who you are, only as the whole message.
    help: Vec<String>,
    /// Change nothing beside an opt-out word.
    filler: Vec<String>,
    /// May be meant as an opt-out: a person decides.
    possible: Vec<String>,
    /// An opt-out word means something else in these.
    harmless: Vec<String>,
}

impl From<Pack> for Words {
    fn from(pack: Pack) -> Self {
        let Pack { language, opt_out, opt_out_alone, opt_in, help, filler, possible, harmless } =
            pack;
        Self { language, opt_out, opt_out_alone, opt_in, help, filler, possible, harmless }
    }
}

/// What changes of a language; lists not named stay. An absent language begins empty.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct WordsSet {
    opt_out: Option<Vec<String>>,
    opt_out_alone: Option<Vec<String>>,
    opt_in: Option<Vec<String>>,
    help: Option<Vec<String>>,
    filler: Option<Vec<String>>,
    possible: Option<Vec<String>>,
    harmless: Option<Vec<String>>,
}

/// The words in force, by language.
#[utoipa::path(get, path = "/api/v1/consent/words", tag = "consent", responses((status = 200, body = List<Words>)))]
pub(in crate::web) async fn list(State(app): State<App>) -> Result<Json<List<Words>>, WebError> {
    let packs = app.store.read(|tx| tx.packs()).await?;
    Ok(Json(List::whole(packs.into_iter().map(Words::from).collect())))
}

/// Changes the words of a language, or adds a language. The base words (STOP, UNSUBSCRIBE, CANCEL,
/// END, QUIT, START, JOIN, HELP) always stay.
#[utoipa::path(patch, path = "/api/v1/consent/words/{id}", tag = "consent",
    params(("id" = String, Path, description = "ISO 639 code of the language")), request_body = WordsSet,
    responses((status = 200, body = Words), (status = 400, description = "field_invalid")))]
pub(in crate::web) async fn update(
    State(app): State<App>,
    caller: Caller,
    Path(language): Path<String>,
    Patch { set, fields }: Patch<WordsSet>,
) -> Result<Json<Words>, WebError> {
    let language = code(&language)?;
    let changed = change(&app, move |tx, now| {
        let known = tx.packs()?.into_iter().find(|pack| pack.language == language);
        let mut pack = known.unwrap_or_else(|| Pack { language, ..Pack::default() });
        let lists = [
            (&mut pack.opt_out, set.opt_out),
            (&mut pack.opt_out_alone, set.opt_out_alone),
            (&mut pack.opt_in, set.opt_in),
            (&mut pack.help, set.help),
            (&mut pack.filler, set.filler),
            (&mut pack.possible, set.possible),
            (&mut pack.harmless, set.harmless),
        ];
        for (list, given) in lists {
            if let Some(given) = given {
                *list = checked(given)?;
            }
        }
        let language = pack.language.clone();
        let kept = serde_json::to_value(Words::from(pack)).map_err(WebError::internal)?;
        tx.set_pack(&language, Some(kept), now)?;
        audit(tx, &caller, "consent.words_changed", &language, json!({ "fields": fields }), now)?;
        let now = tx.packs()?.into_iter().find(|pack| pack.language == language);
        now.ok_or_else(WebError::not_found)
    });
    let changed = changed.await?;
    app.bus.ring(Change::Lines);
    Ok(Json(changed.into()))
}

/// Brings the shipped words of a language back; one of your own goes.
#[utoipa::path(delete, path = "/api/v1/consent/words/{id}", tag = "consent",
    params(("id" = String, Path, description = "ISO 639 code of the language")), responses((status = 200, body = List<Words>)))]
pub(in crate::web) async fn reset(
    State(app): State<App>,
    caller: Caller,
    Path(language): Path<String>,
) -> Result<Json<List<Words>>, WebError> {
    let language = code(&language)?;
    let changed = change(&app, move |tx, now| {
        tx.set_pack(&language, None, now)?;
        audit(tx, &caller, "consent.words_reset", &language, json!({}), now)?;
        Ok(tx.packs()?)
    });
    let packs = changed.await?;
    Ok(Json(List::whole(packs.into_iter().map(Words::from).collect())))
}

fn code(language: &str) -> Result<String, WebError> {
    let code = language.to_ascii_lowercase();
    match (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase()) {
        true => Ok(code),
        false => Err(WebError::new(Code::FieldInvalid, "language is a code such as en or fr.")),
    }
}

/// Words and phrases that can be compared: a letter at least, and not too many of them.
fn checked(words: Vec<String>) -> Result<Vec<String>, WebError> {
    let wrong = "A list holds at most 200 words or phrases of 2 to 50 characters with letters.";
    let fine = |word: &String| {
        (2..=50).contains(&word.trim().chars().count()) && consent::is_comparable(word)
    };
    match words.len() <= 200 && words.iter().all(fine) {
        true => Ok(words.iter().map(|word| word.trim().to_owned()).collect()),
        false => Err(WebError::new(Code::FieldInvalid, wrong)),
    }
}
