//! How long the gateway takes for a page of a full inbox. `cargo bench --bench inbox`.
//!
//! 100,000 conversations, each with a contact, and as many texts as `SIMGATE_BENCH_MESSAGES` says, else
//! 50,000; the figures of docs/design/performance.md are those of 1,000,000. A page is asked for as a
//! signed-in browser does, through the whole router with its guards, and its time ends with the last
//! compressed octet; only the socket is missing. Each is asked 200 times: for another conversation,
//! another word, another name.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench reads the clock, and one switch of its size"
)]

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Method, header};
use http_body_util::BodyExt;
use simgate::store::{FILE_NAME, Role, SeenSim, Store};
use simgate::types::{Iccid, UnixTime};
use simgate::web::Settings;
use site::{Site, profile, request};
use tower::ServiceExt;

#[path = "../tests/support/site.rs"]
#[allow(dead_code)] // stories use the rest
mod site;

const T0: UnixTime = UnixTime(1_795_252_200_000);
const CONVERSATIONS: u32 = 100_000;
/// How often each page is asked for.
const TIMES: u32 = 200;
/// What 95 of 100 pages should stay below.
const AIM: Duration = Duration::from_millis(100);

/// A page, and how it is asked for the nth time.
type Ask = (&'static str, fn(u32) -> String);

/// Of the conversations those that hold a quarter of the texts.
const BUSY: u32 = 200;

const PAGES: &[Ask] = &[
    ("inbox, Active", |_| "/".to_owned()),
    ("inbox, Team", |_| "/?tab=team".to_owned()),
    ("inbox, Closed", |_| "/?tab=closed".to_owned()),
    ("inbox, an older page", |n| format!("/?after={}-50000", T0.0 - i64::from(n) * 1_000_000)),
    ("inbox, the line of all", |_| "/?line=1".to_owned()),
    ("inbox, a line of few", |_| "/?line=2".to_owned()),
    ("inbox, one owner", |_| "/?owner=1".to_owned()),
    ("inbox, flagged", |_| "/?flag=any".to_owned()),
    ("inbox, a tag", |_| "/?tag=late".to_owned()),
    ("conversation", |n| format!("/threads/{}", 1 + n * 487)),
    ("conversation, a busy one", |n| format!("/threads/{}", 1 + n % BUSY)),
    ("conversation, a busy one, far back", |n| format!("/threads/{}?before=9000", 1 + n % BUSY)),
    ("conversation, live part", |n| format!("/threads/{}", 1 + n * 487)),
    ("search, a word of few texts", |n| format!("/?q=word{}", n * 13)),
    ("search, a word of every text", |_| "/?q=order".to_owned()),
    ("search, a name", |n| format!("/?q=family{}", n * 11)),
    ("search, part of a number", |n| format!("/?q=07700+9{n:03}")),
    ("new text, a name", |n| format!("/new?with=family{}", n * 11)),
    ("contacts", |_| "/contacts".to_owned()),
    ("contacts, a name", |n| format!("/contacts?q=family{}", n * 11)),
];

#[tokio::main]
async fn main() {
    let messages = std::env::var("SIMGATE_BENCH_MESSAGES").ok().and_then(|n| n.parse().ok());
    let (site, cookie) = full(messages.unwrap_or(50_000)).await;
    println!("| page | median | 95 % | longest | octets |\n|---|---|---|---|---|");
    for &(page, path) in PAGES {
        let mut times = Vec::new();
        let mut octets = 0;
        for n in 0..TIMES {
            let mut asked = request(Method::GET, &path(n))
                .header(header::COOKIE, &cookie)
                .header(header::ACCEPT, "text/html")
                .header(header::ACCEPT_ENCODING, "gzip");
            if page.ends_with("live part") {
                asked = asked.header("simgate-fragment", "regions");
            }
            let asked = asked.body(Body::empty()).expect("a request");
            let started = Instant::now();
            let answer = site.router.clone().oneshot(asked).await.expect("an answer");
            let status = answer.status();
            let body = answer.into_body().collect().await.expect("its body").to_bytes();
            times.push(started.elapsed());
            assert_eq!(status, 200, "{}", path(n));
            octets = octets.max(body.len());
        }
        times.sort_unstable();
        let part = |part: usize| times[(times.len() - 1) * part / 100];
        let late = if part(95) > AIM { "  above the aim of 100 ms" } else { "" };
        let [median, most, longest] = [50, 95, 100].map(|at| part(at).as_secs_f64() * 1_000.0);
        println!("| {page} | {median:.1} ms | {most:.1} ms | {longest:.1} ms | {octets} |{late}");
    }
}

/// A gateway with a full inbox, and the cookie of an agent who works in it.
async fn full(messages: u32) -> (Site, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).await.expect("a database");
    let made = store.write(|tx| {
        for card in ["8944110000000000001", "8944110000000000019"] {
            let iccid = Iccid::parse(card);
            tx.upsert_line(&SeenSim { iccid, ..SeenSim::default() }, T0)?;
        }
        tx.create_user(&profile("Ann", Role::Agent), T0)?;
        tx.create_user(&profile("Ben", Role::Agent), T0)
    });
    made.await.expect("settings");
    store.close().await.expect("closed");
    fill(&folder.path().join(FILE_NAME), messages);
    let site = Site::over(folder, Settings::default()).await;
    let cookie = site.cookie_of(simgate::store::UserId(1)).await;
    (site, cookie)
}

/// Rows in bulk: the verbs of the store would take hours, and it is reading that is measured. Of the
/// conversations, a few hold a quarter of the texts, a third is closed, a tenth is Ann's and a tenth
/// Ben's, one of fifty is flagged or tagged, twenty were on the second line too; Ann has read each up to
/// its last texts.
fn fill(file: &std::path::Path, messages: u32) {
    let conn = rusqlite::Connection::open(file).expect("the database");
    let series = |last: u32| {
        format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {last})")
    };
    let thread = format!(
        "iif(i % 4, 1 + ((i / 4 * 3 + i % 4) * 7919) % {CONVERSATIONS}, 1 + (i / 4 * 31) % {BUSY})"
    );
    let started = Instant::now();
    conn.execute_batch(&format!(
        "PRAGMA synchronous = off; PRAGMA foreign_keys = off; BEGIN;
         INSERT INTO contacts (id, first_name, last_name, created_at, updated_at)
         {threads} SELECT i, printf('Name%d', i % 997), printf('Family%d', i % 4999), 0, 0 FROM n;
         INSERT INTO contact_numbers (contact_id, position, key)
         {threads} SELECT i, 0, printf('+4477009%05d', i - 1) FROM n;
         INSERT INTO conversations (id, key, line_id, last_message_at, created_at, closed, owner_id, flag, tags)
         {threads} SELECT i, printf('+4477009%05d', i - 1), 1, 0, 0, i % 3 = 0,
                CASE i % 10 WHEN 1 THEN 1 WHEN 2 THEN 2 END, iif(i % 50 = 3, 'call back', NULL),
                iif(i % 50 = 4, '[\"late\"]', '[]') FROM n;
         INSERT INTO conversation_lines (conversation_id, line_id) SELECT id, 1 FROM conversations;
         INSERT INTO conversation_lines (conversation_id, line_id)
         SELECT id, 2 FROM conversations WHERE id % 5000 = 1;
         INSERT INTO messages (id, conversation_id, line_id, direction, state, number_key, text,
                               created_at, received_at, badge)
         {texts} SELECT i, {thread}, 1, iif(i % 2, 'in', 'out'),
                iif(i % 2, 'received', 'delivered'), printf('+4477009%05d', {thread} - 1),
                printf('Hello, word%d: is my order %d ready, or shall we come on day%d again?', i % 5003, i, i % 31),
                {now} - ({messages} - i) * 1000, iif(i % 2, {now} - ({messages} - i) * 1000, NULL), i % 2 FROM n;
         INSERT INTO messages_fts (rowid, text) SELECT id, text FROM messages;
         UPDATE conversations SET last_message_id = (SELECT max(id) FROM messages WHERE conversation_id = conversations.id);
         UPDATE conversations SET last_message_at = (SELECT created_at FROM messages WHERE id = last_message_id),
                unread = 3 WHERE last_message_id IS NOT NULL;
         UPDATE users SET unread_from = 0;
         INSERT INTO reads (user_id, conversation_id, read_to)
         SELECT 1, id, last_message_id - (id % 200 = 0) FROM conversations WHERE last_message_id IS NOT NULL;
         INSERT INTO news (user_id, conversation_id) SELECT 1, id FROM conversations WHERE id % 200 = 0;
         COMMIT; PRAGMA wal_checkpoint(TRUNCATE);",
        now = T0.0,
        threads = series(CONVERSATIONS),
        texts = series(messages),
    ))
    .expect("rows");
    println!(
        "{CONVERSATIONS} conversations and {messages} texts written in {:.0?}",
        started.elapsed()
    );
}
