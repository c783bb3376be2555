//! Texts that a person planned by the clock on the wall: when the rules of the zone change before
//! they are due, they leave by the new ones (E162).

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rusqlite::named_params;

use super::WriteTx;
use super::error::Result;
use super::words::ChangeKind;
use crate::types::{MessageId, UnixTime};

impl WriteTx<'_> {
    /// Remembers the clock time that was chosen for a queued text, such as `2027-03-28T09:00`.
    pub fn planned_by_clock(&self, message: MessageId, local: DateTime) -> Result<()> {
        let sql = "UPDATE outbound SET send_local = ?2 WHERE message_id = ?1";
        self.conn.prepare_cached(sql)?.execute((message, local.to_string()))?;
        Ok(())
    }

    /// Works out anew when texts planned by the clock are due; those whose time has changed.
    pub fn plan_by_clock(&self, zone: &TimeZone, now: UnixTime) -> Result<Vec<MessageId>> {
        let sql = "SELECT message_id, send_local, send_at FROM outbound
                    WHERE send_local IS NOT NULL AND stage = 'waiting'";
        let mut statement = self.conn.prepare_cached(sql)?;
        let planned = statement.query_map([], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, UnixTime>(2)?))
        })?;
        let planned: Vec<(MessageId, String, UnixTime)> =
            planned.collect::<rusqlite::Result<_>>()?;
        let mut moved = Vec::new();
        for (message, local, before) in planned {
            let due = local.parse::<DateTime>().ok().and_then(|at| at.to_zoned(zone.clone()).ok());
            let due = due.map(|due| UnixTime(due.timestamp().as_millisecond()));
            // What is due already leaves as it is; a night put off by quiet hours stays put off.
            let Some(due) = due.filter(|due| *due != before && *due > now && before > now) else {
                continue;
            };
            self.move_to(message, due, now)?;
            moved.push(message);
        }
        Ok(moved)
    }

    fn move_to(&self, message: MessageId, due: UnixTime, now: UnixTime) -> Result<()> {
        let sql = "UPDATE outbound SET send_at = :due, next_try_at = :due,
                          valid_until = :due + valid_for_ms WHERE message_id = :message";
        let moved = named_params! { ":due": due, ":message": message };
        self.conn.prepare_cached(sql)?.execute(moved)?;
        let why = format!("to {due}: the rules of the time zone have changed");
        self.custody(message, now, "moved", Some(&why))?;
        self.changed(ChangeKind::Message, message.0, now)
    }
}
