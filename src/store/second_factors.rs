//! Second factors: what is shared with a user's authenticator, and the codes that stand in for it.
//!
//! The arithmetic of RFC 6238 is `web`'s; here is which step was taken last, so that no code is good
//! twice.

use rusqlite::OptionalExtension;

use super::error::Result;
use super::tokens::hash;
use super::users::UserId;
use super::words::ChangeKind;
use super::{ReadTx, WriteTx};
use crate::types::{Secret, UnixTime};

/// A user's authenticator.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondFactor {
    /// 160 bits.
    pub secret: Vec<u8>,
    /// Whether a code has come back: before, it protects nothing.
    pub confirmed: bool,
    /// The step of the last code taken.
    pub last_step: u64,
}

impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondFactor").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

impl ReadTx<'_> {
    /// A user's authenticator, also one that is being set up.
    pub fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>> {
        let sql = "SELECT secret, confirmed, last_step FROM second_factors WHERE user_id = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let found = statement.query_row([user], |row| {
            let last_step: i64 = row.get(2)?;
            Ok(SecondFactor {
                secret: row.get(0)?,
                confirmed: row.get(1)?,
                last_step: last_step.max(0).cast_unsigned(),
            })
        });
        Ok(found.optional()?)
    }

    /// How many recovery codes are left.
    pub fn recovery_codes_left(&self, user: UserId) -> Result<u32> {
        let sql = "SELECT count(*) FROM recovery_codes WHERE user_id = ?1 AND used_at IS NULL";
        Ok(self.conn.prepare_cached(sql)?.query_row([user], |row| row.get(0))?)
    }
}

impl WriteTx<'_> {
    /// Begins to set up an authenticator. One that protects already is not touched: `false`.
    pub fn begin_second_factor(&self, user: UserId, secret: &[u8], now: UnixTime) -> Result<bool> {
        let sql = "INSERT INTO second_factors (user_id, secret, created_at) VALUES (?1, ?2, ?3)
                   ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret,
                       created_at = excluded.created_at, last_step = 0
                    WHERE confirmed = 0";
        Ok(self.conn.prepare_cached(sql)?.execute((user, secret, now))? == 1)
    }

    /// Takes the code of a step, once; the first one puts the authenticator in force. `false`: a
    /// code of that step or a later one was taken before.
    pub fn take_step(&self, user: UserId, step: u64, now: UnixTime) -> Result<bool> {
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        let sql = "UPDATE second_factors SET last_step = ?2, confirmed = 1
                    WHERE user_id = ?1 AND last_step < ?2";
        let taken = self.conn.prepare_cached(sql)?.execute((user, step))? == 1;
        if taken {
            self.changed(ChangeKind::User, user.0, now)?;
        }
        Ok(taken)
    }

    /// Replaces the recovery codes.
    pub fn set_recovery_codes(&self, user: UserId, codes: &[Secret]) -> Result<()> {
        let sql = "DELETE FROM recovery_codes WHERE user_id = ?1";
        self.conn.prepare_cached(sql)?.execute([user])?;
        let sql = "INSERT INTO recovery_codes (user_id, hash) VALUES (?1, ?2)";
        let mut statement = self.conn.prepare_cached(sql)?;
        codes
            .iter()
            .try_for_each(|code| statement.execute((user, hash(code.expose()))).map(drop))?;
        Ok(())
    }

    /// Uses a recovery code up; `false` when it is none or was used.
    pub fn use_recovery_code(&self, user: UserId, code: &Secret, now: UnixTime) -> Result<bool> {
        let sql = "UPDATE recovery_codes SET used_at = ?3
                    WHERE user_id = ?1 AND hash = ?2 AND used_at IS NULL";
        Ok(self.conn.prepare_cached(sql)?.execute((user, hash(code.expose()), now))? == 1)
    }

    /// Takes the authenticator and its recovery codes away.
    pub fn end_second_factor(&self, user: UserId, now: UnixTime) -> Result<()> {
        for sql in [
            "DELETE FROM second_factors WHERE user_id = ?1",
            "DELETE FROM recovery_codes WHERE user_id = ?1",
        ] {
            self.conn.prepare_cached(sql)?.execute([user])?;
        }
        self.changed(ChangeKind::User, user.0, now)
    }
}
