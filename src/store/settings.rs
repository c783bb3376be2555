//! What people set while working, by name; and the counters a text needs.

use rusqlite::OptionalExtension;

use super::error::Result;
use super::{ReadTx, WriteTx};
use crate::types::Number;

impl ReadTx<'_> {
    /// The value of `key`, if it was ever set.
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        let sql = "SELECT value FROM settings WHERE key = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?)
    }
}

impl WriteTx<'_> {
    /// Sets `key` to `value`.
    pub fn set_setting(&self, key: &str, value: &str) -> Result<()> {
        let sql = "INSERT INTO settings (key, value) VALUES (?1, ?2)
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        self.conn.prepare_cached(sql)?.execute((key, value))?;
        Ok(())
    }

    /// The reference of the next long text to `to`; the lowest 8 bits alone are distinct as well,
    /// for 256 texts (23.040 §9.2.3.24.1).
    pub fn next_concat_reference(&self, to: &Number) -> Result<u16> {
        let sql = "INSERT INTO concat_references (recipient_key, next) VALUES (?1, 1)
                   ON CONFLICT (recipient_key) DO UPDATE SET next = (next + 1) % 65536
                   RETURNING next";
        Ok(self.conn.prepare_cached(sql)?.query_row([to.key()], |row| row.get(0))?)
    }
}
