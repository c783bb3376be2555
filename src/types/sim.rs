//! Identities of devices and cards: what stays the same when sticks swap ports and SIMs swap sticks.

use std::fmt;

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident, $shape:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The identity in `text`, without quotes, blanks and fill; `None` when it has not the shape.
            pub fn parse(text: &str) -> Option<Self> {
                let digits: String =
                    text.trim().trim_matches('"').trim_end_matches(['F', 'f']).trim().to_owned();
                let shape: fn(usize) -> bool = $shape;
                (shape(digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
                    .then_some(Self(digits))
            }

            /// The digits.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identity!(
    /// International mobile equipment identity: the device. 15 digits, 16 as IMEISV (23.003 §6.2).
    Imei,
    |n| n == 15 || n == 16
);
identity!(
    /// International mobile subscriber identity: the subscription. 6 to 15 digits (23.003 §2.2).
    Imsi,
    |n| (6..=15).contains(&n)
);
identity!(
    /// Integrated circuit card id: the SIM card. 18 to 20 digits (ITU-T E.118).
    Iccid,
    |n| (18..=20).contains(&n)
);
