//! What only time brings about: long texts whose segments are overdue, texts whose time is over,
//! unknown ones their class allows to be sent once more, rows about mail that are old enough to go,
//! plans that a zone's new rules move; lines that are out of service for too long.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::outages::{self, Outages};
use super::{Shared, deliverer, intake};
use crate::bus::Change;
use crate::io::holder;
use crate::store::{ErrorKind, Forgotten, Keep, Line, LineId, Modem, Result, SmsSwitch};
use crate::types::{Millis, UnixTime};

/// How often to look. Nothing here is urgent to the second.
const EVERY: Millis = Millis::from_secs(30);
/// Planned texts are worked out anew so often; also at the start, when the system was updated.
const LOOKS_AN_HOUR: u32 = 120;

/// Looks again and again, for ever.
pub(super) async fn run(shared: Arc<Shared>) {
    let pulse = shared.vitals.promise("housekeeping");
    let mut outages = Outages::default();
    for looks in 0_u32.. {
        pulse.beat();
        if looks.is_multiple_of(LOOKS_AN_HOUR)
            && let Err(error) = plan(&shared).await
        {
            tracing::error!(%error, "planned texts could not be looked at; trying again");
        }
        let looked = match look(&shared).await {
            Ok(seen) => tell_of_outages(&shared, &mut outages, seen).await,
            Err(error) => Err(error),
        };
        if let Err(error) = looked {
            // Fault 86: who holds the database, as far as the system tells our user.
            let busy = error.kind == ErrorKind::Busy;
            let holder = busy.then(|| holder::of(shared.store.path())).flatten();
            tracing::error!(%error, holder, "housekeeping failed; trying again");
        }
        if looks.is_multiple_of(LOOKS_A_SWEEP)
            && let Err(error) = forget(&shared).await
        {
            tracing::error!(%error, "old mail could not be forgotten; trying again");
        }
        shared.clock.beat(EVERY).await;
    }
}

/// What is kept for days need not go to the minute.
const LOOKS_A_SWEEP: u32 = 60;

/// Rows about mail whose time is over go.
async fn forget(shared: &Shared) -> Result<()> {
    // E163, E165: a clock that cannot be right ends nothing.
    if !shared.clock_is_trusted() {
        return Ok(());
    }
    let mail = &shared.settings.mail;
    let days = |days: u32| Millis::from_secs(u64::from(days) * 24 * 3_600);
    let keep = Keep {
        rows: days(mail.keep_days),
        quarantine: days(mail.quarantine_days),
        answers: days(mail.answer_days),
    };
    let now = shared.clock.wall();
    let gone = shared.store.write(move |tx| tx.forget_mail(&keep, now)).await?;
    if gone != Forgotten::default() {
        tracing::info!(?gone, "what was kept long enough about mail is forgotten");
    }
    Ok(())
}

/// Texts planned by the clock on the wall follow the zone as the system knows it now (E162).
async fn plan(shared: &Shared) -> Result<()> {
    let known = &shared.settings.time_zone;
    let zone = known.iana_name().and_then(|name| TimeZone::get(name).ok());
    let (zone, now) = (zone.unwrap_or_else(|| known.clone()), shared.clock.wall());
    let moved = shared.store.write(move |tx| tx.plan_by_clock(&zone, now)).await?;
    let queue = (!moved.is_empty()).then_some(Change::Queue);
    moved.into_iter().map(Change::Message).chain(queue).for_each(|change| shared.bus.ring(change));
    Ok(())
}

/// Fault 53: the admins learn of a line that is out of service before somebody misses a text.
async fn tell_of_outages(shared: &Shared, outages: &mut Outages, seen: Seen) -> Result<()> {
    let Seen { lines, modems } = seen;
    let (now, wall) = (shared.clock.now(), shared.clock.wall());
    let modem_of = |line: LineId| modems.iter().find(|modem| modem.line == Some(line));
    for line in &lines {
        let modem = modem_of(line.id);
        let lately = modem.is_some_and(|modem| wall.since(modem.last_seen_at) < LATELY);
        if lately || outages.knows(line.id) {
            // What a person has switched off is no outage.
            let serves = line.sms == SmsSwitch::Off || outages::serves(modem);
            outages.look(now, line.id, serves);
        }
    }
    let due = outages.due(now);
    let out: Vec<_> = lines.iter().filter(|line| due.contains(&line.id)).collect();
    if !out.is_empty() {
        let named: Vec<_> =
            out.iter().map(|line| (line.name.as_str(), modem_of(line.id))).collect();
        let text = outages::words(&named);
        tracing::warn!(lines = out.len(), "out of service for ten minutes; the admins are told");
        let alert = deliverer::alert(text, format!("out of service {}", wall.0));
        shared.store.write(move |tx| tx.add_delivery(&alert, wall)).await?;
        outages.told(now, &due);
    }
    Ok(())
}

/// A line whose modem was there so short a time before the start is expected to come back.
const LATELY: Millis = Millis::from_secs(7 * 24 * 3_600);

/// The lines and modems as they are now.
struct Seen {
    lines: Vec<Line>,
    modems: Vec<Modem>,
}

async fn look(shared: &Shared) -> Result<Seen> {
    let now = shared.clock.wall();
    let overdue = now.0 - shared.settings.incomplete_after.0.cast_signed();
    let overdue = UnixTime(overdue);
    let house = shared.house();
    let country = shared.settings.country;
    let (wait, claims_idle) = (shared.settings.unknown_wait, shared.settings.claims_idle);
    let trusted = shared.clock_is_trusted();
    let written = shared.store.write(move |tx| {
        let groups = tx.unpublished_groups(overdue)?;
        let shown = groups.into_iter().map(|group| {
            let country = tx.line(group.line)?.and_then(|line| line.country).or(country);
            let on = intake::Place { line: group.line, country, now };
            intake::publish_with_gaps(tx, group.id, on, &house)
        });
        let shown = tx.attempt(|_| shown.collect::<Result<Vec<_>>>());
        // Should a call have been lost: whoever carries deliveries out does not look by itself.
        tx.call_for_deliveries(now)?;
        let seen = Seen { lines: tx.lines()?, modems: tx.modems()? };
        // E163, E165: a clock that cannot be right ends nothing.
        if !trusted {
            return Ok((seen, shown, Default::default(), Default::default(), Default::default()));
        }
        let expired = tx.expire_outbound(now)?;
        let again = tx.resend_overdue_unknown(wait, now)?;
        // E122: whose claimer went home is everybody's again.
        let idle = tx.release_idle(claims_idle, now)?;
        Ok((seen, shown, expired, again, idle))
    });
    let (seen, shown, expired, again, idle) = written.await?;
    let shown: Vec<_> = shown?.into_iter().flatten().collect();
    let queue = (!again.is_empty() || !shown.is_empty()).then_some(Change::Queue);
    let messages = shown.into_iter().chain(expired).chain(again).map(Change::Message);
    let idle = idle.into_iter().map(Change::Conversation);
    messages.chain(queue).chain(idle).for_each(|change| shared.bus.ring(change));
    Ok(seen)
}
