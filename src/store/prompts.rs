//! Prompts as they are written: polls, ratings, confirmations. To whom one was put and what came
//! back is another matter.

use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::Value;

use super::error::{Result, StoreError};
use super::words::{ChangeKind, PromptKind, row_id};
use super::{ReadTx, WriteTx};
use crate::types::UnixTime;

row_id!(
    /// A prompt.
    PromptId
);

/// What people set of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct PromptText {
    /// What people call it.
    pub name: String,
    /// What it asks for.
    pub kind: PromptKind,
    /// The question as sent.
    pub text: String,
    /// `engine::prompt::Grammar`.
    pub grammar: Value,
    /// Value, `low`, `middle`, `high` or `*` to a list of `engine::keyword::Then`.
    pub outcomes: Value,
    /// A number's last answer counts, not its first (E112).
    pub revote: bool,
    /// Sent once to an answer that cannot be counted (E113).
    pub hint: Option<String>,
    /// Not put before.
    pub opens: Option<UnixTime>,
    /// No answer counts after.
    pub closes: Option<UnixTime>,
}

/// A prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// Its row.
    pub id: PromptId,
    /// What people set.
    pub set: PromptText,
}

impl Prompt {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Prompt> {
        let value = |column: &str| {
            let text: String = row.get(column)?;
            Ok::<_, rusqlite::Error>(serde_json::from_str(&text).unwrap_or(Value::Null))
        };
        Ok(Prompt {
            id: row.get("id")?,
            set: PromptText {
                name: row.get("name")?,
                kind: row.get("kind")?,
                text: row.get("text")?,
                grammar: value("grammar")?,
                outcomes: value("outcomes")?,
                revote: row.get("revote")?,
                hint: row.get("hint")?,
                opens: row.get("opens_at")?,
                closes: row.get("closes_at")?,
            },
        })
    }
}

impl ReadTx<'_> {
    /// All prompts, newest first.
    pub fn prompts(&self) -> Result<Vec<Prompt>> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM prompts ORDER BY id DESC")?;
        let rows = statement.query_map([], Prompt::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One prompt.
    pub fn prompt(&self, id: PromptId) -> Result<Option<Prompt>> {
        let sql = "SELECT * FROM prompts WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id], Prompt::from_row).optional()?)
    }
}

impl WriteTx<'_> {
    /// Adds a prompt.
    pub fn create_prompt(&self, set: &PromptText, now: UnixTime) -> Result<PromptId> {
        let sql = "INSERT INTO prompts (name, kind, text, grammar, outcomes, revote, hint, opens_at,
                       closes_at, created_at, updated_at)
                   VALUES (:name, :kind, :text, :grammar, :outcomes, :revote, :hint, :opens, :closes,
                       :now, :now) RETURNING id";
        let id = self.conn.prepare_cached(sql)?.query_row(
            named_params! {
                ":name": set.name, ":kind": set.kind, ":text": set.text,
                ":grammar": set.grammar.to_string(), ":outcomes": set.outcomes.to_string(),
                ":revote": set.revote, ":hint": set.hint, ":opens": set.opens,
                ":closes": set.closes, ":now": now,
            },
            |row| row.get(0),
        )?;
        self.changed(ChangeKind::Rule, id, now)?;
        Ok(PromptId(id))
    }

    /// Sets all of a prompt.
    pub fn save_prompt(&self, id: PromptId, set: &PromptText, now: UnixTime) -> Result<()> {
        let sql = "UPDATE prompts SET name = :name, kind = :kind, text = :text, grammar = :grammar,
                          outcomes = :outcomes, revote = :revote, hint = :hint, opens_at = :opens,
                          closes_at = :closes, updated_at = :now WHERE id = :id";
        let changed = self.conn.prepare_cached(sql)?.execute(named_params! {
            ":name": set.name, ":kind": set.kind, ":text": set.text,
            ":grammar": set.grammar.to_string(), ":outcomes": set.outcomes.to_string(),
            ":revote": set.revote, ":hint": set.hint, ":opens": set.opens,
            ":closes": set.closes, ":now": now, ":id": id,
        })?;
        if changed == 0 {
            return Err(StoreError::not_found(format_args!("prompt {id}")));
        }
        self.changed(ChangeKind::Rule, id.0, now)
    }

    /// Forgets a prompt. `false`: there is none.
    pub fn delete_prompt(&self, id: PromptId, now: UnixTime) -> Result<bool> {
        let gone = self.conn.prepare_cached("DELETE FROM prompts WHERE id = ?1")?.execute([id])?;
        if gone > 0 {
            self.changed(ChangeKind::Rule, id.0, now)?;
        }
        Ok(gone > 0)
    }
}
