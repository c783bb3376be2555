//! Templates: texts people insert and send again and again (S93, S96, S159).

use rusqlite::{OptionalExtension, Row};

use super::error::{Result, StoreError};
use super::words::{ChangeKind, TemplateClass, row_id};
use super::{ReadTx, WriteTx};
use crate::types::UnixTime;

row_id!(
    /// A template.
    TemplateId
);

/// A template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its row.
    pub id: TemplateId,
    /// What people call it.
    pub name: String,
    /// The text with its fields.
    pub text: String,
    /// What it is for.
    pub class: TemplateClass,
}

impl Template {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Template> {
        Ok(Template {
            id: row.get("id")?,
            name: row.get("name")?,
            text: row.get("text")?,
            class: row.get("class")?,
        })
    }
}

impl ReadTx<'_> {
    /// All templates by name.
    pub fn templates(&self) -> Result<Vec<Template>> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM templates ORDER BY name")?;
        let rows = statement.query_map([], Template::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One template.
    pub fn template(&self, id: TemplateId) -> Result<Option<Template>> {
        let sql = "SELECT * FROM templates WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id], Template::from_row).optional()?)
    }

    /// The template with a name, in any case of letters.
    pub fn template_named(&self, name: &str) -> Result<Option<Template>> {
        let sql = "SELECT * FROM templates WHERE name = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([name], Template::from_row).optional()?)
    }
}

impl WriteTx<'_> {
    /// Adds a template.
    pub fn create_template(
        &self,
        name: &str,
        text: &str,
        class: TemplateClass,
        now: UnixTime,
    ) -> Result<TemplateId> {
        let sql = "INSERT INTO templates (name, text, class, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?4) RETURNING id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let id = statement.query_row((name, text, class, now), |row| row.get(0))?;
        self.changed(ChangeKind::Rule, id, now)?;
        Ok(TemplateId(id))
    }

    /// Sets all of a template.
    pub fn save_template(&self, set: &Template, now: UnixTime) -> Result<()> {
        let sql =
            "UPDATE templates SET name = ?2, text = ?3, class = ?4, updated_at = ?5 WHERE id = ?1";
        let values = (set.id, &set.name, &set.text, set.class, now);
        if self.conn.prepare_cached(sql)?.execute(values)? == 0 {
            return Err(StoreError::not_found(format_args!("template {}", set.id)));
        }
        self.changed(ChangeKind::Rule, set.id.0, now)
    }

    /// Forgets a template. `false`: there is none.
    pub fn delete_template(&self, id: TemplateId, now: UnixTime) -> Result<bool> {
        let gone =
            self.conn.prepare_cached("DELETE FROM templates WHERE id = ?1")?.execute([id])?;
        if gone > 0 {
            self.changed(ChangeKind::Rule, id.0, now)?;
        }
        Ok(gone > 0)
    }
}
