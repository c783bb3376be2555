//! The first rows of a demonstration: a car show with two lines, staff, customers, rules, a poll and
//! a rating, so that a visitor can play a whole conversation on the simulated handsets.

use serde_json::json;

use crate::emulator::{Phone, Shared, SimFacts};
use crate::store::{
    Author, AuthorKind, Card, LineId, NewMessage, Profile, PromptKind, PromptText, Result, Role,
    RuleText, SeenSim, Store, TemplateClass, WriteTx,
};
use crate::types::{Class, Iccid, Imsi, Number, UnixTime};

/// Gets the replies on her own phone; customers never see this number.
const JENNY: &str = "+447700900309";
const ALISHA: &str = "+447700900201";
const BOB: &str = "+447700900202";
const STRANGER: &str = "+447700900203";

/// The handsets that exist from the start.
const PHONES: &[&str] = &[ALISHA, BOB, STRANGER, JENNY];

/// Fills the database of a fresh demonstration. One that has lines already is left as it is.
pub(super) async fn seed(store: &Store, world: &Shared, now: UnixTime) -> Result<()> {
    let sims: Vec<SimFacts> = world.with(|world| {
        for number in PHONES {
            if world.handset(number).is_none() {
                world.set_phone(Phone { number: (*number).to_owned(), ..Phone::default() });
            }
        }
        (0..world.modems()).filter_map(|index| world.modem(index).ok()?.sim).collect()
    });
    store.write(move |tx| if tx.users()?.is_empty() { fill(tx, &sims, now) } else { Ok(()) }).await
}

fn fill(tx: &WriteTx<'_>, sims: &[SimFacts], now: UnixTime) -> Result<()> {
    // Whoever opens the printed link is Alex.
    tx.create_user(
        &Profile {
            first_name: "Alex".to_owned(),
            last_name: "Admin".to_owned(),
            email: "alex@example.org".to_owned(),
            phone: None,
            role: Role::Admin,
            active: true,
            duty: true,
            team: None,
        },
        now,
    )?;
    let jenny = tx.create_user(
        &Profile {
            first_name: "Jenny".to_owned(),
            last_name: "Miller".to_owned(),
            email: "jenny@example.org".to_owned(),
            phone: Some(Number::E164(JENNY.to_owned())),
            role: Role::Agent,
            active: true,
            duty: true,
            team: Some("front desk".to_owned()),
        },
        now,
    )?;
    for (first_name, last_name) in [("Marco", "Rossi"), ("Priya", "Shah")] {
        let colleague = Profile {
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            email: format!("{}@example.org", first_name.to_lowercase()),
            phone: None,
            role: Role::Agent,
            active: true,
            duty: true,
            team: Some("events".to_owned()),
        };
        tx.create_user(&colleague, now)?;
    }
    let mut lines = Vec::new();
    for (sim, name) in sims.iter().zip(["Front desk", "Events"]) {
        let line = tx.upsert_line(&seen(sim), now)?;
        let Some(mut set) = tx.line_settings(line)? else { continue };
        set.name = name.to_owned();
        set.number = Some(sim.number.clone());
        set.country = "GB".parse().ok();
        set.help_contact = "+44 1632 960001".to_owned();
        set.response_recipient = Some(jenny);
        set.tags = vec!["car show".to_owned()];
        tx.save_line_settings(line, &set, now)?;
        lines.push(line);
    }
    contacts(tx, now)?;
    questions(tx, now)?;
    tx.create_template("Reminder", REMINDER, TemplateClass::Service, now)?;
    let sale = "{{ first_name|default('Hello') }}, half price on Sunday! Reply STOP to end.";
    tx.create_template("Sunday sale", sale, TemplateClass::Marketing, now)?;
    match lines.first() {
        Some(line) => remind(tx, *line, now),
        None => Ok(()),
    }
}

fn contacts(tx: &WriteTx<'_>, now: UnixTime) -> Result<()> {
    let people = [("Alisha", "Brown", ALISHA, "red"), ("Bob", "Carter", BOB, "blue")];
    for (first_name, last_name, number, car) in people {
        let card = Card {
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            numbers: vec![Number::E164(number.to_owned())],
            fields: [("car".to_owned(), car.to_owned())].into(),
            ..Card::default()
        };
        tx.create_contact(&card, now)?;
    }
    Ok(())
}

/// Rules by keyword, a poll and a rating; words that start them are named on the handsets' page.
fn questions(tx: &WriteTx<'_>, now: UnixTime) -> Result<()> {
    let poll = tx.create_prompt(
        &PromptText {
            name: "Best car".to_owned(),
            kind: PromptKind::Poll,
            text: "Which car should win? A the red one, B the blue one, C the green one".to_owned(),
            grammar: json!({ "options": ["A", "B", "C"] }),
            outcomes: json!({ "*": [{ "reply": "Thank you, your vote counts!" }] }),
            revote: true,
            hint: None,
            opens: None,
            closes: None,
        },
        now,
    )?;
    let rating = tx.create_prompt(
        &PromptText {
            name: "How was it?".to_owned(),
            kind: PromptKind::Rating,
            text: "How did you like the show, 1 (not at all) to 5 (very much)?".to_owned(),
            grammar: json!({ "scale": { "least": 1, "most": 5, "low": 2, "high": 4 } }),
            outcomes: json!({
                "low": [{ "flag": "unhappy visitor" }, { "reply": "We are sorry. Somebody of us will write to you." }],
                "middle": [{ "reply": "Thank you for telling us." }],
                "high": [{ "reply": "Great! Would you tell others at example.org/review?" }],
            }),
            revote: true,
            hint: Some("Please answer with one figure from 1 to 5.".to_owned()),
            opens: None,
            closes: None,
        },
        now,
    )?;
    let whole = |word: &str| json!({ "words": [word], "at": "whole" });
    let rules = [
        (
            "Opening hours",
            json!({ "words": ["open", "opening", "hours"] }),
            json!([{ "reply": "The show is open on Saturday from 10 to 6." }, { "tag": "hours" }]),
        ),
        (
            "Prices",
            json!({ "words": ["price", "prices", "ticket", "tickets"] }),
            json!([{ "reply": "Tickets are 5 pounds at the gate; children come in free." }, { "tag": "prices" }]),
        ),
        ("Start the poll", whole("vote"), json!([{ "prompt": poll.0 }])),
        ("Ask for a rating", whole("rate"), json!([{ "prompt": rating.0 }])),
    ];
    for (order, (name, when, then)) in (1..).zip(rules) {
        let rule = RuleText {
            name: name.to_owned(),
            enabled: true,
            order,
            lines: Vec::new(),
            when,
            then,
            goes_on: false,
        };
        tx.create_rule(&rule, now)?;
    }
    Ok(())
}

/// The reminder Jenny has sent to everybody, merged for each: answers to it reach her phone.
fn remind(tx: &WriteTx<'_>, line: LineId, now: UnixTime) -> Result<()> {
    for (name, number) in [("Alisha", ALISHA), ("Bob", BOB)] {
        let text = format!("Hi {name}, see you at the car show this afternoon!");
        let new = NewMessage {
            line,
            to: Number::E164(number.to_owned()),
            text,
            class: Class::Conversation,
            tag: Some("reminder".to_owned()),
            response_emails: Vec::new(),
            author: Some(Author { kind: AuthorKind::Campaign, id: Some("demo".to_owned()) }),
            send_at: None,
            valid_for: None,
            report: true,
            flash: false,
            alphabet: Some("gsm7".to_owned()),
            segments: 1,
            hold: None,
        };
        tx.enqueue(&new, None, now)?;
    }
    Ok(())
}

fn seen(sim: &SimFacts) -> SeenSim {
    SeenSim {
        iccid: Iccid::parse(&sim.iccid),
        imsi: Imsi::parse(&sim.imsi),
        number: Some(sim.number.clone()),
        ..SeenSim::default()
    }
}

const REMINDER: &str =
    "Hi {{ first_name|default('there') }}, see you at the car show this afternoon!";
