//! A prompt as it is written: the question, what counts as an answer, what follows one, and when; and
//! the body a program would send instead.

use serde_json::{Map, Value, json};

use crate::types::UnixTime;
use crate::web::App;
use crate::web::error::{Code, WebError};
use crate::web::pages::edit::{word, words};
use crate::web::pages::form::{Field, Form, Posted};
use crate::web::pages::then::{self, Names};
use crate::web::pages::words::{boxed, unboxed};

/// The form of a prompt, empty or of one.
pub(super) fn form(app: &App, prompt: Option<&Value>, names: &Names) -> Form {
    let empty = json!({ "kind": "poll", "revote": true });
    let set = prompt.unwrap_or(&empty);
    let kinds = [
        ("poll", "Poll: one of several answers"),
        ("rating", "Rating: 1 to 5"),
        ("confirm", "Confirmation: words such as yes and no"),
    ];
    let answers = set["answers"].as_array().into_iter().flatten();
    let answers: Vec<String> = answers
        .map(|answer| format!("{}: {}", word(answer, "value"), words(&answer["words"]).join(", ")))
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
            Field::area("options", "Answers of a poll", words(&set["options"]).join("\n"))
                .hint("One a line; people answer with its letter: A, B, C …"),
        );
    }
    if all || kind == "rating" {
        fields.push(Field::typed("low", "A low rating is up to", "number", scale("low", 2)));
        fields.push(Field::typed("high", "A high rating is from", "number", scale("high", 4)));
    }
    if all || kind == "confirm" {
        fields.push(
            Field::area("answers", "Words of a confirmation", answers.join("\n"))
                .hint("One answer a line, with its words: yes: yes, y, ok"),
        );
    }
    let zone = &app.settings.time_zone;
    let time = |key: &str| {
        let time = UnixTime::parse_rfc3339(&word(set, key));
        time.map_or(String::new(), |time| boxed(time, zone))
    };
    let form = form
        .fields(fields)
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
        .field(
            Field::typed("opens", "Opens", "datetime-local", time("opens"))
                .hint("Nobody is asked before. Empty: at once."),
        )
        .field(
            Field::typed("closes", "Closes", "datetime-local", time("closes"))
                .hint("No answer counts after. Empty: never."),
        )
        .field(Field::heading(
            "What follows an answer",
            "At most one text goes out by itself for each answer.",
        ));
    outcomes(prompt).into_iter().enumerate().fold(form, |form, (n, (key, label))| {
        let kept = &set["outcomes"][&key];
        let open = kept.as_array().is_some_and(|acts| !acts.is_empty());
        form.fields(Field::folded(&label, open, then::fields(&prefix(n), kept, names)))
    })
}

/// Tells the boxes of the outcomes apart.
fn prefix(n: usize) -> String {
    format!("outcome_{n}_")
}

/// The answers that something can follow: key and heading (S86..S88). One that is not kept yet has
/// no answers to name.
fn outcomes(prompt: Option<&Value>) -> Vec<(String, String)> {
    let rating = [
        ("low", "After a low rating"),
        ("middle", "After a middling rating"),
        ("high", "After a high rating"),
    ];
    let rating = rating.map(|(key, label)| (key.to_owned(), label.to_owned()));
    let named = |answers: Vec<String>| -> Vec<(String, String)> {
        let label = |answer: &String| format!("After “{answer}”");
        answers.into_iter().map(|answer| (answer.clone(), label(&answer))).collect()
    };
    let mut all = match prompt.map(|prompt| (prompt, word(prompt, "kind"))) {
        None => rating.to_vec(),
        Some((_, kind)) if kind == "rating" => rating.to_vec(),
        Some((prompt, kind)) if kind == "poll" => named(words(&prompt["options"])),
        Some((prompt, _)) => {
            let answers = prompt["answers"].as_array().into_iter().flatten();
            named(answers.map(|answer| word(answer, "value")).collect())
        }
    };
    let any = if prompt.is_none() { "After any answer" } else { "After any other answer" };
    all.push(("*".to_owned(), any.to_owned()));
    all
}

/// The body a program would send instead of the form.
pub(super) fn body(app: &App, posted: &Posted, kept: Option<&Value>) -> Result<Value, WebError> {
    let kind = posted.get("kind");
    let zone = &app.settings.time_zone;
    let time = |name: &str| -> Result<Option<String>, WebError> {
        let Some(text) = posted.given(name) else { return Ok(None) };
        let wrong = || {
            let words = format!("{name} is a day and a time such as 2027-01-31T18:00.");
            WebError::new(Code::TimeInvalid, words)
        };
        Ok(Some(unboxed(&text, zone).ok_or_else(wrong)?.to_string()))
    };
    let mut body = json!({
        "name": posted.get("name"),
        "text": posted.text("text"),
        "hint": posted.given("hint"),
        "revote": posted.ticked("revote"),
        "opens": time("opens")?,
        "closes": time("closes")?,
    });
    if kept.is_none() {
        body["kind"] = kind.into();
    }
    let mut answers: Vec<String> = Vec::new();
    match kind {
        "poll" => {
            let lines = posted.get("options").lines().map(str::trim);
            answers = lines.filter(|line| !line.is_empty()).map(str::to_owned).collect();
            body["options"] = json!(answers);
        }
        "rating" => {
            let figure = |name: &str| {
                let text = posted.get(name);
                text.parse::<u64>().map_or(json!(text), Value::from)
            };
            let mut scale = kept.map_or(json!({}), |prompt| prompt["scale"].clone());
            scale["low"] = figure("low");
            scale["high"] = figure("high");
            body["scale"] = scale;
        }
        "confirm" => {
            let lines = posted.get("answers").lines().filter_map(|line| line.split_once(':'));
            let lines: Vec<Value> = lines
                .map(|(value, said)| {
                    let said = said.split(',').map(str::trim).filter(|word| !word.is_empty());
                    json!({ "value": value.trim(), "words": said.collect::<Vec<_>>() })
                })
                .collect();
            answers = lines.iter().map(|answer| word(answer, "value")).collect();
            body["answers"] = json!(lines);
        }
        _ => {}
    }
    // What follows an answer that this form does not show stays as it is.
    let before = kept.and_then(|prompt| prompt["outcomes"].as_object());
    let mut follows: Map<String, Value> = before.cloned().unwrap_or_default();
    for (n, (key, _)) in outcomes(kept).into_iter().enumerate() {
        match then::acts(&prefix(n), posted) {
            acts if acts.is_empty() => drop(follows.remove(&key)),
            acts => drop(follows.insert(key, acts.into())),
        }
    }
    let is_rating = kind == "rating";
    follows.retain(|key, _| key == "*" || is_rating || answers.contains(key));
    body["outcomes"] = Value::Object(follows);
    Ok(body)
}

/// The form to ask people.
pub(super) fn ask_form(id: &str, names: &Names) -> Form {
    let last = [(String::new(), "The line last used with each".to_owned())];
    let lines = names.lines.iter().map(|line| (line.id.to_string(), line.name.clone()));
    Form::new("ask", format!("/prompts/{id}/ask"), "Ask")
        .field(Field::area("to", "Numbers", "").required().hint("One a line, up to 1,000."))
        .field(Field::choice("line", "From", last.into_iter().chain(lines), ""))
}
