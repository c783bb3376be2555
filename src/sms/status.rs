//! TP-ST: what became of a message (23.040 §9.2.3.15).

use std::fmt;

/// A status as the service centre reported it; reserved values are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u8);

/// What a status means for the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusClass {
    /// The recipient has it.
    Delivered,
    /// Sent on to where delivery cannot be confirmed. Not "delivered".
    ForwardedUnconfirmed,
    /// Replaced by a later one in the service centre.
    Replaced,
    /// Done, in a way only the service centre knows.
    Completed,
    /// Not yet: the service centre keeps trying and will report again.
    TemporaryRetrying,
    /// Failed for good.
    PermanentFailure,
    /// The service centre gave up; sending again is reasonable.
    TemporaryGaveUp,
    /// Reserved; to be treated as "service rejected" (63).
    Reserved,
}

impl StatusClass {
    /// The word programs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::ForwardedUnconfirmed => "forwarded-unconfirmed",
            Self::Replaced => "replaced",
            Self::Completed => "completed",
            Self::TemporaryRetrying => "temporary-retrying",
            Self::PermanentFailure => "permanent-failure",
            Self::TemporaryGaveUp => "temporary-gave-up",
            Self::Reserved => "reserved",
        }
    }
}

impl Status {
    /// Received by the recipient.
    pub const DELIVERED: Self = Self(0x00);
    /// The validity period ran out.
    pub const EXPIRED: Self = Self(0x46);

    /// What it means for the message.
    pub fn class(self) -> StatusClass {
        match self.0 {
            0x00 => StatusClass::Delivered,
            0x01 => StatusClass::ForwardedUnconfirmed,
            0x02 => StatusClass::Replaced,
            0x03..=0x1F => StatusClass::Completed,
            0x20..=0x3F => StatusClass::TemporaryRetrying,
            0x40..=0x5F => StatusClass::PermanentFailure,
            0x60..=0x7F => StatusClass::TemporaryGaveUp,
            0x80..=0xFF => StatusClass::Reserved,
        }
    }

    /// Whether no further report follows.
    pub fn is_final(self) -> bool {
        self.class() != StatusClass::TemporaryRetrying
    }

    /// What happened, for people.
    pub fn meaning(self) -> &'static str {
        match self.0 {
            0x00 => "received by the recipient",
            0x01 => "forwarded, delivery cannot be confirmed",
            0x02 => "replaced by the service centre",
            0x03..=0x1F => "completed",
            0x20 | 0x60 => "congestion",
            0x21 | 0x61 => "recipient busy",
            0x22 | 0x62 => "no response from the recipient",
            0x23 | 0x63 => "service rejected",
            0x24 | 0x44 | 0x64 => "quality of service not available",
            0x25 | 0x65 => "error in the recipient's phone",
            0x40 => "remote procedure error",
            0x41 => "incompatible destination",
            0x42 => "connection rejected by the recipient",
            0x43 => "not obtainable",
            0x45 => "no interworking available",
            0x46 => "validity period expired",
            0x47 => "deleted by the sender",
            0x48 => "deleted by the service centre's administration",
            0x49 => "the service centre does not know the message",
            0x26..=0x3F => "temporary error, the service centre keeps trying",
            0x4A..=0x5F => "permanent error",
            0x66..=0x7F => "temporary error, the service centre gave up",
            0x80..=0xFF => "reserved status, to be taken as service rejected",
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({:02X} {})", self.0, self.class().name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_borders_of_each_class_are_where_they_should_be() {
        for (octets, class) in [
            (0x00..=0x00, StatusClass::Delivered),
            (0x01..=0x01, StatusClass::ForwardedUnconfirmed),
            (0x02..=0x02, StatusClass::Replaced),
            (0x03..=0x1F, StatusClass::Completed),
            (0x20..=0x3F, StatusClass::TemporaryRetrying),
            (0x40..=0x5F, StatusClass::PermanentFailure),
            (0x60..=0x7F, StatusClass::TemporaryGaveUp),
            (0x80..=0xFF, StatusClass::Reserved),
        ] {
            for octet in octets {
                assert_eq!(Status(octet).class(), class, "{octet:02X}");
                let retrying = class == StatusClass::TemporaryRetrying;
                assert_eq!(Status(octet).is_final(), !retrying, "{octet:02X}");
            }
        }
    }
}
