//! Texts on their way in: once, whole, in whatever order their segments come.

use simgate::store::{
    Concat, GroupStatus, Kind, MessageQuery, NewInbound, NewSegment, Recognised, Source,
    StoreError, WriteTx,
};
use simgate::types::{MessageId, MessageState, UnixTime};

use crate::store::{Bench, T0, at, person, phone, sim};

fn segment(bench: &Bench, bytes: &[u8], now: UnixTime) -> NewSegment {
    NewSegment {
        line: bench.line,
        tpdu: bytes.to_vec(),
        sender: Some(phone(1)),
        sender_raw: "+447700900001".into(),
        concat: None,
        scts: Some(now),
        stored: Some(("SM".into(), 7)),
        error: None,
        received_at: now,
    }
}

fn part(
    bench: &Bench,
    reference: u16,
    seq: u8,
    total: u8,
    bytes: &[u8],
    now: UnixTime,
) -> NewSegment {
    let concat = Some(Concat { reference, wide: false, total, seq });
    NewSegment { concat, ..segment(bench, bytes, now) }
}

fn inbound<'a>(
    new: &NewSegment,
    source: Source<'a>,
    text: &str,
    segments: u32,
    present: u32,
) -> NewInbound<'a> {
    NewInbound {
        line: new.line,
        source,
        sender: new.sender.clone(),
        text: text.into(),
        kind: Kind::Text,
        alphabet: Some("gsm7".into()),
        flash: false,
        segments,
        present,
        scts: new.scts,
        error: None,
        received_at: new.received_at,
    }
}

/// What the intake does: keep the segment, publish when whole. The "text" is the octets in hex.
fn accept(tx: &WriteTx<'_>, new: &NewSegment) -> simgate::store::Result<Option<MessageId>> {
    let Recognised::New(fresh) = tx.recognise(new)? else { return Ok(None) };
    if new.concat.is_none() {
        let whole = inbound(new, Source::Whole(fresh), "short", 1, 1);
        return tx.publish_inbound(&whole).map(|published| Some(published.message));
    }
    match tx.insert_part(fresh)? {
        (_, Some(group)) if group.is_complete() => publish(tx, new, group).map(Some),
        _ => Ok(None),
    }
}

fn publish(
    tx: &WriteTx<'_>,
    new: &NewSegment,
    group: GroupStatus,
) -> simgate::store::Result<MessageId> {
    let text: String =
        tx.group_parts(group.id)?.iter().map(|p| format!("{:02x}", p.tpdu[0])).collect();
    let whole =
        inbound(new, Source::Group(group.id), &text, group.total.into(), group.present.into());
    tx.publish_inbound(&whole).map(|published| published.message)
}

/// E142, D4: the same TPDU again, as after a crash between store and delete, is counted and nothing else.
#[tokio::test]
async fn the_same_tpdu_again_makes_no_second_message() {
    let bench = Bench::new().await;
    let first = segment(&bench, b"tpdu", T0);
    let mut again = segment(&bench, b"tpdu", at(86_400));
    again.stored = Some(("ME".into(), 1));
    let message = bench.write(move |tx| accept(tx, &first)).await.expect("a message");
    assert_eq!(bench.write(move |tx| accept(tx, &again)).await, None);
    let stored = bench.message(message).await;
    assert_eq!((stored.seen_count, stored.state), (2, MessageState::Received));
    let conversation = bench.store.read(|tx| tx.conversation_of(&phone(1))).await;
    assert_eq!(conversation.expect("read").expect("conversation").unread, 1);
    assert_eq!(bench.custody(message).await, ["read from SM slot 7", "committed"]);
}

/// D2: the key begins with the ICCID; two SIMs may get the same octets.
#[tokio::test]
async fn the_same_tpdu_to_two_sims_is_two_messages() {
    let bench = Bench::new().await;
    let other = bench.write(|tx| tx.upsert_line(&sim("8944000000000000002"), T0)).await;
    let here = segment(&bench, b"tpdu", T0);
    let there = NewSegment { line: other, ..here.clone() };
    assert!(bench.write(move |tx| accept(tx, &here)).await.is_some());
    assert!(bench.write(move |tx| accept(tx, &there)).await.is_some());
}

#[tokio::test]
async fn segments_in_any_order_and_repeated_make_one_message() {
    let bench = Bench::new().await;
    let mut made = vec![];
    for (seq, byte) in [(3, 0xC3), (1, 0xA1), (3, 0xC3), (2, 0xB2), (1, 0xA1)] {
        let new = part(&bench, 9, seq, 3, &[byte], at(i64::from(seq)));
        made.extend(bench.write(move |tx| accept(tx, &new)).await);
    }
    let [message] = made[..] else { panic!("{made:?}") };
    assert_eq!(bench.message(message).await.text, "a1b2c3");
}

/// reliability 1.3: same place, other bytes is another message under a reference used again.
#[tokio::test]
async fn a_reference_used_again_begins_another_message() {
    let bench = Bench::new().await;
    let mut made = vec![];
    for (seq, byte) in [(1, 0xA1), (1, 0xD1), (2, 0xD2), (2, 0xA2)] {
        let scts = if byte < 0xD0 { at(0) } else { at(600) };
        let mut new = part(&bench, 9, seq, 2, &[byte], at(700));
        new.scts = Some(scts);
        made.extend(bench.write(move |tx| accept(tx, &new)).await);
    }
    let [second, first] = made[..] else { panic!("{made:?}") };
    assert_eq!(bench.message(second).await.text, "d1d2");
    assert_eq!(bench.message(first).await.text, "a1a2");
}

#[tokio::test]
async fn a_group_takes_nothing_after_72_hours() {
    let bench = Bench::new().await;
    let (first, late) =
        (part(&bench, 9, 1, 2, &[1], T0), part(&bench, 9, 2, 2, &[2], at(72 * 3_600)));
    assert_eq!(bench.write(move |tx| accept(tx, &first)).await, None);
    assert_eq!(bench.write(move |tx| accept(tx, &late)).await, None);
    let open = bench.store.read(|tx| tx.unpublished_groups(at(80 * 3_600))).await.expect("read");
    assert_eq!(open.iter().map(|g| (g.present, g.total)).collect::<Vec<_>>(), [(1, 2), (1, 2)]);
}

/// reliability 1.3: published with gaps after ten minutes; the late segment updates that message.
#[tokio::test]
async fn a_message_shown_incomplete_is_completed_in_place_by_its_late_segment() {
    let bench = Bench::new().await;
    let (first, late) =
        (part(&bench, 9, 1, 2, &[0xA1], T0), part(&bench, 9, 2, 2, &[0xA2], at(900)));
    let shown = first.clone();
    bench.write(move |tx| accept(tx, &first)).await;
    let due = |seconds: i64| bench.store.read(move |tx| tx.unpublished_groups(at(seconds - 600)));
    assert!(due(599).await.expect("read").is_empty());
    let [group] = due(600).await.expect("read")[..] else { panic!("one group is due") };
    let message = bench.write(move |tx| publish(tx, &shown, group)).await;
    assert_eq!(bench.message(message).await.state, MessageState::Incomplete);
    assert!(bench.message(message).await.is_partial());
    let completed = bench.write(move |tx| accept(tx, &late)).await;
    assert_eq!(completed, Some(message));
    let whole = bench.message(message).await;
    assert_eq!((whole.state, whole.text.as_str()), (MessageState::Received, "a1a2"));
    let conversation = bench.store.read(|tx| tx.conversation_of(&phone(1))).await;
    assert_eq!(conversation.expect("read").expect("conversation").unread, 1);
}

/// reliability 1.3 point 6: what cannot be read is kept and shown, without a conversation.
#[tokio::test]
async fn an_undecodable_tpdu_is_kept_with_its_error_and_never_loops() {
    let bench = Bench::new().await;
    let mut poison = segment(&bench, b"\xFF\xFF", T0);
    (poison.sender, poison.error) = (None, Some("octet 1: address too long".into()));
    let again = poison.clone();
    let message = bench
        .write(move |tx| {
            let Recognised::New(fresh) = tx.recognise(&poison)? else { panic!("it is new") };
            let mut new = inbound(&poison, Source::Whole(fresh), "", 1, 1);
            (new.kind, new.error) = (Kind::Undecodable, poison.error.clone());
            tx.publish_inbound(&new).map(|published| published.message)
        })
        .await;
    let stored = bench.message(message).await;
    assert_eq!((stored.kind, stored.conversation), (Kind::Undecodable, None));
    assert_eq!(stored.error.map(|e| e.code).as_deref(), Some("undecodable"));
    let (count, of) = bench
        .write(move |tx| match tx.recognise(&again)? {
            Recognised::Again { count, message, .. } => Ok((count, message)),
            Recognised::New(_) => panic!("it was stored"),
        })
        .await;
    assert_eq!((count, of), (2, Some(message)));
    let bytes = bench.store.read(move |tx| tx.segments_of(message)).await.expect("read");
    assert_eq!(bytes[0].tpdu, b"\xFF\xFF");
}

#[tokio::test]
async fn a_silent_message_is_kept_but_not_shown() {
    let bench = Bench::new().await;
    let new = segment(&bench, b"silent", T0);
    bench
        .write(move |tx| {
            let Recognised::New(fresh) = tx.recognise(&new)? else { panic!("it is new") };
            let silent =
                NewInbound { kind: Kind::Silent, ..inbound(&new, Source::Whole(fresh), "", 1, 1) };
            tx.publish_inbound(&silent).map(|published| published.message)
        })
        .await;
    let list = |hidden_too| {
        let query = MessageQuery { hidden_too, ..MessageQuery::default() };
        bench.store.read(move |tx| tx.messages(&query))
    };
    assert_eq!(list(false).await.expect("read").len(), 0);
    assert_eq!(list(true).await.expect("read").len(), 1);
    let shown = bench.store.read(|tx| tx.conversations(&Default::default())).await;
    assert_eq!(shown.expect("read"), []);
}

/// Whatever is wrong with one text of a listing, the others are stored, and of it nothing is.
#[tokio::test]
async fn of_texts_that_come_together_only_what_fails_is_undone() {
    let bench = Bench::new().await;
    let texts: Vec<NewSegment> = (0..5).map(|n| segment(&bench, &[n], T0)).collect();
    let outcomes = bench
        .write(move |tx| {
            let outcomes = tx.attempt_each(&texts, |tx, text| {
                let message = accept(tx, text)?.expect("a message");
                let step = tx.attempt(|tx| {
                    tx.custody(message, T0, "half done", None)?;
                    match text.tpdu[0] {
                        1 => Err(StoreError::not_found("what the step needs")),
                        2 => panic!("the step is faulty"),
                        _ => Ok(()),
                    }
                });
                match text.tpdu[0] {
                    3 => Err(StoreError::not_found("what the text needs")),
                    _ => Ok((message, step.is_ok())),
                }
            });
            Ok(outcomes.into_iter().map(Result::ok).collect::<Vec<_>>())
        })
        .await;
    let steps: Vec<Option<bool>> = outcomes.iter().map(|o| o.map(|(_, step)| step)).collect();
    assert_eq!(steps, [Some(true), Some(false), Some(false), None, Some(true)]);
    for (message, step) in outcomes.into_iter().flatten() {
        let stations = bench.store.read(move |tx| tx.custody_of(message)).await.expect("read");
        assert_eq!(stations.iter().any(|station| station.event == "half done"), step);
        assert_eq!(bench.message(message).await.state, MessageState::Received);
    }
    let all = bench.store.read(|tx| tx.messages(&MessageQuery::default())).await.expect("read");
    assert_eq!(all.len(), 4, "nothing of the one that failed");
}

/// The full-text index writes down what it holds whenever a statement begins that may have to be
/// undone in part; among texts of one commit there is none.
#[tokio::test]
async fn texts_of_one_commit_are_one_piece_of_the_index() {
    let bench = Bench::new().await;
    bench.write(|tx| tx.create_user(&person("ann"), T0)).await;
    let from = |n: u8| NewSegment { sender: Some(phone(n.into())), ..segment(&bench, &[n], T0) };
    let texts: Vec<NewSegment> = (0..3).map(from).collect();
    let outcomes = bench.write(move |tx| Ok(tx.attempt_each(&texts, accept))).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(Some(_)))));
    let conn = rusqlite::Connection::open(bench.store.path()).expect("open");
    let pieces = "SELECT count(DISTINCT segid) FROM messages_fts_idx";
    let pieces: u32 = conn.query_row(pieces, [], |row| row.get(0)).expect("an index");
    assert_eq!(pieces, 1);
}
