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

/// Who carries a delivery out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// A mail server.
    Mail,
    /// A text to one of us; an alert to the admins is given to each of them here.
    Text,
    /// An event to a program of somebody's.
    Web,
}

impl Way {
    fn condition(self) -> &'static str {
        match self {
            Way::Mail => {
                "(kind IN ('email', 'mail') OR (kind = 'alert' AND target <> 'admins')
                    OR (kind = 'notice' AND payload ->> 'channel' = 'email'))"
            }
            Way::Web => "kind = 'webhook'",
            Way::Text => {
                "((kind = 'alert' AND target = 'admins')
                    OR (kind = 'notice' AND payload ->> 'channel' IN ('sms', 'own')))"
            }
        }
    }
}

/// A text whose forwards reached nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overdue {
    /// The text.
    pub message: MessageId,
    /// Since when its forwards wait.
    pub since: UnixTime,
    /// What was said last.
    pub error: Option<String>,
}

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

    /// When the next delivery by a way is due.
    pub fn next_delivery(&self, way: Way) -> Result<Option<UnixTime>> {
        let sql = format!(
            "SELECT min(iif(state = 'leased', lease_until, next_try_at)) FROM deliveries
              WHERE state IN ('waiting', 'leased') AND {}",
            way.condition()
        );
        Ok(self.conn.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
    }

    /// Texts whose forwards were made before a time and reached nobody yet, oldest first.
    pub fn overdue_forwards(&self, before: UnixTime) -> Result<Vec<Overdue>> {
        let sql = "SELECT message_id, min(created_at), max(error) FROM deliveries
                    WHERE kind = 'email' AND message_id IN
                          (SELECT message_id FROM deliveries
                            WHERE created_at > ?1 - 432000000 AND created_at <= ?1
                              AND kind = 'email' AND state <> 'done' AND fell_over = 0)
                    GROUP BY message_id
                   HAVING sum(state = 'done') = 0 AND sum(fell_over) = 0 AND min(created_at) <= ?1
                      AND min(created_at) > ?1 - 432000000
                    ORDER BY message_id LIMIT 100";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([before], |row| {
            Ok(Overdue { message: row.get(0)?, since: row.get(1)?, error: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Mails that wait, and since when the oldest does.
    pub fn waiting_mails(&self) -> Result<(u32, Option<UnixTime>)> {
        let sql = format!(
            "SELECT count(*), min(created_at) FROM deliveries
              WHERE state IN ('waiting', 'leased') AND {}",
            Way::Mail.condition()
        );
        let waiting = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        Ok(self.conn.prepare_cached(&sql)?.query_row([], waiting)?)
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
                   ON CONFLICT (once) DO NOTHING";
        let added = self.conn.prepare_cached(sql)?.execute(named_params! {
            ":kind": new.kind, ":target": new.target, ":payload": new.payload.to_string(),
            ":message": new.message, ":once": new.once,
            ":due": new.not_before.unwrap_or(now), ":now": now,
        })?;
        self.notes.borrow_mut().deliveries += added;
        Ok((added > 0).then(|| DeliveryId(self.conn.last_insert_rowid())))
    }

    /// Tells whoever carries deliveries out when one is due that nobody has leased.
    pub fn call_for_deliveries(&self, now: UnixTime) -> Result<()> {
        let sql = "SELECT EXISTS (SELECT 1 FROM deliveries
                    WHERE state IN ('waiting', 'leased') AND next_try_at <= ?1
                      AND (state = 'waiting' OR lease_until <= ?1))";
        let due: bool = self.conn.prepare_cached(sql)?.query_row([now], |row| row.get(0))?;
        self.notes.borrow_mut().deliveries += usize::from(due);
        Ok(())
    }

    /// Leases the oldest delivery due by one way, so that only one task ever carries it out.
    pub fn lease_delivery(&self, way: Way, now: UnixTime) -> Result<Option<Delivery>> {
        let sql = format!(
            "UPDATE deliveries SET state = 'leased', attempts = attempts + 1, lease_until = :until
                    WHERE id = (SELECT id FROM deliveries
                                 WHERE state IN ('waiting', 'leased') AND {}
                                   AND ((state = 'waiting' AND next_try_at <= :now)
                                    OR (state = 'leased' AND lease_until <= :now))
                                 ORDER BY next_try_at, id LIMIT 1)
                   RETURNING *",
            way.condition()
        );
        let lease = named_params! { ":now": now, ":until": now.after(LEASE) };
        Ok(self.conn.prepare_cached(&sql)?.query_row(lease, Delivery::from_row).optional()?)
    }

    /// Gives a lease back unused: the way is closed, which is no fault of this delivery.
    pub fn release_delivery(&self, id: DeliveryId, error: &str) -> Result<()> {
        let sql = "UPDATE deliveries SET state = 'waiting', error = ?2, attempts = attempts - 1,
                          lease_until = NULL WHERE id = ?1 AND state = 'leased'";
        self.conn.prepare_cached(sql)?.execute((id, error))?;
        Ok(())
    }

    /// A mail to this address about a text came back after it had left.
    pub fn delivery_came_back(
        &self,
        message: MessageId,
        address: &str,
        error: &str,
    ) -> Result<bool> {
        let sql = "UPDATE deliveries SET state = 'failed', error = ?3
                    WHERE message_id = ?1 AND kind = 'email' AND target = ?2 COLLATE NOCASE
                      AND state = 'done'";
        Ok(self.conn.prepare_cached(sql)?.execute((message, address, error))? > 0)
    }

    /// Notes that what a forward says is told by another way.
    pub fn forwards_fell_over(&self, message: MessageId) -> Result<()> {
        let sql = "UPDATE deliveries SET fell_over = 1 WHERE message_id = ?1 AND kind = 'email'";
        self.conn.prepare_cached(sql)?.execute([message])?;
        Ok(())
    }

    /// A delivery is over, well or for good not. The words of a written mail are not kept.
    pub fn finish_delivery(
        &self,
        id: DeliveryId,
        error: Option<&str>,
        now: UnixTime,
    ) -> Result<()> {
        let state = if error.is_none() { DeliveryState::Done } else { DeliveryState::Failed };
        let sql =
            "UPDATE deliveries SET state = ?2, error = ?3, finished_at = ?4, lease_until = NULL,
                          payload = iif(kind = 'mail', json_remove(payload, '$.raw'), payload)
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
