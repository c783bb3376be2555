//! A delivery becomes a letter: composed when it leaves, the same again on every try.

use crate::email::{self, Address, Forward, MailOut, Past};
use crate::engine::routing;
use crate::io::smtp::Letter;
use crate::store::{
    AuthorKind, Delivery, DeliveryKind, Message, MessageQuery, Page, ReadTx, Result, UserId,
};
use crate::types::{ConversationId, Direction, MessageId, Number, Secret};

use super::MailRoom;

/// What becomes of a delivery that is due.
pub(in crate::app) enum Prepared {
    /// This leaves, with a link that must open something by then.
    Letter(Letter, Option<Opens>),
    /// Nothing has to leave, for this reason.
    Needless(&'static str),
    /// Nothing can ever leave, for this reason.
    Hopeless(String),
}

/// What the link of a notice opens, once (S113, C20). Every try has a key of its own.
pub(in crate::app) struct Opens {
    pub(in crate::app) user: UserId,
    pub(in crate::app) thread: ConversationId,
}

/// Earlier lines shown with a text.
const PAST: u32 = 5;

/// The letter of a delivery. `key` is the secret of its link, if it gets one.
pub(in crate::app) fn prepare(
    tx: &ReadTx<'_>,
    room: &MailRoom,
    delivery: &Delivery,
    key: &Secret,
) -> Result<Prepared> {
    match delivery.kind {
        DeliveryKind::Email => of_text(tx, room, delivery, &delivery.target, None),
        DeliveryKind::Mail => Ok(written(delivery)),
        // Of something else than a text: it brings its words along.
        DeliveryKind::Notice if delivery.payload["text"].is_string() => {
            match addressee(tx, delivery)? {
                Some(address) => Ok(alert(room, delivery, &address)),
                None => Ok(Prepared::Hopeless("the user has no e-mail address".to_owned())),
            }
        }
        DeliveryKind::Notice => match addressee(tx, delivery)? {
            Some(address) if is_forwarded(tx, delivery.message, &address)? => {
                Ok(Prepared::Needless("the forward goes to the same address"))
            }
            Some(address) => of_text(tx, room, delivery, &address, Some(key)),
            None => Ok(Prepared::Hopeless("the user has no e-mail address".to_owned())),
        },
        DeliveryKind::Alert => match addressee(tx, delivery)? {
            Some(address) => Ok(alert(room, delivery, &address)),
            None => Ok(Prepared::Hopeless("the admin has no e-mail address".to_owned())),
        },
        DeliveryKind::Webhook => Ok(Prepared::Hopeless("this is no mail".to_owned())),
    }
}

/// The address of the user that a delivery is for.
fn addressee(tx: &ReadTx<'_>, delivery: &Delivery) -> Result<Option<String>> {
    let Ok(user) = delivery.target.parse::<UserId>() else { return Ok(None) };
    let user = tx.user(user)?.filter(|user| user.profile.active);
    Ok(user.map(|user| user.profile.email).filter(|email| !email.is_empty()))
}

/// Who gets the forward needs no notice beside it (C5).
fn is_forwarded(tx: &ReadTx<'_>, message: Option<MessageId>, address: &str) -> Result<bool> {
    let Some(message) = message else { return Ok(false) };
    let all = tx.deliveries_of(message)?;
    Ok(all.iter().any(|d| d.kind == DeliveryKind::Email && d.target.eq_ignore_ascii_case(address)))
}

/// A customer's text as a mail. A notice to one of us leads into its conversation with a key; the
/// addresses of a forward may be anybody's, so its link asks who is there.
fn of_text(
    tx: &ReadTx<'_>,
    room: &MailRoom,
    delivery: &Delivery,
    to: &str,
    key: Option<&Secret>,
) -> Result<Prepared> {
    let to = match Address::parse(to) {
        Ok(to) => to,
        Err(error) => return Ok(Prepared::Hopeless(format!("{to:?}: {error}"))),
    };
    let message = delivery.message.map(|id| tx.message(id)).transpose()?.flatten();
    let thread = message.as_ref().and_then(|message| message.conversation);
    let (Some(message), Some(thread)) = (message, thread) else {
        return Ok(Prepared::Hopeless("the text is gone".to_owned()));
    };
    let settings = tx.line_settings(message.line)?;
    let (line, line_number, tags, show_codes) = match settings {
        Some(set) => (set.name, set.number, set.tags, set.show_codes),
        None => (String::new(), None, Vec::new(), false),
    };
    let mask = match delivery.payload["mask_codes"].as_bool() {
        Some(mask) => mask,
        None => !show_codes && routing::holds_code(&message.text),
    };
    let shown = |text: &str| match mask || (!show_codes && routing::holds_code(text)) {
        true => routing::masked_codes(text),
        false => text.to_owned(),
    };
    let tags = match &delivery.payload["tags"] {
        serde_json::Value::Array(tags) => {
            tags.iter().filter_map(|tag| tag.as_str().map(str::to_owned)).collect()
        }
        _ => tags,
    };
    let earlier = earlier(tx, &message)?;
    let words: Vec<(String, Option<String>)> = earlier
        .iter()
        .map(|message| Ok((shown(&message.text), author(tx, message)?)))
        .collect::<Result<_>>()?;
    let past: Vec<Past<'_>> = earlier
        .iter()
        .zip(&words)
        .map(|(message, (text, author))| Past {
            direction: message.direction,
            at: message.received_at.or(message.sent_at).unwrap_or(message.created_at),
            author: author.as_deref(),
            text,
        })
        .collect();
    let name = name_of(tx, &message.number)?;
    let user = delivery.target.parse::<UserId>().ok();
    let opens = key.zip(user).filter(|_| room.pages.is_some());
    let link = match (&room.pages, opens) {
        (Some(pages), Some((key, _))) => Some(format!("{pages}/n/{}", key.expose())),
        _ => room.page_of(thread),
    };
    let mail = email::forward(
        &Forward {
            to: &to,
            thread,
            message: message.id,
            decided_at: delivery.created_at,
            received_at: message.received_at.unwrap_or(message.created_at),
            line: (&line, line_number.as_deref()),
            name: name.as_deref(),
            number: message.number.as_str(),
            tags: &tags,
            text: &shown(&message.text),
            past: &past,
            link: link.as_deref(),
        },
        &room.site,
    );
    Ok(Prepared::Letter(letter(mail), opens.map(|(_, user)| Opens { user, thread })))
}

/// The texts before this one, oldest first.
fn earlier(tx: &ReadTx<'_>, message: &Message) -> Result<Vec<Message>> {
    let mut earlier = tx.messages(&MessageQuery {
        page: Page::Before(message.id),
        conversation: message.conversation,
        limit: PAST,
        ..MessageQuery::default()
    })?;
    earlier.reverse();
    Ok(earlier)
}

/// Who of us wrote a text.
fn author(tx: &ReadTx<'_>, message: &Message) -> Result<Option<String>> {
    let author = message.author.as_ref().filter(|_| message.direction == Direction::Out);
    match author.map(|author| (author.kind, author)) {
        Some((AuthorKind::User, author)) => {
            let user = author.user().map(|user| tx.user(user)).transpose()?.flatten();
            Ok(user.map(|user| user.name()))
        }
        Some((AuthorKind::Email, author)) => Ok(author.id.clone()),
        _ => Ok(None),
    }
}

/// What the address book calls a number.
pub(in crate::app) fn name_of(tx: &ReadTx<'_>, number: &Number) -> Result<Option<String>> {
    let card = tx.contact_of(number)?.map(|contact| contact.card);
    let name = card.map(|card| format!("{} {}", card.first_name, card.last_name));
    Ok(name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()))
}

/// What the admins must know.
fn alert(room: &MailRoom, delivery: &Delivery, to: &str) -> Prepared {
    let text = delivery.payload["text"].as_str().unwrap_or_default();
    let to = match Address::parse(to) {
        Ok(to) => to,
        Err(error) => return Prepared::Hopeless(format!("{to:?}: {error}")),
    };
    let id = format!("alert {}", delivery.id);
    let thread = delivery.payload["thread"].as_i64().map(ConversationId);
    let link = thread.and_then(|thread| room.page_of(thread)).or_else(|| room.pages.clone());
    let alert =
        email::Alert { to: &to, text, link: link.as_deref(), at: delivery.created_at, id: &id };
    Prepared::Letter(letter(email::alert(&alert, &room.site)), None)
}

/// A mail that was written when it was decided.
fn written(delivery: &Delivery) -> Prepared {
    match delivery.payload["raw"].as_str() {
        Some(raw) => {
            let letter = Letter {
                from: delivery.payload["from"].as_str().map(str::to_owned),
                to: delivery.target.clone(),
                octets: raw.as_bytes().to_vec(),
            };
            Prepared::Letter(letter, None)
        }
        None => Prepared::Hopeless("there is no mail in it".to_owned()),
    }
}

fn letter(mail: MailOut) -> Letter {
    Letter {
        from: mail.envelope_from.map(|from| from.to_string()),
        to: mail.to.to_string(),
        octets: mail.raw,
    }
}
