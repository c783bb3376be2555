//! API tokens: stored as SHA-256, shown once (D15).

use ring::digest::{SHA256, digest};
use rusqlite::{OptionalExtension, Row, named_params};

use super::error::Result;
use super::lines::LineId;
use super::words::row_id;
use super::{ReadTx, WriteTx};
use crate::types::{Millis, Secret, UnixTime};

row_id!(
    /// A token.
    TokenId
);

/// How exact the time of last use is: a poll every second must not cost a write each.
const USE_GRAIN: Millis = Millis::from_secs(3_600);
/// Characters of a token that a list shows: `sg_` and four more.
const HINT: usize = 7;

/// A token to create; the secret comes from the caller's randomness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for, in the owner's words.
    pub name: String,
    /// `sg_` and 256 bits.
    pub secret: Secret,
    /// `send`, `read`, `admin`.
    pub scopes: Vec<String>,
    /// One line only.
    pub line: Option<LineId>,
    /// Its end.
    pub expires_at: Option<UnixTime>,
}

/// A token without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its row.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// Its first characters.
    pub hint: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// One line only.
    pub line: Option<LineId>,
    /// When it was made.
    pub created_at: UnixTime,
    /// Its end.
    pub expires_at: Option<UnixTime>,
    /// When it was revoked.
    pub revoked_at: Option<UnixTime>,
    /// Last use, to the hour.
    pub last_used_at: Option<UnixTime>,
}

/// Whether a presented secret is a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenUse {
    /// It is; `note_use` says whether [`WriteTx::token_used`] is due.
    Valid {
        /// The token.
        token: Token,
        /// Its time of last use is out of date.
        note_use: bool,
    },
    /// Unknown, revoked or expired: the caller learns no more.
    Invalid,
}

/// SHA-256 of a secret of 256 random bits: no salt or slow hash is needed.
pub(super) fn hash(secret: &str) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, secret.as_bytes()).as_ref());
    sum
}

/// Equal in constant time.
pub(super) fn equal(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

impl Token {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Token> {
        let scopes: String = row.get("scopes")?;
        Ok(Token {
            id: row.get("id")?,
            name: row.get("name")?,
            hint: row.get("hint")?,
            scopes: scopes.split(',').filter(|s| !s.is_empty()).map(str::to_owned).collect(),
            line: row.get("line_id")?,
            created_at: row.get("created_at")?,
            expires_at: row.get("expires_at")?,
            revoked_at: row.get("revoked_at")?,
            last_used_at: row.get("last_used_at")?,
        })
    }
}

impl ReadTx<'_> {
    /// All tokens, revoked ones too.
    pub fn tokens(&self) -> Result<Vec<Token>> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM tokens ORDER BY id")?;
        let rows = statement.query_map([], Token::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether a token that was let in is still good.
    pub fn token_holds(&self, token: TokenId, now: UnixTime) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM tokens WHERE id = ?1 AND revoked_at IS NULL
                      AND (expires_at IS NULL OR expires_at > ?2))";
        Ok(self.conn.prepare_cached(sql)?.query_row((token, now), |row| row.get(0))?)
    }

    /// Whose secret it is. The index finds by hash, which tells nothing about the secret.
    pub fn authenticate_token(&self, secret: &Secret, now: UnixTime) -> Result<TokenUse> {
        let presented = hash(secret.expose());
        let sql = "SELECT * FROM tokens WHERE hash = ?1";
        let found = self
            .conn
            .prepare_cached(sql)?
            .query_row([presented], |row| Ok((Token::from_row(row)?, row.get("hash")?)))
            .optional()?;
        Ok(match found {
            Some((token, stored))
                if equal(&stored, &presented)
                    && token.revoked_at.is_none()
                    && token.expires_at.is_none_or(|end| now < end) =>
            {
                let note_use = token.last_used_at.is_none_or(|at| now.since(at) >= USE_GRAIN);
                TokenUse::Valid { token, note_use }
            }
            _ => TokenUse::Invalid,
        })
    }
}

impl WriteTx<'_> {
    /// Creates a token.
    pub fn create_token(&self, new: &NewToken, now: UnixTime) -> Result<TokenId> {
        let sql = "INSERT INTO tokens (name, hash, hint, scopes, line_id, created_at, expires_at)
                   VALUES (:name, :hash, :hint, :scopes, :line, :now, :end) RETURNING id";
        let hint: String = new.secret.expose().chars().take(HINT).collect();
        let made = named_params! {
            ":name": new.name, ":hash": hash(new.secret.expose()), ":hint": hint,
            ":scopes": new.scopes.join(","), ":line": new.line, ":now": now, ":end": new.expires_at,
        };
        Ok(self.conn.prepare_cached(sql)?.query_row(made, |row| row.get(0))?)
    }

    /// Ends a token; `false` when there is none or it has ended before.
    pub fn revoke_token(&self, token: TokenId, now: UnixTime) -> Result<bool> {
        let sql = "UPDATE tokens SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
        Ok(self.conn.prepare_cached(sql)?.execute((token, now))? > 0)
    }

    /// Notes that a token was used.
    pub fn token_used(&self, token: TokenId, now: UnixTime) -> Result<()> {
        let sql = "UPDATE tokens SET last_used_at = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((token, now))?;
        Ok(())
    }
}
