//! What only time brings about: long texts whose segments are overdue, texts whose time is over,
//! unknown ones their class allows to be sent once more.

use std::sync::Arc;

use super::{Shared, intake};
use crate::bus::Change;
use crate::store::Result;
use crate::types::{Millis, UnixTime};

/// How often to look. Nothing here is urgent to the second.
const EVERY: Millis = Millis::from_secs(30);

/// Looks again and again, for ever.
pub(super) async fn run(shared: Arc<Shared>) {
    let pulse = shared.vitals.promise("housekeeping");
    loop {
        pulse.beat();
        if let Err(error) = look(&shared).await {
            tracing::error!(%error, "housekeeping failed; trying again");
        }
        shared.clock.beat(EVERY).await;
    }
}

async fn look(shared: &Shared) -> Result<()> {
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
        // E163, E165: a clock that cannot be right ends nothing.
        if !trusted {
            return Ok((shown, Default::default(), Default::default(), Default::default()));
        }
        let expired = tx.expire_outbound(now)?;
        let again = tx.resend_overdue_unknown(wait, now)?;
        // E122: whose claimer went home is everybody's again.
        let idle = tx.release_idle(claims_idle, now)?;
        Ok((shown, expired, again, idle))
    });
    let (shown, expired, again, idle) = written.await?;
    let shown: Vec<_> = shown?.into_iter().flatten().collect();
    let queue = (!again.is_empty() || !shown.is_empty()).then_some(Change::Queue);
    let messages = shown.into_iter().chain(expired).chain(again).map(Change::Message);
    let idle = idle.into_iter().map(Change::Conversation);
    messages.chain(queue).chain(idle).for_each(|change| shared.bus.ring(change));
    Ok(())
}
