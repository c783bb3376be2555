//! Who changed what: appended to, never changed, each row sealing the ones before it.
//!
//! A row names fields, never their values: it must outlive the erasure of the person it is about.

use ring::digest::{Context, SHA256};
use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::Value;

use super::error::Result;
use super::messages::Author;
use super::words::AuthorKind;
use super::{ReadTx, WriteTx};
use crate::types::UnixTime;

/// One act.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    /// Its place.
    pub id: i64,
    /// When.
    pub at: UnixTime,
    /// Who.
    pub actor: Author,
    /// What: a word such as `contact.changed`.
    pub action: String,
    /// The id of what it was done to.
    pub subject: Option<String>,
    /// Names of fields and ids.
    pub detail: Value,
}

impl Audit {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Audit> {
        let kind: AuthorKind = row.get("actor_kind")?;
        let detail: String = row.get("detail")?;
        Ok(Audit {
            id: row.get("id")?,
            at: row.get("at")?,
            actor: Author { kind, id: row.get("actor_id")? },
            action: row.get("action")?,
            subject: row.get("subject")?,
            detail: serde_json::from_str(&detail).unwrap_or(Value::Null),
        })
    }
}

impl ReadTx<'_> {
    /// A page of the log, newest first.
    pub fn audit_log(&self, before: Option<i64>, limit: u32) -> Result<Vec<Audit>> {
        let sql = "SELECT * FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map((before.unwrap_or(i64::MAX), limit), Audit::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The first row that does not follow from the one before it; `None`: the log is whole.
    pub fn audit_broken_at(&self) -> Result<Option<i64>> {
        let sql = "SELECT id, at, actor_kind, actor_id, action, subject, detail, hash FROM audit
                    ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut before = GENESIS;
        let mut expected = 1;
        while let Some(row) = rows.next()? {
            let (id, at): (i64, UnixTime) = (row.get(0)?, row.get(1)?);
            let texts: [Option<String>; 5] =
                [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
            let sealed = seal(&before, id, at, texts.each_ref().map(Option::as_deref));
            let stored: [u8; 32] = row.get(7)?;
            if id != expected || stored != sealed {
                return Ok(Some(id));
            }
            (before, expected) = (stored, id + 1);
        }
        Ok(None)
    }
}

impl WriteTx<'_> {
    /// Appends to the log, in the transaction of the act itself.
    pub fn audit(
        &self,
        actor: &Author,
        action: &str,
        subject: Option<String>,
        detail: &Value,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let last: Option<(i64, [u8; 32])> =
            statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let (id, before) = last.map_or((1, GENESIS), |(id, hash)| (id + 1, hash));
        let detail = detail.to_string();
        let (kind, who) = (actor.kind.as_str(), actor.id.as_deref());
        let texts = [Some(kind), who, Some(action), subject.as_deref(), Some(detail.as_str())];
        let hash = seal(&before, id, now, texts);
        let sql = "INSERT INTO audit (id, at, actor_kind, actor_id, action, subject, detail, hash)
                   VALUES (:id, :at, :kind, :who, :action, :subject, :detail, :hash)";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":id": id, ":at": now, ":kind": kind, ":who": who, ":action": action,
            ":subject": subject, ":detail": detail, ":hash": hash,
        })?;
        Ok(())
    }
}

/// SHA-256 over the hash before, then each column with its length, so that no two rows read alike.
fn seal(before: &[u8; 32], id: i64, at: UnixTime, texts: [Option<&str>; 5]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(before);
    context.update(&id.to_be_bytes());
    context.update(&at.0.to_be_bytes());
    for text in texts {
        let length = text.map_or(-1, |text| i64::try_from(text.len()).unwrap_or(i64::MAX));
        context.update(&length.to_be_bytes());
        context.update(text.unwrap_or_default().as_bytes());
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// What stands before the first row.
const GENESIS: [u8; 32] = [0; 32];
