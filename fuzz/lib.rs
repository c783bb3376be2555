//! The codecs and the emulated modem of simgate without the gateway around them.
//!
//! The sources are those of `../src`, compiled a second time: fuzzing instruments every crate it
//! builds, and a database and a web server would only make that slow.

#[path = "../src/types/sim.rs"]
mod sim;
#[path = "../src/types/time.rs"]
mod time;

/// What the codecs use of the shared words.
pub mod types {
    pub use crate::sim::{Iccid, Imei, Imsi};
    pub use crate::time::{Millis, UnixTime};
}

#[path = "../src/at/mod.rs"]
pub mod at;
#[path = "../src/emulator/mod.rs"]
pub mod emulator;
#[path = "../src/sms/mod.rs"]
pub mod sms;
