//! TP-PID: the protocol above the transfer layer (23.040 §9.2.3.9).
//!
//! Few values change what a gateway does; those have a name in [`Purpose`].

use std::fmt;

/// A protocol identifier.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Pid(pub u8);

/// What a protocol identifier asks of the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Text between people; also everything reserved or specific to a service centre.
    Ordinary,
    /// Interworking with telex, fax, voice and the like.
    Telematic,
    /// Text that starts with an e-mail address (23.040 §3.8).
    Email,
    /// To be acknowledged and forgotten: nothing is stored or shown.
    Silent,
    /// Replaces an earlier message of the same sender and number (1 to 7).
    Replace(u8),
    /// A request to call back.
    ReturnCall,
    /// A trigger for a device, no text for people.
    DeviceTriggering,
    /// For the modem or the SIM, no text for people.
    Download,
}

impl Pid {
    /// An ordinary message.
    pub const ORDINARY: Self = Self(0x00);
    /// Short message type 0, the silent one.
    pub const SILENT: Self = Self(0x40);

    /// What it asks of the receiver.
    pub fn purpose(self) -> Purpose {
        match self.0 {
            0x32 => Purpose::Email,
            0x21..=0x2D | 0x30 | 0x31 => Purpose::Telematic,
            0x40 => Purpose::Silent,
            0x41..=0x47 => Purpose::Replace(self.0 & 0x07),
            0x48 => Purpose::DeviceTriggering,
            0x5F => Purpose::ReturnCall,
            0x7C..=0x7F => Purpose::Download,
            _ => Purpose::Ordinary,
        }
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pid({:02X})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_protocols_are_not_ordinary() {
        for (octets, purpose) in [
            (&[0x00, 0x1F, 0x20, 0x2E, 0x33, 0x3F, 0x49, 0x5E, 0x80, 0xFF][..], Purpose::Ordinary),
            (&[0x21, 0x2D, 0x30, 0x31], Purpose::Telematic),
            (&[0x32], Purpose::Email),
            (&[0x40], Purpose::Silent),
            (&[0x41], Purpose::Replace(1)),
            (&[0x47], Purpose::Replace(7)),
            (&[0x48], Purpose::DeviceTriggering),
            (&[0x5F], Purpose::ReturnCall),
            (&[0x7C, 0x7D, 0x7E, 0x7F], Purpose::Download),
        ] {
            for &octet in octets {
                assert_eq!(Pid(octet).purpose(), purpose, "{octet:02X}");
            }
        }
    }
}
