//! How the file is opened: one writer, a few readers, each with the same careful settings.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::{ErrorKind, Result, StoreError};
use super::schema;

/// The first version without the checkpoint race that can damage a WAL database.
const OLDEST_SQLITE: i32 = 3_051_003;

/// `simg`, so that file(1) and we know the file for ours.
pub(super) const APPLICATION_ID: i32 = 0x7369_6D67;

/// A text changes a row here and a row there, and each change writes a whole page to the log: smaller pages
/// are fewer octets for the card. Still smaller ones make the indexes deeper. A file that was made with
/// another size keeps it.
const PAGE_OCTETS: i64 = 2_048;

/// 256 MiB: about ten seconds of reading from an SD card.
const CHECKED_OCTETS: i64 = 256 << 20;

/// Statements kept prepared per connection; more than there are verbs.
const PREPARED: usize = 512;

/// Opens the file for its one writer, creating or upgrading it.
pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    assert_version(rusqlite::version_number())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    keep_private(path)?;
    let mut conn = Connection::open_with_flags(path, flags)?;
    common(&conn)?;
    schema::refuse_strangers(&conn)?;
    conn.pragma_update(None, "page_size", PAGE_OCTETS)?;
    conn.pragma_update(None, "journal_mode", "wal")?;
    // FULL: a commit is on the card before the SIM's copy is deleted.
    conn.pragma_update(None, "synchronous", "full")?;
    // Checkpoints are the writer's, between batches, never inside somebody's commit.
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    conn.pragma_update(None, "secure_delete", "fast")?;
    schema::bring_up_to_date(&mut conn)?;
    Ok(conn)
}

/// Opens the file for reading only.
pub(super) fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    common(&conn)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// Texts are their owner's: the file is made readable for nobody else. SQLite gives its log and
/// index files the same mode.
fn keep_private(path: &Path) -> Result<()> {
    let made = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) => {
            let kind = match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    ErrorKind::ReadOnly
                }
                io::ErrorKind::StorageFull => ErrorKind::Full,
                _ => ErrorKind::Io,
            };
            Err(StoreError::new(kind, format!("cannot open {}: {error}", path.display())))
        }
    }
}

fn common(conn: &Connection) -> Result<()> {
    conn.pragma_update(None, "busy_timeout", 5_000)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // No memory map: a torn page must be an error, not a surprise in our own memory.
    conn.pragma_update(None, "mmap_size", 0)?;
    // What a savepoint may have to undo is a few pages: no file for it, and no text in /tmp.
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    // One plan a statement: the bundled SQLite would plan anew at each value compared to an index,
    // which costs more than all else a text does.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.set_prepared_statement_cache_capacity(PREPARED);
    Ok(())
}

fn assert_version(version: i32) -> Result<()> {
    if version < OLDEST_SQLITE {
        let detail =
            format!("SQLite {version} can damage the database; build with the bundled one");
        return Err(StoreError::new(ErrorKind::Bug, detail));
    }
    Ok(())
}

/// Looks for damage before anybody relies on the file.
///
/// `Ok(false)`: too large to read through at each start; the weekly check does it.
pub(super) fn quick_check(conn: &Connection) -> Result<bool> {
    let [pages, octets] = ["page_count", "page_size"]
        .map(|name| conn.pragma_query_value(None, name, |row| row.get::<_, i64>(0)));
    if pages? * octets? > CHECKED_OCTETS {
        return Ok(false);
    }
    let verdict: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(true);
    }
    let detail =
        format!("the database is damaged ({verdict}): keep the file, restore the last backup");
    Err(StoreError::new(ErrorKind::Corrupt, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pragma(conn: &Connection, name: &str) -> String {
        conn.pragma_query_value(None, name, |row| {
            row.get::<_, rusqlite::types::Value>(0).map(|v| format!("{v:?}"))
        })
        .expect(name)
    }

    /// reliability 1.2: the profile for SD cards, as the running connection sees it.
    #[test]
    fn the_writer_runs_with_the_profile_for_sd_cards() {
        let dir = tempfile::tempdir().expect("dir");
        let conn = open_writer(&dir.path().join("t.db")).expect("open");
        for (name, value) in [
            ("journal_mode", "Text(\"wal\")"),
            ("synchronous", "Integer(2)"),
            ("foreign_keys", "Integer(1)"),
            ("trusted_schema", "Integer(0)"),
            ("cell_size_check", "Integer(1)"),
            ("secure_delete", "Integer(2)"),
            ("busy_timeout", "Integer(5000)"),
            ("wal_autocheckpoint", "Integer(0)"),
            ("temp_store", "Integer(2)"),
            ("page_size", "Integer(2048)"),
            ("application_id", "Integer(1936289127)"),
        ] {
            assert_eq!(pragma(&conn, name), value, "{name}");
        }
    }

    /// A file that an earlier build made, or `VACUUM` with other settings, is opened as it is.
    #[test]
    fn a_file_with_pages_of_another_size_keeps_them() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("t.db");
        let conn = open_writer(&path).expect("open");
        let larger = "PRAGMA journal_mode = delete; PRAGMA page_size = 4096; VACUUM";
        conn.execute_batch(larger).expect("larger pages");
        drop(conn);
        let conn = open_writer(&path).expect("open");
        assert_eq!(pragma(&conn, "page_size"), "Integer(4096)");
        assert_eq!(pragma(&conn, "journal_mode"), "Text(\"wal\")");
        assert!(quick_check(&conn).expect("sound"));
    }

    /// What SQLite calls its options does not name `fdatasync`; the flag beside it tells for both.
    #[test]
    fn sqlite_is_built_with_the_flags_in_the_cargo_configuration() {
        let conn = Connection::open_in_memory().expect("open");
        let sql = "SELECT sqlite_compileoption_used('DEFAULT_MEMSTATUS=0')";
        let used: bool = conn.query_row(sql, [], |row| row.get(0)).expect("asked");
        assert!(used, "run Cargo inside the repository, which has a .cargo/config.toml");
    }

    #[test]
    fn an_sqlite_with_the_checkpoint_race_is_refused() {
        assert!(assert_version(3_051_002).is_err());
        assert!(assert_version(rusqlite::version_number()).is_ok());
    }

    #[test]
    fn nobody_else_can_read_the_files() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("dir");
        let _conn = open_writer(&dir.path().join("t.db")).expect("open");
        for file in std::fs::read_dir(dir.path()).expect("list") {
            let file = file.expect("entry");
            let mode = file.metadata().expect("metadata").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{:?}", file.path());
        }
    }

    #[test]
    fn a_reader_cannot_write() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("t.db");
        let _writer = open_writer(&path).expect("open");
        let reader = open_reader(&path).expect("open");
        let refused = reader.execute("DELETE FROM settings", []).map_err(StoreError::from);
        assert_eq!(refused.map_err(|e| e.kind), Err(ErrorKind::ReadOnly));
    }
}
