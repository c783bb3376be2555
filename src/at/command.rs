//! A command as a value: what to write, how long to wait, how to read the answer.
//!
//! A [`Command`] goes in, an erased [`Request`] comes out, so that commands of many types can
//! wait in one queue; [`Outcome::reply`](super::Outcome::reply) brings the type back.

use super::info::{Info, ParseError};
use super::line::{AtLine, Hex};
use super::result::FinalResult;
use crate::types::Millis;

/// One AT command with its answer.
pub trait Command {
    /// What the answer says.
    type Reply;
    /// How long until the final result.
    const TIMEOUT: Millis;
    /// Which lines are its answer.
    const ANSWER: Answer = Answer::NONE;
    /// Writes the command without `AT` and without carriage return.
    fn write(&self, line: &mut AtLine);
    /// Reads the information lines that came before `OK`.
    fn parse(&self, info: &Info) -> Result<Self::Reply, ParseError>;
    /// What is written after the prompt, for the few commands that have one.
    fn payload(&self) -> Option<Payload> {
        None
    }
}

/// How the answer of a command is told from everything else the modem says.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// Information lines begin with one of these.
    pub prefixes: &'static [&'static str],
    /// Tells the answer from an unsolicited line with the same prefix; gets the whole line.
    pub fits: fn(&str) -> bool,
    /// Lines without a prefix belong to the answer too.
    pub bare: Bare,
    /// What silence means after a line of the answer has come.
    pub ending: Ending,
}

/// Whether lines without a prefix belong to the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// They do not.
    No,
    /// They do, for example the maker's name.
    Text,
    /// Hexadecimal lines do: each is the PDU of the line before it.
    Pdu,
}

/// What five seconds of silence mean once the answer has begun but `OK` has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The answer is complete: some firmwares forget the `OK`.
    Assumed,
    /// A list was cut: the rest is lost.
    Lost,
    /// Nothing: the deadline decides.
    Deadline,
}

impl Answer {
    /// No information lines, only a final result.
    pub const NONE: Answer =
        Answer { prefixes: &[], fits: any, bare: Bare::No, ending: Ending::Deadline };

    /// One or a few lines with a prefix.
    pub const fn lines(prefixes: &'static [&'static str]) -> Answer {
        Answer { prefixes, fits: any, bare: Bare::No, ending: Ending::Assumed }
    }

    /// Text, with or without a prefix.
    pub const fn text(prefixes: &'static [&'static str]) -> Answer {
        Answer { prefixes, fits: any, bare: Bare::Text, ending: Ending::Assumed }
    }

    /// Lines with a prefix, each followed by a PDU.
    pub const fn pdus(prefixes: &'static [&'static str], ending: Ending) -> Answer {
        Answer { prefixes, fits: any, bare: Bare::Pdu, ending }
    }

    /// The same, where `fits` tells the answer from an unsolicited line with its prefix.
    pub const fn shaped(self, fits: fn(&str) -> bool) -> Answer {
        Answer { fits, ..self }
    }
}

fn any(_: &str) -> bool {
    true
}

/// What follows the `>` prompt. Ctrl-Z is added when it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// SMSC field and TPDU in hexadecimal.
    pub hex: Hex,
    /// How long to wait for the prompt.
    pub prompt_within: Millis,
}

/// A command made ready for the queue: its type is forgotten, its bytes and deadlines are known.
#[derive(Clone, Debug)]
pub struct Request {
    /// The command line.
    pub line: AtLine,
    /// Which lines answer it.
    pub answer: Answer,
    /// From the last byte written to the final result.
    pub timeout: Millis,
    /// Written after the prompt.
    pub payload: Option<Payload>,
    /// When it may be written once the command before has ended.
    pub follows: Follows,
    /// It sends something without a payload: from its last byte on silence is ambiguous.
    pub sends: bool,
    /// After so long without a word about the payload the modem is asked with `AT` whether it still
    /// works on it: one that answers has forgotten to say how it ended.
    pub ask_after: Option<Millis>,
}

/// How closely a command may follow the final result of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// After a pause in which the modem says what it held back (V.250 §5.7).
    Pause,
    /// At once: nothing a modem says unasked looks like its answer.
    AtOnce,
}

impl Request {
    /// The request of a command with its usual timeout.
    pub fn of<C: Command>(command: &C) -> Self {
        let mut line = AtLine::new();
        command.write(&mut line);
        let (answer, timeout, payload) = (C::ANSWER, C::TIMEOUT, command.payload());
        let follows = Follows::Pause;
        Self { line, answer, timeout, payload, follows, sends: false, ask_after: None }
    }

    /// The same with another timeout.
    pub fn within(self, timeout: Millis) -> Self {
        Self { timeout, ..self }
    }

    /// The same, of a command that sends: [`Stage::BodyWritten`](super::Stage) once it is written.
    pub fn sending(self) -> Self {
        Self { sends: true, ..self }
    }

    /// The same, written without a pause before it.
    pub fn at_once(self) -> Self {
        Self { follows: Follows::AtOnce, ..self }
    }
}

/// Why a command gave no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The modem answered with an error.
    #[error("the modem answered {0}")]
    Refused(FinalResult),
    /// No final result in time, or the conversation was given up.
    #[error("no answer")]
    Unanswered,
    /// The modem said `OK`, but its answer cannot be read.
    #[error("unreadable answer: {0}")]
    Unreadable(#[from] ParseError),
}
