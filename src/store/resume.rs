//! After a crash, or the death of one line's task: what was in hand, and what may have left.

use super::WriteTx;
use super::error::Result;
use super::lines::LineId;
use crate::types::{MessageId, UnixTime};

impl WriteTx<'_> {
    /// Puts every text back that a dead process or task had in hand: a lease alone means nothing
    /// left; `on_air` means it may have. For all lines at start, for one when its task died.
    /// Returns what became `unknown`.
    pub fn resume(&self, line: Option<LineId>, now: UnixTime) -> Result<Vec<MessageId>> {
        let sql = "UPDATE outbound SET stage = 'waiting', lease_until = NULL
                    WHERE stage <> 'over' AND stage = 'leased' AND (?1 IS NULL OR line_id = ?1) RETURNING message_id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let leased: Vec<MessageId> =
            statement.query_map([line], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for message in leased {
            self.derive_state(message, now)?;
        }
        let sql =
            "SELECT id FROM segments_out WHERE state = 'on_air' AND (?1 IS NULL OR line_id = ?1)";
        let mut statement = self.conn.prepare_cached(sql)?;
        let on_air: Vec<_> =
            statement.query_map([line], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let mut unknown = Vec::with_capacity(on_air.len());
        for segment in on_air {
            self.segment_unknown(segment, "the gateway stopped while it was at the modem", now)?;
            unknown.push(self.owner_of(segment)?.message);
        }
        Ok(unknown)
    }
}
