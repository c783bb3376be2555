//! Texts the gateway wrote by itself, for the breaker that keeps machines from talking (E109).

use rusqlite::named_params;

use super::error::Result;
use super::{ReadTx, WriteTx};
use crate::engine::action::Purpose;
use crate::engine::facts::Traffic;
use crate::types::{MessageId, Millis, Number, UnixTime};

const AN_HOUR: Millis = Millis::from_secs(3_600);
const A_DAY: Millis = Millis::from_secs(24 * 3_600);

impl ReadTx<'_> {
    /// Automatic texts of late, and how often `number` has sent this very `text` within the hour.
    pub fn traffic(&self, number: &Number, text: &str, now: UnixTime) -> Result<Traffic> {
        let key = number.key();
        let (hour, day) = (before(now, AN_HOUR), before(now, A_DAY));
        // Of a talkative sender the last messages are enough: the breaker asks for a few.
        let sql = "SELECT
            (SELECT count(*) FROM automatic_texts WHERE number_key = :key AND at > :hour),
            (SELECT count(*) FROM automatic_texts WHERE number_key = :key AND at > :day),
            (SELECT count(*) FROM automatic_texts WHERE at > :hour),
            (SELECT max(at) FROM automatic_texts WHERE number_key = :key AND purpose = :away),
            (SELECT count(*) FROM (SELECT direction, text, received_at FROM messages
                                    WHERE number_key = :key ORDER BY id DESC LIMIT 100)
              WHERE direction = 'in' AND text = :text AND received_at > :hour),
            EXISTS (SELECT 1 FROM conversations WHERE key = :key AND flag = 'loop')";
        let asked = named_params! {
            ":key": key, ":hour": hour, ":day": day, ":away": Purpose::Away.as_str(), ":text": text,
        };
        let mut traffic = self.conn.prepare_cached(sql)?.query_row(asked, |row| {
            Ok(Traffic {
                automatic_hour: row.get(0)?,
                automatic_day: row.get(1)?,
                automatic_all_hour: row.get(2)?,
                last_away: row.get(3)?,
                same_text_hour: row.get(4)?,
                loop_flagged: row.get(5)?,
                last_automatic: Vec::new(),
            })
        })?;
        let sql = "SELECT m.text FROM automatic_texts a JOIN messages m ON m.id = a.message_id
                    WHERE a.number_key = ?1 ORDER BY a.at DESC, a.message_id DESC LIMIT 3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let texts = statement.query_map([&key], |row| row.get(0))?;
        traffic.last_automatic = texts.collect::<rusqlite::Result<_>>()?;
        Ok(traffic)
    }
}

impl WriteTx<'_> {
    /// Remembers that the gateway wrote a text by itself.
    pub fn note_automatic(
        &self,
        message: MessageId,
        to: &Number,
        purpose: Purpose,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "INSERT INTO automatic_texts (message_id, number_key, purpose, at)
                   VALUES (?1, ?2, ?3, ?4)";
        let noted = (message, to.key(), purpose.as_str(), now);
        self.conn.prepare_cached(sql)?.execute(noted)?;
        Ok(())
    }
}

fn before(now: UnixTime, span: Millis) -> UnixTime {
    UnixTime(now.0.saturating_sub(span.0.cast_signed()))
}
