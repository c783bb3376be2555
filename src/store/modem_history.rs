//! What a modem did over the last days: its signal, and when it had to be recovered.

use super::error::Result;
use super::{ReadTx, WriteTx};
use crate::types::{Millis, ModemId, UnixTime};

/// One reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When.
    pub at: UnixTime,
    /// Signal strength; `None`: the modem was being recovered.
    pub dbm: Option<i16>,
}

/// Readings are kept for so long.
const KEPT: Millis = Millis::from_secs(7 * 24 * 3_600);
/// A signal that sways is noted no more often.
const GRAIN: Millis = Millis::from_secs(5 * 60);

impl ReadTx<'_> {
    /// The readings of a modem, oldest first.
    pub fn modem_history(&self, modem: ModemId, since: UnixTime) -> Result<Vec<Reading>> {
        let sql = "SELECT at, dbm FROM modem_history WHERE modem_id = ?1 AND at >= ?2 ORDER BY at";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement
            .query_map((modem, since), |row| Ok(Reading { at: row.get(0)?, dbm: row.get(1)? }))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Notes a signal strength, or a recovery when `dbm` is `None`.
    pub(super) fn note_reading(
        &self,
        modem: ModemId,
        dbm: Option<i16>,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "INSERT INTO modem_history (modem_id, at, dbm)
                   SELECT ?1, ?2, ?3 WHERE ?3 IS NULL OR NOT EXISTS
                       (SELECT 1 FROM modem_history
                         WHERE modem_id = ?1 AND dbm IS NOT NULL AND at > ?4 AND at <= ?2)";
        let recent = now.before(GRAIN);
        self.conn.prepare_cached(sql)?.execute((modem, now, dbm, recent))?;
        let old = now.before(KEPT);
        let sql = "DELETE FROM modem_history WHERE modem_id = ?1 AND at < ?2";
        self.conn.prepare_cached(sql)?.execute((modem, old))?;
        Ok(())
    }
}
