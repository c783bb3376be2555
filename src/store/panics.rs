//! How often the gateway's tasks panicked: mistakes of ours that somebody should report (fault 81).

use super::error::Result;
use super::{ReadTx, WriteTx};
use crate::types::UnixTime;

/// A task that panicked, ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panicked {
    /// A chore's name, or a modem's port.
    pub task: String,
    /// How often.
    pub count: u64,
    /// When it did last.
    pub last_at: UnixTime,
}

impl ReadTx<'_> {
    /// Tasks that panicked, the latest first.
    pub fn panics(&self) -> Result<Vec<Panicked>> {
        let sql = "SELECT task, count, last_at FROM panics ORDER BY last_at DESC LIMIT 100";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| {
            let count = row.get::<_, i64>(1)?.unsigned_abs();
            Ok(Panicked { task: row.get(0)?, count, last_at: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// A task panicked once more.
    pub fn count_panic(&self, task: &str, now: UnixTime) -> Result<()> {
        let sql = "INSERT INTO panics (task, count, last_at) VALUES (?1, 1, ?2)
                   ON CONFLICT (task) DO UPDATE SET count = count + 1, last_at = excluded.last_at";
        self.conn.prepare_cached(sql)?.execute((task, now))?;
        Ok(())
    }
}
