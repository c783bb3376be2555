//! The modem core under everything that can go wrong: random lives, and one interruption at every
//! single byte and commit. Each run ends with the invariants of `docs/design/how-it-is-tested.md`.

#[path = "../support/bench.rs"]
mod bench;
mod byte_cuts;
mod commit_cuts;
mod corpus;
#[path = "../support/driver_fuzz.rs"]
mod driver_fuzz;
mod fault_rows;
mod journal;
mod panics;
mod random_lives;
mod reports;
mod whole;
mod whole_lives;
