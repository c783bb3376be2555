//! Sends the texts of one line, one submit at a time, in the order the store decides (D5, D6).
//!
//! Before any byte leaves, the store knows it may have left; after the answer, what it was. One
//! commit between two submits says both (`handover`). Causes that lie with the line pause the line
//! and cost no message an attempt.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::Shared;
use super::breaker::Breaker;
use super::handover::{self, Care, Next, Settled, Staged, Verdict};
use super::modem_task::Duty;
use super::pace::Pace;
use super::shell::Ask;
use crate::bus::Change;
use crate::modem::{Accepted, Disposition, Order, SubmitError, Ticket};
use crate::store::{LineId, OutSegmentId, Refusal, Result, WriteTx};
use crate::types::{MessageId, Millis};

/// A modem that refuses this often in a row for reasons of its own may do so because of the text:
/// from here on the text's own tries count, so that it cannot block the line for ever.
const BLAME_THE_TEXT: u32 = 3;

/// So many texts in a row that need a person, and the cause is the account, not the texts.
const BLAME_THE_ACCOUNT: u32 = 3;

/// A pace that was slowed down comes back by the day.
const PACED_FOR: Millis = Millis::from_secs(3_600);

/// A refusal for now so soon after a success is a limit on how fast we may send (fault 59).
const BURST: Millis = Millis::from_secs(60);

/// A modem drops a link that waits longer than this (27.005 §3.5.6: 1 to 5 s).
const AT_ONCE: Millis = Millis::from_secs(1);

/// How a submit ended.
type Outcome = std::result::Result<Accepted, SubmitError>;

/// What a modem said about a submit.
#[derive(Debug)]
pub(super) enum Heard {
    /// The answer to the submit in flight.
    Submitted { ticket: Ticket, outcome: Outcome },
    /// The answer to one that had been called unknown.
    Late { ticket: Ticket, outcome: Outcome },
}

/// The sender of one modem's task.
pub(super) struct Sender {
    shared: Arc<Shared>,
    asks: mpsc::UnboundedSender<Ask>,
    duty: watch::Receiver<Duty>,
    pace: Pace,
    /// The line whose pace it is, and when that was looked up.
    paced: Option<(LineId, Millis)>,
    /// When the network last took something.
    taken_at: Option<Millis>,
    breaker: Breaker,
    /// Refusals in a row that need a person.
    asked: u32,
    last_ticket: u64,
    /// What became of the last submit, until it is written down.
    settled: Option<Settled>,
    /// The text whose next segment goes first: its lease is ours.
    under_way: Option<MessageId>,
    /// Submits whose answer may still come late.
    unknown: HashMap<Ticket, (OutSegmentId, MessageId)>,
}

impl Sender {
    pub(super) fn new(
        shared: Arc<Shared>,
        asks: mpsc::UnboundedSender<Ask>,
        duty: watch::Receiver<Duty>,
    ) -> Self {
        let pace = Pace::new(shared.settings.per_minute, shared.settings.burst);
        Self {
            shared,
            asks,
            duty,
            pace,
            paced: None,
            taken_at: None,
            breaker: Breaker::default(),
            asked: 0,
            last_ticket: 0,
            settled: None,
            under_way: None,
            unknown: HashMap::new(),
        }
    }

    /// Sends until the modem's task ends: until nobody can tell an outcome any more.
    pub(super) async fn run(mut self, mut heard: mpsc::UnboundedReceiver<Heard>) {
        loop {
            // Listen before looking, so that a ring in between is not lost.
            let rung = self.shared.bus.queue_rung();
            let pause = self.send_due(&mut heard).await.unwrap_or_else(|error| {
                tracing::error!(%error, "the queue cannot be read");
                Millis(u64::MAX)
            });
            let look = self.shared.clock.next_beat(self.shared.settings.look_every);
            let until = look.min(self.shared.clock.now() + pause);
            tokio::select! {
                biased;
                word = heard.recv() => match word {
                    Some(word) => self.heard_late(word).await,
                    None => return,
                },
                changed = self.duty.changed() => match changed {
                    Ok(()) => self.breaker.reset(),
                    Err(_) => return,
                },
                () = rung => {}
                () = self.shared.clock.sleep_until(Some(until)) => {}
            }
        }
    }

    /// Sends whatever is due; says how long nothing will be.
    async fn send_due(&mut self, heard: &mut mpsc::UnboundedReceiver<Heard>) -> Result<Millis> {
        loop {
            let now = self.shared.clock.now();
            let held = self.duty.borrow().held_until;
            let paused = self.breaker.paused_until().max(held).filter(|until| *until > now);
            let line = match (self.may_send(), paused) {
                (Some(line), None) => line,
                (line, paused) => {
                    self.put_down().await?;
                    let until = paused.filter(|_| line.is_some());
                    return Ok(until.map_or(Millis(u64::MAX), |until| until - now));
                }
            };
            if self.paced.is_none_or(|(paced, at)| paced != line || now.since(at) > PACED_FOR) {
                // A refusal that slows the line down may still have to be written down.
                self.write_settled().await?;
                let wall = self.shared.clock.wall();
                let slowed = self.shared.store.read(move |tx| tx.slowed(line, wall)).await?;
                self.pace.slow(slowed);
                self.paced = Some((line, now));
            }
            if self.pace.ready_at() > now {
                self.write_settled().await?;
                self.wait_for_pace().await;
                continue;
            }
            match self.stage_next(line).await? {
                Next::Submit(staged) => self.submit(staged, heard).await,
                Next::Again => {}
                Next::Idle(next) => {
                    let wall = self.shared.clock.wall();
                    return Ok(next.map_or(Millis(u64::MAX), |at| at.since(wall).max(Millis(1))));
                }
            }
        }
    }

    /// The line, when it may send at all.
    fn may_send(&self) -> Option<LineId> {
        let duty = *self.duty.borrow();
        duty.line.filter(|_| duty.ready && !*self.shared.stopping.borrow())
    }

    /// Waits until the line's pace allows a segment, or the line may send no more.
    async fn wait_for_pace(&mut self) {
        let ready_at = self.pace.ready_at();
        let mut duty = self.duty.clone();
        tokio::select! {
            () = self.shared.clock.sleep_until(Some(ready_at)) => {}
            () = self.shared.stopped() => {}
            _ = duty.wait_for(|duty| !duty.ready) => {}
        }
    }

    /// One commit: what became of the last submit, and that the next one may leave.
    async fn stage_next(&mut self, line: LineId) -> Result<Next> {
        let (now, wall) = (self.shared.clock.now(), self.shared.clock.wall());
        let mut pace = self.pace;
        pace.take(now);
        let sending = handover::Sending {
            line,
            organisation: self.shared.settings.organisation(),
            under_way: self.under_way,
            at_once: pace.ready_at() <= now + AT_ONCE,
        };
        let (settled, first) = (self.settled.clone(), sending.clone());
        let written = self.shared.store.write(move |tx| {
            settled.iter().try_for_each(|settled| settled.write(tx, wall))?;
            handover::next(tx, &first, Care::Together, wall)
        });
        let mut next = written.await;
        if let Err(error) = &next {
            // Whatever is wrong with the next text, the verdict on the last one stands.
            self.write_settled().await?;
            if error.is_of_the_job() {
                let again = move |tx: &WriteTx<'_>| handover::next(tx, &sending, Care::Each, wall);
                next = self.shared.store.write(again).await;
            }
        } else {
            self.written();
        }
        // Tried again from the queue, should it have failed.
        self.under_way = None;
        next
    }

    /// Writes down what became of the last submit, if that is still to be done.
    async fn write_settled(&mut self) -> Result<()> {
        let Some(settled) = self.settled.clone() else { return Ok(()) };
        let wall = self.shared.clock.wall();
        self.shared.store.write(move |tx| settled.write(tx, wall)).await?;
        self.written();
        Ok(())
    }

    /// The same, and gives the lease of a text under way back: the line may not send.
    async fn put_down(&mut self) -> Result<()> {
        self.write_settled().await?;
        let Some(message) = self.under_way else { return Ok(()) };
        let wall = self.shared.clock.wall();
        self.shared.store.write(move |tx| tx.release_lease(message, wall)).await?;
        self.under_way = None;
        Ok(())
    }

    fn written(&mut self) {
        if let Some(settled) = self.settled.take() {
            self.shared.bus.ring(Change::Message(settled.message));
        }
    }

    /// One submit that the store knows of: lets it leave and hears what became of it.
    async fn submit(&mut self, staged: Staged, heard: &mut mpsc::UnboundedReceiver<Heard>) {
        let Staged { message, segment, tpdu, unfinished, more, keep } = staged;
        self.shared.bus.ring(Change::Message(message));
        self.pace.take(self.shared.clock.now());
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let _ = self.asks.send(Ask::Order(Order::Submit { ticket, tpdu, more, keep }));
        let outcome = self.outcome_of(ticket, heard).await;
        let verdict = self.verdict(&outcome);
        if verdict == Verdict::Unknown {
            self.unknown.insert(ticket, (segment, message));
        }
        let goes_on = unfinished && matches!(verdict, Verdict::Accepted(_));
        self.under_way = goes_on.then_some(message);
        let too_fast = self.is_too_fast(&outcome);
        if too_fast {
            // Written down with the verdict, and looked at again then.
            self.paced = None;
        }
        self.settled = Some(Settled { message, segment, verdict, too_fast });
    }

    /// Whether the network took texts a moment ago and wants no more for now.
    fn is_too_fast(&mut self, outcome: &Outcome) -> bool {
        let now = self.shared.clock.now();
        match outcome {
            Ok(_) => self.taken_at = Some(now),
            Err(SubmitError::Refused(refusal))
                if refusal.disposition() == Disposition::RetryLater =>
            {
                return self.taken_at.take().is_some_and(|at| now.since(at) < BURST);
            }
            Err(_) => {}
        }
        false
    }

    /// The answer to one submit. The task's end without one leaves it unknown.
    async fn outcome_of(
        &mut self,
        ticket: Ticket,
        heard: &mut mpsc::UnboundedReceiver<Heard>,
    ) -> Outcome {
        loop {
            match heard.recv().await {
                Some(Heard::Submitted { ticket: answered, outcome }) if answered == ticket => {
                    return outcome;
                }
                Some(other) => self.heard_late(other).await,
                None => return Err(SubmitError::Unknown),
            }
        }
    }

    /// What an outcome means for the text, and what it does to the line.
    fn verdict(&mut self, outcome: &Outcome) -> Verdict {
        let refused = match outcome {
            Ok(accepted) => {
                self.breaker.reset();
                self.asked = 0;
                return Verdict::Accepted(accepted.reference);
            }
            Err(SubmitError::Unknown) => return Verdict::Unknown,
            Err(error @ (SubmitError::NotRegistered | SubmitError::NotSent(_))) => {
                return self.not_now(error.to_string());
            }
            Err(SubmitError::Refused(refusal)) => refusal,
        };
        let code = refused.code.map_or_else(|| "refused".to_owned(), |code| code.to_string());
        let detail = format!("refused with {refused}");
        match refused.disposition() {
            Disposition::Ambiguous => Verdict::Unknown,
            Disposition::GiveUp => Verdict::Refused(Refusal::ForGood { code, detail }),
            Disposition::RetryLater => self.for_now(code, detail),
            Disposition::Modem if self.breaker.trips() >= BLAME_THE_TEXT => {
                self.for_now(code, detail)
            }
            Disposition::Modem | Disposition::Sim => self.not_now(detail),
            Disposition::Ask => {
                self.asked += 1;
                if self.asked >= BLAME_THE_ACCOUNT {
                    return self.not_now(format!("{detail}; is there credit left?"));
                }
                Verdict::AskPerson(format!("{detail}: check credit and barring, then send again"))
            }
        }
    }

    fn for_now(&self, code: String, detail: String) -> Verdict {
        let jitter = self.shared.entropy.jitter();
        Verdict::Refused(Refusal::ForNow { code, detail, jitter_permille: jitter })
    }

    fn not_now(&mut self, why: String) -> Verdict {
        let now = self.shared.clock.now();
        self.breaker.trip(now);
        let pause = self.breaker.paused_until().map_or(Millis(0), |until| until - now);
        tracing::warn!(why, %pause, "the line cannot send; pausing");
        Verdict::NotNow { why, pause }
    }

    /// An answer that came after we had given up on it settles the text (fault 31).
    async fn heard_late(&mut self, word: Heard) {
        let (Heard::Late { ticket, outcome } | Heard::Submitted { ticket, outcome }) = word;
        let Some((segment, message)) = self.unknown.remove(&ticket) else { return };
        let verdict = match outcome {
            Ok(accepted) => Verdict::Accepted(accepted.reference),
            // A late refusal is the very case modems lie in (fault 30); evidence decides.
            Err(_) => return,
        };
        let settled = Settled { message, segment, verdict, too_fast: false };
        let now = self.shared.clock.wall();
        match self.shared.store.write(move |tx| settled.write(tx, now)).await {
            Ok(()) => self.shared.bus.ring(Change::Message(message)),
            Err(error) => tracing::error!(%error, "a late answer could not be written down"),
        }
    }
}
