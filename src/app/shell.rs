//! The async shell around a driver: whatever comes first (bytes, an order, the time) goes in,
//! whatever comes out goes to the port or to the desk.

use tokio::sync::mpsc;

use super::End;
use crate::io::capture::Capture;
use crate::io::systemd::Pulse;
use crate::io::wire::{Gone, Wire};
use crate::io::{Alarm, Clock};
use crate::modem::{Driver, Event, Input, Order, Output};
use crate::types::Millis;

/// What the rest of the task asks of the shell.
#[derive(Debug)]
pub(super) enum Ask {
    /// An order for the modem.
    Order(Order),
    /// Close the port and end the task so.
    Leave(End),
}

/// A driver on an open port.
pub(super) struct Shell {
    pub(super) wire: Wire,
    pub(super) driver: Driver,
    pub(super) clock: Clock,
    /// For the driver's times.
    pub(super) alarm: Alarm,
    /// For signs of life.
    pub(super) beat: Alarm,
    pub(super) capture: Capture,
    pub(super) pulse: Pulse,
    pub(super) asks: mpsc::UnboundedReceiver<Ask>,
    pub(super) events: mpsc::UnboundedSender<Event>,
}

impl Shell {
    /// Runs until the port is gone, the driver has stopped, or somebody asks to leave. The driver
    /// always hears that the port closed, so that a submit in flight gets its outcome.
    pub(super) async fn run(mut self) -> End {
        self.driver.handle(self.clock.now(), Input::Opened);
        let end = loop {
            let wake = match self.drain() {
                Ok(wake) => wake,
                Err(end) => break end,
            };
            if let Err(end) = self.next_input(wake).await {
                break end;
            }
        };
        self.driver.handle(self.clock.now(), Input::Closed);
        let _ = self.drain();
        end
    }

    /// Waits for one input and hands it to the driver. Bytes that are here come before the time:
    /// after a stall of ours the modem must not be taken for silent.
    async fn next_input(&mut self, wake: Option<Millis>) -> Result<(), End> {
        let mut buffer = [0; 4_096];
        loop {
            let beat = self.clock.next_beat(Pulse::EVERY);
            tokio::select! {
                biased;
                read = self.wire.read(&mut buffer) => {
                    let read = read.map_err(|gone| match gone {
                        Gone::Unplugged => End::Unplugged,
                        Gone::Stuck => End::Stuck,
                    })?;
                    let (now, bytes) = (self.clock.now(), &buffer[..read]);
                    self.capture.received(now, bytes);
                    self.driver.handle(now, Input::Bytes(bytes));
                }
                ask = self.asks.recv() => match ask {
                    Some(Ask::Order(order)) => {
                        self.driver.handle(self.clock.now(), Input::Order(order));
                    }
                    Some(Ask::Leave(end)) => return Err(end),
                    None => return Err(End::Stopped),
                },
                () = self.alarm.at(wake) => {
                    self.driver.handle(self.clock.now(), Input::Time);
                }
                () = self.beat.at(Some(beat)) => {
                    self.pulse.beat();
                    continue;
                }
            }
            self.pulse.beat();
            return Ok(());
        }
    }

    /// Carries everything out of the driver; says when it wants to be woken.
    fn drain(&mut self) -> Result<Option<Millis>, End> {
        let mut end = None;
        loop {
            match self.driver.poll() {
                Output::Transmit(bytes) => {
                    self.capture.sent(self.clock.now(), &bytes);
                    self.wire.write(&bytes);
                }
                Output::Event(event) => {
                    match &event {
                        Event::Reopen { reason } => end = Some(End::Reopen(reason)),
                        Event::Stopped => end = Some(End::Stopped),
                        _ => {}
                    }
                    // The desk outlives the shell; it leaves first only when the task panics.
                    let _ = self.events.send(event);
                }
                Output::WakeAt(wake) => return end.map_or(Ok(wake), Err),
            }
        }
    }
}
