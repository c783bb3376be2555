//! Two drivers at two emulated modems through any life of texts, faults, pulled sticks and killed
//! processes: nothing lost, nothing sent twice, ready again at the end.
#![no_main]

#[allow(dead_code, reason = "shared with the proofs, which use more of it")]
#[path = "../../tests/support/bench.rs"]
mod bench;
#[path = "../../tests/support/driver_fuzz.rs"]
mod driver_fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| driver_fuzz::lives(data));
