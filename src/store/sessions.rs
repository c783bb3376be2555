//! Signed-in browsers, and the links that open a session once.

use rusqlite::{OptionalExtension, named_params};

use super::error::Result;
use super::tokens::{equal, hash};
use super::words::row_id;
use super::{ReadTx, WriteTx};
use crate::types::{Millis, Secret, UnixTime};

row_id!(
    /// A signed-in browser.
    SessionId
);

/// Unused for so long, a session ends.
const IDLE: Millis = Millis::from_secs(12 * 3_600);
/// However much used, it ends after this.
const ABSOLUTE: Millis = Millis::from_secs(30 * 24 * 3_600);

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its row.
    pub id: SessionId,
    /// `link` until accounts exist.
    pub who: String,
    /// When it last did anything, as noted.
    pub last_seen_at: UnixTime,
}

impl ReadTx<'_> {
    /// The session of a cookie, unless its time is over.
    pub fn session(&self, cookie: &Secret, now: UnixTime) -> Result<Option<Session>> {
        let presented = hash(cookie.expose());
        let sql = "SELECT hash, id, who, last_seen_at FROM sessions
                    WHERE hash = :hash AND expires_at > :now AND last_seen_at > :idle";
        let idle = UnixTime(now.0 - IDLE.0.cast_signed());
        let asked = named_params! { ":hash": presented, ":now": now, ":idle": idle };
        let mut statement = self.conn.prepare_cached(sql)?;
        let found = statement
            .query_row(asked, |row| {
                let session =
                    Session { id: row.get(1)?, who: row.get(2)?, last_seen_at: row.get(3)? };
                Ok((row.get::<_, [u8; 32]>(0)?, session))
            })
            .optional()?;
        Ok(found.filter(|(stored, _)| equal(stored, &presented)).map(|(_, session)| session))
    }
}

impl WriteTx<'_> {
    /// Makes a sign-in link's secret good for one session until `expires_at`.
    pub fn create_sign_in_link(
        &self,
        secret: &Secret,
        expires_at: UnixTime,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "INSERT INTO sign_in_links (hash, created_at, expires_at) VALUES (?1, ?2, ?3)";
        self.conn.prepare_cached(sql)?.execute((hash(secret.expose()), now, expires_at))?;
        Ok(())
    }

    /// Uses a sign-in link up and opens the session of `cookie`. `None`: unknown, used or expired.
    pub fn sign_in_by_link(
        &self,
        link: &Secret,
        cookie: &Secret,
        now: UnixTime,
    ) -> Result<Option<SessionId>> {
        let sql = "UPDATE sign_in_links SET used_at = ?2
                    WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2";
        if self.conn.prepare_cached(sql)?.execute((hash(link.expose()), now))? == 0 {
            return Ok(None);
        }
        self.create_session("link", cookie, now).map(Some)
    }

    /// Opens a session and forgets those that are over.
    pub fn create_session(&self, who: &str, cookie: &Secret, now: UnixTime) -> Result<SessionId> {
        let sql = "DELETE FROM sessions WHERE expires_at <= ?1 OR last_seen_at <= ?2";
        let idle = UnixTime(now.0 - IDLE.0.cast_signed());
        self.conn.prepare_cached(sql)?.execute((now, idle))?;
        let sql = "INSERT INTO sessions (hash, who, created_at, expires_at, last_seen_at)
                   VALUES (?1, ?2, ?3, ?4, ?3) RETURNING id";
        let opened = (hash(cookie.expose()), who, now, now.after(ABSOLUTE));
        Ok(self.conn.prepare_cached(sql)?.query_row(opened, |row| row.get(0))?)
    }

    /// Notes that a session is in use; callers do so every few minutes at most.
    pub fn session_used(&self, session: SessionId, now: UnixTime) -> Result<()> {
        let sql = "UPDATE sessions SET last_seen_at = max(last_seen_at, ?2) WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((session, now))?;
        Ok(())
    }

    /// Signs out.
    pub fn end_session(&self, session: SessionId) -> Result<()> {
        self.conn.prepare_cached("DELETE FROM sessions WHERE id = ?1")?.execute([session])?;
        Ok(())
    }
}
