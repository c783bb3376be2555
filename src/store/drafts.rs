//! Texts begun and not sent: one for each writer and conversation (S82, E123).

use rusqlite::OptionalExtension;

use super::error::Result;
use super::lines::LineId;
use super::{ReadTx, WriteTx};
use crate::types::{ConversationId, UnixTime};

/// A text begun and not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The words so far.
    pub text: String,
    /// The sender chosen, when one was.
    pub line: Option<LineId>,
    /// When it was last changed.
    pub updated_at: UnixTime,
}

impl ReadTx<'_> {
    /// What `author` has begun to write in a conversation.
    pub fn draft(&self, author: &str, of: ConversationId) -> Result<Option<Draft>> {
        let sql = "SELECT text, line_id, updated_at FROM drafts
                    WHERE author = ?1 AND conversation_id = ?2";
        let found = self.conn.prepare_cached(sql)?.query_row((author, of), |row| {
            Ok(Draft { text: row.get(0)?, line: row.get(1)?, updated_at: row.get(2)? })
        });
        Ok(found.optional()?)
    }

    /// The conversations in which `author` has begun to write.
    pub fn drafts_of(&self, author: &str) -> Result<Vec<ConversationId>> {
        let sql = "SELECT conversation_id FROM drafts WHERE author = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([author], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Keeps what was written so far; nothing written is nothing kept.
    pub fn keep_draft(
        &self,
        author: &str,
        of: ConversationId,
        text: &str,
        line: Option<LineId>,
        now: UnixTime,
    ) -> Result<()> {
        if text.trim().is_empty() {
            return self.drop_draft(author, of);
        }
        let sql = "INSERT INTO drafts (author, conversation_id, text, line_id, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5)
                   ON CONFLICT (author, conversation_id) DO UPDATE SET text = excluded.text,
                       line_id = excluded.line_id, updated_at = excluded.updated_at";
        self.conn.prepare_cached(sql)?.execute((author, of, text, line, now))?;
        Ok(())
    }

    /// It was sent, or is not wanted any more.
    pub fn drop_draft(&self, author: &str, of: ConversationId) -> Result<()> {
        let sql = "DELETE FROM drafts WHERE author = ?1 AND conversation_id = ?2";
        self.conn.prepare_cached(sql)?.execute((author, of))?;
        Ok(())
    }
}
