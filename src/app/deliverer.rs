//! What leaves by another way than a modem is carried out here: rows of `deliveries`, leased one by
//! one, tried for five days, never lost and never hurried.
//!
//! Three lanes, so that a slow mail server delays no text to a member of staff: letters go to the
//! mail server, notices by SMS become texts in the queue, events go to the programs that rules
//! name (`hooks`). When the mail server itself fails, the whole lane rests and no letter is blamed;
//! when it does so for long, people are told by another way (E75). A fourth lane looks for that, and
//! for what became of texts that came by mail.

use std::sync::Arc;

use super::mail::MailRoom;
use super::mail::links::fresh_key;
use super::mail::outgoing::{Opens, Prepared, prepare};
use super::mail::results::tell_results;
use super::{Shared, tell};
use crate::bus::Change;
use crate::io::smtp::{Letter, PostError};
use crate::store::{Delivery, DeliveryKind, MailPart, NewDelivery, Result, THREAD_LINK_LIFE, Way};
use crate::types::{Ladder, MessageId, Millis, UnixTime};

mod hooks;

/// After so long a letter that never left is given up (5321 §4.5.4.1 asks for four to five days).
const GIVE_UP: Millis = Millis::from_secs(5 * 24 * 3_600);

/// Starts the lanes; they end with the gateway.
pub(super) async fn run(shared: Arc<Shared>) {
    let mail = async {
        match &shared.mail {
            Some(room) if room.post.is_some() => mail_lane(&shared, room).await,
            // Without a server letters wait: somebody may still set one.
            _ => shared.stopped().await,
        }
    };
    let fates = async {
        match &shared.mail {
            Some(room) => fates_lane(&shared, room).await,
            None => shared.stopped().await,
        }
    };
    tokio::join!(mail, text_lane(&shared), hooks::lane(&shared), fates);
}

/// Why a lane rests.
enum Rest {
    /// Nothing is due before then, as far as it can tell.
    Idle(Option<UnixTime>),
    /// The server is left in peace until then, however much comes meanwhile.
    Closed(UnixTime),
}

/// What mail could not tell, and what became of texts that were written by mail: both are seen in
/// texts, so that news of any text may be news of these. A look costs two searches, so that a busy
/// hour has one a second.
async fn fates_lane(shared: &Shared, room: &MailRoom) {
    loop {
        let rung = shared.bus.messages_rung();
        let looked = async {
            fall_over(shared, room).await?;
            tell_results(shared).await
        };
        if let Err(error) = looked.await {
            tracing::error!(%error, "what became of mails could not be told; trying again");
        }
        let rung = async {
            shared.clock.sleep(AT_LEAST).await;
            tokio::select! {
                () = rung => {}
                () = shared.clock.beat(shared.settings.look_every) => {}
            }
        };
        tokio::select! {
            () = rung => {}
            () = shared.stopped() => return,
        }
    }
}

/// Notices by SMS and alerts to the admins.
async fn text_lane(shared: &Shared) {
    loop {
        let added = shared.store.deliveries_added();
        let pause = tell_all(shared).await.unwrap_or_else(|error| {
            tracing::error!(%error, "notices could not be sent; trying again");
            Rest::Idle(None)
        });
        if rest(shared, pause, added).await {
            return;
        }
    }
}

async fn tell_all(shared: &Shared) -> Result<Rest> {
    loop {
        let now = shared.clock.wall();
        if let Some(rest) = nothing_due(shared, Way::Text, now).await? {
            return Ok(rest);
        }
        let leads =
            tell::Leads { pages: shared.settings.pages.clone(), key: fresh_key(&shared.entropy) };
        let mails = shared.mails();
        let told = shared.store.write(move |tx| {
            let Some(delivery) = tx.lease_delivery(Way::Text, now)? else { return Ok(None) };
            let told = match delivery.kind {
                DeliveryKind::Alert => tell::admins(tx, &delivery, mails, now)?,
                _ if delivery.payload["channel"] == "own" => {
                    tell::by_their_way(tx, &delivery, mails, &leads, now)?
                }
                _ => tell::by_text(tx, &delivery, &leads, now)?,
            };
            match told {
                tell::Told::Done(message) => {
                    tx.finish_delivery(delivery.id, None, now)?;
                    Ok(Some(message))
                }
                tell::Told::Failed(why) => {
                    tx.finish_delivery(delivery.id, Some(&why), now)?;
                    Ok(Some(None))
                }
            }
        });
        let Some(message) = told.await? else { return Ok(Rest::Idle(Some(now))) };
        if let Some(message) = message {
            shared.bus.ring(Change::Message(message));
            shared.bus.ring(Change::Queue);
        }
    }
}

/// Forwards that have reached nobody for long are told by text, once (E75).
async fn fall_over(shared: &Shared, room: &MailRoom) -> Result<()> {
    let now = shared.clock.wall();
    let patience = Millis::from_secs(u64::from(room.settings.fall_over_minutes) * 60);
    let before = now.before(patience);
    let waiting = shared.store.read(move |tx| tx.overdue_forwards(before)).await?;
    for overdue in waiting {
        let written = shared.store.write(move |tx| {
            tx.forwards_fell_over(overdue.message)?;
            tell::instead_of_mail(tx, &overdue, now)
        });
        written.await?;
    }
    Ok(())
}

/// Letters, one after the other.
async fn mail_lane(shared: &Shared, room: &Arc<MailRoom>) {
    let mut line = Line::default();
    loop {
        let added = shared.store.deliveries_added();
        let pause = send_all(shared, room, &mut line).await.unwrap_or_else(|error| {
            tracing::error!(%error, "letters could not be sent; trying again");
            Rest::Idle(None)
        });
        if rest(shared, pause, added).await {
            return;
        }
    }
}

/// Waits for something to do; `true`: the gateway stops.
async fn rest(shared: &Shared, rest: Rest, added: impl Future<Output = ()>) -> bool {
    let something = async {
        match rest {
            Rest::Closed(until) => shared.clock.sleep_until_wall(until).await,
            Rest::Idle(next) => {
                let now = shared.clock.wall();
                let due = async {
                    match next {
                        Some(next) => {
                            shared.clock.sleep_until_wall(next.max(now.after(AT_LEAST))).await
                        }
                        None => std::future::pending().await,
                    }
                };
                tokio::select! {
                    () = added => {}
                    () = due => {}
                }
            }
        }
    };
    tokio::select! {
        () = something => false,
        () = shared.stopped() => true,
    }
}

/// Until when there is nothing to carry out: most looks find nothing, and cost no write.
async fn nothing_due(shared: &Shared, way: Way, now: UnixTime) -> Result<Option<Rest>> {
    let next = shared.store.read(move |tx| tx.next_delivery(way)).await?;
    Ok(next.is_none_or(|next| next > now).then_some(Rest::Idle(next)))
}

/// A lane that has just looked has nothing to do for at least so long, unless somebody rings.
const AT_LEAST: Millis = Millis(1_000);

/// How it is with the server.
#[derive(Default)]
struct Line {
    /// Failures in a row that were the server's.
    failures: u32,
    /// The failures were refusals of our password.
    refused: bool,
}

impl Line {
    /// How long the server is left in peace. A wrong password is tried rarely: servers lock
    /// accounts and addresses for it.
    fn pause(&self) -> Millis {
        const FAILED: Ladder = Ladder(&[2, 15, 30, 60, 2 * 60, 5 * 60, 10 * 60]);
        const REFUSED: Ladder = Ladder(&[60, 10 * 60, 30 * 60, 60 * 60]);
        if self.refused { REFUSED } else { FAILED }.wait(self.failures)
    }
}

/// Sends what is due.
async fn send_all(shared: &Shared, room: &Arc<MailRoom>, line: &mut Line) -> Result<Rest> {
    loop {
        if *shared.stopping.borrow() {
            return Ok(Rest::Idle(None));
        }
        let now = shared.clock.wall();
        if let Some(rest) = nothing_due(shared, Way::Mail, now).await? {
            return Ok(rest);
        }
        let leased = shared.store.write(move |tx| tx.lease_delivery(Way::Mail, now)).await?;
        let Some(delivery) = leased else { return Ok(Rest::Idle(Some(now))) };
        let (composer, asked) = (Arc::clone(room), delivery.clone());
        let key = fresh_key(&shared.entropy);
        let made = key.clone();
        let prepared = shared.store.read(move |tx| prepare(tx, &composer, &asked, &key)).await?;
        let letter = match prepared {
            Prepared::Letter(letter, None) => letter,
            Prepared::Letter(letter, Some(Opens { user, thread })) => {
                let until = now.after(THREAD_LINK_LIFE);
                let opens = shared
                    .store
                    .write(move |tx| tx.create_thread_link(&made, user, thread, until, now));
                opens.await?;
                letter
            }
            Prepared::Needless(why) => {
                finish(shared, delivery, Ok(format!("not needed: {why}"))).await?;
                continue;
            }
            Prepared::Hopeless(why) => {
                finish(shared, delivery, Err(why)).await?;
                continue;
            }
        };
        let Some(post) = &room.post else { return Ok(Rest::Idle(None)) };
        let verdict = tokio::select! {
            verdict = post.submit(&letter) => verdict,
            // A letter in flight may or may not arrive: its lease ends, and it goes again with the
            // same Message-ID.
            () = shared.stopped() => return Ok(Rest::Idle(None)),
        };
        match verdict {
            Ok(said) => {
                healthy(shared, line).await?;
                finish(shared, delivery, Ok(said)).await?;
            }
            Err(PostError::Never(why)) => {
                healthy(shared, line).await?;
                refused(shared, delivery, &letter, why).await?;
            }
            Err(PostError::Later(why)) => {
                healthy(shared, line).await?;
                later(shared, delivery, why).await?;
            }
            Err(PostError::Unreachable(why)) => {
                line.refused = false;
                return ailing(shared, line, delivery, why).await.map(Rest::Closed);
            }
            Err(error @ PostError::Unauthorised(_)) => {
                line.refused = true;
                return ailing(shared, line, delivery, error.to_string()).await.map(Rest::Closed);
            }
        }
    }
}

/// The server took or judged a letter: it works.
async fn healthy(shared: &Shared, line: &mut Line) -> Result<()> {
    *line = Line::default();
    let now = shared.clock.wall();
    let news = shared.store.write(move |tx| tx.note_mail_health(MailPart::Out, None, now)).await?;
    if news {
        tracing::info!("mail leaves");
    }
    Ok(())
}

/// The server itself failed: the letter waits without blame, and so do all others.
async fn ailing(
    shared: &Shared,
    line: &mut Line,
    delivery: Delivery,
    why: String,
) -> Result<UnixTime> {
    line.failures += 1;
    let now = shared.clock.wall();
    let refused = line.refused && line.failures >= ALARM_AFTER;
    let said = why.clone();
    let written = shared.store.write(move |tx| {
        match delivery.created_at.after(GIVE_UP) <= now {
            true => tx.finish_delivery(delivery.id, Some(&said), now)?,
            false => tx.release_delivery(delivery.id, &said)?,
        }
        let news = tx.note_mail_health(MailPart::Out, Some(&said), now)?;
        if refused {
            let day = now.day();
            let text = format!("No mail leaves: {said}. Correct [mail.smtp] in the settings.");
            tx.add_delivery(&alert(text, format!("smtp password {day}")), now)?;
        }
        Ok(news)
    });
    if written.await? {
        tracing::warn!(%why, "no mail leaves; it waits");
    }
    Ok(now.after(line.pause()))
}

/// Refusals of our password in a row before the admins are told by another way.
const ALARM_AFTER: u32 = 3;

/// A letter left, or cannot.
async fn finish(
    shared: &Shared,
    delivery: Delivery,
    outcome: std::result::Result<String, String>,
) -> Result<()> {
    let now = shared.clock.wall();
    let about = delivery.message;
    let written = shared.store.write(move |tx| {
        tx.finish_delivery(delivery.id, outcome.as_ref().err().map(String::as_str), now)?;
        let Some(message) = station(&delivery) else { return Ok(()) };
        let (event, said) = match &outcome {
            Ok(said) => ("handed to the mail server", said),
            Err(why) => ("no mail sent", why),
        };
        tx.custody(message, now, event, Some(&format!("to {}: {said}", delivery.target)))
    });
    written.await?;
    if let Some(message) = about {
        shared.bus.ring(Change::Message(message));
    }
    Ok(())
}

/// Whether what becomes of it belongs to the story of a text.
fn station(delivery: &Delivery) -> Option<MessageId> {
    delivery.message.filter(|_| delivery.kind == DeliveryKind::Email)
}

/// The server will never take this letter.
async fn refused(shared: &Shared, delivery: Delivery, letter: &Letter, why: String) -> Result<()> {
    let (now, to) = (shared.clock.wall(), letter.to.clone());
    let forward = delivery.kind == DeliveryKind::Email;
    let said = why.clone();
    let written = shared.store.write(move |tx| {
        if forward {
            tx.sink_bounced(&to, &said, now)?;
            let day = now.day();
            let text = format!("The mail server refuses mail to {to}: {said}");
            tx.add_delivery(&alert(text, format!("sink {day} {to}")), now)?;
        }
        Ok(())
    });
    written.await?;
    finish(shared, delivery, Err(why)).await
}

/// Not now; later, for five days.
async fn later(shared: &Shared, delivery: Delivery, why: String) -> Result<()> {
    let now = shared.clock.wall();
    let next = now.after(WAITS.spread(delivery.attempts, shared.entropy.jitter()));
    if next >= delivery.created_at.after(GIVE_UP) {
        return finish(shared, delivery, Err(format!("given up after five days: {why}"))).await;
    }
    shared.store.write(move |tx| tx.retry_delivery(delivery.id, &why, next)).await
}

/// The waits between two tries of a letter that the server does not take for now.
const WAITS: Ladder = Ladder(&[30, 2 * 60, 10 * 60, 30 * 60, 3_600, 2 * 3_600, 4 * 3_600]);

/// What the admins must know, said once for each key.
pub(super) fn alert(text: String, once: String) -> NewDelivery {
    NewDelivery {
        kind: DeliveryKind::Alert,
        target: "admins".to_owned(),
        payload: serde_json::json!({ "text": text }),
        message: None,
        once: Some(once),
        not_before: None,
    }
}
