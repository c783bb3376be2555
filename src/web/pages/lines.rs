//! Lines: the SIM cards and everything people set of them, a form for each subject.
//!
//! Each form posts what it shows and no more, so that two people may work on one line. The act is
//! the API's own (`api::line_settings`), with its checks and its refusals.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::form::{Field, Form, Posted};
use super::{Frame, again, changes};
use crate::engine::texts::{Kind as Text, Texts};
use crate::store::{Line, LineId, LineSettings, Modem, User};
use crate::web::App;
use crate::web::api::consent::quoted;
use crate::web::api::{line_settings, lines as api};
use crate::web::auth::Caller;
use crate::web::error::WebError;
use crate::web::extract::{Id, Patch, Query};
use crate::web::qr::Qr;

#[derive(Template)]
#[template(path = "lines.html", config = "src/web/askama.toml")]
struct LinesPage {
    frame: Frame,
    lines: Vec<Row>,
}

/// One line of the list.
struct Row {
    id: LineId,
    name: String,
    number: String,
    sms: &'static str,
    tone: &'static str,
    modem: String,
    recipient: String,
    told: usize,
    registration: &'static str,
}

/// How the switch stands, in words, with its tone.
fn switch(line: &Line) -> (&'static str, &'static str) {
    match line.sms.as_str() {
        "on" => ("on", "good"),
        "pending_on" => ("pending: going on", "warn"),
        "pending_off" => ("pending: going off", "warn"),
        _ => ("off", ""),
    }
}

impl Row {
    fn new(line: Line, set: LineSettings, modems: &[Modem], users: &[User]) -> Self {
        let (sms, tone) = switch(&line);
        let modem = modems.iter().find(|modem| modem.line == Some(line.id));
        let recipient = users.iter().find(|user| Some(user.id) == set.response_recipient);
        Self {
            sms,
            tone,
            modem: modem.map_or("not plugged in".to_owned(), |modem| {
                let device = modem.model.as_deref().unwrap_or("modem");
                format!("{device}, {}", modem.operator.as_deref().unwrap_or("no network"))
            }),
            recipient: recipient.map_or(String::new(), User::name),
            told: set.notified.len(),
            registration: set.registration.as_str(),
            id: line.id,
            name: line.name,
            number: line.number.unwrap_or_default(),
        }
    }
}

/// Every line.
pub(in crate::web) async fn list(
    State(app): State<App>,
    caller: Caller,
) -> Result<Html<String>, WebError> {
    let page = LinesPage {
        lines: rows(&app).await?,
        frame: Frame::of(&app, &caller, "Lines", "/lines", "lines").await?,
    };
    Ok(Html(page.render()?))
}

async fn rows(app: &App) -> Result<Vec<Row>, WebError> {
    let rows = app.store.read(|tx| {
        let (modems, users) = (tx.modems()?, tx.users()?);
        let mut rows = Vec::new();
        for line in tx.lines()? {
            if let Some(set) = tx.line_settings(line.id)? {
                rows.push(Row::new(line, set, &modems, &users));
            }
        }
        Ok(rows)
    });
    Ok(rows.await?)
}

/// S99: the lines with their registration, to be filled in where a country asks for one.
pub(in crate::web) async fn export(State(app): State<App>) -> Result<Response, WebError> {
    let mut sheet = "name,number,sms,registration,company,brand_id,campaign_id\r\n".to_owned();
    for row in rows(&app).await? {
        let cells = [
            row.name.as_str(),
            &row.number,
            row.sms,
            row.registration,
            &app.settings.organisation,
            "",
            "",
        ];
        let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
        sheet.push_str(&format!("{}\r\n", cells.join(",")));
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"lines.csv\""),
    ];
    Ok((headers, sheet).into_response())
}

#[derive(Template)]
#[template(path = "line.html", config = "src/web/askama.toml")]
struct LinePage {
    frame: Frame,
    name: String,
    number: String,
    iccid: String,
    operator: String,
    sms: &'static str,
    tone: &'static str,
    sections: Vec<Section>,
    click: Option<Click>,
    done: Option<&'static str>,
}

/// One subject of a line's settings.
struct Section {
    id: &'static str,
    title: &'static str,
    about: &'static str,
    form: Form,
}

/// S134: what a website shows so that a visitor can text the line.
struct Click {
    greeting: String,
    link: String,
    snippet: String,
    qr: Qr,
}

/// What the page was opened with.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::web) struct Opened {
    done: Option<String>,
    greeting: Option<String>,
}

/// One line.
pub(in crate::web) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<LineId>,
    Query(opened): Query<Opened>,
) -> Result<Html<String>, WebError> {
    Ok(Html(one(&app, &caller, id, opened, |_, form| form).await?))
}

/// Keeps one subject of a line.
pub(in crate::web) async fn save(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<LineId>,
    posted: Posted,
) -> Result<Response, WebError> {
    let Json(kept) = api::show(State(app.clone()), caller.clone(), Id(id)).await?;
    let mut kept = serde_json::to_value(kept).map_err(WebError::internal)?;
    let settings = app.store.read(move |tx| tx.line_settings(id)).await?;
    let chosen = settings.and_then(|set| set.claim_policy);
    // The API shows the policy in force; the form, whether one was chosen.
    kept["claim_policy"] = chosen.map(|policy| policy.as_str()).into();
    let section = posted.get("section").to_owned();
    let mut asked = body(&section, &posted);
    // Prices of single countries are set by the API; the form must not lose them.
    let countries = kept.pointer("/limits/prices/countries").cloned();
    let prices = asked.pointer_mut("/limits/prices").and_then(Value::as_object_mut);
    if let (Some(prices), Some(countries)) = (prices, countries) {
        prices.insert("countries".to_owned(), countries);
    }
    let saved = match Patch::of(changes(asked, &kept)) {
        Ok(patch) => line_settings::update(State(app.clone()), caller.clone(), Id(id), patch).await,
        Err(refusal) => Err(refusal),
    };
    match saved {
        Ok(_) => {
            let to = format!("/lines/{id}?done=saved#{}", anchor(&section));
            Ok(Redirect::to(&to).into_response())
        }
        Err(refusal) => {
            let refill = |id: &str, form: Form| match id == section {
                true => form.refused(&posted, &refusal),
                false => form,
            };
            let html = one(&app, &caller, id, Opened::default(), refill).await?;
            again(refusal, html)
        }
    }
}

/// The section's own word, or none: an address must not hold what somebody posted.
fn anchor(section: &str) -> &'static str {
    let all = ["line", "replies", "told", "claims", "texts", "hours", "limits"];
    all.into_iter().find(|known| *known == section).unwrap_or("line")
}

async fn one(
    app: &App,
    caller: &Caller,
    id: LineId,
    opened: Opened,
    with: impl Fn(&str, Form) -> Form,
) -> Result<String, WebError> {
    let found = app.store.read(move |tx| {
        let (line, set) = (tx.line(id)?, tx.line_settings(id)?);
        Ok(line.zip(set).zip(Some(tx.users()?)))
    });
    let ((line, set), users) = found.await?.ok_or_else(WebError::not_found)?;
    let zone = app.settings.time_zone.iana_name().unwrap_or("UTC").to_owned();
    let action = format!("/lines/{id}");
    let section = |id: &'static str, title, about, fields: Vec<Field>| {
        let form = Form::new(id, action.as_str(), "Save").fixed("section", id).fields(fields);
        Section { id, title, about, form: with(id, form) }
    };
    let sections = vec![
        section("line", "The line", "", of_line(&line, &set)),
        section(
            "replies",
            "Replies",
            "Where the replies of customers go beside the inbox.",
            of_replies(&set, &users),
        ),
        section(
            "told",
            "Notified people",
            "Up to five people are told of every new text, with a link to it.",
            of_told(&set, &users),
        ),
        section("claims", "Claims", "", of_claims(&set)),
        section("texts", "Automatic texts", TEXTS_ABOUT, of_texts(&set)),
        section("hours", "Business hours", HOURS_ABOUT, of_hours(&set, &zone)),
        section(
            "limits",
            "Limits",
            "What this line may send. Consent answers are never held back.",
            of_limits(&set),
        ),
    ];
    let (sms, tone) = switch(&line);
    let click = match &line.number {
        Some(number) => Some(Click::new(number, opened.greeting.unwrap_or_default())?),
        None => None,
    };
    let page = LinePage {
        frame: Frame::of(app, caller, line.name.as_str(), "/lines", "lines").await?,
        name: line.name,
        number: line.number.unwrap_or_default(),
        iccid: line.iccid.map_or(String::new(), |iccid| iccid.as_str().to_owned()),
        operator: line.operator.unwrap_or_default(),
        sms,
        tone,
        sections,
        click,
        done: (opened.done.as_deref() == Some("saved")).then_some("Saved."),
    };
    Ok(page.render()?)
}

impl Click {
    fn new(number: &str, greeting: String) -> Result<Self, WebError> {
        let greeting: String = greeting.chars().filter(|c| !c.is_control()).take(160).collect();
        // RFC 5724: the body is percent-encoded.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let encoded: String = greeting
            .bytes()
            .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect();
        let link = match encoded.is_empty() {
            true => format!("sms:{number}"),
            false => format!("sms:{number}?body={encoded}"),
        };
        let snippet = format!("<a href=\"{link}\">Text us: {number}</a>");
        let qr = Qr::new(&link, format!("Opens a text to {number} on a phone"))?;
        Ok(Self { greeting, link, snippet, qr })
    }
}

const TEXTS_ABOUT: &str = "Sent by the line itself. An empty box means the text shown in it. Fields: \
    {{ company }}, {{ line }}, {{ help_contact }}, {{ first_name|default('there') }}, {{ answer_by }}.";
const HOURS_ABOUT: &str = "Write them as 09:00-12:00, 13:00-17:00. Outside of them the away text is sent. \
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
const LIMITS: [(&str, &str); 5] = [
    ("segments_a_minute", "Segments a minute"),
    ("segments_a_day", "Segments a day"),
    ("segments_a_month", "Segments a month"),
    ("recipients_a_month", "Different numbers a month"),
    ("money_a_month", "Money a month, in thousandths"),
];
const PRICES: [(&str, &str); 2] = [
    ("home", "Price of a segment, in thousandths"),
    ("abroad", "Price of a segment abroad, in thousandths"),
];
const TEXT_KINDS: [(&str, &str, Text); 5] = [
    ("opt_in", "Welcome, to whoever writes for the first time", Text::OptIn),
    ("opt_out", "After STOP", Text::OptOut),
    ("opt_back_in", "After START", Text::OptBackIn),
    ("help", "After HELP", Text::Help),
    ("away", "Outside business hours", Text::Away),
];

fn of_line(line: &Line, set: &LineSettings) -> Vec<Field> {
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

fn of_replies(set: &LineSettings, users: &[User]) -> Vec<Field> {
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

fn of_told(set: &LineSettings, users: &[User]) -> Vec<Field> {
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

fn of_claims(set: &LineSettings) -> Vec<Field> {
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
    ]
}

fn of_texts(set: &LineSettings) -> Vec<Field> {
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

fn of_hours(set: &LineSettings, zone: &str) -> Vec<Field> {
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

fn of_limits(set: &LineSettings) -> Vec<Field> {
    let mut fields = Vec::new();
    for (key, label) in LIMITS {
        for (end, what) in [("warn", "tell the admins at"), ("hold", "hold beyond")] {
            let kept = set.limits.get(key).and_then(|limit| limit.get(end)).and_then(Value::as_u64);
            let kept = kept.map_or(String::new(), |figure| figure.to_string());
            let name = format!("{key}_{end}");
            fields.push(Field::typed(&name, &format!("{label}: {what}"), "number", kept));
        }
    }
    for (key, label) in PRICES {
        let kept = set.limits.get("prices").and_then(|prices| prices.get(key));
        let kept = kept.and_then(Value::as_u64).map_or(String::new(), |figure| figure.to_string());
        fields.push(Field::typed(&format!("price_{key}"), label, "number", kept));
    }
    fields
}

/// What a program would send for the section.
fn body(section: &str, posted: &Posted) -> Value {
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
        }),
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
            let mut limits: Map<_, _> = limits.collect();
            let prices =
                PRICES.iter().map(|(key, _)| (*key, number(posted, &format!("price_{key}"))));
            let prices: Map<_, _> = prices
                .filter(|(_, price)| !price.is_null())
                .map(|(key, price)| (key.to_owned(), price))
                .collect();
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
