//! Texts beyond their time are deleted, in two phases (E165, E171): first marked, and deleted only
//! after a day of running with a clock that was right all along. That day is counted in beats, one
//! for each such hour, so that neither a clock set to the wrong year nor a restart shortens it.
//!
//! What waits for a person, or is still to be sent, stays whatever its age. So do the keys by which a
//! text still on a SIM is known as seen, counts, consent, contacts and notes.

use rusqlite::{OptionalExtension, named_params};
use serde_json::json;

use super::error::Result;
use super::messages::Author;
use super::words::{AuthorKind, ChangeKind};
use super::{ReadTx, WriteTx};
use crate::types::{ConversationId, Millis, UnixTime};

/// What was deleted at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// Texts.
    pub messages: usize,
    /// The conversations that they were in.
    pub conversations: Vec<ConversationId>,
}

impl ReadTx<'_> {
    /// Texts that are marked to be deleted.
    pub fn marked_for_deletion(&self) -> Result<u32> {
        let sql = "SELECT count(*) FROM retention_marks";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }
}

impl WriteTx<'_> {
    /// An hour with a clock to trust has passed: marks what was made before a time, going on where
    /// the look before ended, so that texts which stay do not hide those behind them.
    pub fn mark_old(&self, older_than: UnixTime) -> Result<()> {
        let beat = self.beat()? + 1;
        self.set_setting(BEAT, &beat.to_string())?;
        let from = self.setting(LOOKED_TO)?.and_then(|id| id.parse().ok()).unwrap_or(0_i64);
        // So many rows only: a look costs the same however much is kept.
        let sql = format!(
            "INSERT INTO retention_marks (message_id, beat)
             SELECT m.id, :beat FROM messages m
              WHERE m.id IN (SELECT id FROM messages WHERE id > :from ORDER BY id LIMIT :most) AND {OVER}
             ON CONFLICT (message_id) DO NOTHING"
        );
        self.conn.prepare_cached(&sql)?.execute(named_params! {
            ":beat": beat, ":older": older_than, ":from": from, ":most": LOOKED_AT,
        })?;
        // From the oldest again once the texts end, or are too young.
        let sql = "SELECT id FROM (SELECT id, created_at FROM messages WHERE id > :from
                                    ORDER BY id LIMIT 1 OFFSET :most - 1)
                    WHERE created_at < :older";
        let last = named_params! { ":from": from, ":most": LOOKED_AT, ":older": older_than };
        let last = self.conn.prepare_cached(sql)?.query_row(last, |row| row.get(0)).optional()?;
        self.set_setting(LOOKED_TO, &last.unwrap_or(0_i64).to_string())
    }

    /// The clock was set, or cannot be right: nothing that was marked by it counts.
    pub fn unmark_old(&self) -> Result<()> {
        self.conn.prepare_cached("DELETE FROM retention_marks")?.execute([])?;
        Ok(())
    }

    /// Deletes some of what was marked a day ago and is still old. The audit log says how many.
    pub fn delete_old(&self, older_than: UnixTime, now: UnixTime) -> Result<Deleted> {
        let due = format!(
            "SELECT m.id FROM retention_marks r JOIN messages m ON m.id = r.message_id
              WHERE r.beat <= :beat AND {OVER} ORDER BY r.message_id LIMIT :most"
        );
        let params = named_params! {
            ":beat": self.beat()? - A_DAY, ":older": older_than, ":most": AT_ONCE,
        };
        // The journal keeps a second copy of the octets for a month.
        if now.since(older_than) < JOURNALLED {
            let sql = format!(
                "SELECT tpdu FROM segments_in WHERE message_id IN ({due})
                 UNION SELECT tpdu FROM segments_out WHERE message_id IN ({due})
                 UNION SELECT r.tpdu FROM reports r JOIN segments_out s ON s.id = r.segment_id
                        WHERE s.message_id IN ({due})"
            );
            let mut statement = self.conn.prepare_cached(&sql)?;
            let tpdus = statement.query_map(params, |row| row.get(0))?;
            self.forget(tpdus.collect::<rusqlite::Result<_>>()?);
        }
        let sql = format!(
            "SELECT DISTINCT conversation_id FROM messages
              WHERE conversation_id IS NOT NULL AND id IN ({due})"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let threads = statement.query_map(params, |row| row.get(0))?;
        let threads: Vec<ConversationId> = threads.collect::<rusqlite::Result<_>>()?;
        for what in SCRUB {
            self.conn.prepare_cached(&what.replace(DUE, &due))?.execute(params)?;
        }
        let sql = format!("DELETE FROM messages WHERE id IN ({due})");
        let deleted = self.conn.prepare_cached(&sql)?.execute(params)?;
        for thread in &threads {
            self.lost_texts(*thread, now)?;
        }
        let sql = "DELETE FROM refusals WHERE at < ?1";
        self.conn.prepare_cached(sql)?.execute([older_than])?;
        if deleted > 0 {
            let days = now.since(older_than).0 / (24 * 3_600_000);
            let detail = json!({ "messages": deleted, "older_than_days": days });
            let gateway = Author { kind: AuthorKind::System, id: Some("retention".to_owned()) };
            self.audit(&gateway, "retention.deleted", None, &detail, now)?;
        }
        Ok(Deleted { messages: deleted, conversations: threads })
    }

    /// A conversation has lost its oldest texts: its counters say what is left; one of which nothing
    /// is left, and about which nobody wrote anything down, goes too.
    fn lost_texts(&self, thread: ConversationId, now: UnixTime) -> Result<()> {
        let sql =
            "DELETE FROM conversations WHERE id = ?1 AND possible_opt_out = 0 AND flag IS NULL
                      AND NOT EXISTS (SELECT 1 FROM messages WHERE conversation_id = ?1)
                      AND NOT EXISTS (SELECT 1 FROM notes WHERE conversation_id = ?1)
                      AND NOT EXISTS (SELECT 1 FROM drafts WHERE conversation_id = ?1)";
        self.conn.prepare_cached(sql)?.execute([thread])?;
        let sql = "UPDATE conversations SET
                          last_message_id = (SELECT max(id) FROM messages WHERE conversation_id = ?1
                                                AND kind IN ('text', 'undecodable')),
                          unread = min(unread, (SELECT count(*) FROM messages
                                                 WHERE conversation_id = ?1 AND badge = 1))
                    WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute([thread])?;
        self.changed(ChangeKind::Conversation, thread.0, now)
    }

    fn beat(&self) -> Result<i64> {
        Ok(self.setting(BEAT)?.and_then(|beat| beat.parse().ok()).unwrap_or(0))
    }
}

/// Old, and nobody's business any more.
const OVER: &str = "m.created_at < :older
    AND m.state NOT IN ('queued', 'submitting', 'unknown', 'held')
    AND NOT EXISTS (SELECT 1 FROM outbound o WHERE o.message_id = m.id AND o.stage <> 'over')";

/// Stands for the ids in [`SCRUB`].
const DUE: &str = "{due}";
/// What does not go with the message by itself, or must stay without its words.
const SCRUB: &[&str] = &[
    "UPDATE reports SET recipient = '', tpdu = x'' WHERE segment_id IN
      (SELECT id FROM segments_out WHERE message_id IN ({due}))",
    "DELETE FROM custody WHERE segment_id IN
      (SELECT id FROM segments_in WHERE message_id IN ({due}))",
    "UPDATE segments_in SET tpdu = x'', error = NULL WHERE message_id IN ({due})",
    "DELETE FROM groups WHERE message_id IN ({due})",
];

/// The setting that counts hours with a clock to trust.
const BEAT: &str = "retention_beat";
/// The setting that says to which row the last look went.
const LOOKED_TO: &str = "retention_looked_to";
/// Beats from mark to deletion.
const A_DAY: i64 = 24;
/// Rows looked at in an hour.
const LOOKED_AT: u32 = 20_000;
/// Texts deleted in one transaction: others wait for it.
const AT_ONCE: u32 = 500;
/// For how long the journal keeps octets, and a day.
const JOURNALLED: Millis = Millis::from_secs(31 * 24 * 3_600);
