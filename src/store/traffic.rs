//! What went through the lines in a time: figures for reports (S137).
//!
//! Everything is counted from the messages themselves when a report is opened, so that no second
//! book can disagree with the first.

use rusqlite::named_params;

use super::ReadTx;
use super::error::Result;
use super::lines::LineId;
use super::users::UserId;
use crate::types::{Millis, UnixTime};

/// Whose traffic, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrafficQuery {
    /// From this time.
    pub from: UnixTime,
    /// Up to this time, which is not part of it.
    pub to: UnixTime,
    /// One line only.
    pub line: Option<LineId>,
    /// What one user sent; what came in has no user.
    pub user: Option<UserId>,
}

/// The figures of a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Texts that came in.
    pub received: u32,
    /// Their segments.
    pub segments_in: u32,
    /// Texts the network took.
    pub sent: u32,
    /// Segments the network took.
    pub segments_out: u32,
    /// Of the sent, those a handset has.
    pub delivered: u32,
    /// Texts that did not go through.
    pub failed: u32,
    /// Different numbers written to.
    pub recipients: u32,
    /// People who opted out.
    pub opt_outs: u32,
}

const OUT: &str = "m.direction = 'out' AND m.sent_at IS NOT NULL";

impl ReadTx<'_> {
    /// The figures of a time.
    pub fn traffic_in(&self, query: &TrafficQuery) -> Result<Traffic> {
        let sql = format!(
            "SELECT count(*) FILTER (WHERE m.direction = 'in'),
                    coalesce(sum(m.segments) FILTER (WHERE m.direction = 'in'), 0),
                    count(*) FILTER (WHERE {OUT}),
                    coalesce(sum(m.segments) FILTER (WHERE {OUT}), 0),
                    count(*) FILTER (WHERE m.state = 'delivered'),
                    count(*) FILTER (WHERE m.state IN ('failed', 'undeliverable', 'expired')),
                    count(DISTINCT m.number_key) FILTER (WHERE {OUT})
               FROM messages m
              WHERE m.kind = 'text' AND m.created_at >= :from AND m.created_at < :to
                AND (:line IS NULL OR m.line_id = :line)
                AND (:user IS NULL OR (m.author_kind = 'user' AND m.author_id = CAST(:user AS TEXT)))"
        );
        let asked = named_params! {
            ":from": query.from, ":to": query.to, ":line": query.line, ":user": query.user,
        };
        let mut traffic = self.conn.prepare_cached(&sql)?.query_row(asked, |row| {
            Ok(Traffic {
                received: row.get(0)?,
                segments_in: row.get(1)?,
                sent: row.get(2)?,
                segments_out: row.get(3)?,
                delivered: row.get(4)?,
                failed: row.get(5)?,
                recipients: row.get(6)?,
                opt_outs: 0,
            })
        })?;
        if query.user.is_none() {
            traffic.opt_outs = self.opt_outs(query)?;
        }
        Ok(traffic)
    }

    /// How long people waited for the first answer of a person after they wrote, shortest first. A
    /// text that follows another without an answer between begins no new wait.
    pub fn first_responses(&self, query: &TrafficQuery) -> Result<Vec<Millis>> {
        let sql = "WITH thread AS (
                       SELECT m.conversation_id AS conversation, m.id, m.created_at AS at,
                              m.direction = 'in' AS asks, m.line_id,
                              lag(m.direction) OVER (PARTITION BY m.conversation_id ORDER BY m.id) AS before
                         FROM messages m
                        WHERE m.kind = 'text' AND m.conversation_id IS NOT NULL
                          AND (m.direction = 'in' AND m.badge = 1
                               OR m.author_kind IN ('user', 'relay', 'email'))
                          AND m.created_at >= :from AND m.created_at < :to)
                   SELECT (SELECT min(a.created_at) FROM messages a
                            WHERE a.conversation_id = thread.conversation AND a.id > thread.id
                              AND a.direction = 'out' AND a.author_kind IN ('user', 'relay', 'email')
                              AND (:user IS NULL OR (a.author_kind = 'user'
                                   AND a.author_id = CAST(:user AS TEXT)))) - thread.at AS wait
                     FROM thread
                    WHERE asks AND before IS NOT 'in' AND (:line IS NULL OR line_id = :line)
                      AND wait IS NOT NULL
                    ORDER BY wait";
        let asked = named_params! {
            ":from": query.from, ":to": query.to, ":line": query.line, ":user": query.user,
        };
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(asked, |row| {
            let wait: i64 = row.get(0)?;
            Ok(Millis(wait.max(0).cast_unsigned()))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl ReadTx<'_> {
    fn opt_outs(&self, query: &TrafficQuery) -> Result<u32> {
        let sql = "SELECT count(DISTINCT number_key) FROM consent_ledger
                    WHERE change = 'opted_out' AND at >= ?1 AND at < ?2
                      AND (?3 IS NULL OR line_id = ?3)";
        let asked = (query.from, query.to, query.line);
        Ok(self.conn.prepare_cached(sql)?.query_row(asked, |row| row.get(0))?)
    }
}
