//! Keyword rules, checked by the engine's own parser and lint before they are kept.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::List;
use super::contacts::one_line;
use super::line_settings::{read, renders};
use super::templates::{Warning, warnings};
use crate::engine::keyword::KeywordRule;
use crate::engine::{lint, routing};
use crate::store::{self, LineId, PromptId, ReadTx, RuleId, RuleText};
use crate::web::auth::Caller;
use crate::web::change::{audit, change};
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id, Patch};
use crate::web::{App, Settings, crew};

/// A rule of words or a pattern.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Rule {
    id: String,
    name: String,
    enabled: bool,
    /// Lower ones first.
    order: i64,
    /// Ids of lines; all, when empty.
    lines: Vec<String>,
    when: When,
    then: Vec<Then>,
    /// Later rules are looked at too.
    #[serde(rename = "continue")]
    goes_on: bool,
    /// What an author should know; the rule is kept all the same.
    warnings: Vec<Warning>,
}

/// When a rule holds: all that is given must be true.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct When {
    /// One of these words or phrases.
    words: Vec<String>,
    /// Where the words stand: `anywhere` (default), `start` or `whole`.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// A regular expression, compared with the folded text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pattern: Option<String>,
    /// Only while the line is `open`, or `closed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<String>,
    /// Only for contacts with this language.
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
}

/// One thing that happens.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::web) enum Then {
    /// Answers with this text, a template.
    Reply(String),
    /// Tags the conversation.
    Tag(String),
    /// Flags it, with a word why.
    Flag(String),
    /// Gives it to a user or team.
    Assign(Assign),
    /// Tells this user at once.
    Notify(String),
    /// Puts this prompt to the sender.
    Prompt(String),
    /// Posts a signed event to this address.
    Webhook(String),
}

/// Who gets a conversation.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::web) enum Assign {
    /// Id, address or phone of a user.
    User(String),
    /// A team by name.
    Team(String),
}

impl Then {
    /// As the engine reads it, when everything it names is there.
    pub(super) fn kept(&self, tx: &ReadTx<'_>, settings: &Settings) -> Result<Value, WebError> {
        Ok(match self {
            Then::Reply(text) => {
                renders(text)?;
                json!({ "reply": text })
            }
            Then::Tag(tag) => {
                routing::check_tag(tag)?;
                json!({ "tag": tag })
            }
            Then::Flag(word) => json!({ "flag": one_line("flag", word, 50)? }),
            Then::Assign(Assign::Team(team)) => {
                json!({ "assign": { "team": one_line("team", team, 100)? } })
            }
            Then::Assign(Assign::User(word)) => {
                let user = crew::user_called(tx, word, settings)?;
                json!({ "assign": { "person": crew::can_act(tx, user.id)?.id.0 } })
            }
            Then::Notify(word) => json!({ "notify": crew::user_called(tx, word, settings)?.id.0 }),
            Then::Prompt(word) => {
                let prompt = word.parse().ok().map(PromptId);
                let found = prompt.map(|id| tx.prompt(id)).transpose()?.flatten();
                let found = found.ok_or_else(|| {
                    WebError::new(Code::PromptUnknown, "Use an id from GET /api/v1/prompts.")
                })?;
                json!({ "prompt": found.id.0 })
            }
            Then::Webhook(address) => {
                if !is_callable(address) {
                    let detail = "webhook is an address such as https://example.org/hook, without \
                                  a user or password in it.";
                    return Err(WebError::new(Code::FieldInvalid, detail));
                }
                json!({ "webhook": address })
            }
        })
    }

    /// From what is kept.
    pub(super) fn shown(kept: &Value) -> Option<Then> {
        let (key, value) = kept.as_object()?.iter().next()?;
        let text = || value.as_str().map(str::to_owned);
        let id = |value: &Value| value.as_i64().map(|id| id.to_string());
        Some(match key.as_str() {
            "reply" => Then::Reply(text()?),
            "tag" => Then::Tag(text()?),
            "flag" => Then::Flag(text()?),
            "notify" => Then::Notify(id(value)?),
            "prompt" => Then::Prompt(id(value)?),
            "webhook" => Then::Webhook(text()?),
            "assign" => Then::Assign(match value.get("team") {
                Some(team) => Assign::Team(team.as_str()?.to_owned()),
                None => Assign::User(id(value.get("person")?)?),
            }),
            _ => return None,
        })
    }
}

/// Whether an event can be posted to an address: http or https, a host, and nobody's password.
fn is_callable(address: &str) -> bool {
    let Ok(url) = address.parse::<Uri>() else { return false };
    let host = url.authority().filter(|place| !place.as_str().contains('@'));
    let scheme = matches!(url.scheme_str(), Some("http" | "https"));
    scheme && host.is_some_and(|place| !place.host().is_empty()) && address.len() <= 500
}

impl From<store::Rule> for Rule {
    fn from(rule: store::Rule) -> Self {
        let set = rule.set;
        let then: Vec<Then> =
            set.then.as_array().into_iter().flatten().filter_map(Then::shown).collect();
        let replies = then.iter().filter_map(|then| match then {
            Then::Reply(text) => Some(text),
            _ => None,
        });
        Self {
            id: rule.id.to_string(),
            warnings: replies.flat_map(|text| warnings(text)).collect(),
            name: set.name,
            enabled: set.enabled,
            order: set.order,
            lines: set.lines.iter().map(LineId::to_string).collect(),
            when: serde_json::from_value(set.when).unwrap_or_default(),
            then,
            goes_on: set.goes_on,
        }
    }
}

/// Every rule in its order.
#[utoipa::path(get, path = "/api/v1/rules", tag = "rules", responses((status = 200, body = List<Rule>)))]
pub(in crate::web) async fn list(State(app): State<App>) -> Result<Json<List<Rule>>, WebError> {
    let rules = app.store.read(|tx| tx.rules()).await?;
    Ok(Json(List::whole(rules.into_iter().map(Rule::from).collect())))
}

/// What is set of a rule; a change names only what changes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(in crate::web) struct RuleSet {
    name: Option<String>,
    enabled: Option<bool>,
    /// Behind all others without it.
    order: Option<i64>,
    /// Ids, names, numbers or ICCIDs of lines.
    lines: Option<Vec<String>>,
    when: Option<When>,
    then: Option<Vec<Then>>,
    #[serde(rename = "continue")]
    goes_on: Option<bool>,
}

impl RuleSet {
    fn onto(
        self,
        mut set: RuleText,
        tx: &ReadTx<'_>,
        settings: &Settings,
    ) -> Result<RuleText, WebError> {
        if let Some(name) = self.name {
            set.name = one_line("name", &name, 100)?;
        }
        if set.name.is_empty() {
            return Err(WebError::new(Code::FieldInvalid, "name has 1 to 100 characters."));
        }
        if let Some(lines) = self.lines {
            let found = lines.iter().map(|word| {
                let unknown =
                    || WebError::new(Code::LineUnknown, "Use ids from GET /api/v1/lines.");
                Ok::<_, WebError>(tx.line_called(word)?.ok_or_else(unknown)?.id)
            });
            set.lines = found.collect::<Result<_, _>>()?;
        }
        if let Some(when) = self.when {
            if when.words.len() > 100 || when.words.iter().any(|word| word.len() > 200) {
                let detail = "when holds at most 100 words or phrases of at most 200 octets.";
                return Err(WebError::new(Code::FieldInvalid, detail));
            }
            set.when = serde_json::to_value(when).map_err(WebError::internal)?;
        }
        if let Some(then) = self.then {
            if !(1..=20).contains(&then.len()) {
                return Err(WebError::new(Code::FieldInvalid, "then holds 1 to 20 actions."));
            }
            let kept = then.iter().map(|then| then.kept(tx, settings));
            set.then = Value::Array(kept.collect::<Result<_, _>>()?);
        }
        if set.then.as_array().is_none_or(Vec::is_empty) {
            return Err(WebError::new(Code::FieldInvalid, "then holds 1 to 20 actions."));
        }
        set.enabled = self.enabled.unwrap_or(set.enabled);
        set.order = self.order.unwrap_or(set.order);
        set.goes_on = self.goes_on.unwrap_or(set.goes_on);
        let rule = json!({ "name": set.name, "when": set.when, "then": set.then });
        lint::keyword(&read::<KeywordRule>("rule", &rule)?, &crew::rules(tx)?)?;
        Ok(set)
    }
}

/// Adds a rule. One that could never fire, because consent words are handled first, is refused.
#[utoipa::path(post, path = "/api/v1/rules", tag = "rules", request_body = RuleSet,
    responses((status = 201, body = Rule),
        (status = 422, description = "rule_without_words, consent_word, template_invalid, user_unknown, prompt_unknown, line_unknown, tag_too_long")))]
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(new): Body<RuleSet>,
) -> Result<(StatusCode, Json<Rule>), WebError> {
    let settings = app.settings.clone();
    let made = change(&app, move |tx, now| {
        let empty = RuleText {
            name: String::new(),
            enabled: true,
            order: tx.last_rule_order()? + 10,
            lines: Vec::new(),
            when: json!({}),
            then: json!([]),
            goes_on: false,
        };
        let set = new.onto(empty, tx, &settings)?;
        let id = tx.create_rule(&set, now)?;
        audit(tx, &caller, "rule.created", id, json!({}), now)?;
        Ok(store::Rule { id, set })
    });
    Ok((StatusCode::CREATED, Json(made.await?.into())))
}

/// One rule.
#[utoipa::path(get, path = "/api/v1/rules/{id}", tag = "rules", params(("id" = String, Path)),
    responses((status = 200, body = Rule), (status = 404, description = "not_found")))]
pub(in crate::web) async fn show(
    State(app): State<App>,
    Id(id): Id<RuleId>,
) -> Result<Json<Rule>, WebError> {
    let found = app.store.read(move |tx| tx.rule(id)).await?;
    Ok(Json(found.ok_or_else(WebError::not_found)?.into()))
}

/// Changes a rule.
#[utoipa::path(patch, path = "/api/v1/rules/{id}", tag = "rules", params(("id" = String, Path)),
    request_body = RuleSet,
    responses((status = 200, body = Rule), (status = 404, description = "not_found"),
        (status = 422, description = "as for POST")))]
pub(in crate::web) async fn update(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RuleId>,
    Patch { set, fields }: Patch<RuleSet>,
) -> Result<Json<Rule>, WebError> {
    let settings = app.settings.clone();
    let changed = change(&app, move |tx, now| {
        let before = tx.rule(id)?.ok_or_else(WebError::not_found)?;
        let set = set.onto(before.set, tx, &settings)?;
        tx.save_rule(id, &set, now)?;
        audit(tx, &caller, "rule.changed", id, json!({ "fields": fields }), now)?;
        Ok(store::Rule { id, set })
    });
    Ok(Json(changed.await?.into()))
}

/// Forgets a rule.
#[utoipa::path(delete, path = "/api/v1/rules/{id}", tag = "rules", params(("id" = String, Path)),
    responses((status = 204), (status = 404, description = "not_found")))]
pub(in crate::web) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RuleId>,
) -> Result<StatusCode, WebError> {
    change(&app, move |tx, now| match tx.delete_rule(id, now)? {
        true => audit(tx, &caller, "rule.deleted", id, json!({}), now),
        false => Err(WebError::not_found()),
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
