//! Settling a text by decision: a person's, or the clock's.

use rusqlite::{OptionalExtension, named_params};

use super::error::Result;
use super::lines::LineId;
use super::words::{ChangeKind, Stage};
use super::{ReadTx, WriteTx};
use crate::types::{MessageId, MessageState, Millis, Number, UnixTime};

/// What became of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Done; this is the state now.
    Done(MessageState),
    /// Its state does not allow it: too late, or nothing to settle.
    Refused(MessageState),
    /// There is no such outbound text.
    NotFound,
}

impl ReadTx<'_> {
    /// Where an outbound message stands: its state, its place and how many segments left or may have.
    fn place_of(&self, message: MessageId) -> Result<Option<(MessageState, Stage, u32)>> {
        let sql = "SELECT m.state, o.stage, (SELECT count(*) FROM segments_out s
                            WHERE s.message_id = m.id AND s.state IN ('on_air', 'accepted', 'unknown'))
                     FROM messages m JOIN outbound o ON o.message_id = m.id WHERE m.id = ?1";
        let standing = self
            .conn
            .prepare_cached(sql)?
            .query_row([message], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        Ok(standing.optional()?)
    }
}

impl WriteTx<'_> {
    /// Takes a text back, as long as none of it has left.
    pub fn cancel(&self, message: MessageId, now: UnixTime) -> Result<Settled> {
        let Some((state, stage, left)) = self.place_of(message)? else {
            return Ok(Settled::NotFound);
        };
        let early = matches!(state, MessageState::Queued | MessageState::Held);
        if !early || stage == Stage::OnAir || left > 0 {
            return Ok(Settled::Refused(state));
        }
        self.close(message, MessageState::Cancelled, "cancelled", None, now)
    }

    /// Cancels everything to a number that has not left, on one line or on all: its owner has opted
    /// out (E97). Answers about consent stay. Returns what was cancelled.
    pub fn cancel_all_to(
        &self,
        number: &Number,
        line: Option<LineId>,
        now: UnixTime,
    ) -> Result<Vec<MessageId>> {
        let sql = "SELECT m.id FROM messages m JOIN outbound o ON o.message_id = m.id
                    WHERE m.number_key = ?1 AND (?2 IS NULL OR o.line_id = ?2)
                      AND m.state IN ('queued', 'held') AND m.class <> 'consent'";
        let waiting = self.ids(sql, (number.key(), line))?;
        let mut cancelled = Vec::new();
        for message in waiting {
            if let Settled::Done(_) = self.cancel(message, now)? {
                self.explain(message, Some(("opted_out", "The recipient has opted out.")))?;
                cancelled.push(message);
            }
        }
        Ok(cancelled)
    }

    /// Sends a settled text once more, as a whole. It says so when a part may have arrived before.
    /// A held one is let go.
    pub fn resend(&self, message: MessageId, now: UnixTime) -> Result<Settled> {
        use MessageState::*;
        let Some((state, _, _)) = self.place_of(message)? else { return Ok(Settled::NotFound) };
        if !matches!(state, Failed | Unknown | Undeliverable | Expired | Cancelled | Held) {
            return Ok(Settled::Refused(state));
        }
        if state == Held {
            let sql = "UPDATE outbound SET let_go = 1 WHERE message_id = ?1";
            self.conn.prepare_cached(sql)?.execute([message])?;
        }
        self.send_anew(message, now, "sent again by a person")?;
        Ok(Settled::Done(Queued))
    }

    /// Lets a held text go because its author said yes. Nobody has looked at the limits: they are
    /// asked once more when it leaves.
    pub fn send_on(&self, message: MessageId, now: UnixTime) -> Result<Settled> {
        let Some((state, _, _)) = self.place_of(message)? else { return Ok(Settled::NotFound) };
        if state != MessageState::Held {
            return Ok(Settled::Refused(state));
        }
        self.send_anew(message, now, "its author said yes")?;
        Ok(Settled::Done(MessageState::Queued))
    }

    /// Gives up a text that waits for a person.
    pub fn drop_message(&self, message: MessageId, now: UnixTime) -> Result<Settled> {
        let Some((state, _, _)) = self.place_of(message)? else { return Ok(Settled::NotFound) };
        match state {
            MessageState::Held => {
                self.close(message, MessageState::Cancelled, "dropped", None, now)
            }
            MessageState::Unknown => {
                let why = ("dropped", "a person gave it up; it may have been sent");
                self.close(message, MessageState::Failed, "dropped", Some(why), now)
            }
            state => Ok(Settled::Refused(state)),
        }
    }

    /// Puts a waiting text aside for a person to decide, for instance while the line is sick.
    pub fn hold(&self, message: MessageId, reason: &str, now: UnixTime) -> Result<Settled> {
        let Some((state, stage, _)) = self.place_of(message)? else { return Ok(Settled::NotFound) };
        if state != MessageState::Queued || stage == Stage::OnAir {
            return Ok(Settled::Refused(state));
        }
        let sql = "UPDATE messages SET hold_reason = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((message, reason))?;
        self.close(message, MessageState::Held, "held", None, now)
    }

    /// Takes a text out of the way that could not be handed over: it waits for a person or, when a part
    /// of it has left, until `next`.
    pub fn move_aside(
        &self,
        message: MessageId,
        reason: &str,
        next: UnixTime,
        now: UnixTime,
    ) -> Result<()> {
        if let Settled::Done(_) = self.hold(message, reason, now)? {
            return Ok(());
        }
        // Never one of unknown end, which is not the sender's any more.
        let sql = "UPDATE outbound SET stage = 'waiting', lease_until = NULL, next_try_at = ?2
                    WHERE message_id = ?1 AND stage IN ('waiting', 'leased')";
        self.conn.prepare_cached(sql)?.execute((message, next))?;
        self.custody(message, now, "put off", Some(reason))?;
        self.changed(ChangeKind::Message, message.0, now)
    }

    /// Expires what was not handed over within its time. Returns what expired.
    pub fn expire_outbound(&self, now: UnixTime) -> Result<Vec<MessageId>> {
        let sql = "SELECT message_id FROM outbound WHERE stage <> 'over' AND valid_until <= ?1
                      AND (stage = 'waiting' OR (stage = 'leased' AND lease_until <= ?1)) LIMIT 1000";
        let expired = self.ids(sql, [now])?;
        for &message in &expired {
            let why = ("expired", "its time was over before a modem could take it");
            self.close(message, MessageState::Expired, "expired", Some(why), now)?;
        }
        Ok(expired)
    }

    /// Sends codes and alarms once more that have been `unknown` for `wait` without evidence,
    /// inside their validity, marked; never twice (D5), and not where the references say that all
    /// of it left. Returns them.
    pub fn resend_overdue_unknown(&self, wait: Millis, now: UnixTime) -> Result<Vec<MessageId>> {
        let sql = "SELECT o.message_id FROM messages m JOIN outbound o ON o.message_id = m.id
                    WHERE (m.state = 'unknown' OR m.state = 'held' OR m.state = 'failed') AND m.state = 'unknown'
                      AND m.class IN ('alert', 'otp') AND o.auto_resends = 0
                      AND o.unknown_at <= ?1 - ?2 AND o.valid_until > ?1
                      AND EXISTS (SELECT 1 FROM segments_out s WHERE s.message_id = o.message_id
                                     AND s.round = o.round AND s.state <> 'accepted'
                                     AND s.evidence IS NOT 'sent')
                    LIMIT 100";
        let overdue = self.ids(sql, (now, wait.0.cast_signed()))?;
        for &message in &overdue {
            let sql = "UPDATE outbound SET auto_resends = auto_resends + 1 WHERE message_id = ?1";
            self.conn.prepare_cached(sql)?.execute([message])?;
            let validity = self.validity(message)?;
            self.new_round(message, now, "sent once more: late is worse than twice")?;
            self.queue_again(message, validity, now)?;
        }
        Ok(overdue)
    }

    fn validity(&self, message: MessageId) -> Result<UnixTime> {
        let sql = "SELECT valid_until FROM outbound WHERE message_id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([message], |row| row.get(0))?)
    }

    fn ids(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<MessageId>> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let ids = statement.query_map(params, |row| row.get(0))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }

    fn send_anew(&self, message: MessageId, now: UnixTime, why: &str) -> Result<()> {
        self.new_round(message, now, why)?;
        let sql = "SELECT valid_for_ms FROM outbound WHERE message_id = ?1";
        let valid_for: i64 =
            self.conn.prepare_cached(sql)?.query_row([message], |row| row.get(0))?;
        self.queue_again(message, now.after(Millis(valid_for.unsigned_abs())), now)
    }

    fn queue_again(&self, message: MessageId, valid_until: UnixTime, now: UnixTime) -> Result<()> {
        let sql = "UPDATE outbound SET stage = 'waiting', attempts = 0, unknown_at = NULL,
                          lease_until = NULL, next_try_at = max(send_at, :now), valid_until = :until
                    WHERE message_id = :message";
        let queued = named_params! { ":message": message, ":now": now, ":until": valid_until };
        self.conn.prepare_cached(sql)?.execute(queued)?;
        let sql = "UPDATE messages SET state = 'queued', error_code = NULL, error_detail = NULL,
                          hold_reason = NULL, sent_at = NULL, delivered_at = NULL WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute([message])?;
        self.changed(ChangeKind::Message, message.0, now)
    }

    /// Begins another sending of the whole text; marked when a part of it left or may have.
    pub(super) fn new_round(&self, message: MessageId, now: UnixTime, why: &str) -> Result<()> {
        let sql = "UPDATE messages SET segments_done = 0, possible_duplicate = possible_duplicate OR EXISTS
                       (SELECT 1 FROM segments_out WHERE message_id = ?1
                           AND state IN ('on_air', 'accepted', 'unknown')) WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute([message])?;
        let sql = "UPDATE outbound SET round = round + 1 WHERE message_id = ?1";
        self.conn.prepare_cached(sql)?.execute([message])?;
        self.custody(message, now, "queued again", Some(why))
    }

    fn close(
        &self,
        message: MessageId,
        state: MessageState,
        event: &str,
        error: Option<(&str, &str)>,
        now: UnixTime,
    ) -> Result<Settled> {
        let sql = "UPDATE outbound SET stage = 'over', lease_until = NULL WHERE message_id = ?1";
        self.conn.prepare_cached(sql)?.execute([message])?;
        let sql = "UPDATE messages SET state = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((message, state))?;
        if error.is_some() {
            self.explain(message, error)?;
        }
        self.custody(message, now, event, error.map(|(_, detail)| detail))?;
        self.changed(ChangeKind::Message, message.0, now)?;
        Ok(Settled::Done(state))
    }
}
