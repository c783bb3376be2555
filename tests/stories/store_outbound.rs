//! Texts on their way out: order, retries, what is unknown, and who may take them back.

use simgate::store::{
    Enqueued, FILE_NAME, IdempotencyKey, NewMessage, Organisation, OutSegmentId, Prepared, Refusal,
    Settled,
};
use simgate::types::{Class, MessageId, MessageState, Millis, UnixTime};

use crate::store::{Bench, T0, at, phone, text_to};

impl Bench {
    async fn on_air(&self, segment: OutSegmentId, now: UnixTime) {
        assert!(self.write(move |tx| tx.stage_on_air(segment, now)).await, "{segment}");
    }

    async fn accept(&self, segment: OutSegmentId, mr: u8, now: UnixTime) -> MessageState {
        self.write(move |tx| tx.segment_accepted(segment, mr, now)).await
    }

    /// Sends the next text with everything accepted.
    async fn send_next(&self, now: UnixTime) -> MessageId {
        let out = self.lease_prepared(1, now).await;
        self.on_air(out.segments[0].id, now).await;
        self.accept(out.segments[0].id, 1, now).await;
        out.message
    }
}

fn congested() -> Refusal {
    Refusal::ForNow { code: "cms_42".into(), detail: "congestion".into(), jitter_permille: 0 }
}

/// The commit between two submits, as the sender's: a card writes pages, and each costs its time.
/// A new index on a table that changes with every text costs one more.
#[tokio::test]
async fn between_two_texts_few_pages_are_written() {
    const TEXTS: u16 = 40;
    let bench = Bench::new().await;
    for n in 0..=TEXTS {
        bench.queue(text_to(bench.line, n, Class::Conversation), T0).await;
    }
    let first = bench.lease_prepared(1, T0).await.segments[0].id;
    bench.on_air(first, T0).await;
    let log = bench.dir.path().join(format!("{FILE_NAME}-wal"));
    let written = || std::fs::metadata(&log).map_or(0, |log| log.len() / 2_072);
    let before = written();
    let (mut last, line) = (first, bench.line);
    for n in 1..=TEXTS {
        last = bench
            .write(move |tx| {
                tx.segment_accepted(last, n.to_le_bytes()[0], at(1))?;
                let mut out = tx.lease_outbound(line, at(1))?.expect("a text is due");
                let tpdus = vec![vec![1; 30]];
                out.segments = tx.prepare(&out, &Prepared { alphabet: "gsm7".into(), tpdus })?;
                assert!(tx.clear(&out, &Organisation::default(), at(1))?);
                assert!(tx.stage_on_air(out.segments[0].id, at(1))?);
                Ok(out.segments[0].id)
            })
            .await;
    }
    let pages = (written() - before) as f64 / f64::from(TEXTS);
    assert!(pages <= 15.0, "{pages} pages a text");
}

/// E170: advertising waits for the morning, also where a line's own quiet hours cannot be read.
#[tokio::test]
async fn unreadable_quiet_hours_let_no_advertising_out_at_night() {
    let bench = Bench::new().await;
    let night = UnixTime::parse_rfc3339("2026-11-22T02:00:00Z").expect("a time");
    let conn = rusqlite::Connection::open(bench.dir.path().join(FILE_NAME)).expect("open");
    for hours in ["not even JSON", r#"{"from":"sometime"}"#] {
        conn.execute("UPDATE lines SET quiet_hours = ?1", [hours]).expect("damaged");
        let id = bench.queue(text_to(bench.line, 1, Class::Marketing), night).await;
        let out = bench.lease_prepared(1, night).await;
        let goes = bench.write(move |tx| tx.clear(&out, &Organisation::default(), night)).await;
        assert!(!goes, "{hours}");
        assert_eq!(bench.custody(id).await, ["queued", "put off"], "{hours}");
    }
}

#[tokio::test]
async fn a_text_goes_queued_submitting_sent() {
    let bench = Bench::new().await;
    let id = bench.queue(text_to(bench.line, 1, Class::Conversation), T0).await;
    assert_eq!(bench.message(id).await.state, MessageState::Queued);
    let out = bench.lease_prepared(1, T0).await;
    assert_eq!(bench.message(id).await.state, MessageState::Queued, "a lease alone sends nothing");
    bench.on_air(out.segments[0].id, at(1)).await;
    assert_eq!(bench.message(id).await.state, MessageState::Submitting);
    assert_eq!(bench.accept(out.segments[0].id, 17, at(2)).await, MessageState::Sent);
    let sent = bench.message(id).await;
    assert_eq!((sent.sent_at, sent.segments_done), (Some(at(2)), 1));
    assert_eq!(
        bench.custody(id).await,
        ["queued", "handed to the modem", "accepted by the network"]
    );
    let line = bench.line;
    let counts = bench.store.read(move |tx| tx.month_counts(line, at(2))).await.expect("read");
    assert_eq!((counts.segments_out, counts.recipients), (1, 1));
    assert!(bench.lease(at(3)).await.is_none());
}

/// E144, reliability 1.4: never an accepted segment again; the refused one with the same bytes.
#[tokio::test]
async fn a_refused_segment_is_sent_again_and_the_first_segment_is_not() {
    let bench = Bench::new().await;
    let id = bench.queue(text_to(bench.line, 1, Class::Conversation), T0).await;
    let out = bench.lease_prepared(2, T0).await;
    bench.on_air(out.segments[0].id, T0).await;
    assert_eq!(bench.accept(out.segments[0].id, 1, T0).await, MessageState::Submitting);
    let second = out.segments[1].id;
    bench.on_air(second, at(1)).await;
    let state = bench.write(move |tx| tx.segment_refused(second, &congested(), at(1))).await;
    assert_eq!(state, MessageState::Queued);
    assert!(bench.message(id).await.is_partial());
    assert!(bench.lease(at(30)).await.is_none(), "not before its 30 s are over");
    let again = bench.lease(at(31)).await.expect("due");
    assert_eq!(again.attempts, 1);
    let waiting: Vec<_> = again
        .segments
        .iter()
        .filter(|s| s.state == simgate::store::SegmentState::Waiting)
        .collect();
    assert_eq!(
        waiting.iter().map(|s| (s.id, &s.tpdu)).collect::<Vec<_>>(),
        [(second, &out.segments[1].tpdu)]
    );
    bench.on_air(second, at(31)).await;
    assert_eq!(bench.accept(second, 2, at(32)).await, MessageState::Sent);
    assert_eq!(bench.message(id).await.error, None);
}

/// reliability 1.4: after 30 minutes the handset has dropped the first segments.
#[tokio::test]
async fn a_torn_long_text_is_sent_again_whole_and_says_so() {
    let bench = Bench::new().await;
    let id = bench.queue(text_to(bench.line, 1, Class::Conversation), T0).await;
    let out = bench.lease_prepared(2, T0).await;
    let (first, second) = (out.segments[0].id, out.segments[1].id);
    bench.on_air(first, T0).await;
    bench.accept(first, 1, T0).await;
    bench.write(move |tx| tx.segment_not_sent(second, "not registered", at(1_801), at(1))).await;
    let again = bench.lease(at(1_801)).await.expect("due");
    assert!(again.segments.is_empty(), "to be segmented under a new reference");
    assert!(again.possible_duplicate);
    assert_eq!((again.attempts, bench.message(id).await.segments_done), (0, 0));
}

#[tokio::test]
async fn a_text_refused_for_good_fails_at_once_and_no_further_segment_leaves() {
    let bench = Bench::new().await;
    let id = bench.queue(text_to(bench.line, 1, Class::Conversation), T0).await;
    let out = bench.lease_prepared(3, T0).await;
    let first = out.segments[0].id;
    bench.on_air(first, T0).await;
    let refusal = Refusal::ForGood { code: "cms_1".into(), detail: "unassigned number".into() };
    let state = bench.write(move |tx| tx.segment_refused(first, &refusal, at(1))).await;
    assert_eq!(state, MessageState::Failed);
    let second = out.segments[1].id;
    assert!(!bench.write(move |tx| tx.stage_on_air(second, at(2))).await);
    assert_eq!(bench.message(id).await.error.map(|e| e.code).as_deref(), Some("cms_1"));
}

/// D6: only that recipient waits.
#[tokio::test]
async fn a_text_that_waits_for_a_retry_holds_back_its_recipient_alone() {
    let bench = Bench::new().await;
    let line = bench.line;
    let first = bench.queue(text_to(line, 1, Class::Conversation), T0).await;
    let after = bench.queue(text_to(line, 1, Class::Conversation), T0).await;
    let other = bench.queue(text_to(line, 2, Class::Conversation), T0).await;
    let out = bench.lease_prepared(1, T0).await;
    let segment = out.segments[0].id;
    bench.on_air(segment, T0).await;
    bench.write(move |tx| tx.segment_refused(segment, &congested(), T0)).await;
    assert_eq!(bench.send_next(at(1)).await, other);
    assert!(bench.lease(at(2)).await.is_none());
    assert_eq!(bench.send_next(at(30)).await, first);
    assert_eq!(bench.send_next(at(31)).await, after);
}

/// D6: neither an unknown nor a held text blocks the next one.
#[tokio::test]
async fn an_unknown_or_held_text_lets_the_next_one_pass() {
    let bench = Bench::new().await;
    let line = bench.line;
    let unknown = bench.queue(text_to(line, 1, Class::Conversation), T0).await;
    let held = NewMessage { hold: Some("why".into()), ..text_to(line, 1, Class::Conversation) };
    bench.queue(held, T0).await;
    let next = bench.queue(text_to(line, 1, Class::Conversation), T0).await;
    let out = bench.lease_prepared(1, T0).await;
    let segment = out.segments[0].id;
    bench.on_air(segment, T0).await;
    assert!(bench.lease(at(1)).await.is_none(), "one at a time to one recipient");
    bench.write(move |tx| tx.segment_unknown(segment, "no answer", at(120))).await;
    assert_eq!(bench.message(unknown).await.state, MessageState::Unknown);
    assert_eq!(bench.send_next(at(121)).await, next);
    assert!(bench.lease(at(122)).await.is_none(), "unknown is not sent again by itself");
}

/// Fault 31: the answer after the time-out settles it.
#[tokio::test]
async fn a_late_final_result_resolves_unknown() {
    let bench = Bench::new().await;
    bench.queue(text_to(bench.line, 1, Class::Conversation), T0).await;
    let out = bench.lease_prepared(2, T0).await;
    let first = out.segments[0].id;
    bench.on_air(first, T0).await;
    bench.write(move |tx| tx.segment_unknown(first, "no answer", at(120))).await;
    assert_eq!(bench.accept(first, 9, at(200)).await, MessageState::Queued);
    let rest = bench.lease(at(201)).await.expect("the second segment follows");
    bench.on_air(rest.segments[1].id, at(201)).await;
    assert_eq!(bench.accept(rest.segments[1].id, 10, at(202)).await, MessageState::Sent);
}

/// P0..P4: a lease alone goes back to the queue, what was on the air is unknown.
#[tokio::test]
async fn after_a_crash_leases_return_to_the_queue_and_what_was_on_air_is_unknown() {
    let bench = Bench::new().await;
    let line = bench.line;
    let on_air = bench.queue(text_to(line, 1, Class::Conversation), T0).await;
    let leased = bench.queue(text_to(line, 2, Class::Conversation), T0).await;
    let out = bench.lease_prepared(1, T0).await;
    bench.on_air(out.segments[0].id, T0).await;
    bench.lease_prepared(1, T0).await;
    let unknown = bench.write(|tx| tx.resume(None, at(5))).await;
    assert_eq!(unknown, [on_air]);
    assert_eq!(bench.message(on_air).await.state, MessageState::Unknown);
    assert_eq!(bench.send_next(at(6)).await, leased);
}

/// D5: an alarm may go once more inside its validity, marked; a person's text may not.
#[tokio::test]
async fn an_unknown_alarm_is_sent_once_more_and_a_conversation_is_not() {
    let bench = Bench::new().await;
    let mut ids = vec![];
    for (to, class) in [(1, Class::Alert), (2, Class::Conversation), (3, Class::Marketing)] {
        ids.push(bench.queue(text_to(bench.line, to, class), T0).await);
        let out = bench.lease_prepared(1, T0).await;
        let segment = out.segments[0].id;
        bench.on_air(segment, T0).await;
        bench.write(move |tx| tx.segment_unknown(segment, "no answer", T0)).await;
    }
    let wait = Millis::from_secs(120);
    let due = |now| bench.write(move |tx| tx.resend_overdue_unknown(wait, now));
    assert_eq!(due(at(119)).await, []);
    assert_eq!(due(at(120)).await, [ids[0]]);
    let out = bench.lease_prepared(1, at(120)).await;
    assert!(out.possible_duplicate);
    let segment = out.segments[0].id;
    bench.on_air(segment, at(120)).await;
    bench.write(move |tx| tx.segment_unknown(segment, "no answer", at(121))).await;
    assert_eq!(due(at(1_000)).await, [], "at most once by itself");
}

#[tokio::test]
async fn a_text_is_taken_back_only_while_none_of_it_has_left() {
    let bench = Bench::new().await;
    let id = bench.queue(text_to(bench.line, 1, Class::Conversation), T0).await;
    let out = bench.lease_prepared(1, T0).await;
    let segment = out.segments[0].id;
    let cancel = || bench.write(move |tx| tx.cancel(id, T0));
    assert_eq!(cancel().await, Settled::Done(MessageState::Cancelled));
    assert!(!bench.write(move |tx| tx.stage_on_air(segment, T0)).await, "its sender hears no");
    assert_eq!(cancel().await, Settled::Refused(MessageState::Cancelled));
    let resent = bench.write(move |tx| tx.resend(id, T0)).await;
    assert_eq!(resent, Settled::Done(MessageState::Queued));
    assert!(!bench.message(id).await.possible_duplicate, "nothing had left");
    assert_eq!(bench.send_next(T0).await, id);
    assert_eq!(cancel().await, Settled::Refused(MessageState::Sent));
    let none = bench.write(|tx| tx.cancel(MessageId(4_711), T0)).await;
    assert_eq!(none, Settled::NotFound);
}

#[tokio::test]
async fn an_unknown_text_is_resent_marked_or_dropped_by_a_person() {
    let bench = Bench::new().await;
    let id = bench.queue(text_to(bench.line, 1, Class::Conversation), T0).await;
    let out = bench.lease_prepared(1, T0).await;
    let segment = out.segments[0].id;
    bench.on_air(segment, T0).await;
    bench.write(move |tx| tx.segment_unknown(segment, "no answer", T0)).await;
    bench.write(move |tx| tx.resend(id, at(200_000))).await;
    assert!(bench.message(id).await.possible_duplicate);
    let out = bench.lease_prepared(1, at(200_000)).await;
    let segment = out.segments[0].id;
    bench.on_air(segment, at(200_000)).await;
    bench.write(move |tx| tx.segment_unknown(segment, "no answer", at(200_001))).await;
    let dropped = bench.write(move |tx| tx.drop_message(id, at(200_002))).await;
    assert_eq!(dropped, Settled::Done(MessageState::Failed));
    // Evidence is still welcome: it did leave.
    assert_eq!(bench.accept(segment, 3, at(200_003)).await, MessageState::Sent);
}

#[tokio::test]
async fn a_code_expires_after_five_minutes_and_a_text_for_later_waits() {
    let bench = Bench::new().await;
    let line = bench.line;
    let code = bench.queue(text_to(line, 1, Class::Otp), T0).await;
    let later = NewMessage { send_at: Some(at(3_600)), ..text_to(line, 1, Class::Conversation) };
    let later = bench.queue(later, T0).await;
    let now = bench.queue(text_to(line, 1, Class::Marketing), T0).await;
    assert_eq!(bench.write(|tx| tx.expire_outbound(at(299))).await, []);
    assert_eq!(bench.write(|tx| tx.expire_outbound(at(300))).await, [code]);
    assert_eq!(bench.message(code).await.state, MessageState::Expired);
    assert_eq!(bench.send_next(at(301)).await, now);
    assert!(bench.lease(at(302)).await.is_none());
    let due = bench.store.read(move |tx| tx.next_due(line, at(302))).await.expect("read");
    assert_eq!(due, Some(at(3_600)));
    assert_eq!(bench.send_next(at(3_600)).await, later);
}

/// E125: pressed twice, sent once; the same key for another request is a conflict; 72 h.
#[tokio::test]
async fn a_call_repeated_with_its_key_queues_one_text() {
    let bench = Bench::new().await;
    let call = |body: &'static [u8], now| {
        let (new, key) = (
            text_to(bench.line, 1, Class::Conversation),
            IdempotencyKey::new("token:1", "key", body),
        );
        bench.write(move |tx| tx.enqueue(&new, Some(&key), now))
    };
    let Enqueued::New(first) = call(b"body", T0).await else { panic!("it is new") };
    assert_eq!(call(b"body", at(1)).await, Enqueued::Repeated(first));
    assert_eq!(call(b"other", at(2)).await, Enqueued::Conflict);
    assert!(matches!(call(b"body", at(72 * 3_600 + 1)).await, Enqueued::New(id) if id != first));
}

#[tokio::test]
async fn a_batch_is_queued_whole_or_not_at_all() {
    let bench = Bench::new().await;
    let line = bench.line;
    let texts: Vec<_> = (0..1_000).map(|to| text_to(line, to, Class::Auto)).collect();
    let mut faulty = texts.clone();
    faulty[999].line = simgate::store::LineId(99);
    let refused = bench.store.write(move |tx| tx.enqueue_batch(&faulty, None, T0)).await;
    assert!(refused.is_err());
    assert!(bench.lease(T0).await.is_none());
    let (_, ids) = bench.write(move |tx| tx.enqueue_batch(&texts, None, T0)).await;
    assert_eq!(ids.len(), 1_000);
    assert_eq!(bench.lease(T0).await.map(|out| out.to), Some(phone(0)));
}

#[tokio::test]
async fn two_long_texts_to_one_phone_never_share_a_reference() {
    let bench = Bench::new().await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..256 {
        let reference = bench.write(|tx| tx.next_concat_reference(&phone(1))).await;
        assert!(seen.insert(reference.to_le_bytes()[0]), "{reference}");
    }
    assert_eq!(bench.write(|tx| tx.next_concat_reference(&phone(2))).await, 1);
}
