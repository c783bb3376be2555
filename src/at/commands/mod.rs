//! Every command the driver needs, as a value with its reply.
//!
//! Begin with [`general`]; each file is one subject of the standards. Timeouts are what works in
//! practice: vendors' own maxima are often longer, and a lost command costs a re-synchronisation.

pub mod call;
pub mod general;
pub mod network;
pub mod sim;
pub mod sms;
pub mod ussd;
