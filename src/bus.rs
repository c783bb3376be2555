//! Wake-ups and change signals. They carry ids, never facts: whoever hears one reads the store.
//!
//! A lost signal costs time, not mail: workers look by themselves every half minute as well, and
//! an event stream resumes from the store's `changes`.

use std::sync::Arc;

use tokio::sync::{Notify, broadcast};

use crate::types::{ConversationId, MessageId, ModemId};

/// Signals a slow listener may fall behind before it must look at everything anew.
const BACKLOG: usize = 256;

/// What may look different now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// A message, in or out.
    Message(MessageId),
    /// A conversation's counters or order.
    Conversation(ConversationId),
    /// Who looks at a conversation, or writes in it.
    Presence(ConversationId),
    /// A modem's state.
    Modem(ModemId),
    /// Something can be sent: the sender looks.
    Queue,
    /// A person ordered something of a modem: its task looks.
    Orders,
    /// An admin decided about a mail: the mail room looks.
    Mails,
    /// A line was added, named or switched.
    Lines,
    /// The demonstration's handsets.
    Phones,
}

/// The one bus of a gateway. Clones share it.
#[derive(Clone)]
pub struct Bus {
    changes: broadcast::Sender<Change>,
    queue: Arc<Notify>,
    orders: Arc<Notify>,
    messages: Arc<Notify>,
    mails: Arc<Notify>,
}

impl Bus {
    /// A bus nobody listens to yet.
    pub fn new() -> Self {
        let (changes, _) = broadcast::channel(BACKLOG);
        Self {
            changes,
            queue: Arc::default(),
            orders: Arc::default(),
            messages: Arc::default(),
            mails: Arc::default(),
        }
    }

    /// Tells everyone who listens now. Never waits, never fails.
    pub fn ring(&self, change: Change) {
        match change {
            Change::Queue => self.queue.notify_waiters(),
            Change::Orders => self.orders.notify_waiters(),
            Change::Message(_) => self.messages.notify_waiters(),
            Change::Mails => self.mails.notify_waiters(),
            _ => {}
        }
        let _ = self.changes.send(change);
    }

    /// Hears every change from now on.
    pub fn listen(&self) -> Listener {
        Listener(self.changes.subscribe())
    }

    /// A future that ends at the next [`Change::Queue`]; it counts from its creation, so create it
    /// before looking at the queue.
    pub fn queue_rung(&self) -> impl Future<Output = ()> + Send + 'static {
        self.queue.clone().notified_owned()
    }

    /// A future that ends at the next [`Change::Orders`]; it counts from its creation.
    pub fn orders_rung(&self) -> impl Future<Output = ()> + Send + 'static {
        self.orders.clone().notified_owned()
    }

    /// A future that ends at the next [`Change::Message`]; it counts from its creation.
    pub fn messages_rung(&self) -> impl Future<Output = ()> + Send + 'static {
        self.messages.clone().notified_owned()
    }

    /// A future that ends at the next [`Change::Mails`]; it counts from its creation.
    pub fn mails_rung(&self) -> impl Future<Output = ()> + Send + 'static {
        self.mails.clone().notified_owned()
    }
}

impl Default for Bus {
    fn default() -> Self {
        Self::new()
    }
}

/// One listener's end.
pub struct Listener(broadcast::Receiver<Change>);

/// What a listener hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// One change.
    Change(Change),
    /// It fell behind: look at everything.
    Missed,
}

impl Listener {
    /// The next change; `None` when the gateway ended.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.0.recv().await {
            Ok(change) => Some(Heard::Change(change)),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Heard::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_listener_is_told_that_it_missed_something() {
        let bus = Bus::new();
        let mut listener = bus.listen();
        for _ in 0..=BACKLOG {
            bus.ring(Change::Queue);
        }
        assert_eq!(listener.next().await, Some(Heard::Missed));
        assert_eq!(listener.next().await, Some(Heard::Change(Change::Queue)));
    }

    #[tokio::test]
    async fn a_ring_between_looking_and_waiting_is_not_lost() {
        let bus = Bus::new();
        let rung = bus.queue_rung();
        bus.ring(Change::Queue);
        rung.await;
    }
}
