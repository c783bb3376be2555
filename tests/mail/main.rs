//! E-mail against real servers: Postfix takes what leaves, Dovecot keeps it and is read by IMAP.
//!
//! Each test starts servers of its own on the loopback, with throw-away settings and mailboxes.
//! What is not installed is skipped and says so: `tests/install.sh` installs all of it. A real server
//! cannot be told when to hang up, so lines that are slow or cut go through a proxy in front of it.

#![allow(
    clippy::disallowed_methods,
    reason = "other processes keep real time, and cannot be waited for but by looking"
)]

mod broken;
mod cut;
mod dovecot;
mod house;
mod listener;
mod lmtp;
mod postfix;
mod probe;
mod proxy;
mod server;
mod story;
