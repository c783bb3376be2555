//! Long messages on their way in: which segments belong together.

use rusqlite::{OptionalExtension, named_params};

use super::error::Result;
use super::inbound::{Concat, GroupStatus, NewSegment, SegmentId};
use super::words::row_id;
use super::{ReadTx, WriteTx};
use crate::types::{Millis, Number, UnixTime};

row_id!(
    /// The segments of one inbound long message.
    GroupId
);

/// How long a group takes segments; references come again after that.
const WINDOW: Millis = Millis::from_secs(72 * 3_600);

/// One segment of a group, for the assembler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPart {
    /// Its row.
    pub segment: SegmentId,
    /// Its place, from 1.
    pub seq: u8,
    /// Its octets.
    pub tpdu: Vec<u8>,
    /// When it was read.
    pub received_at: UnixTime,
}

impl ReadTx<'_> {
    /// The segments of a group that are here, in order.
    pub fn group_parts(&self, group: GroupId) -> Result<Vec<GroupPart>> {
        let sql =
            "SELECT id, seq, tpdu, received_at FROM segments_in WHERE group_id = ?1 ORDER BY seq";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([group], |row| {
            Ok(GroupPart {
                segment: row.get(0)?,
                seq: row.get(1)?,
                tpdu: row.get(2)?,
                received_at: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How far a group is.
    pub fn group_status(&self, group: GroupId) -> Result<GroupStatus> {
        let sql =
            "SELECT line_id, total, message_id, (SELECT count(*) FROM segments_in WHERE group_id = g.id)
                     FROM groups g WHERE id = ?1";
        let status = self.conn.prepare_cached(sql)?.query_row([group], |row| {
            Ok(GroupStatus {
                id: group,
                line: row.get(0)?,
                total: row.get(1)?,
                message: row.get(2)?,
                present: row.get(3)?,
            })
        })?;
        Ok(status)
    }

    /// Groups begun before `until` whose message nobody has seen yet: time to publish them with
    /// gaps.
    pub fn unpublished_groups(&self, until: UnixTime) -> Result<Vec<GroupStatus>> {
        let sql = "SELECT id FROM groups WHERE message_id IS NULL AND first_at <= ?1
                    ORDER BY first_at, id LIMIT 100";
        let mut statement = self.conn.prepare_cached(sql)?;
        let ids: Vec<GroupId> =
            statement.query_map([until], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        ids.into_iter().map(|id| self.group_status(id)).collect()
    }
}

impl WriteTx<'_> {
    /// The open group a segment belongs to, or a new one. Its place must be free: other bytes under
    /// the same reference and place are another message. Of several, the one nearest in the
    /// service centre's time takes it.
    pub(super) fn group_for(
        &self,
        new: &NewSegment,
        sender: &Number,
        concat: Concat,
    ) -> Result<GroupId> {
        let key = sender.key();
        let sql = "SELECT g.id FROM groups g
                    WHERE line_id = :line AND reference = :reference AND total = :total AND wide = :wide
                      AND sender_key = :key AND sender_raw = :raw AND first_at > :since
                      AND NOT EXISTS (SELECT 1 FROM segments_in s WHERE s.group_id = g.id AND s.seq = :seq)
                    ORDER BY (SELECT min(abs(coalesce(s.scts, s.received_at) - :near))
                                FROM segments_in s WHERE s.group_id = g.id), g.id DESC
                    LIMIT 1";
        let since = UnixTime(new.received_at.0.saturating_sub(WINDOW.0.cast_signed()));
        let open = self
            .conn
            .prepare_cached(sql)?
            .query_row(
                named_params! {
                    ":line": new.line, ":reference": concat.reference, ":total": concat.total,
                    ":wide": concat.wide, ":key": key, ":raw": new.sender_raw, ":since": since,
                    ":seq": concat.seq, ":near": new.scts.unwrap_or(new.received_at),
                },
                |row| row.get(0),
            )
            .optional()?;
        if let Some(group) = open {
            return Ok(group);
        }
        let sql =
            "INSERT INTO groups (line_id, sender_key, sender_raw, wide, reference, total, first_at)
                   VALUES (:line, :key, :raw, :wide, :reference, :total, :at)";
        let begun = named_params! {
            ":line": new.line, ":key": key, ":raw": new.sender_raw, ":wide": concat.wide,
            ":reference": concat.reference, ":total": concat.total, ":at": new.received_at,
        };
        Ok(GroupId(self.conn.prepare_cached(sql)?.insert(begun)?))
    }
}
