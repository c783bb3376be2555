//! A part of a transaction that may fail alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::WriteTx;
use super::error::{ErrorKind, Result, StoreError};

impl WriteTx<'_> {
    /// Runs `act`; when it fails or panics, what it wrote is undone and the rest of the transaction
    /// goes on. For what must never keep a received text from being stored.
    pub fn attempt<T>(&self, act: impl FnOnce(&WriteTx<'_>) -> Result<T>) -> Result<T> {
        let mark = self.notes.borrow().mark();
        self.conn.prepare_cached("SAVEPOINT attempt")?.execute([])?;
        let done = catch_unwind(AssertUnwindSafe(|| act(self)));
        let done = done.unwrap_or_else(|_| {
            Err(StoreError::new(ErrorKind::Panicked, "a step of it ended in a panic"))
        });
        if done.is_err() {
            self.notes.borrow_mut().back_to(mark);
            self.conn.prepare_cached("ROLLBACK TO attempt")?.execute([])?;
        }
        self.conn.prepare_cached("RELEASE attempt")?.execute([])?;
        done
    }
}
