//! What is kept about one number: given out, or erased.
//!
//! Erasing leaves what must stay: the keys by which a text still on a SIM is known as seen, counts,
//! and, for a number that had opted out, a salted hash that keeps it opted out (E103).

use ring::digest::{Context, SHA256};
use rusqlite::OptionalExtension;

use super::contacts::Contact;
use super::conversations::Conversation;
use super::error::Result;
use super::messages::{Message, MessageQuery, Page};
use super::threads::Note;
use super::words::ChangeKind;
use super::{ReadTx, WriteTx};
use crate::types::{ConversationId, Number, UnixTime};

/// Everything kept about a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dossier {
    /// The contacts that have it.
    pub contacts: Vec<Contact>,
    /// Its conversation.
    pub conversation: Option<Conversation>,
    /// Every text, hidden ones too, oldest first.
    pub messages: Vec<Message>,
    /// What staff wrote about it.
    pub notes: Vec<Note>,
    /// Conversations of others whose texts or notes speak of the number: for a person to look at,
    /// never rewritten in silence (E157).
    pub mentioned_in: Vec<ConversationId>,
}

/// What was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Texts.
    pub messages: u64,
    /// Contacts that had no other number.
    pub contacts: u64,
    /// Notes.
    pub notes: u64,
    /// As in [`Dossier`].
    pub mentioned_in: Vec<ConversationId>,
}

/// Whether a number could be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// It was.
    Done(Erased),
    /// A text to it is at the modem: nothing was changed, try again.
    OnAir,
}

impl ReadTx<'_> {
    /// Everything kept about `number`.
    pub fn dossier(&self, number: &Number) -> Result<Dossier> {
        let contacts = self.contacts(&super::ContactQuery {
            number: Some(number.clone()),
            limit: u32::MAX,
            ..Default::default()
        })?;
        let conversation = self.conversation_of(number)?;
        let messages = self.messages(&MessageQuery {
            page: Page::First,
            number: Some(number.clone()),
            hidden_too: true,
            limit: u32::MAX,
            ..Default::default()
        })?;
        let notes = match &conversation {
            Some(conversation) => self.notes(conversation.id)?,
            None => Vec::new(),
        };
        Ok(Dossier {
            contacts,
            conversation,
            messages,
            notes,
            mentioned_in: self.mentions(number)?,
        })
    }

    fn mentions(&self, number: &Number) -> Result<Vec<ConversationId>> {
        let Number::E164(_) = number else { return Ok(Vec::new()) };
        let digits = number.as_str().trim_start_matches('+');
        // The subscriber's part, as people write it without country code.
        let tail = digits.get(digits.len().saturating_sub(9)..).unwrap_or(digits);
        let sql =
            "SELECT DISTINCT conversation_id FROM notes WHERE instr(replace(text, ' ', ''), ?1) > 0
                       AND conversation_id NOT IN (SELECT id FROM conversations WHERE key = ?2)
                   UNION
                   SELECT DISTINCT conversation_id FROM messages
                    WHERE conversation_id IS NOT NULL AND number_key <> ?2
                      AND instr(replace(text, ' ', ''), ?1) > 0";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map((tail, number.key()), |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether an erased number had opted out.
    pub fn is_suppressed(&self, number: &Number) -> Result<bool> {
        let Some(salt) = self.setting(SALT)? else { return Ok(false) };
        let sql = "SELECT EXISTS (SELECT 1 FROM suppressions WHERE hash = ?1)";
        let hash = salted(&salt, number);
        Ok(self.conn.prepare_cached(sql)?.query_row([hash], |row| row.get(0))?)
    }
}

impl WriteTx<'_> {
    /// Keeps an opted-out number from being written to after everything else about it is gone.
    /// `salt` is used when none was made before.
    pub fn suppress_hashed(&self, number: &Number, salt: &str, now: UnixTime) -> Result<()> {
        let salt = match self.setting(SALT)? {
            Some(salt) => salt,
            None => {
                self.set_setting(SALT, salt)?;
                salt.to_owned()
            }
        };
        let sql = "INSERT OR IGNORE INTO suppressions (hash, at) VALUES (?1, ?2)";
        self.conn.prepare_cached(sql)?.execute((salted(&salt, number), now))?;
        Ok(())
    }

    /// The number's owner has written START again.
    pub fn lift_suppression(&self, number: &Number) -> Result<()> {
        let Some(salt) = self.setting(SALT)? else { return Ok(()) };
        let sql = "DELETE FROM suppressions WHERE hash = ?1";
        self.conn.prepare_cached(sql)?.execute([salted(&salt, number)])?;
        Ok(())
    }

    /// Erases what is kept about `number`.
    pub fn erase(&self, number: &Number, now: UnixTime) -> Result<Erasure> {
        let key = number.key();
        let busy = "SELECT EXISTS (SELECT 1 FROM outbound
                     WHERE recipient_key = ?1 AND stage <> 'over' AND stage IN ('leased', 'on_air'))";
        if self.conn.prepare_cached(busy)?.query_row([&key], |row| row.get(0))? {
            return Ok(Erasure::OnAir);
        }
        let mut erased = Erased { mentioned_in: self.mentions(number)?, ..Erased::default() };
        let sql = "SELECT id FROM conversations WHERE key = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let conversation: Option<ConversationId> =
            statement.query_row([&key], |row| row.get(0)).optional()?;
        if let Some(conversation) = conversation {
            let sql = "SELECT count(*) FROM notes WHERE conversation_id = ?1";
            let notes: u32 =
                self.conn.prepare_cached(sql)?.query_row([conversation], |row| row.get(0))?;
            erased.notes = notes.into();
        }
        let mut statement = self.conn.prepare_cached(JOURNALLED)?;
        let tpdus = statement.query_map([&key], |row| row.get(0))?;
        self.forget(tpdus.collect::<rusqlite::Result<_>>()?);
        for sql in SCRUB {
            self.conn.prepare_cached(sql)?.execute([&key])?;
        }
        let sql = "DELETE FROM messages WHERE number_key = ?1";
        erased.messages = count(self.conn.prepare_cached(sql)?.execute([&key])?);
        self.conn.prepare_cached("DELETE FROM conversations WHERE key = ?1")?.execute([&key])?;
        let sql = "DELETE FROM contacts WHERE id IN (SELECT contact_id FROM contact_numbers WHERE key = ?1)
                      AND NOT EXISTS (SELECT 1 FROM contact_numbers
                                       WHERE contact_id = contacts.id AND key <> ?1)";
        erased.contacts = count(self.conn.prepare_cached(sql)?.execute([&key])?);
        self.conn.prepare_cached("DELETE FROM contact_numbers WHERE key = ?1")?.execute([&key])?;
        if let Some(conversation) = conversation {
            self.changed(ChangeKind::Conversation, conversation.0, now)?;
        }
        Ok(Erasure::Done(erased))
    }
}

/// Octets that have a second copy in the journal.
const JOURNALLED: &str = "
    SELECT tpdu FROM segments_in
     WHERE message_id IN (SELECT id FROM messages WHERE number_key = ?1)
        OR group_id IN (SELECT id FROM groups WHERE sender_key = ?1)
    UNION SELECT s.tpdu FROM segments_out s JOIN messages m ON m.id = s.message_id
     WHERE m.number_key = ?1
    UNION SELECT r.tpdu FROM reports r JOIN segments_out s ON s.id = r.segment_id
      JOIN messages m ON m.id = s.message_id WHERE m.number_key = ?1";

/// What goes before the messages: rows that would keep the number or its words otherwise. The
/// dedupe keys stay: a text that is still on a SIM must not come back as new.
const SCRUB: &[&str] = &[
    "UPDATE segments_in SET tpdu = x'', error = NULL
      WHERE message_id IN (SELECT id FROM messages WHERE number_key = ?1)
         OR group_id IN (SELECT id FROM groups WHERE sender_key = ?1)",
    "DELETE FROM custody WHERE segment_id IN (SELECT id FROM segments_in WHERE message_id IN
      (SELECT id FROM messages WHERE number_key = ?1))",
    "UPDATE reports SET recipient = '', tpdu = x'' WHERE segment_id IN
      (SELECT s.id FROM segments_out s JOIN messages m ON m.id = s.message_id WHERE m.number_key = ?1)",
    "DELETE FROM groups WHERE sender_key = ?1",
    // Mails that became texts to the number, and those that name it: they are known when they come
    // again, their words go.
    "UPDATE mails SET subject = '', raw = NULL, outcome = iif(outcome = 'quarantined', 'rejected', outcome)
      WHERE instr(subject, ?1) > 0
         OR id IN (SELECT t.mail_id FROM mail_texts t JOIN messages m ON m.id = t.message_id
                    WHERE m.number_key = ?1)",
    "DELETE FROM deliveries WHERE kind = 'mail' AND message_id IS NULL AND instr(payload, ?1) > 0",
    "DELETE FROM concat_references WHERE recipient_key = ?1",
    "DELETE FROM consent_ledger WHERE number_key = ?1",
    "DELETE FROM consent_standing WHERE number_key = ?1",
    "DELETE FROM relay_codes WHERE customer_key = ?1",
    "DELETE FROM askings WHERE number_key = ?1",
    "DELETE FROM refusals WHERE number_key = ?1",
    // The vote counts on; whose it was is forgotten.
    "UPDATE answers SET number_key = 'erased:' || id WHERE number_key = ?1",
    // The count of recipients stays true; the number goes.
    "UPDATE month_recipients SET recipient_key = 'erased:' || hex(randomblob(8)) WHERE recipient_key = ?1",
];

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}

fn salted(salt: &str, number: &Number) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(salt.as_bytes());
    context.update(b"\0");
    context.update(number.key().as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// The setting that holds the salt.
const SALT: &str = "suppression_salt";
