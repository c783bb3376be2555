//! The store's fixed words, and how ids, times and words travel to and from SQLite.

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::engine::consent::{Change, Scope, State};
use crate::types::{
    Class, ContactId, ConversationId, Direction, MessageId, MessageState, ModemId, Number, UnixTime,
};

/// Declares an enum whose variants are the words of a CHECK list in `schema.sql`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
        word_in_sql!($name);
    };
}

macro_rules! word_in_sql {
    ($name:ident) => {
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_str().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                $name::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
            }
        }
    };
}

/// Lets a newtype over `i64` travel to and from SQLite.
macro_rules! integer_in_sql {
    ($name:ident) => {
        impl rusqlite::types::ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }

        impl rusqlite::types::FromSql for $name {
            fn column_result(
                value: rusqlite::types::ValueRef<'_>,
            ) -> rusqlite::types::FromSqlResult<Self> {
                value.as_i64().map($name)
            }
        }
    };
}

/// Declares a row id of the store's own.
macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        $crate::store::words::integer_in_sql!($name);
    };
}

pub(super) use {integer_in_sql, row_id};

integer_in_sql!(MessageId);
integer_in_sql!(ConversationId);
integer_in_sql!(ContactId);
integer_in_sql!(ModemId);
integer_in_sql!(UnixTime);
word_in_sql!(Class);
word_in_sql!(Direction);
word_in_sql!(MessageState);
word_in_sql!(Scope);
word_in_sql!(Change);
word_in_sql!(State);

/// The number whose [`Number::key`] stands in `column`.
pub(super) fn number(row: &Row<'_>, column: &str) -> rusqlite::Result<Number> {
    row.get::<_, String>(column).map(|key| Number::from_key(&key))
}

words!(
    /// What a message is; only the first two are shown in the inbox.
    Kind {
        /// A text.
        Text = "text",
        /// A TPDU we could not read; kept with its error.
        Undecodable = "undecodable",
        /// A short message type 0: acknowledged, never shown (23.040 §9.2.3.9).
        Silent = "silent",
        /// A message waiting indication without text worth keeping (23.038 §4).
        Waiting = "waiting",
        /// 8-bit data.
        Data = "data",
        /// The notification of an MMS we cannot fetch.
        Mms = "mms",
    }
);

words!(
    /// What a one-time key is good for.
    LinkKind {
        /// Signs in.
        Open = "open",
        /// Lets its user choose a password, and signs in.
        Invite = "invite",
        /// Stands between the password and the second factor.
        Code = "code",
    }
);

words!(
    /// Where an outbound message is on the sender's desk.
    Stage {
        /// May be leased.
        Waiting = "waiting",
        /// One task has it; nothing left the modem.
        Leased = "leased",
        /// Bytes may have left.
        OnAir = "on_air",
        /// Settled, held or unknown.
        Over = "over",
    }
);

words!(
    /// Where one outbound segment stands.
    SegmentState {
        /// Not handed to the modem, or refused for now.
        Waiting = "waiting",
        /// Committed before its bytes left; no answer yet.
        OnAir = "on_air",
        /// The network took it.
        Accepted = "accepted",
        /// Refused for good.
        Refused = "refused",
        /// It may have left.
        Unknown = "unknown",
    }
);

words!(
    /// What speaks for or against a segment whose end nobody heard.
    Evidence {
        /// It probably left.
        Sent = "sent",
        /// It probably did not.
        NotSent = "not_sent",
    }
);

words!(
    /// What a delivery report says, after the classes of TP-ST (23.040 §9.2.3.15).
    ReportOutcome {
        /// Still trying: another report follows.
        Trying = "trying",
        /// The handset has it.
        Delivered = "delivered",
        /// Given up.
        Failed = "failed",
        /// Its validity is over.
        Expired = "expired",
    }
);

words!(
    /// What a change is about.
    ChangeKind {
        /// A message.
        Message = "message",
        /// A conversation.
        Conversation = "conversation",
        /// A line.
        Line = "line",
        /// A modem.
        Modem = "modem",
        /// An order to a modem.
        Order = "order",
        /// A contact.
        Contact = "contact",
        /// A user.
        User = "user",
        /// A rule, template or prompt.
        Rule = "rule",
    }
);

words!(
    /// What a user may do (D15).
    Role {
        /// Everything.
        Admin = "admin",
        /// Answers people.
        Agent = "agent",
        /// Looks on.
        Viewer = "viewer",
        /// Is told of new texts, and has no login (S108).
        Notified = "notified",
    }
);

words!(
    /// Whether a line's brand or campaign is registered, where the country asks for it (S98).
    Registration {
        /// Nobody asks for it.
        NotNeeded = "not_needed",
        /// It must be applied for.
        Needed = "needed",
        /// It was applied for.
        Pending = "pending",
        /// It is done.
        Registered = "registered",
    }
);

words!(
    /// Whether a conversation must be claimed before it is answered (C6).
    ClaimPolicy {
        /// Anybody answers.
        Off = "off",
        /// Anybody answers after a warning.
        Soft = "soft",
        /// Only the claimer answers.
        Strict = "strict",
    }
);

words!(
    /// What a template is for; the two are kept apart (S96).
    TemplateClass {
        /// Answers and notices people expect.
        Service = "service",
        /// Needs recorded consent.
        Marketing = "marketing",
    }
);

words!(
    /// By which way something is delivered that is no SMS.
    DeliveryKind {
        /// A forward by e-mail.
        Email = "email",
        /// A user is told of a new text.
        Notice = "notice",
        /// A signed HTTP event.
        Webhook = "webhook",
        /// The admins are told that something needs them.
        Alert = "alert",
        /// A mail that is written already, such as the answer to a mail.
        Mail = "mail",
    }
);

words!(
    /// What became of a mail that came in.
    MailOutcome {
        /// It became a text.
        Sent = "sent",
        /// It became a text that waits for a person.
        Held = "held",
        /// Nothing came of it; its author knows why, where they may.
        Refused = "refused",
        /// An admin has to decide.
        Quarantined = "quarantined",
        /// An admin decided against it.
        Rejected = "rejected",
        /// An admin has let it through; it is about to be looked at again.
        Approved = "approved",
        /// No person wrote it, or not to us.
        Dropped = "dropped",
        /// It said that a mail of ours did not arrive.
        Bounce = "bounce",
    }
);

words!(
    /// What of a text's fate the author of its mail is still to be told.
    Tell {
        /// All of it: it was asked for.
        All = "all",
        /// Only that it failed.
        Failure = "failure",
        /// Nothing more.
        Nothing = "nothing",
    }
);

words!(
    /// A direction of mail.
    MailPart {
        /// From us.
        Out = "out",
        /// To us.
        In = "in",
    }
);

words!(
    /// Where a delivery stands.
    DeliveryState {
        /// To be carried out.
        Waiting = "waiting",
        /// One task has it.
        Leased = "leased",
        /// Carried out.
        Done = "done",
        /// Given up.
        Failed = "failed",
    }
);

words!(
    /// What is counted about a response recipient.
    RelayEvent {
        /// A wrong code or PIN (E34).
        WrongCode = "wrong_code",
        /// A text was passed on (E38).
        Relayed = "relayed",
    }
);

words!(
    /// What a prompt asks for.
    PromptKind {
        /// One of several options.
        Poll = "poll",
        /// A figure on a scale.
        Rating = "rating",
        /// One of a few named answers.
        Confirm = "confirm",
    }
);

words!(
    /// The three tabs of the inbox (S116, S123..S125).
    Tab {
        /// Mine, ours, nobody's.
        Active = "active",
        /// Held by others.
        Team = "team",
        /// Closed.
        Closed = "closed",
    }
);

words!(
    /// What was done to a conversation.
    Happened {
        /// Somebody took it for themselves.
        Claimed = "claimed",
        /// It was given back.
        Released = "released",
        /// It was given to somebody.
        Given = "given",
        /// It was given to a team, or taken from one.
        Team = "team",
        /// It was closed.
        Closed = "closed",
        /// It was opened again.
        Reopened = "reopened",
        /// It was flagged.
        Flagged = "flagged",
        /// The flag was taken off.
        Unflagged = "unflagged",
        /// Somebody takes part.
        Joined = "joined",
        /// Somebody takes part no more.
        Left = "left",
    }
);

words!(
    /// What a person asks of a modem.
    OrderKind {
        /// Dial a USSD code.
        Ussd = "ussd",
        /// Restart the modem.
        Restart = "restart",
        /// Send one AT command.
        Console = "console",
    }
);

words!(
    /// Where an order stands.
    OrderState {
        /// Not yet taken.
        Waiting = "waiting",
        /// Being carried out.
        Taken = "taken",
        /// Carried out.
        Done = "done",
        /// It did not work.
        Failed = "failed",
    }
);

words!(
    /// Who wrote a message.
    AuthorKind {
        /// A person.
        User = "user",
        /// A program.
        Token = "token",
        /// A member of staff by relay.
        Relay = "relay",
        /// An e-mail.
        Email = "email",
        /// A rule.
        Rule = "rule",
        /// The assistant.
        Assistant = "assistant",
        /// A campaign.
        Campaign = "campaign",
        /// The gateway itself, or its owner on the command line.
        System = "system",
    }
);

words!(
    /// Whether a line sends and takes texts.
    SmsSwitch {
        /// It does.
        On = "on",
        /// Being switched on.
        PendingOn = "pending_on",
        /// It does not.
        Off = "off",
        /// Being switched off.
        PendingOff = "pending_off",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    /// A word the schema does not know would fail on the day it is first written.
    #[test]
    fn every_word_stands_in_a_check_list_of_the_schema() {
        let schema = include_str!("schema.sql");
        let words = [
            Kind::ALL.iter().map(|w| w.as_str()).collect::<Vec<_>>(),
            Stage::ALL.iter().map(|w| w.as_str()).collect(),
            SegmentState::ALL.iter().map(|w| w.as_str()).collect(),
            ReportOutcome::ALL.iter().map(|w| w.as_str()).collect(),
            Evidence::ALL.iter().map(|w| w.as_str()).collect(),
            ChangeKind::ALL.iter().map(|w| w.as_str()).collect(),
            OrderKind::ALL.iter().map(|w| w.as_str()).collect(),
            OrderState::ALL.iter().map(|w| w.as_str()).collect(),
            AuthorKind::ALL.iter().map(|w| w.as_str()).collect(),
            SmsSwitch::ALL.iter().map(|w| w.as_str()).collect(),
            Class::ALL.iter().map(|w| w.as_str()).collect(),
            MessageState::ALL.iter().map(|w| w.as_str()).collect(),
            Direction::ALL.iter().map(|w| w.as_str()).collect(),
            DeliveryKind::ALL.iter().map(|w| w.as_str()).collect(),
            MailOutcome::ALL.iter().map(|w| w.as_str()).collect(),
            MailPart::ALL.iter().map(|w| w.as_str()).collect(),
            Tell::ALL.iter().map(|w| w.as_str()).collect(),
            DeliveryState::ALL.iter().map(|w| w.as_str()).collect(),
            RelayEvent::ALL.iter().map(|w| w.as_str()).collect(),
            Scope::ALL.iter().map(|w| w.as_str()).collect(),
            Change::ALL.iter().map(|w| w.as_str()).collect(),
        ];
        for word in words.concat() {
            assert!(schema.contains(&format!("'{word}'")), "{word}");
        }
    }
}
