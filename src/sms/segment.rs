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

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::charset::{Language, Tables};
use super::dcs::{Alphabet, Dcs, MessageClass};
use super::ucs2;
use super::udh::{ConcatRef, Udh, iei};
use super::user_data::{Body, UserData};

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

    fn tables(self) -> Tables {
        match self {
            Self::Gsm7 { locking, single } => Tables::of(locking, single),
            Self::Ucs2 => Tables::DEFAULT,
        }
    }

    /// Units a character takes.
    fn units(self, character: char) -> Option<usize> {
        match self {
            Self::Gsm7 { .. } => self.tables().septets(character),
            Self::Ucs2 => Some(character.len_utf16()),
        }
    }

    /// Units that fit beside a header of so many octets, its length octet included.
    fn capacity(self, header_octets: usize) -> usize {
        match self {
            Self::Gsm7 { .. } => 160_usize.saturating_sub((header_octets * 8).div_ceil(7)),
            Self::Ucs2 => UserData::MOST_OCTETS.saturating_sub(header_octets) / 2,
        }
    }

    /// How many header elements the tables need.
    fn shifts(self) -> usize {
        match self {
            Self::Gsm7 { locking, single } => {
                usize::from(locking.is_some()) + usize::from(single.is_some())
            }
            Self::Ucs2 => 0,
        }
    }
}

/// Where a text is cut.
struct Plan {
    coding: Coding,
    cuts: Vec<Cut>,
    /// Units that fit into each segment.
    capacity: usize,
}

struct Cut {
    bytes: Range<usize>,
    units: usize,
}

/// The plan with the fewest segments; among equals the first candidate.
fn choose(text: &str, options: &SegmentOptions) -> Result<Plan, SegmentError> {
    let mut codings = Vec::new();
    if options.alphabet != Some(Alphabet::Ucs2) {
        codings.push(Coding::GSM7);
        for &language in &options.languages {
            let (locking, single) = (Some(language).filter(|l| l.has_locking()), Some(language));
            codings.push(Coding::Gsm7 { locking: None, single });
            if locking.is_some() {
                codings.push(Coding::Gsm7 { locking, single: None });
                codings.push(Coding::Gsm7 { locking, single });
            }
        }
    }
    match options.alphabet {
        Some(Alphabet::Octets) => return Err(SegmentError::NoText),
        Some(Alphabet::Gsm7) => {}
        Some(Alphabet::Ucs2) | None => codings.push(Coding::Ucs2),
    }
    let mut best: Option<Plan> = None;
    let mut refusal = None;
    for coding in codings {
        match plan(text, coding, options) {
            Ok(plan) if best.as_ref().is_none_or(|best| plan.cuts.len() < best.cuts.len()) => {
                let cannot_be_beaten = plan.cuts.len() == 1 || coding == Coding::GSM7;
                best = Some(plan);
                // With the default alphabet a character takes a septet, or two where UCS-2
                // takes sixteen bits: nothing is shorter unless a language spares escapes.
                if cannot_be_beaten && (options.languages.is_empty() || coding == Coding::Ucs2) {
                    break;
                }
            }
            Ok(_) => {}
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    best.ok_or(refusal.unwrap_or(SegmentError::NoText))
}

/// Cuts greedily, which is minimal because what may not be cut is always moved whole.
fn plan(text: &str, coding: Coding, options: &SegmentOptions) -> Result<Plan, SegmentError> {
    let units = |text: &str| {
        text.chars().try_fold(0, |sum, character| {
            let units = coding.units(character);
            Ok(sum + units.ok_or(SegmentError::NotInAlphabet { character })?)
        })
    };
    let total = units(text)?;
    let single = coding.capacity(header_octets(coding.shifts(), false, options));
    if total <= single {
        let cuts = vec![Cut { bytes: 0..text.len(), units: total }];
        return Ok(Plan { coding, cuts, capacity: single });
    }
    let capacity = coding.capacity(header_octets(coding.shifts(), true, options));
    if capacity < 2 {
        return Err(SegmentError::NoRoom);
    }
    let mut cutter = Cutter { capacity, cuts: Vec::new(), start: 0, end: 0, units: 0 };
    for cluster in text.graphemes(true) {
        let needed = units(cluster)?;
        if needed <= capacity {
            cutter.add(cluster.len(), needed);
        } else {
            for character in cluster.chars() {
                cutter.add(character.len_utf8(), coding.units(character).unwrap_or(0));
            }
        }
    }
    Ok(Plan { coding, cuts: cutter.finish(), capacity })
}

struct Cutter {
    capacity: usize,
    cuts: Vec<Cut>,
    start: usize,
    end: usize,
    units: usize,
}

impl Cutter {
    /// Adds what must stay together.
    fn add(&mut self, bytes: usize, units: usize) {
        if self.units + units > self.capacity {
            self.cut();
        }
        self.end += bytes;
        self.units += units;
    }

    fn cut(&mut self) {
        self.cuts.push(Cut { bytes: self.start..self.end, units: self.units });
        self.start = self.end;
        self.units = 0;
    }

    fn finish(mut self) -> Vec<Cut> {
        self.cut();
        self.cuts
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

/// The octets of the header with its length octet; 0 when there is none.
fn header_octets(shifts: usize, concat: bool, options: &SegmentOptions) -> usize {
    let concat = match (concat, options.wide) {
        (false, _) => 0,
        (true, false) => 5,
        (true, true) => 6,
    };
    match concat + 3 * shifts + options.elements.len() {
        0 => 0,
        octets => octets + 1,
    }
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

/// The characters no enabled table has; where none is alone to blame, those the default lacks.
fn forcing(text: &str, languages: &[Language]) -> Vec<char> {
    let lacking = |tables: &dyn Fn(char) -> bool| {
        let mut characters = Vec::new();
        for character in text.chars() {
            if !tables(character) && !characters.contains(&character) {
                characters.push(character);
            }
        }
        characters
    };
    let in_default = |character| Tables::DEFAULT.septets(character).is_some();
    let in_any = |character| {
        in_default(character)
            || languages.iter().any(|&language| {
                Tables::of(Some(language), Some(language)).septets(character).is_some()
            })
    };
    match lacking(&in_any) {
        none if none.is_empty() => lacking(&in_default),
        some => some,
    }
}
