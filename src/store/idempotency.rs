//! A call repeated with the same key is answered, not done again.

use ring::digest::{SHA256, digest};
use rusqlite::{OptionalExtension, named_params};

use super::WriteTx;
use super::error::Result;
use super::outbound::BatchId;
use crate::types::{MessageId, Millis, UnixTime};

/// How long a key is remembered.
const KEPT: Millis = Millis::from_secs(72 * 3_600);

/// The `Idempotency-Key` of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Whose key it is, so that two programs never meet: `token:3`, `user:1`.
    pub scope: String,
    /// The key as sent.
    pub key: String,
    /// SHA-256 of what was asked.
    pub digest: [u8; 32],
}

impl IdempotencyKey {
    /// The key of a request with this body.
    pub fn new(scope: impl Into<String>, key: impl Into<String>, body: &[u8]) -> Self {
        let mut sum = [0; 32];
        sum.copy_from_slice(digest(&SHA256, body).as_ref());
        Self { scope: scope.into(), key: key.into(), digest: sum }
    }
}

/// What an earlier call with the same key made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// One message.
    Message(MessageId),
    /// A batch.
    Batch(BatchId),
    /// Another request: `idempotency_conflict`.
    Conflict,
}

impl WriteTx<'_> {
    /// What `key` made before, in the last 72 h.
    pub fn earlier_call(&self, key: &IdempotencyKey, now: UnixTime) -> Result<Option<Earlier>> {
        let forgotten = now.before(KEPT);
        let sql = "DELETE FROM idempotency WHERE created_at < ?1";
        self.conn.prepare_cached(sql)?.execute([forgotten])?;
        let sql =
            "SELECT digest, message_id, batch_id FROM idempotency WHERE scope = ?1 AND key = ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let earlier = statement.query_row((&key.scope, &key.key), |row| {
            let same = row.get::<_, [u8; 32]>(0)? == key.digest;
            Ok(match (same, row.get(1)?, row.get(2)?) {
                (true, Some(message), _) => Earlier::Message(message),
                (true, None, Some(batch)) => Earlier::Batch(batch),
                _ => Earlier::Conflict,
            })
        });
        Ok(earlier.optional()?)
    }

    /// Remembers what `key` made; one of the two.
    pub(super) fn remember_call(
        &self,
        key: &IdempotencyKey,
        message: Option<MessageId>,
        batch: Option<BatchId>,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "INSERT INTO idempotency (scope, key, digest, message_id, batch_id, created_at)
                   VALUES (:scope, :key, :digest, :message, :batch, :now)";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":scope": key.scope, ":key": key.key, ":digest": key.digest,
            ":message": message, ":batch": batch, ":now": now,
        })?;
        Ok(())
    }
}
