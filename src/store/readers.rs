//! A small pool of read-only connections; readers never wait for the writer (WAL).

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::ReadTx;
use super::connection::open_reader;
use super::error::{ErrorKind, Result, StoreError};
use super::rulebook::Rulebooks;

/// Reads at once; more wait in line.
const CONNECTIONS: usize = 4;

#[derive(Clone)]
pub(super) struct Readers(Arc<Pool>);

struct Pool {
    path: PathBuf,
    places: Semaphore,
    idle: Mutex<Vec<Connection>>,
    rulebooks: Arc<Rulebooks>,
}

impl Readers {
    /// Connections are opened when first needed.
    pub(super) fn new(path: PathBuf, rulebooks: Arc<Rulebooks>) -> Self {
        let idle = Mutex::new(Vec::with_capacity(CONNECTIONS));
        Self(Arc::new(Pool { path, places: Semaphore::new(CONNECTIONS), idle, rulebooks }))
    }

    /// Runs `job` on one snapshot.
    pub(super) async fn run<T, F>(&self, job: F) -> Result<T>
    where
        F: FnOnce(&ReadTx<'_>) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let closed = |_| StoreError::new(ErrorKind::Closed, "the store is closed");
        let place = self.0.places.acquire().await.map_err(closed)?;
        let pool = self.0.clone();
        let outcome = tokio::task::spawn_blocking(move || {
            let conn = match pool.take() {
                Some(conn) => conn,
                None => open_reader(&pool.path)?,
            };
            // A connection whose job failed or panicked is dropped, not reused.
            conn.prepare_cached("BEGIN")?.execute([])?;
            let value = job(&ReadTx { conn: &conn, rulebooks: &pool.rulebooks })?;
            conn.prepare_cached("COMMIT")?.execute([])?;
            pool.put_back(conn);
            Ok(value)
        })
        .await;
        drop(place);
        outcome.unwrap_or_else(|_| Err(StoreError::new(ErrorKind::Panicked, "a read failed")))
    }

    /// Drops the connections; reads under way finish, later ones fail as closed.
    pub(super) fn close(&self) {
        self.0.places.close();
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Pool {
    fn take(&self) -> Option<Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn put_back(&self, conn: Connection) {
        if !self.places.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(conn);
        }
    }
}
