//! What leaves by another way than a modem: e-mails, notices, webhooks, alerts. One durable row
//! each; whoever carries them out leases them, and a crash only delays them.

use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::Value;

use super::error::Result;
use super::words::{DeliveryKind, DeliveryState, row_id};
use super::{ReadTx, WriteTx};
use crate::types::{MessageId, Millis, UnixTime};

row_id!(
    /// A delivery.
    DeliveryId
);

/// A lease not used for so long is void: its task has died.
const LEASE: Millis = Millis::from_secs(10 * 60);

/// Something to deliver.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDelivery {
    /// By which way.
    pub kind: DeliveryKind,
    /// An address, a user's id, a URL; `admins` for alerts.
    pub target: String,
    /// What its channel must know.
    pub payload: Value,
    /// The text it is about.
    pub message: Option<MessageId>,
    /// Of several with the same key only the first is made.
    pub once: Option<String>,
    /// Not before.
    pub not_before: Option<UnixTime>,
}

/// A delivery.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its row.
    pub id: DeliveryId,
    /// By which way.
    pub kind: DeliveryKind,
    /// An address, a user's id, a URL; `admins` for alerts.
    pub target: String,
    /// What its channel must know.
    pub payload: Value,
    /// The text it is about.
    pub message: Option<MessageId>,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries so far.
    pub attempts: u32,
    /// What the last try said.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: UnixTime,
}

impl Delivery {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Delivery> {
        let payload: String = row.get("payload")?;
        Ok(Delivery {
            id: row.get("id")?,
            kind: row.get("kind")?,
            target: row.get("target")?,
            payload: serde_json::from_str(&payload).unwrap_or(Value::Null),
            message: row.get("message_id")?,
            state: row.get("state")?,
            attempts: row.get("attempts")?,
            error: row.get("error")?,
            created_at: row.get("created_at")?,
        })
    }
}

impl ReadTx<'_> {
    /// What a text led to, beyond texts.
    pub fn deliveries_of(&self, message: MessageId) -> Result<Vec<Delivery>> {
        let sql = "SELECT * FROM deliveries WHERE message_id = ?1 ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([message], Delivery::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The newest deliveries, newest first.
    pub fn deliveries(&self, limit: u32) -> Result<Vec<Delivery>> {
        let sql = "SELECT * FROM deliveries ORDER BY id DESC LIMIT ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([limit], Delivery::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Adds something to deliver. `None`: there is one with this key already.
    pub fn add_delivery(&self, new: &NewDelivery, now: UnixTime) -> Result<Option<DeliveryId>> {
        let sql = "INSERT INTO deliveries (kind, target, payload, message_id, once, next_try_at, created_at)
                   VALUES (:kind, :target, :payload, :message, :once, :due, :now)
                   ON CONFLICT (once) DO NOTHING RETURNING id";
        let added = self.conn.prepare_cached(sql)?.query_row(
            named_params! {
                ":kind": new.kind, ":target": new.target, ":payload": new.payload.to_string(),
                ":message": new.message, ":once": new.once,
                ":due": new.not_before.unwrap_or(now), ":now": now,
            },
            |row| row.get(0),
        );
        Ok(added.optional()?)
    }

    /// Leases the oldest delivery due, so that only one task ever carries it out.
    pub fn lease_delivery(&self, now: UnixTime) -> Result<Option<Delivery>> {
        let sql =
            "UPDATE deliveries SET state = 'leased', attempts = attempts + 1, lease_until = :until
                    WHERE id = (SELECT id FROM deliveries
                                 WHERE (state = 'waiting' AND next_try_at <= :now)
                                    OR (state = 'leased' AND lease_until <= :now)
                                 ORDER BY next_try_at, id LIMIT 1)
                   RETURNING *";
        let lease = named_params! { ":now": now, ":until": now.after(LEASE) };
        Ok(self.conn.prepare_cached(sql)?.query_row(lease, Delivery::from_row).optional()?)
    }

    /// A delivery is over, well or for good not.
    pub fn finish_delivery(
        &self,
        id: DeliveryId,
        error: Option<&str>,
        now: UnixTime,
    ) -> Result<()> {
        let state = if error.is_none() { DeliveryState::Done } else { DeliveryState::Failed };
        let sql =
            "UPDATE deliveries SET state = ?2, error = ?3, finished_at = ?4, lease_until = NULL
                    WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((id, state, error, now))?;
        Ok(())
    }

    /// A delivery failed for now and waits until `next`.
    pub fn retry_delivery(&self, id: DeliveryId, error: &str, next: UnixTime) -> Result<()> {
        let sql = "UPDATE deliveries SET state = 'waiting', error = ?2, next_try_at = ?3,
                          lease_until = NULL WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((id, error, next))?;
        Ok(())
    }
}
