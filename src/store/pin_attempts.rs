//! SIM PINs tried: a wrong one is never tried twice, not even after a restart.
//!
//! Three wrong tries lock a card, so the try is committed before the modem gets the PIN.

use rusqlite::{OptionalExtension, named_params};

use super::error::Result;
use super::{ReadTx, WriteTx};
use crate::types::UnixTime;

impl ReadTx<'_> {
    /// Whether this PIN was tried on this SIM without success, or without our seeing the answer.
    pub fn pin_is_spent(&self, sim: &str, fingerprint: &[u8]) -> Result<bool> {
        let sql = "SELECT accepted IS NULL OR accepted = 0 FROM pin_attempts
                    WHERE sim = ?1 AND fingerprint = ?2";
        let spent = self.conn.prepare_cached(sql)?.query_row((sim, fingerprint), |row| row.get(0));
        Ok(spent.optional()?.unwrap_or(false))
    }
}

impl WriteTx<'_> {
    /// Records a try before it happens. `false`: it must not happen, for it did before and the
    /// card did not take the PIN. `fingerprint` tells one configured PIN from another and is the
    /// caller's keyed digest, never the PIN.
    pub fn begin_pin_attempt(&self, sim: &str, fingerprint: &[u8], now: UnixTime) -> Result<bool> {
        let sql =
            "INSERT INTO pin_attempts (sim, fingerprint, tried_at) VALUES (:sim, :print, :now)
                   ON CONFLICT (sim, fingerprint) DO UPDATE SET tried_at = :now, accepted = NULL
                    WHERE accepted = 1";
        let tried = named_params! { ":sim": sim, ":print": fingerprint, ":now": now };
        Ok(self.conn.prepare_cached(sql)?.execute(tried)? > 0)
    }

    /// Records what the card said.
    pub fn finish_pin_attempt(&self, sim: &str, fingerprint: &[u8], accepted: bool) -> Result<()> {
        let sql = "UPDATE pin_attempts SET accepted = ?3 WHERE sim = ?1 AND fingerprint = ?2";
        self.conn.prepare_cached(sql)?.execute((sim, fingerprint, accepted))?;
        Ok(())
    }

    /// A person says: try again.
    pub fn forget_pin_attempts(&self, sim: &str) -> Result<()> {
        self.conn.prepare_cached("DELETE FROM pin_attempts WHERE sim = ?1")?.execute([sim])?;
        Ok(())
    }
}
