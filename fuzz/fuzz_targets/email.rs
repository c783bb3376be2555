//! The whole path from raw mail to a text or a refusal: any octets are one or the other, never a
//! panic, and what is made of them is bounded and holds no controls. The mails of
//! `tests/golden/email` are the seeds: `cargo fuzz run email fuzz/corpus/email tests/golden/email`.
#![no_main]

#[path = "../../tests/support/email_fuzz.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::law(data));
