//! How much slower a line sends than it may, because its operator refused more (fault 59).
//!
//! Each time a burst is refused the pace is halved; each day without that it is doubled again.

use rusqlite::OptionalExtension;

use super::error::Result;
use super::lease::OutSegmentId;
use super::lines::LineId;
use super::{ReadTx, WriteTx};
use crate::types::UnixTime;

/// Slower than a 32nd is no service.
const SLOWEST: u8 = 5;
const DAY: i64 = 24 * 3_600 * 1_000;

impl ReadTx<'_> {
    /// How often the line's pace is to be halved.
    pub fn slowed(&self, line: LineId, now: UnixTime) -> Result<u8> {
        let sql = "SELECT slowed, slowed_at FROM lines WHERE id = ?1";
        let row = self.conn.prepare_cached(sql)?.query_row([line], |row| {
            Ok((row.get::<_, u8>(0)?, row.get::<_, Option<UnixTime>>(1)?))
        });
        let Some((times, Some(at))) = row.optional()? else { return Ok(0) };
        let days = u8::try_from((now.0 - at.0) / DAY).unwrap_or(0);
        Ok(times.saturating_sub(days))
    }
}

impl WriteTx<'_> {
    /// The operator refused this segment's line more: its pace is halved once more, and its text
    /// says so. Returns how often it is halved now.
    pub fn slow_down(&self, segment: OutSegmentId, now: UnixTime) -> Result<u8> {
        let owner = self.owner_of(segment)?;
        let times = (self.slowed(owner.line, now)? + 1).min(SLOWEST);
        let sql = "UPDATE lines SET slowed = ?2, slowed_at = ?3 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((owner.line, times, now))?;
        let detail = format!("refused in a burst; {} times slower for a day", 1_u32 << times);
        self.custody(owner.message, now, "the line sends slower", Some(&detail))?;
        Ok(times)
    }
}
