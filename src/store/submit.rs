//! What the modem said to each segment, and what that makes of the message (D5).
//!
//! The order of a submit: [`WriteTx::lease_outbound`], [`WriteTx::prepare`] once, and per waiting
//! segment [`WriteTx::stage_on_air`], commit, only then the bytes, then one of the results.

use rusqlite::{OptionalExtension, Row, named_params};

use super::WriteTx;
use super::error::Result;
use super::journal::Entry;
use super::lease::{OutSegment, OutSegmentId, Outbound};
use super::lines::LineId;
use super::words::{ChangeKind, SegmentState, Stage};
use crate::types::{Ladder, MessageId, MessageState, Millis, UnixTime};

/// A text as TPDUs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// `gsm7` or `ucs2`.
    pub alphabet: String,
    /// One TPDU per segment, in order, with one concatenation reference.
    pub tpdus: Vec<Vec<u8>>,
}

/// An explicit refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A temporary cause: that segment again later, the same bytes.
    ForNow {
        /// A stable word or number.
        code: String,
        /// The sentence for a person.
        detail: String,
        /// Chosen by the caller, -200 to 200: spreads retries by up to a fifth.
        jitter_permille: i16,
    },
    /// A permanent cause: no further segment is sent.
    ForGood {
        /// A stable word or number.
        code: String,
        /// The sentence for a person.
        detail: String,
    },
}

/// The wait before try number `attempts` + 1 of a text refused for now.
pub fn backoff(attempts: u32, jitter_permille: i16) -> Millis {
    const WAITS: Ladder = Ladder(&[30, 2 * 60, 10 * 60, 30 * 60, 60 * 60]);
    WAITS.spread(attempts, jitter_permille)
}

/// A segment's message, line and recipient.
pub(super) struct Owner {
    pub(super) message: MessageId,
    pub(super) line: LineId,
    pub(super) recipient_key: String,
    pub(super) seq: u8,
    pub(super) total: u8,
}

impl Owner {
    /// From the columns message, line, recipient's key, place and total.
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Owner> {
        Ok(Owner {
            message: row.get(0)?,
            line: row.get(1)?,
            recipient_key: row.get(2)?,
            seq: row.get(3)?,
            total: row.get(4)?,
        })
    }

    fn part(&self) -> Option<String> {
        (self.total > 1).then(|| format!("segment {} of {}", self.seq, self.total))
    }

    fn with_part(&self, detail: &str) -> String {
        self.part().map_or_else(|| detail.to_owned(), |part| format!("{detail}, {part}"))
    }
}

impl WriteTx<'_> {
    /// Keeps the TPDUs of a leased text: whatever happens, exactly these bytes are sent.
    pub fn prepare(&self, leased: &Outbound, prepared: &Prepared) -> Result<Vec<OutSegment>> {
        let Outbound { message, line, round, class, .. } = *leased;
        let sql = "INSERT INTO segments_out (message_id, line_id, round, seq, total, tpdu)
                   VALUES (:message, :line, :round, :seq, :total, :tpdu)";
        let total = i64::try_from(prepared.tpdus.len()).unwrap_or(i64::MAX);
        let mut segments = Vec::with_capacity(prepared.tpdus.len());
        for (seq, tpdu) in (1_u8..=u8::MAX).zip(&prepared.tpdus) {
            let id = OutSegmentId(self.conn.prepare_cached(sql)?.insert(named_params! {
                ":message": message, ":line": line, ":round": round, ":seq": seq, ":total": total,
                ":tpdu": tpdu,
            })?);
            let (tpdu, state) = (tpdu.clone(), SegmentState::Waiting);
            segments.push(OutSegment { id, seq, tpdu, state, class });
        }
        // Nearly always as it was counted when the text was accepted.
        let sql = "UPDATE messages SET alphabet = ?2, segments = ?3, segments_done = 0
                    WHERE id = ?1 AND (alphabet IS NOT ?2 OR segments <> ?3 OR segments_done <> 0)";
        self.conn.prepare_cached(sql)?.execute((message, &prepared.alphabet, total))?;
        Ok(segments)
    }

    /// Notes that the segment's bytes are about to leave; commit before they do. `false`: the text
    /// is no longer the caller's (cancelled, lease lost): do not send.
    pub fn stage_on_air(&self, segment: OutSegmentId, now: UnixTime) -> Result<bool> {
        let sql = "SELECT s.message_id, s.line_id, o.recipient_key, s.seq, s.total, s.tpdu FROM segments_out s
                     JOIN outbound o ON o.message_id = s.message_id AND o.round = s.round
                    WHERE s.id = ?1 AND s.state = 'waiting' AND o.stage = 'leased' AND o.valid_until > ?2";
        let ours = |row: &Row<'_>| Ok((Owner::from_row(row)?, row.get::<_, Vec<u8>>(5)?));
        let ours = self.conn.prepare_cached(sql)?.query_row((segment, now), ours).optional()?;
        let Some((owner, tpdu)) = ours else { return Ok(false) };
        let sql = "UPDATE segments_out SET state = 'on_air', on_air_at = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((segment, now))?;
        self.journal(Entry::Submitting, owner.line, &tpdu, now)?;
        self.custody(owner.message, now, "handed to the modem", owner.part().as_deref())?;
        // As `derive_state` finds it for a leased text, none of whose segments can be unknown.
        let sql = "UPDATE outbound SET stage = 'on_air', unknown_at = NULL WHERE message_id = ?1";
        self.conn.prepare_cached(sql)?.execute([owner.message])?;
        let sql = "UPDATE messages SET state = 'submitting' WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute([owner.message])?;
        self.changed(ChangeKind::Message, owner.message.0, now)?;
        Ok(true)
    }

    /// The network took the segment. Also for a late answer to one that was `unknown`.
    pub fn segment_accepted(
        &self,
        segment: OutSegmentId,
        mr: u8,
        now: UnixTime,
    ) -> Result<MessageState> {
        let sql = "UPDATE segments_out SET state = 'accepted', mr = ?2, accepted_at = ?3, error_code = NULL
                    WHERE id = ?1 AND state IN ('on_air', 'unknown')";
        let owner = self.owner_of(segment)?;
        if self.conn.prepare_cached(sql)?.execute((segment, mr, now))? > 0 {
            let detail = owner.with_part(&format!("reference {mr}"));
            self.custody(owner.message, now, "accepted by the network", Some(&detail))?;
            self.count_segment_out(owner.line, &owner.recipient_key, now)?;
            if owner.total > 1 {
                self.continue_lease(owner.message, now)?;
            }
            self.weigh_references(owner.line, segment, mr, now)?;
            self.adopt_orphans(segment, now)?;
        }
        self.derive_state(owner.message, now)
    }

    /// The network or the modem refused the segment.
    pub fn segment_refused(
        &self,
        segment: OutSegmentId,
        refusal: &Refusal,
        now: UnixTime,
    ) -> Result<MessageState> {
        let owner = self.owner_of(segment)?;
        self.references_are_in_doubt(owner.line, now)?;
        match refusal {
            Refusal::ForNow { code, detail, jitter_permille } => {
                self.back_to_waiting(segment, Some(code))?;
                let sql = "UPDATE outbound SET attempts = attempts + 1 WHERE message_id = ?1
                           RETURNING attempts";
                let attempts =
                    self.conn.prepare_cached(sql)?.query_row([owner.message], |row| row.get(0))?;
                let next = now.after(backoff(attempts, *jitter_permille));
                self.wait_until(owner.message, next)?;
                self.explain(owner.message, Some((code, detail)))?;
                let detail = owner.with_part(&format!("{detail}; next try {next}"));
                self.custody(owner.message, now, "refused for now", Some(&detail))?;
            }
            Refusal::ForGood { code, detail } => {
                let sql =
                    "UPDATE segments_out SET state = 'refused', error_code = ?2 WHERE id = ?1";
                self.conn.prepare_cached(sql)?.execute((segment, code))?;
                self.explain(owner.message, Some((code, detail)))?;
                self.custody(owner.message, now, "refused", Some(&owner.with_part(detail)))?;
            }
        }
        self.adopt_orphans(segment, now)?;
        self.derive_state(owner.message, now)
    }

    /// Nothing left the modem, and not because of this text (not registered, port gone): it waits
    /// until `next` and the try does not count.
    pub fn segment_not_sent(
        &self,
        segment: OutSegmentId,
        why: &str,
        next: UnixTime,
        now: UnixTime,
    ) -> Result<MessageState> {
        let owner = self.owner_of(segment)?;
        self.back_to_waiting(segment, None)?;
        self.wait_until(owner.message, next)?;
        self.custody(owner.message, now, "not sent", Some(&owner.with_part(why)))?;
        self.adopt_orphans(segment, now)?;
        self.derive_state(owner.message, now)
    }

    /// It may have left: no final result came. Nothing more of this text is sent by itself.
    pub fn segment_unknown(
        &self,
        segment: OutSegmentId,
        why: &str,
        now: UnixTime,
    ) -> Result<MessageState> {
        let sql = "UPDATE segments_out SET state = 'unknown' WHERE id = ?1 AND state = 'on_air'";
        let owner = self.owner_of(segment)?;
        if self.conn.prepare_cached(sql)?.execute([segment])? > 0 {
            self.custody(owner.message, now, "outcome unknown", Some(&owner.with_part(why)))?;
            // The report may have come while the modem still owed its answer.
            self.adopt_orphans(segment, now)?;
        }
        self.derive_state(owner.message, now)
    }

    /// Gives a lease back unused, for instance because the line went away: due again at `next`.
    pub fn release_lease(&self, message: MessageId, next: UnixTime) -> Result<()> {
        let sql = "UPDATE outbound SET stage = 'waiting', lease_until = NULL, next_try_at = ?2
                    WHERE message_id = ?1 AND stage = 'leased'";
        self.conn.prepare_cached(sql)?.execute((message, next))?;
        Ok(())
    }

    pub(super) fn owner_of(&self, segment: OutSegmentId) -> Result<Owner> {
        let sql = "SELECT s.message_id, s.line_id, o.recipient_key, s.seq, s.total
                     FROM segments_out s JOIN outbound o ON o.message_id = s.message_id WHERE s.id = ?1";
        let mut owner = self.conn.prepare_cached(sql)?;
        Ok(owner.query_row([segment], Owner::from_row)?)
    }

    fn back_to_waiting(&self, segment: OutSegmentId, code: Option<&str>) -> Result<()> {
        let sql = "UPDATE segments_out SET state = 'waiting', error_code = ?2
                    WHERE id = ?1 AND state IN ('waiting', 'on_air', 'unknown')";
        self.conn.prepare_cached(sql)?.execute((segment, code))?;
        Ok(())
    }

    fn wait_until(&self, message: MessageId, next: UnixTime) -> Result<()> {
        let sql = "UPDATE outbound SET stage = 'waiting', lease_until = NULL, next_try_at = ?2
                    WHERE message_id = ?1 AND (stage <> 'over' OR EXISTS
                          (SELECT 1 FROM messages WHERE id = ?1 AND state = 'unknown'))";
        self.conn.prepare_cached(sql)?.execute((message, next))?;
        Ok(())
    }

    /// After one segment the same task goes on with the next under the same lease.
    fn continue_lease(&self, message: MessageId, now: UnixTime) -> Result<()> {
        let sql = "UPDATE outbound SET stage = 'leased', lease_until = max(lease_until, ?2)
                    WHERE message_id = ?1 AND stage = 'on_air'";
        self.conn.prepare_cached(sql)?.execute((message, now.after(Millis::from_secs(600))))?;
        Ok(())
    }

    /// Sets or clears what went wrong.
    pub(super) fn explain(&self, message: MessageId, error: Option<(&str, &str)>) -> Result<()> {
        let sql = "UPDATE messages SET error_code = ?2, error_detail = ?3 WHERE id = ?1";
        let (code, detail) = error.unzip();
        self.conn.prepare_cached(sql)?.execute((message, code, detail))?;
        Ok(())
    }

    /// Works out from its segments where a message stands, and stores that.
    pub(super) fn derive_state(&self, message: MessageId, now: UnixTime) -> Result<MessageState> {
        let tally = self.tally(message)?;
        let (state, stage) = tally.verdict(now);
        let sql = "UPDATE outbound SET stage = :stage,
                          lease_until = iif(:stage IN ('leased', 'on_air'), lease_until, NULL),
                          unknown_at = iif(:unknown, coalesce(unknown_at, :now), NULL)
                    WHERE message_id = :message";
        let unknown = state == MessageState::Unknown;
        let placed = named_params! {
            ":stage": stage, ":unknown": unknown, ":now": now, ":message": message,
        };
        self.conn.prepare_cached(sql)?.execute(placed)?;
        let whole = matches!(state, MessageState::Sent | MessageState::Delivered);
        let sql = "UPDATE messages SET state = :state, segments_done = :done,
                          sent_at = coalesce(sent_at, iif(:all, :now, NULL)),
                          error_code = iif(:whole, NULL, error_code),
                          error_detail = iif(:whole, NULL, error_detail)
                    WHERE id = :message";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":state": state, ":done": tally.accepted, ":all": tally.all_accepted(),
            ":now": now, ":whole": whole, ":message": message,
        })?;
        self.changed(ChangeKind::Message, message.0, now)?;
        Ok(state)
    }

    fn tally(&self, message: MessageId) -> Result<Tally> {
        let sql = "SELECT m.state, o.stage, o.valid_until, count(s.id),
                          coalesce(sum(s.state = 'accepted'), 0), coalesce(sum(s.state = 'on_air'), 0),
                          coalesce(sum(s.state = 'refused'), 0), coalesce(sum(s.state = 'unknown'), 0),
                          coalesce(sum(s.report = 'delivered'), 0), coalesce(sum(s.report = 'failed'), 0),
                          coalesce(sum(s.report = 'expired'), 0)
                     FROM messages m JOIN outbound o ON o.message_id = m.id
                     LEFT JOIN segments_out s ON s.message_id = o.message_id AND s.round = o.round
                    WHERE m.id = ?1";
        let tally = self.conn.prepare_cached(sql)?.query_row([message], |row| {
            Ok(Tally {
                state: row.get(0)?,
                stage: row.get(1)?,
                valid_until: row.get(2)?,
                total: row.get(3)?,
                accepted: row.get(4)?,
                on_air: row.get(5)?,
                refused: row.get(6)?,
                unknown: row.get(7)?,
                delivered: row.get(8)?,
                failed: row.get(9)?,
                expired: row.get(10)?,
            })
        });
        Ok(tally.optional()?.unwrap_or_default())
    }
}

/// How many segments of the current sending are where.
#[derive(Debug, Default)]
struct Tally {
    state: Option<MessageState>,
    stage: Option<Stage>,
    valid_until: UnixTime,
    total: u32,
    accepted: u32,
    on_air: u32,
    refused: u32,
    unknown: u32,
    delivered: u32,
    failed: u32,
    expired: u32,
}

impl Tally {
    fn all_accepted(&self) -> bool {
        self.total > 0 && self.accepted == self.total
    }

    /// The message's state and its place on the sender's desk.
    fn verdict(&self, now: UnixTime) -> (MessageState, Stage) {
        use MessageState::*;
        let (was, stage) = (self.state.unwrap_or(Queued), self.stage.unwrap_or(Stage::Over));
        if self.all_accepted() {
            let state = match self {
                Tally { failed: 1.., .. } => Undeliverable,
                Tally { expired: 1.., .. } => Expired,
                Tally { delivered, total, .. } if delivered == total => Delivered,
                _ => Sent,
            };
            return (state, Stage::Over);
        }
        // A person's or the clock's decision stands until every segment is known to have left.
        if stage == Stage::Over && matches!(was, Failed | Cancelled | Held | Expired) {
            return (was, stage);
        }
        match self {
            Tally { unknown: 1.., .. } => (Unknown, Stage::Over),
            Tally { refused: 1.., .. } => (Failed, Stage::Over),
            Tally { on_air: 1.., .. } => (Submitting, Stage::OnAir),
            // The unknown segment has been settled by evidence: the rest may follow.
            _ if stage == Stage::Over && self.valid_until <= now => (Expired, Stage::Over),
            _ if stage == Stage::Over => (Queued, Stage::Waiting),
            _ if stage == Stage::Leased && self.accepted > 0 => (Submitting, stage),
            _ => (Queued, stage),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// reliability 1.4: 30 s, 2 min, 10 min, 30 min, 1 h and on, a fifth more or less.
    #[test]
    fn a_text_refused_for_now_is_tried_less_and_less_often() {
        let seconds = |attempts| backoff(attempts, 0).0 / 1_000;
        assert_eq!([1, 2, 3, 4, 5, 6, 99].map(seconds), [30, 120, 600, 1800, 3600, 3600, 3600]);
        assert_eq!(backoff(1, -200), Millis(24_000));
        assert_eq!(backoff(1, 999), Millis(36_000));
    }
}
