//! Texts beyond their time are deleted, where the operator has set one: an hourly look, on the word
//! of a clock that has been right for a day (E165, E171).

use std::sync::Arc;

use super::Shared;
use crate::bus::Change;
use crate::store::Result;
use crate::types::{Millis, UnixTime};

/// How often to look; the store counts these.
const EVERY: Millis = Millis::from_secs(3_600);
/// A clock that moved otherwise by so much within a look was set.
const SET: Millis = Millis::from_secs(5 * 60);
/// Transactions in one look: a day's backlog must not keep the others waiting.
const ROUNDS: u32 = 20;

/// Looks every hour, for ever.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut seen = Seen::now(&shared);
    let mut trusted = shared.clock_is_trusted();
    loop {
        shared.clock.sleep(EVERY).await;
        let now = Seen::now(&shared);
        let steady = trusted && shared.clock_is_trusted() && !now.was_set_since(&seen);
        (seen, trusted) = (now, shared.clock_is_trusted());
        if let Err(error) = look(&shared, steady).await {
            tracing::error!(%error, "old texts could not be deleted; trying again");
        }
    }
}

/// Both clocks at one moment.
struct Seen {
    tick: Millis,
    wall: UnixTime,
}

impl Seen {
    fn now(shared: &Shared) -> Self {
        Self { tick: shared.clock.now(), wall: shared.clock.wall() }
    }

    /// Whether somebody has set the wall clock meanwhile: it moved by more or less than the tick.
    fn was_set_since(&self, earlier: &Seen) -> bool {
        let expected = earlier.wall.after(self.tick - earlier.tick);
        self.wall.since(expected).max(expected.since(self.wall)) > SET
    }
}

async fn look(shared: &Shared, steady: bool) -> Result<()> {
    let days = u64::from(shared.settings.keep_days);
    if days == 0 || !steady {
        return shared.store.write(|tx| tx.unmark_old()).await;
    }
    let now = shared.clock.wall();
    let kept = Millis::from_secs(days * 24 * 3_600);
    let older_than = now.before(kept);
    shared.store.write(move |tx| tx.mark_old(older_than)).await?;
    for _ in 0..ROUNDS {
        let deleted = shared.store.write(move |tx| tx.delete_old(older_than, now)).await?;
        if deleted.messages == 0 {
            break;
        }
        deleted.conversations.into_iter().for_each(|id| shared.bus.ring(Change::Conversation(id)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E164, E165: a clock that was set either way is not one to delete by; a few seconds are drift.
    #[test]
    fn a_clock_that_was_set_is_noticed() {
        let start = Seen { tick: Millis(0), wall: UnixTime(1_795_251_600_000) };
        let hour = Millis::from_secs(3_600);
        let after = |off: i64| Seen { tick: hour, wall: UnixTime(start.wall.after(hour).0 + off) };
        assert!(!after(0).was_set_since(&start));
        assert!(!after(4_000).was_set_since(&start) && !after(-4_000).was_set_since(&start));
        assert!(after(400_000).was_set_since(&start) && after(-400_000).was_set_since(&start));
        assert!(after(365 * 24 * 3_600_000).was_set_since(&start));
    }
}
