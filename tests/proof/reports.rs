//! A line that sends for years: delivery reports hours late, references that come round every 256
//! texts and begin anew with each restart of the modem. Each report reaches the text it is about.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use simgate::store::{
    Enqueued, LineId, NewMessage, NewReport, OutSegmentId, Prepared, ReportMatch, ReportOutcome,
    Result, SeenSim, Store, WriteTx,
};
use simgate::types::{Class, Iccid, MessageId, MessageState, Number, UnixTime};

use crate::random_lives::number;

/// Texts of a plain run; `SIMGATE_REPORTS` asks for more.
const TEXTS: u64 = 4_000;

/// What happens, in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// The modem gets the next text.
    Submit,
    /// It says that the network took it.
    Accepted(usize),
    /// It never said so.
    Unknown(usize),
    /// The network says what became of a text; so far, or at last.
    Report(usize, bool),
}

/// A text and what truly became of it.
struct Text {
    message: MessageId,
    segment: OutSegmentId,
    to: u16,
    mr: u8,
    /// When the service centre took it.
    stamp: UnixTime,
    /// A report that came before our own commit of its reference is told with that.
    early: bool,
    expected: MessageState,
}

/// The line, its modem and the network.
struct Years {
    line: LineId,
    chance: TestRng,
    now: UnixTime,
    steps: BinaryHeap<Reverse<(UnixTime, usize, Step)>>,
    texts: Vec<Text>,
    wanted: usize,
    last_mr: u8,
    /// How far the service centre's clock is ahead of ours, in seconds.
    ahead: i64,
    /// The report that told another text than its own, if there was one.
    wrong: Option<String>,
}

impl Years {
    fn one_in(&mut self, n: u64) -> bool {
        self.between(1, n) == 1
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.chance.next_u64() % (high - low + 1)
    }

    fn later(&self, ms: u64) -> UnixTime {
        UnixTime(self.now.0 + i64::try_from(ms).expect("small"))
    }

    fn then(&mut self, at: UnixTime, step: Step) {
        let order = self.steps.len() + self.texts.len();
        self.steps.push(Reverse((at, order, step)));
    }

    /// One commit's worth of what happens; `false` when nothing is left.
    fn pass(&mut self, tx: &WriteTx<'_>) -> Result<bool> {
        for _ in 0..200 {
            let Some(Reverse((at, _, step))) = self.steps.pop() else { return Ok(false) };
            self.now = at;
            match step {
                Step::Submit => self.submit(tx)?,
                Step::Accepted(n) => self.accepted(tx, n)?,
                Step::Unknown(n) => {
                    tx.segment_unknown(self.texts[n].segment, "no answer", at)?;
                    self.go_on();
                }
                Step::Report(n, last) => self.report(tx, n, last)?,
            }
        }
        Ok(self.wrong.is_none())
    }

    fn submit(&mut self, tx: &WriteTx<'_>) -> Result<()> {
        // Many people, and a few who are written to all the time.
        let to = if self.one_in(3) { self.between(0, 2) } else { self.between(0, 99) };
        let to = u16::try_from(to).expect("small");
        let new = text_to(self.line, to);
        let Enqueued::New(_) = tx.enqueue(&new, None, self.now)? else { panic!("queued") };
        let out = tx.lease_outbound(self.line, self.now)?.expect("a text to send");
        let n = self.texts.len();
        let prepared = Prepared { alphabet: "gsm7".into(), tpdus: vec![n.to_le_bytes().to_vec()] };
        let segment = tx.prepare(&out, &prepared)?[0].id;
        assert!(tx.stage_on_air(segment, self.now)?);
        // Modems count from zero again when they restart.
        self.last_mr = if self.one_in(700) { 0 } else { self.last_mr.wrapping_add(1) };
        let air = self.between(300, 4_000);
        let way = self.between(0, air);
        let taken = self.later(way);
        let stamp = UnixTime((taken.0 / 1_000 + self.ahead) * 1_000);
        let delay = match self.between(1, 20) {
            1..=12 => self.between(500, 15_000),
            13..=17 => self.between(15_000, 6 * 3_600_000),
            18..=19 => self.between(6 * 3_600_000, 23 * 3_600_000),
            _ => 0,
        };
        let reported = UnixTime(taken.0 + i64::try_from(delay).expect("small"));
        let last =
            if self.one_in(20) { MessageState::Undeliverable } else { MessageState::Delivered };
        let lost = self.one_in(200);
        let (answer, step) = match lost {
            true => (self.later(60_000), Step::Unknown(n)),
            false => (self.later(air), Step::Accepted(n)),
        };
        self.then(answer, step);
        let expected = match (delay, lost) {
            (0, true) => MessageState::Unknown,
            (0, false) => MessageState::Sent,
            _ => last,
        };
        if delay > 0 {
            if delay > 20_000 && self.one_in(4) {
                self.then(UnixTime(taken.0 + 10_000), Step::Report(n, false));
            }
            self.then(reported, Step::Report(n, true));
        }
        let (message, mr) = (out.message, self.last_mr);
        self.texts.push(Text { message, segment, to, mr, stamp, early: false, expected });
        Ok(())
    }

    fn accepted(&mut self, tx: &WriteTx<'_>, n: usize) -> Result<()> {
        let text = &self.texts[n];
        let state = tx.segment_accepted(text.segment, text.mr, self.now)?;
        if text.early && state != text.expected {
            self.wrong = Some(format!("text {n} was told early and is {state:?}"));
        }
        self.go_on();
        Ok(())
    }

    /// The next text follows soon, or after a quiet night.
    fn go_on(&mut self) {
        if self.texts.len() < self.wanted {
            let pause = if self.one_in(500) { 8 * 3_600_000 } else { self.between(10, 20_000) };
            let next = self.later(pause);
            self.then(next, Step::Submit);
        }
    }

    fn report(&mut self, tx: &WriteTx<'_>, n: usize, last: bool) -> Result<()> {
        let now = self.now;
        let text = &mut self.texts[n];
        let (outcome, status) = match (last, text.expected) {
            (false, _) => (ReportOutcome::Trying, 0x20),
            (true, MessageState::Undeliverable) => (ReportOutcome::Failed, 0x46),
            _ => (ReportOutcome::Delivered, 0x00),
        };
        let found = tx.insert_report(&NewReport {
            line: self.line,
            tpdu: format!("{n} {last}").into_bytes(),
            mr: Some(text.mr),
            recipient: phone(text.to).as_str().to_owned(),
            status,
            outcome,
            detail: String::new(),
            scts: Some(text.stamp),
            discharged_at: Some(now),
            received_at: now,
        })?;
        match found {
            ReportMatch::Matched(message, _) if message == text.message => {}
            ReportMatch::Orphan => text.early = true,
            other => self.wrong = Some(format!("text {n}, {:?}: {other:?}", text.message)),
        }
        Ok(())
    }
}

fn phone(n: u16) -> Number {
    Number::E164(format!("+447700900{n:03}"))
}

fn text_to(line: LineId, to: u16) -> NewMessage {
    NewMessage {
        line,
        to: phone(to),
        text: "hello".into(),
        class: Class::Conversation,
        tag: None,
        response_emails: vec![],
        author: None,
        send_at: None,
        valid_for: None,
        report: true,
        flash: false,
        alphabet: Some("gsm7".into()),
        segments: 1,
        hold: None,
    }
}

async fn years(texts: u64, seed: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open_without_journal(folder.path()).await.expect("a database");
    let start = UnixTime(1_795_252_200_000);
    let sim = SeenSim { iccid: Iccid::parse("8944000000000000001"), ..SeenSim::default() };
    let line = store.write(move |tx| tx.upsert_line(&sim, start)).await.expect("a line");
    let octets: Vec<u8> = seed.to_le_bytes().iter().copied().cycle().take(32).collect();
    let mut years = Years {
        line,
        chance: TestRng::from_seed(RngAlgorithm::ChaCha, &octets),
        now: start,
        steps: BinaryHeap::new(),
        texts: Vec::new(),
        wanted: usize::try_from(texts).expect("a number"),
        last_mr: 0,
        ahead: i64::try_from(seed % 41).expect("small") - 20,
        wrong: None,
    };
    years.then(start, Step::Submit);
    let mut more = true;
    while more {
        (years, more) = store
            .write(move |tx| {
                let more = years.pass(tx)?;
                Ok((years, more))
            })
            .await
            .expect("a commit");
    }
    assert_eq!(years.wrong, None, "seed {seed}, after {} texts", years.texts.len());
    for (n, text) in years.texts.iter().enumerate() {
        let id = text.message;
        let found = store.read(move |tx| tx.message(id)).await.expect("a read");
        let state = found.expect("a message").state;
        assert_eq!(state, text.expected, "seed {seed}, text {n} of {}", years.texts.len());
    }
}

/// Fault 63: whatever the delays, no report tells another text than its own, and what it tells is what
/// became of that text.
#[test]
fn no_report_of_a_line_that_sends_for_years_is_taken_for_another() {
    let (texts, seed) = (number("SIMGATE_REPORTS", TEXTS), number("SIMGATE_FIRST_SEED", 0));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    std::thread::scope(|scope| {
        for seed in [seed, seed + 1] {
            let years = years(texts / 2, seed);
            scope.spawn(move || runtime().expect("a runtime").block_on(years));
        }
    });
}
