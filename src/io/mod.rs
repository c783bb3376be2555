//! The outside world below the web: ports, clocks, randomness, the instance lock, systemd.
//!
//! Bytes, times and "something changed" come in; an opened [`Port`] goes out. Every adapter here
//! does one thing and decides nothing: which modem owns a port, when to try again and what to
//! send is `app`'s business, what the bytes mean is `modem`'s.
//!
//! Deliberately absent: retries, policy, anything that knows what a message is.
//!
//! Begin with [`port`] (the two traits the rest of the program sees), then `serial` and
//! `discovery` for real hardware. Mail leaves by `smtp`, is fetched by `imap`, or taken by
//! `mail_listener`. Events to programs of others leave by `webhook`.

pub mod account;
pub mod capture;
pub mod certificate;
pub mod clock;
pub mod discovery;
pub mod emulated;
pub mod entropy;
pub mod hardware;
pub mod holder;
mod hotplug;
pub mod imap;
pub mod listener;
pub mod lock;
pub mod machine;
pub mod mail_listener;
pub mod mail_session;
mod paced;
pub mod port;
pub mod pty;
mod serial;
pub mod smtp;
pub mod systemd;
pub mod webhook;
pub mod wire;

pub use clock::{Alarm, Clock};
pub use entropy::Entropy;
pub use port::{Candidate, OpenError, Port, PortSource};
