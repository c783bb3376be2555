//! The chain of custody: where a message was, and when.

use rusqlite::named_params;

use super::error::Result;
use super::inbound::SegmentId;
use super::{ReadTx, WriteTx};
use crate::types::{MessageId, UnixTime};

/// One station of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Custody {
    /// When.
    pub at: UnixTime,
    /// What happened: "in SIM slot 7", "committed", "accepted by the network", ...
    pub event: String,
    /// More about it: "reference 17".
    pub detail: Option<String>,
}

impl ReadTx<'_> {
    /// The stations of `message` in the order they were noted, those of its segments included.
    pub fn custody_of(&self, message: MessageId) -> Result<Vec<Custody>> {
        let sql = "SELECT id, at, event, detail FROM custody WHERE message_id = ?1
                   UNION ALL
                   SELECT c.id, c.at, c.event, c.detail FROM segments_in s JOIN custody c ON c.segment_id = s.id
                    WHERE s.message_id = ?1
                   ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([message], |row| {
            Ok(Custody { at: row.get(1)?, event: row.get(2)?, detail: row.get(3)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Notes a station of `message`.
    pub fn custody(
        &self,
        message: MessageId,
        at: UnixTime,
        event: &str,
        detail: Option<&str>,
    ) -> Result<()> {
        let sql = "INSERT INTO custody (message_id, at, event, detail) VALUES (:of, :at, :event, :detail)";
        let station =
            named_params! { ":of": message, ":at": at, ":event": event, ":detail": detail };
        self.conn.prepare_cached(sql)?.execute(station)?;
        Ok(())
    }

    /// Notes a station of an inbound segment, whether or not its message exists yet.
    pub fn segment_custody(
        &self,
        segment: SegmentId,
        at: UnixTime,
        event: &str,
        detail: Option<&str>,
    ) -> Result<()> {
        let sql = "INSERT INTO custody (segment_id, at, event, detail) VALUES (:of, :at, :event, :detail)";
        let station =
            named_params! { ":of": segment, ":at": at, ":event": event, ":detail": detail };
        self.conn.prepare_cached(sql)?.execute(station)?;
        Ok(())
    }
}
