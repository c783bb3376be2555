//! What the journal is told, and what comes back from it.

use super::WriteTx;
use super::error::Result;
use super::journal::{Entry, Record};
use super::lines::LineId;
use super::outbound::NewMessage;
use super::submit::Prepared;
use crate::types::{MessageId, UnixTime};

impl WriteTx<'_> {
    /// Has a TPDU noted in the journal, in the commit of this transaction.
    pub(super) fn journal(
        &self,
        entry: Entry,
        line: LineId,
        tpdu: &[u8],
        at: UnixTime,
    ) -> Result<()> {
        let sql = "SELECT iccid, imsi FROM lines WHERE id = ?1";
        let (iccid, imsi) = self
            .conn
            .prepare_cached(sql)?
            .query_row([line], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let record = Record { entry, at, iccid, imsi, tpdu: tpdu.to_vec() };
        self.notes.borrow_mut().records.push(record);
        Ok(())
    }

    /// Has every record of these TPDUs taken out of the journal after the commit.
    pub(super) fn forget(&self, tpdus: Vec<Vec<u8>>) {
        self.notes.borrow_mut().forget.extend(tpdus);
    }

    /// Puts back a text that a lost database had handed to a modem. Nobody knows what became of it,
    /// so it is `unknown` until a report or a person tells.
    pub fn restore_sent(
        &self,
        text: &NewMessage,
        tpdus: &[Vec<u8>],
        at: UnixTime,
    ) -> Result<MessageId> {
        let message = self.queue(text, None, at)?;
        let prepared =
            Prepared { alphabet: text.alphabet.clone().unwrap_or_default(), tpdus: tpdus.to_vec() };
        let sql = "UPDATE outbound SET stage = 'over' WHERE message_id = ?1";
        for segment in self.prepare(&self.leased(message)?, &prepared)? {
            let staged = "UPDATE segments_out SET state = 'on_air', on_air_at = ?2 WHERE id = ?1";
            self.conn.prepare_cached(staged)?.execute((segment.id, at))?;
            self.segment_unknown(segment.id, "put back from the journal", at)?;
        }
        self.conn.prepare_cached(sql)?.execute([message])?;
        Ok(message)
    }
}
