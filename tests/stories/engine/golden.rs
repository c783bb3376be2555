//! Transcripts in `tests/golden/engine/`: a header of settings in TOML, a line of dashes, then what
//! people write and, indented, what the gateway does and why.
//!
//! ```text
//! 2026-11-23 09:00          it is now (UTC); also `+5m`, `+2h`, `+31d`
//! Alisha: Hello             a text arrives from a contact, a member of staff, or a number
//! Alisha again: Hello       the network delivers the same SMS once more
//! send Alisha: Hi           staff sends from the inbox; also `send Alisha (tag; a@b.example): Hi`
//! ask Alisha: Flavours      a prompt of the header is put
//! hold Alisha: Bob          Bob has claimed the conversation; also `close Alisha`
//! clock untrusted           until `clock trusted`
//! ```
//!
//! To add one: write the lines without the indented ones and run
//! `REWRITE_GOLDEN=1 cargo test --test stories engine`, then read what was written.

use std::fmt::Write as _;
use std::path::PathBuf;

use simgate::engine::action::{
    Action, Assignee, CodeChange, Delivery, Place, PromptChange, RecipientChange, ThreadChange,
};
use simgate::engine::facts::{Contact, LastOutbound};
use simgate::engine::{Inbound, PersonId, Seen};
use simgate::types::{Millis, Number};

use super::world::{World, at};

fn transcript(name: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/engine").join(name);
    let written = std::fs::read_to_string(&path).expect("the transcript");
    let (header, body) = written.split_once("\n---\n").expect("a line of dashes after the header");
    let mut world = World::from_toml(header);
    let mut played = format!("{header}\n---\n");
    for line in body.lines().filter(|line| !line.starts_with("    ")) {
        writeln!(played, "{line}").expect("memory");
        play(&mut world, line, &mut played);
    }
    #[expect(clippy::disallowed_methods, reason = "the one switch that rewrites transcripts")]
    if std::env::var("REWRITE_GOLDEN").is_ok() {
        std::fs::write(&path, &played).expect("the transcript is writable");
    } else if played != written {
        let differing = played.lines().zip(written.lines()).find(|(ours, theirs)| ours != theirs);
        panic!("{name} differs, first here (now, then): {differing:#?}\n\n{played}");
    }
}

fn play(world: &mut World, line: &str, out: &mut String) {
    if line.is_empty() || line.starts_with('#') {
        return;
    }
    if let Some(span) = line.strip_prefix('+').filter(|span| span.len() < 6) {
        let (count, unit) = span.split_at(span.len() - 1);
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            _ => 86_400,
        };
        let count: u64 = count.parse().expect("a span such as +5m");
        world.now = world.now.after(Millis::from_secs(count * seconds));
        return;
    }
    if let Some((date, clock)) =
        line.split_once(' ').filter(|(date, _)| date.len() == 10 && date.contains('-'))
    {
        world.now = at(&format!("{date}T{clock}:00Z"));
        return;
    }
    if let Some(clock) = line.strip_prefix("clock ") {
        world.untrusted = clock == "untrusted";
        return;
    }
    if let Some(name) = line.strip_prefix("close ") {
        let number = number(world, name);
        world.threads.entry(number).or_default().closed = true;
        return;
    }
    let (head, text) = line
        .split_once(": ")
        .or_else(|| line.strip_suffix(':').map(|head| (head, "")))
        .expect("who: what");
    let text = text.replace("\\n", "\n").replace("\\0", "\0");
    if let Some(name) = head.strip_prefix("ask ") {
        let prompt = world.prompt_named(&text);
        let asked = world.ask(&number(world, name), prompt);
        writeln!(out, "    sms to {name}: {asked}").expect("memory");
    } else if let Some(name) = head.strip_prefix("hold ") {
        let owner = world.rules.people.iter().find(|person| person.name == text).map(|p| p.id);
        let number = number(world, name);
        world.threads.entry(number).or_default().owner = owner;
    } else if let Some(to) = head.strip_prefix("send ") {
        let (name, carried) = to.split_once(" (").unwrap_or((to, ""));
        let carried = carried.trim_end_matches(')');
        let (tag, emails) = carried.split_once("; ").unwrap_or((carried, ""));
        let carried = LastOutbound {
            tag: (!tag.is_empty()).then(|| tag.to_owned()),
            response_emails: emails.split_whitespace().map(str::to_owned).collect(),
        };
        let number = number(world, name);
        world.send(&number, &text, carried);
    } else {
        let (name, manner) = ["again", "flash", "gap", "completed"]
            .iter()
            .find_map(|manner| Some((head.strip_suffix(manner)?.trim_end(), *manner)))
            .unwrap_or((head, ""));
        let mut inbound = Inbound::new(number(world, name), text);
        inbound.flash = manner == "flash";
        inbound.missing = if manner == "gap" { vec![2] } else { vec![] };
        inbound.seen = match manner {
            "again" => Seen::Again,
            "completed" => Seen::Completed,
            _ => Seen::First,
        };
        let decision = world.receive(&inbound);
        for action in &decision.actions {
            writeln!(out, "    {}", told(world, action)).expect("memory");
        }
        for line in &decision.trace {
            writeln!(out, "    because ({}) {}", line.step, line.why).expect("memory");
        }
    }
}

fn number(world: &World, name: &str) -> Number {
    let contacts = world.contacts.iter().find(|(_, contact)| contact.name() == name);
    let people = world.rules.people.iter().find(|person| person.name == name);
    let known = contacts.map(|(number, _)| number.clone()).or_else(|| people?.phone.clone());
    known.unwrap_or_else(|| match name.strip_prefix('"') {
        Some(sender) => Number::from_sender(sender.trim_end_matches('"'), true, None),
        None => Number::from_sender(name, false, None),
    })
}

fn named(world: &World, number: &Number) -> String {
    let staff = world.rules.people.iter().find(|person| person.phone.as_ref() == Some(number));
    let contact = world.contacts.get(number).map(Contact::name);
    staff.map(|person| person.name.clone()).or(contact).unwrap_or_else(|| number.to_string())
}

fn person(world: &World, id: PersonId) -> String {
    world.rules.person(id).map_or_else(|| "nobody".into(), |person| person.name.clone())
}

/// An action as a sentence.
fn told(world: &World, action: &Action) -> String {
    match action {
        Action::File(filing) => {
            let place = match filing.place {
                Place::Conversation => "shown in the conversation".to_owned(),
                Place::Internal(id) => {
                    format!("kept among the internal texts of {}", person(world, id))
                }
            };
            let mark = filing.mark.map(|mark| format!(", marked {mark}")).unwrap_or_default();
            let unread = if filing.unread { ", unread" } else { "" };
            format!("{place}{mark}{unread}")
        }
        Action::Send(sms) => {
            let text = sms.text.replace('\n', "\\n");
            let deadline = if sms.not_after.is_some() { ", with a deadline" } else { "" };
            let tag = sms.tag.as_ref().map(|tag| format!(", tag {tag}")).unwrap_or_default();
            format!("sms to {} ({}{deadline}{tag}): {text}", named(world, &sms.to), sms.purpose)
        }
        Action::Consent(event) => format!(
            "ledger: {} {} by {:?}, {}{}",
            named(world, &event.number),
            event.change,
            event.word,
            event.level,
            if event.answered { ", answered" } else { "" }
        ),
        Action::CancelScheduled(number) => {
            format!("scheduled messages to {} are cancelled", named(world, number))
        }
        Action::Thread { remote, change } => {
            format!("conversation with {}: {}", named(world, remote), changed(world, change))
        }
        Action::Deliver(Delivery::Email { to, tags, mask_codes, .. }) => format!(
            "e-mail to {}{}{}",
            to.join(", "),
            if tags.is_empty() { String::new() } else { format!(", tags {}", tags.join(" / ")) },
            if *mask_codes { ", codes masked" } else { "" }
        ),
        Action::Deliver(Delivery::Notice { person: id, channel, urgency }) => {
            format!("notice to {} by {channel}, {urgency}", person(world, *id))
        }
        Action::Deliver(Delivery::Webhook { url, .. }) => format!("event posted to {url}"),
        Action::Code(CodeChange::Issue { code, customer, .. }) => {
            format!("code @{code} now stands for {}", named(world, customer))
        }
        Action::Code(CodeChange::Renew { code, .. }) => format!("code @{code} used"),
        Action::Recipient { person: id, change } => {
            let change = match change {
                RecipientChange::Held { .. } => "words kept".to_owned(),
                RecipientChange::LockUntil(until) => format!("locked until {until}"),
                other => format!("{other:?}").to_lowercase(),
            };
            format!("about {}: {change}", person(world, *id))
        }
        Action::Prompt(PromptChange::Answer { value, outcome, .. }) => {
            let outcome = outcome.map(|outcome| format!(", {outcome}")).unwrap_or_default();
            format!("counted: {value}{outcome}")
        }
        Action::Prompt(PromptChange::Nagged(_)) => "the hint was given".into(),
        Action::Prompt(PromptChange::Open(_)) => "a prompt is put".into(),
        Action::NameContact { number, name } => format!("{number} is called {name}"),
        Action::Alert(text) => format!("admins are told: {text}"),
        Action::NotSent { to, refusal, .. } => {
            format!("not sent to {} ({})", named(world, to), refusal.code)
        }
    }
}

fn changed(world: &World, change: &ThreadChange) -> String {
    match change {
        ThreadChange::PossibleOptOut => "possible opt-out".into(),
        ThreadChange::Flag(flag) => format!("flag {flag}"),
        ThreadChange::Tag(tag) => format!("tag {tag}"),
        ThreadChange::Assign(Assignee::Person(id)) => format!("given to {}", person(world, *id)),
        ThreadChange::Assign(Assignee::Team(team)) => format!("given to the team {team}"),
        ThreadChange::Claim(id) => format!("claimed by {}", person(world, *id)),
        ThreadChange::TakeOver(id) => format!("taken over by {}", person(world, *id)),
        ThreadChange::Close(id) => format!("closed by {}", person(world, *id)),
        ThreadChange::Answered => "answered".into(),
        ThreadChange::Note { by, text } => format!("note by {}: {text}", person(world, *by)),
    }
}

/// S4, S6..S18, S20..S23, E5, E15, E36: the example of the response code, from the first text to
/// the second answer.
#[test]
fn a_reply_is_relayed_and_answered_by_its_code() {
    transcript("relay.txt");
}

/// E1, E3, E6..E10, E14, E19, E31, E37: texts of the recipient with no, wrong or several codes.
#[test]
fn a_text_without_a_clear_code_reaches_no_customer() {
    transcript("relay_codes.txt");
}

/// E20, E22, E23, E32, C6: the recipient's commands, claims included.
#[test]
fn a_recipient_runs_conversations_by_sms() {
    transcript("relay_commands.txt");
}

/// E2, E33: two recipients of one line: a code of one is nothing to the other, and who answers
/// second is told of the first.
#[test]
fn two_recipients_have_codes_of_their_own_and_hear_of_each_other() {
    transcript("relay_two_recipients.txt");
}

/// E18, E24..E27, E29, E30, E34, E38, E138: odd senders, floods, repeats, guessed codes, PIN.
#[test]
fn a_relay_withstands_odd_senders_floods_and_guesses() {
    transcript("relay_limits.txt");
}

/// E4: a code that changed hands echoes the name.
#[test]
fn a_recycled_code_says_whose_it_is() {
    let mut world = World::from_toml(
        "[line.relay]\nrecipients = [1]\n[[people]]\nid = 1\nname = \"Jenny\"\nphone = \"+447700990000\"",
    );
    let customer = |n: u32| Number::E164(format!("+4477009{n:05}"));
    for code in 100..=999 {
        world.give_code(PersonId(1), code, customer(code));
    }
    world.now = world.now.after(Millis::from_secs(31 * 86_400));
    world.receive(&Inbound::new(customer(77_000), "I am new"));
    let jenny = world.rules.people[0].phone.clone().expect("a phone");
    let decision = world.receive(&Inbound::new(jenny, "@100 Hi"));
    let sent: Vec<_> = decision
        .actions
        .iter()
        .filter_map(|action| match action {
            Action::Send(sms) => Some((sms.to.clone(), sms.text.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(sent[0], (customer(77_000), "Hi"));
    assert_eq!(sent[1].1, "Sent to +447700977000.");
}

/// S70, S71, S73, S130..S133, C1, C2, C4, D10, E21, E91, E92, E97, E106: out, again, and back.
#[test]
fn stop_ends_everything_and_start_begins_again() {
    transcript("opt_out.txt");
}

/// C3, E79..E81, E85..E90: what is no opt-out, or only perhaps one.
#[test]
fn a_doubtful_opt_out_is_left_to_people() {
    transcript("opt_out_doubtful.txt");
}

/// E93: where the law sets a time for it, the confirmation carries a deadline; the opt-out holds at
/// once.
#[test]
fn a_confirmation_has_its_deadline_where_the_law_sets_one() {
    transcript("opt_out_deadline.txt");
}

/// S72, E82, E104, E105: HELP, languages, national customs.
#[test]
fn help_and_other_languages() {
    transcript("help_and_languages.txt");
}

/// S91, S127..S129, C12, E107, E161, E163, E169: first texts and closing time.
#[test]
fn a_new_sender_is_welcomed_and_told_of_closing_time() {
    transcript("welcome_and_away.txt");
}

/// S28..S33, S36, S37, S78, S80, S84, S92, S109, S112, C5, C12, E77, E116, E117, E152: rules,
/// forwards and notices.
#[test]
fn rules_route_and_every_sink_gets_its_share() {
    transcript("rules_and_sinks.txt");
}

/// S83, S85..S90, C3, E87, E111..E114: polls, ratings, appointments.
#[test]
fn prompts_own_their_answers() {
    transcript("prompts.txt");
}

/// S156, E109, E126, E133, E134: reopening, imitations, automatons.
#[test]
fn threads_reopen_and_machines_are_met_with_silence() {
    transcript("threads_and_loops.txt");
}
