//! The key that events are signed with, and for a day after a change the one before it, so that a
//! receiver can change over without losing an event.

use super::error::Result;
use super::{ReadTx, WriteTx};
use crate::types::{Millis, UnixTime, hex};

impl ReadTx<'_> {
    /// The keys to sign with now, the newest first; none: nobody has asked for one yet.
    pub fn webhook_keys(&self, now: UnixTime) -> Result<Vec<[u8; 32]>> {
        let Some(key) = self.setting(KEY)?.as_deref().and_then(read) else { return Ok(Vec::new()) };
        let until = self.setting(BEFORE_UNTIL)?.and_then(|until| until.parse().ok().map(UnixTime));
        let before = match until {
            Some(until) if now < until => self.setting(BEFORE)?.as_deref().and_then(read),
            _ => None,
        };
        Ok([key].into_iter().chain(before).collect())
    }
}

impl WriteTx<'_> {
    /// The key to sign with: `fresh` where there is none yet.
    pub fn webhook_key(&self, fresh: &[u8; 32], now: UnixTime) -> Result<[u8; 32]> {
        match self.webhook_keys(now)?.first() {
            Some(key) => Ok(*key),
            None => {
                self.set_setting(KEY, &hex(fresh))?;
                Ok(*fresh)
            }
        }
    }

    /// Signs with `fresh` from now on, and for a day with the key of before as well.
    pub fn change_webhook_key(&self, fresh: &[u8; 32], now: UnixTime) -> Result<()> {
        if let Some(before) = self.setting(KEY)? {
            self.set_setting(BEFORE, &before)?;
            self.set_setting(BEFORE_UNTIL, &now.after(CHANGE_OVER).0.to_string())?;
        }
        self.set_setting(KEY, &hex(fresh))
    }
}

fn read(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    for (at, octet) in key.iter_mut().enumerate() {
        *octet = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(key)
}

const KEY: &str = "webhook_key";
const BEFORE: &str = "webhook_key_before";
const BEFORE_UNTIL: &str = "webhook_key_before_until";
/// For how long the key before a change signs too.
const CHANGE_OVER: Millis = Millis::from_secs(24 * 3_600);
