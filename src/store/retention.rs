//! What is over is forgotten: rows about mail and notices, and mails nobody has decided about.
//!
//! Kept longer than the rest is what the answer to an old forward still rests on: whom it went to
//! (C14), and that its mail was here before (E52), for as long as a reply address is good. A text
//! keeps the mail it was made from as long as it is kept itself.

use rusqlite::named_params;

use super::WriteTx;
use super::error::Result;
use crate::types::{Millis, UnixTime};

/// How long rows about mail are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// What became of each mail and each notice.
    pub rows: Millis,
    /// A mail that waits for an admin.
    pub quarantine: Millis,
    /// A reply address is good for so long.
    pub answers: Millis,
}

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Deliveries.
    pub deliveries: u64,
    /// Mails that came in.
    pub mails: u64,
    /// Mails in the quarantine that nobody decided about.
    pub undecided: u64,
}

/// Rows of each kind that go in one transaction at most: the next look takes the rest.
const AT_A_TIME: u32 = 1_000;

impl WriteTx<'_> {
    /// Forgets what is older than that.
    pub fn forget_mail(&self, keep: &Keep, now: UnixTime) -> Result<Forgotten> {
        let before = |life: Millis| now.before(life);
        let (rows, answers) = (before(keep.rows), before(keep.rows.max(keep.answers)));
        let asked = named_params! { ":rows": rows, ":answers": answers, ":most": AT_A_TIME };
        let deliveries = self.conn.prepare_cached(DELIVERIES)?.execute(asked)?;
        let mails = self.conn.prepare_cached(MAILS)?.execute(asked)?;
        let sql = "DELETE FROM mail_sinks WHERE last_bounce_at < ?1";
        self.conn.prepare_cached(sql)?.execute([rows])?;
        let sql = "UPDATE mails SET outcome = 'rejected', raw = NULL, decided_at = :now,
                          why = why || '; nobody decided in time'
                    WHERE outcome = 'quarantined' AND at < :before";
        let waited = named_params! { ":now": now, ":before": before(keep.quarantine) };
        let undecided = self.conn.prepare_cached(sql)?.execute(waited)?;
        let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
        Ok(Forgotten {
            deliveries: count(deliveries),
            mails: count(mails),
            undecided: count(undecided),
        })
    }
}

const DELIVERIES: &str = "
    DELETE FROM deliveries WHERE id IN (
        SELECT id FROM deliveries
         WHERE created_at < :rows AND state IN ('done', 'failed')
           AND (kind <> 'email' OR created_at < :answers)
         ORDER BY created_at LIMIT :most)";

const MAILS: &str = "
    DELETE FROM mails WHERE id IN (
        SELECT id FROM mails
         WHERE at < :rows AND outcome NOT IN ('quarantined', 'approved')
           AND (outcome NOT IN ('sent', 'held') OR at < :answers)
           AND NOT EXISTS (SELECT 1 FROM mail_texts WHERE mail_id = mails.id)
         ORDER BY at LIMIT :most)";
