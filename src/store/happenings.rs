//! What was done to a conversation and by whom: the entries between its texts.

use rusqlite::named_params;

use super::error::Result;
use super::messages::Author;
use super::users::UserId;
use super::words::{AuthorKind, Happened, row_id};
use super::{ReadTx, WriteTx};
use crate::types::{ConversationId, UnixTime};

row_id!(
    /// An entry.
    HappeningId
);

/// Something that was done to a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHappening {
    /// What.
    pub kind: Happened,
    /// Who did it; `None`: by itself.
    pub author: Option<Author>,
    /// To whom it was given; who joined or left.
    pub user: Option<UserId>,
    /// The flag's word, the team.
    pub word: Option<String>,
}

impl NewHappening {
    /// Something without more to say than who did it.
    pub fn of(kind: Happened, author: Option<Author>) -> Self {
        Self { kind, author, user: None, word: None }
    }
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// Its row.
    pub id: HappeningId,
    /// What was done.
    pub what: NewHappening,
    /// When.
    pub at: UnixTime,
}

impl ReadTx<'_> {
    /// What was done to a conversation from one time to another, oldest first.
    pub fn happenings(
        &self,
        of: ConversationId,
        from: UnixTime,
        to: UnixTime,
    ) -> Result<Vec<Happening>> {
        let sql = "SELECT id, kind, author_kind, author_id, user_id, word, at FROM happenings
                    WHERE conversation_id = ?1 AND at >= ?2 AND at < ?3 ORDER BY at, id LIMIT 500";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map((of, from, to), |row| {
            let kind: Option<AuthorKind> = row.get(2)?;
            let author_id = row.get(3)?;
            let what = NewHappening {
                kind: row.get(1)?,
                author: kind.map(|kind| Author { kind, id: author_id }),
                user: row.get(4)?,
                word: row.get(5)?,
            };
            Ok(Happening { id: row.get(0)?, what, at: row.get(6)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Notes what was done, in the transaction that does it.
    pub fn happened(&self, to: ConversationId, what: &NewHappening, now: UnixTime) -> Result<()> {
        let sql = "INSERT INTO happenings (conversation_id, kind, author_kind, author_id, user_id, word, at)
                   VALUES (:to, :kind, :author_kind, :author_id, :user, :word, :now)";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":to": to, ":kind": what.kind, ":author_kind": what.author.as_ref().map(|a| a.kind),
            ":author_id": what.author.as_ref().and_then(|a| a.id.as_ref()), ":user": what.user,
            ":word": what.word, ":now": now,
        })?;
        Ok(())
    }
}
