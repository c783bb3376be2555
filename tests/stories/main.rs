//! One test binary: each module is one user story.

mod at_properties;
mod at_quirks;
mod at_vectors;
mod sms_vectors;
#[path = "../support/talk.rs"]
mod talk;
