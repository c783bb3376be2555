//! E-mail against real servers: Postfix takes what leaves, Dovecot keeps it and is read by IMAP.
//!
//! Each test starts servers of its own on the loopback, with throw-away settings and mailboxes.
//! What is not installed is skipped and says so: `tests/install.sh` installs all of it. Servers that
//! misbehave are scripted ones on real sockets, because a real one cannot be told when to hang up.

#![allow(
    clippy::disallowed_methods,
    reason = "other processes keep real time, and cannot be waited for but by looking"
)]

mod broken;
mod dovecot;
mod house;
mod lmtp;
mod postfix;
mod server;
mod story;
