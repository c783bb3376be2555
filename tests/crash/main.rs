//! Whole processes: the binary as an operator runs it, on real ptys and real listeners.
//!
//! `kill_9` ends it at random moments and counts every text afterwards; `demo` is a visitor's first
//! minute; `stop` is told to stop too early; `machine` is what the system around it does, `doctor`
//! what is said about that. `program` starts and ends them, `client` speaks HTTP to them, `ledger`
//! knows what was written by whom and what must have become of it.
//!
//! These programs live in real time. Nothing here waits for time to pass except where the moment of
//! a kill is the fault that is tested; everything else waits for an event, with a limit that only a
//! failure reaches.

mod client;
mod demo;
mod doctor;
mod https;
mod kill_9;
mod ledger;
mod machine;
mod program;
mod random;
mod stop;

/// Longer than anything takes on a busy machine.
const PATIENCE: tokio::time::Duration = tokio::time::Duration::from_secs(60);
