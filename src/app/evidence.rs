//! What an earlier run, or a task that died, left half done. A lease alone means nothing left; a
//! segment on the air may have left, and nobody but the network knows (D5).

use std::sync::PoisonError;

use super::Shared;
use crate::bus::Change;
use crate::store::{LineId, Result};

/// Sorts out every line, before any task starts.
pub(super) async fn resume(shared: &Shared) -> Result<()> {
    let now = shared.clock.wall();
    let unknown = shared.store.write(move |tx| {
        tx.abandon_orders(now)?;
        tx.close_modems(now)?;
        tx.resume(None, now)
    });
    let unknown = unknown.await?.len();
    if unknown > 0 {
        tracing::warn!(
            unknown,
            "texts may have been sent when the gateway ended; see `unknown list`"
        );
    }
    Ok(())
}

/// Sorts out one line whose SIM a new task has found. When that is not the first time, its modem
/// was away: its references tell nothing about what was sent before.
pub(super) async fn line_is_back(shared: &Shared, line: LineId) -> Result<()> {
    let now = shared.clock.wall();
    let was_away = !shared.met.lock().unwrap_or_else(PoisonError::into_inner).insert(line);
    let resumed = shared.store.write(move |tx| {
        if was_away {
            tx.references_begin(line, now)?;
        }
        tx.resume(Some(line), now)
    });
    for message in resumed.await? {
        shared.bus.ring(Change::Message(message));
    }
    Ok(())
}
