//! What lies behind a gateway that has run for years: texts that were sent, with their segments.

use std::path::Path;

use simgate::store::{FILE_NAME, SeenSim, Store};
use simgate::types::{Iccid, UnixTime};

/// The first of them left then, one a minute after it.
const BEGAN: UnixTime = UnixTime(1_763_716_200_000);

/// Makes a data folder in which so many texts were sent from a card, and delivered.
pub fn write(data: &Path, card: &str, texts: usize) {
    std::fs::create_dir_all(data).expect("a data folder");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let iccid = Iccid::parse(card).expect("an ICCID");
    runtime.block_on(async {
        let store = Store::open(data).await.expect("a database");
        let sim = SeenSim { iccid: Some(iccid), ..SeenSim::default() };
        store.write(move |tx| tx.upsert_line(&sim, BEGAN)).await.expect("a line");
        store.close().await.expect("closed");
    });
    let conn = rusqlite::Connection::open(data.join(FILE_NAME)).expect("the database");
    let sent = format!(
        "PRAGMA synchronous = off; BEGIN;
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {texts})
         INSERT INTO messages (id, line_id, direction, state, number_key, text, alphabet, segments,
                               segments_done, created_at, sent_at, delivered_at)
         SELECT i, 1, 'out', 'delivered', printf('+4477009%05d', 10000 + i % 9973),
                printf('Your order %d is ready', i), 'gsm7', 1, 1, {began} + i * 60000,
                {began} + i * 60000, {began} + i * 60000 FROM n;
         INSERT INTO messages_fts (rowid, text) SELECT id, text FROM messages;
         INSERT INTO outbound (message_id, line_id, recipient_key, rank, stage, report, send_at,
                               next_try_at, valid_for_ms, valid_until)
         SELECT id, 1, number_key, 3, 'over', 1, created_at, created_at, 86400000,
                created_at + 86400000 FROM messages;
         INSERT INTO segments_out (message_id, line_id, round, seq, total, tpdu, state, on_air_at, mr,
                                   accepted_at, report, reported_at)
         SELECT id, 1, 1, 1, 1, x'2100', 'accepted', created_at, id % 256, created_at, 'delivered',
                created_at FROM messages;
         COMMIT; PRAGMA wal_checkpoint(TRUNCATE);",
        began = BEGAN.0,
    );
    conn.execute_batch(&sent).expect("rows");
}
