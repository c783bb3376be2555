//! TP-DCS: alphabet, class and message waiting in one octet.
//!
//! The octet is kept as it came; what it says is asked of it. Reserved values read as GSM 7-bit
//! without a class, as 23.038 §4 wants. The scheme of cell broadcast is another one: see `cbs`.

use std::fmt;

use super::waiting::{MessageWaiting, Waiting};

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

    /// The word a text is kept and shown with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Octets => "data",
            alphabet => alphabet.name(),
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
            count: None,
            store: self.0 >= 0xD0,
            profile: 1,
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

#[cfg(test)]
mod tests {
    use super::super::waiting::Waiting;
    use super::*;

    #[test]
    fn each_group_has_its_alphabet_and_class() {
        for (octet, alphabet, class) in [
            (0x00, Alphabet::Gsm7, None),
            (0x03, Alphabet::Gsm7, None), // class bits mean nothing without bit 4
            (0x0C, Alphabet::Gsm7, None),
            (0x15, Alphabet::Octets, Some(1)),
            (0x18, Alphabet::Ucs2, Some(0)),
            (0x48, Alphabet::Ucs2, None),
            (0x88, Alphabet::Gsm7, None),
            (0xC8, Alphabet::Gsm7, None),
            (0xE0, Alphabet::Ucs2, None),
            (0xF2, Alphabet::Gsm7, Some(2)),
            (0xFF, Alphabet::Octets, Some(3)),
        ] {
            let dcs = Dcs(octet);
            assert_eq!((dcs.alphabet(), dcs.class().map(MessageClass::number)), (alphabet, class));
        }
    }

    #[test]
    fn compression_deletion_and_waiting_are_told() {
        assert!(Dcs(0x20).compressed() && Dcs(0x60).compressed() && !Dcs(0xE0).compressed());
        assert!(Dcs(0x40).auto_delete() && !Dcs(0x80).auto_delete());
        let told = |octet| Dcs(octet).message_waiting().map(|w| (w.kind, w.active, w.store));
        assert_eq!(told(0xC8), Some((Waiting::Voicemail, true, false)));
        assert_eq!(told(0xD1), Some((Waiting::Fax, false, true)));
        assert_eq!(told(0xEA), Some((Waiting::Email, true, true)));
        assert_eq!(told(0xF0), None);
    }
}
