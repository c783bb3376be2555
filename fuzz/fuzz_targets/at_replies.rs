//! Whatever a modem answers, every command reads it or says why it cannot: never a panic.
#![no_main]

#[path = "../../tests/support/at_fuzz.rs"]
mod at_fuzz;
#[allow(dead_code, reason = "shared with the stories, which use more of it")]
#[path = "../../tests/support/talk.rs"]
mod talk;

libfuzzer_sys::fuzz_target!(|data: &[u8]| at_fuzz::replies(data));
