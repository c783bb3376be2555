//! The schema's version: made fresh, brought up step by step, or refused.
//!
//! `schema.sql` is what a new database gets; `upgrade/NNNN_<what>.sql` leads an old one there.
//! [`describe`] says what a database is made of, so that tests (and `verify`) compare the two ways.

use rusqlite::Connection;

use super::connection::APPLICATION_ID;
use super::error::{ErrorKind, Result, StoreError};

/// What a new database gets.
const FRESH: &str = include_str!("schema.sql");

/// The steps in order; the first leads from version 1 to version 2.
const STEPS: &[&str] = &[include_str!("upgrade/0002_centres_and_panics.sql")];

/// Refuses a file of another program or of a newer simgate, before anything is written to it.
pub(super) fn refuse_strangers(conn: &Connection) -> Result<()> {
    let (application, version) = (pragma(conn, "application_id")?, pragma(conn, "user_version")?);
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != i64::from(APPLICATION_ID) && (application != 0 || tables > 0) {
        let detail = "the file is another program's database: choose another data folder";
        return Err(StoreError::new(ErrorKind::Corrupt, detail));
    }
    let known = version_after(STEPS);
    if version > known {
        let detail = format!(
            "the database has version {version}, this simgate knows {known}: \
             start the newer simgate again, or restore the backup made before the upgrade"
        );
        return Err(StoreError::new(ErrorKind::Newer, detail));
    }
    Ok(())
}

/// Creates or upgrades, each in one transaction: killed half-way, it starts again from the old state.
pub(super) fn bring_up_to_date(conn: &mut Connection) -> Result<()> {
    match pragma(conn, "user_version")? {
        0 => create(conn, FRESH, version_after(STEPS)),
        version => upgrade(conn, version, STEPS),
    }
}

fn create(conn: &mut Connection, sql: &str, version: i64) -> Result<()> {
    let tx = conn.transaction()?;
    tx.execute_batch(sql)?;
    tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    tx.pragma_update(None, "user_version", version)?;
    Ok(tx.commit()?)
}

fn upgrade(conn: &mut Connection, from: i64, steps: &[&str]) -> Result<()> {
    let done = usize::try_from(from - 1).unwrap_or(0);
    for (version, step) in (from + 1..).zip(steps.iter().skip(done)) {
        // A step may rebuild a table; references are checked as a whole at its end.
        conn.pragma_update(None, "foreign_keys", false)?;
        let tx = conn.transaction()?;
        tx.execute_batch(step)?;
        if tx.prepare("PRAGMA foreign_key_check")?.exists([])? {
            let detail =
                format!("upgrade to version {version} would break references; nothing changed");
            return Err(StoreError::new(ErrorKind::Constraint, detail));
        }
        tx.pragma_update(None, "user_version", version)?;
        tx.commit()?;
        conn.pragma_update(None, "foreign_keys", true)?;
    }
    Ok(())
}

fn version_after(steps: &[&str]) -> i64 {
    1 + i64::try_from(steps.len()).unwrap_or(i64::MAX - 1)
}

fn pragma(conn: &Connection, name: &str) -> Result<i64> {
    Ok(conn.pragma_query_value(None, name, |row| row.get(0))?)
}

/// Tables, columns, references, indexes and triggers, one line each, sorted: equal means same schema,
/// however it was reached. The order of columns does not count, for `ADD COLUMN` appends.
pub fn describe(conn: &Connection) -> Result<Vec<String>> {
    const FACTS: &[&str] = &[
        "SELECT printf('table %s strict=%d without_rowid=%d', name, strict, wr)
           FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'",
        "SELECT printf('column %s.%s %s notnull=%d default=%s key=%d', t.name, c.name, c.type,
                       c.\"notnull\", coalesce(c.dflt_value, '-'), c.pk)
           FROM pragma_table_list t, pragma_table_xinfo(t.name) c
          WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%'",
        "SELECT printf('reference %s.%s -> %s.%s delete=%s', t.name, f.\"from\", f.\"table\",
                       coalesce(f.\"to\", '-'), f.on_delete)
           FROM pragma_table_list t, pragma_foreign_key_list(t.name) f
          WHERE t.schema = 'main'",
        "SELECT printf('index %s(%s) unique=%d where=%s', t.name,
                       (SELECT group_concat(coalesce(name, '?')) FROM pragma_index_info(i.name)),
                       i.\"unique\",
                       coalesce((SELECT substr(sql, instr(upper(sql), ' WHERE ') + 7)
                                   FROM sqlite_schema s WHERE s.name = i.name AND i.partial), '-'))
           FROM pragma_table_list t, pragma_index_list(t.name) i
          WHERE t.schema = 'main'",
        "SELECT printf('%s %s: %s', type, name, sql) FROM sqlite_schema
          WHERE type = 'trigger' OR sql LIKE 'CREATE VIRTUAL TABLE %'",
    ];
    let mut lines = Vec::new();
    for sql in FACTS {
        let mut statement = conn.prepare(sql)?;
        for line in statement.query_map([], |row| row.get::<_, String>(0))? {
            lines.push(line?.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    lines.sort();
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frozen schema of each released version, oldest first.
    const FROZEN: &[&str] =
        &[include_str!("../../tests/schema/v01.sql"), include_str!("../../tests/schema/v02.sql")];

    fn database(sql: &str, version: i64) -> Connection {
        let mut conn = Connection::open_in_memory().expect("memory");
        create(&mut conn, sql, version).expect("schema");
        conn
    }

    #[test]
    fn every_frozen_version_upgrades_to_what_a_fresh_database_is() {
        assert_eq!(FROZEN.len(), STEPS.len() + 1, "freeze the schema with its step");
        let fresh = describe(&database(FRESH, 1)).expect("fresh");
        for (version, frozen) in (1..).zip(FROZEN) {
            let mut old = database(frozen, version);
            bring_up_to_date(&mut old).expect("upgrade");
            assert_eq!(describe(&old).expect("upgraded"), fresh, "from version {version}");
        }
    }

    #[test]
    fn the_comparator_sees_a_forgotten_column_index_and_reference() {
        let base = "CREATE TABLE a (id INTEGER PRIMARY KEY) STRICT;";
        let step =
            "ALTER TABLE a ADD COLUMN b INTEGER REFERENCES a (id); CREATE INDEX a_b ON a (b);";
        let mut upgraded = database(base, 1);
        upgrade(&mut upgraded, 1, &[step]).expect("upgrade");
        assert_eq!(pragma(&upgraded, "user_version").ok(), Some(2));
        let described = |sql| describe(&database(sql, 2)).expect("describe");
        let reached = describe(&upgraded).expect("describe");
        let whole = "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES a (id)) STRICT;
                     CREATE INDEX a_b ON a (b);";
        assert_eq!(reached, described(whole));
        assert_ne!(reached, described("CREATE TABLE a (id INTEGER PRIMARY KEY) STRICT;"));
        let no_reference = "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER) STRICT;
                            CREATE INDEX a_b ON a (b);";
        assert_ne!(reached, described(no_reference));
    }

    /// Fault 88: a step that fails leaves the old version whole.
    #[test]
    fn a_step_that_fails_changes_nothing() {
        let mut conn = database("CREATE TABLE a (id INTEGER PRIMARY KEY) STRICT;", 1);
        let before = describe(&conn).expect("describe");
        let step = "CREATE TABLE b (id INTEGER PRIMARY KEY) STRICT; CREATE TABLE a (x);";
        assert!(upgrade(&mut conn, 1, &[step]).is_err());
        assert_eq!(describe(&conn).expect("describe"), before);
        assert_eq!(pragma(&conn, "user_version").ok(), Some(1));
    }

    /// Fault 87: the refusal says how to go back.
    #[test]
    fn a_database_from_a_newer_version_is_refused_with_the_way_back() {
        let conn = database(FRESH, version_after(STEPS) + 1);
        let error = refuse_strangers(&conn).expect_err("newer");
        assert_eq!(error.kind, ErrorKind::Newer);
        assert!(error.to_string().contains("restore the backup"), "{error}");
        let stranger = Connection::open_in_memory().expect("memory");
        stranger.execute_batch("CREATE TABLE a (x)").expect("table");
        assert!(refuse_strangers(&stranger).is_err());
    }
}
