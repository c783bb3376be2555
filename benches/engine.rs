//! How many decisions a second: `cargo bench --bench engine` prints the table of
//! docs/design/performance.md.
//!
//! 500 rules; once with facts in memory, once with rules and facts read from a database of 100,000
//! contacts, as the intake does for each text.

#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use simgate::engine::keyword::KeywordRule;
use simgate::engine::{Facts, Inbound, Moment, Rules, decide};
use simgate::store::{FILE_NAME, LineId, Organisation, ReadTx, Result, RuleText, SeenSim, Store};
use simgate::types::{Iccid, Number, UnixTime};
use tokio::runtime::Runtime;

const T0: UnixTime = UnixTime(1_795_252_200_000);
const CONTACTS: u32 = 100_000;
const RULES: usize = 500;

fn when(n: usize) -> serde_json::Value {
    match n % 5 {
        0 => json!({ "pattern": format!("ticket {n}[0-9]+") }),
        1 => json!({ "words": [format!("topic{n}")], "at": "start" }),
        _ => json!({ "words": [format!("word{n}"), format!("other word {n}")] }),
    }
}

fn inbound(n: u32, text: &str) -> Inbound {
    Inbound::new(Number::E164(format!("+4477009{n:05}")), text.to_owned())
}

/// No rule holds; the last but one does; a consent word, which comes before all rules.
const TEXTS: [&str; 3] = [
    "Hello, is my order ready today? I could come at five, or tomorrow in the morning.",
    "other word 498 please",
    "STOP",
];

/// The engine alone: rules and facts are there.
fn decisions() {
    let rule = |n: usize| -> KeywordRule {
        let rule = json!({ "id": n, "name": "rule", "when": when(n), "then": [{ "tag": "x" }] });
        serde_json::from_value(rule).expect("a rule")
    };
    let rules = Rules { keywords: Arc::new((0..RULES).map(rule).collect()), ..Rules::default() };
    let facts = Facts { welcomed: true, ..Facts::default() };
    for text in TEXTS {
        let text = inbound(123, text);
        let rate = rate(1, || {
            black_box(decide(black_box(&text), &rules, &facts, Moment::at(T0)));
        });
        let begins: String = text.text.chars().take(24).collect();
        println!("| decide: {begins} | {rate} |");
    }
}

/// A database with contacts and rules.
struct Site {
    runtime: Runtime,
    store: Store,
    line: LineId,
    _folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Site {
        let runtime = Runtime::new().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let open = || runtime.block_on(Store::open(folder.path())).expect("a database");
        let store = open();
        let made = store.write(|tx| {
            let iccid = Iccid::parse("8944110000000000001");
            let line = tx.upsert_line(&SeenSim { iccid, ..SeenSim::default() }, T0)?;
            for n in 0..RULES {
                let rule = RuleText {
                    name: format!("rule {n}"),
                    enabled: true,
                    order: 0,
                    lines: Vec::new(),
                    when: when(n),
                    then: json!([{ "tag": "x" }]),
                    goes_on: false,
                };
                tx.create_rule(&rule, T0)?;
            }
            Ok(line)
        });
        let line = runtime.block_on(made).expect("settings");
        runtime.block_on(store.close()).expect("closed");
        fill(&folder.path().join(FILE_NAME));
        let store = open();
        Site { runtime, store, line, _folder: folder }
    }

    fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&ReadTx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.store.read(job)).expect("readable")
    }
}

/// Rows in bulk, by one statement each: the verbs of the store commit durably and would take
/// minutes, and it is reading that is measured.
fn fill(file: &Path) {
    let conn = rusqlite::Connection::open(file).expect("the database");
    let contacts = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {CONTACTS})"
    );
    conn.execute_batch(&format!(
        "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA foreign_keys = off; BEGIN;
         INSERT INTO contacts (id, first_name, last_name, created_at, updated_at)
         {contacts} SELECT i, printf('Name%d', i % 997), printf('Family%d', i % 4999), 0, 0 FROM n;
         INSERT INTO contact_numbers (contact_id, position, key)
         {contacts} SELECT i, 0, printf('+4477009%05d', i % 100000) FROM n;
         COMMIT; ANALYZE; PRAGMA journal_mode = wal;"
    ))
    .expect("rows");
}

/// Rules and facts from the database, and the decision: what the intake does with each text.
fn texts_in(site: &Site) {
    let line = site.line;
    let mut from = 0;
    let rate = rate(100, || {
        from += 100;
        let first = from;
        site.read(move |tx| {
            let house = Organisation::default();
            for n in first..first + 100 {
                let inbound = inbound(n * 997 % CONTACTS, TEXTS[0]);
                let rules = tx.rulebook(line, &house)?;
                let facts = tx.facts(line, &inbound, &rules, T0)?;
                black_box(decide(&inbound, &rules, &facts, Moment::at(T0)));
            }
            Ok(())
        });
    });
    println!("| rules, facts and decision, {CONTACTS} contacts | {rate} |");
}

/// How often something that does `each` of its kind at a time can be done in a second: the median
/// of five rounds of a second.
fn rate(each: u32, mut work: impl FnMut()) -> u64 {
    work();
    let mut rounds: Vec<u64> = (0..5)
        .map(|_| {
            let (started, mut done) = (Instant::now(), 0_u32);
            while started.elapsed() < Duration::from_secs(1) {
                work();
                done += each;
            }
            (f64::from(done) / started.elapsed().as_secs_f64()) as u64
        })
        .collect();
    rounds.sort_unstable();
    rounds[2]
}

fn main() {
    println!("| {RULES} rules | decisions a second |\n|---|---|");
    decisions();
    texts_in(&Site::new());
}
