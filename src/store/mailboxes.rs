//! Where mail stands: how far each mailbox was read, whether mail leaves, whose mail comes back.

use rusqlite::{OptionalExtension, Row, named_params};

use super::error::Result;
use super::users::UserId;
use super::words::MailPart;
use super::{ReadTx, WriteTx};
use crate::types::UnixTime;

/// How far a mailbox was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// UIDs are those of this numbering.
    pub uid_validity: u32,
    /// The last mail dealt with.
    pub last_uid: u32,
    /// When it was last read.
    pub read_at: UnixTime,
}

/// How it is with mail, one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailHealth {
    /// Out or in.
    pub part: MailPart,
    /// What is wrong; `None`: nothing.
    pub error: Option<String>,
    /// It has been so.
    pub since: UnixTime,
    /// Last tried.
    pub at: UnixTime,
}

/// An address that mail came back from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingSink {
    /// The address.
    pub address: String,
    /// Mails that came back in a row.
    pub hard_bounces: u32,
    /// What the last one said.
    pub error: Option<String>,
}

/// After so many mails that came back for good, an address is said to fail (E41).
pub const FAILING_AFTER: u32 = 3;

impl ReadTx<'_> {
    /// How it is with mail.
    pub fn mail_health(&self) -> Result<Vec<MailHealth>> {
        let sql = "SELECT * FROM mail_health ORDER BY part";
        let mut statement = self.conn.prepare_cached(sql)?;
        let health = |row: &Row<'_>| {
            Ok(MailHealth {
                part: row.get("part")?,
                error: row.get("error")?,
                since: row.get("since")?,
                at: row.get("at")?,
            })
        };
        let rows = statement.query_map([], health)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Texts that were started by mail from an address since a time.
    pub fn started_by_mail_since(&self, author: &str, since: UnixTime) -> Result<u32> {
        let sql = "SELECT count(*) FROM mail_texts t JOIN messages m ON m.id = t.message_id
                    WHERE t.author = ?1 COLLATE NOCASE AND t.answers IS NULL AND m.created_at >= ?2";
        Ok(self.conn.prepare_cached(sql)?.query_row((author, since), |row| row.get(0))?)
    }

    /// The addresses that mail keeps coming back from.
    pub fn failing_sinks(&self) -> Result<Vec<FailingSink>> {
        let sql = "SELECT address, hard_bounces, last_error FROM mail_sinks
                    WHERE hard_bounces >= ?1 ORDER BY address";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([FAILING_AFTER], |row| {
            Ok(FailingSink { address: row.get(0)?, hard_bounces: row.get(1)?, error: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Lets a user start so many texts by mail within a day.
    pub fn set_mail_quota(&self, user: UserId, quota: u32) -> Result<()> {
        let sql = "UPDATE users SET mail_quota = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((user, quota))?;
        Ok(())
    }

    /// How far a mailbox was read; one never read begins now.
    pub fn mailbox_cursor(&self, name: &str, now: UnixTime) -> Result<Cursor> {
        let sql = "INSERT INTO mailboxes (name, read_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
        self.conn.prepare_cached(sql)?.execute((name, now))?;
        let sql = "SELECT uid_validity, last_uid, read_at FROM mailboxes WHERE name = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([name], |row| {
            Ok(Cursor { uid_validity: row.get(0)?, last_uid: row.get(1)?, read_at: row.get(2)? })
        })?)
    }

    /// A mailbox was read up to here.
    pub fn move_mailbox_cursor(&self, name: &str, to: &Cursor) -> Result<()> {
        let sql =
            "UPDATE mailboxes SET uid_validity = ?2, last_uid = ?3, read_at = ?4 WHERE name = ?1";
        let moved = (name, to.uid_validity, to.last_uid, to.read_at);
        self.conn.prepare_cached(sql)?.execute(moved)?;
        Ok(())
    }

    /// Notes how it is with mail; `true` when that is news.
    pub fn note_mail_health(
        &self,
        part: MailPart,
        error: Option<&str>,
        now: UnixTime,
    ) -> Result<bool> {
        let sql = "SELECT error IS NULL FROM mail_health WHERE part = ?1";
        let was: Option<bool> =
            self.conn.prepare_cached(sql)?.query_row([part], |row| row.get(0)).optional()?;
        let sql =
            "INSERT INTO mail_health (part, error, since, at) VALUES (:part, :error, :now, :now)
                   ON CONFLICT (part) DO UPDATE SET error = excluded.error, at = excluded.at,
                       since = iif((error IS NULL) = (excluded.error IS NULL), since, excluded.at)";
        let noted = named_params! { ":part": part, ":error": error, ":now": now };
        self.conn.prepare_cached(sql)?.execute(noted)?;
        Ok(was != Some(error.is_none()))
    }

    /// A mail to `address` came back for good; how many did in a row.
    pub fn sink_bounced(&self, address: &str, error: &str, now: UnixTime) -> Result<u32> {
        let sql = "INSERT INTO mail_sinks (address, hard_bounces, last_error, last_bounce_at)
                   VALUES (?1, 1, ?2, ?3)
                   ON CONFLICT (address) DO UPDATE SET hard_bounces = hard_bounces + 1,
                       last_error = excluded.last_error, last_bounce_at = excluded.last_bounce_at
                   RETURNING hard_bounces";
        let bounced = (address, error, now);
        Ok(self.conn.prepare_cached(sql)?.query_row(bounced, |row| row.get(0))?)
    }

    /// Somebody at `address` has answered: mail reaches them.
    pub fn sink_works(&self, address: &str) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM mail_sinks WHERE address = ?1")?
            .execute([address])?;
        Ok(())
    }
}
