//! Our own people are told by text: of new messages, of what needs an admin, of forwards that no
//! mail server takes. Each is a text in the queue like any other, to a phone of ours.

use serde_json::json;

use super::mail::outgoing::name_of;
use super::outages;
use super::text::plain;
use crate::engine::routing;
use crate::store::{
    Author, AuthorKind, Delivery, DeliveryKind, Enqueued, LineId, MailPart, Message, NewDelivery,
    NewMessage, Overdue, Result, Role, SmsSwitch, THREAD_LINK_LIFE, User, UserId, WriteTx,
};
use crate::types::{Class, ConversationId, MessageId, Millis, Number, Secret, UnixTime};

/// What became of telling somebody.
pub(super) enum Told {
    /// Done; the text that was queued, if it took one.
    Done(Option<MessageId>),
    /// It cannot be done.
    Failed(String),
}

/// Where a notice leads: the address of the pages, and a secret for a link that opens one
/// conversation once, without a password (S113, C20).
pub(super) struct Leads {
    pub pages: Option<String>,
    pub key: Secret,
}

/// A notified user learns of a new text (S78, S103, S112, S113).
pub(super) fn by_text(
    tx: &WriteTx<'_>,
    delivery: &Delivery,
    leads: &Leads,
    now: UnixTime,
) -> Result<Told> {
    let user = delivery.target.parse().ok().map(|id| tx.user(id)).transpose()?.flatten();
    let Some(phone) = user.as_ref().and_then(phone) else {
        return Ok(Told::Failed("the user has no phone, or is not active".to_owned()));
    };
    // A notice that was made for another reason brings its words along.
    if let Some(text) = delivery.payload["text"].as_str() {
        let line = delivery.message.map(|id| tx.message(id)).transpose()?.flatten();
        let thread = delivery.payload["thread"].as_i64().map(ConversationId);
        let mut text = text.to_owned();
        if let (Some(pages), Some(thread), Some(user)) = (&leads.pages, thread, &user) {
            tx.create_thread_link(&leads.key, user.id, thread, now.after(THREAD_LINK_LIFE), now)?;
            text.push_str(&format!(" {pages}/n/{}", leads.key.expose()));
        }
        return queue(tx, line.map(|message| message.line), &phone, &text, now);
    }
    let message = delivery.message.map(|id| tx.message(id)).transpose()?.flatten();
    let Some(message) = message else {
        return Ok(Told::Failed("the text is gone".to_owned()));
    };
    let who = who(tx, &message)?;
    let line = tx.line(message.line)?.map(|line| line.name).unwrap_or_default();
    let mut text = match delivery.payload["texts"].as_u64() {
        Some(texts @ 2..) => format!("{texts} new texts, the last from {who} on {line}."),
        _ => format!("New text from {who} on {line}."),
    };
    if let (Some(pages), Some(thread), Some(user)) = (&leads.pages, message.conversation, &user) {
        tx.create_thread_link(&leads.key, user.id, thread, now.after(THREAD_LINK_LIFE), now)?;
        text.push_str(&format!(" {pages}/n/{}", leads.key.expose()));
    }
    queue(tx, Some(message.line), &phone, &text, now)
}

/// Somebody is told by their own way: by the channels that the line of the text has for them, else
/// by e-mail where mails leave, else by text.
pub(super) fn by_their_way(
    tx: &WriteTx<'_>,
    delivery: &Delivery,
    mails: bool,
    leads: &Leads,
    now: UnixTime,
) -> Result<Told> {
    let user = delivery.target.parse().ok().map(|id| tx.user(id)).transpose()?.flatten();
    let Some(user) = user else {
        return Ok(Told::Failed("the user is gone".to_owned()));
    };
    let message = delivery.message.map(|id| tx.message(id)).transpose()?.flatten();
    let set = message.map(|message| tx.line_settings(message.line)).transpose()?.flatten();
    let chosen = set.iter().flat_map(|set| &set.notified).find(|told| told.user == user.id);
    let mail_works = mails && !user.profile.email.is_empty();
    let has_phone = phone(&user).is_some();
    let (by_text, by_mail) = match chosen {
        Some(told) if (told.sms && has_phone) || (told.email && mail_works) => {
            (told.sms && has_phone, told.email && mail_works)
        }
        _ => (!mail_works, mail_works),
    };
    if by_mail {
        let mut payload = delivery.payload.clone();
        payload["channel"] = json!("email");
        let mail = NewDelivery {
            kind: DeliveryKind::Notice,
            target: delivery.target.clone(),
            payload,
            message: delivery.message,
            once: Some(format!("notice {} by mail", delivery.id)),
            not_before: None,
        };
        tx.add_delivery(&mail, now)?;
    }
    match by_text {
        true => self::by_text(tx, delivery, leads, now),
        false => Ok(Told::Done(None)),
    }
}

/// An alert is given to each admin: by mail while mail leaves, else by text.
pub(super) fn admins(
    tx: &WriteTx<'_>,
    delivery: &Delivery,
    mails: bool,
    now: UnixTime,
) -> Result<Told> {
    let failing = tx.mail_health()?.iter().any(|h| h.part == MailPart::Out && h.error.is_some());
    let by_mail = mails && !failing;
    let admins =
        tx.users()?.into_iter().filter(|u| u.profile.role == Role::Admin && u.profile.active);
    let mut told = 0;
    for admin in admins {
        let has_mail = mails && !admin.profile.email.is_empty();
        let kind = match (has_mail, phone(&admin)) {
            (true, Some(_)) if by_mail => DeliveryKind::Alert,
            (_, Some(_)) => DeliveryKind::Notice,
            (true, None) => DeliveryKind::Alert,
            (false, None) => continue,
        };
        let mut payload = delivery.payload.clone();
        if kind == DeliveryKind::Notice {
            payload["channel"] = json!("sms");
        }
        let each = NewDelivery {
            kind,
            target: admin.id.to_string(),
            payload,
            message: delivery.message,
            once: Some(format!("alert {} {}", delivery.id, admin.id)),
            not_before: None,
        };
        tx.add_delivery(&each, now)?;
        told += 1;
    }
    Ok(match told {
        0 => Told::Failed("no admin has a phone or an address that mail can reach".to_owned()),
        _ => Told::Done(None),
    })
}

/// A forward has reached nobody for long: the line's recipient is told by text, else its notified
/// users, else the admins (E75).
pub(super) fn instead_of_mail(tx: &WriteTx<'_>, overdue: &Overdue, now: UnixTime) -> Result<()> {
    let Some(message) = tx.message(overdue.message)? else { return Ok(()) };
    let who = who(tx, &message)?;
    let words = routing::shown(&message.text, false);
    let shown: String = words.chars().take(SHOWN).collect();
    let more = if shown.len() < words.len() { "…" } else { "" };
    let text = format!("No mail leaves since {}. {who} wrote: {shown}{more}", overdue.since);
    let users = sinks(tx, message.line)?;
    for user in &users {
        let new = NewDelivery {
            kind: DeliveryKind::Notice,
            target: user.to_string(),
            payload: json!({ "channel": "sms", "text": text }),
            message: Some(message.id),
            once: Some(format!("instead of mail {} {user}", message.id)),
            not_before: None,
        };
        tx.add_delivery(&new, now)?;
    }
    if users.is_empty() {
        let day = now.day();
        let why = overdue.error.as_deref().unwrap_or("no mail server took it");
        let text = format!("Forwards wait since {}: {why}", overdue.since);
        tx.add_delivery(&super::deliverer::alert(text, format!("forwards wait {day}")), now)?;
    }
    let detail = match users.len() {
        0 => "the admins are told".to_owned(),
        n => format!("{n} told by text"),
    };
    tx.custody(message.id, now, "mail does not leave", Some(&detail))
}

/// Characters of a customer's text in a text of ours.
const SHOWN: usize = 200;

/// Who of a line can be told by text.
fn sinks(tx: &WriteTx<'_>, line: LineId) -> Result<Vec<UserId>> {
    let Some(settings) = tx.line_settings(line)? else { return Ok(Vec::new()) };
    let reachable = |id: UserId| -> Result<Option<UserId>> {
        Ok(tx.user(id)?.filter(|user| phone(user).is_some()).map(|user| user.id))
    };
    if let Some(recipient) = settings.response_recipient.map(reachable).transpose()?.flatten() {
        return Ok(vec![recipient]);
    }
    let told = settings.notified.iter().map(|told| reachable(told.user));
    Ok(told.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

fn phone(user: &User) -> Option<Number> {
    user.profile.phone.clone().filter(|_| user.profile.active)
}

/// The customer as our people know them.
fn who(tx: &WriteTx<'_>, message: &Message) -> Result<String> {
    let name = name_of(tx, &message.number)?;
    Ok(name.unwrap_or_else(|| message.number.as_str().to_owned()))
}

/// Queues a text to a phone of ours, on the line it is about, else on the first that has a network, or
/// may get one again.
fn queue(
    tx: &WriteTx<'_>,
    wanted: Option<LineId>,
    to: &Number,
    text: &str,
    now: UnixTime,
) -> Result<Told> {
    let lines = tx.lines()?;
    let sends = |id: LineId| lines.iter().any(|line| line.id == id && line.sms == SmsSwitch::On);
    let ready: Vec<Option<LineId>> = tx
        .modems()?
        .iter()
        .filter(|modem| outages::serves(Some(*modem)))
        .map(|modem| modem.line)
        .collect();
    let all = lines.iter().map(|line| line.id).filter(|line| sends(*line));
    let any = all.min_by_key(|line| !ready.contains(&Some(*line)));
    let Some(line) = wanted.filter(|line| sends(*line)).or(any) else {
        return Ok(Told::Failed("no line can send".to_owned()));
    };
    let new = NewMessage {
        author: Some(Author { kind: AuthorKind::System, id: None }),
        // News of yesterday are no news.
        valid_for: Some(Millis::from_secs(6 * 3_600)),
        ..plain(line, to.clone(), text.to_owned(), Class::Alert)
    };
    match tx.enqueue(&new, None, now)? {
        Enqueued::New(message) | Enqueued::Repeated(message) => {
            let thread = tx.conversation_with(to, line, now)?;
            // As for relays: unless they have written to us as a customer (E1, E15).
            if tx.conversation(thread)?.is_none_or(|thread| thread.unread == 0) {
                tx.set_internal(thread, now)?;
            }
            Ok(Told::Done(Some(message)))
        }
        Enqueued::Conflict => Ok(Told::Done(None)),
    }
}
