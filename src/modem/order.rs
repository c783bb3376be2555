//! What the gateway asks of a modem, and how a submit can end without success.

use std::fmt;

use crate::at::Disposition;
use crate::types::Millis;

/// One submit or query, numbered by the caller; its answer carries the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// One received PDU, numbered by the driver; the caller answers with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt(pub u64);

/// What the gateway may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Send one TPDU. Answered by exactly one [`super::Event::Submitted`].
    Submit {
        /// Comes back with the outcome.
        ticket: Ticket,
        /// SMS-SUBMIT octets without the service centre address.
        tpdu: Vec<u8>,
        /// Another follows at once: keep the radio link open (`+CMMS`).
        more: bool,
        /// Where the modem can: write it into a slot first and send it from there (`+CMGW`,
        /// `+CMSS`). Should nobody hear how it ended, the slot tells ([`super::Source`]).
        keep: bool,
    },
    /// The PDU is durably stored: take it out of the modem, or acknowledge it to the network.
    Confirm(Receipt),
    /// The PDU could not be stored: leave it where it is and offer it again at the next sweep.
    Release(Receipt),
    /// It is none of ours: it stays where it is and is not offered again.
    Leave(Receipt),
    /// The attempt is durably recorded: enter the configured PIN now, once.
    AllowPin,
    /// From this time on the modem may be restarted once, when nothing less has helped. The driver
    /// of a port that comes and goes cannot know when that was done last.
    AllowRestart {
        /// On the clock of the driver's inputs.
        from: Millis,
    },
    /// The service centre that this SIM had when it last knew one: put back if it has none.
    Centre(String),
    /// Read every storage now.
    Sweep,
    /// Ask the network a USSD question.
    Ussd {
        /// Comes back with the reply.
        ticket: Ticket,
        /// Such as `*100#`, or a menu choice.
        code: String,
    },
    /// A person's own AT command, refused when it could harm.
    Console {
        /// Comes back with the lines.
        ticket: Ticket,
        /// The command with its `AT`.
        command: String,
    },
    /// Start again from the first command, as after a reopened port.
    Restart,
    /// Finish the submit in flight, take no new one, then say [`super::Event::Stopped`].
    Stop,
}

/// Why a submit did not end in a message reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// Nothing was written: try again when the modem is on a network.
    #[error("not registered on a network")]
    NotRegistered,
    /// Nothing left the modem (P0 to P2): try again freely. The words say where it ended.
    #[error("not sent: {0}")]
    NotSent(&'static str),
    /// Modem or network answered no; [`Refusal::disposition`] says for now or for good.
    #[error("refused with {0}")]
    Refused(Refusal),
    /// Ctrl-Z was written and no trustworthy answer came (P3, P4). Never repeated silently.
    #[error("no answer after the PDU went out; it may have been sent")]
    Unknown,
}

/// The code a submit was refused with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `+CMS ERROR: 42` as the modem wrote it.
    pub text: String,
    /// The number in it, when it has one.
    pub code: Option<u16>,
    disposition: Disposition,
}

impl Refusal {
    /// A refusal as the modem wrote it, with what its code means.
    pub fn new(text: impl Into<String>, code: Option<u16>, disposition: Disposition) -> Self {
        Self { text: text.into(), code, disposition }
    }

    /// Whether to try again, and who has to do something first.
    pub fn disposition(&self) -> Disposition {
        self.disposition
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
