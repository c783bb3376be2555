//! The GSM 7-bit alphabets: septets to characters and back.
//!
//! One language per file, each a table of data and nothing else. A text is coded with a pair of
//! tables: a *locking* one that replaces the default alphabet, and a *single* one that is reached
//! through the escape septet. Packing septets into octets is `gsm7`'s subject; choosing tables
//! for a text is `segment`'s.
//!
//! Begin with [`Tables`]. 23.038 §6.2.1 and annex A; where published tables disagree, the one
//! most implementations agree on was taken.

mod bengali;
mod default;
mod gujarati;
mod hindi;
mod kannada;
mod language;
mod malayalam;
mod oriya;
mod portuguese;
mod punjabi;
mod spanish;
mod tamil;
mod telugu;
mod turkish;
mod urdu;

pub use language::{Language, UnknownLanguage};

/// The escape septet: the next one is looked up in the single shift table.
pub const ESCAPE: u8 = 0x1B;

/// An undefined position of a locking table: read as a space, never written.
const __: char = '\u{FFFF}';

/// A locking shift table and a single shift table.
#[derive(Clone, Copy)]
pub struct Tables {
    locking: &'static Locking,
    single: &'static Single,
}

impl Tables {
    /// The default alphabet and its extension.
    pub const DEFAULT: Self = Self { locking: &default::LOCKING, single: &default::SINGLE };

    /// The tables of languages, `None` and gaps standing for the default.
    pub fn of(locking: Option<Language>, single: Option<Language>) -> Self {
        Self {
            locking: locking.map_or(Self::DEFAULT.locking, Language::locking),
            single: single.map_or(Self::DEFAULT.single, Language::single),
        }
    }

    /// Appends the septets of a character and returns their number: 1, or 2 with the escape.
    ///
    /// The shortest coding is taken, then the lowest septet. `None` when there is none.
    pub fn encode(self, character: char, septets: &mut Vec<u8>) -> Option<usize> {
        if let Some(septet) = self.locking.septet(character) {
            septets.push(septet);
            return Some(1);
        }
        let septet = self.single.septet(character)?;
        septets.extend([ESCAPE, septet]);
        Some(2)
    }

    /// How many septets a character takes.
    pub fn septets(self, character: char) -> Option<usize> {
        if self.locking.septet(character).is_some() {
            return Some(1);
        }
        self.single.septet(character).map(|_| 2)
    }

    /// The text of septets, one an octet.
    pub fn decode(self, septets: &[u8]) -> String {
        let mut text = String::with_capacity(septets.len());
        if self.decode_onto(&mut text, septets, false) {
            text.push(' ');
        }
        text
    }

    /// Appends the text of septets. `escaped` says that an escape came just before, in another
    /// segment; the result says that one is pending at the end.
    pub(super) fn decode_onto(self, text: &mut String, septets: &[u8], escaped: bool) -> bool {
        let mut escaped = escaped;
        for &septet in septets {
            match (escaped, septet) {
                (false, ESCAPE) => escaped = true,
                (false, _) => text.push(self.locking.character(septet)),
                (true, _) => {
                    text.push(self.shifted(septet));
                    escaped = false;
                }
            }
        }
        escaped
    }

    /// The character after an escape; what the single table lacks is shown from the locking one.
    fn shifted(self, septet: u8) -> char {
        if septet == ESCAPE {
            return ' '; // reserved for a table of tables (23.038 §6.2.1.1)
        }
        self.single.character(septet).unwrap_or_else(|| self.locking.character(septet))
    }
}

/// The characters that stand in for the default alphabet, with the way back.
struct Locking {
    characters: [char; 128],
    /// The same, sorted by character and then septet.
    septets: [(char, u8); 128],
}

impl Locking {
    #[allow(clippy::indexing_slicing, reason = "runs when the tables are compiled")]
    const fn new(characters: [char; 128]) -> Self {
        let mut septets = [(__, 0); 128];
        let mut i = 0;
        while i < 128 {
            septets[i] = (characters[i], i as u8);
            i += 1;
        }
        Self { characters, septets: sorted(septets) }
    }

    fn character(&self, septet: u8) -> char {
        match self.characters.get(usize::from(septet)) {
            Some(&character) if character != __ => character,
            _ => ' ',
        }
    }

    fn septet(&self, character: char) -> Option<u8> {
        find(&self.septets, character)
    }
}

/// The characters reached through the escape, with the way back.
struct Single {
    characters: [char; 128],
    septets: [(char, u8); 128],
}

impl Single {
    #[allow(clippy::indexing_slicing, reason = "runs when the tables are compiled")]
    const fn new(entries: &[(u8, char)]) -> Self {
        let mut characters = [__; 128];
        let mut i = 0;
        while i < entries.len() {
            characters[entries[i].0 as usize] = entries[i].1;
            i += 1;
        }
        let table = Locking::new(characters);
        Self { characters: table.characters, septets: table.septets }
    }

    fn character(&self, septet: u8) -> Option<char> {
        self.characters.get(usize::from(septet)).copied().filter(|&character| character != __)
    }

    fn septet(&self, character: char) -> Option<u8> {
        find(&self.septets, character)
    }
}

fn find(sorted: &[(char, u8); 128], character: char) -> Option<u8> {
    let first = sorted.partition_point(|&(other, _)| other < character);
    match sorted.get(first) {
        Some(&(found, septet)) if found == character && character != __ => Some(septet),
        _ => None,
    }
}

/// Insertion sort, because the tables are built at compile time.
#[allow(clippy::indexing_slicing, reason = "runs when the tables are compiled")]
const fn sorted(mut entries: [(char, u8); 128]) -> [(char, u8); 128] {
    let mut i = 1;
    while i < 128 {
        let mut j = i;
        while j > 0 && entries[j - 1].0 as u32 > entries[j].0 as u32 {
            let lower = entries[j];
            entries[j] = entries[j - 1];
            entries[j - 1] = lower;
            j -= 1;
        }
        i += 1;
    }
    entries
}
