//! What is remembered about a response recipient on a line: wrong codes and the lock, explanations
//! given, texts passed on and withheld (E19, E34, E38).

use rusqlite::{OptionalExtension, named_params};

use super::error::Result;
use super::lines::LineId;
use super::users::UserId;
use super::words::RelayEvent;
use super::{ReadTx, WriteTx};
use crate::types::{Millis, UnixTime};

/// Wrong codes count so long.
const AN_HOUR: Millis = Millis::from_secs(3_600);
/// Texts passed on count so long.
const TEN_MINUTES: Millis = Millis::from_secs(600);

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelayDesk {
    /// Wrong codes and PINs of the last hour.
    pub wrong: u32,
    /// Answers are not acted on until then.
    pub locked_until: Option<UnixTime>,
    /// The last explanation.
    pub helped_at: Option<UnixTime>,
    /// Texts passed on within ten minutes.
    pub relayed: u32,
    /// Texts withheld since the last digest.
    pub withheld: u32,
    /// The last digest.
    pub digested_at: Option<UnixTime>,
}

impl ReadTx<'_> {
    /// What is remembered about a recipient on a line.
    pub fn relay_desk(&self, user: UserId, line: LineId, now: UnixTime) -> Result<RelayDesk> {
        let sql = "SELECT locked_until, helped_at, withheld, digested_at FROM relay_desks
                    WHERE user_id = ?1 AND line_id = ?2";
        let found = self.conn.prepare_cached(sql)?.query_row((user, line), |row| {
            Ok(RelayDesk {
                locked_until: row.get(0)?,
                helped_at: row.get(1)?,
                withheld: row.get(2)?,
                digested_at: row.get(3)?,
                ..RelayDesk::default()
            })
        });
        let counted = |kind: RelayEvent, within: Millis| -> Result<u32> {
            let sql = "SELECT count(*) FROM relay_events
                        WHERE user_id = ?1 AND line_id = ?2 AND kind = ?3 AND at > ?4 - ?5";
            let asked = (user, line, kind, now, within.0.cast_signed());
            Ok(self.conn.prepare_cached(sql)?.query_row(asked, |row| row.get(0))?)
        };
        Ok(RelayDesk {
            wrong: counted(RelayEvent::WrongCode, AN_HOUR)?,
            relayed: counted(RelayEvent::Relayed, TEN_MINUTES)?,
            ..found.optional()?.unwrap_or_default()
        })
    }
}

impl WriteTx<'_> {
    /// Counts something about a recipient; what is too old to count goes.
    pub fn count_relay_event(
        &self,
        user: UserId,
        line: LineId,
        kind: RelayEvent,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "DELETE FROM relay_events WHERE user_id = ?1 AND line_id = ?2 AND at <= ?3 - ?4";
        let old = (user, line, now, AN_HOUR.0.cast_signed());
        self.conn.prepare_cached(sql)?.execute(old)?;
        let sql = "INSERT INTO relay_events (user_id, line_id, kind, at) VALUES (?1, ?2, ?3, ?4)";
        self.conn.prepare_cached(sql)?.execute((user, line, kind, now))?;
        Ok(())
    }

    /// Answers of this recipient on this line are not acted on until then (E34).
    pub fn lock_relay(&self, user: UserId, line: LineId, until: UnixTime) -> Result<()> {
        self.set_relay_desk("locked_until = :at", user, line, until)
    }

    /// The recipient was told how it works (E19).
    pub fn relay_explained(&self, user: UserId, line: LineId, now: UnixTime) -> Result<()> {
        self.set_relay_desk("helped_at = :at", user, line, now)
    }

    /// A text waits for the next digest (E38).
    pub fn relay_withheld(&self, user: UserId, line: LineId) -> Result<()> {
        let sql = "INSERT INTO relay_desks (user_id, line_id, withheld) VALUES (?1, ?2, 1)
                   ON CONFLICT (user_id, line_id) DO UPDATE SET withheld = withheld + 1";
        self.conn.prepare_cached(sql)?.execute((user, line))?;
        Ok(())
    }

    /// A digest went out (E38).
    pub fn relay_digested(&self, user: UserId, line: LineId, now: UnixTime) -> Result<()> {
        self.set_relay_desk("withheld = 0, digested_at = :at", user, line, now)
    }

    fn set_relay_desk(&self, what: &str, user: UserId, line: LineId, at: UnixTime) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO relay_desks (user_id, line_id) VALUES (?1, ?2)";
        self.conn.prepare_cached(sql)?.execute((user, line))?;
        let sql =
            format!("UPDATE relay_desks SET {what} WHERE user_id = :user AND line_id = :line");
        let set = named_params! { ":at": at, ":user": user, ":line": line };
        self.conn.prepare_cached(&sql)?.execute(set)?;
        Ok(())
    }
}
