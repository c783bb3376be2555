//! What operators count and cap, per line and month (D21). Months are UTC.

use rusqlite::OptionalExtension;

use super::error::Result;
use super::lines::LineId;
use super::{ReadTx, WriteTx};
use crate::engine::limits::Limits;
use crate::types::{Number, UnixTime};

/// One line's month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MonthCounts {
    /// Segments received, repeats not counted.
    pub segments_in: u32,
    /// Segments the network took.
    pub segments_out: u32,
    /// Distinct recipients of those: the count no operator shows and many cap.
    pub recipients: u32,
    /// What those cost by the line's prices of their time, in thousandths of the currency.
    pub money: u64,
}

impl ReadTx<'_> {
    /// The counts of `line` in the month of `at`.
    pub fn month_counts(&self, line: LineId, at: UnixTime) -> Result<MonthCounts> {
        let sql = "SELECT segments_in, segments_out, money,
                          (SELECT count(*) FROM month_recipients r
                            WHERE r.line_id = c.line_id AND r.month = c.month) AS recipients
                     FROM month_counts c
                    WHERE line_id = ?1 AND month = strftime('%Y-%m', ?2 / 1000, 'unixepoch')";
        let counts = self.conn.prepare_cached(sql)?.query_row((line, at), |row| {
            Ok(MonthCounts {
                segments_in: row.get("segments_in")?,
                segments_out: row.get("segments_out")?,
                recipients: row.get("recipients")?,
                money: row.get::<_, i64>("money")?.unsigned_abs(),
            })
        });
        Ok(counts.optional()?.unwrap_or_default())
    }
}

impl ReadTx<'_> {
    /// What a segment to a number costs on a line now (D21).
    fn price(&self, line: LineId, recipient_key: &str) -> Result<u64> {
        let sql = "SELECT limits, country FROM lines WHERE id = ?1 AND instr(limits, 'prices') > 0";
        let set: Option<(String, Option<String>)> = self
            .conn
            .prepare_cached(sql)?
            .query_row([line], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((limits, country)) = set else { return Ok(0) };
        let limits: Limits = serde_json::from_str(&limits).unwrap_or_default();
        let country = country.and_then(|code| code.parse().ok());
        Ok(limits.prices.of(&Number::from_key(recipient_key), country))
    }
}

impl WriteTx<'_> {
    pub(super) fn count_segment_in(&self, line: LineId, at: UnixTime) -> Result<()> {
        let sql = "INSERT INTO month_counts (line_id, month, segments_in)
                   VALUES (?1, strftime('%Y-%m', ?2 / 1000, 'unixepoch'), 1)
                   ON CONFLICT (line_id, month) DO UPDATE SET segments_in = segments_in + 1";
        self.conn.prepare_cached(sql)?.execute((line, at))?;
        Ok(())
    }

    pub(super) fn count_segment_out(
        &self,
        line: LineId,
        recipient_key: &str,
        at: UnixTime,
    ) -> Result<()> {
        let price = i64::try_from(self.price(line, recipient_key)?).unwrap_or(i64::MAX);
        let sql = "INSERT INTO month_counts (line_id, month, segments_out, money)
                   VALUES (?1, strftime('%Y-%m', ?2 / 1000, 'unixepoch'), 1, ?3)
                   ON CONFLICT (line_id, month) DO UPDATE SET segments_out = segments_out + 1,
                       money = money + excluded.money";
        self.conn.prepare_cached(sql)?.execute((line, at, price))?;
        let sql = "INSERT OR IGNORE INTO month_recipients (line_id, month, recipient_key)
                   VALUES (?1, strftime('%Y-%m', ?2 / 1000, 'unixepoch'), ?3)";
        self.conn.prepare_cached(sql)?.execute((line, at, recipient_key))?;
        Ok(())
    }
}
