//! The relay by SMS: a customer's text goes to the response recipient's phone with name and
//! response code; the recipient answers with the code from any handset (S7..S24, D11).
//!
//! A code belongs to (recipient, line). It is sticky for its customer while alive, reused least
//! recently first after a cool-down, and drawn at random among the unused ones, because a relay is
//! remote control by a sender that can be forged (E34).
//!
//! Begin with [`Token`]: how a code is found in a text, and taken out of it.

mod codes;
mod command;
mod token;
mod wording;

pub use codes::{Answer, Code, Draw, draw};
pub use command::{Command, Order};
pub use token::{Token, find, strip};
pub use wording::plain_name;
pub(super) use wording::{Passed, digest, passed_on};

use serde::Deserialize;

use super::read;
use super::rules::PersonId;
use crate::types::{Millis, Secret, words};

/// The relay settings of a line.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RelayRules {
    /// The response recipient, then those who take over when that person is off duty (E20).
    pub recipients: Vec<PersonId>,
    /// Written after the code; without it no answer goes out.
    #[serde(deserialize_with = "read::secret")]
    pub pin: Option<Secret>,
    /// A relayed text has at most so many segments; beyond, its start is passed on (E28).
    pub max_segments: usize,
    /// An answer without code counts when exactly one text was passed on within so many minutes
    /// (E1). Off when absent.
    pub codeless_minutes: Option<u64>,
    /// A code in the middle of prose (E9).
    pub middle: Middle,
    /// `#347` and `347:` at the start count too, for handsets without `@` (E13).
    pub alternates: bool,
    /// Above so many texts in ten minutes, a digest replaces single relays (E38).
    pub digest_over: u32,
    /// So many wrong codes in an hour lock the number for a day (E34).
    pub wrong_codes: u32,
    /// Days without use before a code may go to another customer; at least 30 (E4).
    pub cool_down_days: u64,
}

impl Default for RelayRules {
    fn default() -> Self {
        Self {
            recipients: Vec::new(),
            pin: None,
            max_segments: 4,
            codeless_minutes: None,
            middle: Middle::Ask,
            alternates: false,
            digest_over: 20,
            wrong_codes: 5,
            cool_down_days: 30,
        }
    }
}

impl RelayRules {
    /// The cool-down; never under thirty days.
    pub fn cool_down(&self) -> Millis {
        Millis(self.cool_down_days.clamp(30, 36_500) * A_DAY.0)
    }
}

words!(
    /// What a code means that stands between words: `3 pcs @347 each`.
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    Middle {
        /// The recipient is asked.
        Ask = "ask",
        /// It is a code.
        Send = "send",
    }
);

/// One day.
pub(super) const A_DAY: Millis = Millis::from_secs(24 * 60 * 60);
