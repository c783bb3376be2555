//! Each action of a decision becomes rows. The compiler asks for every new one.

use super::text::plain;
use crate::engine::action::{
    Action, Assignee, Author as By, CodeChange, Delivery, PromptChange, Purpose, RecipientChange,
    Sms, ThreadChange, TraceLine, Urgency,
};
use crate::engine::consent::{Event, Scope};
use crate::engine::template::{self, Fields};
use crate::engine::{Facts, Inbound, PersonId, Rules};
use crate::store::{
    Author, AuthorKind, DeliveryKind, Enqueued, LineId, NewDelivery, NewMessage, NewNotice,
    NewRefused, PromptId, RelayEvent, Result, Said, UserId, WriteTx,
};
use crate::types::{Class, ConversationId, MessageId, Number, UnixTime};
use serde_json::{Value, json};

/// What a decision was about.
pub(super) struct Cause<'a> {
    pub(super) message: MessageId,
    pub(super) line: LineId,
    pub(super) inbound: &'a Inbound,
    pub(super) rules: &'a Rules,
    pub(super) facts: &'a Facts,
    pub(super) now: UnixTime,
}

/// Writes all of `actions` down; what is worth a line in the trace comes back.
pub(super) fn carry_out(
    tx: &WriteTx<'_>,
    cause: &Cause<'_>,
    actions: &[Action],
) -> Result<Vec<TraceLine>> {
    let mut notes = Vec::new();
    let flags =
        |action: &Action| matches!(action, Action::Thread { change: ThreadChange::Flag(_), .. });
    let urgent = actions.iter().any(flags);
    for action in actions {
        match action {
            Action::File(filing) => {
                if let crate::engine::action::Place::Conversation = filing.place {
                    continue;
                }
                set_internal(tx, &cause.inbound.from, cause)?;
            }
            Action::Send(sms) => {
                send(tx, cause, sms)?;
            }
            Action::Consent(event) => consent(tx, cause, event)?,
            Action::CancelScheduled(number) => {
                let scope = cause.rules.line.consent.scope;
                let line = (scope == Scope::Line).then_some(cause.line);
                let cancelled = tx.cancel_all_to(number, line, cause.now)?;
                if !cancelled.is_empty() {
                    let why = format!("{} waiting message(s) cancelled", cancelled.len());
                    notes.push(TraceLine { step: "opt-out", why });
                }
            }
            Action::Thread { remote, change } => {
                let thread = tx.conversation_with(remote, cause.line, cause.now)?;
                change_thread(tx, cause, thread, change)?;
            }
            Action::Deliver(delivery) => deliver(tx, cause, delivery, urgent)?,
            Action::Code(change) => code(tx, cause, change)?,
            Action::Recipient { person, change } => recipient(tx, cause, *person, change)?,
            Action::Prompt(change) => notes.extend(prompt(tx, cause, change)?),
            Action::NameContact { number, name } => {
                tx.name_number(number, name, cause.now)?;
            }
            Action::Alert(text) => {
                add(tx, cause, DeliveryKind::Alert, "admins".to_owned(), json!({ "text": text }))?;
            }
            Action::NotSent { by, to, refusal } => {
                let refused = NewRefused {
                    way: "relay",
                    author: author(By::Person(*by)),
                    line: Some(cause.line),
                    number: Some(to.clone()),
                    class: Class::Conversation.as_str().to_owned(),
                    code: refusal.code,
                    why: refusal.sentence.clone(),
                };
                tx.note_refused(&[refused], cause.now)?;
            }
        }
    }
    Ok(notes)
}

/// A trace as it is stored and shown.
pub(super) fn written(trace: &[TraceLine]) -> String {
    let lines: Vec<Value> =
        trace.iter().map(|line| json!({ "step": line.step, "why": line.why })).collect();
    json!(lines).to_string()
}

/// Queues one text of the engine.
fn send(tx: &WriteTx<'_>, cause: &Cause<'_>, sms: &Sms) -> Result<MessageId> {
    let new = NewMessage {
        tag: sms.tag.clone(),
        response_emails: sms.response_emails.clone(),
        author: Some(author(sms.author)),
        valid_for: sms.not_after.map(|at| at.since(cause.now)),
        ..plain(cause.line, sms.to.clone(), sms.text.clone(), sms.purpose.class())
    };
    let message = match tx.enqueue(&new, None, cause.now)? {
        Enqueued::New(message) | Enqueued::Repeated(message) => message,
        // Only a call with a key can be in conflict.
        Enqueued::Conflict => return Ok(cause.message),
    };
    let why = format!("{}, after message {}", sms.purpose, cause.message);
    tx.custody(message, cause.now, "decided", Some(&why))?;
    if sms.purpose.is_automatic() {
        tx.note_automatic(message, &sms.to, sms.purpose, cause.now)?;
    }
    if matches!(sms.purpose, Purpose::Relay | Purpose::Desk) {
        set_internal(tx, &sms.to, cause)?;
    }
    Ok(message)
}

/// A conversation with the phone of staff stays out of the tabs, unless they have written to us as
/// a customer (E1, E15).
fn set_internal(tx: &WriteTx<'_>, phone: &Number, cause: &Cause<'_>) -> Result<()> {
    let thread = tx.conversation_with(phone, cause.line, cause.now)?;
    match tx.conversation(thread)?.is_some_and(|thread| thread.unread > 0) {
        true => Ok(()),
        false => tx.set_internal(thread, cause.now),
    }
}

fn author(by: By) -> Author {
    match by {
        By::System => Author { kind: AuthorKind::System, id: None },
        By::Rule(rule) => Author { kind: AuthorKind::Rule, id: Some(rule.0.to_string()) },
        By::Prompt(prompt) => {
            Author { kind: AuthorKind::Rule, id: Some(format!("prompt {}", prompt.0)) }
        }
        By::Person(person) => Author { kind: AuthorKind::Relay, id: Some(person.0.to_string()) },
    }
}

fn consent(tx: &WriteTx<'_>, cause: &Cause<'_>, event: &Event) -> Result<()> {
    let said = Said {
        line: Some(cause.line),
        message: Some(cause.message),
        author: event.by.map(|person| author(By::Person(person))),
    };
    tx.record_consent(event, &said, cause.now)
}

fn change_thread(
    tx: &WriteTx<'_>,
    cause: &Cause<'_>,
    thread: ConversationId,
    change: &ThreadChange,
) -> Result<()> {
    let now = cause.now;
    let owner = || -> Result<Option<UserId>> {
        Ok(tx.conversation(thread)?.and_then(|thread| thread.owner))
    };
    match change {
        ThreadChange::PossibleOptOut => tx.set_possible_opt_out(thread, true, now),
        ThreadChange::Flag(why) => tx.set_flag(thread, Some(why), now),
        ThreadChange::Tag(tag) => tx.add_tag(thread, tag, now),
        ThreadChange::Assign(Assignee::Person(person)) => {
            tx.hand_over(thread, owner()?, Some(user(*person)), now).map(drop)
        }
        ThreadChange::Assign(Assignee::Team(team)) => tx.give_to_team(thread, Some(team), now),
        // One writer: what the facts said still holds, so the claim cannot be lost here.
        ThreadChange::Claim(person) => tx.claim(thread, user(*person), now).map(drop),
        ThreadChange::TakeOver(person) => {
            tx.hand_over(thread, owner()?, Some(user(*person)), now).map(drop)
        }
        ThreadChange::Close(_) => tx.close_conversation(thread, now),
        ThreadChange::Answered => tx.set_answered(thread, now),
        ThreadChange::Note { by, text } => {
            tx.add_note(thread, &Author::of_user(user(*by)), text, now).map(drop)
        }
    }
}

fn deliver(tx: &WriteTx<'_>, cause: &Cause<'_>, delivery: &Delivery, urgent: bool) -> Result<()> {
    match delivery {
        Delivery::Email { to, because, tags, mask_codes } => {
            let shown = json!({
                "because": because.as_str(), "tags": tags, "mask_codes": mask_codes, "all": to,
            });
            to.iter().try_for_each(|address| {
                add(tx, cause, DeliveryKind::Email, address.clone(), shown.clone())
            })
        }
        Delivery::Notice { person, channel, urgency } => {
            let shown = json!({ "channel": channel.as_str(), "urgency": urgency.as_str() });
            let notice = NewNotice {
                user: user(*person),
                channel: channel.as_str(),
                at_once: *urgency == Urgency::Now,
                urgent,
                message: cause.message,
                payload: &shown,
            };
            tx.add_notice(&notice, cause.now)
        }
        Delivery::Webhook { rule, url } => add(
            tx,
            cause,
            DeliveryKind::Webhook,
            url.clone(),
            json!({ "rule": rule.0.to_string() }),
        ),
    }
}

fn add(
    tx: &WriteTx<'_>,
    cause: &Cause<'_>,
    kind: DeliveryKind,
    target: String,
    payload: Value,
) -> Result<()> {
    let message = Some(cause.message);
    let new = NewDelivery { kind, target, payload, message, once: None, not_before: None };
    tx.add_delivery(&new, cause.now).map(drop)
}

fn code(tx: &WriteTx<'_>, cause: &Cause<'_>, change: &CodeChange) -> Result<()> {
    match change {
        CodeChange::Issue { person, code, customer } => {
            tx.issue_code(user(*person), cause.line, *code, customer, cause.now)
        }
        CodeChange::Renew { person, code } => {
            tx.renew_code(user(*person), cause.line, *code, cause.now)
        }
    }
}

fn recipient(
    tx: &WriteTx<'_>,
    cause: &Cause<'_>,
    person: PersonId,
    change: &RecipientChange,
) -> Result<()> {
    let (user, line, now) = (user(person), cause.line, cause.now);
    match change {
        RecipientChange::Pause => tx.set_paused(user, true, now),
        RecipientChange::Resume => tx.set_paused(user, false, now),
        RecipientChange::OnDuty => tx.set_duty(user, true, now),
        RecipientChange::OffDuty => tx.set_duty(user, false, now),
        RecipientChange::WrongCode => tx.count_relay_event(user, line, RelayEvent::WrongCode, now),
        RecipientChange::LockUntil(until) => tx.lock_relay(user, line, *until),
        RecipientChange::Helped => tx.relay_explained(user, line, now),
        RecipientChange::Relayed => tx.count_relay_event(user, line, RelayEvent::Relayed, now),
        RecipientChange::Withheld => tx.relay_withheld(user, line),
        RecipientChange::Digested => tx.relay_digested(user, line, now),
        // The words are the message itself, kept among the internal ones.
        RecipientChange::Held { .. } => {
            tx.custody(cause.message, now, "held back", Some("not sent to anybody"))
        }
    }
}

fn prompt(tx: &WriteTx<'_>, cause: &Cause<'_>, change: &PromptChange) -> Result<Option<TraceLine>> {
    let from = &cause.inbound.from;
    match change {
        PromptChange::Answer { prompt, value, outcome } => {
            let prompt = PromptId(prompt.0);
            tx.keep_answer(prompt, from, value, *outcome, cause.message, cause.now)?;
        }
        PromptChange::Nagged(prompt) => tx.prompt_hinted(PromptId(prompt.0), from)?,
        PromptChange::Open(prompt) => return ask(tx, cause, PromptId(prompt.0)),
    }
    Ok(None)
}

/// Puts a prompt to the sender because a rule says so.
fn ask(tx: &WriteTx<'_>, cause: &Cause<'_>, id: PromptId) -> Result<Option<TraceLine>> {
    let not_asked = |why: String| Ok(Some(TraceLine { step: "prompt", why }));
    let Some(prompt) = tx.prompt(id)? else {
        return not_asked("the rule names a prompt that does not exist".to_owned());
    };
    let early = prompt.set.opens.is_some_and(|opens| cause.now < opens);
    if early || prompt.set.closes.is_some_and(|closes| cause.now >= closes) {
        return not_asked(format!("{:?} is not open: not asked", prompt.set.name));
    }
    let text = match template::merge(&prompt.set.text, &fields(cause)) {
        Ok(text) => text,
        Err(error) => return not_asked(format!("{:?} not asked: {error}", prompt.set.name)),
    };
    let sms = Sms {
        to: cause.inbound.from.clone(),
        text,
        purpose: Purpose::PromptAnswer,
        author: By::Prompt(crate::engine::PromptId(id.0)),
        not_after: None,
        tag: None,
        response_emails: Vec::new(),
    };
    debug_assert_eq!(sms.purpose.class(), Class::Auto);
    let message = send(tx, cause, &sms)?;
    tx.put_prompt(id, &cause.inbound.from, cause.line, message, cause.now)?;
    Ok(None)
}

/// What a question may be filled with.
fn fields(cause: &Cause<'_>) -> Fields {
    let mut fields = Fields::from([
        ("company".to_owned(), cause.rules.company.clone()),
        ("line".to_owned(), cause.rules.line.name.clone()),
        ("help_contact".to_owned(), cause.rules.line.texts.help_contact.clone()),
    ]);
    if let Some(contact) = &cause.facts.contact {
        fields.extend(contact.fields.clone());
        fields.insert("first_name".to_owned(), contact.first_name.clone());
        fields.insert("last_name".to_owned(), contact.last_name.clone());
    }
    fields
}

fn user(person: PersonId) -> UserId {
    UserId(person.0)
}
