//! Which text goes out next, so that only one task ever sends it (D6).

use rusqlite::{OptionalExtension, named_params};

use super::clearance::Asked;
use super::error::Result;
use super::lines::LineId;
use super::words::{SegmentState, row_id};
use super::{ReadTx, WriteTx};
use crate::types::{Class, MessageId, Millis, Number, UnixTime};

row_id!(
    /// One outbound TPDU.
    OutSegmentId
);

/// A lease not used for so long is void: its task has died.
const LEASE: Millis = Millis::from_secs(10 * 60);
/// Handsets drop the first segments of a text that stays incomplete; then all go again.
const JOINS_FOR: Millis = Millis::from_secs(30 * 60);

/// A leased text and how far it got before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outbound {
    /// Its row.
    pub message: MessageId,
    /// The SIM it goes out on.
    pub line: LineId,
    /// The recipient.
    pub to: Number,
    /// The text.
    pub text: String,
    /// What it is for.
    pub class: Class,
    /// Ask for a delivery report.
    pub report: bool,
    /// Class 0.
    pub flash: bool,
    /// Temporary refusals so far.
    pub attempts: u32,
    /// Not handed to the modem after this; also the basis of TP-VP.
    pub valid_until: UnixTime,
    /// It may arrive twice.
    pub possible_duplicate: bool,
    /// Its TPDUs. Empty: nobody has segmented it yet; call [`WriteTx::prepare`].
    pub segments: Vec<OutSegment>,
    /// Which sending of the whole text this is.
    pub(super) round: u32,
    /// What the rules weigh.
    pub(super) asked: Asked,
}

/// One TPDU to hand to the modem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutSegment {
    /// Its row.
    pub id: OutSegmentId,
    /// Its place, from 1.
    pub seq: u8,
    /// The octets, without the service centre's address.
    pub tpdu: Vec<u8>,
    /// Only those that wait are to be sent.
    pub state: SegmentState,
    /// What its text is for.
    pub class: Class,
}

// The order of a recipient: higher class first, then first come. A text waits while another to the
// same recipient is at the modem, and behind those before it, even when they wait for a retry.
// A text for later, one out of time, one held or unknown (stage `over`) blocks nobody.
const NEXT_OUTBOUND: &str = "
    SELECT o.message_id FROM outbound o
     WHERE o.stage <> 'over' AND o.line_id = :line
       AND (o.stage = 'waiting' OR (o.stage = 'leased' AND o.lease_until <= :now))
       AND o.send_at <= :now AND o.next_try_at <= :now AND o.valid_until > :now
       AND (SELECT sms FROM lines WHERE id = :line) IN ('on', 'pending_on')
       AND NOT EXISTS (
           SELECT 1 FROM outbound p
            WHERE p.stage <> 'over' AND p.line_id = o.line_id
              AND p.recipient_key = o.recipient_key AND p.message_id <> o.message_id
              AND (p.stage = 'on_air' OR (p.stage = 'leased' AND p.lease_until > :now)
                   OR ((p.rank, p.message_id) < (o.rank, o.message_id)
                       AND p.send_at <= :now AND p.valid_until > :now)))
     ORDER BY o.rank, o.message_id LIMIT 1";

impl ReadTx<'_> {
    /// The next due text of `line`: by class, then first come, in order per recipient.
    pub fn next_outbound(&self, line: LineId, now: UnixTime) -> Result<Option<MessageId>> {
        let due = named_params! { ":line": line, ":now": now };
        let mut next = self.conn.prepare_cached(NEXT_OUTBOUND)?;
        Ok(next.query_row(due, |row| row.get(0)).optional()?)
    }

    /// When [`WriteTx::lease_outbound`] may find something without anybody ringing: the next
    /// `send_at`, retry or end of validity. `None`: the queue is empty or due now.
    pub fn next_due(&self, line: LineId, now: UnixTime) -> Result<Option<UnixTime>> {
        let sql = "SELECT min(max(send_at, next_try_at)) FROM outbound
                    WHERE stage <> 'over' AND stage = 'waiting' AND line_id = ?1 AND max(send_at, next_try_at) > ?2";
        Ok(self.conn.prepare_cached(sql)?.query_row((line, now), |row| row.get(0))?)
    }

    /// Whether another text of `line` than `message` is due: its turn comes next.
    pub fn more_is_due(&self, line: LineId, message: MessageId, now: UnixTime) -> Result<bool> {
        let sql = "SELECT EXISTS (
                       SELECT 1 FROM outbound
                        WHERE stage <> 'over' AND stage = 'waiting' AND line_id = ?1
                          AND message_id <> ?2 AND send_at <= ?3 AND next_try_at <= ?3 AND valid_until > ?3)";
        Ok(self.conn.prepare_cached(sql)?.query_row((line, message, now), |row| row.get(0))?)
    }

    /// The TPDUs of the message's current sending.
    pub fn out_segments(&self, message: MessageId) -> Result<Vec<OutSegment>> {
        let sql = "SELECT s.id, s.seq, s.tpdu, s.state, m.class FROM segments_out s
                     JOIN outbound o ON o.message_id = s.message_id AND o.round = s.round
                     JOIN messages m ON m.id = s.message_id
                    WHERE s.message_id = ?1 ORDER BY s.seq";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([message], |row| {
            Ok(OutSegment {
                id: row.get(0)?,
                seq: row.get(1)?,
                tpdu: row.get(2)?,
                state: row.get(3)?,
                class: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Leases the next due text of `line`.
    pub fn lease_outbound(&self, line: LineId, now: UnixTime) -> Result<Option<Outbound>> {
        self.next_outbound(line, now)?.map(|message| self.lease(message, now)).transpose()
    }

    /// Leases a text that [`ReadTx::next_outbound`] named in the same transaction.
    pub fn lease(&self, message: MessageId, now: UnixTime) -> Result<Outbound> {
        let sql = "UPDATE outbound SET stage = 'leased', lease_until = ?2 WHERE message_id = ?1";
        self.conn.prepare_cached(sql)?.execute((message, now.after(LEASE)))?;
        let outbound = self.leased(message)?;
        match !outbound.segments.is_empty() && self.restart_when_torn(message, now)? {
            true => self.leased(message),
            false => Ok(outbound),
        }
    }

    pub(super) fn leased(&self, message: MessageId) -> Result<Outbound> {
        let sql =
            "SELECT m.id, m.line_id, m.number_key, m.text, m.class, o.report, m.flash, o.attempts,
                          o.valid_until, m.possible_duplicate,
                          EXISTS (SELECT 1 FROM segments_out WHERE message_id = m.id), o.round,
                          o.let_go, o.exception, m.batch_id IS NOT NULL OR o.send_at > m.created_at,
                          m.tag, m.response_emails
                     FROM messages m JOIN outbound o ON o.message_id = m.id WHERE m.id = ?1";
        let mut segmented = false;
        let mut outbound = self.conn.prepare_cached(sql)?.query_row([message], |row| {
            segmented = row.get(10)?;
            Ok(Outbound {
                message: row.get(0)?,
                line: row.get(1)?,
                to: Number::from_key(&row.get::<_, String>(2)?),
                text: row.get(3)?,
                class: row.get(4)?,
                report: row.get(5)?,
                flash: row.get(6)?,
                attempts: row.get(7)?,
                valid_until: row.get(8)?,
                possible_duplicate: row.get(9)?,
                segments: Vec::new(),
                round: row.get(11)?,
                asked: Asked {
                    let_go: row.get(12)?,
                    exception: row.get(13)?,
                    planned: row.get(14)?,
                    tag: row.get(15)?,
                    response_emails: serde_json::from_str(&row.get::<_, String>(16)?)
                        .unwrap_or_default(),
                },
            })
        })?;
        if segmented {
            outbound.segments = self.out_segments(message)?;
        }
        Ok(outbound)
    }

    /// A long text whose first segments left too long ago is sent again as a whole, under a new
    /// reference, and says so.
    fn restart_when_torn(&self, message: MessageId, now: UnixTime) -> Result<bool> {
        let sql = "SELECT min(s.accepted_at) FROM segments_out s
                     JOIN outbound o ON o.message_id = s.message_id AND o.round = s.round
                    WHERE s.message_id = ?1";
        let first: Option<UnixTime> =
            self.conn.prepare_cached(sql)?.query_row([message], |row| row.get(0))?;
        let torn = first.is_some_and(|first| now.since(first) > JOINS_FOR);
        if torn {
            self.new_round(message, now, "the first segments are too old to be joined")?;
        }
        Ok(torn)
    }
}
