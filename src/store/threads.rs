//! What is done to a conversation: read, flagged, tagged, noted, closed, reopened.

use rusqlite::{OptionalExtension, named_params};

use super::error::Result;
use super::messages::Author;
use super::users::UserId;
use super::words::{AuthorKind, ChangeKind, row_id};
use super::{ReadTx, WriteTx};
use crate::types::{ConversationId, UnixTime};

row_id!(
    /// A note.
    NoteId
);

/// What staff wrote about a conversation; never sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its row.
    pub id: NoteId,
    /// Who wrote it.
    pub author: Author,
    /// The words.
    pub text: String,
    /// When.
    pub at: UnixTime,
}

/// How an inbound text stands in its conversation: what `engine::action::Filing` says, in the
/// store's words. The default is an ordinary text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filing {
    /// It counts in badges and makes the conversation unanswered.
    pub badge: bool,
    /// It opens a closed conversation again (S156); consent words do not (C4).
    pub reopen: bool,
    /// It stands among the texts of staff, and moves no conversation to the top (E1).
    pub internal: bool,
    /// Why the entry looks different.
    pub mark: Option<&'static str>,
}

impl Default for Filing {
    fn default() -> Self {
        Self { badge: true, reopen: true, internal: false, mark: None }
    }
}

impl ReadTx<'_> {
    /// The notes on a conversation, oldest first.
    pub fn notes(&self, of: ConversationId) -> Result<Vec<Note>> {
        let sql = "SELECT id, author_kind, author_id, text, created_at FROM notes
                    WHERE conversation_id = ?1
                      AND id > (SELECT since_note_id FROM conversations WHERE id = ?1) ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([of], |row| {
            let kind: AuthorKind = row.get(1)?;
            let author = Author { kind, id: row.get(2)? };
            Ok(Note { id: row.get(0)?, author, text: row.get(3)?, at: row.get(4)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Somebody looked: nothing in it is news to them (S151, E128). Without a viewer it is read for
    /// nobody in particular.
    pub fn mark_read_by(
        &self,
        of: ConversationId,
        viewer: Option<UserId>,
        now: UnixTime,
    ) -> Result<()> {
        self.mark_read(of, now)?;
        let Some(viewer) = viewer else { return Ok(()) };
        let sql = "DELETE FROM news WHERE user_id = ?1 AND conversation_id = ?2";
        self.conn.prepare_cached(sql)?.execute((viewer, of))?;
        let sql = "INSERT INTO reads (user_id, conversation_id, read_to)
                   SELECT :user, id, coalesce(last_message_id, 0) FROM conversations WHERE id = :id
                   ON CONFLICT (user_id, conversation_id) DO UPDATE SET read_to = excluded.read_to
                    WHERE read_to < excluded.read_to";
        let asked = named_params! { ":user": viewer, ":id": of };
        if self.conn.prepare_cached(sql)?.execute(asked)? > 0 {
            self.owner_acted(of, viewer, now)?;
            self.changed(ChangeKind::Conversation, of.0, now)?;
        }
        Ok(())
    }

    /// Nothing in any conversation is news to the viewer (S145); an admin without account clears
    /// the count that everybody shares.
    pub fn mark_all_read(&self, viewer: Option<UserId>, now: UnixTime) -> Result<()> {
        match viewer {
            Some(viewer) => {
                for sql in
                    ["DELETE FROM reads WHERE user_id = ?1", "DELETE FROM news WHERE user_id = ?1"]
                {
                    self.conn.prepare_cached(sql)?.execute([viewer])?;
                }
                let sql =
                    "UPDATE users SET unread_from = (SELECT coalesce(max(id), 0) FROM messages)
                            WHERE id = ?1";
                self.conn.prepare_cached(sql)?.execute([viewer])?;
                self.changed(ChangeKind::User, viewer.0, now)
            }
            None => {
                let sql = "UPDATE conversations SET unread = 0 WHERE unread > 0 RETURNING id";
                let mut statement = self.conn.prepare_cached(sql)?;
                let rows = statement.query_map([], |row| row.get(0))?;
                for id in rows.collect::<rusqlite::Result<Vec<i64>>>()? {
                    self.changed(ChangeKind::Conversation, id, now)?;
                }
                Ok(())
            }
        }
    }

    /// Somebody looked at it.
    pub fn mark_read(&self, of: ConversationId, now: UnixTime) -> Result<()> {
        self.set("unread = 0", "unread > 0", of, now)
    }

    /// Flags it for follow-up with a word why, or takes the flag off (S69).
    pub fn set_flag(&self, of: ConversationId, flag: Option<&str>, now: UnixTime) -> Result<()> {
        let sql = "UPDATE conversations SET flag = ?2 WHERE id = ?1 AND flag IS NOT ?2";
        if self.conn.prepare_cached(sql)?.execute((of, flag))? > 0 {
            self.changed(ChangeKind::Conversation, of.0, now)?;
        }
        Ok(())
    }

    /// Adds a tag; one it has already changes nothing.
    pub fn add_tag(&self, of: ConversationId, tag: &str, now: UnixTime) -> Result<()> {
        let sql = "UPDATE conversations SET tags = json_insert(tags, '$[#]', ?2)
                    WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?2)";
        if self.conn.prepare_cached(sql)?.execute((of, tag))? > 0 {
            self.changed(ChangeKind::Conversation, of.0, now)?;
        }
        Ok(())
    }

    /// Sets all tags.
    pub fn set_tags(&self, of: ConversationId, tags: &[String], now: UnixTime) -> Result<()> {
        let sql = "UPDATE conversations SET tags = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((of, serde_json::json!(tags).to_string()))?;
        self.changed(ChangeKind::Conversation, of.0, now)
    }

    /// Adds a note.
    pub fn add_note(
        &self,
        of: ConversationId,
        author: &Author,
        text: &str,
        now: UnixTime,
    ) -> Result<NoteId> {
        let sql = "INSERT INTO notes (conversation_id, author_kind, author_id, text, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id";
        let new = (of, author.kind, &author.id, text, now);
        let id = self.conn.prepare_cached(sql)?.query_row(new, |row| row.get(0))?;
        self.changed(ChangeKind::Conversation, of.0, now)?;
        Ok(id)
    }

    /// Closes it: out of the open list, nothing deleted (S68, S154).
    pub fn close_conversation(&self, of: ConversationId, now: UnixTime) -> Result<()> {
        self.set("closed = 1", "closed = 0", of, now)
    }

    /// Opens it again, by a person or by traffic (S155..S157). Its claimer keeps it while active,
    /// else it is nobody's (C10).
    pub fn reopen_conversation(&self, of: ConversationId, now: UnixTime) -> Result<()> {
        // Asked first: this comes with every text and finds hardly any closed.
        let sql = "SELECT closed FROM conversations WHERE id = ?1";
        let closed = self.conn.prepare_cached(sql)?.query_row([of], |row| row.get(0)).optional()?;
        if closed != Some(true) {
            return Ok(());
        }
        let sql = "UPDATE conversations SET closed = 0,
                          owner_active_at = iif(owner_id IS NULL, NULL, max(owner_active_at, :now)),
                          owner_id = (SELECT u.id FROM users u WHERE u.id = owner_id AND u.active)
                    WHERE id = :id";
        self.conn.prepare_cached(sql)?.execute(named_params! { ":id": of, ":now": now })?;
        self.changed(ChangeKind::Conversation, of.0, now)
    }

    /// Staff have answered, by whatever way.
    pub fn set_answered(&self, of: ConversationId, now: UnixTime) -> Result<()> {
        self.set("answered = 1", "answered = 0", of, now)
    }

    /// The last words may have been an opt-out: a person decides, marketing waits (E81).
    pub fn set_possible_opt_out(
        &self,
        of: ConversationId,
        may_be: bool,
        now: UnixTime,
    ) -> Result<()> {
        match may_be {
            true => self.set("possible_opt_out = 1", "possible_opt_out = 0", of, now),
            false => self.set("possible_opt_out = 0", "possible_opt_out = 1", of, now),
        }
    }

    /// It is with a member of staff's own phone: kept out of the tabs (E1).
    pub fn set_internal(&self, of: ConversationId, now: UnixTime) -> Result<()> {
        self.set("internal = 1", "internal = 0", of, now)
    }

    /// The number has a new owner (E137): what was written before is cut off, nothing of it is
    /// deleted, and names, tags, questions and consent to marketing of the earlier owner are no
    /// longer theirs. An opt-out stays: it is the number's (E99).
    pub fn new_owner(&self, of: ConversationId, now: UnixTime) -> Result<()> {
        for sql in EARLIER_OWNERS {
            self.conn.prepare_cached(sql)?.execute([of])?;
        }
        // The code on the recipient's phone means somebody else now, so answers are echoed (E4).
        let sql = "UPDATE relay_codes SET recycled = 1, issued_at = ?2
                    WHERE customer_key = (SELECT key FROM conversations WHERE id = ?1)";
        self.conn.prepare_cached(sql)?.execute((of, now))?;
        self.changed(ChangeKind::Conversation, of.0, now)
    }

    fn set(&self, what: &str, unless: &str, of: ConversationId, now: UnixTime) -> Result<()> {
        let sql = format!("UPDATE conversations SET {what} WHERE id = ?1 AND {unless}");
        if self.conn.prepare_cached(&sql)?.execute([of])? > 0 {
            self.changed(ChangeKind::Conversation, of.0, now)?;
        }
        Ok(())
    }
}

/// What goes when a number has a new owner.
const EARLIER_OWNERS: &[&str] = &[
    "UPDATE conversations SET unread = 0, answered = 1, flag = NULL, tags = '[]', team = NULL,
            owner_id = NULL, owner_active_at = NULL, possible_opt_out = 0, closed = 0,
            since_message_id = coalesce((SELECT max(id) FROM messages WHERE conversation_id = ?1), 0),
            since_note_id = coalesce((SELECT max(id) FROM notes WHERE conversation_id = ?1), 0)
      WHERE id = ?1",
    "DELETE FROM participants WHERE conversation_id = ?1",
    "DELETE FROM drafts WHERE conversation_id = ?1",
    "UPDATE messages SET badge = 0 WHERE conversation_id = ?1 AND badge = 1",
    "DELETE FROM contact_numbers WHERE key = (SELECT key FROM conversations WHERE id = ?1)",
    "DELETE FROM askings WHERE number_key = (SELECT key FROM conversations WHERE id = ?1)",
    "DELETE FROM consent_standing WHERE state = 'in'
        AND number_key = (SELECT key FROM conversations WHERE id = ?1)",
];
