//! simgate: a self-hosted SMS gateway.
//!
//! Read the modules in the order of their layers, lowest first. A module imports lower layers
//! only, never a sibling of its own layer; `tests/architecture.rs` fails with file and line when
//! one does. Layers 0 to 2 are pure: no I/O, no clock, no randomness, nothing async.
//!
//! ```text
//! 7  cmd                    the command line
//! 6  app                    tasks, wiring, supervision
//! 5  config                 one file -> everyone's Settings
//! 4  io          web        the outside world: ports, sockets, pages
//! 3  store       bus        what is remembered; "look again" signals
//! 2  modem  emulator  engine  email  behaviour, pure
//! 1  sms    at              codecs, pure
//! 0  types                  the words everyone shares
//! ```

pub mod app;
pub mod at;
pub mod bus;
pub mod cmd;
pub mod config;
pub mod email;
pub mod emulator;
pub mod engine;
pub mod io;
pub mod modem;
pub mod sms;
pub mod store;
pub mod types;
pub mod web;
