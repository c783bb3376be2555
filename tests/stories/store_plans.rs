//! How the database finds its rows: what is done with every text must not read through all texts.
//!
//! A gateway left alone for years has a million of them, on a card that reads a few thousand pages a
//! second. SQLite is asked for its plan of every statement in `src/store`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use simgate::store::FILE_NAME;

use crate::store::Bench;

/// Tables that grow with every text and are never small again.
const GROWING: &[&str] = &[
    "answers",
    "consent_ledger",
    "conversations",
    "custody",
    "deliveries",
    "groups",
    "happenings",
    "messages",
    "notes",
    "outbound",
    "reports",
    "segments_in",
    "segments_out",
];

/// Statements that read through one all the same, by the beginning of their words.
const READ_THROUGH: &[(&str, &str)] = &[
    ("SELECT c.*, m.text AS last_text", "is never asked without a condition"),
    ("SELECT * FROM deliveries ORDER BY id DESC LIMIT", "ends at its limit"),
    (
        "SELECT count(*) FROM messages WHERE direction = 'in' AND received_at",
        "a rehearsal of rules",
    ),
    ("SELECT count(*) FILTER (WHERE m.direction = 'in')", "a report that somebody opens"),
    ("SELECT count(DISTINCT number_key) FROM consent_ledger", "a report that somebody opens"),
    ("UPDATE conversations SET unread = 0 WHERE unread > 0", "somebody has read everything"),
    ("SELECT DISTINCT conversation_id FROM notes", "somebody is forgotten"),
    ("SELECT tpdu FROM segments_in WHERE message_id IN", "somebody is forgotten"),
    (
        "UPDATE segments_in SET tpdu = x'', error = NULL WHERE message_id IN",
        "somebody is forgotten",
    ),
    ("DELETE FROM groups WHERE sender_key", "somebody is forgotten"),
    ("UPDATE answers SET number_key = 'erased:'", "somebody is forgotten"),
];

/// The string literals of a source file that begin like a statement. Rows that are only inserted are
/// looked for nowhere.
fn statements(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut statements = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find('"') {
        let body = &rest[start + 1..];
        let mut escaped = false;
        let end = body.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end else { break };
        let literal = &body[..end];
        let begins = |word: &&str| literal.trim_start().starts_with(*word);
        if ["SELECT ", "UPDATE ", "DELETE ", "WITH "].iter().any(begins) {
            let words = literal.replace("\\\"", "\"").replace("\\\n", "");
            statements.push(words.split_whitespace().collect::<Vec<_>>().join(" "));
        }
        rest = &body[end + 1..];
    }
    statements
}

/// What SQLite means to do for a statement, a line each. What a `format!` fills in is left out, or
/// true.
fn plan(conn: &Connection, sql: &str) -> Option<Vec<String>> {
    let filled = |with: &str| {
        let mut parts = sql.split(['{', '}']);
        let mut filled = parts.next().unwrap_or_default().to_owned();
        while let Some(_hole) = parts.next() {
            filled.push_str(with);
            filled.push_str(parts.next().unwrap_or_default());
        }
        filled
    };
    let asked = ["1", "", "id = id"]
        .iter()
        .find_map(|with| conn.prepare(&format!("EXPLAIN QUERY PLAN {}", filled(with))).ok());
    let mut explained = asked?;
    let steps = explained.raw_query().mapped(|row| row.get("detail")).collect::<Result<_, _>>();
    Some(steps.expect("a plan"))
}

/// The table that a step reads through from end to end, or all of one line's rows of. An index that
/// holds the few rows still open, because it has a condition, is fine.
fn read_through(step: &str, sql: &str, partial: &[String]) -> Option<&'static str> {
    let whole_line = || step.strip_suffix("(line_id=?)")?.strip_prefix("SEARCH ");
    let name = step.strip_prefix("SCAN ").or_else(whole_line)?;
    let mut words = name.split(' ');
    let name = words.next()?;
    let fine = |word| word == "VIRTUAL" || partial.iter().any(|index| index == word);
    if words.any(fine) {
        return None;
    }
    let known = |name: &str| GROWING.iter().find(|table| **table == name).copied();
    let mut pairs = sql.split([' ', '(', ')', ',']).filter(|word| !word.is_empty()).peekable();
    let aliased = || {
        while let Some(word) = pairs.next() {
            if pairs.peek() == Some(&name) {
                return known(word);
            }
        }
        None
    };
    known(name).or_else(aliased)
}

#[tokio::test]
async fn no_statement_of_every_day_reads_through_all_texts() {
    let bench = Bench::new().await;
    let conn = Connection::open(bench.dir.path().join(FILE_NAME)).expect("open");
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).expect("as the gateway does");
    let mut partial = conn
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql LIKE '% WHERE %'")
        .expect("the indexes");
    let partial: Vec<String> =
        partial.query_map([], |row| row.get(0)).expect("names").map(Result::unwrap).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let (mut asked, mut left_out, mut found) = (0, Vec::new(), Vec::new());
    let mut excused = BTreeSet::new();
    for file in fs::read_dir(folder).expect("the store's sources") {
        let path = file.expect("a file").path();
        // What leads an old database here runs once.
        if path.is_dir() {
            continue;
        }
        let source = fs::read_to_string(path).expect("a source");
        for sql in statements(&source) {
            let Some(steps) = plan(&conn, &sql) else {
                left_out.push(sql);
                continue;
            };
            asked += 1;
            let steps = steps.iter().filter_map(|step| {
                read_through(step, &sql, &partial).map(|table| format!("{table}: {step}: {sql}"))
            });
            let steps: Vec<String> = steps.collect();
            match READ_THROUGH.iter().find(|(begin, _)| sql.starts_with(begin)) {
                Some((begin, _)) if !steps.is_empty() => drop(excused.insert(*begin)),
                _ => found.extend(steps),
            }
        }
    }
    assert!(found.is_empty(), "give each an index or a reason:\n{}", found.join("\n"));
    assert_eq!(excused.len(), READ_THROUGH.len(), "reasons that nobody needs: {excused:?}");
    assert!(asked > 350 && left_out.len() < 6, "{asked} were asked, not: {left_out:#?}");
}
