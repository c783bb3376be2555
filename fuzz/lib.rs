//! The codecs and the emulated modem of simgate without the gateway around them.
//!
//! The sources are those of `../src`, compiled a second time: fuzzing instruments every crate it
//! builds, and a database and a web server would only make that slow.

#[path = "../src/types/id.rs"]
mod id;
#[path = "../src/types/redacted.rs"]
mod redacted;
#[path = "../src/types/sim.rs"]
mod sim;
#[path = "../src/types/state.rs"]
mod state;
#[path = "../src/types/time.rs"]
mod time;

/// What the codecs use of the shared words.
pub mod types {
    pub use crate::id::{ContactId, ConversationId, MessageId, ModemId};
    pub use crate::redacted::{Redacted, Secret, masked};
    pub use crate::sim::{Iccid, Imei, Imsi};
    pub(crate) use crate::state::words;
    pub use crate::state::{Class, Direction, MessageState};
    pub use crate::time::{Millis, UnixTime};
}

#[path = "../src/at/mod.rs"]
pub mod at;
#[path = "../src/email/mod.rs"]
pub mod email;
#[path = "../src/emulator/mod.rs"]
pub mod emulator;
#[path = "../src/modem/mod.rs"]
pub mod modem;
#[path = "../src/sms/mod.rs"]
pub mod sms;
