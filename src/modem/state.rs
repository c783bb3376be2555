//! The states a modem can be in, as everyone outside sees them.

use std::fmt;

/// Where the session with the modem stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// No port.
    #[default]
    Closed,
    /// The port is open; we look for a modem that answers.
    Probing,
    /// Asking who it is and which SIM it holds.
    Identifying,
    /// The SIM wants a person, or leave to enter its PIN.
    PinNeeded,
    /// Applying and verifying our settings.
    Initialising,
    /// Set up; the network has not taken it yet. Stored texts are read already.
    Registering,
    /// Receiving and sending.
    Ready,
    /// It stopped answering or answers nonsense: the recovery ladder is at work.
    Recovering,
    /// Finishing the submit in flight before the end.
    Stopping,
}

impl State {
    /// All of them, in the order of a good start.
    pub const ALL: &'static [State] = &[
        State::Closed,
        State::Probing,
        State::Identifying,
        State::PinNeeded,
        State::Initialising,
        State::Registering,
        State::Ready,
        State::Recovering,
        State::Stopping,
    ];

    /// The fixed word, as the trace and the API print it.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Closed => "closed",
            State::Probing => "probing",
            State::Identifying => "identifying",
            State::PinNeeded => "pin-needed",
            State::Initialising => "initialising",
            State::Registering => "registering",
            State::Ready => "ready",
            State::Recovering => "recovering",
            State::Stopping => "stopping",
        }
    }
}

/// A move from one state to another, and what makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The state before.
    pub from: State,
    /// The state after.
    pub to: State,
    /// What makes it, in words.
    pub when: &'static str,
}

/// Every move there is. The dialogues are held to the list and show each of them;
/// `docs/design/state-machines.md` is printed from it.
pub const MOVES: &[Move] = &[
    row(State::Closed, State::Probing, "the port was opened"),
    row(State::Closed, State::Stopping, "the gateway stops"),
    row(State::Probing, State::Identifying, "it answered AT"),
    row(State::Probing, State::Recovering, "nobody answered; the port is to be reopened"),
    row(State::Probing, State::Closed, "the port is gone"),
    row(State::Probing, State::Stopping, "the gateway stops"),
    row(State::Identifying, State::Initialising, "modem and SIM are known"),
    row(State::Identifying, State::PinNeeded, "the SIM is locked, absent or does not work"),
    row(State::Identifying, State::Recovering, "a needed command went unanswered twice"),
    row(State::Identifying, State::Closed, "the port is gone"),
    row(State::Identifying, State::Stopping, "the gateway stops"),
    row(State::PinNeeded, State::Identifying, "the PIN was entered, or the SIM is looked at again"),
    row(State::PinNeeded, State::Probing, "a person asked for a new start"),
    row(State::PinNeeded, State::Closed, "the port is gone"),
    row(State::PinNeeded, State::Stopping, "the gateway stops"),
    row(
        State::Initialising,
        State::Registering,
        "every setting is applied; no network is known yet",
    ),
    row(
        State::Initialising,
        State::Ready,
        "every setting is applied again; the network was not lost",
    ),
    row(
        State::Initialising,
        State::PinNeeded,
        "PDU mode is refused: a person must choose another modem",
    ),
    row(State::Initialising, State::Identifying, "the modem restarted"),
    row(State::Initialising, State::Recovering, "a needed command went unanswered twice"),
    row(State::Initialising, State::Closed, "the port is gone"),
    row(State::Initialising, State::Stopping, "the gateway stops"),
    row(State::Registering, State::Ready, "a network has taken it"),
    row(State::Registering, State::Identifying, "the modem restarted"),
    row(State::Registering, State::PinNeeded, "the SIM changed"),
    row(State::Registering, State::Probing, "a person asked for a new start"),
    row(State::Registering, State::Recovering, "a command went unanswered"),
    row(State::Registering, State::Closed, "the port is gone"),
    row(State::Registering, State::Stopping, "the gateway stops"),
    row(State::Ready, State::Registering, "the network is gone for ten seconds"),
    row(State::Ready, State::Identifying, "the modem restarted"),
    row(State::Ready, State::PinNeeded, "the SIM changed"),
    row(State::Ready, State::Probing, "a person asked for a new start"),
    row(State::Ready, State::Recovering, "a command went unanswered"),
    row(State::Ready, State::Closed, "the port is gone"),
    row(State::Ready, State::Stopping, "the gateway stops"),
    row(State::Recovering, State::Identifying, "it answers again; everything is set anew"),
    row(State::Recovering, State::Closed, "the port is gone"),
    row(State::Recovering, State::Stopping, "the gateway stops"),
];

const fn row(from: State, to: State, when: &'static str) -> Move {
    Move { from, to, when }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
