//! Simulated phones: they receive, put long texts together, answer, and can be off.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::sms::{Content, Deliver, assemble};
use crate::types::UnixTime;

/// A phone as a scenario or the control API describes it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Phone {
    /// Under which it is reached: `+447700900200`.
    pub number: String,
    /// Off: messages wait for it in the network.
    pub on: bool,
    /// TP-ST of every report instead of 0; from 32 on the message does not arrive.
    pub report: Option<u8>,
    /// What it answers by itself to which text; `*` fits any other.
    pub answers: BTreeMap<String, String>,
}

impl Default for Phone {
    fn default() -> Self {
        Self { number: String::new(), on: true, report: None, answers: BTreeMap::new() }
    }
}

/// A phone and what is on its screen.
#[derive(Clone, Debug)]
pub struct Handset {
    /// Its settings.
    pub phone: Phone,
    /// Everything sent and received, in order.
    pub texts: Vec<HandsetText>,
    incomplete: Vec<Deliver>,
    pub(super) reference: u16,
}

/// One text on a handset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandsetText {
    /// True when the handset wrote it.
    pub outgoing: bool,
    /// The other side.
    pub number: String,
    /// What it says.
    pub text: String,
    /// When it arrived or was sent.
    pub at: UnixTime,
    /// How many segments it took.
    pub segments: usize,
}

impl Handset {
    pub(super) fn new(phone: Phone) -> Self {
        Self { phone, texts: Vec::new(), incomplete: Vec::new(), reference: 0 }
    }

    /// Takes a segment. Returns the text when it completes one.
    pub(super) fn receive(&mut self, deliver: Deliver, at: UnixTime) -> Option<HandsetText> {
        self.incomplete.push(deliver);
        let whole = assemble(&self.incomplete).into_iter().find(|set| set.is_complete())?;
        let key = whole.key;
        let (done, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.incomplete)
            .into_iter()
            .partition(|segment| crate::sms::SetKey::of(segment) == key);
        self.incomplete = rest;
        let text = match whole.content {
            Content::Text(text) => text,
            Content::Octets(octets) => crate::sms::to_hex(&octets),
        };
        let number = done.first().map_or(String::new(), |segment| segment.originator.number());
        let received = HandsetText { outgoing: false, number, text, at, segments: done.len() };
        self.texts.push(received.clone());
        Some(received)
    }

    /// What this handset says to a text by itself.
    pub(super) fn answer_to(&self, text: &str) -> Option<String> {
        let answers = &self.phone.answers;
        answers.get(text.trim()).or_else(|| answers.get("*")).cloned()
    }
}
