//! What changed since: the rows that event streams resume from.

use rusqlite::named_params;

use super::error::Result;
use super::words::ChangeKind;
use super::{ReadTx, WriteTx};
use crate::types::UnixTime;

/// Changes kept; a stream that was away longer reads everything anew.
const KEPT: i64 = 10_000;
/// Old rows go once in so many changes.
const TRIM_EVERY: i64 = 500;

/// One change: what, not how; the reader looks at the row as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeRow {
    /// Grows by at least one per change; the `Last-Event-ID` of a stream.
    pub seq: i64,
    /// What kind of row changed.
    pub kind: ChangeKind,
    /// Its id.
    pub id: i64,
    /// When.
    pub at: UnixTime,
}

impl ReadTx<'_> {
    /// At most `limit` changes after `seq`, oldest first. `None`: older ones are gone already, the
    /// reader must begin anew.
    pub fn changes_since(&self, seq: i64, limit: u32) -> Result<Option<Vec<ChangeRow>>> {
        let oldest: Option<i64> = self
            .conn
            .prepare_cached("SELECT min(seq) FROM changes")?
            .query_row([], |r| r.get(0))?;
        if oldest.is_some_and(|oldest| seq + 1 < oldest) {
            return Ok(None);
        }
        let sql = "SELECT seq, kind, id, at FROM changes WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map((seq, limit), |row| {
            Ok(ChangeRow { seq: row.get(0)?, kind: row.get(1)?, id: row.get(2)?, at: row.get(3)? })
        })?;
        Ok(Some(rows.collect::<rusqlite::Result<_>>()?))
    }

    /// The newest change's `seq`; 0 when there is none.
    pub fn last_change(&self) -> Result<i64> {
        let sql = "SELECT coalesce(max(seq), 0) FROM changes";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }
}

impl WriteTx<'_> {
    /// Notes that a row changed, in the transaction that changes it.
    pub(super) fn changed(&self, kind: ChangeKind, id: i64, at: UnixTime) -> Result<()> {
        self.conn
            .prepare_cached("INSERT INTO changes (kind, id, at) VALUES (:kind, :id, :at)")?
            .execute(named_params! { ":kind": kind, ":id": id, ":at": at })?;
        let seq = self.conn.last_insert_rowid();
        if seq % TRIM_EVERY == 0 {
            self.conn.execute("DELETE FROM changes WHERE seq <= ?1", [seq - KEPT])?;
        }
        Ok(())
    }
}
