//! TP-DCS: alphabet, class and message waiting in one octet.
//!
//! The octet is kept as it came; what it says is asked of it. Reserved values read as GSM 7-bit
//! without a class, as 23.038 §4 wants. The scheme of cell broadcast is another one: see `cbs`.

use std::fmt;

/// A data coding scheme.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Dcs(pub u8);

/// How the user data is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alphabet {
    /// One of the GSM 7-bit alphabets.
    Gsm7,
    /// Octets that are no text.
    Octets,
    /// UCS-2, read as UTF-16.
    Ucs2,
}

impl Alphabet {
    /// The word programs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gsm7 => "gsm7",
            Self::Octets => "8bit",
            Self::Ucs2 => "ucs2",
        }
    }
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gsm7 => "GSM 7-bit",
            Self::Octets => "8-bit data",
            Self::Ucs2 => "UCS-2",
        })
    }
}

/// Where a message belongs in the receiving equipment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageClass {
    /// Class 0: shown at once, "flash".
    Flash,
    /// Class 1: for the mobile equipment.
    Equipment,
    /// Class 2: for the SIM.
    Sim,
    /// Class 3: for the terminal behind the modem.
    Terminal,
}

impl MessageClass {
    /// The class of a number 0 to 3.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Flash, Self::Equipment, Self::Sim, Self::Terminal].get(usize::from(number)).copied()
    }

    /// 0 to 3.
    pub fn number(self) -> u8 {
        self as u8
    }
}

/// A message waiting indication (23.038 §4, groups C to E).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageWaiting {
    /// What waits.
    pub kind: Waiting,
    /// Whether it waits; otherwise the indication is cleared.
    pub active: bool,
    /// Whether the text is to be kept.
    pub store: bool,
}

/// What waits for the subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the four words of 23.038 §4
pub enum Waiting {
    Voicemail,
    Fax,
    Email,
    Other,
}

impl Waiting {
    /// From the two lowest bits.
    pub fn from_bits(octet: u8) -> Self {
        match octet & 0x03 {
            0 => Self::Voicemail,
            1 => Self::Fax,
            2 => Self::Email,
            _ => Self::Other,
        }
    }

    /// The word programs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Voicemail => "voicemail",
            Self::Fax => "fax",
            Self::Email => "email",
            Self::Other => "other",
        }
    }
}

impl Dcs {
    /// GSM 7-bit, no class.
    pub const GSM7: Self = Self(0x00);
    /// 8-bit data, no class.
    pub const OCTETS: Self = Self(0x04);
    /// UCS-2, no class.
    pub const UCS2: Self = Self(0x08);

    /// The octet for sending, in the general group, which every network takes.
    pub fn new(alphabet: Alphabet, class: Option<MessageClass>) -> Self {
        let alphabet = match alphabet {
            Alphabet::Gsm7 => Self::GSM7,
            Alphabet::Octets => Self::OCTETS,
            Alphabet::Ucs2 => Self::UCS2,
        };
        let class = class.map_or(0, |class| 0x10 | class.number());
        Self(alphabet.0 | class)
    }

    /// How the user data is to be read.
    pub fn alphabet(self) -> Alphabet {
        match self.0 {
            0x00..=0x7F => match self.0 & 0x0C {
                0x04 => Alphabet::Octets,
                0x08 => Alphabet::Ucs2,
                _ => Alphabet::Gsm7,
            },
            0xE0..=0xEF => Alphabet::Ucs2,
            0xF0..=0xFF if self.0 & 0x04 != 0 => Alphabet::Octets,
            _ => Alphabet::Gsm7,
        }
    }

    /// The message class, when the octet gives one.
    pub fn class(self) -> Option<MessageClass> {
        match self.0 {
            0x00..=0x7F if self.0 & 0x10 != 0 => MessageClass::from_number(self.0 & 0x03),
            0xF0..=0xFF => MessageClass::from_number(self.0 & 0x03),
            _ => None,
        }
    }

    /// Whether the text is compressed (23.042), which nobody reads.
    pub fn compressed(self) -> bool {
        self.0 < 0x80 && self.0 & 0x20 != 0
    }

    /// Whether the sender wishes the text gone after reading. A hint, never obeyed.
    pub fn auto_delete(self) -> bool {
        matches!(self.0, 0x40..=0x7F)
    }

    /// The message waiting indication, when the octet is one.
    pub fn message_waiting(self) -> Option<MessageWaiting> {
        matches!(self.0, 0xC0..=0xEF).then(|| MessageWaiting {
            kind: Waiting::from_bits(self.0),
            active: self.0 & 0x08 != 0,
            store: self.0 >= 0xD0,
        })
    }

    /// Whether TP-UDL counts septets (23.040 §9.2.3.16).
    pub(super) fn counts_septets(self) -> bool {
        self.alphabet() == Alphabet::Gsm7 && !self.compressed()
    }

    /// Whether the user data can be shown as text.
    pub(super) fn is_text(self) -> bool {
        self.alphabet() != Alphabet::Octets && !self.compressed()
    }
}

impl fmt::Debug for Dcs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dcs({:02X})", self.0)
    }
}
