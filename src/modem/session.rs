//! The states of one modem, and what moves it from one to the next.
//!
//! What the conversation said, orders and time go in; the next request comes out. The work itself
//! is done by `bringup`, `inbox`, `outbox`, `health` and `ussd`; the session decides whose turn it
//! is. Begin with [`Phase`].

mod recovery;
mod unsolicited;

use super::bringup::{BringUp, PinTried, Progress};
use super::console;
use super::event::{Blocked, Event};
use super::health::{Health, Poll};
use super::inbox::{self, Inbox};
use super::known::Known;
use super::ladder::{Ladder, Rung};
use super::order::{Order, SubmitError, Ticket};
use super::out::Out;
use super::outbox::{self, Outbox, Submit};
use super::settings::Settings;
use super::state::State;
use super::ussd::Ussd;
use crate::at::commands::general::{Console, RadioOff, RestartModem, SwitchOff};
use crate::at::{self, ConsoleLine, Dialogue, End, Outcome, Request};
use crate::types::Millis;
use recovery::{RADIO_AFTER, TRY_AGAIN};

/// Where the session stands, with what belongs to it.
#[derive(Debug)]
enum Phase {
    Closed,
    /// ESC and `AT` are on their way; somebody answers or not.
    Probing,
    BringUp(BringUp),
    /// The PIN may be tried, with leave.
    PinWanted(BringUp),
    /// A person must do something. Looked at again at this time, when that costs nothing.
    Blocked {
        again_at: Option<Millis>,
    },
    Working,
    /// On this rung of the ladder; at this time we try again by ourselves.
    Recovering {
        rung: Rung,
        again_at: Millis,
    },
    /// The radio is off until then.
    RadioOff {
        until: Option<Millis>,
    },
    /// Finishing what is in flight.
    Stopping {
        told: bool,
    },
}

/// What is in flight, and for whom.
#[derive(Debug)]
enum Task {
    BringUp,
    Inbox(inbox::Job),
    Outbox(outbox::Job),
    Health(Poll),
    Ussd,
    Console(Ticket),
    RadioOff,
    Restart,
}

/// One modem's session.
#[derive(Debug)]
pub(super) struct Session {
    settings: Settings,
    phase: Phase,
    /// As last told.
    told: State,
    known: Known,
    pin: PinTried,
    inbox: Inbox,
    outbox: Outbox,
    health: Health,
    ussd: Ussd,
    console: Vec<(Ticket, ConsoleLine)>,
    ladder: Ladder,
    /// From when on the ladder may restart the modem.
    restart_from: Option<Millis>,
    in_flight: Option<(at::Ticket, Task)>,
    last_ticket: u64,
    /// Nothing is written before this, unless it may follow at once: held-back lines come first.
    quiet_until: Millis,
    /// The echo that came back was told of since the settings were begun.
    echo_told: bool,
    /// A command that followed at once went unanswered: none does so again on this port.
    slow: bool,
    /// How long it took to answer when it was last brought back to its senses.
    took: Millis,
}

/// From here on a person is told why texts take long.
const TAKES_LONG: Millis = Millis::from_secs(5);

impl Session {
    pub fn new(settings: Settings) -> Self {
        Self {
            inbox: Inbox::new(settings.sweep_every),
            health: Health::new(settings.status_every),
            settings,
            phase: Phase::Closed,
            told: State::Closed,
            known: Known::default(),
            pin: PinTried::default(),
            outbox: Outbox::default(),
            ussd: Ussd::default(),
            console: Vec::new(),
            ladder: Ladder::default(),
            restart_from: None,
            in_flight: None,
            last_ticket: 0,
            quiet_until: Millis(0),
            echo_told: false,
            slow: false,
            took: Millis(0),
        }
    }

    /// The state everyone sees.
    pub fn state(&self) -> State {
        match &self.phase {
            Phase::Closed => State::Closed,
            Phase::Probing => State::Probing,
            Phase::BringUp(list) => list.state(),
            Phase::PinWanted(_) | Phase::Blocked { .. } => State::PinNeeded,
            Phase::Working if self.health.is_registered() => State::Ready,
            Phase::Working => State::Registering,
            Phase::Recovering { .. } | Phase::RadioOff { .. } => State::Recovering,
            Phase::Stopping { .. } => State::Stopping,
        }
    }

    /// The port was opened.
    pub fn opened(&mut self, now: Millis, out: &mut Out) {
        if !matches!(self.phase, Phase::Closed) {
            self.closed(now, out);
        }
        self.known.epoch += 1;
        self.known.selected = None;
        self.slow = false;
        self.enter(Phase::Probing, out);
    }

    /// The port is gone. What was in flight has been ended by the conversation already.
    pub fn closed(&mut self, _now: Millis, out: &mut Out) {
        self.in_flight = None;
        self.outbox.closed();
        self.stop_sending("the port is gone", out);
        self.end_questions(out);
        self.enter(Phase::Closed, out);
    }

    /// One thing the conversation said.
    pub fn heard(&mut self, now: Millis, said: at::Output, dialogue: &mut Dialogue, out: &mut Out) {
        match said {
            at::Output::Urc(urc) => self.on_urc(now, urc, dialogue, out),
            at::Output::Stage(_, stage) => self.outbox.reached(stage),
            at::Output::Done(ticket, outcome) => {
                self.quiet_until = now + Millis(self.known.profile.quirks.pause_ms);
                match self.phase {
                    _ if !dialogue.take_echo() => {}
                    Phase::Working => self.health.doubt(now),
                    // We had switched it off, or nobody has since it was plugged in.
                    Phase::BringUp(_) if !std::mem::replace(&mut self.echo_told, true) => {
                        out.event(Event::Restarted);
                    }
                    _ => {}
                }
                match self.in_flight.take() {
                    Some((expected, task)) if expected == ticket => {
                        self.on_done(now, ticket, task, &outcome, out);
                    }
                    other => self.in_flight = other,
                }
            }
            at::Output::Late(ticket, outcome) => {
                self.outbox.late(ticket, &outcome, &self.known, out);
                if matches!(self.phase, Phase::Recovering { .. }) && dialogue.is_deaf() {
                    dialogue.sync(now);
                }
            }
            at::Output::Synced => {
                self.took = dialogue.slowness();
                self.on_synced(now, out);
            }
            at::Output::Deaf => self.on_deaf(now, out),
            at::Output::Stray(_) | at::Output::Transmit(_) | at::Output::WakeAt(_) => {}
        }
        self.finish_stopping(out);
        self.tell_state(out);
    }

    /// The next request, when it is time for one.
    pub fn next(&mut self, now: Millis, out: &mut Out) -> Option<(at::Ticket, Request)> {
        let at_once = self.at_once_from().is_some_and(|at| at <= now);
        if self.in_flight.is_some() || (now < self.quiet_until && !at_once) {
            return None;
        }
        let (task, request) = match &mut self.phase {
            Phase::BringUp(list) if list.due() <= now => {
                (Task::BringUp, list.request(now, &self.known, &self.settings))
            }
            Phase::Recovering { rung: Rung::Radio, .. } => {
                self.known.radio_off = true;
                let off = match self.known.profile.quirks.radio_off {
                    4 => Request::of(&RadioOff),
                    _ => Request::of(&SwitchOff),
                };
                (Task::RadioOff, off)
            }
            // What became of the last submit is heard first: a restart would end it.
            Phase::Recovering { rung: Rung::Restart, .. } if !self.outbox.may_be_answered(now) => {
                self.restart(out);
                (Task::Restart, Request::of(&RestartModem))
            }
            Phase::Working | Phase::Stopping { .. } => self.next_work(now, out)?,
            _ => return None,
        };
        self.last_ticket += 1;
        let ticket = at::Ticket(self.last_ticket);
        let about_texts = matches!(task, Task::Inbox(_) | Task::Outbox(_));
        self.in_flight = Some((ticket, task));
        let request = if at_once && about_texts { request.at_once() } else { request };
        Some((ticket, request))
    }

    /// From when on a command about texts may be written without a pause before it; `None` while
    /// it is another's turn, or on a modem that needs the pause.
    fn at_once_from(&self) -> Option<Millis> {
        if self.slow || !self.known.profile.quirks.brisk {
            return None;
        }
        match self.phase {
            Phase::Working if self.may_send_next() => Some(Millis(0)),
            Phase::Working => self.inbox.due(),
            Phase::Stopping { .. } => self.inbox.is_removing().then_some(Millis(0)),
            _ => None,
        }
    }

    /// A text waits to be sent, and no person's question goes before it.
    fn may_send_next(&self) -> bool {
        let asked = !self.console.is_empty() || self.ussd.due().is_some();
        self.outbox.is_waiting() && self.health.is_registered() && !asked
    }

    /// Receiving comes first: a full storage and a waiting network cannot wait, a queue can.
    fn next_work(&mut self, now: Millis, out: &mut Out) -> Option<(Task, Request)> {
        let stopping = matches!(self.phase, Phase::Stopping { .. });
        if stopping && !self.inbox.is_removing() {
            return None;
        }
        let midway = self.outbox.is_midway() && self.health.is_registered();
        if !midway
            && self.inbox.due().is_some_and(|at| at <= now)
            && let Some((job, request)) = self.inbox.next(now, &self.known)
        {
            return Some((Task::Inbox(job), request));
        }
        if stopping {
            return None;
        }
        if !midway && !self.console.is_empty() {
            let (ticket, line) = self.console.remove(0);
            let request = Request::of(&Console(line));
            return Some((Task::Console(ticket), request));
        }
        if !midway
            && self.ussd.due().is_some()
            && let Some(request) = self.ussd.next(&self.known, out)
        {
            return Some((Task::Ussd, request));
        }
        if self.health.is_registered()
            && let Some((job, request)) =
                self.outbox.next(now, &self.known, self.settings.wait_for_final)
        {
            return Some((Task::Outbox(job), request));
        }
        if self.health.due() <= now {
            let (poll, request) = self.health.next(now, &self.known)?;
            return Some((Task::Health(poll), request));
        }
        None
    }

    /// When time alone has something to do.
    pub fn wakes_at(&self, idle: bool) -> Option<Millis> {
        let next = match &self.phase {
            Phase::BringUp(list) => Some(list.due()),
            Phase::Recovering { rung: Rung::Radio, .. } => Some(Millis(0)),
            Phase::Recovering { rung: Rung::Restart, .. } => Some(self.outbox.answered_until()),
            Phase::Working => {
                let sending = self.outbox.is_waiting() && self.health.is_registered();
                let now = (sending || !self.console.is_empty()).then_some(Millis(0));
                let radio = self.health.without_network.map(|since| since + RADIO_AFTER);
                let health = Some(self.health.due());
                let parts = [now, self.inbox.due(), self.ussd.due(), health, radio];
                parts.into_iter().flatten().min()
            }
            Phase::Stopping { .. } => self.inbox.is_removing().then_some(Millis(0)),
            _ => None,
        };
        let free = idle && self.in_flight.is_none();
        let next = next.map(|at| at.max(self.quiet_until));
        let next = [next, self.at_once_from()].into_iter().flatten().min().filter(|_| free);
        let timer = match &self.phase {
            Phase::Blocked { again_at } => *again_at,
            Phase::Recovering { again_at, .. } => Some(*again_at),
            Phase::RadioOff { until } => *until,
            Phase::Stopping { told: false } if free => Some(self.quiet_until),
            _ => None,
        };
        let others = [self.ussd.expires_at(), self.health.settles_at()];
        [next, timer].into_iter().chain(others).flatten().min()
    }

    /// Timers of the session itself.
    pub fn on_time(&mut self, now: Millis, dialogue: &mut Dialogue, out: &mut Out) {
        if self.ussd.expires_at().is_some_and(|at| at <= now) {
            self.ussd.expire(out);
        }
        if self.health.settles_at().is_some_and(|at| at <= now) {
            self.health.settle(now, out);
        }
        match &mut self.phase {
            Phase::Blocked { again_at: Some(at) } if *at <= now => self.bring_up(false, out),
            Phase::RadioOff { until: Some(until) } if *until <= now => self.bring_up(false, out),
            Phase::Recovering { again_at, .. } if *again_at <= now => {
                *again_at = now + TRY_AGAIN;
                dialogue.sync(now);
            }
            _ => {}
        }
        if matches!(self.phase, Phase::Working) {
            self.check_work(now, out);
        }
        self.finish_stopping(out);
        self.tell_state(out);
    }

    /// An order of the gateway.
    pub fn order(&mut self, now: Millis, order: Order, dialogue: &mut Dialogue, out: &mut Out) {
        match order {
            Order::Submit { ticket, tpdu, more, keep } => {
                let closed = self.closed_for_sending();
                self.outbox.submit(now, Submit { ticket, tpdu, more, keep }, closed, out);
            }
            Order::Confirm(receipt) => self.inbox.confirm(receipt, &self.known, out),
            Order::Release(receipt) => {
                self.inbox.release(receipt, &self.known);
                self.heed_acknowledgements(now);
            }
            Order::Leave(receipt) => self.inbox.leave(receipt),
            Order::AllowPin => {
                if let Phase::PinWanted(list) = &mut self.phase {
                    list.allow_pin();
                    let list = std::mem::replace(list, BringUp::new(false, self.pin));
                    self.phase = Phase::BringUp(list);
                }
            }
            Order::AllowRestart { from } => self.restart_from = Some(from),
            Order::Centre(number) if self.known.sim.smsc.is_none() => {
                self.known.sim.smsc = Some(number);
                self.health.centre_lost(now);
            }
            Order::Centre(_) => {}
            Order::Sweep => self.inbox.hint(now),
            Order::Ussd { ticket, code } => {
                self.ussd.ask(ticket, code);
                if !matches!(self.phase, Phase::Working) {
                    self.ussd.give_up(out);
                }
            }
            Order::Console { ticket, command } => match console::checked(&command) {
                Ok(line) if matches!(self.phase, Phase::Working) => {
                    self.console.push((ticket, line))
                }
                Ok(_) => answer(ticket, "The modem is not ready.", out),
                Err(why) => answer(ticket, &why, out),
            },
            Order::Restart if !matches!(self.phase, Phase::Closed) => {
                self.outbox.restarting();
                self.stop_sending("the modem is being restarted", out);
                self.enter(Phase::Probing, out);
                dialogue.opened(now);
            }
            Order::Restart => {}
            Order::Stop => {
                self.stop_sending("the gateway is stopping", out);
                self.enter(Phase::Stopping { told: false }, out);
                self.finish_stopping(out);
            }
        }
        self.tell_state(out);
    }

    /// Why a submit cannot even wait.
    fn closed_for_sending(&self) -> Option<SubmitError> {
        match self.state() {
            State::Ready => None,
            State::Registering => Some(SubmitError::NotRegistered),
            State::Stopping => Some(SubmitError::NotSent("the gateway is stopping")),
            State::PinNeeded => Some(SubmitError::NotSent("the SIM is not ready")),
            _ => Some(SubmitError::NotSent("the modem is not ready")),
        }
    }

    fn on_done(
        &mut self,
        now: Millis,
        ticket: at::Ticket,
        task: Task,
        outcome: &Outcome,
        out: &mut Out,
    ) {
        let known = &mut self.known;
        let answered = match task {
            Task::BringUp => return self.on_bring_up(now, outcome, out),
            Task::Restart => return self.on_restart(now, outcome, out),
            Task::RadioOff => {
                if matches!(self.phase, Phase::Recovering { .. }) {
                    let until = Some(now + RADIO_PAUSE);
                    self.enter(Phase::RadioOff { until }, out);
                }
                return;
            }
            Task::Inbox(job) => {
                let answered = self.inbox.done(now, job, outcome, known, out);
                self.heed_acknowledgements(now);
                answered
            }
            Task::Health(poll) => self.health.done(now, poll, outcome, known, out),
            Task::Outbox(job) => {
                let sent = matches!(outcome.end, End::Final(at::FinalResult::Ok) | End::Assumed);
                if !sent {
                    self.health.ask_centre(now);
                }
                let ended = self.outbox.done(now, ticket, job, outcome, known, out);
                if ended.no_network {
                    self.health.disprove(now, out);
                }
                if let Some(slot) = ended.to_empty {
                    self.inbox.empty(slot, known);
                }
                // What was to be sent next has nobody who would send it any more.
                if !matches!(self.phase, Phase::Working) && self.outbox.is_waiting() {
                    self.stop_sending("the modem is busy otherwise", out);
                }
                ended.answered
            }
            Task::Ussd => {
                self.ussd.done(now, outcome, known, out);
                outcome.end != End::TimedOut
            }
            Task::Console(ticket) => {
                console_done(ticket, outcome, out);
                outcome.end != End::TimedOut
            }
        };
        if !answered && outcome.end != End::GivenUp && matches!(self.phase, Phase::Working) {
            self.slow = true;
            self.recover(now, out);
        }
    }

    fn on_bring_up(&mut self, now: Millis, outcome: &Outcome, out: &mut Out) {
        let Phase::BringUp(list) = &mut self.phase else { return };
        // The list was begun anew while its command was in flight.
        if outcome.end == End::GivenUp {
            return;
        }
        let progress = list.done(now, outcome, &mut self.known, &self.settings, out);
        self.pin = list.pin;
        match progress {
            Progress::Going => {}
            Progress::PinWanted(tries_left) => {
                let list = std::mem::replace(list, BringUp::new(false, self.pin));
                self.phase = Phase::PinWanted(list);
                self.tell_state(out);
                out.event(Event::PinWanted { tries_left });
            }
            Progress::Blocked(why) => {
                // A card may be put in at any time; looking costs nothing. A PIN may not.
                let looks = matches!(why, Blocked::NoSim | Blocked::SimFailure);
                let again_at = looks.then_some(now + LOOK_FOR_SIM);
                self.enter(Phase::Blocked { again_at }, out);
                out.event(Event::Blocked(why));
            }
            Progress::Lost => self.recover(now, out),
            Progress::Finished => {
                self.enter(Phase::Working, out);
                self.health.begin(now, &self.known);
                self.inbox.begin(now, out);
            }
        }
    }

    /// Everything is set anew. Whoever did not answer may have restarted without a word, so what
    /// was read before is compared before it is deleted.
    fn bring_up(&mut self, reset: bool, out: &mut Out) {
        self.known.epoch += 1;
        self.known.selected = None;
        self.echo_told = false;
        self.enter(Phase::BringUp(BringUp::new(reset, self.pin)), out);
    }

    /// Nothing was written of what waits: it is given back.
    fn stop_sending(&mut self, why: &'static str, out: &mut Out) {
        self.outbox.give_back(&SubmitError::NotSent(why), out);
    }

    fn end_questions(&mut self, out: &mut Out) {
        self.ussd.give_up(out);
        for (ticket, _) in std::mem::take(&mut self.console) {
            answer(ticket, "The modem went away.", out);
        }
    }

    fn finish_stopping(&mut self, out: &mut Out) {
        let busy = self.in_flight.is_some() || self.inbox.is_removing();
        if let Phase::Stopping { told: told @ false } = &mut self.phase
            && !busy
        {
            *told = true;
            out.event(Event::Stopped);
        }
    }

    fn enter(&mut self, phase: Phase, out: &mut Out) {
        self.phase = phase;
        self.tell_state(out);
    }

    fn tell_state(&mut self, out: &mut Out) {
        let (from, to) = (self.told, self.state());
        if from != to {
            self.told = to;
            out.event(Event::Transition { from, to });
            if from == State::Ready && to == State::Registering {
                self.outbox.give_back(&SubmitError::NotRegistered, out);
            }
            if to == State::Ready && self.took >= TAKES_LONG {
                out.note("The modem takes many seconds for an answer, so texts take long.");
            }
        }
    }
}

fn answer(ticket: Ticket, line: &str, out: &mut Out) {
    out.event(Event::ConsoleDone { ticket, lines: vec![line.to_owned()] });
}

fn console_done(ticket: Ticket, outcome: &Outcome, out: &mut Out) {
    let lines = outcome.info.lines.iter();
    let mut lines: Vec<String> =
        lines.flat_map(|line| std::iter::once(line.text.clone()).chain(line.pdu.clone())).collect();
    lines.push(match &outcome.end {
        End::Final(result) => result.to_string(),
        End::Assumed => "(no final result)".to_owned(),
        End::TimedOut | End::GivenUp => "(no answer)".to_owned(),
    });
    out.event(Event::ConsoleDone { ticket, lines });
}

const LOOK_FOR_SIM: Millis = Millis::from_secs(30);
const RADIO_PAUSE: Millis = Millis::from_secs(3);
