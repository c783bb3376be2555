//! Where a text is cut, and in which alphabet that takes the fewest segments.
//!
//! A text and the operator's choices go in, byte ranges come out; octets are not made here.
//! Begin with [`choose`]. 23.040 §9.2.3.24.1; 23.038 §4.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::{Coding, SegmentError, SegmentOptions};
use crate::sms::charset::{Language, Tables};
use crate::sms::dcs::Alphabet;
use crate::sms::user_data::UserData;

/// Where a text is cut.
pub(super) struct Plan {
    pub(super) coding: Coding,
    pub(super) cuts: Vec<Cut>,
    /// Units that fit into each segment.
    pub(super) capacity: usize,
}

/// One segment's share.
pub(super) struct Cut {
    pub(super) bytes: Range<usize>,
    pub(super) units: usize,
}

/// The plan with the fewest segments; among equals the first candidate.
pub(super) fn choose(text: &str, options: &SegmentOptions) -> Result<Plan, SegmentError> {
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
pub(super) fn plan(
    text: &str,
    coding: Coding,
    options: &SegmentOptions,
) -> Result<Plan, SegmentError> {
    let units = |text: &str| {
        text.chars().try_fold(0, |sum, character| {
            let units = coding.units(character);
            Ok(sum + units.ok_or(SegmentError::NotInAlphabet { character })?)
        })
    };
    let total = units(text)?;
    let header = header_octets(coding.shifts(), false, options);
    let single = coding.capacity(header);
    // An empty text, too, needs a header that fits.
    if header > UserData::MOST_OCTETS {
        return Err(SegmentError::NoRoom);
    }
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

impl Coding {
    pub(super) fn tables(self) -> Tables {
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

/// The octets of the header with its length octet; 0 when there is none.
pub(super) fn header_octets(shifts: usize, concat: bool, options: &SegmentOptions) -> usize {
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

/// The characters no enabled table has; where none is alone to blame, those the default lacks.
pub(super) fn forcing(text: &str, languages: &[Language]) -> Vec<char> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of 23.040 §9.2.3.24.1: how much fits beside which header.
    #[test]
    fn each_header_leaves_its_room() {
        let turkish = Language::from_octet(1);
        let one = Coding::Gsm7 { locking: None, single: turkish };
        let two = Coding::Gsm7 { locking: turkish, single: turkish };
        let ports = |octets| SegmentOptions { elements: vec![0; octets], ..Default::default() };
        let wide = |options| SegmentOptions { wide: true, ..options };
        for (coding, concat, options, units) in [
            (Coding::GSM7, false, ports(0), 160),
            (Coding::GSM7, true, ports(0), 153),
            (Coding::GSM7, true, wide(ports(0)), 152),
            (Coding::Ucs2, false, ports(0), 70),
            (Coding::Ucs2, true, ports(0), 67),
            (Coding::Ucs2, true, wide(ports(0)), 66),
            (one, false, ports(0), 155),
            (two, false, ports(0), 152),
            (one, true, ports(0), 149),
            (two, true, ports(0), 146),
            (one, true, wide(ports(0)), 148),
            (two, true, wide(ports(0)), 145),
            (Coding::GSM7, false, ports(4), 154),
            (Coding::GSM7, true, ports(4), 148),
            (Coding::Ucs2, true, ports(4), 65),
            (Coding::GSM7, false, ports(6), 152),
            (Coding::GSM7, true, ports(6), 146),
            (Coding::Ucs2, true, wide(ports(6)), 63),
        ] {
            let header = header_octets(coding.shifts(), concat, &options);
            assert_eq!(coding.capacity(header), units, "{coding:?} beside {header} octets");
        }
    }

    #[test]
    fn nothing_that_belongs_together_is_cut() {
        let cuts = |text: &str| -> Vec<usize> {
            let plan = choose(text, &SegmentOptions::default()).unwrap_or_else(|e| panic!("{e}"));
            plan.cuts.iter().map(|cut| cut.units).collect()
        };
        assert_eq!(cuts(""), [0]);
        assert_eq!(cuts(&"a".repeat(160)), [160]);
        assert_eq!(cuts(&"a".repeat(161)), [153, 8]);
        assert_eq!(cuts(&format!("{}€{}", "a".repeat(152), "a".repeat(10))), [152, 12]);
        assert_eq!(cuts(&format!("{}👋{}", "я".repeat(66), "я".repeat(10))), [66, 12]);
        assert_eq!(cuts(&format!("{}👋", "я".repeat(68))), [70]);
        assert_eq!(cuts(&format!("{}👋", "я".repeat(69))), [67, 4]);
    }
}
