#![no_main]

#[path = "../../tests/support/sms_fuzz.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| laws::gsm7_roundtrip(octets));
