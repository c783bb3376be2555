//! Why octets are no PDU, and why a value cannot be made into octets.
//!
//! Each decoding error names the field and the octet where reading stopped, so that a person can
//! point at it in a hex dump. A PDU that only deviates in a harmless way is no error: what was
//! passed over is collected in [`Ignored`].

use std::fmt;

/// Why a PDU could not be read. The raw line is kept by whoever holds it; nothing is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// An odd number of digits, or a character that is no hex digit.
    #[error("not hexadecimal from character {character} on")]
    BadHex {
        /// Counted from 0.
        character: usize,
    },
    /// The octets end inside a field.
    #[error("ends inside {field} (octet {octet})")]
    Truncated {
        /// The field that is not whole.
        field: Field,
        /// Where that field begins.
        octet: usize,
    },
    /// The header claims more octets than the user data has (23.040 §9.2.3.24).
    #[error("the user data header is longer than the user data (octet {octet})")]
    BadUdh {
        /// The octet of TP-UDHL.
        octet: usize,
    },
    /// Message type 3, or a COMMAND where only the network speaks.
    #[error("reserved message type (octet {octet})")]
    ReservedMti {
        /// The first octet of the TPDU.
        octet: usize,
    },
    /// More than 20 digits (23.040 §9.1.2.5).
    #[error("{field} claims {digits} digits, more than 20 (octet {octet})")]
    BadAddressLength {
        /// Which address.
        field: Field,
        /// What it claims.
        digits: u8,
        /// The length octet.
        octet: usize,
    },
    /// More than 12 octets of service centre address.
    #[error("the service centre address claims {octets} octets, more than 12")]
    BadSmscLength {
        /// What it claims.
        octets: u8,
    },
}

impl DecodeError {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadHex { .. } => "bad-hex",
            Self::Truncated { .. } => "truncated",
            Self::BadUdh { .. } => "bad-udh",
            Self::ReservedMti { .. } => "reserved-mti",
            Self::BadAddressLength { .. } => "bad-address-length",
            Self::BadSmscLength { .. } => "bad-smsc-length",
        }
    }

    /// The field that is not whole.
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Truncated { field, .. } => Some(*field),
            _ => None,
        }
    }

    /// The octet at which reading stopped, counted from 0.
    pub fn octet(&self) -> usize {
        match self {
            Self::BadHex { character } => character / 2,
            Self::Truncated { octet, .. }
            | Self::BadUdh { octet }
            | Self::ReservedMti { octet }
            | Self::BadAddressLength { octet, .. } => *octet,
            Self::BadSmscLength { .. } => 0,
        }
    }
}

/// A field of a PDU, printed as the specification abbreviates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the words are those of 23.040 §9.2.3; see `name`
pub enum Field {
    SmscLength,
    SmscType,
    SmscValue,
    FirstOctet,
    Reference,
    OriginatorLength,
    OriginatorType,
    OriginatorValue,
    DestinationLength,
    DestinationType,
    DestinationValue,
    RecipientLength,
    RecipientType,
    RecipientValue,
    Pid,
    Dcs,
    Scts,
    DischargeTime,
    Status,
    ValidityPeriod,
    FailureCause,
    ParameterIndicator,
    ParameterIndicatorExtension,
    CommandType,
    MessageNumber,
    CommandLength,
    CommandData,
    UserDataLength,
    UserData,
}

impl Field {
    /// The abbreviation of the specification, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::SmscLength => "smsc.len",
            Self::SmscType => "smsc.toa",
            Self::SmscValue => "smsc.value",
            Self::FirstOctet => "first-octet",
            Self::Reference => "mr",
            Self::OriginatorLength => "oa.len",
            Self::OriginatorType => "oa.toa",
            Self::OriginatorValue => "oa.value",
            Self::DestinationLength => "da.len",
            Self::DestinationType => "da.toa",
            Self::DestinationValue => "da.value",
            Self::RecipientLength => "ra.len",
            Self::RecipientType => "ra.toa",
            Self::RecipientValue => "ra.value",
            Self::Pid => "pid",
            Self::Dcs => "dcs",
            Self::Scts => "scts",
            Self::DischargeTime => "dt",
            Self::Status => "st",
            Self::ValidityPeriod => "vp",
            Self::FailureCause => "fcs",
            Self::ParameterIndicator => "pi",
            Self::ParameterIndicatorExtension => "pi-ext",
            Self::CommandType => "ct",
            Self::MessageNumber => "mn",
            Self::CommandLength => "cdl",
            Self::CommandData => "cd",
            Self::UserDataLength => "ud.udl",
            Self::UserData => "ud",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a value cannot be made into octets. None of these comes from the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// More than 140 octets of user data.
    #[error("user data of {octets} octets, more than 140")]
    UserDataTooLong {
        /// What there is.
        octets: usize,
    },
    /// More than 157 octets of command data.
    #[error("command data of {octets} octets, more than 157")]
    CommandTooLong {
        /// What there is.
        octets: usize,
    },
    /// A header that does not fit its own length octet.
    #[error("user data header of {octets} octets, more than 139")]
    HeaderTooLong {
        /// What there is.
        octets: usize,
    },
    /// Septets where the DCS says octets, or the other way round.
    #[error("the user data does not match the data coding scheme")]
    AlphabetMismatch,
    /// More digits than the field holds.
    #[error("address of {digits} digits, more than {most}")]
    AddressTooLong {
        /// What there is.
        digits: usize,
        /// What the field holds.
        most: usize,
    },
}

/// Deviations that were read past, because they do not change what the message says.
///
/// A PDU with none of them encodes to the very octets it was decoded from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored(u8);

impl Ignored {
    /// Octets after the last field.
    pub const TRAILING_OCTETS: Self = Self(1);
    /// An unused semi-octet or unused bits of an address are not as they should be.
    pub const ADDRESS_FILL: Self = Self(2);
    /// Bit 7 of a type of address is 0.
    pub const ADDRESS_TYPE: Self = Self(4);
    /// Fill bits between header and text are not 0.
    pub const FILL_BITS: Self = Self(8);
    /// Bits after the last septet are not 0.
    pub const SPARE_BITS: Self = Self(16);

    const NAMES: [(Self, &'static str); 5] = [
        (Self::TRAILING_OCTETS, "octets after the message"),
        (Self::ADDRESS_FILL, "unused part of an address not filled as it should be"),
        (Self::ADDRESS_TYPE, "type of address without its top bit"),
        (Self::FILL_BITS, "fill bits after the header not zero"),
        (Self::SPARE_BITS, "bits after the text not zero"),
    ];

    /// Whether nothing was passed over.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` was passed over.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What was passed over, in words.
    pub fn reasons(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(bit, _)| self.contains(*bit)).map(|(_, name)| name)
    }

    pub(super) fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, reason) in self.reasons().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(reason)?;
        }
        Ok(())
    }
}
