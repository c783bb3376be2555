//! What a message is: direction, class, state. The words are those of the API.

/// Declares an enum whose variants have one fixed word each, used in the API and the database.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// All of them, in order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The fixed word.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }

            /// The variant of a word.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|v| v.as_str() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words!(
    /// Which way a message went.
    Direction {
        /// From the network to us.
        In = "in",
        /// From us to the network.
        Out = "out",
    }
);

words!(
    /// Where a message stands.
    MessageState {
        /// Accepted by us and committed; nothing has gone to the modem.
        Queued = "queued",
        /// Being handed to the modem now.
        Submitting = "submitting",
        /// The network took every segment.
        Sent = "sent",
        /// The network says the handset has it.
        Delivered = "delivered",
        /// The network says it could not be delivered.
        Undeliverable = "undeliverable",
        /// The network or we gave up because its time was over.
        Expired = "expired",
        /// Refused for good; it did not leave.
        Failed = "failed",
        /// It may have left: no final result came. Never sent again silently.
        Unknown = "unknown",
        /// Waits for a person.
        Held = "held",
        /// Taken back before it left.
        Cancelled = "cancelled",
        /// Inbound and complete.
        Received = "received",
        /// Inbound with segments missing.
        Incomplete = "incomplete",
    }
);

words!(
    /// What a message is for. Decides priority, repetition of `unknown`, and consent.
    Class {
        /// Written by a person to a person.
        Conversation = "conversation",
        /// Written by a rule.
        Auto = "auto",
        /// An answer to STOP, START or HELP.
        Consent = "consent",
        /// An alarm: late is bad, twice is not.
        Alert = "alert",
        /// A one-time password.
        Otp = "otp",
        /// Advertising; needs recorded consent.
        Marketing = "marketing",
    }
);

pub(crate) use words;

impl MessageState {
    /// Whether nothing more will happen to the message by itself.
    pub fn is_final(self) -> bool {
        use MessageState::*;
        matches!(self, Delivered | Undeliverable | Expired | Failed | Cancelled | Received)
    }
}
