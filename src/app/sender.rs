//! Sends the texts of one line, one submit at a time, in the order the store decides (D5, D6).
//!
//! Before any byte leaves, the store knows it may have left; after the answer, what it was. Causes
//! that lie with the line pause the line and cost no message an attempt.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::Shared;
use super::breaker::Breaker;
use super::modem_task::Duty;
use super::pace::Pace;
use super::segments;
use super::shell::Ask;
use crate::bus::Change;
use crate::modem::{Accepted, Disposition, Order, SubmitError, Ticket};
use crate::store::{
    LineId, OutSegment, OutSegmentId, Outbound, Refusal, Result, SegmentState, WriteTx,
};
use crate::types::{MessageId, Millis, UnixTime};

/// A modem that refuses this often in a row for reasons of its own may do so because of the text:
/// from here on the text's own tries count, so that it cannot block the line for ever.
const BLAME_THE_TEXT: u32 = 3;

/// So many texts in a row that need a person, and the cause is the account, not the texts.
const BLAME_THE_ACCOUNT: u32 = 3;

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
    breaker: Breaker,
    /// Refusals in a row that need a person.
    asked: u32,
    last_ticket: u64,
    /// Submits whose answer may still come late.
    unknown: HashMap<Ticket, (OutSegmentId, MessageId)>,
}

/// Whether the next segment of the same text may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    GoOn,
    Leave,
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
            breaker: Breaker::default(),
            asked: 0,
            last_ticket: 0,
            unknown: HashMap::new(),
        }
    }

    /// Sends until the modem's task ends: until nobody can tell an outcome any more.
    pub(super) async fn run(mut self, mut heard: mpsc::UnboundedReceiver<Heard>) {
        loop {
            // Listen before looking, so that a ring in between is not lost.
            let rung = self.shared.bus.queue_rung();
            let pause = match self.send_due(&mut heard).await {
                Ok(pause) => pause.min(self.shared.settings.look_every),
                Err(error) => {
                    tracing::error!(%error, "the queue cannot be read");
                    self.shared.settings.look_every
                }
            };
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
                () = self.shared.clock.sleep(pause) => {}
            }
        }
    }

    /// Sends whatever is due; says how long nothing will be.
    async fn send_due(&mut self, heard: &mut mpsc::UnboundedReceiver<Heard>) -> Result<Millis> {
        loop {
            let now = self.shared.clock.now();
            let Some(line) = self.may_send() else { return Ok(Millis(u64::MAX)) };
            if let Some(until) = self.breaker.paused_until().filter(|until| *until > now) {
                return Ok(until - now);
            }
            let wall = self.shared.clock.wall();
            let leased = self.shared.store.write(move |tx| tx.lease_outbound(line, wall)).await?;
            let Some(outbound) = leased else {
                let next = self.shared.store.read(move |tx| tx.next_due(line, wall)).await?;
                return Ok(next.map_or(Millis(u64::MAX), |at| at.since(wall).max(Millis(1))));
            };
            self.send(outbound, heard).await?;
        }
    }

    /// The line, when it may send at all.
    fn may_send(&self) -> Option<LineId> {
        let duty = *self.duty.borrow();
        duty.line.filter(|_| duty.ready && !*self.shared.stopping.borrow())
    }

    async fn send(
        &mut self,
        outbound: Outbound,
        heard: &mut mpsc::UnboundedReceiver<Heard>,
    ) -> Result<()> {
        let message = outbound.message;
        let segments = match outbound.segments.is_empty() {
            true => self.prepare(outbound).await?,
            false => outbound.segments,
        };
        let mut waiting =
            segments.into_iter().filter(|s| s.state == SegmentState::Waiting).peekable();
        while let Some(segment) = waiting.next() {
            if !self.wait_for_pace().await {
                let now = self.shared.clock.wall();
                return self.shared.store.write(move |tx| tx.release_lease(message, now)).await;
            }
            let follows = waiting.peek().is_some();
            let then = self.submit(message, segment, follows, heard).await?;
            self.shared.bus.ring(Change::Message(message));
            if then == Then::Leave {
                break;
            }
        }
        Ok(())
    }

    /// Makes the TPDUs, once; what cannot be written down waits for a person.
    async fn prepare(&self, outbound: Outbound) -> Result<Vec<OutSegment>> {
        let now = self.shared.clock.wall();
        let prepared = self.shared.store.write(move |tx| {
            let reference = tx.next_concat_reference(&outbound.to)?;
            match segments::prepare(&outbound, reference, now) {
                Ok(prepared) => tx.prepare(outbound.message, &prepared),
                Err(reason) => {
                    tx.hold(outbound.message, &reason, now)?;
                    Ok(Vec::new())
                }
            }
        });
        prepared.await
    }

    /// Waits until the line's pace allows a segment; `false` when it may send no more.
    async fn wait_for_pace(&mut self) -> bool {
        let ready_at = self.pace.ready_at();
        if ready_at > self.shared.clock.now() {
            let mut duty = self.duty.clone();
            tokio::select! {
                () = self.shared.clock.sleep_until(Some(ready_at)) => {}
                () = self.shared.stopped() => {}
                _ = duty.wait_for(|duty| !duty.ready) => {}
            }
        }
        self.may_send().is_some()
    }

    /// One submit: commit that it may leave, let it leave, write down what became of it.
    async fn submit(
        &mut self,
        message: MessageId,
        segment: OutSegment,
        follows: bool,
        heard: &mut mpsc::UnboundedReceiver<Heard>,
    ) -> Result<Then> {
        let (id, now) = (segment.id, self.shared.clock.wall());
        let organisation = self.shared.settings.organisation();
        // The rules are asked in the very transaction that lets it go (D10, E96).
        let staged = self.shared.store.write(move |tx| {
            Ok(tx.clear(message, &organisation, now)? && tx.stage_on_air(id, now)?)
        });
        if !staged.await? {
            return Ok(Then::Leave);
        }
        self.shared.bus.ring(Change::Message(message));
        self.pace.take(self.shared.clock.now());
        let more = self.more(message, follows, now).await?;
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let _ = self.asks.send(Ask::Order(Order::Submit { ticket, tpdu: segment.tpdu, more }));
        let outcome = self.outcome_of(ticket, heard).await;
        self.settle(message, id, ticket, outcome).await
    }

    /// Whether the radio link is worth keeping open: another submit follows at once, of this text
    /// or of the next one in the queue.
    async fn more(&self, message: MessageId, follows: bool, now: UnixTime) -> Result<bool> {
        if self.pace.ready_at() > self.shared.clock.now() + AT_ONCE {
            return Ok(false);
        }
        let Some(line) = self.may_send().filter(|_| !follows) else { return Ok(follows) };
        self.shared.store.read(move |tx| tx.more_is_due(line, message, now)).await
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

    async fn settle(
        &mut self,
        message: MessageId,
        segment: OutSegmentId,
        ticket: Ticket,
        outcome: Outcome,
    ) -> Result<Then> {
        let verdict = self.verdict(&outcome);
        if verdict == Verdict::Unknown {
            self.unknown.insert(ticket, (segment, message));
        }
        let then = if verdict.is_accepted() { Then::GoOn } else { Then::Leave };
        let now = self.shared.clock.wall();
        let written = self.shared.store.write(move |tx| verdict.write(tx, message, segment, now));
        written.await?;
        Ok(then)
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
        let jitter = i16::try_from(self.shared.entropy.up_to(400)).unwrap_or(200) - 200;
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
        let now = self.shared.clock.wall();
        let written = self.shared.store.write(move |tx| verdict.write(tx, message, segment, now));
        match written.await {
            Ok(()) => self.shared.bus.ring(Change::Message(message)),
            Err(error) => tracing::error!(%error, "a late answer could not be written down"),
        }
    }
}

/// What is written down about a submit.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Accepted(u8),
    Unknown,
    Refused(Refusal),
    /// Nothing left, and not because of the text.
    NotNow {
        why: String,
        pause: Millis,
    },
    /// Nothing left, and only a person can help.
    AskPerson(String),
}

impl Verdict {
    fn is_accepted(&self) -> bool {
        matches!(self, Verdict::Accepted(_))
    }

    fn write(
        self,
        tx: &WriteTx<'_>,
        message: MessageId,
        segment: OutSegmentId,
        now: UnixTime,
    ) -> Result<()> {
        match self {
            Verdict::Accepted(reference) => tx.segment_accepted(segment, reference, now)?,
            Verdict::Unknown => {
                tx.segment_unknown(segment, "no answer after the text went out", now)?
            }
            Verdict::Refused(refusal) => tx.segment_refused(segment, &refusal, now)?,
            Verdict::NotNow { why, pause } => {
                tx.segment_not_sent(segment, &why, now.after(pause), now)?
            }
            Verdict::AskPerson(why) => {
                tx.segment_not_sent(segment, &why, now, now)?;
                tx.hold(message, &why, now)?;
                return Ok(());
            }
        };
        Ok(())
    }
}
