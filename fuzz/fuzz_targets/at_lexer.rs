//! Any bytes are lines, lines have a meaning, and parameters are read: a value or an error,
//! never a panic.
#![no_main]

#[path = "../../tests/support/at_fuzz.rs"]
mod at_fuzz;
#[allow(dead_code, reason = "shared with the stories, which use more of it")]
#[path = "../../tests/support/talk.rs"]
mod talk;

libfuzzer_sys::fuzz_target!(|data: &[u8]| at_fuzz::lexer(data));
