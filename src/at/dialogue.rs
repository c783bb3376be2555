//! One conversation with a modem: one command in flight, everything else in its place.
//!
//! Bytes, time and [`Request`]s go in; bytes to write, unsolicited codes and finished commands
//! come out. Begin with [`Dialogue::handle`], then read [`State`] as a story from top to bottom.
//!
//! Three things are promised. A command is written only when the one before has ended, and unless
//! it may follow at once 20 ms have passed, because codes held back come out then. After a timeout the command counts as
//! lost, not as failed: the modem is brought back to its senses (ESC, a pause, `AT`, and
//! `AT+CMEE?`, whose answer cannot be mistaken), and what it says too late about the lost command
//! is reported as [`Output::Late`] and never answers the next one. A PDU is written only after
//! its prompt, and `OK` without a reference never looks like success.
//!
//! A modem may take half a minute for everything (fault 45). What it took of late is added to every
//! deadline, so that it is never asked for more than it answers, and what it says of a command that
//! has ended does not end the next one.
//!
//! Absent on purpose: repeating. Only the driver knows what is safe to repeat.
//! Timers fire on [`Input::Time`] alone, so it makes no difference how bytes were cut.

mod behind;
mod lost;
mod outcome;
mod state;

use std::collections::VecDeque;
use std::mem;

use super::classify::{Line, Reader, Watch};
use super::command::{Answer, Command, Ending, Follows, Request};
use super::commands::general::{Attention, QueryErrorForm};
use super::info::{Info, InfoLine};
use super::lexer::{Hint, Lexer, RawLine};
use super::result::FinalResult;
use super::urc::Urc;
use crate::types::Millis;
use behind::Behind;
use lost::{Belongs, Lost};
pub use outcome::{End, Outcome, Stage};
use state::{Job, State};

/// Names a request; chosen by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

/// What happens to a dialogue.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The modem said something, cut anywhere.
    Bytes(&'a [u8]),
    /// Time has passed. When both are due, bytes go first.
    Time,
}

/// What a dialogue wants or knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Write this, whole.
    Transmit(Vec<u8>),
    /// The modem said this unasked.
    Urc(Urc),
    /// A command with a payload reached this stage; reported before the bytes that begin it.
    Stage(Ticket, Stage),
    /// The command ended.
    Done(Ticket, Outcome),
    /// A command that had ended as [`End::TimedOut`] or [`End::Assumed`] was answered after all.
    Late(Ticket, Outcome),
    /// The modem answers again, and only to what is asked now.
    Synced,
    /// The modem does not answer; the next request, or [`Dialogue::sync`], tries again.
    Deaf,
    /// A line that belongs to nobody.
    Stray(String),
    /// Nothing more to say until then, or until something happens.
    WakeAt(Option<Millis>),
}

/// One conversation.
#[derive(Debug, Default)]
pub struct Dialogue {
    lexer: Lexer,
    reader: Reader,
    state: State,
    queue: VecDeque<(Ticket, Request)>,
    lost: VecDeque<Lost>,
    behind: Behind,
    /// How long the modem took to answer of late, when that was long: everything gets that much
    /// more time, or a modem that is slow for good would be asked more than it answers.
    slowness: Millis,
    /// When an unfinished text over several lines is given up.
    text_until: Option<Millis>,
    /// A command was echoed.
    echoed: bool,
    out: VecDeque<Output>,
}

impl Dialogue {
    /// A dialogue with a closed port.
    pub fn new() -> Self {
        Self::default()
    }

    /// The port was opened: forget what was, and find out who is there. A predecessor may have
    /// left the modem at a prompt, so ESC goes first.
    pub fn opened(&mut self, now: Millis) {
        self.closed(now);
        self.recover(now, PROBES_AT_OPEN);
    }

    /// The port is gone: nothing that waits will be answered.
    pub fn closed(&mut self, now: Millis) {
        self.give_up(now);
        self.lexer.reset();
        self.reader.reset();
        self.lost.clear();
        self.behind.forget();
        self.text_until = None;
        self.state = State::Idle;
    }

    /// Ends the command in flight and all that wait: the modem said that it restarted.
    pub fn give_up(&mut self, now: Millis) {
        self.state = match mem::take(&mut self.state) {
            State::Prompt { job, .. } | State::Answer { job, .. } => {
                self.done(now, job, End::GivenUp);
                State::Quiet { until: now + QUIET }
            }
            state => state,
        };
        self.give_queue_up();
    }

    /// How long the modem took to answer when it was last found to be slow.
    pub fn slowness(&self) -> Millis {
        self.slowness
    }

    /// Brings the modem back to its senses; ends in [`Output::Synced`] or [`Output::Deaf`]. The
    /// command in flight is lost. While that is under way it changes nothing: a modem that is slow
    /// would get ever more to answer.
    pub fn sync(&mut self, now: Millis) {
        match mem::take(&mut self.state) {
            State::Prompt { job, .. } | State::Answer { job, .. } => self.lose(now, job),
            state @ (State::Drain { .. } | State::Probe { .. } | State::Guard { .. }) => {
                self.state = state;
            }
            _ => self.recover(now, PROBES),
        }
    }

    /// Queues a request; it is written as soon as its turn comes.
    pub fn start(&mut self, now: Millis, ticket: Ticket, request: Request) {
        let at_once = request.follows == Follows::AtOnce && self.queue.is_empty();
        self.queue.push_back((ticket, request));
        match self.state {
            State::Idle => self.next(now),
            State::Quiet { .. } if at_once => self.next(now),
            State::Deaf => self.recover(now, PROBES),
            _ => {}
        }
    }

    /// True when nothing is in flight, waiting or being recovered.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle | State::Quiet { .. }) && self.queue.is_empty()
    }

    /// Whether a command was echoed since this was last asked.
    pub fn take_echo(&mut self) -> bool {
        mem::take(&mut self.echoed)
    }

    /// True when nobody answered and nothing is tried.
    pub fn is_deaf(&self) -> bool {
        matches!(self.state, State::Deaf)
    }

    /// How many bytes of noise the line has had so far.
    pub fn noise(&self) -> u64 {
        self.lexer.dropped()
    }

    /// Takes bytes, or notices the time. All output must have been polled before.
    pub fn handle(&mut self, now: Millis, input: Input<'_>) {
        debug_assert!(self.out.is_empty(), "poll until WakeAt after every handle");
        match input {
            Input::Bytes(bytes) => {
                for byte in bytes {
                    self.lexer.push(*byte, self.hint());
                    self.read(now);
                    self.watch_text(now);
                }
            }
            Input::Time => {
                self.on_time(now);
                self.watch_text(now);
            }
        }
    }

    /// The next output; [`Output::WakeAt`] when there is none.
    pub fn poll(&mut self) -> Output {
        self.out.pop_front().unwrap_or_else(|| {
            let times = [self.state.wakes_at(), self.text_until];
            Output::WakeAt(times.into_iter().flatten().min())
        })
    }

    /// After every byte, for a text may seem closed for one byte only: at a quote inside it.
    fn watch_text(&mut self, now: Millis) {
        self.text_until = match (self.lexer.is_in_text(), self.text_until) {
            (true, None) => Some(now + TEXT_PATIENCE),
            (true, until) => until,
            (false, _) => None,
        };
    }

    fn hint(&self) -> Hint {
        match &self.state {
            State::Answer { job, .. } if job.request.payload.is_some() => Hint::Answered,
            State::Answer { .. } => Hint::Line,
            _ => Hint::Prompt,
        }
    }

    fn read(&mut self, now: Millis) {
        while let Some(raw) = self.lexer.pop() {
            match raw {
                RawLine::Prompt => self.on_prompt(now),
                RawLine::Overlong => self.out.push_back(Output::Stray("(too long)".to_owned())),
                RawLine::Text { text, .. } if self.is_behind(&text) => {
                    self.behind.heard(now, &text);
                    self.out.push_back(Output::Stray(text));
                }
                RawLine::Text { text, fresh } => {
                    let watch = match &self.state {
                        State::Prompt { job, .. } | State::Answer { job, .. } => Some(job.watch()),
                        State::Probe { .. } => Some(PROBE),
                        State::Guard { .. } => Some(GUARD),
                        _ => None,
                    };
                    for line in self.reader.read(&text, fresh, watch) {
                        self.on_line(now, line);
                    }
                }
            }
        }
    }

    fn on_prompt(&mut self, now: Millis) {
        self.state = match mem::take(&mut self.state) {
            State::Prompt { mut job, .. } => {
                let ticket = job.ticket;
                self.out.push_back(Output::Stage(ticket, Stage::Prompted));
                self.out.push_back(Output::Stage(ticket, Stage::BodyWritten));
                self.out.push_back(Output::Transmit(job.body_with_ctrl_z()));
                job.stage = Stage::BodyWritten;
                job.body_at = Some(now);
                State::Answer { until: now + job.request.timeout + self.slowness, job }
            }
            // ESC is on its way already.
            State::Drain { until, probes } => State::Drain { until, probes },
            // The modem waits for text nobody will give it.
            State::Probe { probes, .. } => return self.recover(now, probes),
            _ => return self.recover(now, PROBES),
        };
    }

    fn on_line(&mut self, now: Millis, line: Line) {
        match line {
            Line::Echo => self.echoed = true,
            Line::Urc(Urc::Unknown(text)) if self.is_late_info(&text) => {
                self.on_late_info(now, text)
            }
            Line::Urc(urc) => self.out.push_back(Output::Urc(urc)),
            Line::Stray(text) if self.is_late_info(&text) => self.on_late_info(now, text),
            Line::Stray(text) => self.out.push_back(Output::Stray(text)),
            Line::Info(line) => self.on_info(now, line),
            Line::Final(result) => self.on_final(now, result),
        }
    }

    fn on_info(&mut self, now: Millis, line: InfoLine) {
        // A reference before the prompt is the one of the message before.
        if matches!(self.state, State::Prompt { .. }) && self.is_late_info(&line.text) {
            return self.on_late_info(now, line.text);
        }
        match &mut self.state {
            State::Answer { job, .. } => {
                job.info.lines.push(line);
                job.spoke_at = Some(now);
            }
            State::Guard { seen, .. } => *seen = true,
            _ => self.out.push_back(Output::Stray(line.text)),
        }
    }

    fn on_final(&mut self, now: Millis, result: FinalResult) {
        if self.on_late_final(now, &result) || self.ends_late_answer(now, &result) {
            return;
        }
        self.state = match (mem::take(&mut self.state), result) {
            // Some print `OK` behind the prompt, or before it: only an error ends the wait.
            (State::Prompt { job, until }, FinalResult::Ok) => State::Prompt { job, until },
            (State::Answer { job, until }, FinalResult::Ok) if job.is_early(now) => {
                State::Answer { job, until }
            }
            // The result of the command, before that of our question: the latter is swallowed.
            (State::Answer { job, .. }, result) if job.asked && !job.answers_question(&result) => {
                self.done(now, job, End::Final(result));
                return self.recover(now, PROBES);
            }
            (State::Prompt { job, .. } | State::Answer { job, .. }, result) => {
                self.done(now, job, End::Final(result));
                State::Quiet { until: now + QUIET }
            }
            (State::Probe { since, .. }, _) => {
                self.slowness = self.slowness.max(took(since, now));
                self.guard(now, now, GUARDS)
            }
            // `OK` without its line answers one of the probes, or what was lost before: it is at
            // work on what we asked.
            (State::Guard { since, until, guards, seen: false }, FinalResult::Ok) => {
                let until =
                    until.max((now + self.guard_patience(guards)).min(since + LONGEST_GUARD));
                State::Guard { since, until, guards, seen: false }
            }
            (State::Guard { since, .. }, _) => {
                self.slowness = took(since, now);
                self.synced(now)
            }
            (state, result) => {
                self.out.push_back(Output::Stray(result.to_string()));
                state
            }
        };
    }

    fn on_time(&mut self, now: Millis) {
        if self.text_until.is_some_and(|until| until <= now) {
            self.text_until = None;
            self.lexer.give_text_up();
            self.read(now);
        }
        if self.state.wakes_at().is_none_or(|at| now < at) {
            return;
        }
        self.state = match mem::take(&mut self.state) {
            State::Quiet { .. } => return self.next(now),
            State::Prompt { job, .. } => return self.lose(now, job),
            State::Answer { job, until } if job.asks_at().is_some_and(|at| at <= now) => {
                self.transmit_line(PROBE.echo);
                State::Answer { job: Job { asked: true, ..job }, until }
            }
            State::Answer { job, .. } => return self.on_silence(now, job),
            State::Drain { probes, .. } => self.probe(now, now, probes),
            State::Probe { probes: 0, .. } => {
                self.out.push_back(Output::Deaf);
                self.give_queue_up();
                State::Deaf
            }
            State::Probe { since, probes, .. } => self.probe(since, now, probes),
            State::Guard { since, guards: guards @ 1.., .. } => self.guard(since, now, guards - 1),
            // It answered `AT`; that it does not answer this one has to do.
            State::Guard { .. } => self.synced(now),
            state @ (State::Idle | State::Deaf) => state,
        };
    }

    /// The deadline has passed, or five seconds of silence after the answer began.
    fn on_silence(&mut self, now: Millis, job: Job) {
        if job.is_answered() && job.request.answer.ending == Ending::Assumed {
            self.done(now, job, End::Assumed);
            self.recover(now, PROBES);
        } else {
            self.lose(now, job);
        }
    }

    /// Writes the next request, if one waits.
    fn next(&mut self, now: Millis) {
        self.state = State::Idle;
        let Some((ticket, request)) = self.queue.pop_front() else { return };
        let mut job = Job::new(ticket, request);
        job.written_at = now;
        job.request.ask_after = job.request.ask_after.map(|after| after + self.slowness);
        if job.request.payload.is_some() {
            self.out.push_back(Output::Stage(ticket, Stage::Written));
        }
        job.stage = Stage::Written;
        self.transmit_line(&job.echo);
        if job.request.sends {
            self.out.push_back(Output::Stage(ticket, Stage::BodyWritten));
            (job.stage, job.body_at) = (Stage::BodyWritten, Some(now));
        }
        self.state = match &job.request.payload {
            Some(payload) => {
                State::Prompt { until: now + payload.prompt_within + self.slowness, job }
            }
            None => State::Answer { until: now + job.request.timeout + self.slowness, job },
        };
    }

    fn done(&mut self, now: Millis, job: Job, end: End) {
        if matches!(end, End::Final(FinalResult::Ok)) && !job.is_answered() {
            self.behind.missed(job.answer());
        }
        if matches!(end, End::Final(_)) && job.request.payload.is_none() {
            self.slowness = self.slowness.min(now.since(job.written_at));
        }
        let (ticket, outcome) = job.ended(now, end);
        if outcome.stage > Stage::BodyWritten {
            self.out.push_back(Output::Stage(ticket, outcome.stage));
        }
        self.out.push_back(Output::Done(ticket, outcome));
    }

    fn lose(&mut self, now: Millis, job: Job) {
        self.lost.push_back(Lost::new(now, &job));
        if self.lost.len() > MOST_LOST {
            self.lost.pop_front();
        }
        self.done(now, job, End::TimedOut);
        self.recover(now, PROBES);
    }

    fn give_queue_up(&mut self) {
        for (ticket, request) in mem::take(&mut self.queue) {
            let (ticket, outcome) = Job::new(ticket, request).ended(Millis(0), End::GivenUp);
            self.out.push_back(Output::Done(ticket, outcome));
        }
    }

    /// ESC leaves a prompt and is ignored elsewhere. Never Ctrl-Z, which would send.
    fn recover(&mut self, now: Millis, probes: u8) {
        self.out.push_back(Output::Transmit(vec![ESC]));
        self.state = State::Drain { until: now + DRAIN, probes };
    }

    fn probe(&mut self, since: Millis, now: Millis, probes: u8) -> State {
        self.transmit_line(PROBE.echo);
        let until = now + PROBE_EVERY + self.slowness;
        State::Probe { since, until, probes: probes.saturating_sub(1) }
    }

    fn guard(&mut self, since: Millis, now: Millis, guards: u8) -> State {
        self.transmit_line(GUARD.echo);
        State::Guard { since, until: now + self.guard_patience(guards), guards, seen: false }
    }

    /// A line of the answer may be damaged, so it is soon asked again. After that the modem may have
    /// restarted meanwhile, and at last only one that is slow has not answered yet.
    fn guard_patience(&self, guards: u8) -> Millis {
        self.slowness
            + match guards {
                GUARDS.. => QueryErrorForm::TIMEOUT,
                1.. => RESTARTED_WITHIN,
                0 => ANSWERED_WITHIN,
            }
    }

    fn synced(&mut self, now: Millis) -> State {
        self.lost.retain(|lost| lost.may_have_sent(now));
        self.behind.forget();
        self.out.push_back(Output::Synced);
        State::Quiet { until: now + QUIET }
    }

    fn transmit_line(&mut self, line: &str) {
        // Carriage return only: a line feed would be the first byte of the next line for some.
        self.out.push_back(Output::Transmit([line.as_bytes(), b"\r"].concat()));
        self.lexer.expect_echo();
    }

    /// True for a line of the answer of a command that has ended. While the modem is brought to its
    /// senses nothing else is in flight that it could be taken for.
    fn is_behind(&self, text: &str) -> bool {
        if !self.behind.knows(text) {
            return false;
        }
        let is_own = match &self.state {
            State::Prompt { job, .. } | State::Answer { job, .. } => job.asks_for(text),
            State::Idle | State::Quiet { .. } => false,
            _ => return false,
        };
        // A start is told in the same words as an answer.
        let is_news = Urc::is_known(text) && !text.starts_with("+CFUN:");
        !is_own && !is_news
    }

    /// True when `result` belongs to such a line, and not to a command in flight that has begun to answer.
    fn ends_late_answer(&mut self, now: Millis, result: &FinalResult) -> bool {
        let open = match &self.state {
            State::Prompt { job, .. } | State::Answer { job, .. } => !job.is_answered(),
            State::Idle | State::Quiet { .. } => true,
            _ => false,
        };
        open && self.behind.ends_with(now, result)
    }

    fn is_late_info(&self, text: &str) -> bool {
        self.lost.iter().any(|lost| lost.knows(text))
    }

    fn on_late_info(&mut self, now: Millis, text: String) {
        if let Some(lost) = self.lost.iter_mut().find(|lost| lost.knows(&text)) {
            self.out.push_back(lost.answered_by(now, text));
        }
    }

    /// True when `result` was a lost command's, and has been dealt with.
    fn on_late_final(&mut self, now: Millis, result: &FinalResult) -> bool {
        let Some(hearing) = self.state.hearing() else { return false };
        let claims = |lost: &Lost| lost.claims(now, hearing, result);
        let Some(position) = self.lost.iter().position(|lost| claims(lost).is_some()) else {
            return false;
        };
        let Some(lost) = self.lost.remove(position) else { return false };
        if claims(&lost) == Some(Belongs::Late) {
            self.out.push_back(lost.ended_by(now, result.clone()));
        }
        true
    }
}

/// How long an answer took, when that is worth mention. What waited before it is in it, too.
fn took(since: Millis, now: Millis) -> Millis {
    let took = now.since(since);
    if took < PROBE_EVERY { Millis(0) } else { took.min(SLOWEST) }
}

/// `AT`, until anything answers.
const PROBE: Watch<'static> = Watch { echo: "AT", pdu_echo: None, answer: &Attention::ANSWER };
/// `AT+CMEE?`, whose answer belongs to nothing else.
const GUARD: Watch<'static> =
    Watch { echo: "AT+CMEE?", pdu_echo: None, answer: &QueryErrorForm::ANSWER };
const ESC: u8 = 0x1B;
/// Codes held back while a command ran come out after its result (V.250 §5.7).
const QUIET: Millis = Millis(20);
const DRAIN: Millis = Millis(500);
const PROBE_EVERY: Millis = Millis(1_000);
const PROBES: u8 = 5;
/// A port that finds its speed by itself loses the first characters.
const PROBES_AT_OPEN: u8 = 10;
/// A modem that gets too hot takes half a minute for everything (fault 45).
const SLOWEST: Millis = Millis::from_secs(60);
/// How many times `AT+CMEE?` may be asked again.
const GUARDS: u8 = 2;
const RESTARTED_WITHIN: Millis = Millis::from_secs(15);
const ANSWERED_WITHIN: Millis = Millis::from_secs(45);
/// However much a modem says: then it has to do.
const LONGEST_GUARD: Millis = Millis::from_secs(1_800);
const TEXT_PATIENCE: Millis = Millis(2_000);
/// How many lost commands are remembered.
const MOST_LOST: usize = 4;
