//! What a person ordered of a modem: rows that the web side or the command line wrote, carried out
//! here, answered in the row.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::Shared;
use super::shell::Ask;
use crate::bus::Change;
use crate::modem::{Order, Ticket, UssdReply, UssdStatus};
use crate::store::{OrderId, OrderKind, OrderRow, Result};
use crate::types::ModemId;

/// Tickets of orders and of submits must never be taken for one another.
const ORDERS: u64 = 1 << 63;

/// The orders of one modem.
pub(super) struct Orders {
    shared: Arc<Shared>,
    asks: mpsc::UnboundedSender<Ask>,
    rung: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    waiting: HashMap<Ticket, OrderId>,
}

impl Orders {
    pub(super) fn new(shared: Arc<Shared>, asks: mpsc::UnboundedSender<Ask>) -> Self {
        // The first look needs no ring: something may have waited for the modem to come back.
        Self { shared, asks, rung: Box::pin(std::future::ready(())), waiting: HashMap::new() }
    }

    /// Resolves when there may be an order.
    pub(super) async fn due(&mut self) {
        tokio::select! {
            () = &mut self.rung => {}
            () = self.shared.clock.beat(self.shared.settings.look_every) => {}
        }
    }

    /// Takes what was ordered of this modem.
    pub(super) async fn take(&mut self, modem: Option<ModemId>) -> Result<()> {
        self.rung = Box::pin(self.shared.bus.orders_rung());
        let Some(modem) = modem else { return Ok(()) };
        loop {
            let now = self.shared.clock.wall();
            let taken = self.shared.store.write(move |tx| tx.take_order(modem, now)).await?;
            let Some(order) = taken else { return Ok(()) };
            self.carry_out(order).await?;
        }
    }

    async fn carry_out(&mut self, order: OrderRow) -> Result<()> {
        let ticket = Ticket(ORDERS | order.id.0.unsigned_abs());
        let argument = order.argument;
        let ask = match order.kind {
            OrderKind::Ussd => Order::Ussd { ticket, code: argument },
            OrderKind::Console => Order::Console { ticket, command: argument },
            OrderKind::Restart => {
                let _ = self.asks.send(Ask::Order(Order::Restart));
                return self.finish(order.id, Ok("restarted".to_owned())).await;
            }
        };
        self.waiting.insert(ticket, order.id);
        let _ = self.asks.send(Ask::Order(ask));
        Ok(())
    }

    /// The network answered a USSD question, or spoke by itself: then nobody waits for it.
    pub(super) async fn answered(
        &mut self,
        ticket: Option<Ticket>,
        reply: &UssdReply,
    ) -> Result<()> {
        let Some(order) = ticket.and_then(|ticket| self.waiting.remove(&ticket)) else {
            return Ok(());
        };
        let text = reply.text.clone();
        let outcome = match reply.status {
            UssdStatus::Done | UssdStatus::AnswerWanted | UssdStatus::Ended => Ok(text),
            UssdStatus::Refused => Err(format!("the network refused the question. {text}")),
            UssdStatus::TimedOut => Err("the network did not answer in time".to_owned()),
        };
        self.finish(order, outcome).await
    }

    /// A console command ended.
    pub(super) async fn done(&mut self, ticket: Ticket, lines: Vec<String>) -> Result<()> {
        match self.waiting.remove(&ticket) {
            Some(order) => self.finish(order, Ok(lines.join("\n"))).await,
            None => Ok(()),
        }
    }

    /// The modem is gone: nobody will answer any more.
    pub(super) async fn give_up(&mut self) -> Result<()> {
        for (_, order) in std::mem::take(&mut self.waiting) {
            self.finish(order, Err("the modem went away before it answered".to_owned())).await?;
        }
        Ok(())
    }

    async fn finish(
        &self,
        order: OrderId,
        outcome: std::result::Result<String, String>,
    ) -> Result<()> {
        let now = self.shared.clock.wall();
        let written = self.shared.store.write(move |tx| {
            let outcome = outcome.as_ref().map(String::as_str).map_err(String::as_str);
            tx.finish_order(order, outcome, now)
        });
        written.await?;
        self.shared.bus.ring(Change::Orders);
        Ok(())
    }
}
