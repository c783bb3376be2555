//! Any pages of cell broadcast, in both forms.
#![no_main]

#[path = "../../tests/support/sms_fuzz.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| laws::cell_broadcast(octets));
