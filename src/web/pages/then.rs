//! What follows a rule or an answer: the boxes it is written in, the acts they make, and the same
//! in words.

use serde_json::{Value, json};

use super::edit::word;
use super::form::{Field, Posted};
use crate::store::{Line, Prompt, User};
use crate::web::App;
use crate::web::error::WebError;

/// The names that acts speak of by id.
#[derive(Default)]
pub(super) struct Names {
    pub(super) lines: Vec<Line>,
    users: Vec<User>,
    prompts: Vec<Prompt>,
}

impl Names {
    pub(super) async fn read(app: &App) -> Result<Self, WebError> {
        let read = app.store.read(|tx| {
            Ok(Names { lines: tx.lines()?, users: tx.users()?, prompts: tx.prompts()? })
        });
        Ok(read.await?)
    }

    /// The name of a user.
    pub(super) fn user(&self, id: &str) -> String {
        let found = self.users.iter().find(|user| user.id.to_string() == id);
        found.map_or(format!("user {id}"), User::name)
    }

    /// The name of a prompt.
    pub(super) fn prompt(&self, id: &str) -> String {
        let found = self.prompts.iter().find(|prompt| prompt.id.to_string() == id);
        found.map_or(format!("prompt {id}"), |prompt| prompt.set.name.clone())
    }

    /// Each of a list of acts, in words.
    pub(super) fn in_words(&self, then: &Value) -> String {
        let acts = then.as_array().into_iter().flatten();
        acts.map(|act| self.act_in_words(act)).collect::<Vec<_>>().join("; ")
    }

    fn act_in_words(&self, act: &Value) -> String {
        let Some((key, value)) = act.as_object().and_then(|pairs| pairs.iter().next()) else {
            return String::new();
        };
        let text = value.as_str().unwrap_or_default();
        match key.as_str() {
            "reply" => format!("answers “{text}”"),
            "tag" => format!("tags it {text}"),
            "flag" => format!("flags it: {text}"),
            "assign" => match (value["user"].as_str(), value["team"].as_str()) {
                (Some(user), _) => format!("gives it to {}", self.user(user)),
                (None, team) => format!("gives it to the team {}", team.unwrap_or_default()),
            },
            "notify" => format!("tells {} at once", self.user(text)),
            "prompt" => format!("asks {}", self.prompt(text)),
            "webhook" => format!("posts to {text}"),
            other => other.to_owned(),
        }
    }
}

/// The boxes for a list of acts; `prefix` tells those of several lists on one page apart.
pub(super) fn fields(prefix: &str, then: &Value, names: &Names) -> Vec<Field> {
    let acts = || then.as_array().into_iter().flatten();
    let first = |key: &str| acts().find_map(|act| act.get(key)).cloned().unwrap_or(Value::Null);
    let every = |key: &str| -> Vec<String> {
        acts().filter_map(|act| act.get(key)?.as_str().map(str::to_owned)).collect()
    };
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let named = |name: &str| format!("{prefix}{name}");
    let assign = first("assign");
    let able = names.users.iter().filter(|user| user.profile.active);
    let people: Vec<(String, String)> =
        able.map(|user| (user.id.to_string(), user.name())).collect();
    let prompts =
        names.prompts.iter().map(|prompt| (prompt.id.to_string(), prompt.set.name.clone()));
    let nobody = [(String::new(), "Nobody".to_owned())];
    let none = [(String::new(), "None".to_owned())];
    vec![
        Field::area(&named("reply"), "Answer", text(first("reply"))),
        Field::line(&named("tag"), "Tag it", every("tag").join(", ")),
        Field::line(&named("flag"), "Flag it, and why", text(first("flag"))),
        Field::choice(
            &named("assign_user"),
            "Give it to",
            nobody.into_iter().chain(people.clone()),
            &word(&assign, "user"),
        ),
        Field::line(&named("assign_team"), "Or to the team", word(&assign, "team")),
        Field::several(&named("notify"), "Tell at once", people, &every("notify")),
        Field::choice(
            &named("prompt"),
            "Ask",
            none.into_iter().chain(prompts),
            &text(first("prompt")),
        ),
        Field::area(&named("webhook"), "Tell a program at", every("webhook").join("\n"))
            .hint("One web address a line."),
    ]
}

/// The acts that the boxes make.
pub(super) fn acts(prefix: &str, posted: &Posted) -> Vec<Value> {
    let named = |name: &str| format!("{prefix}{name}");
    let mut then = Vec::new();
    let reply = posted.text(&named("reply"));
    if !reply.is_empty() {
        then.push(json!({ "reply": reply }));
    }
    then.extend(posted.list(&named("tag")).into_iter().map(|tag| json!({ "tag": tag })));
    if let Some(flag) = posted.given(&named("flag")) {
        then.push(json!({ "flag": flag }));
    }
    if let Some(user) = posted.given(&named("assign_user")) {
        then.push(json!({ "assign": { "user": user } }));
    } else if let Some(team) = posted.given(&named("assign_team")) {
        then.push(json!({ "assign": { "team": team } }));
    }
    then.extend(posted.all(&named("notify")).into_iter().map(|user| json!({ "notify": user })));
    if let Some(prompt) = posted.given(&named("prompt")) {
        then.push(json!({ "prompt": prompt }));
    }
    then.extend(posted.list(&named("webhook")).into_iter().map(|to| json!({ "webhook": to })));
    then
}
