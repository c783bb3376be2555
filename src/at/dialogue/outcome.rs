//! How far a command got, and how it ended.

use crate::at::command::{Command, CommandError};
use crate::at::info::Info;
use crate::at::result::FinalResult;
use crate::types::Millis;

/// How far a command with a payload got: the crash points P0 to P5 of a submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// P0: nothing was written.
    Waiting,
    /// P1: the command is written, the prompt has not come.
    Written,
    /// P2: the prompt is there; whatever is written now becomes text.
    Prompted,
    /// P3: the payload and Ctrl-Z are written. From here on silence is ambiguous.
    BodyWritten,
    /// P4: the modem gave the reference.
    Accepted,
    /// P5: an error came after the payload.
    Refused,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With a final result.
    Final(FinalResult),
    /// Its answer came whole, its `OK` did not.
    Assumed,
    /// Nothing came in time: the command is lost.
    TimedOut,
    /// The port closed, the modem restarted, or it could not be reached.
    GivenUp,
}

/// A command that ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The lines of its answer.
    pub info: Info,
    /// How it ended.
    pub end: End,
    /// How far it got; [`Stage::Waiting`] means that nothing was written.
    pub stage: Stage,
    /// Time between the last byte of the payload and the end.
    pub after_body: Option<Millis>,
}

impl Outcome {
    /// The reply, when `command` is the one this outcome ended.
    pub fn reply<C: Command>(&self, command: &C) -> Result<C::Reply, CommandError> {
        match &self.end {
            End::Final(FinalResult::Ok) | End::Assumed => Ok(command.parse(&self.info)?),
            End::Final(error) => Err(CommandError::Refused(error.clone())),
            End::TimedOut | End::GivenUp => Err(CommandError::Unanswered),
        }
    }
}
