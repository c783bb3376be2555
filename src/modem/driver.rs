//! The façade: one door in, one queue out.
//!
//! Whatever comes in is passed on at once; a new command is chosen only when time passes or an
//! order comes, never while bytes are being read. So it makes no difference how bytes were cut.

use super::event::Event;
use super::order::Order;
use super::out::Out;
use super::session::Session;
use super::settings::Settings;
use super::state::State;
use crate::at::{self, Dialogue};
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
    dialogue: Dialogue,
    session: Session,
    out: Out,
    wake: Option<Millis>,
}

impl Driver {
    /// A driver without a port; it does nothing before [`Input::Opened`].
    pub fn new(settings: Settings) -> Self {
        let session = Session::new(settings);
        Self { dialogue: Dialogue::new(), session, out: Out::default(), wake: None }
    }

    /// Takes one input. Drain [`Driver::poll`] afterwards.
    pub fn handle(&mut self, now: Millis, input: Input<'_>) {
        match input {
            Input::Opened => {
                self.session.opened(now, &mut self.out);
                self.dialogue.opened(now);
                self.pass_on(now);
            }
            Input::Bytes(bytes) => {
                self.dialogue.handle(now, at::Input::Bytes(bytes));
                self.pass_on(now);
            }
            Input::Time => {
                self.dialogue.handle(now, at::Input::Time);
                self.pass_on(now);
                self.session.on_time(now, &mut self.dialogue, &mut self.out);
                self.pass_on(now);
                self.start_next(now);
            }
            Input::Order(order) => {
                self.session.order(now, order, &mut self.dialogue, &mut self.out);
                self.pass_on(now);
                self.start_next(now);
            }
            Input::Closed => {
                self.dialogue.closed(now);
                self.pass_on(now);
                self.session.closed(now, &mut self.out);
            }
        }
        let times = [self.wake, self.session.wakes_at(self.dialogue.is_idle())];
        self.wake = times.into_iter().flatten().min();
    }

    /// The next output; [`Output::WakeAt`] is the last one.
    pub fn poll(&mut self) -> Output {
        self.out.pop().unwrap_or(Output::WakeAt(self.wake))
    }

    /// Where the session stands.
    pub fn state(&self) -> State {
        self.session.state()
    }

    /// Hands everything the conversation says to the session, in its order.
    fn pass_on(&mut self, now: Millis) {
        loop {
            match self.dialogue.poll() {
                at::Output::WakeAt(at) => {
                    self.wake = at;
                    return;
                }
                at::Output::Transmit(bytes) => self.out.transmit(bytes),
                said => self.session.heard(now, said, &mut self.dialogue, &mut self.out),
            }
        }
    }

    fn start_next(&mut self, now: Millis) {
        if !self.dialogue.is_idle() {
            return;
        }
        if let Some((ticket, request)) = self.session.next(now, &mut self.out) {
            self.dialogue.start(now, ticket, request);
            self.pass_on(now);
        }
    }
}
