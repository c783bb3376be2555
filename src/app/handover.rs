//! What is written down between two submits of a line, in one commit: what became of the last, and
//! that the next may leave (D5, D6).
//!
//! A verdict comes in, a segment that the modem may have comes out. A crash after the commit finds
//! the segment on the air; a crash before it finds the one before there, and the evidence decides.
//!
//! Begin with [`next`].

use super::segments;
use crate::store::{
    LineId, Organisation, OutSegment, OutSegmentId, Outbound, Refusal, Result, SegmentState,
    WriteTx,
};
use crate::types::{Class, MessageId, Millis, UnixTime};

/// Texts that may turn out not to go in one commit: others want to write too.
const MOST_SKIPPED: usize = 16;

/// What a person reads about a text that failed on the way; the details are in the log.
const UNREADABLE: &str = "its record is damaged or simgate has a fault: the log says which";

/// The rest of a text that cannot be handed over is tried again after so long.
const AGAIN: Millis = Millis::from_secs(600);

/// What became of a submit.
#[derive(Clone, Debug)]
pub(super) struct Settled {
    pub(super) message: MessageId,
    pub(super) segment: OutSegmentId,
    pub(super) verdict: Verdict,
    /// It was refused in a burst: the line is to send slower.
    pub(super) too_fast: bool,
}

/// What is written down about a submit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
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

/// What a line does next.
pub(super) enum Next {
    /// The store knows that this may have left: hand it over.
    Submit(Staged),
    /// Nothing is due before then, as far as the queue can tell.
    Idle(Option<UnixTime>),
    /// Some texts did not go; look again.
    Again,
}

/// What a text that cannot be handed over takes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Care {
    /// The whole commit: a savepoint for each text would cost the many that go.
    Together,
    /// Nothing: it alone is undone and waits for a person, so that it holds up nobody.
    Each,
}

/// A segment on its way to the modem. It holds a text, so no log may show it.
pub(super) struct Staged {
    pub(super) message: MessageId,
    pub(super) segment: OutSegmentId,
    pub(super) tpdu: Vec<u8>,
    /// More of the same text is to follow.
    pub(super) unfinished: bool,
    /// Another submit follows at once: the radio link is worth keeping.
    pub(super) more: bool,
    /// It must never go twice: the modem's own memory is to know what became of it.
    pub(super) keep: bool,
}

/// The line that sends, and how.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    pub(super) line: LineId,
    pub(super) organisation: Organisation,
    /// The text under way, whose next segment goes first.
    pub(super) under_way: Option<MessageId>,
    /// The pace allows another submit right after this one.
    pub(super) at_once: bool,
}

impl Settled {
    /// Writes the verdict down.
    pub(super) fn write(&self, tx: &WriteTx<'_>, now: UnixTime) -> Result<()> {
        let (message, segment) = (self.message, self.segment);
        if self.too_fast {
            tx.slow_down(segment, now)?;
        }
        match &self.verdict {
            Verdict::Accepted(reference) => tx.segment_accepted(segment, *reference, now)?,
            Verdict::Unknown => {
                tx.segment_unknown(segment, "no answer after the text went out", now)?
            }
            Verdict::Refused(refusal) => tx.segment_refused(segment, refusal, now)?,
            Verdict::NotNow { why, pause } => {
                tx.segment_not_sent(segment, why, now.after(*pause), now)?
            }
            Verdict::AskPerson(why) => {
                tx.segment_not_sent(segment, why, now, now)?;
                tx.hold(message, why, now)?;
                return Ok(());
            }
        };
        Ok(())
    }
}

/// Stages the next segment of a line: of the text under way, or of the next one in the queue.
pub(super) fn next(tx: &WriteTx<'_>, sending: &Sending, care: Care, now: UnixTime) -> Result<Next> {
    if let Some(message) = sending.under_way
        && let Some(staged) = care.with(tx, message, now, |tx| {
            stage(tx, sending, message, tx.out_segments(message)?, now)
        })?
    {
        return Ok(Next::Submit(staged));
    }
    for _ in 0..MOST_SKIPPED {
        let Some(message) = tx.next_outbound(sending.line, now)? else {
            return Ok(Next::Idle(tx.next_due(sending.line, now)?));
        };
        if let Some(staged) = care.with(tx, message, now, |tx| begin(tx, sending, message, now))? {
            return Ok(Next::Submit(staged));
        }
    }
    Ok(Next::Again)
}

impl Care {
    /// Does one text's part; `None` when it does not go.
    fn with(
        self,
        tx: &WriteTx<'_>,
        message: MessageId,
        now: UnixTime,
        act: impl FnOnce(&WriteTx<'_>) -> Result<Option<Staged>>,
    ) -> Result<Option<Staged>> {
        match self {
            Care::Together => act(tx),
            Care::Each => match tx.attempt(act) {
                Err(error) if error.is_of_the_job() => {
                    tracing::error!(%message, %error, "a text cannot be handed over");
                    tx.move_aside(message, UNREADABLE, now.after(AGAIN), now)?;
                    Ok(None)
                }
                staged => staged,
            },
        }
    }
}

/// Leases a text and stages its first segment that waits; `None` when it does not go.
fn begin(
    tx: &WriteTx<'_>,
    sending: &Sending,
    message: MessageId,
    now: UnixTime,
) -> Result<Option<Staged>> {
    let mut outbound = tx.lease(message, now)?;
    if outbound.segments.is_empty() {
        outbound.segments = prepare(tx, &outbound, now)?;
    }
    // The rules are asked in the very transaction that lets it go (D10, E96).
    if outbound.segments.is_empty() || !tx.clear(&outbound, &sending.organisation, now)? {
        return Ok(None);
    }
    stage(tx, sending, message, outbound.segments, now)
}

/// Stages the first segment that waits; `None` when there is none, or the text is no longer ours.
fn stage(
    tx: &WriteTx<'_>,
    sending: &Sending,
    message: MessageId,
    segments: Vec<OutSegment>,
    now: UnixTime,
) -> Result<Option<Staged>> {
    let mut waiting = segments.into_iter().filter(|s| s.state == SegmentState::Waiting);
    let Some(first) = waiting.next() else { return Ok(None) };
    if !tx.stage_on_air(first.id, now)? {
        return Ok(None);
    }
    let unfinished = waiting.next().is_some();
    let more = sending.at_once && (unfinished || tx.more_is_due(sending.line, message, now)?);
    let keep = first.class == NEVER_TWICE;
    Ok(Some(Staged { message, segment: first.id, tpdu: first.tpdu, unfinished, more, keep }))
}

/// The class that never goes twice by itself and whose doubles do harm (D5): advertising. Writing
/// it into the modem first costs a write to its memory, and tells after a crash what became of it.
const NEVER_TWICE: Class = Class::Marketing;

/// Makes the TPDUs, once; what cannot be written down waits for a person.
fn prepare(tx: &WriteTx<'_>, outbound: &Outbound, now: UnixTime) -> Result<Vec<OutSegment>> {
    let mut prepared = segments::prepare(outbound, 0, now);
    // Only long texts have a reference; most are short.
    if prepared.as_ref().is_ok_and(|prepared| prepared.tpdus.len() > 1) {
        prepared = segments::prepare(outbound, tx.next_concat_reference(&outbound.to)?, now);
    }
    match prepared {
        Ok(prepared) => tx.prepare(outbound, &prepared),
        Err(reason) => {
            tx.hold(outbound.message, &reason, now)?;
            Ok(Vec::new())
        }
    }
}
