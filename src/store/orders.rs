//! Orders to modems: rows, so that every button press is carried out once and stays readable.

use rusqlite::{OptionalExtension, Row, named_params};

use super::error::Result;
use super::messages::Author;
use super::words::{ChangeKind, OrderKind, OrderState, row_id};
use super::{ReadTx, WriteTx};
use crate::types::{ModemId, UnixTime};

row_id!(
    /// An order to a modem.
    OrderId
);

/// An order to place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// The modem.
    pub modem: ModemId,
    /// What to do.
    pub kind: OrderKind,
    /// The USSD code or AT command.
    pub argument: String,
    /// Who wants it.
    pub author: Option<Author>,
}

/// An order and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// Its row.
    pub id: OrderId,
    /// The modem.
    pub modem: ModemId,
    /// What to do.
    pub kind: OrderKind,
    /// The USSD code or AT command.
    pub argument: String,
    /// Where it stands.
    pub state: OrderState,
    /// The network's or modem's answer, or why it failed.
    pub answer: Option<String>,
    /// When it was placed.
    pub created_at: UnixTime,
    /// When it was over.
    pub finished_at: Option<UnixTime>,
}

impl OrderRow {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<OrderRow> {
        Ok(OrderRow {
            id: row.get("id")?,
            modem: row.get("modem_id")?,
            kind: row.get("kind")?,
            argument: row.get("argument")?,
            state: row.get("state")?,
            answer: row.get("answer")?,
            created_at: row.get("created_at")?,
            finished_at: row.get("finished_at")?,
        })
    }
}

impl ReadTx<'_> {
    /// One order.
    pub fn order(&self, id: OrderId) -> Result<Option<OrderRow>> {
        let sql = "SELECT * FROM orders WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id], OrderRow::from_row).optional()?)
    }

    /// The last orders to a modem, newest first.
    pub fn orders_of(&self, modem: ModemId, limit: u32) -> Result<Vec<OrderRow>> {
        let sql = "SELECT * FROM orders WHERE modem_id = ?1 ORDER BY id DESC LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map((modem, limit), OrderRow::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Places an order.
    pub fn place_order(&self, new: &NewOrder, now: UnixTime) -> Result<OrderId> {
        let sql =
            "INSERT INTO orders (modem_id, kind, argument, author_kind, author_id, created_at)
                   VALUES (:modem, :kind, :argument, :author_kind, :author_id, :now) RETURNING id";
        let placed = named_params! {
            ":modem": new.modem, ":kind": new.kind, ":argument": new.argument,
            ":author_kind": new.author.as_ref().map(|a| a.kind),
            ":author_id": new.author.as_ref().and_then(|a| a.id.as_ref()), ":now": now,
        };
        let id: OrderId = self.conn.prepare_cached(sql)?.query_row(placed, |row| row.get(0))?;
        self.changed(ChangeKind::Order, id.0, now)?;
        Ok(id)
    }

    /// Takes the oldest waiting order of a modem.
    pub fn take_order(&self, modem: ModemId, now: UnixTime) -> Result<Option<OrderRow>> {
        let sql = "UPDATE orders SET state = 'taken' WHERE id =
                       (SELECT id FROM orders WHERE modem_id = ?1 AND state IN ('waiting', 'taken')
                           AND state = 'waiting' ORDER BY id LIMIT 1)
                   RETURNING *";
        let taken =
            self.conn.prepare_cached(sql)?.query_row([modem], OrderRow::from_row).optional()?;
        if let Some(order) = &taken {
            self.changed(ChangeKind::Order, order.id.0, now)?;
        }
        Ok(taken)
    }

    /// Settles an order with its answer.
    pub fn finish_order(
        &self,
        order: OrderId,
        outcome: std::result::Result<&str, &str>,
        now: UnixTime,
    ) -> Result<()> {
        let (state, answer) = match outcome {
            Ok(answer) => (OrderState::Done, answer),
            Err(why) => (OrderState::Failed, why),
        };
        let sql = "UPDATE orders SET state = ?2, answer = ?3, finished_at = ?4
                    WHERE id = ?1 AND finished_at IS NULL";
        self.conn.prepare_cached(sql)?.execute((order, state, answer, now))?;
        self.changed(ChangeKind::Order, order.0, now)
    }

    /// Fails the orders a dead process had taken: they may have been carried out, nobody knows.
    pub fn abandon_orders(&self, now: UnixTime) -> Result<usize> {
        let sql = "UPDATE orders SET state = 'failed', finished_at = ?1,
                          answer = 'the gateway stopped before the answer came' 
                    WHERE state IN ('waiting', 'taken') AND state = 'taken'";
        Ok(self.conn.prepare_cached(sql)?.execute([now])?)
    }
}
