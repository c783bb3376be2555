//! The driver's output queue, as its parts see it.

use std::collections::VecDeque;

use super::driver::Output;
use super::event::Event;

/// Collects outputs in the order in which they must happen.
#[derive(Debug, Default)]
pub(super) struct Out {
    queue: VecDeque<Output>,
    noted: Vec<String>,
}

impl Out {
    /// Bytes for the port.
    pub fn transmit(&mut self, bytes: Vec<u8>) {
        self.queue.push_back(Output::Transmit(bytes));
    }

    /// Something the gateway has to know.
    pub fn event(&mut self, event: Event) {
        self.queue.push_back(Output::Event(event));
    }

    /// Several of them.
    pub fn events(&mut self, events: impl IntoIterator<Item = Event>) {
        self.queue.extend(events.into_iter().map(Output::Event));
    }

    /// A sentence for a person.
    pub fn note(&mut self, text: impl Into<String>) {
        self.event(Event::Note(text.into()));
    }

    /// A sentence for a person, the first time only: the cause may come back every minute.
    pub fn note_once(&mut self, text: impl Into<String>) {
        let text = text.into();
        if self.noted.len() < MOST_NOTED && !self.noted.contains(&text) {
            self.noted.push(text.clone());
            self.note(text);
        }
    }

    /// The next output, if there is one.
    pub fn pop(&mut self) -> Option<Output> {
        self.queue.pop_front()
    }
}

/// A modem that invents a new line every second must not fill our memory.
const MOST_NOTED: usize = 200;
