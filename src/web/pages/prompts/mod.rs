//! Prompts: questions that are put to people (polls, ratings, confirmations), and what came back.

mod boxes;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use self::boxes::{ask_form, body, form};
use super::chart::Bars;
use super::edit::{Subject, acts_of, word};
use super::form::{Form, Posted, Tried};
use super::then::Names;
use super::{Done, Frame, JsonObject, again};
use crate::store::PromptId;
use crate::web::App;
use crate::web::api::{prompts as api, questions};
use crate::web::auth::Caller;
use crate::web::error::WebError;
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
    /// Whom to ask; only of one that is kept.
    ask: Option<Form>,
    results: Option<Results>,
    done: Option<String>,
}

/// What came back.
struct Results {
    asked: u64,
    silent: u64,
    answered: u64,
    /// Answers that were replaced, or came too late.
    not_counted: u64,
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
            not_counted: figure("not_counted"),
            answered,
            bars: Bars::new("The answers side by side".to_owned(), &figures),
            rows: counts.into_iter().map(|(answer, n)| (answer, n, share(n))).collect(),
        }
    }
}

/// What [`super::edit`] writes here.
pub(in crate::web) enum Prompts {}

impl Subject for Prompts {
    type Id = PromptId;

    const HOME: &'static str = "/prompts";

    acts_of!(api);

    fn body(app: &App, posted: &Posted, kept: Option<&Value>) -> Result<Value, WebError> {
        body(app, posted, kept)
    }

    async fn page(
        app: &App,
        caller: &Caller,
        kept: Option<&Value>,
        tried: Tried<'_>,
    ) -> Result<String, WebError> {
        let names = Names::read(app).await?;
        let form = form(app, kept, &names).after(tried);
        page(app, caller, kept, form, &names, Asked::default()).await
    }
}

/// What became of asking people.
#[derive(Default)]
struct Asked {
    done: Option<String>,
    form: Option<Form>,
}

/// The page of one with its results, which are counted anew while it is open; or of a new one.
async fn page(
    app: &App,
    caller: &Caller,
    kept: Option<&Value>,
    form: Form,
    names: &Names,
    asked: Asked,
) -> Result<String, WebError> {
    let title = kept.map_or("New prompt".to_owned(), |prompt| word(prompt, "name"));
    let id = kept.map_or(String::new(), |prompt| word(prompt, "id"));
    let results = match kept {
        Some(_) => Some(Results::new(&results(app, caller, &id).await?)),
        None => None,
    };
    let page = PromptPage {
        frame: Frame::of(app, caller, title.as_str(), "/prompts", "prompts").await?,
        ask: asked.form.or_else(|| kept.map(|_| ask_form(&id, names))),
        done: asked.done,
        title,
        id,
        form,
        results,
    };
    Ok(page.render()?)
}

/// Puts the question to people.
pub(in crate::web) async fn ask(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PromptId>,
    posted: Posted,
) -> Result<Response, WebError> {
    let asked = async {
        let asked = json!({ "to": posted.list("to"), "line": posted.given("line") });
        questions::ask(State(app.clone()), caller.clone(), Id(id), Body::of(asked)?).await
    };
    let (done, refusal) = match asked.await {
        Err(refusal) => (None, Some(refusal)),
        Ok((_, Json(put))) => {
            let put = serde_json::to_value(put).map_err(WebError::internal)?;
            let items: Vec<&Value> = put["items"].as_array().into_iter().flatten().collect();
            let left: Vec<&&Value> =
                items.iter().filter(|item| !item["problem"].is_null()).collect();
            let mut words = format!("{} asked.", items.len() - left.len());
            for item in left.iter().take(10) {
                let why = word(&item["problem"], "detail");
                words.push_str(&format!(" {}: {why}", word(item, "to")));
            }
            if left.is_empty() {
                return Ok(Redirect::to(&format!("/prompts/{id}")).into_response());
            }
            (Some(words), None)
        }
    };
    let (kept, names) = (Prompts::one(&app, id).await?, Names::read(&app).await?);
    let whom =
        refusal.as_ref().map(|refusal| ask_form(&id.to_string(), &names).refused(&posted, refusal));
    let kept_form = form(&app, Some(&kept), &names);
    let html =
        page(&app, &caller, Some(&kept), kept_form, &names, Asked { done, form: whom }).await?;
    match refusal {
        Some(refusal) => again(refusal, html),
        None => Ok(Html(html).into_response()),
    }
}
