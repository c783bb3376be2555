//! Signed-in browsers, and the keys that are good once: printed links, invitations, the step before
//! a second factor.
//!
//! Secrets come in from the caller's randomness; only their SHA-256 is kept. Absent: passwords
//! (`users`) and second factors (`second_factors`).

use rusqlite::{OptionalExtension, Row, named_params};

use super::error::Result;
use super::tokens::{equal, hash};
use super::users::UserId;
use super::words::{LinkKind, row_id};
use super::{ReadTx, WriteTx};
use crate::types::{ConversationId, Millis, Secret, UnixTime};

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
    /// Who is signed in.
    pub user: UserId,
    /// As its owner knows it: `Firefox on Linux`.
    pub browser: String,
    /// Where it signed in from.
    pub address: String,
    /// Opened by a notice's link: the only conversation it sees (C20).
    pub conversation: Option<ConversationId>,
    /// When it signed in.
    pub created_at: UnixTime,
    /// When it last did anything, as noted.
    pub last_seen_at: UnixTime,
}

/// A browser that signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// Who signs in.
    pub user: UserId,
    /// The cookie's secret.
    pub cookie: Secret,
    /// As its owner knows it.
    pub browser: String,
    /// Where it comes from.
    pub address: String,
}

/// What a key that is good once opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInLink {
    /// What for.
    pub kind: LinkKind,
    /// For whom; `None`: the first admin, who may still have to be made.
    pub user: Option<UserId>,
}

impl Session {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Session> {
        Ok(Session {
            id: row.get("id")?,
            user: row.get("user_id")?,
            browser: row.get("browser")?,
            address: row.get("address")?,
            conversation: row.get("conversation_id")?,
            created_at: row.get("created_at")?,
            last_seen_at: row.get("last_seen_at")?,
        })
    }
}

impl ReadTx<'_> {
    /// The session of a cookie, unless its time is over.
    pub fn session(&self, cookie: &Secret, now: UnixTime) -> Result<Option<Session>> {
        let presented = hash(cookie.expose());
        let sql = "SELECT * FROM sessions
                    WHERE hash = :hash AND expires_at > :now AND last_seen_at > :idle";
        let asked = named_params! { ":hash": presented, ":now": now, ":idle": idle(now) };
        let mut statement = self.conn.prepare_cached(sql)?;
        let found = statement
            .query_row(asked, |row| Ok((row.get::<_, [u8; 32]>("hash")?, Session::from_row(row)?)))
            .optional()?;
        Ok(found.filter(|(stored, _)| equal(stored, &presented)).map(|(_, session)| session))
    }

    /// The browsers a user is signed in with, the one used last first.
    pub fn sessions_of(&self, user: UserId, now: UnixTime) -> Result<Vec<Session>> {
        let sql = "SELECT * FROM sessions
                    WHERE user_id = :user AND expires_at > :now AND last_seen_at > :idle
                    ORDER BY last_seen_at DESC, id DESC";
        let mut statement = self.conn.prepare_cached(sql)?;
        let asked = named_params! { ":user": user, ":now": now, ":idle": idle(now) };
        let rows = statement.query_map(asked, Session::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What a key opens, unless it was used or its time is over.
    pub fn sign_in_link(&self, secret: &Secret, now: UnixTime) -> Result<Option<SignInLink>> {
        let sql = "SELECT kind, user_id FROM sign_in_links
                    WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let link = |row: &Row<'_>| Ok(SignInLink { kind: row.get(0)?, user: row.get(1)? });
        Ok(statement.query_row((hash(secret.expose()), now), link).optional()?)
    }
}

impl WriteTx<'_> {
    /// Makes a secret good for one use until `expires_at`, and forgets those that are over.
    pub fn create_sign_in_link(
        &self,
        secret: &Secret,
        link: SignInLink,
        expires_at: UnixTime,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "DELETE FROM sign_in_links WHERE expires_at <= ?1";
        self.conn.prepare_cached(sql)?.execute([now])?;
        let sql = "INSERT INTO sign_in_links (hash, kind, user_id, created_at, expires_at)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let made = (hash(secret.expose()), link.kind, link.user, now, expires_at);
        self.conn.prepare_cached(sql)?.execute(made)?;
        Ok(())
    }

    /// Uses a key up. `None`: unknown, used or expired; two browsers cannot both have it.
    pub fn use_sign_in_link(&self, secret: &Secret, now: UnixTime) -> Result<Option<SignInLink>> {
        let Some(link) = self.sign_in_link(secret, now)? else { return Ok(None) };
        let sql = "UPDATE sign_in_links SET used_at = ?2 WHERE hash = ?1 AND used_at IS NULL";
        let used = self.conn.prepare_cached(sql)?.execute((hash(secret.expose()), now))?;
        Ok((used == 1).then_some(link))
    }

    /// Opens a session and forgets those that are over.
    pub fn create_session(&self, new: &NewSession, now: UnixTime) -> Result<SessionId> {
        let sql = "DELETE FROM sessions WHERE expires_at <= ?1 OR last_seen_at <= ?2";
        self.conn.prepare_cached(sql)?.execute((now, idle(now)))?;
        let sql = "INSERT INTO sessions (hash, user_id, browser, address, created_at, expires_at,
                          last_seen_at)
                   VALUES (:hash, :user, :browser, :address, :now, :end, :now) RETURNING id";
        let opened = named_params! {
            ":hash": hash(new.cookie.expose()), ":user": new.user, ":browser": new.browser,
            ":address": new.address, ":now": now, ":end": now.after(ABSOLUTE),
        };
        Ok(self.conn.prepare_cached(sql)?.query_row(opened, |row| row.get(0))?)
    }

    /// Lets a session see one conversation only, and end earlier.
    pub fn bind_session(
        &self,
        session: SessionId,
        to: ConversationId,
        expires_at: UnixTime,
    ) -> Result<()> {
        let sql = "UPDATE sessions SET conversation_id = ?2, expires_at = ?3 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((session, to, expires_at))?;
        Ok(())
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

    /// Signs a user out everywhere, but for one browser if named, and voids the keys that are still
    /// open; how many browsers it were.
    pub fn end_sessions_of(&self, user: UserId, but: Option<SessionId>) -> Result<usize> {
        let sql = "DELETE FROM sign_in_links WHERE user_id = ?1 AND used_at IS NULL";
        self.conn.prepare_cached(sql)?.execute([user])?;
        let sql = "DELETE FROM sessions WHERE user_id = ?1 AND id IS NOT ?2";
        Ok(self.conn.prepare_cached(sql)?.execute((user, but))?)
    }
}

fn idle(now: UnixTime) -> UnixTime {
    now.before(IDLE)
}
