//! One terminal session: bytes to command lines, command lines to answers, faults obeyed.
//!
//! A byte is handled only when the one before it has been answered, so that it does not matter how
//! the terminal's bytes were cut. Unsolicited lines wait while a line is being typed or answered.

use std::collections::VecDeque;

use super::command::{Command, Form, parse};
use super::commands::{self, Next};
use super::device::{Device, Outward, Power, Task};
use super::faults::Effect;
use super::reply::{Refusal, Verdict, bytes_of};
use super::submit::{Completed, Entry};
use crate::types::Millis;

/// Where the conversation with the terminal stands.
#[derive(Debug, Default)]
pub struct Session {
    state: State,
    inbox: VecDeque<u8>,
    line: Vec<u8>,
    last_line: Vec<u8>,
    lines: u64,
    typed_at: Millis,
    held: VecDeque<String>,
    /// Settings kept by `AT&W`, until power goes.
    pub kept: Option<Box<super::settings::Settings>>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Listening,
    /// After the prompt.
    Entering(Entry, Job),
    /// A submit is with the network, which has not said yes or no.
    OnAir(Job),
    /// An answer is on its way; what arrives meanwhile waits.
    Answering(Millis),
}

/// One command line under way.
#[derive(Debug, Default)]
pub struct Job {
    queue: VecDeque<Command>,
    blocks: Vec<Vec<String>>,
    takes: Millis,
    effect: Option<Effect>,
}

/// A terminal that stopped in mid-line no longer holds back unsolicited lines.
const TYPING: Millis = Millis(1_000);
const LONGEST_LINE: usize = 4_096;

impl Session {
    pub fn due(&self, now: Millis) -> Option<Millis> {
        match self.state {
            State::Answering(until) => Some(until),
            State::Listening if !self.held.is_empty() => Some((self.typed_at + TYPING).max(now)),
            _ => None,
        }
    }
}

impl Device {
    /// A byte from the terminal. True when it may have set something going: it is not just one more
    /// of a line or of a PDU.
    pub fn receive(&mut self, byte: u8) -> bool {
        if self.recording.is_some() {
            let heard = self.recording.as_mut().map(|recording| recording.hear(byte));
            self.repeat(heard.unwrap_or_default());
            return false;
        }
        if matches!(self.power, Power::On) {
            self.session.inbox.push_back(byte);
            self.session.typed_at = self.now;
        }
        self.work();
        match self.session.state {
            State::Entering(..) => false,
            _ => self.session.line.is_empty(),
        }
    }

    /// An unsolicited line, said when the line is free.
    pub fn urc(&mut self, text: &str) {
        if self.power != Power::Unplugged {
            self.session.held.push_back(text.to_owned());
        }
    }

    /// Handles what waits, as far as that is possible now.
    pub fn work(&mut self) {
        loop {
            if self.power != Power::On {
                self.session.inbox.clear();
                return;
            }
            match self.session.state {
                State::Answering(until) if until > self.now => return,
                State::Answering(_) => self.session.state = State::Listening,
                State::OnAir(_) => return,
                State::Listening | State::Entering(..) => {}
            }
            let Some(byte) = self.session.inbox.pop_front() else { break };
            if self.faults.reset_at_received == Some(self.received) {
                self.faults.reset_at_received = None;
                return self.restart();
            }
            self.received += 1;
            if self.faults.hang {
                self.power = Power::Hung;
                continue;
            }
            match std::mem::take(&mut self.session.state) {
                State::Entering(entry, job) => self.entered(entry, job, byte),
                _ => self.typed(byte),
            }
        }
        self.say_held();
    }

    fn say_held(&mut self) {
        let typing = !self.session.line.is_empty() && self.now < self.session.typed_at + TYPING;
        if typing || !matches!(self.session.state, State::Listening) {
            return;
        }
        while let Some(text) = self.session.held.pop_front() {
            let bytes = self.settings.style.urc(&text);
            self.wire.write(self.now, &bytes, &self.faults);
        }
    }

    fn typed(&mut self, byte: u8) {
        if self.settings.echo {
            self.wire.write(self.now, &[byte], &self.faults);
        }
        let session = &mut self.session;
        if byte == self.settings.style.cr {
            let line = std::mem::take(&mut session.line);
            self.line_complete(line);
        } else if byte == self.settings.registers[5] {
            session.line.pop();
        } else if byte == b'/' && session.line.eq_ignore_ascii_case(b"A") {
            session.line.clear();
            let again = session.last_line.clone();
            self.run_line(again);
        } else if byte != b'\n' && byte != 0x1B && session.line.len() < LONGEST_LINE {
            session.line.push(byte);
        }
    }

    fn line_complete(&mut self, line: Vec<u8>) {
        // Whatever stands before `AT` is noise of an earlier line (V.250 §5.2.1).
        let start = line.windows(2).position(|pair| pair.eq_ignore_ascii_case(b"AT"));
        let Some(start) = start else { return };
        let body = line[start + 2..].to_vec();
        self.session.last_line = body.clone();
        self.run_line(body);
    }

    fn run_line(&mut self, body: Vec<u8>) {
        self.session.lines += 1;
        let turn = |every: u64| every > 0 && self.session.lines.is_multiple_of(every);
        if turn(self.faults.garbage.every) {
            let garbage = &self.faults.garbage;
            let noise = self.wire.noise(garbage.bytes, garbage.nul);
            self.wire.write(self.now, &noise, &self.faults);
        }
        if turn(self.faults.echo_back_every) {
            self.settings.echo = true;
        }
        self.run(Job { queue: parse(&body).into(), ..Job::default() });
    }

    /// Carries out what is left of a line.
    fn run(&mut self, mut job: Job) {
        while let Some(command) = job.queue.pop_front() {
            if command.form == Form::Malformed {
                return self.finish(job, Verdict::Refused(Refusal::Plain));
            }
            let enters = commands::asks_for_data(&command.name);
            let effect = self.armed.meet(&command.shown());
            match &effect {
                Some(Effect::Cme(code)) => {
                    return self.finish(job, Verdict::Refused(Refusal::Cme(*code)));
                }
                Some(Effect::Cms(code)) if !enters => {
                    return self.finish(job, Verdict::Refused(Refusal::Cms(*code)));
                }
                Some(Effect::OnlySaysOk) if !enters => continue,
                Some(Effect::Says(text)) => {
                    self.wire.write(self.now, &bytes_of(text), &self.faults);
                    return;
                }
                _ => {}
            }
            job.effect = effect.or(job.effect);
            let mut lines = Vec::new();
            let next = commands::carry_out(self, &command, &mut lines);
            if !lines.is_empty() {
                job.blocks.push(lines);
            }
            match next {
                Ok(Next::Done) => {}
                Ok(Next::After(time)) => job.takes = job.takes + time,
                Ok(Next::Ask(entry)) => return self.prompt(entry, job),
                Ok(Next::Send { smsc, tpdu, entry }) => {
                    return self.put_on_air(entry, smsc, tpdu, job);
                }
                Ok(Next::Ends(verdict)) => return self.finish(job, verdict),
                Ok(Next::Restart) => {
                    // The last words still leave; then the port goes.
                    self.later(Millis(100), Task::Restart);
                    return self.finish(job, Verdict::Ok);
                }
                Err(refusal) => return self.finish(job, Verdict::Refused(refusal)),
            }
        }
        self.finish(job, Verdict::Ok);
    }

    fn prompt(&mut self, entry: Entry, job: Job) {
        if job.effect != Some(Effect::NoPrompt) {
            let due = self.now + self.latency();
            let prompt = self.profile.prompt;
            self.wire.write(due, prompt.as_bytes(), &self.faults);
            if let Some(Effect::UrcAfterPrompt(text)) = &job.effect {
                let line = self.settings.style.urc(text);
                self.wire.write(due, &line, &self.faults);
            }
        }
        self.session.state = State::Entering(entry, job);
    }

    fn latency(&mut self) -> Millis {
        Millis(self.faults.latency_ms) + self.wire.jitter(self.faults.jitter_ms)
    }

    fn entered(&mut self, mut entry: Entry, job: Job, byte: u8) {
        const CTRL_Z: u8 = 0x1A;
        const ESC: u8 = 0x1B;
        if self.settings.echo && byte != CTRL_Z && byte != ESC {
            self.wire.write(self.now, &[byte], &self.faults);
        }
        match byte {
            ESC => return self.finish(job, Verdict::Ok),
            CTRL_Z => return self.entry_complete(entry, job),
            b'\r' if self.settings.text_mode => {
                entry.data.push(b'\n');
                self.wire.write(self.now, b"\r\n> ", &self.faults);
            }
            b'\r' | b'\n' if !self.settings.text_mode => {}
            8 if self.settings.text_mode => drop(entry.data.pop()),
            _ if entry.data.len() < LONGEST_LINE => entry.data.push(byte),
            _ => {}
        }
        self.session.state = State::Entering(entry, job);
    }

    fn entry_complete(&mut self, entry: Entry, mut job: Job) {
        match job.effect {
            Some(Effect::Cms(code)) => {
                return self.finish(job, Verdict::Refused(Refusal::Cms(code)));
            }
            Some(Effect::OnlySaysOk) => return self.finish(job, Verdict::Ok),
            _ => {}
        }
        match self.complete(entry) {
            Ok(Completed::Lines(lines)) => {
                job.blocks.extend((!lines.is_empty()).then_some(lines));
                self.run(job);
            }
            Ok(Completed::Send { smsc, tpdu, entry }) => self.put_on_air(entry, smsc, tpdu, job),
            Err(refusal) => self.finish(job, Verdict::Refused(refusal)),
        }
    }

    fn put_on_air(&mut self, entry: &'static str, smsc: String, tpdu: Vec<u8>, mut job: Job) {
        let reference = tpdu.get(1).copied().filter(|_| !self.reference_always_zero);
        job.blocks.push(vec![format!("{entry}: {}", reference.unwrap_or(0))]);
        self.outward.push_back(Outward::Submit { smsc, tpdu });
        self.session.state = State::OnAir(job);
    }

    /// The network's word on the submit; `takes` is how long it was on the air.
    pub fn submitted(&mut self, takes: Millis, result: Result<(), u16>) {
        let State::OnAir(mut job) = std::mem::take(&mut self.session.state) else { return };
        job.takes = job.takes + takes;
        let stored = self.sends_stored.take();
        self.keep_link();
        match result {
            Ok(()) => {
                if let Some((memory, index)) = stored {
                    self.mark_sent(memory, index);
                }
                self.run(job);
            }
            Err(code) => {
                job.blocks.pop();
                self.finish(job, Verdict::Refused(Refusal::Cms(code)));
            }
        }
    }

    /// Writes the answer, as the fault in force leaves it.
    fn finish(&mut self, mut job: Job, mut verdict: Verdict) {
        let mut due = self.now + job.takes + self.latency();
        let mut inside = (self.faults.chatter.inside).then(|| self.faults.chatter.text.clone());
        let mut copies = 1;
        let mut result = true;
        match job.effect.take() {
            Some(Effect::DoneButCms(code)) => {
                job.blocks.clear();
                verdict = Verdict::Refused(Refusal::Cms(code));
            }
            Some(Effect::OnlySaysOk) => job.blocks.clear(),
            Some(Effect::WithoutLines) => job.blocks.clear(),
            Some(Effect::WithoutResult) => result = false,
            Some(Effect::NoAnswer) => return,
            Some(Effect::LateMs(ms)) => due = due + Millis(ms),
            Some(Effect::Twice) => copies = 2,
            Some(Effect::UrcInside(text)) => inside = Some(text),
            Some(Effect::Hang) => return self.power = Power::Hung,
            Some(Effect::Reset) => return self.restart(),
            Some(Effect::Unplug) => return self.outward.push_back(Outward::Unplug),
            _ => {}
        }
        let style = &self.settings.style;
        let mut answer = Vec::new();
        let mut urc = inside.filter(|text| !text.is_empty()).map(|text| style.urc(&text));
        for block in &job.blocks {
            let (first, rest) = block.split_at(1);
            answer.extend(style.info(first));
            answer.extend(urc.take().unwrap_or_default());
            for line in rest {
                answer.extend(bytes_of(line));
                answer.extend([style.cr, style.lf]);
            }
        }
        answer.extend(urc.unwrap_or_default());
        if result {
            answer.extend(style.verdict(&verdict));
        }
        for _ in 0..copies {
            self.wire.write(due, &answer, &self.faults);
        }
        self.session.state = State::Answering(self.wire.quiet_at());
    }
}

impl Command {
    /// As rules name it: `+CPMS?`, `+CMGS=23`, `E=0`.
    pub fn shown(&self) -> String {
        match &self.form {
            Form::Read => format!("{}?", self.name),
            Form::Test => format!("{}=?", self.name),
            Form::Set(value) => format!("{}={value}", self.name),
            Form::Execute | Form::Malformed => self.name.clone(),
        }
    }
}
