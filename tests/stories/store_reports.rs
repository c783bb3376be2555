//! Delivery reports find their text, or are kept; never the wrong one.

use proptest::prelude::*;
use simgate::store::{NewReport, OutSegmentId, ReportMatch, ReportOutcome, WriteTx};
use simgate::types::{Class, MessageId, MessageState, UnixTime};

use crate::store::{Bench, T0, at, phone, text_to};

impl Bench {
    /// Queues and sends a text of one segment; the network takes it as `mr`, at once.
    async fn sent(&self, to: u16, mr: u8, now: UnixTime) -> MessageId {
        let (id, segment) = self.on_air_to(to, now).await;
        self.write(move |tx| tx.segment_accepted(segment, mr, now)).await;
        id
    }

    async fn on_air_to(&self, to: u16, now: UnixTime) -> (MessageId, OutSegmentId) {
        self.queue(text_to(self.line, to, Class::Conversation), now).await;
        let out = self.lease_prepared(1, now).await;
        let segment = out.segments[0].id;
        assert!(self.write(move |tx| tx.stage_on_air(segment, now)).await);
        (out.message, segment)
    }

    async fn report(&self, report: NewReport) -> ReportMatch {
        self.write(move |tx| tx.insert_report(&report)).await
    }

    fn about(&self, to: u16, mr: u8, scts: UnixTime, outcome: ReportOutcome) -> NewReport {
        let tpdu = format!("{to} {mr} {} {outcome:?}", scts.0).into_bytes();
        NewReport {
            line: self.line,
            tpdu,
            mr: Some(mr),
            recipient: phone(to).as_str().to_owned(),
            status: if outcome == ReportOutcome::Delivered { 0x00 } else { 0x46 },
            outcome,
            detail: "the handset was off too long".into(),
            scts: Some(scts),
            discharged_at: Some(UnixTime(scts.0 + 5_000)),
            received_at: UnixTime(scts.0 + 6_000),
        }
    }
}

#[tokio::test]
async fn a_report_delivers_its_text_and_a_later_one_never_takes_that_back() {
    let bench = Bench::new().await;
    let id = bench.sent(1, 17, T0).await;
    let trying = bench.about(1, 17, T0, ReportOutcome::Trying);
    assert_eq!(bench.report(trying).await, ReportMatch::Matched(id, MessageState::Sent));
    let delivered = bench.about(1, 17, T0, ReportOutcome::Delivered);
    let expected = ReportMatch::Matched(id, MessageState::Delivered);
    assert_eq!(bench.report(delivered.clone()).await, expected);
    assert_eq!(bench.report(delivered).await, ReportMatch::Seen);
    assert_eq!(bench.message(id).await.delivered_at, Some(at(5)));
    let failed = bench.about(1, 17, T0, ReportOutcome::Failed);
    assert_eq!(bench.report(failed).await, expected);
    assert_eq!(bench.message(id).await.error, None);
}

#[tokio::test]
async fn a_failed_report_says_why() {
    let bench = Bench::new().await;
    let id = bench.sent(1, 17, T0).await;
    let failed = bench.about(1, 17, T0, ReportOutcome::Failed);
    let state = MessageState::Undeliverable;
    assert_eq!(bench.report(failed).await, ReportMatch::Matched(id, state));
    let error = bench.message(id).await.error.expect("an error");
    assert_eq!(
        (error.code.as_str(), error.detail.as_str()),
        ("status_46", "the handset was off too long")
    );
}

/// E145, reliability 1.4: never by reference alone.
#[tokio::test]
async fn the_reference_alone_matches_nothing() {
    let bench = Bench::new().await;
    bench.sent(1, 17, T0).await;
    let cases = [
        bench.about(2, 17, T0, ReportOutcome::Delivered),
        bench.about(1, 18, T0, ReportOutcome::Delivered),
        bench.about(1, 17, at(-7_200), ReportOutcome::Delivered),
        bench.about(1, 17, at(26 * 3_600), ReportOutcome::Delivered),
    ];
    for report in cases {
        assert_eq!(bench.report(report).await, ReportMatch::Orphan);
    }
}

/// Reliability 1.4: of several texts to one phone under one reference, each report is of the one that was
/// nearest to its stamp, in whatever order they come, with strangers' texts of that reference between them.
#[tokio::test]
async fn of_one_reference_the_text_nearest_to_the_stamp_is_meant() {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let bench = Bench::new().await;
        let mut sent = Vec::new();
        for place in 0..3 {
            sent.push(bench.sent(1, 17, at(place * 1_800)).await);
            bench.sent(2, 17, at(place * 1_800 + 600)).await;
        }
        for place in order {
            let stamp = at(i64::try_from(place).expect("small") * 1_800 + 1);
            let report = bench.about(1, 17, stamp, ReportOutcome::Delivered);
            let meant = ReportMatch::Matched(sent[place], MessageState::Delivered);
            assert_eq!(bench.report(report).await, meant, "{order:?}, {place}");
        }
    }
}

/// Fault 63: a reference comes round. The report of a text whose result was lost, or has not come yet, is
/// not given to the one that had its reference hours ago and still waits for its own.
#[tokio::test]
async fn a_text_of_hours_ago_does_not_take_the_report_of_one_that_left_just_then() {
    for lost in [true, false] {
        let bench = Bench::new().await;
        let old = bench.sent(1, 17, T0).await;
        let (new, segment) = bench.on_air_to(1, at(7_200)).await;
        if lost {
            bench.write(move |tx| tx.segment_unknown(segment, "no answer", at(7_260))).await;
        }
        let report = bench.about(1, 17, at(7_201), ReportOutcome::Delivered);
        let delivered = ReportMatch::Matched(new, MessageState::Delivered);
        if lost {
            assert_eq!(bench.report(report).await, delivered);
        } else {
            assert_eq!(bench.report(report).await, ReportMatch::Orphan);
            bench.write(move |tx| tx.segment_accepted(segment, 17, at(7_203))).await;
        }
        assert_eq!(bench.message(new).await.state, MessageState::Delivered);
        assert_eq!(bench.message(old).await.state, MessageState::Sent);
        let late = bench.about(1, 17, at(1), ReportOutcome::Failed);
        let own = ReportMatch::Matched(old, MessageState::Undeliverable);
        assert_eq!(bench.report(late).await, own);
    }
}

/// A second report in other octets is about the same text as the first, not about an older one.
#[tokio::test]
async fn a_report_told_twice_in_other_words_is_about_one_text() {
    let bench = Bench::new().await;
    let old = bench.sent(1, 17, T0).await;
    let new = bench.sent(1, 17, at(7_200)).await;
    let mut report = bench.about(1, 17, at(7_201), ReportOutcome::Delivered);
    let delivered = ReportMatch::Matched(new, MessageState::Delivered);
    assert_eq!(bench.report(report.clone()).await, delivered);
    report.tpdu.push(0);
    assert_eq!(bench.report(report).await, delivered);
    assert_eq!(bench.message(old).await.state, MessageState::Sent);
}

/// A service centre with a wrong clock: a single awaiting text is meant, of two none is.
#[tokio::test]
async fn a_report_with_a_wrong_time_stamp_is_believed_only_when_it_cannot_be_another() {
    let bench = Bench::new().await;
    let wrong = |mr| {
        let mut report = bench.about(1, mr, at(-7 * 3_600), ReportOutcome::Delivered);
        report.received_at = at(30);
        report
    };
    let id = bench.sent(1, 17, T0).await;
    bench.sent(1, 18, at(1)).await;
    bench.sent(1, 18, at(2)).await;
    let delivered = ReportMatch::Matched(id, MessageState::Delivered);
    assert_eq!(bench.report(wrong(17)).await, delivered);
    assert_eq!(bench.report(wrong(18)).await, ReportMatch::Orphan);
}

/// Fault 63: a report that overtakes the commit of its own submit is not given to a text of unknown
/// end to the same phone.
#[tokio::test]
async fn a_report_waits_for_the_submit_at_the_modem_before_it_speaks_for_an_unknown_text() {
    let bench = Bench::new().await;
    let (lost, segment) = bench.on_air_to(1, T0).await;
    bench.write(move |tx| tx.segment_unknown(segment, "no answer", at(1))).await;
    let (next, segment) = bench.on_air_to(1, at(2)).await;
    let report = bench.about(1, 18, at(2), ReportOutcome::Delivered);
    assert_eq!(bench.report(report).await, ReportMatch::Orphan);
    bench.write(move |tx| tx.segment_accepted(segment, 18, at(2))).await;
    assert_eq!(bench.message(next).await.state, MessageState::Delivered);
    assert_eq!(bench.message(lost).await.state, MessageState::Unknown);
}

/// Reports of nobody's, however many, keep none from its text.
#[tokio::test]
async fn a_flood_of_strange_reports_hides_no_true_one() {
    let bench = Bench::new().await;
    let (id, segment) = bench.on_air_to(1, T0).await;
    for n in 0..150 {
        let strange = bench.about(2, n, at(n.into()), ReportOutcome::Delivered);
        assert_eq!(bench.report(strange).await, ReportMatch::Orphan);
    }
    let own = bench.about(1, 200, T0, ReportOutcome::Delivered);
    assert_eq!(bench.report(own).await, ReportMatch::Orphan);
    bench.write(move |tx| tx.segment_accepted(segment, 200, at(1))).await;
    assert_eq!(bench.message(id).await.state, MessageState::Delivered);
}

/// The same report is the unknown text's when the one at the modem turns out to have another
/// reference, or not to have left.
#[tokio::test]
async fn a_report_that_waited_speaks_for_the_unknown_text_when_it_is_nobody_elses() {
    for accepted in [true, false] {
        let bench = Bench::new().await;
        let (lost, segment) = bench.on_air_to(1, T0).await;
        bench.write(move |tx| tx.segment_unknown(segment, "no answer", at(1))).await;
        let (next, segment) = bench.on_air_to(1, at(2)).await;
        let report = bench.about(1, 17, T0, ReportOutcome::Delivered);
        assert_eq!(bench.report(report).await, ReportMatch::Orphan);
        let became = move |tx: &WriteTx<'_>| match accepted {
            true => tx.segment_accepted(segment, 18, at(3)),
            false => tx.segment_not_sent(segment, "the port is gone", at(60), at(3)),
        };
        let state = if accepted { MessageState::Sent } else { MessageState::Queued };
        assert_eq!(bench.write(became).await, state);
        assert_eq!(bench.message(lost).await.state, MessageState::Delivered);
        assert_eq!(bench.message(next).await.state, state);
    }
}

/// Fault 63, E145: a report can come before our own commit of the reference it names.
#[tokio::test]
async fn a_report_that_overtakes_its_submit_waits_for_it() {
    let bench = Bench::new().await;
    let (id, segment) = bench.on_air_to(1, T0).await;
    let early = bench.about(1, 17, T0, ReportOutcome::Delivered);
    assert_eq!(bench.report(early).await, ReportMatch::Orphan);
    let state = bench.write(move |tx| tx.segment_accepted(segment, 17, at(7))).await;
    assert_eq!(state, MessageState::Delivered);
    assert_eq!(bench.message(id).await.state, MessageState::Delivered);
}

/// reliability 1.4 evidence (a): the report proves that the unknown text left.
#[tokio::test]
async fn a_report_resolves_unknown_and_spares_the_repetition() {
    let bench = Bench::new().await;
    let (id, segment) = bench.on_air_to(1, T0).await;
    bench.write(move |tx| tx.segment_unknown(segment, "no answer", at(120))).await;
    bench.write(move |tx| tx.resend(id, at(130))).await;
    let delivered = bench.about(1, 17, T0, ReportOutcome::Delivered);
    let expected = ReportMatch::Matched(id, MessageState::Delivered);
    assert_eq!(bench.report(delivered).await, expected);
    assert!(bench.lease(at(140)).await.is_none(), "no need to send it again");
}

#[tokio::test]
async fn a_long_text_is_delivered_when_all_its_segments_are() {
    let bench = Bench::new().await;
    let id = bench.queue(text_to(bench.line, 1, Class::Conversation), T0).await;
    let out = bench.lease_prepared(2, T0).await;
    for (mr, segment) in (1..).zip(out.segments) {
        assert!(bench.write(move |tx| tx.stage_on_air(segment.id, T0)).await);
        bench.write(move |tx| tx.segment_accepted(segment.id, mr, T0)).await;
    }
    for (mr, state) in [(2, MessageState::Sent), (1, MessageState::Delivered)] {
        let report = bench.about(1, mr, T0, ReportOutcome::Delivered);
        assert_eq!(bench.report(report).await, ReportMatch::Matched(id, state));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// Fault 63: references wrap (shown small: every 4 submits instead of 256), few recipients, reports in
    /// any order and hours late: each report reaches the text it is about and no other.
    #[test]
    fn every_report_reaches_its_own_text_although_references_wrap(
        recipients in proptest::collection::vec(0_u16..3, 24),
        order in Just((0..24_usize).collect::<Vec<_>>()).prop_shuffle(),
        delays in proptest::collection::vec(0_i64..20 * 3_600, 24),
    ) {
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        runtime.block_on(async {
            let bench = Bench::new().await;
            let mut sent = vec![];
            for (n, &to) in (0_u8..).zip(&recipients) {
                let when = at(i64::from(n) * 60);
                sent.push((bench.sent(to, n % 4, when).await, to, n % 4, when));
            }
            for index in order {
                let (id, to, mr, when) = sent[index];
                let mut report = bench.about(to, mr, UnixTime(when.0 + 2_000), ReportOutcome::Delivered);
                report.received_at = UnixTime(when.0 + 3_000 + delays[index] * 1_000);
                let found = bench.report(report).await;
                assert_eq!(found, ReportMatch::Matched(id, MessageState::Delivered));
            }
        });
    }
}
