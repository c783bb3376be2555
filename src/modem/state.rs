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

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
