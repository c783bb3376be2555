//! The database under load, faults and power cuts; and the bench the other store stories stand on.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use simgate::store::{
    Enqueued, ErrorKind, FILE_NAME, LineId, Message, Moment, NewMessage, Outbound, Prepared,
    Profile, Result, Role, SeenSim, Store, StoreError, Watch, WriteTx,
};
use simgate::types::{Class, Iccid, MessageId, Number, UnixTime};
use tempfile::TempDir;

/// 2026-11-21T09:10:00Z; stories count from here.
pub const T0: UnixTime = UnixTime(1_795_252_200_000);

/// `T0` plus so many seconds.
pub fn at(seconds: i64) -> UnixTime {
    UnixTime(T0.0 + seconds * 1_000)
}

/// A real database in a temporary folder, with one line.
pub struct Bench {
    /// The database.
    pub store: Store,
    /// Its line.
    pub line: LineId,
    /// Its folder.
    pub dir: TempDir,
}

impl Bench {
    /// A fresh one.
    pub async fn new() -> Bench {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let store = Store::open(dir.path()).await.expect("open");
        let line = store.write(|tx| tx.upsert_line(&sim("8944000000000000001"), T0)).await;
        Bench { store, line: line.expect("line"), dir }
    }

    /// Runs a write that must succeed.
    pub async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&WriteTx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.store.write(job).await.expect("write")
    }

    /// Queues a text.
    pub async fn queue(&self, new: NewMessage, now: UnixTime) -> MessageId {
        match self.write(move |tx| tx.enqueue(&new, None, now)).await {
            Enqueued::New(message) => message,
            other => panic!("{other:?}"),
        }
    }

    /// Leases the next text.
    pub async fn lease(&self, now: UnixTime) -> Option<Outbound> {
        let line = self.line;
        self.write(move |tx| tx.lease_outbound(line, now)).await
    }

    /// Leases and segments the next text; its segments are on the air when `on_air`.
    pub async fn lease_prepared(&self, parts: u8, now: UnixTime) -> Outbound {
        let mut out = self.lease(now).await.expect("a text to send");
        if out.segments.is_empty() {
            let message = out.message;
            let tpdus = (1..=parts).map(|part| vec![0x01, part, message.0.to_le_bytes()[0]]);
            let prepared = Prepared { alphabet: "gsm7".into(), tpdus: tpdus.collect() };
            let leased = out.clone();
            out.segments = self.write(move |tx| tx.prepare(&leased, &prepared)).await;
        }
        out
    }

    /// The message as stored.
    pub async fn message(&self, id: MessageId) -> Message {
        self.store.read(move |tx| tx.message(id)).await.expect("read").expect("a message")
    }

    /// The words of its custody.
    pub async fn custody(&self, id: MessageId) -> Vec<String> {
        let stations = self.store.read(move |tx| tx.custody_of(id)).await.expect("read");
        stations.into_iter().map(|station| station.event).collect()
    }
}

/// A SIM card.
pub fn sim(iccid: &str) -> SeenSim {
    SeenSim { iccid: Iccid::parse(iccid), operator: Some("Test Net".into()), ..SeenSim::default() }
}

/// +44 7700 900 and three digits.
pub fn phone(n: u16) -> Number {
    Number::E164(format!("+447700900{n:03}"))
}

/// A text to `phone(to)`.
pub fn text_to(line: LineId, to: u16, class: Class) -> NewMessage {
    NewMessage {
        line,
        to: phone(to),
        text: "hello".into(),
        class,
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

fn copy_as_after_a_power_cut(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let name = format!("{FILE_NAME}{suffix}");
        std::fs::copy(from.join(&name), to.join(&name)).expect("copy");
    }
}

#[tokio::test]
async fn jobs_that_wait_together_share_a_commit_and_each_hears_its_own_outcome() {
    let bench = Bench::new().await;
    let jobs = (0..300_i64).map(|n| {
        bench.store.write(move |tx| {
            tx.set_setting(&format!("key {n}"), "value")?;
            if n % 7 == 3 {
                return Err(StoreError::new(ErrorKind::Constraint, "not this one"));
            }
            Ok(n)
        })
    });
    let log = bench.dir.path().join(format!("{FILE_NAME}-wal"));
    let pages = || std::fs::metadata(&log).map_or(0, |m| m.len() / 2_048);
    let before = pages();
    let outcomes = futures_util::future::join_all(jobs).await;
    assert!(pages() - before < 100, "300 commits would write 300 pages at least");
    for (n, outcome) in (0..).zip(outcomes) {
        let key = format!("key {n}");
        let stored = bench.store.read(move |tx| tx.setting(&key)).await.expect("read");
        assert_eq!(outcome.is_ok(), n % 7 != 3, "{n}");
        assert_eq!(stored.is_some(), n % 7 != 3, "{n}: a job that fails leaves nothing");
    }
}

/// Fault 81: a panic in one job is that caller's error and nobody else's.
#[tokio::test]
async fn a_job_that_panics_is_rolled_back_alone_and_the_writer_goes_on() {
    let bench = Bench::new().await;
    let (faulty, fine) = tokio::join!(
        bench.store.write(|tx| {
            tx.set_setting("faulty", "x")?;
            if tx.setting("faulty")?.is_some() {
                panic!("planted by the test");
            }
            Ok(())
        }),
        bench.store.write(|tx| tx.set_setting("fine", "x")),
    );
    assert_eq!(faulty.map_err(|e| e.kind), Err(ErrorKind::Panicked));
    assert!(fine.is_ok());
    let read = bench.store.read(|tx| Ok((tx.setting("faulty")?, tx.setting("fine")?))).await;
    assert_eq!(read.expect("read"), (None, Some("x".into())));
}

/// reliability 1.2: who comes while a commit is being made comes along, and has no fsync of its own.
#[tokio::test]
async fn who_comes_while_a_commit_is_made_comes_along() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let commits = Arc::<AtomicUsize>::default();
    let counted = commits.clone();
    let watch: Watch = Arc::new(move |moment| {
        counted.fetch_add(usize::from(moment == Moment::After), Ordering::Relaxed);
        false
    });
    let store = Store::open_watched(dir.path(), watch).await.expect("open");
    let (go_on, waits) = std::sync::mpsc::channel();
    let before = commits.load(Ordering::Relaxed);
    let mut first = Box::pin(store.write(move |tx| {
        waits.recv().expect("the second one has come");
        tx.set_setting("first", "1")
    }));
    let mut second = Box::pin(store.write(|tx| tx.set_setting("second", "2")));
    // Both are asked for now, and neither is done: the first waits for the second.
    assert!((&mut first).now_or_never().is_none());
    tokio::task::yield_now().await;
    assert!((&mut second).now_or_never().is_none());
    go_on.send(()).expect("the first one listens");
    let (first, second) = tokio::join!(first, second);
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(commits.load(Ordering::Relaxed) - before, 1);
}

/// Fault 66: whatever a caller was told is there after the power comes back.
#[tokio::test]
async fn what_was_answered_survives_a_power_cut_at_any_commit() {
    let bench = Bench::new().await;
    let cut = tempfile::tempdir().expect("a temporary folder");
    for n in 0..20_i64 {
        let line = bench.line;
        let message = bench.queue(text_to(line, 1, Class::Conversation), at(n)).await;
        copy_as_after_a_power_cut(bench.dir.path(), cut.path());
        let after = Store::open(cut.path()).await.expect("opens after the cut");
        let found = after.read(move |tx| tx.message(message)).await.expect("read");
        assert!(found.is_some(), "message {message} was answered and is gone");
        after.close().await.expect("close");
    }
}

/// Fault 83: closing empties the write-ahead log; later writes say that it is closed.
#[tokio::test]
async fn a_closed_store_is_one_file_and_takes_nothing_more() {
    let bench = Bench::new().await;
    bench.write(|tx| tx.set_setting("a", "b")).await;
    bench.store.close().await.expect("close");
    let wal = bench.dir.path().join(format!("{FILE_NAME}-wal"));
    assert!(!wal.exists() || std::fs::metadata(&wal).expect("metadata").len() == 0);
    let late = bench.store.write(|tx| tx.set_setting("a", "c")).await;
    assert_eq!(late.map_err(|e| e.kind), Err(ErrorKind::Closed));
    let again = Store::open(bench.dir.path()).await.expect("open again");
    let kept = again.read(|tx| tx.setting("a")).await.expect("read");
    assert_eq!(kept.as_deref(), Some("b"));
}

/// Fault 87: the refusal comes before a byte is written.
#[tokio::test]
async fn a_database_from_a_newer_version_is_left_as_it_is() {
    let bench = Bench::new().await;
    bench.store.close().await.expect("close");
    let path = bench.dir.path().join(FILE_NAME);
    let conn = rusqlite::Connection::open(&path).expect("open");
    conn.pragma_update(None, "user_version", 999).expect("pragma");
    drop(conn);
    let before = std::fs::read(&path).expect("read");
    let refused = Store::open(bench.dir.path()).await.map(|_| ()).expect_err("newer");
    assert_eq!(refused.kind, ErrorKind::Newer);
    assert_eq!(std::fs::read(&path).expect("read"), before);
}

/// Fault 72: a damaged file is named as such, with what to do.
#[tokio::test]
async fn a_damaged_database_is_refused_with_what_to_do() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(dir.path().join(FILE_NAME), [0x55; 8_192]).expect("write");
    let refused = Store::open(dir.path()).await.map(|_| ()).expect_err("damaged");
    assert_eq!(refused.kind, ErrorKind::Corrupt);
    assert!(refused.to_string().contains("backup"), "{refused}");
}

/// Pages stay readable while a slow card takes its time over a commit (fault 71).
#[tokio::test]
async fn a_reader_sees_the_last_commit_while_a_write_is_under_way() {
    let bench = Bench::new().await;
    bench.write(|tx| tx.set_setting("a", "1")).await;
    let (inside, release) = std::sync::mpsc::channel::<()>();
    let writing = bench.store.clone();
    let write = tokio::spawn(async move {
        writing
            .write(move |tx| {
                tx.set_setting("a", "2")?;
                release.recv().ok();
                Ok(())
            })
            .await
    });
    let seen = bench.store.read(|tx| tx.setting("a")).await.expect("read");
    assert_eq!(seen.as_deref(), Some("1"));
    inside.send(()).expect("the write waits");
    write.await.expect("join").expect("write");
    let seen = bench.store.read(|tx| tx.setting("a")).await.expect("read");
    assert_eq!(seen.as_deref(), Some("2"));
}

/// One of ours who signs in.
pub fn person(first: &str) -> Profile {
    Profile {
        first_name: first.to_owned(),
        last_name: String::new(),
        email: format!("{first}@example.org"),
        phone: None,
        role: Role::Agent,
        active: true,
        duty: true,
        team: None,
    }
}
