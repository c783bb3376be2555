//! Segments, joined to messages again.
//!
//! Received segments go in, in any order, repeated, several messages mixed; messages come out,
//! each with the segments it still misses. Nothing is remembered between two calls: whoever
//! stores segments hands in those of one set again when another arrives.
//!
//! Absent on purpose: how long to wait for a missing segment.
//!
//! Begin with [`assemble`]. 23.040 §9.2.3.24.1.

use std::collections::BTreeMap;

use super::address::Address;
use super::dcs::Alphabet;
use super::deliver::Deliver;
use super::pdu::to_hex;
use super::scts::Scts;
use super::ucs2;
use super::user_data::{Body, UserData};

/// What the segments of one message have in common.
///
/// Not the service centre, for segments travel through different ones, and not the DCS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SetKey {
    /// TP-OA, type of address included.
    pub originator: Address,
    /// The reference number.
    pub reference: u16,
    /// Whether it has 16 bits.
    pub wide: bool,
    /// How many segments there are.
    pub total: u8,
}

/// A message, as far as it has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// Its key; `None` for a message of one segment without a concatenation header.
    pub key: Option<SetKey>,
    /// What it says so far.
    pub content: Content,
    /// The numbers of the segments that are missing, in order.
    pub missing: Vec<u8>,
    /// How many segments came more than once.
    pub repeated: usize,
    /// The earliest sound time stamp among its segments, else the first segment's.
    pub scts: Scts,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text, with [`Assembled::GAP`] where a segment is missing.
    Text(String),
    /// 8-bit data or compressed text, without what is missing.
    Octets(Vec<u8>),
}

impl SetKey {
    /// The key of a segment; `None` when it is a whole message.
    pub fn of(deliver: &Deliver) -> Option<Self> {
        let concat = deliver.concat()?;
        let (reference, wide, total) = (concat.reference, concat.wide, concat.total);
        Some(Self { originator: deliver.originator, reference, wide, total })
    }
}

impl Assembled {
    /// Stands for a missing segment in a text.
    pub const GAP: &'static str = "[…]";

    /// Whether no segment is missing.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Joins segments, given in order of arrival, to messages in order of their first segments.
///
/// A segment that came before is dropped. The same number with other content means that the
/// sender has come round to a used reference: a new message begins.
pub fn assemble<'a>(segments: impl IntoIterator<Item = &'a Deliver>) -> Vec<Assembled> {
    let mut sets: Vec<Set<'_>> = Vec::new();
    for deliver in segments {
        let Some(key) = SetKey::of(deliver) else {
            sets.push(Set::new(None, 1, deliver));
            continue;
        };
        let seq = deliver.concat().map_or(1, |concat| concat.seq);
        let mut same_key = sets.iter_mut().filter(|set| set.key == Some(key));
        if let Some(set) = same_key.find(|set| set.has_exactly(seq, deliver)) {
            set.repeated += 1;
            continue;
        }
        match sets.iter_mut().rfind(|set| set.key == Some(key)) {
            Some(set) if set.has(seq, deliver) => set.repeated += 1,
            Some(set) if !set.segments.contains_key(&seq) => {
                set.segments.insert(seq, deliver);
            }
            _ => sets.push(Set::new(Some(key), seq, deliver)),
        }
    }
    sets.into_iter().map(Set::finish).collect()
}

struct Set<'a> {
    key: Option<SetKey>,
    segments: BTreeMap<u8, &'a Deliver>,
    repeated: usize,
    first: &'a Deliver,
}

impl<'a> Set<'a> {
    fn new(key: Option<SetKey>, seq: u8, first: &'a Deliver) -> Self {
        Self { key, segments: BTreeMap::from([(seq, first)]), repeated: 0, first }
    }

    fn has(&self, seq: u8, deliver: &Deliver) -> bool {
        let held = self.segments.get(&seq);
        held.is_some_and(|held| held.dcs == deliver.dcs && held.user_data == deliver.user_data)
    }

    /// A repetition by the service centre carries the same time stamp as well.
    fn has_exactly(&self, seq: u8, deliver: &Deliver) -> bool {
        self.has(seq, deliver) && self.segments.get(&seq).is_some_and(|s| s.scts == deliver.scts)
    }

    fn finish(self) -> Assembled {
        let total = self.key.map_or(1, |key| key.total);
        let missing = (1..=total).filter(|seq| !self.segments.contains_key(seq)).collect();
        let stamps = self.segments.values().map(|segment| segment.scts);
        let earliest = stamps.filter_map(|scts| Some((scts.unix()?, scts))).min_by_key(|s| s.0);
        let content = if self.segments.values().all(|deliver| !deliver.dcs.is_text()) {
            let octets = self.segments.values().flat_map(|s| s.user_data.body_octets());
            Content::Octets(octets.collect())
        } else {
            Content::Text(self.text(total))
        };
        Assembled {
            key: self.key,
            content,
            missing,
            repeated: self.repeated,
            scts: earliest.map_or(self.first.scts, |(_, scts)| scts),
        }
    }

    fn text(&self, total: u8) -> String {
        let mut joiner = Joiner::default();
        for seq in 1..=total {
            match self.segments.get(&seq) {
                Some(deliver) => joiner.add(deliver),
                None => joiner.gap(),
            }
        }
        joiner.finish()
    }
}

/// Joins before it decodes, because bad senders cut inside escape and surrogate pairs.
#[derive(Default)]
struct Joiner {
    text: String,
    /// An escape was the last septet so far.
    escaped: bool,
    /// UCS-2 not decoded yet.
    units: Vec<u8>,
}

impl Joiner {
    fn add(&mut self, deliver: &Deliver) {
        let UserData { body, .. } = &deliver.user_data;
        match body {
            Body::Septets(septets) => {
                self.flush_units();
                let tables = deliver.user_data.tables();
                self.escaped = tables.decode_onto(&mut self.text, septets, self.escaped);
            }
            Body::Octets(octets) => {
                self.flush_escape();
                if deliver.dcs.is_text() && deliver.dcs.alphabet() == Alphabet::Ucs2 {
                    self.units.extend(octets);
                } else {
                    self.flush_units();
                    self.text.push_str(&to_hex(octets));
                }
            }
        }
    }

    fn gap(&mut self) {
        self.flush_escape();
        self.flush_units();
        self.text.push_str(Assembled::GAP);
    }

    fn flush_escape(&mut self) {
        if std::mem::take(&mut self.escaped) {
            self.text.push(' ');
        }
    }

    fn flush_units(&mut self) {
        if !self.units.is_empty() {
            self.text.push_str(&ucs2::decode(&self.units));
            self.units.clear();
        }
    }

    fn finish(mut self) -> String {
        self.flush_escape();
        self.flush_units();
        self.text
    }
}
