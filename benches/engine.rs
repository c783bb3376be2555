//! How many decisions a second, and how long a full inbox takes to answer: `cargo bench --bench
//! engine` prints the tables of docs/design/performance.md.
//!
//! Decisions: 500 rules; once with facts in memory, once with rules and facts read from a database of
//! 100,000 contacts, as the intake does for each text. The inbox: 1,000,000 messages, or as many as
//! `SIMGATE_BENCH_MESSAGES` says, in 20,000 conversations of which 200 hold a quarter of them. Every
//! question is asked 200 times, each time about something else, through the store's own verbs.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock, and one switch of its size"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use simgate::engine::keyword::KeywordRule;
use simgate::engine::{Facts, Inbound, Moment, Rules, decide};
use simgate::store::{
    Compiled, ConversationQuery, FILE_NAME, LineId, MessageQuery, Organisation, Page, Profile,
    ReadTx, Result, Role, RuleText, SeenSim, Store, Tab, UserId,
};
use simgate::types::{ConversationId, Iccid, MessageId, Number, UnixTime};
use tokio::runtime::Runtime;

const T0: UnixTime = UnixTime(1_795_252_200_000);
const CONTACTS: u32 = 100_000;
const RULES: usize = 500;
const CONVERSATIONS: u32 = 20_000;
/// Of the conversations those that hold a quarter of the messages.
const BUSY: u32 = 200;

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

/// A database with contacts, rules and messages.
struct Site {
    runtime: Runtime,
    store: Store,
    line: LineId,
    user: UserId,
    messages: u32,
    _folder: tempfile::TempDir,
}

impl Site {
    fn new(messages: u32) -> Site {
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
            let agent = Profile {
                first_name: "Ann".to_owned(),
                last_name: String::new(),
                email: "ann@example.org".to_owned(),
                phone: None,
                role: Role::Agent,
                active: true,
                duty: true,
                team: None,
            };
            Ok((line, tx.create_user(&agent, T0)?))
        });
        let (line, user) = runtime.block_on(made).expect("settings");
        runtime.block_on(store.close()).expect("closed");
        fill(&folder.path().join(FILE_NAME), messages);
        let store = open();
        Site { runtime, store, line, user, messages, _folder: folder }
    }

    fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&ReadTx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.store.read(job)).expect("readable")
    }
}

/// Rows in bulk, each table by one statement and all in one transaction: the verbs of the store
/// commit durably and would take hours, and it is reading that is measured. The triggers of the
/// schema keep the search index, as they do in life.
fn fill(file: &Path, messages: u32) {
    let conn = rusqlite::Connection::open(file).expect("the database");
    let series = |last: u32| {
        format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {last})")
    };
    let thread = format!("iif(i % 4, 1 + (i * 7919) % {CONVERSATIONS}, 1 + (i / 4 * 31) % {BUSY})");
    let started = Instant::now();
    conn.execute_batch(&format!(
        "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA foreign_keys = off;
         PRAGMA cache_size = -262144; BEGIN;
         INSERT INTO contacts (id, first_name, last_name, created_at, updated_at)
         {contacts} SELECT i, printf('Name%d', i % 997), printf('Family%d', i % 4999), 0, 0 FROM n;
         INSERT INTO contact_numbers (contact_id, position, key)
         {contacts} SELECT i, 0, printf('+4477009%05d', i % 100000) FROM n;
         INSERT INTO conversations (id, key, line_id, last_message_at, created_at, closed)
         {threads} SELECT i, printf('+4477009%05d', i), 1, 0, 0, i % 3 = 0 FROM n;
         INSERT INTO conversation_lines (conversation_id, line_id) SELECT id, 1 FROM conversations;
         INSERT INTO messages (id, conversation_id, line_id, direction, state, number_key, text,
                               created_at, received_at, badge)
         {texts} SELECT i, {thread}, 1, iif(i % 2, 'in', 'out'),
                iif(i % 2, 'received', 'delivered'), printf('+4477009%05d', {thread}),
                printf('Hello, word%d: is my order %d ready, or shall we come on day%d again?', i % 5003, i, i % 31),
                1795252200000 + i * 1000, iif(i % 2, 1795252200000 + i * 1000, NULL), i % 2 FROM n;
         UPDATE conversations SET unread = 3,
                last_message_id = (SELECT max(id) FROM messages WHERE conversation_id = conversations.id);
         UPDATE conversations
            SET last_message_at = (SELECT created_at FROM messages WHERE id = last_message_id)
          WHERE last_message_id IS NOT NULL;
         UPDATE users SET unread_from = max(0, {messages} - 1000);
         COMMIT; ANALYZE; PRAGMA journal_mode = wal;",
        contacts = series(CONTACTS),
        threads = series(CONVERSATIONS),
        texts = series(messages),
    ))
    .expect("rows");
    println!(
        "{messages} messages and {CONTACTS} contacts were written in {:.1?}.\n",
        started.elapsed()
    );
}

/// Rules and facts from the database, and the decision: what the intake does with each text.
fn texts_in(site: &Site) {
    let (compiled, line) = (Compiled::default(), site.line);
    let mut from = 0;
    let rate = rate(100, || {
        let compiled = compiled.clone();
        from += 100;
        let first = from;
        site.read(move |tx| {
            let house = Organisation::default();
            for n in first..first + 100 {
                let inbound = inbound(n * 997 % CONTACTS, TEXTS[0]);
                let rules = tx.rulebook_by(line, &house, &compiled)?;
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

/// The questions a page of the inbox asks.
fn inbox(site: &Site) {
    let (user, messages) = (site.user, i64::from(site.messages));
    let list = move |search: Option<String>, tab: Option<Tab>| {
        let query = ConversationQuery { viewer: Some(user), search, tab, ..Default::default() };
        site.read(move |tx| tx.conversations(&query)).len()
    };
    let thread = |conversation: u32, page: Page| {
        let conversation = Some(ConversationId(i64::from(conversation)));
        let query = MessageQuery { page, conversation, limit: 50, ..Default::default() };
        site.read(move |tx| tx.messages(&query)).len()
    };
    tell("list: 50 conversations of a tab", |_| list(None, Some(Tab::Active)));
    tell("list: the closed ones", |_| list(None, Some(Tab::Closed)));
    tell("list: counts of the tabs", move |_| {
        site.read(move |tx| tx.tab_counts(Some(user), None)).active as usize
    });
    tell("thread: the newest 50 texts", |n| thread(BUSY + 1 + n * 97, Page::Last));
    tell("thread: of a busy one", |n| thread(1 + n % BUSY, Page::Last));
    tell("thread: of a busy one, far back", |n| {
        thread(1 + n % BUSY, Page::Before(MessageId(messages / 2)))
    });
    tell("search: a word of few texts", |n| list(Some(format!("word{}", n * 13)), None));
    tell("search: two words", |n| list(Some(format!("word{} day{}", n * 13, n % 31)), None));
    tell("search: a word of every text", |_| list(Some("order".to_owned()), None));
    tell("search: a name", |n| list(Some(format!("family{}", n * 11)), None));
    tell("search: part of a number", |n| list(Some(format!("07700 9{n:03}")), None));
}

/// Asks 200 times and prints median and 95th percentile.
fn tell(what: &str, mut ask: impl FnMut(u32) -> usize) {
    let mut found = 0;
    let mut times: Vec<Duration> = (0..200)
        .map(|n| {
            let started = Instant::now();
            found += black_box(ask(n));
            started.elapsed()
        })
        .collect();
    times.sort_unstable();
    let (median, p95) = (times[100], times[190]);
    println!("| {what} | {median:.2?} | {p95:.2?} | {} |", found / 200);
}

fn main() {
    let messages = std::env::var("SIMGATE_BENCH_MESSAGES").ok().and_then(|n| n.parse().ok());
    println!("| {RULES} rules | decisions a second |\n|---|---|");
    decisions();
    println!();
    let site = Site::new(messages.unwrap_or(1_000_000));
    println!("| {RULES} rules | decisions a second |\n|---|---|");
    texts_in(&site);
    println!("\n| {} messages | median | p95 | rows found |\n|---|---|---|---|", site.messages);
    inbox(&site);
}
