//! A part of a transaction that may fail alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::WriteTx;
use super::error::{ErrorKind, Result, StoreError};

/// What undoes a part of a transaction that fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Undo {
    /// A savepoint of its own.
    #[default]
    Part,
    /// The savepoint of the whole that it is a part of.
    Whole,
    /// As before, and a part has failed: the whole must go.
    Due,
}

impl WriteTx<'_> {
    /// Runs `act`; when it fails or panics, what it wrote is undone and the rest of the transaction
    /// goes on. For what must never keep a received text from being stored.
    pub fn attempt<T>(&self, act: impl FnOnce(&WriteTx<'_>) -> Result<T>) -> Result<T> {
        if self.undo.get() != Undo::Part {
            let done = self.caught(act);
            if done.is_err() {
                self.undo.set(Undo::Due);
            }
            return done;
        }
        // SQLite ends a transaction by itself when the disk fails; a savepoint would begin another.
        if self.conn.is_autocommit() {
            return Err(StoreError::new(ErrorKind::Full, "the transaction has ended"));
        }
        let mark = self.notes.borrow().mark();
        self.conn.prepare_cached("SAVEPOINT attempt")?.execute([])?;
        let done = self.caught(act);
        if done.is_err() {
            self.notes.borrow_mut().back_to(mark);
            self.conn.prepare_cached("ROLLBACK TO attempt")?.execute([])?;
        }
        self.conn.prepare_cached("RELEASE attempt")?.execute([])?;
        done
    }

    /// Attempts `act` on each of `items`, in order. One that fails is undone alone.
    ///
    /// All goes well nearly always, so the first try is made under one savepoint: at each savepoint the
    /// full-text index writes down the words it holds, which costs more than the text they are from.
    /// Only when something fails is all of it undone and done once more, each item for itself.
    pub fn attempt_each<I, T>(
        &self,
        items: &[I],
        act: impl Fn(&WriteTx<'_>, &I) -> Result<T>,
    ) -> Vec<Result<T>> {
        if self.undo.get() == Undo::Part {
            let all = self.attempt(|tx| {
                tx.undo.set(Undo::Whole);
                let all = items.iter().map(|item| act(tx, item)).collect::<Result<Vec<T>>>()?;
                match tx.undo.get() {
                    Undo::Due => Err(StoreError::new(ErrorKind::Bug, "a part of it has failed")),
                    Undo::Part | Undo::Whole => Ok(all),
                }
            });
            self.undo.set(Undo::Part);
            if let Ok(all) = all {
                return all.into_iter().map(Ok).collect();
            }
        }
        items.iter().map(|item| self.attempt(|tx| act(tx, item))).collect()
    }

    fn caught<T>(&self, act: impl FnOnce(&WriteTx<'_>) -> Result<T>) -> Result<T> {
        catch_unwind(AssertUnwindSafe(|| act(self))).unwrap_or_else(|_| {
            Err(StoreError::new(ErrorKind::Panicked, "a step of it ended in a panic"))
        })
    }
}
