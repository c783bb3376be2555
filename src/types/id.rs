//! Row identities. Each kind is a type of its own, so that one is never taken for another.

use std::fmt;

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

row_id!(
    /// A text, in or out.
    MessageId
);
row_id!(
    /// All texts with one remote address.
    ConversationId
);
row_id!(
    /// A person or organisation in the address book.
    ContactId
);
row_id!(
    /// A device, told by its IMEI.
    ModemId
);
