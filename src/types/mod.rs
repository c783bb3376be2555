//! The words every part shares: numbers, identities, times. No behaviour beyond validation.
//!
//! A value of one of these types has been checked at the edge and cannot be wrong afterwards.
//! Nothing here does I/O or reads a clock.

mod id;
mod ladder;
mod number;
mod redacted;
mod sim;
mod state;
mod time;

pub use id::{ContactId, ConversationId, MessageId, ModemId};
pub use ladder::Ladder;
pub use number::{Country, Number, NumberError};
pub use redacted::{Redacted, Secret, masked};
pub use sim::{Iccid, Imei, Imsi};
pub(crate) use state::words;
pub use state::{Class, Direction, MessageState};
pub use time::{Millis, UnixTime};

/// Octets in hexadecimal, as secrets and digests are written.
pub fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
