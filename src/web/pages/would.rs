//! What a text would lead to, as a person would say it: the actions of a rehearsal in words.

use serde_json::Value;

use super::edit::{word, words};
use super::then::Names;

/// One action.
pub(super) fn in_words(act: &Value, names: &Names) -> String {
    let is = |key: &str| word(act, key);
    let user = |key: &str| names.user(&is(key));
    let prompt = || names.prompt(&is("prompt"));
    match is("do").as_str() {
        "file" => filed(act),
        "send" => format!("{} gets “{}”", is("to"), is("text")),
        "refuse" => format!("{} gets nothing: {}", is("to"), is("why")),
        "consent" if is("change") == "opted_out" => format!("{} is opted out", is("number")),
        "consent" if is("change") == "opted_in" => format!("{} is opted in", is("number")),
        "cancel_scheduled" => format!("What is planned for {} is taken back", is("number")),
        "possible_opt_out" => "It is marked as a possible opt-out".to_owned(),
        "flag" => format!("It is flagged: {}", is("detail")),
        "tag" => format!("It is tagged {}", is("detail")),
        "assign" if is("detail").parse::<i64>().is_err() => {
            format!("It is given to the team {}", is("detail"))
        }
        "assign" => format!("It is given to {}", user("detail")),
        "claim" => format!("{} claims it", user("detail")),
        "take_over" => format!("{} takes it over", user("detail")),
        "close" => format!("{} closes it", user("detail")),
        "answered" => "It counts as answered".to_owned(),
        "note" => format!("A note is added: {}", is("detail")),
        "email" => format!("It is forwarded to {}", listed(&act["to"])),
        "notify" => format!("{} is told by {}", user("user"), is("channel")),
        "webhook" => format!("{} is told", is("url")),
        "issue_code" => format!("The code {} stands for {}", is("code"), is("number")),
        "renew_code" => format!("The code {} is used again", is("code")),
        "remember" => format!("{} gets the next answers too", user("user")),
        "answer" => format!("It answers “{}”: {}", prompt(), is("value")),
        "hint" => format!("They are told once what “{}” understands", prompt()),
        "ask" => format!("They are asked “{}”", prompt()),
        "name_contact" => format!("{} is called {}", is("number"), is("name")),
        "alert" => format!("The admins are told: {}", is("text")),
        _ => plainly(act),
    }
}

/// Where the text itself stands.
fn filed(act: &Value) -> String {
    if act["internal"] == true {
        return "It stays out of the inbox".to_owned();
    }
    let read = if act["unread"] == true { "unread" } else { "as read" };
    match act["mark"].as_str() {
        Some(mark) => format!("It stands in the inbox, {read}, marked {}", mark.replace('_', " ")),
        None => format!("It stands in the inbox, {read}"),
    }
}

/// One or several.
fn listed(value: &Value) -> String {
    value.as_str().map_or_else(|| words(value).join(", "), str::to_owned)
}

/// What has no sentence of its own: what is done, then its details.
fn plainly(act: &Value) -> String {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn actions_are_told_in_sentences() {
        let names = Names::default();
        for (act, said) in [
            (
                json!({ "do": "file", "unread": true, "mark": null }),
                "It stands in the inbox, unread",
            ),
            (json!({ "do": "file", "internal": true }), "It stays out of the inbox"),
            (json!({ "do": "tag", "detail": "hours" }), "It is tagged hours"),
            (json!({ "do": "assign", "detail": "Night" }), "It is given to the team Night"),
            (json!({ "do": "assign", "detail": "7" }), "It is given to user 7"),
            (
                json!({ "do": "email", "to": ["a@example.org", "b@example.org"] }),
                "It is forwarded to a@example.org, b@example.org",
            ),
            (
                json!({ "do": "consent", "change": "help", "word": "HELP" }),
                "consent (change: help, word: HELP)",
            ),
        ] {
            assert_eq!(in_words(&act, &names), said);
        }
    }
}
