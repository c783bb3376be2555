//! The laws of the queue, against a model that is too slow to use and too short to be wrong.

use proptest::prelude::*;
use simgate::store::Refusal;
use simgate::types::{Class, MessageId, MessageState, UnixTime};

use crate::store::{Bench, T0, text_to};

#[derive(Clone, Debug)]
enum Step {
    Queue { to: u16, class: usize },
    Send(Outcome),
    Wait(i64),
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Accepted,
    RefusedForNow,
    RefusedForGood,
    Unknown,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        4 => Just(Outcome::Accepted), 2 => Just(Outcome::RefusedForNow),
        1 => Just(Outcome::RefusedForGood), 1 => Just(Outcome::Unknown),
    ];
    prop_oneof![
        3 => (0_u16..3, 0..Class::ALL.len()).prop_map(|(to, class)| Step::Queue { to, class }),
        3 => outcome.prop_map(Step::Send),
        1 => (1_i64..4_000).prop_map(Step::Wait),
    ]
}

/// A waiting text of the model.
#[derive(Clone, Debug)]
struct Waiting {
    id: MessageId,
    to: u16,
    rank: usize,
    due: UnixTime,
    until: UnixTime,
    attempts: u32,
}

const BY_RANK: [Class; 6] =
    [Class::Otp, Class::Alert, Class::Consent, Class::Conversation, Class::Auto, Class::Marketing];

/// By class, then first come; behind every text to the same recipient that goes before.
fn expected(queue: &[Waiting], now: UnixTime) -> Option<MessageId> {
    let mut live: Vec<&Waiting> = queue.iter().filter(|w| w.until > now).collect();
    live.sort_by_key(|w| (w.rank, w.id));
    let blocked =
        |w: &Waiting| live.iter().any(|p| p.to == w.to && (p.rank, p.id) < (w.rank, w.id));
    live.iter().find(|w| w.due <= now && !blocked(w)).map(|w| w.id)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_leases_what_the_model_says(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Runtime::new().expect("runtime");
        runtime.block_on(run(steps));
    }
}

async fn run(steps: Vec<Step>) {
    let bench = Bench::new().await;
    let (mut queue, mut now): (Vec<Waiting>, UnixTime) = (vec![], T0);
    for step in steps {
        match step {
            Step::Wait(seconds) => now = UnixTime(now.0 + seconds * 1_000),
            Step::Queue { to, class } => {
                let class = Class::ALL[class];
                let id = bench.queue(text_to(bench.line, to, class), now).await;
                let rank = BY_RANK.iter().position(|c| *c == class).expect("a class");
                let until = now.after(simgate::store::default_validity(class));
                queue.push(Waiting { id, to, rank, due: now, until, attempts: 0 });
            }
            Step::Send(outcome) => send(&bench, &mut queue, outcome, now).await,
        }
    }
}

async fn send(bench: &Bench, queue: &mut Vec<Waiting>, outcome: Outcome, now: UnixTime) {
    let next = expected(queue, now);
    if next.is_none() {
        assert_eq!(bench.lease(now).await, None);
        return;
    }
    let out = bench.lease_prepared(1, now).await;
    assert_eq!(Some(out.message), next);
    let other = bench.lease(now).await;
    assert!(other.is_none_or(|other| other.to != out.to), "two at once to one recipient");
    bench.write(|tx| tx.resume(None, T0)).await;
    let out = bench.lease_prepared(1, now).await;
    let segment = out.segments[0].id;
    assert!(bench.write(move |tx| tx.stage_on_air(segment, now)).await);
    let place = queue.iter().position(|w| w.id == out.message).expect("in the model");
    let state = bench
        .write(move |tx| {
            let (code, detail) = ("code".to_owned(), "detail".to_owned());
            match outcome {
                Outcome::Accepted => tx.segment_accepted(segment, 1, now),
                Outcome::Unknown => tx.segment_unknown(segment, "no answer", now),
                Outcome::RefusedForGood => {
                    tx.segment_refused(segment, &Refusal::ForGood { code, detail }, now)
                }
                Outcome::RefusedForNow => {
                    let refusal = Refusal::ForNow { code, detail, jitter_permille: 0 };
                    tx.segment_refused(segment, &refusal, now)
                }
            }
        })
        .await;
    let expected_state = match outcome {
        Outcome::Accepted => MessageState::Sent,
        Outcome::Unknown => MessageState::Unknown,
        Outcome::RefusedForGood => MessageState::Failed,
        Outcome::RefusedForNow => MessageState::Queued,
    };
    assert_eq!(state, expected_state);
    if matches!(outcome, Outcome::RefusedForNow) {
        let waiting = &mut queue[place];
        waiting.attempts += 1;
        waiting.due = now.after(simgate::store::backoff(waiting.attempts, 0));
    } else {
        queue.remove(place);
    }
}
