//! What speaks for or against a text whose end nobody heard (`reliability` 1.4).
//!
//! Two witnesses beside the delivery report (`reports`): the references that a modem counts, and
//! the slot that a kept text was sent from. A slot marked as sent is the modem's own word and
//! settles the text. Everything else is evidence, not proof: it is stored with its reason, shown,
//! and heeded by what is sent once more without a person; the text stays `unknown`.
//!
//! Begin with [`WriteTx::weigh_references`].

use rusqlite::{OptionalExtension, named_params};

use super::WriteTx;
use super::error::Result;
use super::lease::OutSegmentId;
use super::lines::LineId;
use super::words::{ChangeKind, Evidence, SegmentState};
use crate::types::{MessageId, UnixTime};

/// A text that lies in a modem to be sent from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// None that we sent.
    NotOurs,
    /// At the modem this very moment: ask again later.
    OnAir,
    /// Ours; whatever could be learnt from it is written down.
    Ours(MessageId),
}

/// A segment that the network took, and its reference.
struct Counted {
    mr: u8,
    on_air_at: UnixTime,
}

impl WriteTx<'_> {
    /// The modem of `line` restarted, or another one has its SIM: it may count from anywhere.
    pub fn references_begin(&self, line: LineId, now: UnixTime) -> Result<()> {
        let sql = "UPDATE lines SET counted_from = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((line, now))?;
        Ok(())
    }

    /// A refused submit may or may not have used a reference: nothing can be told across it.
    pub(super) fn references_are_in_doubt(&self, line: LineId, now: UnixTime) -> Result<()> {
        let sql = "UPDATE lines SET counted_from = ?2 WHERE id = ?1 AND EXISTS
                       (SELECT 1 FROM segments_out WHERE line_id = ?1 AND state = 'unknown')";
        self.conn.prepare_cached(sql)?.execute((line, now))?;
        Ok(())
    }

    /// `segment` was accepted with reference `mr`: what does that say about those of unknown end
    /// that were handed over between it and the one accepted before it?
    ///
    /// A modem that counts gives each submit the next number. So one more than the last says that
    /// none of them used one, and one more for each of them says that all did. Asked only where the
    /// modem was seen to count, and neither restarted nor refused anything since.
    pub(super) fn weigh_references(
        &self,
        line: LineId,
        segment: OutSegmentId,
        mr: u8,
        now: UnixTime,
    ) -> Result<()> {
        let open = "SELECT EXISTS (SELECT 1 FROM segments_out
                     WHERE line_id = ?1 AND state = 'unknown' AND evidence IS NULL)";
        if !self.conn.prepare_cached(open)?.query_row([line], |row| row.get(0))? {
            return Ok(());
        }
        let sql = "SELECT mr, on_air_at FROM segments_out
                    WHERE line_id = :line AND accepted_at IS NOT NULL AND id <> :segment
                      AND +mr IS NOT NULL
                      AND accepted_at >= (SELECT counted_from FROM lines WHERE id = :line)
                      AND on_air_at >= (SELECT counted_from FROM lines WHERE id = :line)
                    ORDER BY accepted_at DESC, id DESC LIMIT 2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let before: Vec<Counted> = statement
            .query_map(named_params! { ":line": line, ":segment": segment }, |row| {
                Ok(Counted { mr: row.get(0)?, on_air_at: row.get(1)? })
            })?
            .collect::<rusqlite::Result<_>>()?;
        let [last, earlier] = &before[..] else { return Ok(()) };
        if last.mr != earlier.mr.wrapping_add(1) {
            return Ok(());
        }
        let sql = "SELECT u.id, u.message_id FROM segments_out u
                     JOIN segments_out s ON s.id = :segment
                    WHERE u.line_id = :line AND u.state = 'unknown' AND u.evidence IS NULL
                      AND u.on_air_at BETWEEN :since AND s.on_air_at ORDER BY u.id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let between = named_params! {
            ":line": line, ":segment": segment, ":since": last.on_air_at,
        };
        let unknown: Vec<(OutSegmentId, MessageId)> = statement
            .query_map(between, |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        let used = usize::from(mr.wrapping_sub(last.mr));
        let evidence = match (used, unknown.len()) {
            (_, 0) => return Ok(()),
            (1, _) => Evidence::NotSent,
            (used, count) if used == count + 1 => Evidence::Sent,
            _ => return Ok(()),
        };
        let gap = match evidence {
            Evidence::Sent => "the number between was used",
            Evidence::NotSent => "no number was used between",
        };
        let why = format!("reference {mr} came after {}: {gap}", last.mr);
        for (segment, message) in unknown {
            self.testify(segment, message, evidence, &why, now)?;
        }
        Ok(())
    }

    /// A text lies in `place` of a modem to be sent from there, marked as `sent` or not.
    pub fn found_kept(
        &self,
        line: LineId,
        tpdu: &[u8],
        sent: bool,
        place: &str,
        now: UnixTime,
    ) -> Result<Kept> {
        // The second octet is TP-MR, which is the modem's. Only what was sent lately: a slot of ours
        // is found at the next sweep, and what others keep must not cost a look at every text.
        let sql = "SELECT id, message_id, state FROM segments_out
                    WHERE id > (SELECT max(id) FROM segments_out) - 10000
                      AND +line_id = :line AND substr(tpdu, 1, 1) = substr(:tpdu, 1, 1)
                      AND substr(tpdu, 3) = substr(:tpdu, 3)
                    ORDER BY state = 'unknown' DESC, state = 'on_air' DESC, id DESC LIMIT 1";
        let found: Option<(OutSegmentId, MessageId, SegmentState)> = self
            .conn
            .prepare_cached(sql)?
            .query_row(named_params! { ":line": line, ":tpdu": tpdu }, |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((segment, message, state)) = found else { return Ok(Kept::NotOurs) };
        match state {
            SegmentState::OnAir => return Ok(Kept::OnAir),
            SegmentState::Unknown if sent => {
                self.was_sent(segment, None, &format!("the modem keeps it as sent, {place}"), now)?;
                self.adopt_orphans(segment, now)?;
                self.derive_state(message, now)?;
            }
            SegmentState::Unknown => {
                let why = format!("the modem keeps it as not sent, {place}");
                self.testify(segment, message, Evidence::NotSent, &why, now)?;
            }
            _ => {}
        }
        Ok(Kept::Ours(message))
    }

    /// Evidence that settles a segment of unknown end: it was sent. `false`: its end was known.
    pub(super) fn was_sent(
        &self,
        segment: OutSegmentId,
        mr: Option<u8>,
        why: &str,
        now: UnixTime,
    ) -> Result<bool> {
        let sql = "UPDATE segments_out SET state = 'accepted', mr = coalesce(mr, :mr),
                          accepted_at = on_air_at WHERE id = :segment AND state = 'unknown'";
        let settled = named_params! { ":mr": mr, ":segment": segment };
        if self.conn.prepare_cached(sql)?.execute(settled)? == 0 {
            return Ok(false);
        }
        let owner = self.owner_of(segment)?;
        self.custody(owner.message, now, "was sent after all", Some(why))?;
        self.count_segment_out(owner.line, &owner.recipient_key, now)?;
        self.step_back(segment)?;
        Ok(true)
    }

    fn testify(
        &self,
        segment: OutSegmentId,
        message: MessageId,
        evidence: Evidence,
        why: &str,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "UPDATE segments_out SET evidence = ?2 WHERE id = ?1 AND evidence IS NOT ?2";
        if self.conn.prepare_cached(sql)?.execute((segment, evidence))? == 0 {
            return Ok(());
        }
        let event = match evidence {
            Evidence::Sent => "probably sent",
            Evidence::NotSent => "probably not sent",
        };
        self.custody(message, now, event, Some(why))?;
        self.changed(ChangeKind::Message, message.0, now)
    }
}
