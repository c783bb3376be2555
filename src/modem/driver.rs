//! The façade: one door in, one queue out.

use std::collections::VecDeque;

use super::event::Event;
use super::order::Order;
use super::settings::Settings;
use super::state::State;
use crate::types::Millis;

/// What goes into a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<'a> {
    /// The port is open; nothing is known about the other end.
    Opened,
    /// What the modem wrote, in any split.
    Bytes(&'a [u8]),
    /// The time asked for by [`Output::WakeAt`] has come.
    Time,
    /// The gateway wants something.
    Order(Order),
    /// The port is gone.
    Closed,
}

/// What comes out of a driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write this to the port, all of it.
    Transmit(Vec<u8>),
    /// Tell the gateway.
    Event(Event),
    /// Nothing more now: call again with [`Input::Time`] at this tick, or on the next input.
    WakeAt(Option<Millis>),
}

/// One modem.
#[derive(Debug)]
pub struct Driver {
    _settings: Settings,
    state: State,
    outputs: VecDeque<Output>,
}

impl Driver {
    /// A driver without a port; it does nothing before [`Input::Opened`].
    pub fn new(settings: Settings) -> Self {
        Self { _settings: settings, state: State::Closed, outputs: VecDeque::new() }
    }

    /// Takes one input. Drain [`Driver::poll`] afterwards.
    pub fn handle(&mut self, _now: Millis, _input: Input<'_>) {}

    /// The next output; [`Output::WakeAt`] is the last one.
    pub fn poll(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or(Output::WakeAt(None))
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.state
    }
}
