//! TP-FCS: why a service centre or a mobile refused a TPDU (23.040 §9.2.3.22).
//!
//! The same numbers come as `+CMS ERROR` 128 to 255.

use std::fmt;

/// A failure cause; reserved values are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FailureCause(pub u8);

/// What a failure cause means for another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// The same octets will be refused again.
    Permanent,
    /// Another try later is reasonable.
    Temporary,
    /// Something about the SIM: storage, toolkit.
    Sim,
    /// Reserved, or known to nobody but the application.
    Ambiguous,
}

impl FailureCause {
    /// Memory capacity exceeded: the mobile has no room.
    pub const MEMORY_FULL: Self = Self(0xD3);

    /// What it means for another try.
    pub fn class(self) -> FailureClass {
        match self.0 {
            0xC0 | 0xC2 | 0xD2 | 0xD4 => FailureClass::Temporary,
            0xD0 | 0xD1 | 0xD3 | 0xD5 => FailureClass::Sim,
            0x80..=0x82 | 0x8F | 0x90 | 0x91 | 0x9F | 0xA0 | 0xA1 | 0xAF | 0xB0 => {
                FailureClass::Permanent
            }
            0xC1 | 0xC3..=0xC7 => FailureClass::Permanent,
            _ => FailureClass::Ambiguous,
        }
    }

    /// What happened, for people.
    pub fn meaning(self) -> &'static str {
        match self.0 {
            0x80 => "telematic interworking not supported",
            0x81 => "short message type 0 not supported",
            0x82 => "cannot replace the short message",
            0x8F => "unspecified protocol identifier error",
            0x90 => "alphabet not supported",
            0x91 => "message class not supported",
            0x9F => "unspecified data coding error",
            0xA0 => "command cannot be actioned",
            0xA1 => "command unsupported",
            0xAF => "unspecified command error",
            0xB0 => "TPDU not supported",
            0xC0 => "service centre busy",
            0xC1 => "no subscription with the service centre",
            0xC2 => "service centre system failure",
            0xC3 => "invalid recipient address",
            0xC4 => "destination barred",
            0xC5 => "rejected as a duplicate",
            0xC6 => "form of validity period not supported",
            0xC7 => "validity period not supported",
            0xD0 => "SIM storage full",
            0xD1 => "no message storage on the SIM",
            0xD2 => "error in the mobile",
            0xD3 => "memory capacity exceeded",
            0xD4 => "SIM toolkit busy",
            0xD5 => "SIM data download error",
            0xE0..=0xFE => "application specific",
            0xFF => "unspecified",
            _ => "reserved",
        }
    }
}

impl fmt::Debug for FailureCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FailureCause({:02X} {})", self.0, self.meaning())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_say_whether_another_try_makes_sense() {
        for (octets, class) in [
            (&[0x80, 0x81, 0x90, 0xB0, 0xC1, 0xC3, 0xC5, 0xC7][..], FailureClass::Permanent),
            (&[0xC0, 0xC2, 0xD2, 0xD4], FailureClass::Temporary),
            (&[0xD0, 0xD1, 0xD3, 0xD5], FailureClass::Sim),
            (&[0x00, 0x7F, 0x83, 0xC8, 0xE0, 0xFE, 0xFF], FailureClass::Ambiguous),
        ] {
            for &octet in octets {
                assert_eq!(FailureCause(octet).class(), class, "{octet:02X}");
            }
        }
    }
}
