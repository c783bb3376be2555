//! Texts on their way from the modem into the store and out of the modem.
//!
//! What the modem holds is read in one go, so texts come together; they are committed together and
//! each is confirmed by itself (D4). The same for those that have left the modem.

use tokio::sync::mpsc;

use super::Desk;
use crate::app::decision::House;
use crate::app::intake::{self, Arrival, Then};
use crate::app::shell::Ask;
use crate::bus::Change;
use crate::modem::{Event, Order, Receipt, Received, Source};
use crate::store::{LineId, Result, SegmentId, WriteTx};
use crate::types::{Millis, UnixTime};

/// Texts in one commit at most: what a person asks of the store need not wait for more of them.
const TOGETHER: usize = 64;

/// How long a removed text waits for others to be written down with.
pub(super) const LINGER: Millis = Millis(100);

/// A PDU that was committed and is still in the modem.
pub(super) struct Lying {
    segment: Option<SegmentId>,
    slot: Option<u16>,
}

/// A segment that left its modem, from where and when.
pub(super) struct Removed {
    segment: SegmentId,
    slot: Option<u16>,
    at: UnixTime,
}

impl Desk {
    /// Commits first; only then may the modem forget them. What cannot be committed stays there:
    /// the SIM is the buffer, and the next sweep offers it again. Each text stands for itself: one
    /// that cannot be stored keeps no other from it.
    pub(super) async fn received(&mut self, texts: Vec<Received>) -> Result<()> {
        let arrivals: Vec<(Arrival, House)> = match self.line {
            Some(line) => {
                texts.iter().map(|t| (self.arrival(line, t), self.shared.house())).collect()
            }
            None => Vec::new(),
        };
        let gone = std::mem::take(&mut self.removed);
        let written = self.shared.store.write(move |tx| {
            write_removed(tx, &gone);
            Ok(tx
                .attempt_each(&arrivals, |tx, (arrival, house)| intake::accept(tx, arrival, house)))
        });
        let mut outcomes = match written.await {
            Ok(outcomes) => outcomes.into_iter(),
            Err(error) => {
                tracing::error!(port = self.candidate.name, %error, "texts left in the modem");
                Vec::new().into_iter()
            }
        };
        for Received { receipt, from, .. } in texts {
            let order = match outcomes.next() {
                Some(Ok(taken)) => {
                    self.stored(receipt, &from, taken);
                    match taken.then {
                        Then::Confirm => Order::Confirm(receipt),
                        Then::Release => Order::Release(receipt),
                        Then::Leave => Order::Leave(receipt),
                    }
                }
                Some(Err(error)) => {
                    tracing::error!(port = self.candidate.name, %error, "text left in the modem");
                    Order::Release(receipt)
                }
                None => Order::Release(receipt),
            };
            let _ = self.asks.send(Ask::Order(order));
        }
        // Answers or relays may have been queued with them.
        self.shared.bus.ring(Change::Queue);
        Ok(())
    }

    fn arrival(&self, line: LineId, received: &Received) -> Arrival {
        let stored = match &received.from {
            Source::Stored { storage, index, .. } => Some((storage.clone(), *index)),
            Source::Direct => None,
        };
        // 27.005 §3.1, `<stat>`: 2 stored and unsent, 3 stored and sent.
        let kept = match received.from {
            Source::Stored { stat: Some(stat @ (2 | 3)), .. } => Some(stat == 3),
            _ => None,
        };
        let (pdu, at) = (received.pdu.clone(), self.shared.clock.wall());
        Arrival { line, country: self.country, pdu, stored, kept, at }
    }

    fn stored(&mut self, receipt: Receipt, from: &Source, taken: intake::Taken) {
        let slot = match from {
            Source::Stored { index, .. } => Some(*index),
            Source::Direct => None,
        };
        if taken.segment.is_some() || taken.message.is_some() {
            self.lying.insert(receipt, Lying { segment: taken.segment, slot });
        }
        if let Some(message) = taken.message {
            self.shared.bus.ring(Change::Message(message));
        }
    }

    /// Written down with others: with the texts that come next, or after a moment.
    pub(super) async fn removed(&mut self, receipt: Receipt) -> Result<()> {
        if let Some(Lying { segment: Some(segment), slot }) = self.lying.remove(&receipt) {
            let at = self.shared.clock.wall();
            self.removed.push(Removed { segment, slot, at });
        }
        if self.removed.len() >= TOGETHER {
            return self.note_removed().await;
        }
        Ok(())
    }

    pub(super) async fn note_removed(&mut self) -> Result<()> {
        let gone = std::mem::take(&mut self.removed);
        if gone.is_empty() {
            return Ok(());
        }
        let written = self.shared.store.write(move |tx| {
            write_removed(tx, &gone);
            Ok(())
        });
        written.await
    }
}

/// What cannot be written down of these must keep no text from being stored.
fn write_removed(tx: &WriteTx<'_>, gone: &[Removed]) {
    for error in
        tx.attempt_each(gone, |tx, gone| gone.write(tx)).into_iter().filter_map(Result::err)
    {
        tracing::error!(%error, "a removal cannot be written down");
    }
}

impl Removed {
    fn write(&self, tx: &WriteTx<'_>) -> Result<()> {
        let (event, detail) = match self.slot {
            Some(slot) => ("deleted from SIM", Some(format!("slot {slot}"))),
            None => ("acknowledged to the network", None),
        };
        tx.segment_custody(self.segment, self.at, event, detail.as_deref())
    }
}

/// The event that was held back, or the next one.
pub(super) async fn following(
    held: &mut Option<Event>,
    events: &mut mpsc::UnboundedReceiver<Event>,
) -> Option<Event> {
    match held.take() {
        Some(event) => Some(event),
        None => events.recv().await,
    }
}

/// The texts that are here with `first`, and the event after them.
pub(super) fn together(
    first: Received,
    events: &mut mpsc::UnboundedReceiver<Event>,
) -> (Vec<Received>, Option<Event>) {
    let mut texts = vec![first];
    while texts.len() < TOGETHER {
        match events.try_recv() {
            Ok(Event::Received(text)) => texts.push(text),
            Ok(other) => return (texts, Some(other)),
            Err(_) => break,
        }
    }
    (texts, None)
}
