//! A text started by mail: `number@domain` or `contact@domain`, by a person with a quota.

use super::incoming::{Case, Verdict, kept_back, people, refused};
use super::texts::{self, Text, not_taken, policy, refuse, user_of};
use super::{notices, results};
use crate::email::{Destination, Outcome, Refusal, Rights, Told, judge};
use crate::engine::routing;
use crate::store::{
    Author, AuthorKind, ContactQuery, Enqueued, Line, MailId, MailOutcome, NewMailText, Result,
    SmsSwitch, User,
};
use crate::types::{MessageId, Number};

/// One text to be started.
pub(super) fn start(
    case: &Case<'_, '_>,
    id: MailId,
    to: &Destination,
) -> Result<(Verdict, Option<MessageId>)> {
    let users = people(case)?;
    let rights = Rights { addressees: &[], users: &users };
    let (accepted, extracted) = match judge(case.mail, &case.room.site, rights) {
        Outcome::Text(accepted, extracted) | Outcome::Hold(accepted, extracted, _) => {
            (accepted, extracted)
        }
        Outcome::Refuse(accepted, refusal) => return refuse(case, &accepted, &refusal),
        Outcome::Quarantine(doubt) => return Ok((kept_back(case, &doubt)?, None)),
    };
    let Some(user) = user_of(case, &accepted)? else {
        return Ok((refused(case, &policy("forbidden", NO_QUOTA))?, None));
    };
    let author = Author { kind: AuthorKind::Email, id: Some(user.profile.email.clone()) };
    let routed = match allowed(case, &user)? {
        Ok(()) => route(case, to)?,
        Err(refusal) => Err(refusal),
    };
    let (line, number) = match routed {
        Ok(routed) => routed,
        Err(refusal) => {
            not_taken(case, author, None, &refusal)?;
            return refuse(case, &accepted, &refusal);
        }
    };
    let text = Text {
        line: line.id,
        to: number,
        text: extracted.text.clone(),
        tag: None,
        response_emails: vec![accepted.author.to_string()],
        author: author.clone(),
    };
    let new = match text.cleared(case)? {
        Ok(new) => new,
        Err(refusal) => return refuse(case, &accepted, &refusal),
    };
    let most = case.room.settings.max_segments;
    if new.segments > most {
        let why = format!("The text needs {} segments; {most} are possible.", new.segments);
        let refusal = policy("text_too_long", why);
        not_taken(case, author, Some((new.line, new.to)), &refusal)?;
        return refuse(case, &accepted, &refusal);
    }
    let Enqueued::New(message) = case.tx.enqueue(&new, None, case.now)? else {
        return Ok((Verdict::new(MailOutcome::Dropped, "known", "queued before"), None));
    };
    case.tx.link_mail(&NewMailText {
        message,
        mail: id,
        author: &accepted.author.key(),
        answers: None,
        cut: &super::incoming::cut_as_json(&extracted.cut),
        tell: results::wanted(case.mail, &case.room.site),
    })?;
    let detail = format!("from {}", accepted.author.key());
    case.tx.custody(message, case.now, "started by mail", Some(&detail))?;
    let (told, verdict) = match new.hold {
        Some(why) => (
            Told::Waiting { text: new.text, why: why.clone() },
            Verdict::new(MailOutcome::Held, "waiting", why),
        ),
        None => (
            Told::Sent {
                to: new.to.as_str().to_owned(),
                text: new.text,
                segments: new.segments,
                cut: extracted.cut,
                also: Vec::new(),
            },
            Verdict::new(MailOutcome::Sent, "", format!("message {message}")),
        ),
    };
    notices::tell(case, &accepted.author, &told, Some(message))?;
    Ok((verdict, Some(message)))
}

/// Whether the user may start texts by mail, and has some left today.
fn allowed(case: &Case<'_, '_>, user: &User) -> Result<std::result::Result<(), Refusal>> {
    let quota = user.mail_quota;
    if quota == 0 {
        return Ok(Err(policy("forbidden", NO_QUOTA)));
    }
    let since = case.now.before(texts::A_DAY);
    let started = case.tx.started_by_mail_since(&user.profile.email, since)?;
    Ok(match started < quota {
        true => Ok(()),
        false => Err(policy(
            "too_many_tries",
            format!("You have started {started} texts by mail within a day; {quota} are possible."),
        )),
    })
}

const NO_QUOTA: &str = "You may answer texts by mail, but not start them. An admin can allow it in \
                        your user's settings.";

/// On which line, to which number; or why not.
fn route(
    case: &Case<'_, '_>,
    to: &Destination,
) -> Result<std::result::Result<(Line, Number), Refusal>> {
    let tx = case.tx;
    let lines: Vec<Line> = tx.lines()?.into_iter().filter(|l| l.sms == SmsSwitch::On).collect();
    let country = lines.iter().find_map(|line| line.country).or(case.organisation.country);
    let number = match to {
        Destination::Number(text) => match Number::parse(text, country) {
            Ok(number) => number,
            Err(error) => return Ok(Err(policy("number_invalid", format!("{text}: {error}")))),
        },
        Destination::Contact(name) => match contact(case, name)? {
            Ok(number) => number,
            Err(why) => return Ok(Err(policy("contact_unknown", why))),
        },
    };
    let used = tx.conversation_of(&number)?.and_then(|conversation| conversation.line);
    let names: Vec<String> = lines.iter().map(|line| line.id.to_string()).collect();
    let senders: Vec<routing::Sender<'_>> =
        names.iter().map(|line| routing::Sender { line, ready: true }).collect();
    let used = used.map(|line| line.to_string());
    let chosen = match routing::sender(&senders, used.as_deref()) {
        Ok(chosen) => chosen.line,
        Err(refusal) => return Ok(Err(policy(refusal.code, refusal.sentence))),
    };
    let line = lines.iter().find(|line| line.id.to_string() == chosen).cloned();
    let none = || policy("line_unknown", "There is no line to send on.");
    Ok(line.map(|line| (line, number)).ok_or_else(none))
}

/// The first number of the one contact called so.
fn contact(case: &Case<'_, '_>, name: &str) -> Result<std::result::Result<Number, String>> {
    let words = name.replace(['.', '_', '-'], " ");
    let found = case.tx.contacts(&ContactQuery {
        search: Some(words.clone()),
        limit: 10,
        ..ContactQuery::default()
    })?;
    let same = |text: String| text.trim().to_lowercase() == words;
    let mut named = found.into_iter().filter(|contact| {
        let card = &contact.card;
        let whole = format!("{} {}", card.first_name, card.last_name);
        same(whole) || same(card.first_name.clone()) || same(card.last_name.clone())
    });
    Ok(match (named.next(), named.next()) {
        (Some(_), Some(_)) => Err(format!("Several contacts are called {words}: use a number.")),
        (Some(contact), None) => match contact.card.numbers.into_iter().next() {
            Some(number) => Ok(number),
            None => Err(format!("{words} has no number in the address book.")),
        },
        (None, _) => Err(format!("Nobody in the address book is called {words}.")),
    })
}
