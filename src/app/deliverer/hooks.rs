//! Events to programs of others: what a rule's `webhook` asks for (S80). Each is a row, tried until
//! its receiver takes it or three days are over; several leave at a time, so that one receiver that
//! is slow keeps no other waiting.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::super::Shared;
use super::super::mail::outgoing::name_of;
use super::{Rest, alert, nothing_due, rest};
use crate::bus::Change;
use crate::engine::routing;
use crate::io::webhook::{Event, HookError};
use crate::store::{Delivery, ReadTx, Result, RuleId, Way};
use crate::types::{Ladder, Millis, UnixTime};

/// After so long an event that nobody took is given up.
const GIVE_UP: Millis = Millis::from_secs(3 * 24 * 3_600);
/// The waits between two tries.
const WAITS: Ladder =
    Ladder(&[5, 30, 2 * 60, 10 * 60, 30 * 60, 3_600, 2 * 3_600, 4 * 3_600, 8 * 3_600]);
/// Events on their way at a time.
const AT_ONCE: usize = 8;
/// Tries in vain after which the admins are told that a receiver fails.
const TELL_AFTER: u32 = 5;

/// The lane of events.
pub(super) async fn lane(shared: &Shared) {
    loop {
        let added = shared.store.deliveries_added();
        let pause = send_all(shared).await.unwrap_or_else(|error| {
            tracing::error!(%error, "events could not be posted; trying again");
            Rest::Idle(None)
        });
        if rest(shared, pause, added).await {
            return;
        }
    }
}

async fn send_all(shared: &Shared) -> Result<Rest> {
    loop {
        if *shared.stopping.borrow() {
            return Ok(Rest::Idle(None));
        }
        let now = shared.clock.wall();
        if let Some(rest) = nothing_due(shared, Way::Web, now).await? {
            return Ok(rest);
        }
        let mut fresh = [0; 32];
        shared.entropy.fill(&mut fresh);
        let leased = shared.store.write(move |tx| {
            tx.webhook_key(&fresh, now)?;
            let mut leased = Vec::new();
            while leased.len() < AT_ONCE {
                let Some(delivery) = tx.lease_delivery(Way::Web, now)? else { break };
                leased.push(delivery);
            }
            Ok(leased)
        });
        let leased = leased.await?;
        if leased.is_empty() {
            return Ok(Rest::Idle(Some(now)));
        }
        let carried = join_all(leased.into_iter().map(|delivery| carry(shared, delivery)));
        tokio::select! {
            all = carried => all.into_iter().collect::<Result<Vec<()>>>()?,
            // One that is under way may be taken or not: its lease ends, and it goes again with
            // the same id.
            () = shared.stopped() => return Ok(Rest::Idle(None)),
        };
    }
}

/// Posts one event and keeps what came of it.
async fn carry(shared: &Shared, delivery: Delivery) -> Result<()> {
    let (asked, now) = (delivery.clone(), shared.clock.wall());
    let event = shared.store.read(move |tx| prepare(tx, &asked, now)).await?;
    let verdict = match event {
        Some(event) => shared.hooks.call(&event).await,
        None => Err(HookError::Never("the text is gone".to_owned())),
    };
    settle(shared, delivery, verdict).await
}

/// What the event says. The same words at every try; what was erased meanwhile says nothing.
fn prepare(tx: &ReadTx<'_>, delivery: &Delivery, now: UnixTime) -> Result<Option<Event>> {
    let message = delivery.message.map(|id| tx.message(id)).transpose()?.flatten();
    let Some(message) = message else { return Ok(None) };
    let line = tx.line(message.line)?.map(|line| line.name).unwrap_or_default();
    let shows_codes = tx.line_settings(message.line)?.is_some_and(|set| set.show_codes);
    // E77: a one-time code is for whoever holds the phone, not for a chat room.
    let text = routing::shown(&message.text, shows_codes);
    let name = name_of(tx, &message.number)?;
    let who = match &name {
        Some(name) => format!("{name} ({})", message.number.as_str()),
        None => message.number.as_str().to_owned(),
    };
    let rule = delivery.payload["rule"].as_str().and_then(|id| id.parse::<RuleId>().ok());
    let rule = rule.map(|id| tx.rule(id)).transpose()?.flatten();
    let said = json!({
        "type": "message.received",
        "timestamp": message.received_at.unwrap_or(message.created_at).to_string(),
        // Chat programs show this and look at nothing else.
        "text": format!("{who} to {line}: {text}"),
        "data": {
            "message": {
                "id": message.id.to_string(),
                "conversation_id": message.conversation.map(|id| id.to_string()),
                "line": message.line.to_string(),
                "line_name": line,
                "number": message.number.as_str(),
                "name": name,
                "text": text,
                "received_at": message.received_at.map(|at| at.to_string()),
            },
            "rule": rule.map_or(Value::Null, |rule| {
                json!({ "id": rule.id.to_string(), "name": rule.set.name })
            }),
        },
    });
    Ok(Some(Event {
        url: delivery.target.clone(),
        id: format!("evt_{}_{}", message.id, delivery.id),
        at: now,
        body: said.to_string().into_bytes(),
        keys: tx.webhook_keys(now)?,
    }))
}

/// Taken, given up, or later.
async fn settle(
    shared: &Shared,
    delivery: Delivery,
    verdict: std::result::Result<u16, HookError>,
) -> Result<()> {
    let now = shared.clock.wall();
    let next = now.after(WAITS.spread(delivery.attempts, shared.entropy.jitter()));
    let over = next >= delivery.created_at.after(GIVE_UP);
    let (host, about) = (host(&delivery.target).to_owned(), delivery.message);
    let written = shared.store.write(move |tx| {
        let station = |event: &str, said: &str| match about {
            Some(message) => tx.custody(message, now, event, Some(&format!("to {host}: {said}"))),
            None => Ok(()),
        };
        let failing = |why: &str| {
            let day = now.day();
            let text = format!("Events to {host} are not taken: {why}. A rule names that address.");
            tx.add_delivery(&alert(text, format!("webhook {day} {host}")), now).map(drop)
        };
        match verdict {
            Ok(status) => {
                tx.finish_delivery(delivery.id, None, now)?;
                station("event posted", &status.to_string())
            }
            Err(HookError::Later(why)) if !over => {
                if delivery.attempts == TELL_AFTER {
                    failing(&why)?;
                }
                tx.retry_delivery(delivery.id, &why, next)
            }
            Err(HookError::Later(why) | HookError::Never(why)) => {
                tx.finish_delivery(delivery.id, Some(&why), now)?;
                failing(&why)?;
                station("no event posted", &why)
            }
        }
    });
    written.await?;
    if let Some(message) = about {
        shared.bus.ring(Change::Message(message));
    }
    Ok(())
}

/// The receiver as people are told of it: the rest of an address may be a secret.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}
