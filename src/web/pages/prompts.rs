//! Prompts: questions that are put to people (polls, ratings, confirmations), and what came back.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::{Map, Value, json};

use super::chart::Bars;
use super::form::{Field, Form, Posted};
use super::{Done, Frame, again, changes};
use crate::store::PromptId;
use crate::types::UnixTime;
use crate::web::App;
use crate::web::api::{prompts as api, questions};
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id, Patch, Query};

#[derive(Template)]
#[template(path = "prompts.html", config = "src/web/askama.toml")]
struct PromptsPage {
    frame: Frame,
    prompts: Vec<Row>,
    done: Option<&'static str>,
}

/// One prompt.
struct Row {
    id: String,
    name: String,
    kind: String,
    text: String,
    asked: u64,
    answered: u64,
}

fn word(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Every prompt.
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(Done { done }): Query<Done>,
) -> Result<Html<String>, WebError> {
    let Json(prompts) = api::list(State(app.clone())).await?;
    let prompts = serde_json::to_value(prompts).map_err(WebError::internal)?;
    let mut rows = Vec::new();
    for prompt in prompts["items"].as_array().into_iter().flatten() {
        let id = word(prompt, "id");
        let results = Results::new(&results(&app, &caller, &id).await?);
        rows.push(Row {
            name: word(prompt, "name"),
            kind: word(prompt, "kind"),
            text: word(prompt, "text"),
            asked: results.asked,
            answered: results.answered,
            id,
        });
    }
    let page = PromptsPage {
        prompts: rows,
        frame: Frame::of(&app, &caller, "Prompts", "/prompts", "prompts").await?,
        done: match done.as_deref() {
            Some("saved") => Some("Saved."),
            Some("deleted") => Some("The prompt is gone."),
            _ => None,
        },
    };
    Ok(Html(page.render()?))
}

async fn results(app: &App, caller: &Caller, id: &str) -> Result<Value, WebError> {
    let id: PromptId = id.parse().map_err(|_| WebError::not_found())?;
    let Json(results) = questions::results(State(app.clone()), caller.clone(), Id(id)).await?;
    serde_json::to_value(results).map_err(WebError::internal)
}

#[derive(Template)]
#[template(path = "prompt.html", config = "src/web/askama.toml")]
struct PromptPage {
    frame: Frame,
    title: String,
    id: String,
    form: Form,
    results: Option<Results>,
}

/// What came back.
struct Results {
    asked: u64,
    silent: u64,
    answered: u64,
    rows: Vec<(String, u64, u64)>,
    bars: Bars,
}

impl Results {
    fn new(value: &Value) -> Self {
        let figure = |key: &str| value[key].as_u64().unwrap_or_default();
        let votes = value["votes"].as_object().into_iter().flatten();
        let counts: Vec<(String, u64)> = votes
            .map(|(answer, count)| (answer.clone(), count.as_u64().unwrap_or_default()))
            .collect();
        let answered: u64 = counts.iter().map(|(_, count)| count).sum();
        let figures: Vec<(String, u64, u64)> = counts
            .iter()
            .map(|(answer, count)| (format!("{answer}: {count}"), *count, 0))
            .collect();
        let share = |count: u64| (count * 100).checked_div(answered).unwrap_or_default();
        Self {
            asked: figure("asked"),
            silent: figure("silent"),
            answered,
            bars: Bars::new("The answers side by side".to_owned(), &figures),
            rows: counts.into_iter().map(|(answer, n)| (answer, n, share(n))).collect(),
        }
    }
}

fn form(prompt: Option<&Value>) -> Form {
    let empty = json!({ "kind": "poll", "revote": true });
    let set = prompt.unwrap_or(&empty);
    let kinds = [
        ("poll", "Poll: one of several answers"),
        ("rating", "Rating: 1 to 5"),
        ("confirm", "Confirmation: words such as yes and no"),
    ];
    let list = |key: &str| -> Vec<String> {
        let items = set[key].as_array().into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let answers = set["answers"].as_array().into_iter().flatten();
    let answers: Vec<String> = answers
        .map(|answer| {
            let words = answer["words"].as_array().into_iter().flatten();
            let words: Vec<&str> = words.filter_map(Value::as_str).collect();
            format!("{}: {}", word(answer, "value"), words.join(", "))
        })
        .collect();
    let scale = |key: &str, usual: u64| set["scale"][key].as_u64().unwrap_or(usual).to_string();
    let (action, button) = match prompt {
        Some(prompt) => (format!("/prompts/{}", word(prompt, "id")), "Save"),
        None => ("/prompts".to_owned(), "Add"),
    };
    let kind = word(set, "kind");
    let form = Form::new("prompt", action, button)
        .field(Field::line("name", "Name", word(set, "name")).required());
    let form = match prompt {
        None => form.field(Field::choice("kind", "Kind", kinds, &kind)),
        Some(_) => form.fixed("kind", kind.as_str()),
    };
    let form = form.field(Field::area("text", "The question", word(set, "text")).required());
    let all = prompt.is_none();
    let mut fields = Vec::new();
    if all || kind == "poll" {
        fields.push(
            Field::area("options", "Answers of a poll", list("options").join("\n"))
                .hint("One a line; people answer with its letter: A, B, C …"),
        );
    }
    if all || kind == "rating" {
        fields.push(Field::typed("low", "Of a rating, low is up to", "number", scale("low", 2)));
        fields.push(Field::typed("high", "And high from", "number", scale("high", 4)));
    }
    if all || kind == "confirm" {
        fields.push(
            Field::area("answers", "Words of a confirmation", answers.join("\n"))
                .hint("One answer a line, with its words: yes: yes, y, ok"),
        );
    }
    form.fields(fields)
        .field(Field::line(
            "hint",
            "Said once to an answer that cannot be counted",
            word(set, "hint"),
        ))
        .field(Field::tick(
            "revote",
            "The last answer counts, not the first",
            set["revote"] == json!(true),
        ))
        .field(Field::typed(
            "closes",
            "No answer counts after",
            "datetime-local",
            local(set, "closes"),
        ))
}

/// A time of the wire as a browser's box wants it, in UTC.
fn local(set: &Value, key: &str) -> String {
    word(set, key).chars().take(16).collect()
}

fn body(posted: &Posted, new: bool) -> Result<Value, WebError> {
    let kind = posted.get("kind");
    let mut body = json!({
        "name": posted.get("name"),
        "text": posted.text("text"),
        "hint": posted.given("hint"),
        "revote": posted.ticked("revote"),
        "closes": posted.given("closes").map(|text| time(&text)).transpose()?,
    });
    if new {
        body["kind"] = kind.into();
    }
    match kind {
        "poll" => {
            let lines = posted.get("options").lines().map(str::trim);
            let options: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
            body["options"] = json!(options);
        }
        "rating" => {
            let figure = |name: &str| {
                let text = posted.get(name);
                text.parse::<u64>().map_or(json!(text), Value::from)
            };
            body["scale"] = json!({ "low": figure("low"), "high": figure("high") });
        }
        "confirm" => {
            let answers = posted.get("answers").lines().filter_map(|line| {
                let (value, words) = line.split_once(':')?;
                let words: Vec<&str> =
                    words.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
                Some(json!({ "value": value.trim(), "words": words }))
            });
            body["answers"] = json!(answers.collect::<Vec<_>>());
        }
        _ => {}
    }
    Ok(body)
}

fn time(text: &str) -> Result<String, WebError> {
    let whole = format!("{text}:00Z");
    let time = UnixTime::parse_rfc3339(&whole).or(UnixTime::parse_rfc3339(text));
    let wrong = || WebError::new(Code::TimeInvalid, "Write the time as 2027-01-31T18:00.");
    Ok(time.ok_or_else(wrong)?.to_string())
}

async fn edit(
    app: &App,
    caller: &Caller,
    prompt: Option<Value>,
    with: impl FnOnce(Form) -> Form,
) -> Result<String, WebError> {
    let title = prompt.as_ref().map_or("New prompt".to_owned(), |prompt| word(prompt, "name"));
    let id = prompt.as_ref().map_or(String::new(), |prompt| word(prompt, "id"));
    let results = match prompt {
        Some(_) => Some(Results::new(&results(app, caller, &id).await?)),
        None => None,
    };
    let page = PromptPage {
        frame: Frame::of(app, caller, title.as_str(), "/prompts", "prompts").await?,
        title,
        id,
        form: with(form(prompt.as_ref())),
        results,
    };
    Ok(page.render()?)
}

/// The form for a new one.
pub(in crate::web) async fn new(
    State(app): State<App>,
    caller: Caller,
) -> Result<Html<String>, WebError> {
    Ok(Html(edit(&app, &caller, None, |form| form).await?))
}

/// Adds one.
pub(in crate::web) async fn create(
    State(app): State<App>,
    caller: Caller,
    posted: Posted,
) -> Result<Response, WebError> {
    let made = match body(&posted, true).and_then(Body::of) {
        Ok(asked) => api::create(State(app.clone()), caller.clone(), asked).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok(_) => Ok(Redirect::to("/prompts?done=saved").into_response()),
        Err(refusal) => {
            let with = |form: Form| form.refused(&posted, &refusal);
            let html = edit(&app, &caller, None, with).await?;
            again(refusal, html)
        }
    }
}

async fn one(app: &App, id: PromptId) -> Result<Value, WebError> {
    let Json(prompt) = api::show(State(app.clone()), Id(id)).await?;
    serde_json::to_value(prompt).map_err(WebError::internal)
}

/// One prompt with its results, which are counted anew while it is open.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromptId>,
) -> Result<Html<String>, WebError> {
    let prompt = one(&app, id).await?;
    Ok(Html(edit(&app, &caller, Some(prompt), |form| form).await?))
}

/// Changes one.
pub(in crate::web) async fn save(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromptId>,
    posted: Posted,
) -> Result<Response, WebError> {
    let prompt = one(&app, id).await?;
    let patch = body(&posted, false).map(|body| -> Map<String, Value> { changes(body, &prompt) });
    let saved = match patch.and_then(Patch::of) {
        Ok(patch) => api::update(State(app.clone()), caller.clone(), Id(id), patch).await,
        Err(refusal) => Err(refusal),
    };
    match saved {
        Ok(_) => Ok(Redirect::to("/prompts?done=saved").into_response()),
        Err(refusal) => {
            let with = |form: Form| form.refused(&posted, &refusal);
            let html = edit(&app, &caller, Some(prompt), with).await?;
            again(refusal, html)
        }
    }
}

/// Deletes one.
pub(in crate::web) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromptId>,
) -> Result<Response, WebError> {
    api::delete(State(app), caller, Id(id)).await?;
    Ok(Redirect::to("/prompts?done=deleted").into_response())
}
