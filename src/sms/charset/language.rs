//! The languages that have shift tables of their own (23.038 §6.2.1.2.4).

use std::fmt;
use std::str::FromStr;

use super::{Locking, Single};
use super::{
    bengali, default, gujarati, hindi, kannada, malayalam, oriya, portuguese, punjabi, spanish,
    tamil, telugu, turkish, urdu,
};

/// A national language identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // the names are the languages'
pub enum Language {
    Turkish = 1,
    Spanish,
    Portuguese,
    Bengali,
    Gujarati,
    Hindi,
    Kannada,
    Malayalam,
    Oriya,
    Punjabi,
    Tamil,
    Telugu,
    Urdu,
}

impl Language {
    /// Every language, by identifier.
    pub const ALL: [Self; 13] = [
        Self::Turkish,
        Self::Spanish,
        Self::Portuguese,
        Self::Bengali,
        Self::Gujarati,
        Self::Hindi,
        Self::Kannada,
        Self::Malayalam,
        Self::Oriya,
        Self::Punjabi,
        Self::Tamil,
        Self::Telugu,
        Self::Urdu,
    ];

    /// The language of an identifier octet; 0 and 14 to 255 are nobody's.
    pub fn from_octet(octet: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.octet() == octet)
    }

    /// The identifier octet.
    pub fn octet(self) -> u8 {
        self as u8
    }

    /// ISO 639-1.
    pub fn code(self) -> &'static str {
        match self {
            Self::Turkish => "tr",
            Self::Spanish => "es",
            Self::Portuguese => "pt",
            Self::Bengali => "bn",
            Self::Gujarati => "gu",
            Self::Hindi => "hi",
            Self::Kannada => "kn",
            Self::Malayalam => "ml",
            Self::Oriya => "or",
            Self::Punjabi => "pa",
            Self::Tamil => "ta",
            Self::Telugu => "te",
            Self::Urdu => "ur",
        }
    }

    /// Whether it has a locking table; Spanish has not.
    pub fn has_locking(self) -> bool {
        self != Self::Spanish
    }

    pub(super) fn locking(self) -> &'static Locking {
        match self {
            Self::Turkish => &turkish::LOCKING,
            Self::Spanish => &default::LOCKING,
            Self::Portuguese => &portuguese::LOCKING,
            Self::Bengali => &bengali::LOCKING,
            Self::Gujarati => &gujarati::LOCKING,
            Self::Hindi => &hindi::LOCKING,
            Self::Kannada => &kannada::LOCKING,
            Self::Malayalam => &malayalam::LOCKING,
            Self::Oriya => &oriya::LOCKING,
            Self::Punjabi => &punjabi::LOCKING,
            Self::Tamil => &tamil::LOCKING,
            Self::Telugu => &telugu::LOCKING,
            Self::Urdu => &urdu::LOCKING,
        }
    }

    pub(super) fn single(self) -> &'static Single {
        match self {
            Self::Turkish => &turkish::SINGLE,
            Self::Spanish => &spanish::SINGLE,
            Self::Portuguese => &portuguese::SINGLE,
            Self::Bengali => &bengali::SINGLE,
            Self::Gujarati => &gujarati::SINGLE,
            Self::Hindi => &hindi::SINGLE,
            Self::Kannada => &kannada::SINGLE,
            Self::Malayalam => &malayalam::SINGLE,
            Self::Oriya => &oriya::SINGLE,
            Self::Punjabi => &punjabi::SINGLE,
            Self::Tamil => &tamil::SINGLE,
            Self::Telugu => &telugu::SINGLE,
            Self::Urdu => &urdu::SINGLE,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        let wanted = text.to_ascii_lowercase();
        let found = Self::ALL.into_iter().find(|language| language.code() == wanted);
        found.ok_or(UnknownLanguage)
    }
}

/// Not one of the languages with shift tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such language: use one of tr es pt bn gu hi kn ml or pa ta te ur")]
pub struct UnknownLanguage;
