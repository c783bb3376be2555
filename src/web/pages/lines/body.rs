//! The body a program would send instead of the boxes of [`super::settings`]: what a browser posted
//! comes in, JSON for the API's own act goes out. What cannot be read goes on as it was typed, for the
//! engine's types to refuse in words.

use serde_json::{Map, Value, json};

use super::settings::{DAYS, LIMITS, MONEY, TEXT_KINDS};
use crate::web::pages::form::Posted;

/// What a program would send for the section.
pub(super) fn of(section: &str, posted: &Posted, kept: &Value) -> Value {
    match section {
        "line" => json!({
            "name": posted.get("name"),
            "number": posted.given("number"),
            "country": posted.given("country").map(|code| code.to_uppercase()),
            "sms": posted.get("sms"),
            "registration": posted.get("registration"),
            "help_contact": posted.get("help_contact"),
            "tags": posted.list("tags"),
            "international": posted.ticked("international"),
            "short_codes": posted.list("short_codes"),
        }),
        "replies" => {
            let mut relay = Map::new();
            relay.insert("max_segments".to_owned(), number(posted, "relay_segments"));
            if posted.ticked("relay_pin_off") {
                relay.insert("pin".to_owned(), Value::Null);
            } else if let Some(pin) = posted.given("relay_pin") {
                relay.insert("pin".to_owned(), pin.into());
            }
            json!({
                "response_recipient": posted.given("response_recipient"),
                "response_emails": posted.list("response_emails"),
                "show_codes": posted.ticked("show_codes"),
                "relay": relay,
            })
        }
        "told" => {
            let told = (1..=5).filter_map(|n| {
                let user = posted.given(&format!("notified_{n}"))?;
                Some(json!({
                    "user": user,
                    "sms": posted.ticked(&format!("sms_{n}")),
                    "email": posted.ticked(&format!("email_{n}")),
                    "urgency": posted.given(&format!("urgency_{n}")),
                }))
            });
            json!({
                "notify": posted.ticked("notify"),
                "notified_users": told.collect::<Vec<_>>(),
            })
        }
        "claims" => json!({
            "claim_policy": posted.given("claim_policy"),
            "participants_reply": posted.ticked("participants_reply"),
            "claims_idle": number(posted, "claims_idle"),
        }),
        "consent" => {
            let given = |key: &str| posted.given(key).map_or(Value::Null, Value::from);
            let hours = match (posted.ticked("quiet_off"), given("quiet_from"), given("quiet_to")) {
                (true, ..) => json!("off"),
                (_, Value::Null, Value::Null) => Value::Null,
                (_, from, to) => json!({
                    "from": from.as_str().unwrap_or_default(),
                    "to": to.as_str().unwrap_or_default(),
                }),
            };
            json!({
                "consent": {
                    "scope": posted.get("scope"),
                    "profile": posted.get("profile"),
                    "clarify": posted.ticked("clarify"),
                    "help_when_out": posted.ticked("help_when_out"),
                },
                "quiet_hours": hours,
            })
        }
        "texts" => {
            let mut texts = Map::new();
            for (key, _, _) in TEXT_KINDS {
                let text = posted.text(key);
                let text = if text.is_empty() { Value::Null } else { text.into() };
                texts.insert(key.to_owned(), text);
            }
            texts.insert("language".to_owned(), posted.get("language").to_lowercase().into());
            texts.insert("opt_in_off".to_owned(), posted.ticked("opt_in_off").into());
            texts.insert("away_off".to_owned(), posted.ticked("away_off").into());
            texts.insert("answer_within".to_owned(), number(posted, "answer_within"));
            json!({ "texts": texts })
        }
        "hours" => {
            let days = DAYS.iter().map(|(key, _)| (*key, posted.list(key)));
            let week: Map<String, Value> = days
                .filter(|(_, intervals)| !intervals.is_empty())
                .map(|(key, intervals)| (key.to_owned(), intervals.into()))
                .collect();
            let holidays = posted.list("holidays");
            match week.is_empty() && holidays.is_empty() {
                true => json!({ "business_hours": null }),
                false => json!({ "business_hours": {
                    "time_zone": posted.get("time_zone"), "week": week, "holidays": holidays,
                }}),
            }
        }
        "limits" => {
            let limit = |key: &str| {
                let end = |end: &str| number(posted, &format!("{key}_{end}"));
                json!({ "warn": end("warn"), "hold": end("hold") })
            };
            let limits = LIMITS.iter().map(|(key, _)| ((*key).to_owned(), limit(key)));
            let mut limits: Map<String, Value> = limits.collect();
            let money = |end: &str| thousandths(posted, &format!("money_a_month_{end}"));
            let month = json!({ "warn": money("warn"), "hold": money("hold") });
            limits.insert("money_a_month".to_owned(), month);
            // Prices of single countries are a program's to set: they stay as they are.
            let mut prices = kept["limits"]["prices"].as_object().cloned().unwrap_or_default();
            for (key, _) in MONEY {
                match thousandths(posted, &format!("price_{key}")) {
                    Value::Null => drop(prices.remove(key)),
                    price => drop(prices.insert(key.to_owned(), price)),
                }
            }
            limits.insert("prices".to_owned(), prices.into());
            json!({ "limits": limits })
        }
        _ => json!({}),
    }
}

/// A figure; what is none goes on as it was typed, for the engine's type to refuse.
fn number(posted: &Posted, name: &str) -> Value {
    match posted.given(name) {
        None => Value::Null,
        Some(text) => text.parse::<u64>().map_or(Value::String(text), Value::from),
    }
}

/// A sum as thousandths; what is none goes on as it was typed, for the engine's type to refuse.
fn thousandths(posted: &Posted, name: &str) -> Value {
    let Some(text) = posted.given(name) else { return Value::Null };
    let figures = text.replace(',', ".");
    let (whole, part) = figures.split_once('.').unwrap_or((&figures, ""));
    let part = format!("{part:0<3}");
    let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    let read = (part.len() == 3 && digits(whole) && digits(&part)).then(|| {
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        Some(whole.checked_mul(1_000)? + part.parse::<u64>().ok()?)
    });
    read.flatten().map_or(Value::String(text), Value::from)
}
