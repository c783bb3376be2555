//! Links in notices: one conversation, one user, once (S113, C20).
//!
//! Looking at a link changes nothing, because previews and mail scanners look at links too (E153);
//! the button of its page spends it. Whether a PIN is right is for the caller to say: hashing takes
//! longer than a transaction may.

use rusqlite::OptionalExtension;

use super::error::Result;
use super::tokens::hash;
use super::users::UserId;
use super::words::ChangeKind;
use super::{ReadTx, WriteTx};
use crate::types::{ConversationId, Millis, Secret, UnixTime};

/// A link is for the text it came with.
pub const THREAD_LINK_LIFE: Millis = Millis::from_secs(24 * 3_600);

/// What a link opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkUse {
    /// For whom.
    pub user: UserId,
    /// Which conversation.
    pub conversation: ConversationId,
    /// The hash of the user's PIN, in PHC form, when one is set.
    pub pin: Option<String>,
}

impl ReadTx<'_> {
    /// What a link opens, unless it was used, is too old, or met too many wrong PINs.
    pub fn thread_link(&self, secret: &Secret, now: UnixTime) -> Result<Option<LinkUse>> {
        let sql = "SELECT l.user_id, l.conversation_id, u.pin FROM thread_links l
                     JOIN users u ON u.id = l.user_id AND u.active = 1
                    WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2 AND wrong_pins < ?3";
        let asked = (hash(secret.expose()), now, MOST_WRONG_PINS);
        let found = self.conn.prepare_cached(sql)?.query_row(asked, |row| {
            Ok(LinkUse { user: row.get(0)?, conversation: row.get(1)?, pin: row.get(2)? })
        });
        Ok(found.optional()?)
    }
}

impl WriteTx<'_> {
    /// Makes a secret that opens one conversation for one user, once, until `expires_at`.
    pub fn create_thread_link(
        &self,
        secret: &Secret,
        user: UserId,
        conversation: ConversationId,
        expires_at: UnixTime,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "DELETE FROM thread_links WHERE expires_at <= ?1";
        self.conn.prepare_cached(sql)?.execute([now])?;
        let sql =
            "INSERT INTO thread_links (hash, user_id, conversation_id, created_at, expires_at)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        let made = (hash(secret.expose()), user, conversation, now, expires_at);
        self.conn.prepare_cached(sql)?.execute(made)?;
        Ok(())
    }

    /// Spends a link. `None`: somebody was faster, or it is over.
    pub fn spend_thread_link(&self, secret: &Secret, now: UnixTime) -> Result<Option<LinkUse>> {
        let Some(link) = self.thread_link(secret, now)? else { return Ok(None) };
        let sql = "UPDATE thread_links SET used_at = ?2 WHERE hash = ?1 AND used_at IS NULL";
        let spent = self.conn.prepare_cached(sql)?.execute((hash(secret.expose()), now))?;
        Ok((spent == 1).then_some(link))
    }

    /// Somebody typed a wrong PIN.
    pub fn wrong_pin(&self, secret: &Secret) -> Result<()> {
        let sql = "UPDATE thread_links SET wrong_pins = wrong_pins + 1 WHERE hash = ?1";
        self.conn.prepare_cached(sql)?.execute([hash(secret.expose())])?;
        Ok(())
    }

    /// Keeps the hash of the PIN that a user's links ask for; `None`: they ask for none.
    pub fn set_link_pin(&self, user: UserId, pin: Option<&Secret>, now: UnixTime) -> Result<()> {
        let sql = "UPDATE users SET pin = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((user, pin.map(Secret::expose)))?;
        self.changed(ChangeKind::User, user.0, now)
    }
}

/// A PIN has four digits and more; so many guesses are let in.
const MOST_WRONG_PINS: u32 = 5;
