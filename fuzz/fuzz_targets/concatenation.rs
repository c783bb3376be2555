//! Any user data headers in any segments.
#![no_main]

#[path = "../../tests/support/sms_fuzz.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| laws::concatenation(octets));
