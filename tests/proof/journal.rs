//! The database is gone; the journal beside it is not.

use simgate::app::rebuild;
use simgate::store::{self, MessageQuery, Store};
use simgate::types::{Direction, MessageState, Millis, UnixTime};

use crate::whole::Whole;

/// Fault 72: received texts come back word for word, once, and what was sent comes back with what
/// its reports tell; nobody is answered again.
#[tokio::test(start_paused = true)]
async fn a_destroyed_database_is_rebuilt_from_the_journal() {
    let mut whole = Whole::new(&["generic"]);
    whole.start().await;
    whole.pass(Millis(2_000)).await;
    whole.receive(0, 1);
    whole.receive(0, 3);
    whole.send(0, 2, true).await;
    whole.send(0, 1, false).await;
    whole.pass(Millis::from_secs(30)).await;
    whole.calm().await.expect("nothing went wrong");
    let folder = whole.folder();
    let before = told(folder).await;

    let database = folder.join(store::FILE_NAME);
    std::fs::write(&database, b"not a database any more").expect("written");
    assert!(store::check(folder).is_err());
    let journal = store::read_journal(folder).expect("readable");
    assert!(journal.damaged.is_empty() && journal.torn.is_empty());
    let aside = store::set_aside(folder, "damaged", UnixTime(1)).expect("renamed");
    assert!(aside.is_some_and(|aside| aside.exists()));

    let store = Store::open_without_journal(folder).await.expect("a fresh one");
    let rebuilt = rebuild(&store, journal.records.clone(), true, None).await.expect("rebuilt");
    assert_eq!((rebuilt.sent, rebuilt.left_out), (2, 0));
    let again = rebuild(&store, journal.records, false, None).await.expect("once more");
    assert_eq!(again.received, 0, "what is there already changes nothing");
    store.close().await.expect("closed");
    let mut after = told(folder).await;
    // Without a report nobody knows; the network's word is all that is left of a sending.
    let sent = after.iter_mut().find(|(_, state, _)| *state == MessageState::Unknown);
    sent.expect("the one without a report").1 = MessageState::Sent;
    assert_eq!(after, before);
}

/// Faults 66 and 72: a power cut between the commit of a submit and the sync of its record takes that record,
/// and the database is lost as well. That text is missing then; nothing leaves twice.
#[tokio::test(start_paused = true)]
async fn a_submit_that_a_power_cut_took_from_the_journal_is_missing_and_not_sent_again() {
    let mut whole = Whole::new(&["generic"]);
    whole.start().await;
    whole.pass(Millis(2_000)).await;
    whole.send(0, 2, true).await;
    whole.send(0, 1, true).await;
    whole.calm().await.expect("nothing went wrong");
    let left = |whole: &Whole| whole.modems.with(|world| world.submitted(0, 0).count());
    assert_eq!(left(&whole), 3);

    let folder = whole.folder();
    let mut records = store::read_journal(folder).expect("readable").records;
    let submit = |record: &store::JournalRecord| record.entry == store::JournalEntry::Submitting;
    records.remove(records.iter().rposition(submit).expect("a submit"));
    store::set_aside(folder, "lost", UnixTime(1)).expect("renamed");
    let store = Store::open_without_journal(folder).await.expect("a fresh one");
    let rebuilt = rebuild(&store, records, true, None).await.expect("rebuilt");
    store.close().await.expect("closed");
    assert_eq!((rebuilt.sent, rebuilt.left_out), (1, 0));

    whole.start().await;
    whole.pass(Millis::from_secs(600)).await;
    assert_eq!(left(&whole), 3, "nothing that came back is sent");
}

/// `backup` and `restore`; fault 91: what waited then may have left since.
#[tokio::test(start_paused = true)]
async fn a_backup_is_checked_and_its_queue_is_held_when_it_is_put_back() {
    let mut whole = Whole::new(&["generic"]);
    whole.start().await;
    whole.pass(Millis(2_000)).await;
    whole.receive(0, 1);
    whole.pass(Millis::from_secs(20)).await;
    whole.modems.with(|world| world.pull(0)).expect("pulled");
    whole.pass(Millis::from_secs(20)).await;
    whole.send(0, 1, false).await;
    let backup = whole.folder().join("backup.db");
    let copied = store::back_up(whole.folder(), &backup).expect("copied while it runs");
    assert_eq!(copied.messages, 2);
    whole.calm().await.expect("it is sent later");

    let back = store::restore(whole.folder(), &backup, UnixTime(2)).expect("put back");
    assert_eq!(back.messages, 2);
    let states: Vec<_> =
        told(whole.folder()).await.into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(states, [MessageState::Held, MessageState::Received]);
    let damaged = whole.folder().join("damaged.db");
    std::fs::write(&damaged, b"no backup").expect("written");
    assert!(store::restore(whole.folder(), &damaged, UnixTime(3)).is_err());
    assert!(store::check(whole.folder()).is_ok(), "what was there is untouched");
}

async fn told(folder: &std::path::Path) -> Vec<(Direction, MessageState, String)> {
    let store = Store::open(folder).await.expect("a database");
    let query = MessageQuery { hidden_too: true, limit: 500, ..MessageQuery::default() };
    let all = store.read(move |tx| tx.messages(&query)).await.expect("readable");
    store.close().await.expect("closed");
    let mut told: Vec<_> = all.into_iter().map(|m| (m.direction, m.state, m.text)).collect();
    told.sort_by_key(|(direction, _, text)| (*direction == Direction::In, text.clone()));
    told
}
