//! Where a conversation stands. The variants own what belongs to them.

use super::lost::Hearing;
use super::{Answer, End, Ending, FinalResult, Info, Outcome, Request, Stage, Ticket, Watch};
use crate::types::Millis;

/// The story of a command is Idle, Prompt, Answer, Quiet; that of a lost one Drain, Probe, Guard.
#[derive(Debug, Default)]
pub(super) enum State {
    /// The next request is written at once.
    #[default]
    Idle,
    /// The command is written and its prompt has not come.
    Prompt { job: Job, until: Millis },
    /// Command, and payload if any, are written; the final result has not come.
    Answer { job: Job, until: Millis },
    /// A command has ended; what was held back may come out.
    Quiet { until: Millis },
    /// ESC is written; whatever comes now is old.
    Drain { until: Millis, probes: u8 },
    /// `AT` was written first at `since`, and may be written so many times more.
    Probe { since: Millis, until: Millis, probes: u8 },
    /// `AT+CMEE?` was written first at `since`, and may be written so many times more; `seen` when its
    /// own line has come.
    Guard { since: Millis, until: Millis, guards: u8, seen: bool },
    /// Nobody answered.
    Deaf,
}

impl State {
    /// When time alone changes the state.
    pub(super) fn wakes_at(&self) -> Option<Millis> {
        match self {
            State::Idle | State::Deaf => None,
            State::Answer { job, until } => {
                [job.silent_at(), job.asks_at()].into_iter().flatten().chain([*until]).min()
            }
            State::Prompt { until, .. }
            | State::Quiet { until }
            | State::Drain { until, .. }
            | State::Probe { until, .. }
            | State::Guard { until, .. } => Some(*until),
        }
    }

    /// How a final result is heard that may be late; `None` once the command in flight has begun
    /// to answer, for a result belongs to whoever spoke last.
    pub(super) fn hearing(&self) -> Option<Hearing> {
        match self {
            State::Prompt { job, .. } | State::Answer { job, .. } => {
                (!job.is_answered()).then_some(Hearing::InFlight)
            }
            State::Drain { .. } => Some(Hearing::Draining),
            State::Probe { .. } => Some(Hearing::Probing),
            State::Guard { seen, .. } => (!seen).then_some(Hearing::Probing),
            State::Idle | State::Quiet { .. } | State::Deaf => Some(Hearing::Idle),
        }
    }
}

/// A request on its way.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) ticket: Ticket,
    pub(super) request: Request,
    /// The command line as written.
    pub(super) echo: String,
    pub(super) info: Info,
    pub(super) written_at: Millis,
    pub(super) stage: Stage,
    pub(super) body_at: Option<Millis>,
    /// When the last line of the answer came.
    pub(super) spoke_at: Option<Millis>,
    /// `AT` was written to see whether the modem is still busy; its `OK` is to come, too.
    pub(super) asked: bool,
}

impl Job {
    pub(super) fn new(ticket: Ticket, request: Request) -> Self {
        let echo = request.line.text();
        Self {
            ticket,
            request,
            echo,
            info: Info::default(),
            written_at: Millis(0),
            stage: Stage::Waiting,
            body_at: None,
            spoke_at: None,
            asked: false,
        }
    }

    pub(super) fn watch(&self) -> Watch<'_> {
        let payload = self.request.payload.as_ref().filter(|_| self.body_at.is_some());
        Watch {
            echo: &self.echo,
            pdu_echo: payload.map(|payload| payload.hex.as_str()),
            answer: self.answer(),
        }
    }

    pub(super) fn answer(&self) -> &Answer {
        &self.request.answer
    }

    /// The payload and Ctrl-Z in one write, and nothing behind it: one more carriage return makes
    /// some modems fail the send.
    pub(super) fn body_with_ctrl_z(&self) -> Vec<u8> {
        let hex = self.request.payload.as_ref().map_or("", |payload| payload.hex.as_str());
        [hex.as_bytes(), &[0x1A]].concat()
    }

    /// Whether a line that begins like `text` may be an answer to this command.
    pub(super) fn asks_for(&self, text: &str) -> bool {
        let name = text.split_once(':').map_or(text, |(name, _)| name);
        let own = self.answer().prefixes.iter();
        own.filter(|prefix| !prefix.is_empty()).any(|prefix| text.starts_with(prefix))
            || self.echo.contains(name)
    }

    pub(super) fn is_answered(&self) -> bool {
        !self.info.lines.is_empty()
    }

    /// `OK` without a reference, too soon after the payload to have come from the network: it was
    /// printed before the payload arrived, or stands for its end.
    pub(super) fn is_early(&self, now: Millis) -> bool {
        !self.is_answered() && self.body_at.is_some_and(|at| now.since(at) < EARLY)
    }

    /// When silence after the begun answer means something.
    fn silent_at(&self) -> Option<Millis> {
        let counts = self.request.answer.ending != Ending::Deadline;
        self.spoke_at.filter(|_| counts).map(|at| at + SILENCE)
    }

    /// `OK` without a line of the answer: the modem answers the question and nothing else.
    pub(super) fn answers_question(&self, result: &FinalResult) -> bool {
        result.is_ok() && !self.is_answered()
    }

    /// When silence after the payload is worth a question.
    pub(super) fn asks_at(&self) -> Option<Millis> {
        let silent = !self.asked && !self.is_answered();
        let after = self.request.ask_after.filter(|_| silent)?;
        self.body_at.map(|at| at + after)
    }

    pub(super) fn ended(self, now: Millis, end: End) -> (Ticket, Outcome) {
        let stage = match (&end, self.stage) {
            (End::Final(result), Stage::BodyWritten) if !result.is_ok() => Stage::Refused,
            (End::Final(_) | End::Assumed, Stage::BodyWritten) if self.is_answered() => {
                Stage::Accepted
            }
            (_, stage) => stage,
        };
        let after_body = self.body_at.map(|at| now.since(at));
        (self.ticket, Outcome { info: self.info, end, stage, after_body })
    }
}

/// Five seconds without a line of the answer.
const SILENCE: Millis = Millis(5_000);
const EARLY: Millis = Millis(1_000);
