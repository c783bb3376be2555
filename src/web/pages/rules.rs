//! Rules: what happens to a text with certain words, and a place to try them without effect.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};

use super::edit::{EditPage, Subject, acts_of, word, words};
use super::face::{Piece, pieces};
use super::form::{Field, Form, Posted, Tried};
use super::then::{self, Names};
use super::{Done, Frame, JsonObject, again, would};
use crate::store::RuleId;
use crate::web::App;
use crate::web::api::{rehearsal, rules as api};
use crate::web::auth::Caller;
use crate::web::error::{Code, WebError};
use crate::web::extract::{Body, Id, Patch, Query};

#[derive(Template)]
#[template(path = "rules.html", config = "src/web/askama.toml")]
struct RulesPage {
    frame: Frame,
    rules: Vec<Row>,
    try_out: Form,
    outcomes: Option<Vec<Outcome>>,
    done: Option<&'static str>,
}

/// One rule in words.
struct Row {
    id: String,
    name: String,
    order: i64,
    enabled: bool,
    when: String,
    then: String,
    warnings: bool,
}

/// What one text would lead to.
struct Outcome {
    from: String,
    text: Vec<Piece>,
    would: Vec<String>,
    trace: Vec<(String, String)>,
}

fn row(rule: &Value, names: &Names) -> Row {
    let when = &rule["when"];
    let mut conditions = Vec::new();
    let said = words(&when["words"]);
    if !said.is_empty() {
        let how = match when["at"].as_str() {
            Some("start") => "begins with",
            Some("whole") => "is",
            _ => "has",
        };
        conditions.push(format!("{how} {}", said.join(" or ")));
    }
    for (key, how) in [("pattern", "fits"), ("hours", "while"), ("language", "in")] {
        if let Some(text) = when[key].as_str() {
            conditions.push(format!("{how} {text}"));
        }
    }
    let lines = words(&rule["lines"]);
    let named = names.lines.iter().filter(|line| lines.contains(&line.id.to_string()));
    let on: Vec<&str> = named.map(|line| line.name.as_str()).collect();
    if !on.is_empty() {
        conditions.push(format!("on {}", on.join(", ")));
    }
    Row {
        id: word(rule, "id"),
        name: word(rule, "name"),
        order: rule["order"].as_i64().unwrap_or_default(),
        enabled: rule["enabled"].as_bool().unwrap_or(false),
        when: conditions.join(", "),
        then: names.in_words(&rule["then"]),
        warnings: rule["warnings"].as_array().is_some_and(|all| !all.is_empty()),
    }
}

async fn kept(app: &App) -> Result<Vec<Value>, WebError> {
    let Json(rules) = api::list(State(app.clone())).await?;
    let rules = serde_json::to_value(rules).map_err(WebError::internal)?;
    Ok(rules["items"].as_array().cloned().unwrap_or_default())
}

/// Every rule, in order.
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(Done { done }): Query<Done>,
) -> Result<Html<String>, WebError> {
    let done = match done.as_deref() {
        Some("saved") => Some("Saved. It holds from the next text on."),
        Some("deleted") => Some("The rule is gone."),
        _ => None,
    };
    Ok(Html(page(&app, &caller, None, done, |form| form).await?))
}

async fn page(
    app: &App,
    caller: &Caller,
    outcomes: Option<Vec<Outcome>>,
    done: Option<&'static str>,
    with: impl FnOnce(Form) -> Form,
) -> Result<String, WebError> {
    let names = Names::read(app).await?;
    let page = RulesPage {
        frame: Frame::of(app, caller, "Rules", "/rules", "rules").await?,
        rules: kept(app).await?.iter().map(|rule| row(rule, &names)).collect(),
        try_out: with(try_out(&names)),
        outcomes,
        done,
    };
    Ok(page.render()?)
}

fn try_out(names: &Names) -> Form {
    let first = [(String::new(), "The first line".to_owned())];
    let lines = names.lines.iter().map(|line| (line.id.to_string(), line.name.clone()));
    Form::new("try", "/rules/try#outcomes", "Try")
        .field(
            Field::area("text", "A text somebody might write", "")
                .hint("Or leave it empty and look at what came in:"),
        )
        .field(
            Field::typed("days", "The texts of so many days", "number", "")
                .hint("1 to 31. Nothing is sent, nothing is changed."),
        )
        .field(Field::typed("from", "From", "tel", "").hint("Empty: somebody never heard of."))
        .field(Field::choice("line", "On", first.into_iter().chain(lines), ""))
}

/// Tries the rules without effect.
pub(in crate::web) async fn try_rules(
    State(app): State<App>,
    caller: Caller,
    posted: Posted,
) -> Result<Response, WebError> {
    let tried = async {
        let mut asked = json!({});
        let text = posted.text("text");
        if !text.is_empty() {
            asked["text"] = text.into();
        }
        if let Some(days) = posted.given("days") {
            asked["days"] = days.parse::<u32>().map_or(Value::String(days), Value::from);
        }
        for key in ["from", "line"] {
            if let Some(word) = posted.given(key) {
                asked[key] = word.into();
            }
        }
        rehearsal::test(State(app.clone()), caller.clone(), Body::of(asked)?).await
    };
    match tried.await {
        Ok(Json(outcomes)) => {
            let outcomes = serde_json::to_value(outcomes).map_err(WebError::internal)?;
            let items = outcomes["items"].as_array().into_iter().flatten();
            let names = Names::read(&app).await?;
            let outcomes = items.map(|item| outcome(item, &names)).collect();
            let refill = |form: Form| form.refilled(&posted);
            let html = page(&app, &caller, Some(outcomes), None, refill).await?;
            Ok(Html(html).into_response())
        }
        Err(refusal) => {
            let with = |form: Form| form.refused(&posted, &refusal);
            let html = page(&app, &caller, None, None, with).await?;
            again(refusal, html)
        }
    }
}

fn outcome(item: &Value, names: &Names) -> Outcome {
    let reasons = item["trace"].as_array().into_iter().flatten();
    let would = item["would"].as_array().into_iter().flatten();
    Outcome {
        from: word(item, "from"),
        text: pieces(&word(item, "text")),
        would: would.map(|act| would::in_words(act, names)).collect(),
        trace: reasons.map(|reason| (word(reason, "step"), word(reason, "why"))).collect(),
    }
}

/// What [`super::edit`] writes here.
pub(in crate::web) enum Rules {}

impl Subject for Rules {
    type Id = RuleId;

    const HOME: &'static str = "/rules";

    acts_of!(api);

    fn body(_: &App, posted: &Posted, _: Option<&Value>) -> Result<Value, WebError> {
        let mut when = json!({ "words": posted.list("words") });
        for key in ["at", "pattern", "hours", "language"] {
            if let Some(text) = posted.given(key) {
                when[key] = text.into();
            }
        }
        let (order, then) = (posted.get("order"), then::acts("", posted));
        if then.is_empty() {
            return Err(WebError::new(Code::FieldInvalid, IDLE));
        }
        Ok(json!({
            "name": posted.get("name"),
            "enabled": posted.ticked("enabled"),
            "order": order.parse::<i64>().map_or(json!(order), Value::from),
            "lines": posted.all("lines"),
            "when": when,
            "then": then,
            "continue": posted.ticked("continue"),
        }))
    }

    async fn page(
        app: &App,
        caller: &Caller,
        kept: Option<&Value>,
        tried: Tried<'_>,
    ) -> Result<String, WebError> {
        let names = Names::read(app).await?;
        let title = kept.map_or("New rule".to_owned(), |rule| word(rule, "name"));
        let warnings = kept.and_then(|rule| rule["warnings"].as_array()).into_iter().flatten();
        let page = EditPage {
            frame: Frame::of(app, caller, title.as_str(), "/rules", "rules").await?,
            title,
            back: ("/rules", "All rules"),
            form: form(kept, &names).after(tried),
            warnings: warnings.map(|warning| word(warning, "detail")).collect(),
            delete: kept.map(|rule| format!("/rules/{}/delete", word(rule, "id"))),
        };
        Ok(page.render()?)
    }
}

const IDLE: &str =
    "Say below what the rule does: answer, tag, flag, give it to somebody, tell somebody or ask.";

fn form(rule: Option<&Value>, names: &Names) -> Form {
    let empty = json!({ "enabled": true, "order": 10, "when": {}, "then": [], "lines": [] });
    let set = rule.unwrap_or(&empty);
    let when = &set["when"];
    let lines = names.lines.iter().map(|line| (line.id.to_string(), line.name.clone()));
    let places = [("", "Anywhere"), ("start", "At the start"), ("whole", "Nothing else")];
    let hours = [("", "Always"), ("open", "While open"), ("closed", "While closed")];
    let (action, button) = match rule {
        Some(rule) => (format!("/rules/{}", word(rule, "id")), "Save"),
        None => ("/rules".to_owned(), "Add"),
    };
    Form::new("rule", action, button)
        .field(Field::line("name", "Name", word(set, "name")).required())
        .field(Field::heading("When a text", "All that is given must be true."))
        .field(
            Field::line("words", "Has one of these words", words(&when["words"]).join(", "))
                .hint("Apart by commas. Case and accents do not matter."),
        )
        .field(Field::choice("at", "Where they stand", places, &word(when, "at")))
        .field(
            Field::line("pattern", "Fits this pattern", word(when, "pattern"))
                .hint("A regular expression, for those who know them."),
        )
        .field(Field::choice("hours", "Comes", hours, &word(when, "hours")))
        .field(Field::line("language", "From contacts who speak", word(when, "language")))
        .field(Field::several("lines", "On these lines (none: all)", lines, &words(&set["lines"])))
        .field(Field::heading("Then", "What is left empty does not happen."))
        .fields(then::fields("", &set["then"], names))
        .field(Field::heading("Order", ""))
        .field(
            Field::typed("order", "Place", "number", set["order"].to_string())
                .hint("Lower ones are looked at first."),
        )
        .field(Field::tick("continue", "Look at later rules too", set["continue"] == json!(true)))
        .field(Field::tick("enabled", "In use", set["enabled"] == json!(true)))
}
