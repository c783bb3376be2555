//! A text, cut into the smallest number of segments.
//!
//! A text and the choices of the operator go in; user data with headers comes out, ready for
//! [`Submit::new`](super::Submit::new). No segment ends inside an escape pair, a surrogate pair
//! or a grapheme cluster, unless the cluster alone is longer than a segment.
//!
//! Absent on purpose: Unicode normalisation and line ends (the caller's), and where reference
//! numbers come from (a counter that must survive restarts).
//!
//! Begin with [`segment`]; [`count`] does the same sums without making octets.
//! 23.040 §9.2.3.24.1; 23.038 §4.

mod plan;

use super::charset::Language;
use super::dcs::{Alphabet, Dcs, MessageClass};
use super::ucs2;
use super::udh::{ConcatRef, Udh, iei};
use super::user_data::{Body, UserData};
use plan::{Plan, choose, forcing, header_octets, plan};

/// The operator's choices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SegmentOptions {
    /// Only this alphabet; `None` chooses.
    pub alphabet: Option<Alphabet>,
    /// Languages whose shift tables may be used. Many networks mangle them, so none by default.
    pub languages: Vec<Language>,
    /// The message class.
    pub class: Option<MessageClass>,
    /// The reference number all segments share; its low octet unless `wide`.
    pub reference: u16,
    /// Whether to write the reference with 16 bits, which costs a character or so per segment.
    pub wide: bool,
    /// Further header elements, repeated in each segment.
    pub elements: Vec<u8>,
}

/// How a text is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// GSM 7-bit with the default tables, or a language's.
    Gsm7 {
        /// Replaces the default alphabet.
        locking: Option<Language>,
        /// Replaces the extension table.
        single: Option<Language>,
    },
    /// UCS-2.
    Ucs2,
}

/// A text in segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments {
    /// How all of them are written.
    pub coding: Coding,
    /// In order; never empty, an empty text is one segment.
    pub segments: Vec<Segment>,
}

/// One segment, ready to be put into a SUBMIT or a DELIVER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// TP-DCS.
    pub dcs: Dcs,
    /// TP-UD.
    pub user_data: UserData,
}

/// What a text costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// How it would be written.
    pub coding: Coding,
    /// Septets, or UTF-16 units.
    pub units: usize,
    /// How many segments; more than 255 cannot be sent.
    pub segments: usize,
    /// Units that still fit into the last segment.
    pub units_left: usize,
    /// The characters that force UCS-2, each once, in order.
    pub forcing: Vec<char>,
}

/// Why a text cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    /// More segments than the header can number.
    #[error("the text needs {segments} segments, more than 255: shorten it")]
    TooLong {
        /// How many it needs.
        segments: usize,
    },
    /// The alphabet asked for lacks a character.
    #[error("{character:?} does not exist in the GSM 7-bit alphabet: use UCS-2 or leave it out")]
    NotInAlphabet {
        /// The first such character.
        character: char,
    },
    /// 8-bit data is no alphabet for text.
    #[error("text cannot be sent as 8-bit data")]
    NoText,
    /// The further elements leave no room for text.
    #[error("the header elements leave no room for text")]
    NoRoom,
}

/// Cuts a text into the smallest number of segments over GSM 7-bit, GSM 7-bit with the tables of
/// an enabled language, and UCS-2; among equals the first in this order.
pub fn segment(text: &str, options: &SegmentOptions) -> Result<Segments, SegmentError> {
    let plan = choose(text, options)?;
    build(text, &plan, options)
}

/// As [`segment`], with the coding given.
pub fn segment_as(
    text: &str,
    coding: Coding,
    options: &SegmentOptions,
) -> Result<Segments, SegmentError> {
    let plan = plan(text, coding, options)?;
    build(text, &plan, options)
}

/// Cuts 8-bit data. There is no better or worse place to cut.
pub fn segment_octets(
    octets: &[u8],
    options: &SegmentOptions,
) -> Result<Vec<Segment>, SegmentError> {
    let dcs = Dcs::new(Alphabet::Octets, options.class);
    let room = |concat| {
        let header = header_octets(0, concat, options);
        UserData::MOST_OCTETS.checked_sub(header).filter(|room| *room > 0)
    };
    let single = room(false).ok_or(SegmentError::NoRoom)?;
    let most =
        if octets.len() <= single { single } else { room(true).ok_or(SegmentError::NoRoom)? };
    let chunks: Vec<&[u8]> =
        if octets.is_empty() { vec![octets] } else { octets.chunks(most).collect() };
    let total = segments_total(chunks.len())?;
    let segments = chunks.iter().zip(1..=u8::MAX).map(|(chunk, seq)| {
        let header = header(place(options, total, seq), None, None, options);
        Segment { dcs, user_data: UserData { header, body: Body::Octets(chunk.to_vec()) } }
    });
    Ok(segments.collect())
}

/// Counts as [`segment`] would cut, also beyond 255 segments.
pub fn count(text: &str, options: &SegmentOptions) -> Result<Count, SegmentError> {
    let plan = choose(text, options)?;
    let forced = plan.coding == Coding::Ucs2 && options.alphabet.is_none();
    Ok(Count {
        coding: plan.coding,
        units: plan.cuts.iter().map(|cut| cut.units).sum(),
        segments: plan.cuts.len(),
        units_left: plan.cuts.last().map_or(0, |last| plan.capacity.saturating_sub(last.units)),
        forcing: if forced { forcing(text, &options.languages) } else { Vec::new() },
    })
}

impl Coding {
    /// The default alphabet with its extension.
    pub const GSM7: Self = Self::Gsm7 { locking: None, single: None };

    /// What TP-DCS says of it.
    pub fn alphabet(self) -> Alphabet {
        match self {
            Self::Gsm7 { .. } => Alphabet::Gsm7,
            Self::Ucs2 => Alphabet::Ucs2,
        }
    }

    /// The language whose tables are used.
    pub fn language(self) -> Option<Language> {
        match self {
            Self::Gsm7 { locking, single } => locking.or(single),
            Self::Ucs2 => None,
        }
    }
}

fn build(text: &str, plan: &Plan, options: &SegmentOptions) -> Result<Segments, SegmentError> {
    let total = segments_total(plan.cuts.len())?;
    let coding = plan.coding;
    let dcs = Dcs::new(coding.alphabet(), options.class);
    let (locking, single) = match coding {
        Coding::Gsm7 { locking, single } => (locking, single),
        Coding::Ucs2 => (None, None),
    };
    let segments = plan.cuts.iter().zip(1..=u8::MAX).map(|(cut, seq)| {
        let piece = text.get(cut.bytes.clone()).unwrap_or_default();
        let header = header(place(options, total, seq), locking, single, options);
        let body = match coding {
            Coding::Gsm7 { .. } => {
                let mut septets = Vec::with_capacity(cut.units);
                for character in piece.chars() {
                    coding.tables().encode(character, &mut septets);
                }
                Body::Septets(septets)
            }
            Coding::Ucs2 => Body::Octets(ucs2::encode(piece)),
        };
        Segment { dcs, user_data: UserData { header, body } }
    });
    Ok(Segments { coding, segments: segments.collect() })
}

fn segments_total(segments: usize) -> Result<u8, SegmentError> {
    u8::try_from(segments).map_err(|_| SegmentError::TooLong { segments })
}

fn place(options: &SegmentOptions, total: u8, seq: u8) -> Option<ConcatRef> {
    let (reference, wide) = (options.reference, options.wide);
    (total > 1).then_some(ConcatRef { reference, wide, total, seq })
}

fn header(
    concat: Option<ConcatRef>,
    locking: Option<Language>,
    single: Option<Language>,
    options: &SegmentOptions,
) -> Option<Udh> {
    let mut octets = Vec::new();
    if let Some(concat) = concat {
        concat.write(&mut octets);
    }
    octets.extend(locking.iter().flat_map(|l| [iei::LOCKING_SHIFT, 1, l.octet()]));
    octets.extend(single.iter().flat_map(|l| [iei::SINGLE_SHIFT, 1, l.octet()]));
    octets.extend(&options.elements);
    (!octets.is_empty()).then(|| Udh::from_octets(octets))
}
