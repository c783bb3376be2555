//! Modems: the devices, and what each said last.

use rusqlite::{OptionalExtension, Row, named_params};

use super::error::Result;
use super::lines::LineId;
use super::words::ChangeKind;
use super::{ReadTx, WriteTx};
use crate::types::{Imei, ModemId, UnixTime};

/// A device as it introduced itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenModem {
    /// The device's identity; without one the port has to do.
    pub imei: Option<Imei>,
    /// The port it answered on.
    pub port: String,
    /// Its family's name.
    pub profile: Option<String>,
    /// As it says.
    pub maker: Option<String>,
    /// As it says.
    pub model: Option<String>,
    /// As it says.
    pub firmware: Option<String>,
    /// The line speed it answers at, where that was found out.
    pub baud: Option<u32>,
}

/// A part of a modem's state that changed; `None` leaves a field as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModemStatus {
    /// The driver's state, in its words.
    pub state: Option<String>,
    /// The SIM in it: `Some(None)` when it was taken out.
    pub line: Option<Option<LineId>>,
    /// The network's name.
    pub operator: Option<String>,
    /// Home, roaming, searching, denied.
    pub registration: Option<String>,
    /// Signal strength.
    pub signal_dbm: Option<i16>,
    /// 0 to 5.
    pub bars: Option<u8>,
    /// Name, used and total places of the SIM's or modem's message storage.
    pub storage: Option<(String, u16, u16)>,
    /// What a person should know; `Some(None)` when it is over.
    pub note: Option<Option<String>>,
}

/// A device and its last known state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modem {
    /// Its row.
    pub id: ModemId,
    /// The device's identity.
    pub imei: Option<String>,
    /// The last port.
    pub port: Option<String>,
    /// Its family's name.
    pub profile: Option<String>,
    /// As it says.
    pub maker: Option<String>,
    /// As it says.
    pub model: Option<String>,
    /// As it says.
    pub firmware: Option<String>,
    /// The SIM in it.
    pub line: Option<LineId>,
    /// The driver's state, in its words.
    pub state: String,
    /// The network's name.
    pub operator: Option<String>,
    /// Home, roaming, searching, denied.
    pub registration: Option<String>,
    /// Signal strength.
    pub signal_dbm: Option<i16>,
    /// 0 to 5.
    pub bars: Option<u8>,
    /// Name, used and total places of its message storage.
    pub storage: Option<(String, u16, u16)>,
    /// What a person should know.
    pub note: Option<String>,
    /// When it last said anything of note.
    pub last_seen_at: UnixTime,
}

impl Modem {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Modem> {
        let storage: Option<String> = row.get("storage")?;
        let places = (row.get("storage_used")?, row.get("storage_total")?);
        Ok(Modem {
            id: row.get("id")?,
            imei: row.get("imei")?,
            port: row.get("port")?,
            profile: row.get("profile")?,
            maker: row.get("maker")?,
            model: row.get("model")?,
            firmware: row.get("firmware")?,
            line: row.get("line_id")?,
            state: row.get("state")?,
            operator: row.get("operator")?,
            registration: row.get("registration")?,
            signal_dbm: row.get("signal_dbm")?,
            bars: row.get("bars")?,
            storage: match (storage, places) {
                (Some(name), (Some(used), Some(total))) => Some((name, used, total)),
                _ => None,
            },
            note: row.get("note")?,
            last_seen_at: row.get("last_seen_at")?,
        })
    }
}

impl ReadTx<'_> {
    /// All modems ever seen, in that order.
    pub fn modems(&self) -> Result<Vec<Modem>> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM modems ORDER BY id")?;
        let rows = statement.query_map([], Modem::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The speed at which the modem last seen on `port` answered.
    pub fn baud_of(&self, port: &str) -> Result<Option<u32>> {
        let sql = "SELECT baud FROM modems WHERE port = ?1 AND baud IS NOT NULL
                    ORDER BY last_seen_at DESC LIMIT 1";
        Ok(self.conn.prepare_cached(sql)?.query_row([port], |row| row.get(0)).optional()?)
    }

    /// One modem.
    pub fn modem(&self, id: ModemId) -> Result<Option<Modem>> {
        let sql = "SELECT * FROM modems WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id], Modem::from_row).optional()?)
    }
}

impl WriteTx<'_> {
    /// The modem of a device, known by its IMEI wherever it is plugged in.
    pub fn upsert_modem(&self, seen: &SeenModem, now: UnixTime) -> Result<ModemId> {
        let imei = seen.imei.as_ref().map(Imei::as_str);
        let identity = imei.map_or_else(|| format!("port:{}", seen.port), str::to_owned);
        let sql = "INSERT INTO modems (identity, imei, port, profile, maker, model, firmware, baud, last_seen_at)
                   VALUES (:identity, :imei, :port, :profile, :maker, :model, :firmware, :baud, :now)
                   ON CONFLICT (identity) DO UPDATE SET
                       port = excluded.port, profile = coalesce(excluded.profile, profile),
                       maker = coalesce(excluded.maker, maker), model = coalesce(excluded.model, model),
                       firmware = coalesce(excluded.firmware, firmware),
                       baud = coalesce(excluded.baud, baud), last_seen_at = :now
                   RETURNING id";
        let facts = named_params! {
            ":identity": identity, ":imei": imei, ":port": seen.port, ":profile": seen.profile,
            ":maker": seen.maker, ":model": seen.model, ":firmware": seen.firmware,
            ":baud": seen.baud, ":now": now,
        };
        let id = self.conn.prepare_cached(sql)?.query_row(facts, |row| row.get(0))?;
        self.changed(ChangeKind::Modem, id, now)?;
        Ok(ModemId(id))
    }

    /// Of no modem is anything known when a run begins: what an earlier one last heard of it, which may
    /// have ended with the power, is no state of its.
    pub fn close_modems(&self, now: UnixTime) -> Result<()> {
        let sql = "UPDATE modems SET state = 'closed' WHERE state <> 'closed' RETURNING id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let closed: Vec<i64> =
            statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        closed.into_iter().try_for_each(|modem| self.changed(ChangeKind::Modem, modem, now))
    }

    /// Records what changed about a modem. A SIM can be in one modem only: putting it here takes
    /// it out of the other.
    pub fn modem_status(&self, modem: ModemId, status: &ModemStatus, now: UnixTime) -> Result<()> {
        if let Some(Some(line)) = status.line {
            let sql = "UPDATE modems SET line_id = NULL WHERE line_id = ?1 AND id <> ?2";
            self.conn.prepare_cached(sql)?.execute((line, modem))?;
        }
        let (storage, used, total) = match &status.storage {
            Some((name, used, total)) => (Some(name), Some(used), Some(total)),
            None => (None, None, None),
        };
        let sql = "UPDATE modems SET
                       state = coalesce(:state, state),
                       line_id = iif(:set_line, :line, line_id),
                       operator = coalesce(:operator, operator),
                       registration = coalesce(:registration, registration),
                       signal_dbm = coalesce(:signal_dbm, signal_dbm),
                       bars = coalesce(:bars, bars),
                       storage = coalesce(:storage, storage),
                       storage_used = coalesce(:used, storage_used),
                       storage_total = coalesce(:total, storage_total),
                       note = iif(:set_note, :note, note),
                       last_seen_at = :now
                    WHERE id = :id";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":state": status.state,
            ":set_line": status.line.is_some(), ":line": status.line.flatten(),
            ":operator": status.operator, ":registration": status.registration,
            ":signal_dbm": status.signal_dbm, ":bars": status.bars,
            ":storage": storage, ":used": used, ":total": total,
            ":set_note": status.note.is_some(), ":note": status.note.clone().flatten(),
            ":now": now, ":id": modem,
        })?;
        if status.state.is_some() || status.line.is_some() {
            let sql = "SELECT l.id FROM lines l JOIN modems m ON m.line_id = l.id
                        WHERE m.id = ?1 AND l.sms IN ('pending_on', 'pending_off')";
            let pending: Option<LineId> =
                self.conn.prepare_cached(sql)?.query_row([modem], |row| row.get(0)).optional()?;
            if let Some(line) = pending {
                self.settle_switch(line, now)?;
            }
        }
        if let Some(dbm) = status.signal_dbm {
            self.note_reading(modem, Some(dbm), now)?;
        }
        if status.state.as_deref() == Some("recovering") {
            self.note_reading(modem, None, now)?;
        }
        self.changed(ChangeKind::Modem, modem.0, now)
    }
}
