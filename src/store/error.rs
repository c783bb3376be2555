//! Why the store could not do it, in kinds that callers can act on.

use std::fmt;
use std::sync::Arc;

use rusqlite::ErrorCode;

/// What a store call gives back.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A failed read or write. Cheap to clone: one failed commit is told to every job of its batch.
#[derive(Clone, Debug)]
pub struct StoreError {
    /// What the caller may do about it.
    pub kind: ErrorKind,
    detail: String,
    source: Option<Arc<rusqlite::Error>>,
}

/// The kinds of [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// No space left: the SIM is the buffer now; never delete there.
    Full,
    /// The file system or file cannot be written.
    ReadOnly,
    /// Another program holds the file.
    Busy,
    /// The file is damaged or no database.
    Corrupt,
    /// The disk failed. The connection is opened anew before the next write.
    Io,
    /// The row would break a rule of the schema.
    Constraint,
    /// There is no such row.
    NotFound,
    /// The database was written by a newer version.
    Newer,
    /// The job panicked; it alone was rolled back.
    Panicked,
    /// The store is closed.
    Closed,
    /// Anything else: our mistake.
    Bug,
}

impl StoreError {
    /// An error of our own, not of SQLite.
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), source: None }
    }

    /// Whether what was asked for is at fault and not the disk: it would fail again, and something else
    /// need not.
    pub fn is_of_the_job(&self) -> bool {
        use ErrorKind::*;
        matches!(self.kind, Constraint | NotFound | Panicked | Bug)
    }

    /// The writer has ended.
    pub(super) fn closed() -> Self {
        Self::new(ErrorKind::Closed, "the store is closed")
    }

    /// A row that is not there.
    pub fn not_found(what: impl fmt::Display) -> Self {
        Self::new(ErrorKind::NotFound, format!("there is no {what}"))
    }
}

/// The one table from SQLite's codes to our kinds.
fn kind_of(error: &rusqlite::Error) -> ErrorKind {
    use rusqlite::Error::*;
    match error {
        QueryReturnedNoRows => ErrorKind::NotFound,
        SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => ErrorKind::Full,
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => ErrorKind::ReadOnly,
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => ErrorKind::Busy,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => ErrorKind::Corrupt,
            ErrorCode::SystemIoFailure | ErrorCode::CannotOpen => ErrorKind::Io,
            ErrorCode::ConstraintViolation => ErrorKind::Constraint,
            _ => ErrorKind::Bug,
        },
        _ => ErrorKind::Bug,
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let kind = kind_of(&error);
        let detail = match kind {
            ErrorKind::Full => {
                "the disk is full: free some space, nothing is lost meanwhile".into()
            }
            ErrorKind::ReadOnly => "the data folder cannot be written".into(),
            ErrorKind::Busy => "another program holds the database".into(),
            ErrorKind::Corrupt => {
                "the database is damaged: keep the file and restore the last backup".into()
            }
            ErrorKind::NotFound => "there is no such row".into(),
            // SQLite's own texts name tables and columns, never values.
            _ => error.to_string(),
        };
        Self { kind, detail, source: Some(Arc::new(error)) }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(code: i32) -> StoreError {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None).into()
    }

    /// Fault 67, 69, 70, 72, 86: the sender and the pages act on kinds, not on SQLite's codes.
    #[test]
    fn each_sqlite_code_has_the_kind_a_caller_acts_on() {
        use rusqlite::ffi;
        let table = [
            (ffi::SQLITE_FULL, ErrorKind::Full),
            (ffi::SQLITE_READONLY, ErrorKind::ReadOnly),
            (ffi::SQLITE_PERM, ErrorKind::ReadOnly),
            (ffi::SQLITE_BUSY, ErrorKind::Busy),
            (ffi::SQLITE_LOCKED, ErrorKind::Busy),
            (ffi::SQLITE_CORRUPT, ErrorKind::Corrupt),
            (ffi::SQLITE_NOTADB, ErrorKind::Corrupt),
            (ffi::SQLITE_IOERR_FSYNC, ErrorKind::Io),
            (ffi::SQLITE_CANTOPEN, ErrorKind::Io),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, ErrorKind::Constraint),
            (ffi::SQLITE_MISUSE, ErrorKind::Bug),
        ];
        for (code, kind) in table {
            assert_eq!(sqlite(code).kind, kind, "{code}");
        }
    }
}
