//! Notices to people: many texts in a short time make few of them (S81, E151).

use rusqlite::named_params;
use serde_json::Value;

use super::WriteTx;
use super::error::Result;
use super::users::UserId;
use super::words::DeliveryKind;
use crate::types::{MessageId, Millis, UnixTime};

/// A notice to one person by one channel.
#[derive(Clone, Debug)]
pub struct NewNotice<'a> {
    /// Who is told.
    pub user: UserId,
    /// By which way; a word of `engine::action::Channel`.
    pub channel: &'a str,
    /// At once, or with the next batch.
    pub at_once: bool,
    /// Flagged: never made to wait for others.
    pub urgent: bool,
    /// The text it is about.
    pub message: MessageId,
    /// What its channel must know.
    pub payload: &'a Value,
}

/// Ordinary texts are told together, so often.
const BATCH: Millis = Millis::from_secs(15 * 60);
/// After one that was told at once, further ones wait for the end of the minute.
const MINUTE: Millis = Millis::from_secs(60);
/// SMS a person gets in an hour at most; what is beyond waits for the next hour, together.
const SMS_AN_HOUR: u32 = 10;
const HOUR: Millis = Millis::from_secs(3_600);

impl WriteTx<'_> {
    /// Adds a notice, or counts the text to one that waits. The `texts` of its payload say how many
    /// it speaks of; its message is the newest.
    pub fn add_notice(&self, new: &NewNotice<'_>, now: UnixTime) -> Result<()> {
        let first = |once| super::NewDelivery {
            kind: DeliveryKind::Notice,
            target: new.user.to_string(),
            payload: new.payload.clone(),
            message: Some(new.message),
            once,
            not_before: None,
        };
        if new.urgent {
            return self.add_delivery(&first(None), now).map(drop);
        }
        let who = format!("{} {}", new.user, new.channel);
        let slot = |span: Millis| now.0.div_euclid(span.0.cast_signed());
        let end = |span: Millis| UnixTime((slot(span) + 1) * span.0.cast_signed());
        if new.channel == "sms" && self.sms_notices(new.user, now)? >= SMS_AN_HOUR {
            return self.wait_with(new, &format!("{who} hour {}", slot(HOUR)), end(HOUR), now);
        }
        if !new.at_once {
            return self.wait_with(new, &format!("{who} batch {}", slot(BATCH)), end(BATCH), now);
        }
        let minute = format!("notice {who} minute {}", slot(MINUTE));
        match self.add_delivery(&first(Some(minute)), now)? {
            Some(_) => Ok(()),
            None => self.wait_with(new, &format!("{who} more {}", slot(MINUTE)), end(MINUTE), now),
        }
    }

    /// The notice that leaves at `due`, made now or spoken of by one text more.
    fn wait_with(
        &self,
        new: &NewNotice<'_>,
        key: &str,
        due: UnixTime,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "INSERT INTO deliveries (kind, target, payload, message_id, once, next_try_at, created_at)
                   VALUES ('notice', :user, :payload, :message, :key, :due, :now)
                   ON CONFLICT (once) DO UPDATE SET message_id = excluded.message_id,
                       payload = json_set(payload, '$.texts', coalesce(json_extract(payload, '$.texts'), 1) + 1)";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":user": new.user.to_string(), ":payload": new.payload.to_string(),
            ":message": new.message, ":key": format!("notice {key}"), ":due": due, ":now": now,
        })?;
        Ok(())
    }

    /// SMS notices to a person within the last hour.
    fn sms_notices(&self, user: UserId, now: UnixTime) -> Result<u32> {
        let sql = "SELECT count(*) FROM deliveries WHERE kind = 'notice' AND target = ?1
                      AND created_at > ?2 AND json_extract(payload, '$.channel') = 'sms'";
        let since = now.before(HOUR);
        let asked = (user.to_string(), since);
        Ok(self.conn.prepare_cached(sql)?.query_row(asked, |row| row.get(0))?)
    }
}
