//! What became of texts that were written by mail, as far as their authors are still to be told.

use rusqlite::named_params;

use super::error::Result;
use super::words::{Tell, number};
use super::{ReadTx, WriteTx};
use crate::types::{MessageId, MessageState, Millis, Number, UnixTime};

/// The fate of a text that was written by mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFate {
    /// The text.
    pub message: MessageId,
    /// Whom it was for.
    pub to: Number,
    /// Where it stands; it will not get further by itself.
    pub state: MessageState,
    /// The sentence for a person.
    pub detail: Option<String>,
    /// The address that wrote it.
    pub author: String,
    /// The Message-ID of its mail.
    pub mail_id: String,
    /// The subject of its mail.
    pub subject: String,
    /// What its author wants to know.
    pub tell: Tell,
}

impl MailFate {
    /// Whether it did not arrive, as far as anybody knows.
    pub fn is_failure(&self) -> bool {
        !matches!(self.state, MessageState::Delivered | MessageState::Sent)
    }
}

/// A text whose fate is unknown may still turn out to have left.
const UNKNOWN_FOR: Millis = Millis::from_secs(10 * 60);
/// A report may come a while after a text's time is over.
const LATE: Millis = Millis::from_secs(3_600);

impl ReadTx<'_> {
    /// Texts that have reached their end, and whose authors do not know of it yet.
    pub fn mail_fates(&self, now: UnixTime) -> Result<Vec<MailFate>> {
        let sql = "SELECT t.message_id, m.number_key, m.state, m.error_detail, t.author, i.mail_id, i.subject, t.tell
                     FROM mail_texts t
                     JOIN messages m ON m.id = t.message_id
                     JOIN outbound o ON o.message_id = t.message_id
                     JOIN mails i ON i.id = t.mail_id
                    WHERE t.tell <> 'nothing'
                      AND (m.state IN ('delivered', 'undeliverable', 'expired', 'failed', 'cancelled')
                        OR (m.state = 'unknown' AND coalesce(o.unknown_at, 0) <= :unknown)
                        OR (m.state = 'sent' AND o.valid_until <= :late))
                    ORDER BY t.message_id LIMIT 100";
        let before = |wait: Millis| now.before(wait);
        let asked = named_params! { ":unknown": before(UNKNOWN_FOR), ":late": before(LATE) };
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(asked, |row| {
            Ok(MailFate {
                message: row.get("message_id")?,
                to: number(row, "number_key")?,
                state: row.get("state")?,
                detail: row.get("error_detail")?,
                author: row.get("author")?,
                mail_id: row.get("mail_id")?,
                subject: row.get("subject")?,
                tell: row.get("tell")?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Its author knows all they want to know.
    pub fn mail_fate_told(&self, message: MessageId) -> Result<()> {
        let sql = "UPDATE mail_texts SET tell = 'nothing' WHERE message_id = ?1";
        self.conn.prepare_cached(sql)?.execute([message])?;
        Ok(())
    }
}
