//! Response codes: who `@347` is on one recipient's phone, on one line (D11).

use rusqlite::named_params;

use super::error::Result;
use super::lines::LineId;
use super::users::UserId;
use super::words::number;
use super::{ReadTx, WriteTx};
use crate::types::{Number, UnixTime};

/// A response code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayCode {
    /// The figure after the `@`.
    pub code: u32,
    /// Whom it stands for.
    pub customer: Number,
    /// What the address book calls them; empty when unknown.
    pub name: String,
    /// When it was given to this customer.
    pub issued_at: UnixTime,
    /// Its cool-down counts from here.
    pub last_used_at: UnixTime,
    /// Another customer had it before.
    pub recycled: bool,
}

impl ReadTx<'_> {
    /// Every code of a recipient on a line, in order.
    pub fn relay_codes(&self, user: UserId, line: LineId) -> Result<Vec<RelayCode>> {
        let sql = "SELECT r.code, r.customer_key, r.issued_at, r.last_used_at, r.recycled,
                          coalesce((SELECT c.first_name || ' ' || c.last_name FROM contacts c
                                     WHERE c.id = (SELECT min(contact_id) FROM contact_numbers
                                                    WHERE key = r.customer_key)), '') AS name
                     FROM relay_codes r WHERE user_id = ?1 AND line_id = ?2 ORDER BY code";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map((user, line), |row| {
            let name: String = row.get("name")?;
            Ok(RelayCode {
                code: row.get("code")?,
                customer: number(row, "customer_key")?,
                name: name.trim().to_owned(),
                issued_at: row.get("issued_at")?,
                last_used_at: row.get("last_used_at")?,
                recycled: row.get("recycled")?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Gives a code to a customer, whoever had it before.
    pub fn issue_code(
        &self,
        user: UserId,
        line: LineId,
        code: u32,
        customer: &Number,
        now: UnixTime,
    ) -> Result<()> {
        let key = customer.key();
        let sql = "DELETE FROM relay_codes
                    WHERE user_id = ?1 AND line_id = ?2 AND customer_key = ?3 AND code <> ?4";
        self.conn.prepare_cached(sql)?.execute((user, line, &key, code))?;
        let sql = "INSERT INTO relay_codes (user_id, line_id, code, customer_key, issued_at,
                       last_used_at, recycled)
                   VALUES (:user, :line, :code, :key, :now, :now, 0)
                   ON CONFLICT (user_id, line_id, code) DO UPDATE SET
                       recycled = customer_key <> excluded.customer_key,
                       issued_at = iif(customer_key <> excluded.customer_key, :now, issued_at),
                       customer_key = excluded.customer_key, last_used_at = :now";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":user": user, ":line": line, ":code": code, ":key": key, ":now": now,
        })?;
        Ok(())
    }

    /// A code was used: its cool-down starts anew (E4).
    pub fn renew_code(&self, user: UserId, line: LineId, code: u32, now: UnixTime) -> Result<()> {
        let sql = "UPDATE relay_codes SET last_used_at = ?4
                    WHERE user_id = ?1 AND line_id = ?2 AND code = ?3";
        self.conn.prepare_cached(sql)?.execute((user, line, code, now))?;
        Ok(())
    }
}
