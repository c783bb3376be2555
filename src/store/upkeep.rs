//! The file as a whole: checked, copied, put back, moved out of the way. For the command line, with
//! no gateway at work on it unless the verb says otherwise.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::FILE_NAME;
use super::connection::{open_reader, open_writer};
use super::error::{ErrorKind, Result, StoreError};
use super::schema::refuse_strangers;
use crate::types::UnixTime;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Texts in it.
    pub messages: u64,
    /// Received TPDUs in it.
    pub segments: u64,
}

/// Reads the whole database and every index of it.
pub fn check(data: &Path) -> Result<Checked> {
    check_file(&data.join(FILE_NAME))
}

fn check_file(path: &Path) -> Result<Checked> {
    if !path.exists() {
        let detail = format!("there is no database at {}", path.display());
        return Err(StoreError::new(ErrorKind::NotFound, detail));
    }
    let conn = open_reader(path)?;
    refuse_strangers(&conn)?;
    let verdict: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        let detail = format!("the database is damaged: {verdict}");
        return Err(StoreError::new(ErrorKind::Corrupt, detail));
    }
    let count = |table: &str| -> Result<u64> {
        let sql = format!("SELECT count(*) FROM {table}");
        let count: i64 = conn.query_row(&sql, [], |row| row.get(0))?;
        Ok(count.unsigned_abs())
    };
    Ok(Checked { messages: count("messages")?, segments: count("segments_in")? })
}

/// Copies the database into `to`, also while a gateway works on it; checks the copy before it gets
/// its name.
pub fn back_up(data: &Path, to: &Path) -> Result<Checked> {
    let from = open_reader(&data.join(FILE_NAME))?;
    let fresh = beside(to, "new");
    remove(&fresh)?;
    {
        let mut copy = Connection::open(&fresh)?;
        Backup::new(&from, &mut copy)?.run_to_completion(1_000, Duration::from_millis(1), None)?;
        // One file, without a log of its own.
        copy.pragma_update(None, "journal_mode", "delete")?;
    }
    let checked = check_file(&fresh)?;
    settle(&fresh, to)?;
    Ok(checked)
}

/// Puts a backup in the place of the database; the one that was there is kept beside it. What waited
/// to be sent when the backup was made is held for a person: it may have left since (fault 91).
pub fn restore(data: &Path, from: &Path, now: UnixTime) -> Result<Checked> {
    let checked = check_file(from)?;
    let path = data.join(FILE_NAME);
    let fresh = beside(&path, "restored");
    remove(&fresh)?;
    fs::copy(from, &fresh).map_err(failed)?;
    {
        let mut conn = open_writer(&fresh)?;
        let tx = conn.transaction()?;
        tx.execute(
            "UPDATE messages SET state = 'held', hold_reason = 'restored from a backup: it may have \
             been sent since' WHERE id IN (SELECT message_id FROM outbound WHERE stage <> 'over')",
            [],
        )?;
        tx.execute(
            "UPDATE outbound SET stage = 'over', lease_until = NULL WHERE stage <> 'over'",
            [],
        )?;
        tx.commit()?;
        conn.pragma_update(None, "journal_mode", "delete")?;
    }
    set_aside(data, "before-restore", now)?;
    settle(&fresh, &path)?;
    Ok(checked)
}

/// Renames the database and its log out of the way; says where it is now. `None`: there was none.
pub fn set_aside(data: &Path, why: &str, now: UnixTime) -> Result<Option<PathBuf>> {
    let path = data.join(FILE_NAME);
    let aside = beside(&path, &format!("{why}-{}", now.0));
    for suffix in ["-wal", "-shm"] {
        let log = with_suffix(&path, suffix);
        if log.exists() {
            fs::rename(&log, with_suffix(&aside, suffix)).map_err(failed)?;
        }
    }
    if !path.exists() {
        return Ok(None);
    }
    fs::rename(&path, &aside).map_err(failed)?;
    Ok(Some(aside))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    with_suffix(path, &format!(".{suffix}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}

/// Syncs a finished file and gives it its name.
fn settle(fresh: &Path, to: &Path) -> Result<()> {
    let sync = |path: &Path| File::open(path)?.sync_all();
    sync(fresh).map_err(failed)?;
    fs::rename(fresh, to).map_err(failed)?;
    match to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(folder) => sync(folder).map_err(failed),
        None => Ok(()),
    }
}

fn failed(error: io::Error) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull => ErrorKind::Full,
        io::ErrorKind::NotFound => ErrorKind::NotFound,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::ReadOnly,
        _ => ErrorKind::Io,
    };
    StoreError::new(kind, error.to_string())
}
