//! The SMS codec: octets to messages and back, texts to segments and back.
//!
//! A line of hexadecimal from a modem goes in, a typed message comes out, and the other way
//! round. Octets from the air are read past small faults; what cannot be read is an error that
//! names the field and the octet, never a panic.
//!
//! Absent on purpose: I/O, clocks, how a modem is asked for a PDU (`at`), who a number belongs to
//! (`types::Number`), and how long to wait for missing segments.
//!
//! Begin with [`Pdu`] and [`Tpdu`], then [`Deliver`]; for sending with [`segment()`]. One file per
//! TP field, one per message type, one per language.
//!
//! Specifications: 3GPP TS 23.040 (messages), 23.038 (alphabets), 23.041 (cell broadcast);
//! OMA MMS encapsulation (the notification inside a WAP push).

// Octets from the air decide none of these; tests may fail loudly.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::panic,
        clippy::unreachable,
        clippy::todo,
        clippy::unimplemented
    )
)]

mod address;
mod assemble;
pub mod cbs;
pub mod charset;
mod command;
mod dcs;
mod deliver;
mod deliver_report;
mod email;
mod error;
mod fcs;
pub mod gsm7;
pub mod mms;
mod normal;
mod parameters;
mod pdu;
mod pid;
mod reader;
mod scts;
mod segment;
mod status;
mod status_report;
mod submit;
mod submit_report;
mod tpdu;
pub mod ucs2;
mod udh;
mod user_data;
mod vp;
mod waiting;

pub use address::{Address, AddressError, TypeOfAddress};
pub use assemble::{Assembled, Content, SetKey, assemble};
pub use charset::{Language, Tables, UnknownLanguage};
pub use command::Command;
pub use dcs::{Alphabet, Dcs, MessageClass};
pub use deliver::Deliver;
pub use deliver_report::DeliverReport;
pub use email::{EmailHint, email_hint};
pub use error::{DecodeError, EncodeError, Field, Ignored};
pub use fcs::{FailureCause, FailureClass};
pub use normal::normal_text;
pub use parameters::Parameters;
pub use pdu::{Pdu, from_hex, to_hex};
pub use pid::{Pid, Purpose};
pub use scts::{LocalTime, Scts};
pub use segment::{
    Coding, Count, Segment, SegmentError, SegmentOptions, Segments, count, segment, segment_as,
    segment_octets,
};
pub use status::{Status, StatusClass};
pub use status_report::{StatusReport, Tail};
pub use submit::Submit;
pub use submit_report::SubmitReport;
pub use tpdu::{Rp, Tpdu, Way};
pub use udh::{ConcatRef, InformationElement, Ports, Udh, iei};
pub use user_data::{Body, UserData};
pub use vp::ValidityPeriod;
pub use waiting::{MessageWaiting, Waiting};
