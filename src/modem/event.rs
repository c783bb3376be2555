//! What a modem tells the gateway.

use std::fmt;

use super::order::{Receipt, SubmitError, Ticket};
use super::state::State;
use crate::types::{Iccid, Imei, Imsi};

/// Something the gateway has to know, in the order it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The session moved on; kept in the trace.
    Transition {
        /// The state before.
        from: State,
        /// The state now.
        to: State,
    },
    /// The modem said who it is.
    Identified(Identity),
    /// The SIM said who it is. Said again whenever it changes.
    Sim(SimIdentity),
    /// The SIM wants its PIN and we have one. Record the attempt durably, then
    /// [`super::Order::AllowPin`]; never twice for one SIM without a person.
    PinWanted {
        /// Tries the SIM still allows, where the modem tells.
        tries_left: Option<u8>,
    },
    /// It cannot work until a person does something.
    Blocked(Blocked),
    /// A PDU was read. Store it, then [`super::Order::Confirm`], or [`super::Order::Release`]. With
    /// the `stat` of an outgoing one it is a text that somebody kept in the modem to send it from
    /// there: perhaps one of ours whose end nobody heard, perhaps none of ours
    /// ([`super::Order::Leave`]).
    Received(Received),
    /// The PDU is out of the modem: deleted, or acknowledged to the network.
    Removed {
        /// The receipt it was offered with.
        receipt: Receipt,
    },
    /// A submit ended.
    Submitted {
        /// The submit's ticket.
        ticket: Ticket,
        /// Accepted with a reference, or why not.
        outcome: Result<Accepted, SubmitError>,
    },
    /// The result of a submit came after it had been called unknown.
    SubmittedLate {
        /// The submit's ticket.
        ticket: Ticket,
        /// What the modem says now.
        outcome: Result<Accepted, SubmitError>,
    },
    /// The modem has lost its settings since it was last set up: it counts anew, if it counts.
    Restarted,
    /// The recovery ladder restarts the modem now, as [`super::Order::AllowRestart`] allowed; it counts
    /// anew afterwards.
    Restarting,
    /// The modem restarted or went away in the middle of a submit, as a weak supply makes it.
    FellWhileSending,
    /// Signal, registration or operator changed.
    Status(Status),
    /// How full a storage is.
    Storage {
        /// `SM`, `ME`, `MT`, `SR`.
        storage: String,
        /// Slots in use.
        used: u16,
        /// Slots there are.
        total: u16,
    },
    /// The modem has no room for another text: the network keeps them back.
    StorageFull,
    /// The network answered a USSD question, or asked one itself.
    Ussd {
        /// The ticket of the question; none when the network began.
        ticket: Option<Ticket>,
        /// What it said.
        reply: UssdReply,
    },
    /// A console command ended.
    ConsoleDone {
        /// The command's ticket.
        ticket: Ticket,
        /// Every line of the answer, final result included.
        lines: Vec<String>,
    },
    /// Somebody calls.
    Ringing {
        /// The caller, where the network tells.
        number: Option<String>,
    },
    /// A quirk or an alarm worth showing to a person.
    Note(String),
    /// The recovery ladder wants the port closed and opened again.
    Reopen {
        /// Why, for the log and the counter.
        reason: &'static str,
    },
    /// [`super::Order::Stop`] is done: nothing is in flight.
    Stopped,
}

/// Who the modem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `+CGMI`.
    pub maker: String,
    /// `+CGMM`.
    pub model: String,
    /// `+CGMR`.
    pub firmware: String,
    /// `+CGSN`.
    pub imei: Option<Imei>,
    /// The profile that was chosen for it.
    pub profile: &'static str,
}

/// Who the SIM is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SimIdentity {
    /// The card.
    pub iccid: Option<Iccid>,
    /// The subscription.
    pub imsi: Option<Imsi>,
    /// Its own number, when it is written on the card.
    pub number: Option<String>,
    /// The service centre.
    pub smsc: Option<String>,
}

/// Why a modem cannot work until a person does something. Displays as a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// No PIN is configured.
    #[error(
        "The SIM asks for its PIN: set `pin` for this modem, or switch the PIN off in a phone."
    )]
    PinNeeded,
    /// The configured PIN was refused; it is not tried again.
    #[error(
        "The SIM refused the configured PIN. It will not be tried again: correct it, then allow one more try."
    )]
    PinRefused,
    /// Another wrong try could lock the card.
    #[error(
        "Only {0} PIN try is left before the SIM locks, so none is made: put the SIM into a phone and enter the PIN there."
    )]
    TooFewTries(u8),
    /// Locked already.
    #[error(
        "The SIM is locked and wants its PUK: unlock it in a phone. No PUK is ever entered here."
    )]
    PukNeeded,
    /// No card.
    #[error("No SIM is in the modem, or it does not sit well.")]
    NoSim,
    /// A card that does not work.
    #[error("The SIM does not answer: clean it, seat it again, or try it in a phone.")]
    SimFailure,
    /// Device and card or network do not match.
    #[error(
        "The modem is locked to another network or SIM ({0}): ask its seller for the unlock code."
    )]
    NetworkLock(String),
    /// No PDU mode.
    #[error(
        "The modem refuses PDU mode (AT+CMGF=0), without which texts cannot be handled safely."
    )]
    TextModeOnly,
}

/// A PDU read from the modem; it stays there until it is confirmed.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// Answer with this.
    pub receipt: Receipt,
    /// Hex, with the service centre address, as read.
    pub pdu: String,
    /// Where it lies.
    pub from: Source,
}

/// The PDU holds a sender and a text, so logs see only its length.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("receipt", &self.receipt)
            .field("pdu", &format_args!("<{} digits>", self.pdu.len()))
            .field("from", &self.from)
            .finish()
    }
}

/// Where a received PDU lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In a slot of the modem; safe there until we delete it.
    Stored {
        /// `SM`, `ME`, `MT`, `SR`.
        storage: String,
        /// The slot.
        index: u16,
        /// 0 unread, 1 read, 2 unsent, 3 sent (27.005 §3.1).
        stat: Option<u8>,
    },
    /// Nowhere: it came by `+CMT` or `+CDS`, and the network waits for the acknowledgement.
    Direct,
}

/// What the network accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// TP-MR, as the modem gave it.
    pub reference: u8,
}

/// How the modem stands with the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Received power; `None` when unknown.
    pub signal_dbm: Option<i16>,
    /// 0 to 4, for people.
    pub bars: u8,
    /// The best of `+CREG`, `+CGREG` and `+CEREG`.
    pub registration: Registration,
    /// The network's name or number.
    pub operator: Option<String>,
}

/// Registration with a network (27.007 §7.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Registration {
    /// Not asked yet, or no answer.
    #[default]
    Unknown,
    /// Not registered and not looking.
    Off,
    /// Looking for a network.
    Searching,
    /// The network refuses this SIM.
    Denied,
    /// Emergency calls only.
    EmergencyOnly,
    /// In the home network.
    Home,
    /// In another network.
    Roaming,
    /// In the home network for packets only: texts pass where it carries them without the circuit
    /// domain, over SMS on IMS for one.
    HomePackets,
    /// In another network, for packets only.
    RoamingPackets,
}

impl Registration {
    /// Whether texts can be tried.
    pub fn is_registered(self) -> bool {
        self.carries_texts()
            || matches!(self, Registration::HomePackets | Registration::RoamingPackets)
    }

    /// Whether nothing speaks against sending them.
    pub fn carries_texts(self) -> bool {
        matches!(self, Registration::Home | Registration::Roaming)
    }

    /// The fixed word.
    pub fn as_str(self) -> &'static str {
        match self {
            Registration::Unknown => "unknown",
            Registration::Off => "off",
            Registration::Searching => "searching",
            Registration::Denied => "denied",
            Registration::EmergencyOnly => "emergency-only",
            Registration::Home => "home",
            Registration::Roaming => "roaming",
            Registration::HomePackets => "home-packets-only",
            Registration::RoamingPackets => "roaming-packets-only",
        }
    }
}

/// An answer to a USSD question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UssdReply {
    /// What the network expects next.
    pub status: UssdStatus,
    /// Its text, decoded.
    pub text: String,
}

/// What follows a USSD answer (27.007 §7.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UssdStatus {
    /// Nothing more.
    Done,
    /// The network waits for a choice.
    AnswerWanted,
    /// The network ended the session.
    Ended,
    /// Refused, not supported, or another client took it.
    Refused,
    /// No answer in time.
    TimedOut,
}
