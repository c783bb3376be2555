//! Rules: what happens to a text with certain words, and a place to try them without effect.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use super::face::{Piece, pieces};
use super::form::{Field, Form, Posted};
use super::templates::EditPage;
use super::{Done, Frame, again, changes};
use crate::store::{Line, Prompt, RuleId, User};
use crate::web::App;
use crate::web::api::{rehearsal, rules as api};
use crate::web::auth::Caller;
use crate::web::error::WebError;
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

/// A string at `key`; empty, when there is none.
fn word(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn strings(value: &Value) -> Vec<String> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The names that rules speak of by id.
struct Names {
    lines: Vec<Line>,
    users: Vec<User>,
    prompts: Vec<Prompt>,
}

impl Names {
    async fn read(app: &App) -> Result<Self, WebError> {
        let read = app.store.read(|tx| {
            Ok(Names { lines: tx.lines()?, users: tx.users()?, prompts: tx.prompts()? })
        });
        Ok(read.await?)
    }

    fn user(&self, id: &str) -> String {
        let found = self.users.iter().find(|user| user.id.to_string() == id);
        found.map_or(format!("user {id}"), User::name)
    }

    fn prompt(&self, id: &str) -> String {
        let found = self.prompts.iter().find(|prompt| prompt.id.to_string() == id);
        found.map_or(format!("prompt {id}"), |prompt| prompt.set.name.clone())
    }
}

/// One thing that happens, in words.
fn in_words(then: &Value, names: &Names) -> String {
    let Some((key, value)) = then.as_object().and_then(|pairs| pairs.iter().next()) else {
        return String::new();
    };
    let text = value.as_str().unwrap_or_default();
    match key.as_str() {
        "reply" => format!("answers “{text}”"),
        "tag" => format!("tags it {text}"),
        "flag" => format!("flags it: {text}"),
        "assign" => match (value["user"].as_str(), value["team"].as_str()) {
            (Some(user), _) => format!("gives it to {}", names.user(user)),
            (None, team) => format!("gives it to the team {}", team.unwrap_or_default()),
        },
        "notify" => format!("tells {} at once", names.user(text)),
        "prompt" => format!("asks {}", names.prompt(text)),
        "webhook" => format!("posts to {text}"),
        other => other.to_owned(),
    }
}

fn row(rule: &Value, names: &Names) -> Row {
    let when = &rule["when"];
    let mut conditions = Vec::new();
    let words = strings(&when["words"]);
    if !words.is_empty() {
        let how = match when["at"].as_str() {
            Some("start") => "begins with",
            Some("whole") => "is",
            _ => "has",
        };
        conditions.push(format!("{how} {}", words.join(" or ")));
    }
    for (key, words) in [("pattern", "fits"), ("hours", "while"), ("language", "in")] {
        if let Some(text) = when[key].as_str() {
            conditions.push(format!("{words} {text}"));
        }
    }
    let lines = strings(&rule["lines"]);
    let named = names.lines.iter().filter(|line| lines.contains(&line.id.to_string()));
    let on: Vec<&str> = named.map(|line| line.name.as_str()).collect();
    if !on.is_empty() {
        conditions.push(format!("on {}", on.join(", ")));
    }
    let then = rule["then"].as_array().into_iter().flatten();
    Row {
        id: word(rule, "id"),
        name: word(rule, "name"),
        order: rule["order"].as_i64().unwrap_or_default(),
        enabled: rule["enabled"].as_bool().unwrap_or(false),
        when: conditions.join(", "),
        then: then.map(|then| in_words(then, names)).collect::<Vec<_>>().join("; "),
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
            let outcomes = items.map(outcome).collect();
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

fn outcome(item: &Value) -> Outcome {
    let reasons = item["trace"].as_array().into_iter().flatten();
    let would = item["would"].as_array().into_iter().flatten();
    Outcome {
        from: word(item, "from"),
        text: pieces(&word(item, "text")),
        would: would.map(act_in_words).collect(),
        trace: reasons.map(|reason| (word(reason, "step"), word(reason, "why"))).collect(),
    }
}

/// An action of a rehearsal: what is done, then its details.
fn act_in_words(act: &Value) -> String {
    let what = word(act, "do").replace('_', " ");
    let details = act.as_object().into_iter().flatten().filter(|(key, _)| *key != "do");
    let details: Vec<String> = details
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            format!("{}: {value}", key.replace('_', " "))
        })
        .collect();
    if details.is_empty() { what } else { format!("{what} ({})", details.join(", ")) }
}

fn form(rule: Option<&Value>, names: &Names) -> Form {
    let empty = json!({ "enabled": true, "order": 10, "when": {}, "then": [], "lines": [] });
    let set = rule.unwrap_or(&empty);
    let when = &set["when"];
    let then = |key: &str| -> Value {
        let all = set["then"].as_array().into_iter().flatten();
        all.filter_map(|then| then.get(key)).next().cloned().unwrap_or(Value::Null)
    };
    let every = |key: &str| -> Vec<String> {
        let all = set["then"].as_array().into_iter().flatten();
        all.filter_map(|then| then.get(key)?.as_str().map(str::to_owned)).collect()
    };
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let assign = then("assign");
    let able = names.users.iter().filter(|user| user.profile.active);
    let people: Vec<(String, String)> =
        able.map(|user| (user.id.to_string(), user.name())).collect();
    let nobody = [(String::new(), "Nobody".to_owned())];
    let none = [(String::new(), "None".to_owned())];
    let prompts =
        names.prompts.iter().map(|prompt| (prompt.id.to_string(), prompt.set.name.clone()));
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
            Field::line("words", "Has one of these words", strings(&when["words"]).join(", "))
                .hint("Apart by commas. Case and accents do not matter."),
        )
        .field(Field::choice("at", "Where they stand", places, &word(when, "at")))
        .field(
            Field::line("pattern", "Fits this pattern", word(when, "pattern"))
                .hint("A regular expression, for those who know them."),
        )
        .field(Field::choice("hours", "Comes", hours, &word(when, "hours")))
        .field(Field::line("language", "From contacts who speak", word(when, "language")))
        .field(Field::several(
            "lines",
            "On these lines (none: all)",
            lines,
            &strings(&set["lines"]),
        ))
        .field(Field::heading("Then", "What is left empty does not happen."))
        .field(Field::area("reply", "Answer", text(then("reply"))))
        .field(Field::line("tag", "Tag it", every("tag").join(", ")))
        .field(Field::line("flag", "Flag it, and why", text(then("flag"))))
        .field(Field::choice(
            "assign_user",
            "Give it to",
            nobody.clone().into_iter().chain(people.clone()),
            &word(&assign, "user"),
        ))
        .field(Field::line("assign_team", "Or to the team", word(&assign, "team")))
        .field(Field::several("notify", "Tell at once", people, &every("notify")))
        .field(Field::choice(
            "prompt",
            "Ask",
            none.into_iter().chain(prompts),
            &text(then("prompt")),
        ))
        .field(
            Field::area("webhook", "Post to", every("webhook").join("\n"))
                .hint("One address a line."),
        )
        .field(Field::heading("Order", ""))
        .field(
            Field::typed("order", "Place", "number", set["order"].to_string())
                .hint("Lower ones are looked at first."),
        )
        .field(Field::tick("continue", "Look at later rules too", set["continue"] == json!(true)))
        .field(Field::tick("enabled", "In use", set["enabled"] == json!(true)))
}

fn body(posted: &Posted) -> Value {
    let mut when = json!({ "words": posted.list("words") });
    for key in ["at", "pattern", "hours", "language"] {
        if let Some(text) = posted.given(key) {
            when[key] = text.into();
        }
    }
    let mut then = Vec::new();
    let reply = posted.text("reply");
    if !reply.is_empty() {
        then.push(json!({ "reply": reply }));
    }
    then.extend(posted.list("tag").into_iter().map(|tag| json!({ "tag": tag })));
    if let Some(flag) = posted.given("flag") {
        then.push(json!({ "flag": flag }));
    }
    if let Some(user) = posted.given("assign_user") {
        then.push(json!({ "assign": { "user": user } }));
    } else if let Some(team) = posted.given("assign_team") {
        then.push(json!({ "assign": { "team": team } }));
    }
    then.extend(posted.all("notify").into_iter().map(|user| json!({ "notify": user })));
    if let Some(prompt) = posted.given("prompt") {
        then.push(json!({ "prompt": prompt }));
    }
    then.extend(posted.list("webhook").into_iter().map(|to| json!({ "webhook": to })));
    let order = posted.get("order");
    json!({
        "name": posted.get("name"),
        "enabled": posted.ticked("enabled"),
        "order": order.parse::<i64>().map_or(json!(order), Value::from),
        "lines": posted.all("lines"),
        "when": when,
        "then": then,
        "continue": posted.ticked("continue"),
    })
}

async fn edit(
    app: &App,
    caller: &Caller,
    rule: Option<Value>,
    with: impl FnOnce(Form) -> Form,
) -> Result<String, WebError> {
    let names = Names::read(app).await?;
    let title = rule.as_ref().map_or("New rule".to_owned(), |rule| word(rule, "name"));
    let warnings = rule.as_ref().and_then(|rule| rule["warnings"].as_array());
    let page = EditPage {
        frame: Frame::of(app, caller, title.as_str(), "/rules", "rules").await?,
        title,
        back: ("/rules", "All rules"),
        form: with(form(rule.as_ref(), &names)),
        warnings: warnings.into_iter().flatten().map(|warning| word(warning, "detail")).collect(),
        delete: rule.map(|rule| format!("/rules/{}/delete", word(&rule, "id"))),
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
    let made = match Body::of(body(&posted)) {
        Ok(asked) => api::create(State(app.clone()), caller.clone(), asked).await,
        Err(refusal) => Err(refusal),
    };
    match made {
        Ok(_) => Ok(Redirect::to("/rules?done=saved").into_response()),
        Err(refusal) => {
            let with = |form: Form| form.refused(&posted, &refusal);
            let html = edit(&app, &caller, None, with).await?;
            again(refusal, html)
        }
    }
}

async fn one(app: &App, id: RuleId) -> Result<Value, WebError> {
    let Json(rule) = api::show(State(app.clone()), Id(id)).await?;
    serde_json::to_value(rule).map_err(WebError::internal)
}

/// One rule.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RuleId>,
) -> Result<Html<String>, WebError> {
    let rule = one(&app, id).await?;
    Ok(Html(edit(&app, &caller, Some(rule), |form| form).await?))
}

/// Changes one.
pub(in crate::web) async fn save(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RuleId>,
    posted: Posted,
) -> Result<Response, WebError> {
    let rule = one(&app, id).await?;
    let saved = match Patch::of(changes(body(&posted), &rule)) {
        Ok(patch) => api::update(State(app.clone()), caller.clone(), Id(id), patch).await,
        Err(refusal) => Err(refusal),
    };
    match saved {
        Ok(_) => Ok(Redirect::to("/rules?done=saved").into_response()),
        Err(refusal) => {
            let with = |form: Form| form.refused(&posted, &refusal);
            let html = edit(&app, &caller, Some(rule), with).await?;
            again(refusal, html)
        }
    }
}

/// Deletes one.
pub(in crate::web) async fn delete(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RuleId>,
) -> Result<Response, WebError> {
    api::delete(State(app), caller, Id(id)).await?;
    Ok(Redirect::to("/rules?done=deleted").into_response())
}
