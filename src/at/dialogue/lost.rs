//! Commands that ended without a final result, and what the modem says about them later.

use super::{
    Answer, End, FinalResult, Info, InfoLine, Job, Millis, Outcome, Output, Stage, Ticket,
};

/// A command that may still be answered.
#[derive(Debug)]
pub(super) struct Lost {
    ticket: Ticket,
    answer: Answer,
    stage: Stage,
    body_at: Option<Millis>,
    owes: Owes,
}

/// What has not come yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owes {
    /// Anything at all.
    Answer,
    /// The final result only; the answer has been reported.
    Result,
}

/// Whose a final result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    /// It ends a lost command whose answer has been reported: nothing new.
    Answered,
    /// It answers a lost command.
    Late,
    /// It does not.
    Not,
}

impl Lost {
    pub(super) fn silent(job: &Job) -> Self {
        Self {
            ticket: job.ticket,
            answer: *job.answer(),
            stage: job.stage,
            body_at: job.body_at,
            owes: Owes::Answer,
        }
    }

    pub(super) fn owing_result(job: &Job) -> Self {
        Self { owes: Owes::Result, ..Self::silent(job) }
    }

    /// True when `text` is a line of the answer of a submit. Late lines of other commands are of
    /// no use: they are asked again.
    pub(super) fn knows(&self, text: &str) -> bool {
        self.owes == Owes::Answer
            && self.stage == Stage::BodyWritten
            && self.answer.prefixes.iter().any(|prefix| text.starts_with(prefix))
    }

    /// Whose `result` is, when nothing has been heard from the command in flight.
    ///
    /// A message error cannot answer a probe. A bare `OK` can, so it is left to the probe: it
    /// says nothing about a submit, and any other lost command is asked again.
    pub(super) fn claims(&self, result: &FinalResult) -> Belongs {
        match (self.owes, self.stage, result) {
            (Owes::Result, _, FinalResult::Ok) => Belongs::Answered,
            (Owes::Answer, Stage::BodyWritten, FinalResult::Cms(_)) => Belongs::Late,
            _ => Belongs::Not,
        }
    }

    /// The reference came: that is as good as success.
    pub(super) fn answered_by(&mut self, now: Millis, text: String) -> Option<Output> {
        self.owes = Owes::Result;
        self.stage = Stage::Accepted;
        let info = Info { lines: vec![InfoLine::new(text)] };
        Some(Output::Late(self.ticket, self.outcome(now, info, End::Assumed)))
    }

    pub(super) fn ended_by(mut self, now: Millis, result: FinalResult) -> Output {
        self.stage = Stage::Refused;
        let outcome = self.outcome(now, Info::default(), End::Final(result));
        Output::Late(self.ticket, outcome)
    }

    fn outcome(&self, now: Millis, info: Info, end: End) -> Outcome {
        let after_body = self.body_at.map(|at| now.since(at));
        Outcome { info, end, stage: self.stage, after_body }
    }
}
