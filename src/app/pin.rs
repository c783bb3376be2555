//! A configured PIN is tried once. Three wrong tries lock a card, so the try is committed before
//! the modem gets it, and what was refused is never entered again, not even after a restart.

use super::Shared;
use crate::io::entropy::sha256;
use crate::modem;
use crate::store::Result;

/// Whether the PIN may be entered now. If so, the try is on the disk already.
pub(super) async fn may_be_tried(
    shared: &Shared,
    sim: String,
    settings: &modem::Settings,
) -> Result<bool> {
    let Some(print) = fingerprint(&sim, settings) else { return Ok(false) };
    let now = shared.clock.wall();
    shared.store.write(move |tx| tx.begin_pin_attempt(&sim, &print, now)).await
}

/// Writes down what the card said.
pub(super) async fn accepted(
    shared: &Shared,
    sim: String,
    settings: &modem::Settings,
    accepted: bool,
) -> Result<()> {
    let Some(print) = fingerprint(&sim, settings) else { return Ok(()) };
    shared.store.write(move |tx| tx.finish_pin_attempt(&sim, &print, accepted)).await
}

/// Tells a corrected PIN from the refused one without keeping either. A PIN has few digits: who
/// can read the database could find it by trying, but he could read the settings as well.
fn fingerprint(sim: &str, settings: &modem::Settings) -> Option<[u8; 32]> {
    let pin = settings.pin.as_ref()?;
    Some(sha256(&[b"pin", sim.as_bytes(), pin.expose().as_bytes()]))
}
