//! The one writer: jobs that arrive while a commit runs share the next one (group commit).
//!
//! Each batch runs on a blocking thread, the connection moving there and back, so a slow card
//! never stalls the runtime. Each job has a savepoint: one that fails or panics is rolled back
//! alone. Nobody hears "done" before the batch is committed.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Duration, Instant};

use super::connection::{open_writer, quick_check};
use super::error::{ErrorKind, Result, StoreError};
use super::journal::{Journal, Record};
use super::rulebook::Rulebooks;
use super::{ReadTx, WriteTx};

/// Jobs that may wait; more callers wait in line for a place.
const WAITING: usize = 1_024;
/// Jobs in one commit at most: bounds the time to a busy caller's answer.
const BATCH: usize = 256;
/// Jobs after which the writer looks how long the log is.
const LOOK_AFTER: usize = 8;
/// A commit that takes longer is worth a moment's wait for company.
const SLOW: Duration = Duration::from_millis(4);
/// WAL pages after which the writer checkpoints between batches.
const CHECKPOINT_PAGES: i64 = 1_000;
/// 64 MiB of 4 KiB pages: a reader that never ends starves the checkpoint.
const WAL_ALARM_PAGES: i64 = 16_384;

/// The two sides of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Everything is written, nothing is committed.
    Before,
    /// It is committed, and nobody has heard so yet.
    After,
}

/// Asked at both sides of every commit; `true` ends the writer there and then, as a power cut would:
/// no caller hears anything more. How tests prove what a crash leaves behind.
pub type Watch = Arc<dyn Fn(Moment) -> bool + Send + Sync>;

/// What is done beside a transaction's rows, and only if they are committed.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// For the journal.
    pub(super) records: Vec<Record>,
    /// TPDUs whose records leave the journal, once their rows are gone.
    pub(super) forget: Vec<Vec<u8>>,
    /// Deliveries added: whoever carries them out is told.
    pub(super) deliveries: usize,
}

impl Notes {
    /// How much there is, to come back to.
    pub(super) fn mark(&self) -> (usize, usize, usize) {
        (self.records.len(), self.forget.len(), self.deliveries)
    }

    /// Forgets what came after `mark`: its rows were rolled back.
    pub(super) fn back_to(&mut self, (records, forget, deliveries): (usize, usize, usize)) {
        self.records.truncate(records);
        self.forget.truncate(forget);
        self.deliveries = deliveries;
    }
}

/// One caller's job, its outcome once it ran, and the caller.
trait Job: Send {
    /// Runs inside the transaction and keeps the outcome; says whether it succeeded.
    fn run(&mut self, tx: &WriteTx<'_>) -> bool;
    /// Tells the caller, after the commit or with the reason why there was none.
    fn answer(self: Box<Self>, committed: Result<()>);
}

struct Pending<T, F> {
    job: Option<F>,
    outcome: Option<Result<T>>,
    caller: oneshot::Sender<Result<T>>,
}

impl<T, F> Job for Pending<T, F>
where
    F: FnOnce(&WriteTx<'_>) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, tx: &WriteTx<'_>) -> bool {
        self.outcome = self.job.take().map(|job| job(tx));
        matches!(self.outcome, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let panicked =
            || StoreError::new(ErrorKind::Panicked, "the store refused a faulty request");
        let told = match (self.outcome, committed) {
            (Some(Err(own)), _) => Err(own),
            (_, Err(shared)) => Err(shared),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(panicked()),
        };
        // The caller may have gone away; its rows stay.
        let _ = self.caller.send(told);
    }
}

enum Message {
    Job(Box<dyn Job>),
    Close(oneshot::Sender<Result<()>>),
}

/// The callers' end.
#[derive(Clone)]
pub(super) struct Writer {
    messages: mpsc::Sender<Message>,
    deliveries: Arc<Notify>,
}

impl Writer {
    /// Starts the writer's task.
    pub(super) fn start(
        conn: Connection,
        path: PathBuf,
        journal: Option<Journal>,
        watch: Option<Watch>,
        rulebooks: Arc<Rulebooks>,
    ) -> Self {
        let (messages, receiver) = mpsc::channel(WAITING);
        let deliveries = Arc::<Notify>::default();
        let desk = Desk {
            conn: Some(conn),
            path,
            unchecked: 0,
            alarmed: false,
            journal,
            watch,
            rulebooks,
            deliveries: deliveries.clone(),
            cut: None,
        };
        tokio::spawn(serve(desk, receiver));
        Self { messages, deliveries }
    }

    /// A future that ends when a delivery was added and committed; it counts from its creation.
    pub(super) fn deliveries_added(&self) -> impl Future<Output = ()> + Send + 'static {
        self.deliveries.clone().notified_owned()
    }

    /// Runs `job` in the next batch and waits for its commit.
    pub(super) async fn run<T, F>(&self, job: F) -> Result<T>
    where
        F: FnOnce(&WriteTx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let (caller, answered) = oneshot::channel();
        let pending = Pending { job: Some(job), outcome: None, caller };
        self.messages.send(Message::Job(Box::new(pending))).await.map_err(|_| closed())?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Finishes what waits, empties the WAL into the file and ends.
    pub(super) async fn close(&self) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.messages.send(Message::Close(answer)).await.map_err(|_| closed())?;
        answered.await.unwrap_or_else(|_| Err(closed()))
    }
}

fn closed() -> StoreError {
    StoreError::new(ErrorKind::Closed, "the store is closed")
}

async fn serve(mut desk: Desk, mut receiver: mpsc::Receiver<Message>) {
    let mut messages = Vec::new();
    let mut company = Company::default();
    while receiver.recv_many(&mut messages, BATCH).await > 0 {
        company.gather(&mut messages, &mut receiver).await;
        let (mut jobs, mut closing) = (Vec::new(), None);
        for message in messages.drain(..) {
            match message {
                Message::Job(job) if closing.is_none() => jobs.push(job),
                Message::Job(late) => late.answer(Err(closed())),
                Message::Close(answer) => closing = Some(answer),
            }
        }
        let last = closing.is_some();
        let (count, began) = (jobs.len(), Instant::now());
        let work = move || {
            desk.batch(jobs);
            if let Some(answer) = closing {
                let _ = answer.send(desk.close());
            }
            desk
        };
        match tokio::task::spawn_blocking(work).await {
            Ok(returned) if returned.cut.is_some() => {
                // Whoever waits goes on waiting, as for a process that is gone.
                return std::future::pending().await;
            }
            Ok(returned) => desk = returned,
            Err(stopped) => {
                tracing::error!("the store's writer stopped: {stopped}");
                return;
            }
        }
        if last {
            return;
        }
        company = Company::after(count, began.elapsed(), receiver.len());
    }
}

/// Who is likely to come for the next commit. Modems that were answered together ask again within
/// moments, but not in the same one: on a slow card the first of them must not have a commit for
/// itself while the others wait.
#[derive(Default)]
struct Company {
    /// Those of the last commit, and those who came while it ran.
    expected: usize,
    /// How long they are waited for.
    pause: Duration,
}

impl Company {
    fn after(served: usize, took: Duration, waiting: usize) -> Self {
        let expected = served + waiting;
        match expected > 1 && took >= SLOW {
            true => Self { expected: expected.min(BATCH), pause: took / 3 },
            false => Self::default(),
        }
    }

    async fn gather(&self, messages: &mut Vec<Message>, receiver: &mut mpsc::Receiver<Message>) {
        let until = Instant::now() + self.pause;
        while messages.len() < self.expected {
            match tokio::time::timeout_at(until, receiver.recv()).await {
                Ok(Some(message)) => messages.push(message),
                Ok(None) | Err(_) => return,
            }
        }
    }
}

/// What moves to the blocking thread and back.
struct Desk {
    /// `None` after the disk failed: opened and checked anew before the next batch.
    conn: Option<Connection>,
    path: PathBuf,
    /// Jobs since the log's length was last looked at.
    unchecked: usize,
    alarmed: bool,
    /// The second copy; none where one is being rebuilt from it.
    journal: Option<Journal>,
    watch: Option<Watch>,
    rulebooks: Arc<Rulebooks>,
    /// Rung when a delivery was added.
    deliveries: Arc<Notify>,
    /// The jobs nobody will hear of: the watch has ended this writer.
    cut: Option<Vec<Box<dyn Job>>>,
}

/// How a transaction ended that did not fail.
enum Ended {
    Committed,
    /// Its only job failed, and nothing is left of it.
    Undone,
    /// The watch said so.
    Cut,
}

impl Desk {
    /// Runs and commits all of `jobs`, in one transaction unless SQLite ends one by itself
    /// (disk full): then its jobs have failed together and the rest get a new one.
    fn batch(&mut self, jobs: Vec<Box<dyn Job>>) {
        self.unchecked += jobs.len();
        let mut waiting = VecDeque::from(jobs);
        while !waiting.is_empty() {
            let mut ran = Vec::new();
            let outcome = match self.connected() {
                Ok(()) => self.transaction(&mut waiting, &mut ran),
                Err(error) => Err(error),
            };
            let outcome = match outcome {
                Ok(Ended::Cut) => {
                    self.conn = None;
                    ran.extend(waiting);
                    self.cut = Some(ran);
                    return;
                }
                Ok(Ended::Committed | Ended::Undone) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = &outcome {
                tracing::warn!(kind = ?error.kind, "a batch was not committed: {error}");
                // After a failed fsync the page cache lies; never retry on the same connection.
                if matches!(error.kind, ErrorKind::Io | ErrorKind::Corrupt) {
                    self.conn = None;
                }
                if ran.is_empty() {
                    ran.extend(waiting.drain(..));
                }
            }
            for job in ran {
                job.answer(outcome.clone());
            }
        }
        if self.unchecked >= LOOK_AFTER {
            self.unchecked = 0;
            self.checkpoint();
        }
    }

    fn connected(&mut self) -> Result<()> {
        if self.conn.is_none() {
            let conn = open_writer(&self.path)?;
            quick_check(&conn)?;
            self.conn = Some(conn);
        }
        Ok(())
    }

    /// Moves jobs from `waiting` to `ran` and commits what succeeded. The journal is written first
    /// and, on a slow card, synced beside the commit: a record too many is recognised,
    /// and of one too few nobody has heard, so that the SIM still has the text and gives it again.
    fn transaction(
        &mut self,
        waiting: &mut VecDeque<Box<dyn Job>>,
        ran: &mut Vec<Box<dyn Job>>,
    ) -> Result<Ended> {
        let Some(conn) = &self.conn else { return Err(closed()) };
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let notes = RefCell::default();
        // A savepoint copies every page that is changed after it; what one job alone has written is
        // undone with the transaction.
        let alone = waiting.len() == 1;
        while let Some(mut job) = waiting.pop_front() {
            let read = ReadTx { conn, rulebooks: &self.rulebooks };
            let tx = WriteTx { read, notes: &notes, undo: Cell::default() };
            let kept = match alone {
                true => run(&tx, job.as_mut()),
                false => run_in_savepoint(&tx, job.as_mut()).map(|()| true),
            };
            ran.push(job);
            match kept {
                Ok(true) => {}
                Ok(false) => {
                    conn.execute_batch("ROLLBACK")?;
                    return Ok(Ended::Undone);
                }
                Err(error) => {
                    let _ = conn.execute_batch("ROLLBACK");
                    return Err(error);
                }
            }
        }
        let notes = notes.into_inner();
        // A journal that cannot be written must not stop reception: the database is the truth.
        let journalled = self.journal.as_mut().map(|journal| journal.append(&notes.records));
        if self.watch.as_ref().is_some_and(|watch| watch(Moment::Before)) {
            let _ = conn.execute_batch("ROLLBACK");
            return Ok(Ended::Cut);
        }
        let committed = conn.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        if committed.is_err() && !conn.is_autocommit() {
            let _ = conn.execute_batch("ROLLBACK");
        }
        if let (Some(journal), Some(syncing)) = (&mut self.journal, journalled)
            && let Err(error) =
                syncing.and_then(|syncing| syncing.map_or(Ok(()), |s| journal.end(s)))
        {
            tracing::error!("the journal beside the database cannot be written: {error}");
        }
        committed?;
        if self.watch.as_ref().is_some_and(|watch| watch(Moment::After)) {
            return Ok(Ended::Cut);
        }
        if notes.deliveries > 0 {
            self.deliveries.notify_waiters();
        }
        if let Some(journal) = self.journal.as_mut().filter(|_| !notes.forget.is_empty())
            && let Err(error) = journal.forget(&notes.forget)
        {
            tracing::error!("what was erased is still in the journal: {error}");
        }
        Ok(Ended::Committed)
    }

    fn checkpoint(&mut self) {
        let Some(conn) = &self.conn else { return };
        let left = match wal_left(conn, "NOOP") {
            Ok(pages) if pages >= CHECKPOINT_PAGES => wal_left(conn, "PASSIVE"),
            fine => fine,
        };
        let alarm = match left {
            Ok(pages) => pages > WAL_ALARM_PAGES,
            Err(error) => {
                tracing::warn!("checkpoint failed: {error}");
                return;
            }
        };
        if alarm && !self.alarmed {
            tracing::error!("the write-ahead log passed 64 MiB: a reader holds it open");
        }
        self.alarmed = alarm;
    }

    fn close(&mut self) -> Result<()> {
        let Some(conn) = self.conn.take() else { return Ok(()) };
        wal_left(&conn, "TRUNCATE")?;
        conn.close().map_err(|(_, error)| error.into())
    }
}

/// Checkpoints in the given mode; pages of the log that are not yet in the file.
fn wal_left(conn: &Connection, mode: &str) -> Result<i64> {
    let mut checkpoint = conn.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?;
    Ok(checkpoint.query_row([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))?)
}

/// Runs one job; says whether it succeeded. An error here is the whole transaction's.
fn run(tx: &WriteTx<'_>, job: &mut dyn Job) -> Result<bool> {
    // A panic ends this job alone: its outcome stays empty and its rows are rolled back.
    let succeeded = catch_unwind(AssertUnwindSafe(|| job.run(tx))).unwrap_or(false);
    if tx.conn.is_autocommit() {
        let detail = "the disk is full or failing: the transaction ended";
        return Err(StoreError::new(ErrorKind::Full, detail));
    }
    Ok(succeeded)
}

/// Runs one job of several; its rows alone go when it does not succeed.
fn run_in_savepoint(tx: &WriteTx<'_>, job: &mut dyn Job) -> Result<()> {
    let (conn, notes) = (tx.conn, tx.notes);
    conn.prepare_cached("SAVEPOINT job")?.execute([])?;
    let mark = notes.borrow().mark();
    if !run(tx, job)? {
        notes.borrow_mut().back_to(mark);
        conn.execute_batch("ROLLBACK TO job")?;
    }
    conn.prepare_cached("RELEASE job")?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(tx: &WriteTx<'_>, pages: i64) -> Result<()> {
        Ok(tx.conn.pragma_update(None, "max_page_count", pages)?)
    }

    /// Fault 67: a full disk fails the write, not the writer; with room again it goes on.
    #[tokio::test]
    async fn a_full_disk_fails_the_write_and_the_writer_goes_on() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("t.db");
        let writer =
            Writer::start(open_writer(&path).expect("open"), path, None, None, Arc::default());
        writer.run(|tx| limit(tx, 200)).await.expect("limit");
        let big = "x".repeat(2_000_000);
        let again = big.clone();
        let full = writer.run(move |tx| tx.set_setting("big", &big)).await;
        assert_eq!(full.map_err(|e| e.kind), Err(ErrorKind::Full));
        assert!(writer.run(|tx| tx.set_setting("small", "x")).await.is_ok());
        assert_eq!(writer.run(|tx| tx.setting("big")).await.expect("read"), None);
        writer.run(|tx| limit(tx, 1_000_000)).await.expect("room again");
        assert!(writer.run(move |tx| tx.set_setting("big", &again)).await.is_ok());
    }

    /// Fault 86: another program holds the file; the write says so and the next one works.
    #[tokio::test]
    async fn a_file_that_another_program_holds_is_busy_not_lost() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("t.db");
        let writer = Writer::start(
            open_writer(&path).expect("open"),
            path.clone(),
            None,
            None,
            Arc::default(),
        );
        let impatient = |tx: &WriteTx<'_>| Ok(tx.conn.busy_timeout(std::time::Duration::ZERO)?);
        writer.run(impatient).await.expect("no patience in a test");
        let other = Connection::open(&path).expect("open");
        other.execute_batch("BEGIN IMMEDIATE").expect("lock");
        let busy = writer.run(|tx| tx.set_setting("a", "1")).await;
        assert_eq!(busy.map_err(|e| e.kind), Err(ErrorKind::Busy));
        other.execute_batch("ROLLBACK").expect("unlock");
        assert!(writer.run(|tx| tx.set_setting("a", "2")).await.is_ok());
    }

    /// reliability 1.2: the writer checkpoints by itself, so the log stays small.
    #[tokio::test]
    async fn the_write_ahead_log_stays_small_under_steady_load() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("t.db");
        let writer = Writer::start(
            open_writer(&path).expect("open"),
            path.clone(),
            None,
            None,
            Arc::default(),
        );
        for n in 0..40 {
            let value = "x".repeat(400_000);
            writer
                .run(move |tx| tx.set_setting(&format!("{}", n % 3), &value))
                .await
                .expect("write");
        }
        let log = std::fs::metadata(path.with_extension("db-wal")).expect("log").len();
        assert!(log < 8 * 1024 * 1024, "{log} octets");
    }
}
