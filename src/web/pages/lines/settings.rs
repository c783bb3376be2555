//! What people set of a line, subject by subject: its boxes. What they make when they are posted is
//! [`super::body`]'s.

use serde_json::{Value, json};

use crate::engine::texts::{Kind as Text, Texts};
use crate::store::{Line, LineSettings, User};
use crate::web::pages::form::Field;

pub(super) const TEXTS_ABOUT: &str = "Sent by the line itself. An empty box means the text shown in it. Fields: \
    {{ company }}, {{ line }}, {{ help_contact }}, {{ first_name|default('there') }}, {{ answer_by }}.";
pub(super) const HOURS_ABOUT: &str = "Write them as 09:00-12:00, 13:00-17:00. Outside of them the away text is sent. \
    Empty days are closed; without any hours the line is always attended.";
pub(super) const DAYS: [(&str, &str); 7] = [
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
];
/// What stands in thousandths of the currency.
pub(super) const MONEY: [(&str, &str); 2] =
    [("home", "Price of a segment at home"), ("abroad", "Price of a segment abroad")];
pub(super) const LIMITS: [(&str, &str); 4] = [
    ("segments_a_minute", "Segments a minute"),
    ("segments_a_day", "Segments a day"),
    ("segments_a_month", "Segments a month"),
    ("recipients_a_month", "Different numbers a month"),
];
pub(super) const TEXT_KINDS: [(&str, &str, Text); 5] = [
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
            .hint("One address a line, up to 20. A text may name others."),
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
            "Minutes after which an idle claim ends",
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
        Field::typed(
            "answer_within",
            "Business minutes within which an answer is promised",
            "number",
            within,
        )
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
        Field::choice("profile", "Custom of the country", profiles, word("profile")),
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
        Field::tick("quiet_off", "No quiet hours: texts go at any hour", off),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums are written as people write them.
    #[test]
    fn thousandths_are_shown_as_a_sum() {
        assert_eq!(sum(Some(&json!(90))), "0.09");
        assert_eq!(sum(Some(&json!(12_345))), "12.345");
        assert_eq!(sum(Some(&json!(25_000))), "25.00");
        assert_eq!(sum(None), "");
    }
}
