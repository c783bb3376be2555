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
    since: Millis,
    body_at: Option<Millis>,
    prompted: bool,
    owes: Owes,
}

/// What has not come yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owes {
    /// Anything at all.
    Answer,
    /// The final result only, which follows at once or never; the answer has been reported.
    Result { until: Millis },
}

/// When a final result is heard that may be late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hearing {
    /// A command is in flight and has not begun to answer.
    InFlight,
    /// Nothing has been asked since the loss.
    Draining,
    /// A probe is written.
    Probing,
    /// Nothing is asked.
    Idle,
}

/// Whose a final result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    /// It ends a lost command whose answer has been reported: nothing new.
    Answered,
    /// It answers a lost command.
    Late,
}

impl Lost {
    pub(super) fn new(now: Millis, job: &Job) -> Self {
        Self {
            ticket: job.ticket,
            answer: *job.answer(),
            stage: job.stage,
            since: now,
            body_at: job.body_at,
            prompted: job.request.payload.is_some(),
            owes: Owes::Answer,
        }
    }

    /// True for a submit that may have gone out, not too long ago: the only one whose late
    /// answer is worth waiting for once the modem answers again.
    pub(super) fn may_have_sent(&self, now: Millis) -> bool {
        self.stage >= Stage::BodyWritten && now.since(self.since) < LATEST
    }

    /// True when `text` is a line of the answer of a submit. Late lines of other commands are of
    /// no use: they are asked again.
    pub(super) fn knows(&self, text: &str) -> bool {
        self.owes == Owes::Answer
            && self.stage == Stage::BodyWritten
            && self.answer.prefixes.iter().any(|prefix| text.starts_with(prefix))
    }

    /// Whether `result` is this command's.
    ///
    /// A message error cannot answer a probe. A bare `OK` can, so it is left to the probe: it
    /// says nothing about a submit, and whatever else was lost is asked again.
    pub(super) fn claims(
        &self,
        now: Millis,
        hearing: Hearing,
        result: &FinalResult,
    ) -> Option<Belongs> {
        match (self.owes, self.stage, result) {
            (Owes::Result { until }, _, FinalResult::Ok) => {
                (now < until).then_some(Belongs::Answered)
            }
            (Owes::Answer, Stage::BodyWritten, FinalResult::Cms(_)) => {
                (hearing != Hearing::InFlight).then_some(Belongs::Late)
            }
            (Owes::Answer, Stage::BodyWritten, FinalResult::Cme(_)) => {
                matches!(hearing, Hearing::Draining | Hearing::Idle).then_some(Belongs::Late)
            }
            // With a payload, `OK` is what ESC at the prompt is answered with.
            (Owes::Answer, Stage::Written, _) if !self.prompted => {
                (hearing == Hearing::Draining).then_some(Belongs::Late)
            }
            _ => None,
        }
    }

    /// The reference came: that is as good as success.
    pub(super) fn answered_by(&mut self, now: Millis, text: String) -> Output {
        self.owes = Owes::Result { until: now + RESULT_FOLLOWS };
        self.stage = Stage::Accepted;
        let info = Info { lines: vec![InfoLine::new(text)] };
        Output::Late(self.ticket, self.outcome(now, info, End::Assumed))
    }

    pub(super) fn ended_by(mut self, now: Millis, result: FinalResult) -> Output {
        if self.stage == Stage::BodyWritten {
            self.stage = Stage::Refused;
        }
        let outcome = self.outcome(now, Info::default(), End::Final(result));
        Output::Late(self.ticket, outcome)
    }

    fn outcome(&self, now: Millis, info: Info, end: End) -> Outcome {
        let after_body = self.body_at.map(|at| now.since(at));
        Outcome { info, end, stage: self.stage, after_body }
    }
}

/// The result follows its line at once; a modem that forgets it must not cost the next command's.
const RESULT_FOLLOWS: Millis = Millis(1_000);
/// After this long nobody knows which message a reference is about.
const LATEST: Millis = Millis::from_secs(600);
