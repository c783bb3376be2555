//! Whatever a terminal writes to an emulated modem of any family: no panic, no spinning, and the
//! same words however the bytes were cut.
#![no_main]

#[path = "../../tests/support/emulator_fuzz.rs"]
mod emulator_fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| emulator_fuzz::commands(data));
