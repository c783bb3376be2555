//! Any text with any choices of the operator: counted, cut, joined again.
#![no_main]

#[path = "../../tests/support/text_fuzz.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| laws::texts(octets));
