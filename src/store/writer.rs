//! The one writer: jobs that arrive while a commit runs share the next one (group commit).
//!
//! The first job that comes takes the connection to a blocking thread, which goes on until nobody
//! waits, so a slow card never stalls the runtime, and a job wakes one thread, not two. What a
//! batch does is in `commit`.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::{Duration, Instant};

use super::WriteTx;
use super::commit::{Desk, Job, Served};
use super::error::{ErrorKind, Result, StoreError};

/// Jobs that may wait; more callers wait in line for a place.
const WAITING: usize = 1_024;
/// Jobs in one commit at most: bounds the time to a busy caller's answer.
const BATCH: usize = 256;
/// A commit that takes longer is worth a moment's wait for company.
const SLOW: Duration = Duration::from_millis(4);

/// A caller and what it asked for.
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

/// The callers' end.
#[derive(Clone)]
pub(super) struct Writer {
    queue: Arc<Queue>,
    deliveries: Arc<Notify>,
}

impl Writer {
    /// Takes the connection over.
    pub(super) fn new(desk: Desk) -> Self {
        let deliveries = desk.deliveries();
        let state = Mutex::new(State { desk: Whereabouts::Here(desk), ..State::default() });
        let places = Semaphore::new(WAITING);
        Self { queue: Arc::new(Queue { state, places, came: Condvar::new() }), deliveries }
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
        let place = self.queue.places.acquire().await.map_err(|_| StoreError::closed())?;
        let (caller, answered) = oneshot::channel();
        self.queue.put(Box::new(Pending { job: Some(job), outcome: None, caller }))?;
        // It is free again when the job is taken into a batch.
        place.forget();
        answered.await.unwrap_or_else(|_| Err(StoreError::closed()))
    }

    /// Finishes what waits, empties the WAL into the file and ends.
    pub(super) async fn close(&self) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.queue.close(answer)?;
        answered.await.unwrap_or_else(|_| Err(StoreError::closed()))
    }
}

/// Where callers and the thread that serves them meet.
struct Queue {
    state: Mutex<State>,
    /// Free places among those who wait.
    places: Semaphore,
    /// A job came that the thread waits for.
    came: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Box<dyn Job>>,
    desk: Whereabouts,
    company: Company,
    /// The thread waits for company.
    gathering: bool,
    /// Who closes the store, once what waits is done.
    closing: Option<oneshot::Sender<Result<()>>>,
}

/// Where the connection is.
#[derive(Default)]
enum Whereabouts {
    /// Nobody writes.
    Here(Desk),
    /// On a blocking thread, which looks for more before it lays it back.
    Serving,
    /// The watch has ended the writer: whoever waits goes on waiting, as for a process that is gone.
    Cut(#[expect(dead_code, reason = "holds the jobs that nobody is to hear of")] Desk),
    #[default]
    Closed,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(self: &Arc<Self>, job: Box<dyn Job>) -> Result<()> {
        let mut state = self.lock();
        if state.closing.is_some() || matches!(state.desk, Whereabouts::Closed) {
            return Err(StoreError::closed());
        }
        state.jobs.push_back(job);
        if state.gathering {
            self.came.notify_one();
        }
        self.serve(state);
        Ok(())
    }

    fn close(self: &Arc<Self>, answer: oneshot::Sender<Result<()>>) -> Result<()> {
        let mut state = self.lock();
        if state.closing.is_some() || matches!(state.desk, Whereabouts::Closed) {
            return Err(StoreError::closed());
        }
        state.closing = Some(answer);
        self.serve(state);
        Ok(())
    }

    /// Sees to it that a thread serves.
    fn serve(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        match std::mem::replace(&mut state.desk, Whereabouts::Serving) {
            Whereabouts::Here(desk) => {
                drop(state);
                let serving = Serving { queue: Arc::clone(self), desk: Some(desk) };
                // Who is about to ask at this very moment comes along.
                tokio::spawn(async { drop(tokio::task::spawn_blocking(|| serving.run())) });
            }
            elsewhere => state.desk = elsewhere,
        }
    }

    /// At most so many jobs of those who wait.
    fn take(&self, state: &mut State, most: usize) -> VecDeque<Box<dyn Job>> {
        let rest = state.jobs.split_off(most.min(state.jobs.len()));
        let jobs = std::mem::replace(&mut state.jobs, rest);
        self.places.add_permits(jobs.len());
        jobs
    }

    /// Who comes along with a batch of which `ran` jobs have run: those who wait now, or the next of those
    /// who are expected.
    fn more(&self, ran: usize) -> VecDeque<Box<dyn Job>> {
        let mut state = self.lock();
        let left = state.company.until.map(|until| until.saturating_duration_since(Instant::now()));
        if let Some(left) = left.filter(|_| ran < state.company.expected) {
            let nobody = |state: &mut State| state.jobs.is_empty() && state.closing.is_none();
            state.gathering = true;
            let waited = self.came.wait_timeout_while(state, left, nobody);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.gathering = false;
        }
        self.take(&mut state, BATCH.saturating_sub(ran))
    }
}

/// A thread that serves, with the connection in its hands.
struct Serving {
    queue: Arc<Queue>,
    /// None once it is laid back.
    desk: Option<Desk>,
}

impl Serving {
    fn run(mut self) {
        while let Some(jobs) = self.next() {
            let Some(desk) = &mut self.desk else { return };
            let served = desk.batch(jobs, &mut |ran| self.queue.more(ran));
            let mut state = self.queue.lock();
            if desk.is_cut() {
                state.desk = self.desk.take().map_or(Whereabouts::Closed, Whereabouts::Cut);
                return;
            }
            state.company = Company::after(served, state.jobs.len());
        }
    }

    /// The jobs of the next batch. None when nobody waits: the connection is laid back.
    fn next(&mut self) -> Option<VecDeque<Box<dyn Job>>> {
        let mut state = self.queue.lock();
        let jobs = self.queue.take(&mut state, BATCH);
        if !jobs.is_empty() {
            return Some(jobs);
        }
        let mut desk = self.desk.take()?;
        match state.closing.take() {
            None => state.desk = Whereabouts::Here(desk),
            Some(answer) => {
                state.desk = Whereabouts::Closed;
                drop(state);
                let _ = answer.send(desk.close());
            }
        }
        None
    }
}

impl Drop for Serving {
    /// A panic beside the jobs, or a runtime that ended before the thread began: whoever waits hears
    /// that the store is closed.
    fn drop(&mut self) {
        if self.desk.is_some() {
            let mut state = self.queue.lock();
            tracing::error!("the store's writer stopped");
            state.desk = Whereabouts::Closed;
            state.jobs.clear();
            state.closing = None;
            self.queue.places.close();
        }
    }
}

/// Who is likely to come for the next commit. Modems that were answered together ask again within
/// moments, but not in the same one: on a slow card the first of them must not have a commit for
/// itself while the others wait.
#[derive(Clone, Copy, Default)]
struct Company {
    /// Those of the last commit, and those who came while it ran.
    expected: usize,
    /// How long they are waited for.
    until: Option<Instant>,
}

impl Company {
    fn after(served: Served, waiting: usize) -> Self {
        let (expected, took) = (served.jobs + waiting, served.commit_took);
        match expected > 1 && took >= SLOW {
            true => Self { expected: expected.min(BATCH), until: Some(Instant::now() + took / 2) },
            false => Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rusqlite::Connection;

    use super::super::connection::open_writer;
    use super::*;

    fn writer_of(path: &Path) -> Writer {
        let conn = open_writer(path).expect("open");
        Writer::new(Desk::new(conn, path.to_owned(), None, None, Arc::default()))
    }

    fn limit(tx: &WriteTx<'_>, pages: i64) -> Result<()> {
        Ok(tx.conn.pragma_update(None, "max_page_count", pages)?)
    }

    /// Fault 67: a full disk fails the write, not the writer; with room again it goes on.
    #[tokio::test]
    async fn a_full_disk_fails_the_write_and_the_writer_goes_on() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("t.db");
        let writer = writer_of(&path);
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
        let writer = writer_of(&path);
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
        let writer = writer_of(&path);
        for n in 0..120 {
            let value = "x".repeat(400_000);
            writer
                .run(move |tx| tx.set_setting(&format!("{}", n % 3), &value))
                .await
                .expect("write");
        }
        let log = std::fs::metadata(path.with_extension("db-wal")).expect("log").len();
        assert!(log < 24 * 1024 * 1024, "{log} octets");
    }
}
