//! Links in mails to the author of a held text: to let it go or to drop it, once (C6, E58, E60).
//!
//! As with the links in notices, looking changes nothing; a button spends it. An author without
//! an account has no other way to say yes. Absent: whether a conversation may be taken over, which
//! the caller asks when the button is pressed.

use rusqlite::{OptionalExtension, named_params};

use super::error::Result;
use super::tokens::hash;
use super::users::UserId;
use super::{ReadTx, WriteTx};
use crate::types::{MessageId, Millis, Secret, UnixTime};

/// A link is for the question it came with.
pub const HELD_LINK_LIFE: Millis = Millis::from_secs(3 * 24 * 3_600);

/// A link to be made.
#[derive(Clone, Debug)]
pub struct HeldLink<'a> {
    /// What stands in it.
    pub secret: &'a Secret,
    /// The text that waits.
    pub message: MessageId,
    /// The address it is mailed to.
    pub author: &'a str,
    /// The author's account, if there is one.
    pub user: Option<UserId>,
    /// It takes the conversation over as well.
    pub takes_over: bool,
}

/// What a link decides about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldUse {
    /// The text that waits.
    pub message: MessageId,
    /// The address it was mailed to.
    pub author: String,
    /// The author's account, if there is one.
    pub user: Option<UserId>,
    /// It takes the conversation over as well.
    pub takes_over: bool,
    /// The hash of the user's PIN, in PHC form, when one is set.
    pub pin: Option<String>,
}

impl ReadTx<'_> {
    /// What a link decides about, unless it was used, is too old, met too many wrong PINs, or its
    /// text waits no more.
    pub fn held_link(&self, secret: &Secret, now: UnixTime) -> Result<Option<HeldUse>> {
        let sql = "SELECT l.message_id, l.author, l.user_id, l.takes_over, u.pin FROM held_links l
                     JOIN messages m ON m.id = l.message_id AND m.state = 'held'
                     LEFT JOIN users u ON u.id = l.user_id
                    WHERE hash = :hash AND used_at IS NULL AND expires_at > :now
                      AND wrong_pins < :most AND (l.user_id IS NULL OR u.active = 1)";
        let asked = named_params! {
            ":hash": hash(secret.expose()), ":now": now, ":most": MOST_WRONG_PINS,
        };
        let found = self.conn.prepare_cached(sql)?.query_row(asked, |row| {
            Ok(HeldUse {
                message: row.get(0)?,
                author: row.get(1)?,
                user: row.get(2)?,
                takes_over: row.get(3)?,
                pin: row.get(4)?,
            })
        });
        Ok(found.optional()?)
    }
}

impl WriteTx<'_> {
    /// Makes a link, and forgets those whose time is over.
    pub fn create_held_link(&self, new: &HeldLink<'_>, now: UnixTime) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM held_links WHERE expires_at <= ?1")?
            .execute([now])?;
        let sql = "INSERT INTO held_links (hash, message_id, author, user_id, takes_over, created_at, expires_at)
                   VALUES (:hash, :message, :author, :user, :takes_over, :now, :until)";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":hash": hash(new.secret.expose()), ":message": new.message, ":author": new.author,
            ":user": new.user, ":takes_over": new.takes_over, ":now": now,
            ":until": now.after(HELD_LINK_LIFE),
        })?;
        Ok(())
    }

    /// Spends a link. `None`: somebody was faster, or it is over.
    pub fn spend_held_link(&self, secret: &Secret, now: UnixTime) -> Result<Option<HeldUse>> {
        let Some(link) = self.held_link(secret, now)? else { return Ok(None) };
        let sql = "UPDATE held_links SET used_at = ?2 WHERE hash = ?1 AND used_at IS NULL";
        let spent = self.conn.prepare_cached(sql)?.execute((hash(secret.expose()), now))?;
        Ok((spent == 1).then_some(link))
    }

    /// Somebody typed a wrong PIN.
    pub fn wrong_pin_for_held(&self, secret: &Secret) -> Result<()> {
        let sql = "UPDATE held_links SET wrong_pins = wrong_pins + 1 WHERE hash = ?1";
        self.conn.prepare_cached(sql)?.execute([hash(secret.expose())])?;
        Ok(())
    }
}

/// A PIN has four digits and more; so many guesses are let in.
const MOST_WRONG_PINS: u32 = 5;
