//! What people set of a line, subject by subject: its boxes, and the body a program would send
//! instead of them.

use serde_json::{Map, Value, json};

use crate::engine::texts::{Kind as Text, Texts};
use crate::store::{Line, LineSettings, User};
use crate::web::pages::form::{Field, Posted};

pub(super) const TEXTS_ABOUT: &str = "Sent by the line itself. An empty box means the text shown in it. Fields: \
    {{ company }}, {{ line }}, {{ help_contact }}, {{ first_name|default('there') }}, {{ answer_by }}.";
pub(super) const HOURS_ABOUT: &str = "Write them as 09:00-12:00, 13:00-17:00. Outside of them the away text is sent. \
    Empty days are closed; without any hours the line is always attended.";
const DAYS: [(&str, &str); 7] = [
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
];
/// What stands in thousandths of the currency.
const MONEY: [(&str, &str); 2] =
    [("home", "Price of a segment at home"), ("abroad", "Price of a segment abroad")];
const LIMITS: [(&str, &str); 4] = [
    ("segments_a_minute", "Segments a minute"),
    ("segments_a_day", "Segments a day"),
    ("segments_a_month", "Segments a month"),
    ("recipients_a_month", "Different numbers a month"),
];
const TEXT_KINDS: [(&str, &str, Text); 5] = [
    ("opt_in", "Welcome, to whoever writes for the first time", Text::OptIn),
    ("opt_out", "After STOP", Text::OptOut),
    ("opt_back_in", "After START", Text::OptBackIn),
    ("help", "After HELP", Text::Help),
    ("away", "Outside business hours", Text::Away),
];

pub(super) fn of_line(line: &Line, set: &LineSettings) -> Vec<Field> {
    let on = matches!(line.sms.as_str(), "on" | "pending_on");
    let registrations = [
        ("not_needed", "Not needed here"),
        ("needed", "Needed, not begun"),
        ("pending", "Applied for"),
        ("registered", "Registered"),
    ];
    vec![
        Field::line("name", "Name", set.name.as_str()).required(),
        Field::typed("number", "Its number", "tel", set.number.clone().unwrap_or_default())
            .hint("With + and country code. Many SIMs do not tell it."),
        Field::line("country", "Country", set.country.as_ref().map_or("", |code| code.as_str()))
            .hint("Two letters such as GB: how national numbers are read."),
        Field::choice("sms", "SMS", [("on", "On"), ("off", "Off")], if on { "on" } else { "off" })
            .hint("A change shows as pending until the line really is on or off."),
        Field::choice(
            "registration",
            "Brand or campaign registration",
            registrations,
            set.registration.as_str(),
        ),
        Field::line("help_contact", "How people reach you", set.help_contact.as_str())
            .hint("A phone number or address: the answer to HELP. Needed to switch SMS on."),
        Field::line("tags", "Tags", set.tags.join(", "))
            .hint("Apart by commas, up to 50 characters each. Every forward shows them."),
        Field::tick("international", "May write to numbers abroad", set.international),
        Field::line("short_codes", "Short codes it may write to", set.short_codes.join(", "))
            .hint("They may cost a premium."),
    ]
}

fn people(users: &[User], none: &str) -> Vec<(String, String)> {
    let able = users.iter().filter(|user| user.profile.active);
    let named = able.map(|user| (user.id.to_string(), user.name()));
    [(String::new(), none.to_owned())].into_iter().chain(named).collect()
}

pub(super) fn of_replies(set: &LineSettings, users: &[User]) -> Vec<Field> {
    let recipient = set.response_recipient.map_or(String::new(), |user| user.to_string());
    let segments = set.relay.get("max_segments").and_then(Value::as_u64).unwrap_or(4);
    let pin = set.relay.get("pin").is_some();
    vec![
        Field::choice(
            "response_recipient",
            "Relay every reply by SMS to",
            people(users, "Nobody"),
            &recipient,
        )
        .hint("Each relayed text carries a code such as @671; an answer with it goes to the customer."),
        // Typed in the open: whoever sets it has to tell it to somebody.
        Field::typed("relay_pin", "PIN for answers by SMS", "text", "").hint(if pin {
            "One is set. An empty box leaves it."
        } else {
            "None is set. With one, an answer needs it after the code."
        }),
        Field::tick("relay_pin_off", "Take the PIN away", false),
        Field::typed("relay_segments", "Segments of a relayed text, at most", "number", segments.to_string()),
        Field::area("response_emails", "Forward replies by e-mail to", set.response_emails.join("\n"))
            .hint("One address a line, up to 20. A message may name others."),
        Field::tick("show_codes", "Forwards show one-time codes instead of masking them", set.show_codes),
    ]
}

pub(super) fn of_told(set: &LineSettings, users: &[User]) -> Vec<Field> {
    let choices = people(users, "Nobody");
    // Nothing was chosen yet: somebody who opens this wants to be told.
    let on = set.notify.unwrap_or(true);
    let mut fields = vec![
        Field::tick("notify", "Tell people of new texts on this line", on)
            .hint("While this is on, one person at least is told."),
    ];
    for index in 0..5 {
        let told = set.notified.get(index);
        let n = index + 1;
        let user = told.map_or(String::new(), |told| told.user.to_string());
        let urgency = told.and_then(|told| told.urgency.as_deref()).unwrap_or_default();
        let (sms, email) = told.map_or((false, false), |told| (told.sms, told.email));
        let when = [("", "As usual"), ("now", "At once"), ("batch", "Together, later")];
        fields.push(Field::choice(
            &format!("notified_{n}"),
            &format!("Person {n}"),
            choices.clone(),
            &user,
        ));
        fields.push(Field::tick(&format!("sms_{n}"), &format!("Person {n} by SMS"), sms));
        fields.push(Field::tick(&format!("email_{n}"), &format!("Person {n} by e-mail"), email));
        fields.push(Field::choice(
            &format!("urgency_{n}"),
            &format!("Person {n} when"),
            when,
            urgency,
        ));
    }
    fields
}

pub(super) fn of_claims(set: &LineSettings) -> Vec<Field> {
    let policies = [
        ("", "As suggested: strict where people are notified"),
        ("off", "Off: everybody answers"),
        ("soft", "Soft: answering what another has claimed warns"),
        ("strict", "Strict: only who has claimed answers"),
    ];
    let policy = set.claim_policy.map_or("", |policy| policy.as_str());
    vec![
        Field::choice("claim_policy", "Claims", policies, policy),
        Field::tick("participants_reply", "Participants may answer too", set.participants_reply),
        Field::typed(
            "claims_idle",
            "A claim without any act ends after minutes",
            "number",
            set.claims_idle.map_or(String::new(), |minutes| minutes.to_string()),
        )
        .hint("Empty: after twelve hours."),
    ]
}

pub(super) fn of_texts(set: &LineSettings) -> Vec<Field> {
    let texts = &set.texts;
    let shipped: Texts = serde_json::from_value(json!({
        "language": texts.get("language").and_then(Value::as_str).unwrap_or_default(),
    }))
    .unwrap_or_default();
    let word = |key: &str| texts.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let on = |key: &str| texts.get(key).and_then(Value::as_bool).unwrap_or(false);
    let mut fields = vec![
        Field::line("language", "Language of the customers", word("language"))
            .hint("Two letters such as de: the texts we ship are in it. English when empty."),
    ];
    for (key, label, kind) in TEXT_KINDS {
        let usual = shipped.template(kind, None);
        fields.push(Field::area(key, label, word(key)).hint(&format!("Empty: {usual}")));
    }
    fields.push(Field::tick("opt_in_off", "Send no welcome", on("opt_in_off")));
    fields.push(Field::tick("away_off", "Send no away text", on("away_off")));
    let within = texts.get("answer_within").and_then(Value::as_u64);
    let within = within.map_or(String::new(), |minutes| minutes.to_string());
    fields.push(
        Field::typed("answer_within", "Answer promised within business minutes", "number", within)
            .hint("Fills {{ answer_by }} in the away text."),
    );
    fields
}

pub(super) fn of_hours(set: &LineSettings, zone: &str) -> Vec<Field> {
    let hours = set.business_hours.as_ref();
    let zone = hours.and_then(|hours| hours["time_zone"].as_str()).unwrap_or(zone);
    let list = |value: &Value, with: &str| {
        let parts = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        parts.collect::<Vec<_>>().join(with)
    };
    let mut fields = vec![Field::line("time_zone", "Time zone", zone)];
    for (key, label) in DAYS {
        let kept = hours.map_or(String::new(), |hours| list(&hours["week"][key], ", "));
        fields.push(Field::line(key, label, kept));
    }
    let holidays = hours.map_or(String::new(), |hours| list(&hours["holidays"], "\n"));
    fields.push(
        Field::area("holidays", "Holidays", holidays)
            .hint("One a line: 2026-12-25, or 2026-12-24 09:00-12:00 when open for a while."),
    );
    fields
}

pub(super) fn of_limits(set: &LineSettings) -> Vec<Field> {
    let mut fields = Vec::new();
    for (key, label) in LIMITS {
        for (end, what) in [("warn", "tell the admins at"), ("hold", "hold beyond")] {
            let kept = set.limits.get(key).and_then(|limit| limit.get(end)).and_then(Value::as_u64);
            let kept = kept.map_or(String::new(), |figure| figure.to_string());
            let name = format!("{key}_{end}");
            fields.push(Field::typed(&name, &format!("{label}: {what}"), "number", kept));
        }
    }
    for (end, what) in [("warn", "tell the admins at"), ("hold", "hold beyond")] {
        let kept = sum(set.limits.get("money_a_month").and_then(|limit| limit.get(end)));
        let name = format!("money_a_month_{end}");
        fields.push(Field::line(&name, &format!("Money a month: {what}"), kept));
    }
    for (key, label) in MONEY {
        let kept = sum(set.limits.get("prices").and_then(|prices| prices.get(key)));
        fields.push(Field::line(&format!("price_{key}"), label, kept).hint("Such as 0.09"));
    }
    fields
}

/// Thousandths of the currency as people write a sum.
fn sum(value: Option<&Value>) -> String {
    let Some(thousandths) = value.and_then(Value::as_u64) else { return String::new() };
    let text = format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000);
    // Two digits behind the point, unless the third one counts.
    text.strip_suffix('0').unwrap_or(&text).to_owned()
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

pub(super) fn of_consent(set: &LineSettings) -> Vec<Field> {
    let word = |key: &str| set.consent.get(key).and_then(Value::as_str).unwrap_or_default();
    let on = |key: &str, usual| set.consent.get(key).and_then(Value::as_bool).unwrap_or(usual);
    let scopes = [("organisation", "All lines: the usual"), ("line", "The line it was texted to")];
    let profiles = [
        ("general", "No particular one"),
        ("us", "United States: confirmed within five minutes or not at all"),
        ("canada", "Canada: every STOP is answered, in its language"),
    ];
    let quiet = set.quiet_hours.as_ref();
    let off = quiet.is_some_and(Value::is_null);
    let hour = |key: &str| quiet.and_then(|q| q[key].as_str()).unwrap_or_default().to_owned();
    vec![
        Field::choice("scope", "STOP holds for", scopes, word("scope")),
        Field::choice("profile", "The custom followed", profiles, word("profile")),
        Field::tick("clarify", "Ask once what unclear words mean", on("clarify", false))
            .hint("Without an answer they count as an opt-out."),
        Field::tick(
            "help_when_out",
            "HELP is answered after STOP too",
            on("help_when_out", true),
        ),
        Field::line("quiet_from", "Wake nobody from", hour("from"))
            .hint("Such as 21:00, on the clock of whoever gets the text."),
        Field::line("quiet_to", "Until", hour("to"))
            .hint("Both empty: marketing waits from 21:00 to 08:00. With hours, what was planned ahead waits too."),
        Field::tick("quiet_off", "At any hour", off),
    ]
}

/// What a program would send for the section.
pub(super) fn body(section: &str, posted: &Posted, kept: &Value) -> Value {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums are written as people write them, and come back as they went in.
    #[test]
    fn a_sum_is_kept_in_thousandths() {
        assert_eq!(sum(Some(&json!(90))), "0.09");
        assert_eq!(sum(Some(&json!(12_345))), "12.345");
        assert_eq!(sum(Some(&json!(25_000))), "25.00");
        assert_eq!(sum(None), "");
    }
}
