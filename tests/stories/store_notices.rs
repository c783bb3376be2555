//! What many texts in a short time lead to, and what a wrong clock does not: notices, order, time.

use std::sync::Arc;

use serde_json::json;
use simgate::engine::Rules;
use simgate::store::{
    NewNotice, NotifiedUser, Organisation, Result, RuleText, Settled, StoreError, UserId, Way,
};
use simgate::types::{Class, MessageId, MessageState, Millis, UnixTime};

use crate::store::{Bench, T0, at, person, text_to};

/// Tells a user of a text; then all that is due.
async fn tell(
    bench: &Bench,
    user: UserId,
    message: MessageId,
    how: (&'static str, bool, bool),
    now: UnixTime,
) {
    let (channel, at_once, urgent) = how;
    bench
        .write(move |tx| {
            let payload = json!({ "channel": channel });
            let new = NewNotice { user, channel, at_once, urgent, message, payload: &payload };
            tx.add_notice(&new, now)
        })
        .await;
}

/// Notices that are due: of how many texts each speaks.
async fn due(bench: &Bench, now: UnixTime) -> Vec<u64> {
    bench
        .write(move |tx| {
            let mut told = Vec::new();
            for way in [Way::Mail, Way::Text] {
                while let Some(row) = tx.lease_delivery(way, now)? {
                    tx.finish_delivery(row.id, None, now)?;
                    told.push(row.payload["texts"].as_u64().unwrap_or(1));
                }
            }
            Ok(told)
        })
        .await
}

/// S81, E151: fifty texts in a minute are two notices; a general one waits for its batch; an urgent
/// one waits for nothing; SMS to one person are capped.
#[tokio::test]
async fn many_texts_are_few_notices() {
    let bench = Bench::new().await;
    let line = bench.line;
    let ann = bench.write(|tx| tx.create_user(&person("ann"), T0)).await;
    let text = bench.queue(text_to(line, 1, Class::Conversation), T0).await;
    for second in 0..50 {
        tell(&bench, ann, text, ("email", true, false), at(second)).await;
    }
    assert_eq!(due(&bench, at(49)).await, [1], "the first at once");
    assert_eq!(due(&bench, at(60)).await, [49], "the others at the end of the minute");
    for second in 100..110 {
        tell(&bench, ann, text, ("email", false, false), at(second)).await;
    }
    tell(&bench, ann, text, ("email", false, true), at(111)).await;
    assert_eq!(due(&bench, at(111)).await, [1], "only the urgent one");
    assert_eq!(due(&bench, at(1_800)).await, [10], "the batch");
    // One a minute, all through an hour.
    let hour = 2 * 3_600;
    for minute in 0..60 {
        tell(&bench, ann, text, ("sms", true, false), at(hour + 60 * minute)).await;
    }
    let told = due(&bench, at(hour + 2 * 3_600)).await;
    assert_eq!(told.iter().sum::<u64>(), 60, "none is lost: {told:?}");
    assert!(told.len() <= 13, "{told:?}");
}

/// E122: the time of idle claims is each line's own.
#[tokio::test]
async fn a_line_has_its_own_time_for_idle_claims() {
    let bench = Bench::new().await;
    let line = bench.line;
    let ann = bench.write(|tx| tx.create_user(&person("ann"), T0)).await;
    let text = bench.queue(text_to(line, 1, Class::Conversation), T0).await;
    let thread = bench.message(text).await.conversation.expect("a conversation");
    let idle = Millis::from_secs(12 * 3_600);
    bench
        .write(move |tx| {
            tx.claim(thread, ann, T0)?;
            assert_eq!(tx.release_idle(idle, at(3_600))?, []);
            let mut set = tx.line_settings(line)?.expect("the line");
            set.claims_idle = Some(30);
            tx.save_line_settings(line, &set, at(3_600))?;
            assert_eq!(tx.release_idle(idle, at(3_600))?, [thread]);
            assert_eq!(tx.notes(thread)?.len(), 1, "announced");
            Ok(())
        })
        .await;
}

/// E164: the clock jumps back after a text has gone: it does not go twice, nothing is lost, and the
/// order is that of the rows.
#[tokio::test]
async fn a_clock_that_jumps_back_sends_nothing_twice() {
    let bench = Bench::new().await;
    let line = bench.line;
    let later = simgate::store::NewMessage {
        send_at: Some(at(600)),
        ..text_to(line, 1, Class::Conversation)
    };
    let first = bench.queue(later, T0).await;
    let out = bench.lease_prepared(1, at(601)).await;
    assert_eq!(out.message, first);
    let segment = out.segments[0].id;
    bench
        .write(move |tx| {
            assert!(tx.stage_on_air(segment, at(602))?);
            tx.segment_accepted(segment, 1, at(603)).map(drop)
        })
        .await;
    let back = at(-3_600);
    assert_eq!(bench.lease(back).await, None);
    assert_eq!(bench.lease(at(601)).await, None, "the hour comes again");
    let second = bench.queue(text_to(line, 1, Class::Conversation), back).await;
    assert_eq!(bench.lease(back).await.map(|out| out.message), Some(second));
    assert_eq!(back.since(at(603)), Millis(0), "no negative spans");
    let all = bench.store.read(move |tx| tx.messages(&Default::default())).await.expect("read");
    assert_eq!(all.iter().map(|text| text.id).collect::<Vec<_>>(), [first, second]);
}

/// E166: a time that passed while the gateway was off: late within its validity, else expired, and a
/// person may send it all the same.
#[tokio::test]
async fn a_schedule_missed_while_off_is_sent_late_or_asked_about() {
    let bench = Bench::new().await;
    let line = bench.line;
    let planned = |valid: u64| simgate::store::NewMessage {
        send_at: Some(at(60)),
        valid_for: Some(Millis::from_secs(valid)),
        ..text_to(line, 1, Class::Conversation)
    };
    let short = bench.queue(planned(600), T0).await;
    let long = bench.queue(planned(7_200), T0).await;
    let expired = bench.write(|tx| tx.expire_outbound(at(3_600))).await;
    assert_eq!(expired, [short]);
    assert_eq!(bench.message(short).await.state, MessageState::Expired);
    assert_eq!(bench.lease(at(3_600)).await.map(|out| out.message), Some(long), "late");
    let again = bench.write(move |tx| tx.resend(short, at(3_700))).await;
    assert_eq!(again, Settled::Done(MessageState::Queued));
}

/// Rules are compiled once and anew after each change of one.
#[tokio::test]
async fn rules_are_compiled_once_for_each_change() {
    let bench = Bench::new().await;
    let line = bench.line;
    let rule = |word: &str| RuleText {
        name: word.to_owned(),
        enabled: true,
        order: 1,
        lines: Vec::new(),
        when: json!({ "words": [word] }),
        then: json!([{ "tag": "x" }]),
        goes_on: false,
    };
    let house = Organisation::default();
    bench
        .write(move |tx| {
            let id = tx.create_rule(&rule("one"), T0)?;
            let read = || tx.rulebook(line, &house).map(|rules| rules.keywords.clone());
            let (first, same) = (read()?, read()?);
            assert!(Arc::ptr_eq(&first, &same), "compiled once");
            tx.save_rule(id, &rule("two"), T0)?;
            let changed = read()?;
            assert_eq!((changed.len(), changed[0].name.as_str()), (1, "two"));
            tx.delete_rule(id, T0)?;
            assert_eq!(read()?.len(), 0);
            Ok(())
        })
        .await;
}

/// What is kept of the rules never outlives a change, whatever was changed, and not even one that was
/// taken back.
#[tokio::test]
async fn whatever_people_set_holds_for_the_very_next_text() {
    let bench = Bench::new().await;
    let line = bench.line;
    let house = Organisation::default();
    bench
        .write(move |tx| {
            let read = || -> Result<Arc<Rules>> { tx.rulebook(line, &house) };
            let before = read()?;
            assert!(Arc::ptr_eq(&before, &read()?), "read once");
            let ann = tx.create_user(&person("ann"), T0)?;
            assert_eq!(read()?.people.len(), before.people.len() + 1);
            tx.set_duty(ann, false, T0)?;
            assert!(read()?.people.iter().any(|person| person.off_duty));
            let mut set = tx.line_settings(line)?.expect("settings");
            set.help_contact = "01632 960001".to_owned();
            set.notified = vec![NotifiedUser {
                user: ann,
                sms: false,
                email: true,
                push: false,
                urgency: None,
            }];
            tx.save_line_settings(line, &set, T0)?;
            let saved = read()?;
            assert_eq!(saved.line.texts.help_contact, "01632 960001");
            assert_eq!(saved.line.notified.len(), 1);
            let taken_back: Result<()> = tx.attempt(|tx| {
                set.help_contact = "nobody".to_owned();
                tx.save_line_settings(line, &set, T0)?;
                assert_eq!(read()?.line.texts.help_contact, "nobody");
                Err(StoreError::not_found("a reason to go on"))
            });
            assert!(taken_back.is_err());
            assert_eq!(read()?.line.texts.help_contact, "01632 960001");
            let english = json!({ "language": "en", "opt_out": ["HALT"] });
            let packs = |rules: &Arc<Rules>| format!("{:?}", rules.packs);
            tx.set_pack("en", Some(english), T0)?;
            assert_ne!(packs(&read()?), packs(&saved));
            let elsewhere = Organisation { name: "Another".to_owned(), ..house.clone() };
            assert_eq!(tx.rulebook(line, &elsewhere)?.company, "Another");
            Ok(())
        })
        .await;
}
