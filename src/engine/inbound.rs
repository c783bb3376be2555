//! What arrived: one text, whole as far as it ever will be.

use crate::types::Number;

/// One inbound text after reassembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inbound {
    /// The sender as the network told it. It can be forged.
    pub from: Number,
    /// The customer's words, unchanged.
    pub text: String,
    /// Whether this SMS was seen before.
    pub seen: Seen,
    /// Class 0: shown at once and not stored by a phone. Never answered by itself (E27).
    pub flash: bool,
    /// Segments that did not come in time, counted from 1 (E29).
    pub missing: Vec<u8>,
}

/// Whether the network delivered the same SMS before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// For the first time.
    First,
    /// Again: the same PDU within the window of E138.
    Again,
    /// A late segment completed a text that was already shown with a gap (E29).
    Completed,
}

impl Inbound {
    /// A plain text seen for the first time.
    pub fn new(from: Number, text: impl Into<String>) -> Self {
        Self { from, text: text.into(), seen: Seen::First, flash: false, missing: Vec::new() }
    }
}
