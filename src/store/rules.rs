//! Keyword rules, kept as the JSON that `engine::keyword` reads.

use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::{Value, json};

use super::error::{Result, StoreError};
use super::lines::LineId;
use super::words::{ChangeKind, row_id};
use super::{ReadTx, WriteTx};
use crate::types::UnixTime;

row_id!(
    /// A keyword rule.
    RuleId
);

/// What people set of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleText {
    /// What people call it.
    pub name: String,
    /// Kept but not used, when `false`.
    pub enabled: bool,
    /// Lower ones first.
    pub order: i64,
    /// The lines it holds on; all, when empty.
    pub lines: Vec<LineId>,
    /// `engine::keyword::When`.
    pub when: Value,
    /// A list of `engine::keyword::Then`.
    pub then: Value,
    /// Later rules are looked at too.
    pub goes_on: bool,
}

/// A keyword rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its row.
    pub id: RuleId,
    /// What people set.
    pub set: RuleText,
}

impl Rule {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Rule> {
        let value = |column: &str| {
            let text: String = row.get(column)?;
            Ok::<_, rusqlite::Error>(serde_json::from_str(&text).unwrap_or(Value::Null))
        };
        let lines: String = row.get("lines")?;
        let lines: Vec<i64> = serde_json::from_str(&lines).unwrap_or_default();
        Ok(Rule {
            id: row.get("id")?,
            set: RuleText {
                name: row.get("name")?,
                enabled: row.get("enabled")?,
                order: row.get("position")?,
                lines: lines.into_iter().map(LineId).collect(),
                when: value("conditions")?,
                then: value("actions")?,
                goes_on: row.get("goes_on")?,
            },
        })
    }
}

impl ReadTx<'_> {
    /// All rules in their order.
    pub fn rules(&self) -> Result<Vec<Rule>> {
        let mut statement =
            self.conn.prepare_cached("SELECT * FROM rules ORDER BY position, id")?;
        let rows = statement.query_map([], Rule::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One rule.
    pub fn rule(&self, id: RuleId) -> Result<Option<Rule>> {
        let sql = "SELECT * FROM rules WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id], Rule::from_row).optional()?)
    }

    /// A place behind all rules.
    pub fn last_rule_order(&self) -> Result<i64> {
        let sql = "SELECT coalesce(max(position), 0) FROM rules";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }
}

impl WriteTx<'_> {
    /// Adds a rule.
    pub fn create_rule(&self, set: &RuleText, now: UnixTime) -> Result<RuleId> {
        let sql = "INSERT INTO rules (name, enabled, position, lines, conditions, actions, goes_on,
                       created_at, updated_at)
                   VALUES (:name, :enabled, :order, :lines, :when, :then, :goes_on, :now, :now)
                   RETURNING id";
        let id = self.conn.prepare_cached(sql)?.query_row(
            named_params! {
                ":name": set.name, ":enabled": set.enabled, ":order": set.order,
                ":lines": ids(&set.lines), ":when": set.when.to_string(),
                ":then": set.then.to_string(), ":goes_on": set.goes_on, ":now": now,
            },
            |row| row.get(0),
        )?;
        self.changed(ChangeKind::Rule, id, now)?;
        Ok(RuleId(id))
    }

    /// Sets all of a rule.
    pub fn save_rule(&self, id: RuleId, set: &RuleText, now: UnixTime) -> Result<()> {
        let sql = "UPDATE rules SET name = :name, enabled = :enabled, position = :order,
                          lines = :lines, conditions = :when, actions = :then, goes_on = :goes_on,
                          updated_at = :now WHERE id = :id";
        let changed = self.conn.prepare_cached(sql)?.execute(named_params! {
            ":name": set.name, ":enabled": set.enabled, ":order": set.order,
            ":lines": ids(&set.lines), ":when": set.when.to_string(),
            ":then": set.then.to_string(), ":goes_on": set.goes_on, ":now": now, ":id": id,
        })?;
        if changed == 0 {
            return Err(StoreError::not_found(format_args!("rule {id}")));
        }
        self.changed(ChangeKind::Rule, id.0, now)
    }

    /// Forgets a rule. `false`: there is none.
    pub fn delete_rule(&self, id: RuleId, now: UnixTime) -> Result<bool> {
        let gone = self.conn.prepare_cached("DELETE FROM rules WHERE id = ?1")?.execute([id])?;
        if gone > 0 {
            self.changed(ChangeKind::Rule, id.0, now)?;
        }
        Ok(gone > 0)
    }
}

fn ids(lines: &[LineId]) -> String {
    json!(lines.iter().map(|line| line.0).collect::<Vec<_>>()).to_string()
}
