//! The AT command language: its words, and one conversation in it.
//!
//! Bytes and time go in, typed lines and finished commands come out. Nothing here opens a port,
//! starts a task or reads a clock, so every odd modem can be a row in a table test.
//!
//! Begin with [`Dialogue`]: it takes a [`Request`] made from a [`Command`], and gives back an
//! [`Outcome`]. Then `lexer` (bytes to lines) and `classify` (whose line is it?). The commands
//! are values in [`commands`]; what they may write is bounded by [`AtLine`].
//!
//! Modems differ in spacing, echo and blank lines: tolerance for that belongs in `lexer` and
//! `params`. Lines that only some modems print are rows of a table in `urc`; behaviour that only
//! one family needs belongs in `modem::profile`, never here. Absent on purpose: what a TPDU
//! means (`sms`), what to do after a refusal (`modem`), and text mode, whose bodies can contain
//! the line `OK`.
//!
//! Specifications: ITU-T V.250; 3GPP TS 27.007 (general) and 27.005 (SMS).

// Bytes from the line decide none of these; tests may fail loudly.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented
    )
)]

mod classify;
mod code;
mod command;
pub mod commands;
mod dialogue;
mod info;
mod lexer;
mod line;
mod params;
mod result;
mod urc;

pub use classify::{Line, Reader, Watch};
pub use command::{Answer, Bare, Command, CommandError, Ending, Follows, Payload, Request};
pub use dialogue::{Dialogue, End, Input, Outcome, Output, Stage, Ticket};
pub use info::{Info, InfoLine, ParseError};
pub use lexer::{Hint, Lexer, RawLine};
pub use line::{AtLine, ConsoleLine, DialString, Hex, Quoted, RefusedText};
pub use params::{Params, Value};
pub use result::{CmeError, CmsError, Disposition, FinalResult};
pub use urc::{Alarm, Urc};
