//! What a modem does: one driver per modem, as a state machine over the AT language.
//!
//! Bytes from the port, time and [`Order`]s go in; bytes for the port and [`Event`]s come out.
//! Nothing here opens a port, starts a task, reads a clock or knows a database: the shell around
//! it feeds one [`Input`], then drains [`Driver::poll`] until it says [`Output::WakeAt`].
//!
//! Two rules of custody shape everything. A received PDU is offered with a [`Receipt`] and leaves
//! the modem only after [`Order::Confirm`]. A submit whose Ctrl-Z was written and whose answer
//! never came ends as [`SubmitError::Unknown`], never as a silent repeat.
//!
//! Begin with [`Driver`]. Then `session` (the states), `bringup` (the ordered list of settings),
//! `inbox`, `outbox` and `health`. What only one modem family does is data in [`profile`].

mod bringup;
mod console;
mod driver;
mod event;
mod gate;
mod health;
mod inbox;
mod known;
mod ladder;
mod order;
mod out;
mod outbox;
pub mod profile;
mod reception;
mod session;
mod settings;
mod state;
mod ussd;

pub use crate::at::Disposition;
pub use console::checked as check_console;
pub use driver::{Driver, Input, Output};
pub use event::{
    Accepted, Blocked, Event, Identity, Received, Registration, SimIdentity, Source, Status,
    UssdReply, UssdStatus,
};
pub use order::{Order, Receipt, Refusal, SubmitError, Ticket};
pub use settings::Settings;
pub use state::{MOVES, Move, State};
