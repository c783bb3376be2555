//! Prompts: polls, ratings and confirmations as they are written (S83..S90).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::contacts::one_line;
use super::line_settings::{read, renders};
use super::rules::Then;
use super::{List, stamp};
use crate::engine::lint;
use crate::engine::prompt::{Grammar, OpenPrompt};
use crate::store::{self, PromptId, PromptKind, PromptText, ReadTx};
use crate::types::UnixTime;
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id, Patch, given};
use crate::web::{App, Settings, crew};

/// A question that can be put to people.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Prompt {
    id: String,
    name: String,
    /// `poll`, `rating` or `confirm`.
    kind: &'static str,
    text: String,
    /// Of a poll.
    options: Option<Vec<String>>,
    /// Of a rating.
    scale: Option<Scale>,
    /// Of a confirmation.
    answers: Option<Vec<Answer>>,
    /// What follows an answer: by its value, by `low`, `middle`, `high`, or `*` for any other.
    outcomes: BTreeMap<String, Vec<Then>>,
    /// A number's last answer counts, not its first.
    revote: bool,
    /// Sent once to an answer that cannot be counted.
    hint: Option<String>,
    opens: Option<String>,
    closes: Option<String>,
}

/// The scale of a rating; all bounds count.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Scale {
    /// The least figure (1).
    #[serde(default = "one")]
    least: u32,
    /// The most (5).
    #[serde(default = "five")]
    most: u32,
    /// Low up to this.
    low: u32,
    /// High from this.
    high: u32,
}

fn one() -> u32 {
    1
}

fn five() -> u32 {
    5
}

/// One named answer of a confirmation.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Answer {
    /// Its name in the results.
    value: String,
    /// What people may write for it.
    words: Vec<String>,
}

impl From<store::Prompt> for Prompt {
    fn from(prompt: store::Prompt) -> Self {
        let set = prompt.set;
        let shown = |then: &Value| -> Vec<Then> {
            then.as_array().into_iter().flatten().filter_map(Then::shown).collect()
        };
        let outcomes = set.outcomes.as_object().into_iter().flatten();
        fn part<T: serde::de::DeserializeOwned>(grammar: &Value, key: &str) -> Option<T> {
            serde_json::from_value(grammar.get(key)?.clone()).ok()
        }
        Self {
            id: prompt.id.to_string(),
            name: set.name,
            kind: set.kind.as_str(),
            text: set.text,
            options: part(&set.grammar, "options"),
            scale: part(&set.grammar, "scale"),
            answers: part(&set.grammar, "words"),
            outcomes: outcomes.map(|(key, then)| (key.clone(), shown(then))).collect(),
            revote: set.revote,
            hint: set.hint,
            opens: set.opens.map(stamp),
            closes: set.closes.map(stamp),
        }
    }
}

/// Every prompt, newest first.
#[utoipa::path(get, path = "/api/v1/prompts", tag = "prompts", responses((status = 200, body = List<Prompt>)))]
pub(in crate::web) async fn list(State(app): State<App>) -> Result<Json<List<Prompt>>, WebError> {
    let prompts = app.store.read(|tx| tx.prompts()).await?;
    Ok(Json(List::whole(prompts.into_iter().map(Prompt::from).collect())))
}

/// What is set of a prompt; a change names only what changes, its kind stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct PromptSet {
    name: Option<String>,
    /// `poll`, `rating` or `confirm`.
    kind: Option<String>,
    /// The question, a template.
    text: Option<String>,
    /// Of a poll: 2 to 26.
    options: Option<Vec<String>>,
    /// Of a rating: what counts as low and as high.
    scale: Option<Scale>,
    /// Of a confirmation.
    answers: Option<Vec<Answer>>,
    outcomes: Option<BTreeMap<String, Vec<Then>>>,
    /// The last answer counts (default), not the first.
    revote: Option<bool>,
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    hint: Option<Option<String>>,
    /// RFC 3339, or null: at once.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    opens: Option<Option<String>>,
    /// RFC 3339, or null: never.
    #[serde(deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    closes: Option<Option<String>>,
}

fn invalid(detail: &'static str) -> WebError {
    WebError::new(Code::FieldInvalid, detail)
}

fn time(text: Option<String>) -> Result<Option<UnixTime>, WebError> {
    let wrong = || WebError::new(Code::TimeInvalid, "Write it as 2026-11-21T09:30:00Z.");
    text.map(|text| UnixTime::parse_rfc3339(&text).ok_or_else(wrong)).transpose()
}

impl PromptSet {
    fn onto(
        mut self,
        mut set: PromptText,
        tx: &ReadTx<'_>,
        settings: &Settings,
    ) -> Result<PromptText, WebError> {
        if let Some(grammar) = self.grammar(set.kind)? {
            set.grammar = grammar;
        }
        if set.grammar.is_null() {
            return Err(invalid("A poll needs options, a rating scale, a confirm answers."));
        }
        if let Some(name) = self.name {
            set.name = one_line("name", &name, 100)?;
        }
        if set.name.is_empty() {
            return Err(invalid("name has 1 to 100 characters."));
        }
        set.text = self.text.unwrap_or(set.text);
        renders(&set.text)?;
        set.revote = self.revote.unwrap_or(set.revote);
        if let Some(hint) = self.hint {
            hint.as_deref().map(renders).transpose()?;
            set.hint = hint;
        }
        if let Some(opens) = self.opens {
            set.opens = time(opens)?;
        }
        if let Some(closes) = self.closes {
            set.closes = time(closes)?;
        }
        if set.opens.zip(set.closes).is_some_and(|(opens, closes)| closes <= opens) {
            return Err(WebError::new(Code::TimeInvalid, "closes is after opens."));
        }
        if let Some(outcomes) = self.outcomes.take() {
            let mut kept = Map::new();
            for (value, then) in outcomes {
                let then = then.iter().map(|then| then.kept(tx, settings));
                kept.insert(value, Value::Array(then.collect::<Result<_, _>>()?));
            }
            set.outcomes = Value::Object(kept);
        }
        known_outcomes(&set)?;
        let grammar = read::<Grammar>("prompt", &set.grammar)?;
        let open = OpenPrompt { name: set.name.clone(), grammar, ..OpenPrompt::default() };
        lint::prompt(&open, &crew::rules(tx)?)?;
        Ok(set)
    }

    /// What counts as an answer, in the form the engine reads.
    fn grammar(&mut self, kind: PromptKind) -> Result<Option<Value>, WebError> {
        let given = (self.options.take(), self.scale.take(), self.answers.take());
        Ok(match (kind, given) {
            (_, (None, None, None)) => None,
            (PromptKind::Poll, (Some(options), None, None)) => {
                let mut distinct: Vec<_> =
                    options.iter().map(|o| o.trim().to_lowercase()).collect();
                distinct.sort();
                distinct.dedup();
                let fine = (2..=26).contains(&options.len()) && distinct.len() == options.len();
                if !fine || options.iter().any(|o| o.trim().is_empty() || o.chars().count() > 30) {
                    return Err(invalid("options holds 2 to 26 different ones, each short."));
                }
                Some(json!({ "options": options }))
            }
            (PromptKind::Rating, (None, Some(scale), None)) => {
                let Scale { least, most, low, high } = scale;
                // S88: low and high are defined, and what lies between has its place too.
                if !(least <= low && low < high && high <= most && most <= 100) {
                    return Err(invalid("scale needs least <= low < high <= most <= 100."));
                }
                Some(json!({ "scale": scale }))
            }
            (PromptKind::Confirm, (None, None, Some(answers))) => {
                let fine = |a: &Answer| {
                    !a.value.trim().is_empty()
                        && a.value.len() <= 50
                        && (1..=30).contains(&a.words.len())
                        && a.words.iter().all(|w| !w.trim().is_empty() && w.len() <= 100)
                };
                if !(1..=20).contains(&answers.len()) || !answers.iter().all(fine) {
                    return Err(invalid("answers holds 1 to 20, each with a value and words."));
                }
                Some(json!({ "words": answers }))
            }
            _ => return Err(invalid("A poll has options, a rating scale, a confirm answers.")),
        })
    }
}

/// Every outcome belongs to an answer that can be given.
fn known_outcomes(set: &PromptText) -> Result<(), WebError> {
    let known = |key: &str| match set.kind {
        _ if key == "*" => true,
        PromptKind::Poll => {
            set.grammar["options"].as_array().is_some_and(|all| all.iter().any(|o| o == key))
        }
        PromptKind::Rating => {
            ["low", "middle", "high"].contains(&key) || key.parse::<u32>().is_ok()
        }
        PromptKind::Confirm => {
            set.grammar["words"].as_array().is_some_and(|all| all.iter().any(|a| a["value"] == key))
        }
    };
    match set.outcomes.as_object().into_iter().flatten().find(|(key, _)| !known(key)) {
        Some((key, _)) => {
            let detail = format!("outcomes names {key:?}, which is no answer of this prompt.");
            Err(WebError::new(Code::FieldInvalid, detail))
        }
        None => Ok(()),
    }
}

/// Adds a prompt. Consent words cannot be answers.
#[utoipa::path(post, path = "/api/v1/prompts", tag = "prompts", request_body = PromptSet,
    responses((status = 201, body = Prompt),
        (status = 422, description = "consent_word, template_invalid, time_invalid, user_unknown, prompt_unknown")))]
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<PromptSet>,
) -> Result<(StatusCode, Json<Prompt>), WebError> {
    let settings = app.settings.clone();
    let kind = new.kind.as_deref().and_then(PromptKind::parse);
    let kind = kind.ok_or_else(|| invalid("kind is poll, rating or confirm."))?;
    let made = change(&app, move |tx, now| {
        let empty = PromptText {
            name: String::new(),
            kind,
            text: String::new(),
            grammar: Value::Null,
            outcomes: json!({}),
            revote: true,
            hint: None,
            opens: None,
            closes: None,
        };
        let set = new.onto(empty, tx, &settings)?;
        let id = tx.create_prompt(&set, now)?;
        audit(tx, &caller, "prompt.created", id, json!({}), now)?;
        Ok(store::Prompt { id, set })
    });
    Ok((StatusCode::CREATED, Json(made.await?.into())))
}

/// One prompt.
#[utoipa::path(get, path = "/api/v1/prompts/{id}", tag = "prompts", params(("id" = String, Path)),
    responses((status = 200, body = Prompt), (status = 404, description = "not_found")))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    Id(id): Id<PromptId>,
) -> Result<Json<Prompt>, WebError> {
    let found = app.store.read(move |tx| tx.prompt(id)).await?;
    Ok(Json(found.ok_or_else(WebError::not_found)?.into()))
}

/// Changes a prompt.
#[utoipa::path(patch, path = "/api/v1/prompts/{id}", tag = "prompts", params(("id" = String, Path)),
    request_body = PromptSet,
    responses((status = 200, body = Prompt), (status = 404, description = "not_found"),
        (status = 422, description = "as for POST")))]
pub(in crate::web) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromptId>,
    Patch { set, fields }: Patch<PromptSet>,
) -> Result<Json<Prompt>, WebError> {
    let settings = app.settings.clone();
    let changed = change(&app, move |tx, now| {
        let before = tx.prompt(id)?.ok_or_else(WebError::not_found)?;
        if set.kind.as_deref().is_some_and(|kind| kind != before.set.kind.as_str()) {
            return Err(invalid("kind stays as it is: make another prompt instead."));
        }
        let set = set.onto(before.set, tx, &settings)?;
        tx.save_prompt(id, &set, now)?;
        audit(tx, &caller, "prompt.changed", id, json!({ "fields": fields }), now)?;
        Ok(store::Prompt { id, set })
    });
    Ok(Json(changed.await?.into()))
}

/// Forgets a prompt.
#[utoipa::path(delete, path = "/api/v1/prompts/{id}", tag = "prompts", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found")))]
pub(in crate::web) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromptId>,
) -> Result<StatusCode, WebError> {
    change(&app, move |tx, now| match tx.delete_prompt(id, now)? {
        true => audit(tx, &caller, "prompt.deleted", id, json!({}), now),
        false => Err(WebError::not_found()),
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
