//! Mail that came in: each mail once, what became of it, and who has to decide about it.

use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::Value;

use super::error::Result;
use super::words::{MailOutcome, Tell, row_id};
use super::{ReadTx, WriteTx};
use crate::types::{MessageId, UnixTime};

row_id!(
    /// A mail that came in.
    MailId
);

/// A mail to remember.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMail {
    /// What two fetches of one mail have in common.
    pub fingerprint: String,
    /// Its Message-ID.
    pub mail_id: String,
    /// The address in `From`.
    pub author: String,
    /// Its subject.
    pub subject: String,
    /// What became of it.
    pub outcome: MailOutcome,
    /// A stable word why.
    pub code: String,
    /// The sentence for a person.
    pub why: String,
    /// The mail itself, when somebody has to decide about it.
    pub raw: Option<Vec<u8>>,
}

/// A mail that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its row.
    pub id: MailId,
    /// Its Message-ID.
    pub mail_id: String,
    /// The address in `From`; empty when there is not exactly one.
    pub author: String,
    /// Its subject.
    pub subject: String,
    /// What became of it.
    pub outcome: MailOutcome,
    /// A stable word why.
    pub code: String,
    /// The sentence for a person.
    pub why: String,
    /// When it came.
    pub at: UnixTime,
    /// When an admin decided.
    pub decided_at: Option<UnixTime>,
}

/// From which mail a text was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailText {
    /// The mail.
    pub mail: MailId,
    /// Its Message-ID.
    pub mail_id: String,
    /// The address it was written from.
    pub author: String,
    /// The forwarded text that was answered.
    pub answers: Option<MessageId>,
    /// What was left out: a list of `{why, text}`.
    pub cut: Value,
}

/// How a text and the mail it was made from belong together.
#[derive(Clone, Copy, Debug)]
pub struct NewMailText<'a> {
    /// The text.
    pub message: MessageId,
    /// The mail.
    pub mail: MailId,
    /// The address it was written from.
    pub author: &'a str,
    /// The forwarded text that was answered.
    pub answers: Option<MessageId>,
    /// What was left out: a list of `{why, text}`.
    pub cut: &'a Value,
    /// What of its fate the author wants to know.
    pub tell: Tell,
}

impl Mail {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Mail> {
        Ok(Mail {
            id: row.get("id")?,
            mail_id: row.get("mail_id")?,
            author: row.get("author")?,
            subject: row.get("subject")?,
            outcome: row.get("outcome")?,
            code: row.get("code")?,
            why: row.get("why")?,
            at: row.get("at")?,
            decided_at: row.get("decided_at")?,
        })
    }
}

impl ReadTx<'_> {
    /// Whether this mail was here before.
    pub fn knows_mail(&self, fingerprint: &str) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM mails WHERE fingerprint = ?1)";
        Ok(self.conn.prepare_cached(sql)?.query_row([fingerprint], |row| row.get(0))?)
    }

    /// Mails an admin has to decide about, newest first; or all of them.
    pub fn mails(&self, waiting_only: bool, limit: u32) -> Result<Vec<Mail>> {
        let sql = match waiting_only {
            true => "SELECT * FROM mails WHERE outcome = 'quarantined' ORDER BY id DESC LIMIT ?1",
            false => "SELECT * FROM mails ORDER BY id DESC LIMIT ?1",
        };
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([limit], Mail::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One mail.
    pub fn mail(&self, id: MailId) -> Result<Option<Mail>> {
        let sql = "SELECT * FROM mails WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id], Mail::from_row).optional()?)
    }

    /// The octets of a mail that waits for a decision, or of one an admin has let through.
    pub fn mail_octets(&self, id: MailId) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT raw FROM mails WHERE id = ?1";
        let found: Option<Option<Vec<u8>>> =
            self.conn.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
        Ok(found.flatten())
    }

    /// Octets of the mails that wait for a decision.
    pub fn quarantined_octets(&self) -> Result<u64> {
        let sql = "SELECT coalesce(sum(length(raw)), 0) FROM mails WHERE outcome = 'quarantined'";
        let octets: i64 = self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(octets.unsigned_abs())
    }

    /// Mails that an admin has let through and nobody has carried out yet.
    pub fn approved_mails(&self) -> Result<Vec<MailId>> {
        let sql = "SELECT id FROM mails WHERE outcome = 'approved' ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The mail that a text was made from.
    pub fn mail_of(&self, message: MessageId) -> Result<Option<MailText>> {
        let sql = "SELECT t.mail_id, m.mail_id, t.author, t.answers, t.cut
                     FROM mail_texts t JOIN mails m ON m.id = t.mail_id WHERE t.message_id = ?1";
        let found = self.conn.prepare_cached(sql)?.query_row([message], |row| {
            let cut: String = row.get(4)?;
            Ok(MailText {
                mail: row.get(0)?,
                mail_id: row.get(1)?,
                author: row.get(2)?,
                answers: row.get(3)?,
                cut: serde_json::from_str(&cut).unwrap_or(Value::Null),
            })
        });
        Ok(found.optional()?)
    }

    /// Mails of an author since a time (E73).
    pub fn mails_since(&self, author: &str, since: UnixTime) -> Result<u32> {
        let sql = "SELECT count(*) FROM mails WHERE author = ?1 AND at >= ?2";
        Ok(self.conn.prepare_cached(sql)?.query_row((author, since), |row| row.get(0))?)
    }

    /// Texts that mails became in a conversation since a time (E73).
    pub fn mailed_texts_since(
        &self,
        thread: crate::types::ConversationId,
        since: UnixTime,
    ) -> Result<u32> {
        let sql = "SELECT count(*) FROM mail_texts t JOIN messages m ON m.id = t.message_id
                    WHERE m.conversation_id = ?1 AND m.created_at >= ?2";
        Ok(self.conn.prepare_cached(sql)?.query_row((thread, since), |row| row.get(0))?)
    }
}

impl WriteTx<'_> {
    /// Remembers a mail. `None`: it was here before, and nothing may be done because of it.
    pub fn keep_mail(&self, new: &NewMail, now: UnixTime) -> Result<Option<MailId>> {
        let sql = "INSERT INTO mails (fingerprint, mail_id, author, subject, outcome, code, why, raw, at)
                   VALUES (:fingerprint, :mail_id, :author, :subject, :outcome, :code, :why, :raw, :now)
                   ON CONFLICT (fingerprint) DO NOTHING RETURNING id";
        let kept = self.conn.prepare_cached(sql)?.query_row(
            named_params! {
                ":fingerprint": new.fingerprint, ":mail_id": new.mail_id, ":author": new.author,
                ":subject": new.subject, ":outcome": new.outcome, ":code": new.code,
                ":why": new.why, ":raw": new.raw, ":now": now,
            },
            |row| row.get(0),
        );
        Ok(kept.optional()?)
    }

    /// Keeps the octets of a mail that somebody has to decide about.
    pub fn keep_octets(&self, id: MailId, octets: &[u8]) -> Result<()> {
        let sql = "UPDATE mails SET raw = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((id, octets))?;
        Ok(())
    }

    /// What became of a mail after all; its octets are kept only while it waits.
    pub fn settle_mail(
        &self,
        id: MailId,
        outcome: MailOutcome,
        code: &str,
        why: &str,
    ) -> Result<()> {
        let sql = "UPDATE mails SET outcome = ?2, code = ?3, why = ?4,
                          raw = iif(?2 IN ('quarantined', 'approved'), raw, NULL),
                          author = iif(?3 = 'not_for_us', '', author),
                          subject = iif(?3 = 'not_for_us', '', subject) WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((id, outcome, code, why))?;
        Ok(())
    }

    /// An admin lets a quarantined mail through, or not. `false`: nobody has to decide about it.
    pub fn decide_mail(
        &self,
        id: MailId,
        outcome: MailOutcome,
        by: Option<&str>,
        now: UnixTime,
    ) -> Result<bool> {
        let sql = "UPDATE mails SET outcome = :outcome, decided_at = :now, decided_by = :by,
                          raw = iif(:outcome = 'approved', raw, NULL)
                    WHERE id = :id AND outcome = 'quarantined'";
        let decided = named_params! { ":id": id, ":outcome": outcome, ":by": by, ":now": now };
        Ok(self.conn.prepare_cached(sql)?.execute(decided)? > 0)
    }

    /// A text was made from a mail.
    pub fn link_mail(&self, new: &NewMailText<'_>) -> Result<()> {
        let sql = "INSERT INTO mail_texts (message_id, mail_id, author, answers, cut, tell)
                   VALUES (:message, :mail, :author, :answers, :cut, :tell)";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":message": new.message, ":mail": new.mail, ":author": new.author,
            ":answers": new.answers, ":cut": new.cut.to_string(), ":tell": new.tell,
        })?;
        Ok(())
    }
}
