//! Lines: the SIM cards we know (D2).

use rusqlite::{OptionalExtension, Row, named_params};

use super::error::{ErrorKind, Result, StoreError};
use super::words::{ChangeKind, SmsSwitch, row_id};
use super::{ReadTx, WriteTx};
use crate::types::{Country, Iccid, Imsi, UnixTime};

row_id!(
    /// A SIM card.
    LineId
);

/// What a modem read from a SIM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenSim {
    /// The card. Without it the IMSI has to do.
    pub iccid: Option<Iccid>,
    /// The subscription.
    pub imsi: Option<Imsi>,
    /// Own number, where the SIM knows it.
    pub number: Option<String>,
    /// The network it is in.
    pub operator: Option<String>,
    /// Its service centre, while the SIM knows it.
    pub smsc: Option<String>,
}

/// A SIM card and what people set for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its row.
    pub id: LineId,
    /// The card.
    pub iccid: Option<String>,
    /// The subscription.
    pub imsi: Option<String>,
    /// Own number in E.164.
    pub number: Option<String>,
    /// Its name: the operator's until a person gave one.
    pub name: String,
    /// The network it was last seen in.
    pub operator: Option<String>,
    /// How national numbers are read.
    pub country: Option<Country>,
    /// Whether it sends and takes texts.
    pub sms: SmsSwitch,
    /// When it was first seen.
    pub created_at: UnixTime,
}

impl Line {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Line> {
        let country: Option<String> = row.get("country")?;
        Ok(Line {
            id: row.get("id")?,
            iccid: row.get("iccid")?,
            imsi: row.get("imsi")?,
            number: row.get("number")?,
            name: row.get("name")?,
            operator: row.get("operator")?,
            country: country.and_then(|code| code.parse().ok()),
            sms: row.get("sms")?,
            created_at: row.get("created_at")?,
        })
    }
}

impl ReadTx<'_> {
    /// All lines in the order they were first seen.
    pub fn lines(&self) -> Result<Vec<Line>> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM lines ORDER BY id")?;
        let rows = statement.query_map([], Line::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One line.
    pub fn line(&self, id: LineId) -> Result<Option<Line>> {
        let sql = "SELECT * FROM lines WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id], Line::from_row).optional()?)
    }

    /// The line a person means by its id, name, number or ICCID.
    pub fn line_called(&self, word: &str) -> Result<Option<Line>> {
        let sql = "SELECT * FROM lines
                    WHERE id = :word OR iccid = :word OR number = :word OR name = :word
                    ORDER BY CAST(id AS TEXT) = :word DESC, id LIMIT 1";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row(named_params! { ":word": word }, Line::from_row).optional()?)
    }

    /// What makes the SIM's segments distinct from another's: its ICCID, else its IMSI.
    pub(super) fn sim_identity(&self, line: LineId) -> Result<String> {
        let sql = "SELECT coalesce(iccid, imsi) FROM lines WHERE id = ?1";
        let found =
            self.conn.prepare_cached(sql)?.query_row([line], |row| row.get(0)).optional()?;
        found.ok_or_else(|| StoreError::not_found(format_args!("line {line}")))
    }

    /// The service centre that the SIM of `line` had when it last knew one.
    pub fn service_centre(&self, line: LineId) -> Result<Option<String>> {
        let sql = "SELECT smsc FROM lines WHERE id = ?1";
        let found =
            self.conn.prepare_cached(sql)?.query_row([line], |row| row.get(0)).optional()?;
        Ok(found.flatten())
    }
}

impl WriteTx<'_> {
    /// The line of a SIM; a new SIM becomes a line by itself. What people set stays.
    pub fn upsert_line(&self, sim: &SeenSim, now: UnixTime) -> Result<LineId> {
        if sim.iccid.is_none() && sim.imsi.is_none() {
            let detail = "the SIM tells neither ICCID nor IMSI";
            return Err(StoreError::new(ErrorKind::Constraint, detail));
        }
        let (iccid, imsi) =
            (sim.iccid.as_ref().map(Iccid::as_str), sim.imsi.as_ref().map(Imsi::as_str));
        let sql = "UPDATE lines SET imsi = coalesce(:imsi, imsi), iccid = coalesce(:iccid, iccid),
                          number = coalesce(number, :number), operator = coalesce(:operator, operator),
                          smsc = coalesce(:smsc, smsc),
                          name = iif(named OR :operator IS NULL, name, :operator)
                    WHERE id = (SELECT id FROM lines
                                 WHERE iccid = :iccid
                                    OR (imsi = :imsi AND (iccid IS NULL OR :iccid IS NULL))
                                 ORDER BY iccid = :iccid DESC LIMIT 1)
                   RETURNING id";
        let seen = named_params! {
            ":iccid": iccid, ":imsi": imsi, ":number": sim.number, ":operator": sim.operator,
            ":smsc": sim.smsc,
        };
        let known = self.conn.prepare_cached(sql)?.query_row(seen, |row| row.get(0)).optional()?;
        let id = match known {
            Some(id) => id,
            None => {
                let sql =
                    "INSERT INTO lines (iccid, imsi, number, name, operator, smsc, created_at)
                           VALUES (:iccid, :imsi, :number, coalesce(:operator, 'SIM'), :operator,
                                   :smsc, :now)
                           RETURNING id";
                let new = named_params! {
                    ":iccid": iccid, ":imsi": imsi, ":number": sim.number,
                    ":operator": sim.operator, ":smsc": sim.smsc, ":now": now,
                };
                self.conn.prepare_cached(sql)?.query_row(new, |row| row.get(0))?
            }
        };
        self.changed(ChangeKind::Line, id, now)?;
        Ok(LineId(id))
    }

    /// Gives a line its name.
    pub fn rename_line(&self, line: LineId, name: &str, now: UnixTime) -> Result<()> {
        let sql = "UPDATE lines SET name = ?2, named = 1 WHERE id = ?1";
        if self.conn.prepare_cached(sql)?.execute((line, name))? == 0 {
            return Err(StoreError::not_found(format_args!("line {line}")));
        }
        self.changed(ChangeKind::Line, line.0, now)
    }

    /// Sets the country by which the line's national numbers are read.
    pub fn set_line_country(&self, line: LineId, country: Country, now: UnixTime) -> Result<()> {
        let sql = "UPDATE lines SET country = ?2 WHERE id = ?1";
        if self.conn.prepare_cached(sql)?.execute((line, country.as_str()))? == 0 {
            return Err(StoreError::not_found(format_args!("line {line}")));
        }
        self.changed(ChangeKind::Line, line.0, now)
    }
}
