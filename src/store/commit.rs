//! One transaction for all jobs of a batch, and its commit, with the journal beside it.
//!
//! Each job has a savepoint: one that fails or panics is rolled back alone. Nobody hears "done" before
//! the batch is committed.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::Notify;
use tokio::time::{Duration, Instant};

use super::connection::{open_writer, quick_check};
use super::error::{ErrorKind, Result, StoreError};
use super::journal::{Journal, Record, not_journalled};
use super::rulebook::Rulebooks;
use super::{ReadTx, WriteTx};

/// Jobs after which the writer looks how long the log is.
const LOOK_AFTER: usize = 8;
/// WAL pages after which the writer checkpoints between batches: 16 MiB. A checkpoint is two flushes of a
/// card for which everybody waits, and writes each page once, however often it changed.
const CHECKPOINT_PAGES: i64 = 8_000;
/// 64 MiB, twice that in a file of larger pages: a reader that never ends starves the checkpoint.
const WAL_ALARM_PAGES: i64 = 32_768;

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
pub(super) trait Job: Send {
    /// Runs inside the transaction and keeps the outcome; says whether it succeeded.
    fn run(&mut self, tx: &WriteTx<'_>) -> bool;
    /// Tells the caller, after the commit or with the reason why there was none.
    fn answer(self: Box<Self>, committed: Result<()>);
}

/// What moves to the blocking thread and back.
pub(super) struct Desk {
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

/// Asked with the number of jobs that have run: who else comes along?
pub(super) type More<'a> = &'a mut dyn FnMut(usize) -> VecDeque<Box<dyn Job>>;

/// What a batch was.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    pub(super) jobs: usize,
    /// The last one.
    pub(super) commit_took: Duration,
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
    pub(super) fn new(
        conn: Connection,
        path: PathBuf,
        journal: Option<Journal>,
        watch: Option<Watch>,
        rulebooks: Arc<Rulebooks>,
    ) -> Self {
        let (conn, deliveries) = (Some(conn), Arc::default());
        let (unchecked, alarmed, cut) = (0, false, None);
        Self { conn, path, unchecked, alarmed, journal, watch, rulebooks, deliveries, cut }
    }

    /// Rung after each commit that added a delivery.
    pub(super) fn deliveries(&self) -> Arc<Notify> {
        self.deliveries.clone()
    }

    /// The watch has ended it.
    pub(super) fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// Runs and commits all of `jobs` and who comes while they run, in one transaction unless SQLite
    /// ends one by itself (disk full): then its jobs have failed together and the rest get a new one.
    pub(super) fn batch(&mut self, jobs: VecDeque<Box<dyn Job>>, company: More<'_>) -> Served {
        let mut waiting = jobs;
        let mut served = Served::default();
        while !waiting.is_empty() {
            let mut ran = Vec::new();
            let outcome = match self.connected() {
                Ok(()) => self.transaction(&mut waiting, &mut ran, company, &mut served),
                Err(error) => Err(error),
            };
            let outcome = match outcome {
                Ok(Ended::Cut) => {
                    self.conn = None;
                    ran.extend(waiting);
                    self.cut = Some(ran);
                    return served;
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
            served.jobs += ran.len();
            for job in ran {
                job.answer(outcome.clone());
            }
        }
        self.unchecked += served.jobs;
        if self.unchecked >= LOOK_AFTER {
            self.unchecked = 0;
            self.checkpoint();
        }
        served
    }

    fn connected(&mut self) -> Result<()> {
        if self.conn.is_none() {
            let conn = open_writer(&self.path)?;
            quick_check(&conn)?;
            self.conn = Some(conn);
        }
        Ok(())
    }

    /// Moves jobs from `waiting` to `ran` and commits what succeeded. The journal is written first,
    /// since a record too many is recognised. Of a text that came nobody hears before its record is
    /// synced: until then the SIM has it and gives it again. The record of a submit is synced a moment
    /// later: the database holds it, and nothing that is rebuilt goes out again.
    fn transaction(
        &mut self,
        waiting: &mut VecDeque<Box<dyn Job>>,
        ran: &mut Vec<Box<dyn Job>>,
        company: More<'_>,
        served: &mut Served,
    ) -> Result<Ended> {
        let Some(conn) = &self.conn else { return Err(StoreError::closed()) };
        conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let notes = RefCell::default();
        // A savepoint copies every page that is changed after it; what one job alone has written is
        // undone with the transaction.
        let mut alone = waiting.len() == 1;
        while let Some(mut job) = waiting.pop_front() {
            let read = ReadTx { conn, rulebooks: &self.rulebooks };
            let tx = WriteTx { read, notes: &notes, undo: Cell::default() };
            let kept = match std::mem::take(&mut alone) {
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
            if waiting.is_empty() {
                waiting.extend(company(ran.len()));
            }
        }
        let notes = notes.into_inner();
        let journalled = self.journal.as_mut().map(|journal| journal.append(&notes.records));
        if self.watch.as_ref().is_some_and(|watch| watch(Moment::Before)) {
            let _ = conn.execute_batch("ROLLBACK");
            return Ok(Ended::Cut);
        }
        let began = Instant::now();
        let committed = conn.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
        served.commit_took = began.elapsed();
        if committed.is_err() && !conn.is_autocommit() {
            let _ = conn.execute_batch("ROLLBACK");
        }
        if let (Some(journal), Some(journalled)) = (&mut self.journal, journalled) {
            let synced =
                journalled.and_then(|syncing| syncing.map_or(Ok(()), |it| journal.end(it)));
            synced.unwrap_or_else(|error| not_journalled(&error));
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
            tracing::error!("a reader holds {WAL_ALARM_PAGES} pages of the write-ahead log open");
        }
        self.alarmed = alarm;
    }

    /// Syncs the journal and empties the WAL into the file.
    pub(super) fn close(&mut self) -> Result<()> {
        if let Some(journal) = &self.journal {
            journal.close();
        }
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
