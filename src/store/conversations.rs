//! Conversations: one remote address across all own lines (D3).

use rusqlite::{OptionalExtension, Row, named_params};

use super::error::Result;
use super::lines::LineId;
use super::words::{ChangeKind, number};
use super::{ReadTx, WriteTx};
use crate::types::{ConversationId, MessageId, Number, UnixTime};

/// All texts with one remote address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its row.
    pub id: ConversationId,
    /// The remote address.
    pub number: Number,
    /// The line last used; where an answer goes out.
    pub line: Option<LineId>,
    /// Inbound texts since somebody looked.
    pub unread: u32,
    /// Whether the last word is ours.
    pub answered: bool,
    /// The newest message shown in the inbox.
    pub last_message: Option<MessageId>,
    /// When that was.
    pub last_message_at: UnixTime,
}

/// Which conversations, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationQuery {
    /// Those older than this one: the last of the page before, by time and id.
    pub before: Option<(UnixTime, ConversationId)>,
    /// Those last used on this line.
    pub line: Option<LineId>,
    /// At most so many; 0 means 50.
    pub limit: u32,
}

impl Conversation {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Conversation> {
        Ok(Conversation {
            id: row.get("id")?,
            number: number(row, "key")?,
            line: row.get("line_id")?,
            unread: row.get("unread")?,
            answered: row.get("answered")?,
            last_message: row.get("last_message_id")?,
            last_message_at: row.get("last_message_at")?,
        })
    }
}

impl ReadTx<'_> {
    /// A page of conversations, the one with the newest message first.
    pub fn conversations(&self, query: &ConversationQuery) -> Result<Vec<Conversation>> {
        let sql = "SELECT * FROM conversations
                    WHERE (:line IS NULL OR line_id = :line) AND last_message_id IS NOT NULL
                      AND (last_message_at, id) < (:at, :id)
                    ORDER BY last_message_at DESC, id DESC LIMIT :limit";
        let (at, id) = query.before.unwrap_or((UnixTime(i64::MAX), ConversationId(i64::MAX)));
        let limit = if query.limit == 0 { 50 } else { query.limit };
        let page = named_params! { ":line": query.line, ":at": at, ":id": id, ":limit": limit };
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(page, Conversation::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One conversation.
    pub fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>> {
        let sql = "SELECT * FROM conversations WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id], Conversation::from_row).optional()?)
    }

    /// The conversation with a number, if there is one.
    pub fn conversation_of(&self, with: &Number) -> Result<Option<Conversation>> {
        let sql = "SELECT * FROM conversations WHERE key = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([with.key()], Conversation::from_row).optional()?)
    }

    /// Unread texts in all conversations.
    pub fn unread(&self) -> Result<u32> {
        let sql = "SELECT coalesce(sum(unread), 0) FROM conversations";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }
}

impl WriteTx<'_> {
    /// The conversation with `number`, opened when there is none.
    pub fn conversation_with(
        &self,
        number: &Number,
        line: LineId,
        now: UnixTime,
    ) -> Result<ConversationId> {
        let sql = "INSERT INTO conversations (key, line_id, last_message_at, created_at)
                   VALUES (:key, :line, :now, :now)
                   ON CONFLICT (key) DO UPDATE SET key = key RETURNING id";
        let opened = named_params! { ":key": number.key(), ":line": line, ":now": now };
        Ok(self.conn.prepare_cached(sql)?.query_row(opened, |row| row.get(0))?)
    }

    /// Somebody looked at it.
    pub fn mark_read(&self, conversation: ConversationId, now: UnixTime) -> Result<()> {
        let sql = "UPDATE conversations SET unread = 0 WHERE id = ?1 AND unread > 0";
        if self.conn.prepare_cached(sql)?.execute([conversation])? > 0 {
            self.changed(ChangeKind::Conversation, conversation.0, now)?;
        }
        Ok(())
    }
}
