//! Texts that were not taken: who tried, for whom, and why, step by step: the check that said no
//! and, of an opt-out, what led to it. Never the words of the text: nobody but its author needs
//! them, and they may be about somebody who wants no texts.
//!
//! Bounded twice: the same refusal within an hour is one row with a count, and of the rows the
//! newest ten thousand stay.

use rusqlite::{OptionalExtension, Row, named_params};
use serde_json::json;

use super::error::Result;
use super::lines::LineId;
use super::messages::Author;
use super::words::{AuthorKind, number, row_id};
use super::{ReadTx, WriteTx};
use crate::types::{Millis, Number, UnixTime};

row_id!(
    /// A refusal.
    RefusalId
);

/// Why a text was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefused {
    /// How it came: `message`, `batch`, `bulk`, `prompt`, `page`, `mail`, `relay`.
    pub way: &'static str,
    /// Who tried.
    pub author: Author,
    /// The line it would have left on, where one was found.
    pub line: Option<LineId>,
    /// The recipient, where one could be read.
    pub number: Option<Number>,
    /// What it was for, in the caller's word.
    pub class: String,
    /// The stable word of the refusal.
    pub code: &'static str,
    /// The sentence for a person, without words of the text.
    pub why: String,
}

/// A refusal as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its row.
    pub id: RefusalId,
    /// When it happened first.
    pub first_at: UnixTime,
    /// When it happened last.
    pub at: UnixTime,
    /// How often, within an hour of each other.
    pub times: u32,
    /// How it came.
    pub way: String,
    /// Who tried.
    pub author: Author,
    /// The line it would have left on.
    pub line: Option<LineId>,
    /// The recipient.
    pub number: Option<Number>,
    /// What it was for.
    pub class: String,
    /// The stable word.
    pub code: String,
    /// Why, as JSON: a list of `{step, why}`.
    pub trace: String,
}

/// Which refusals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefusedQuery {
    /// Older than this row.
    pub before: Option<RefusalId>,
    /// One recipient only.
    pub number: Option<Number>,
    /// One stable word only.
    pub code: Option<String>,
    /// At most so many.
    pub limit: u32,
}

impl Refused {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Refused> {
        let kind: AuthorKind = row.get("author_kind")?;
        let key: String = row.get("number_key")?;
        Ok(Refused {
            id: row.get("id")?,
            first_at: row.get("first_at")?,
            at: row.get("at")?,
            times: row.get("times")?,
            way: row.get("way")?,
            author: Author { kind, id: row.get("author_id")? },
            line: row.get("line_id")?,
            number: if key.is_empty() { None } else { Some(number(row, "number_key")?) },
            class: row.get("class")?,
            code: row.get("code")?,
            trace: row.get("trace")?,
        })
    }
}

impl ReadTx<'_> {
    /// What was refused, newest first.
    pub fn refused(&self, query: &RefusedQuery) -> Result<Vec<Refused>> {
        let sql = "SELECT * FROM refusals WHERE id < :before
                      AND (:key IS NULL OR number_key = :key) AND (:code IS NULL OR code = :code)
                    ORDER BY id DESC LIMIT :limit";
        let mut statement = self.conn.prepare_cached(sql)?;
        let asked = named_params! {
            ":before": query.before.map_or(i64::MAX, |id| id.0),
            ":key": query.number.as_ref().map(Number::key), ":code": query.code,
            ":limit": query.limit,
        };
        let rows = statement.query_map(asked, Refused::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Keeps that texts were not taken.
    pub fn note_refused(&self, refused: &[NewRefused], now: UnixTime) -> Result<()> {
        for one in refused {
            let trace = self.trace_of(one)?;
            if !self.refused_again(one, &trace, now)? {
                self.refused_first(one, &trace, now)?;
            }
        }
        let sql = "DELETE FROM refusals WHERE id <= (SELECT max(id) FROM refusals) - ?1";
        self.conn.prepare_cached(sql)?.execute([KEPT])?;
        Ok(())
    }

    /// Why, step by step.
    fn trace_of(&self, one: &NewRefused) -> Result<String> {
        let why = format!("not taken ({}): {}", one.code, one.why);
        let mut steps = vec![json!({ "step": step(one.code), "why": why })];
        let said = match (one.code, &one.number) {
            ("opted_out", Some(number)) => self.last_opt_out(number)?,
            _ => None,
        };
        if let Some(said) = said {
            let (scope, at) = (said.scope.as_str(), said.at.to_string());
            let at = at.split('T').next().unwrap_or_default();
            let why = format!("{:?} ({}), for the {scope}, on {at}", said.word, said.level);
            steps.push(json!({ "step": "ledger", "why": why }));
        }
        Ok(json!(steps).to_string())
    }

    /// Counts a refusal that a program met again by trying again. `false`: it is another one.
    fn refused_again(&self, one: &NewRefused, trace: &str, now: UnixTime) -> Result<bool> {
        let sql = "SELECT id FROM refusals
                    WHERE number_key = :key AND code = :code AND way = :way AND class = :class
                      AND author_kind = :kind AND author_id IS :author AND line_id IS :line
                      AND at > :since ORDER BY id DESC LIMIT 1";
        let same = self.conn.prepare_cached(sql)?.query_row(
            named_params! {
                ":key": key(one), ":code": one.code, ":way": one.way, ":class": one.class,
                ":kind": one.author.kind, ":author": one.author.id, ":line": one.line,
                ":since": now.before(TOGETHER),
            },
            |row| row.get::<_, RefusalId>(0),
        );
        let Some(same) = same.optional()? else { return Ok(false) };
        let sql = "UPDATE refusals SET times = times + 1, at = ?2, trace = ?3 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((same, now, trace))?;
        Ok(true)
    }

    fn refused_first(&self, one: &NewRefused, trace: &str, now: UnixTime) -> Result<()> {
        let sql = "INSERT INTO refusals (way, author_kind, author_id, line_id, number_key, class,
                       code, trace, first_at, at)
                   VALUES (:way, :kind, :author, :line, :key, :class, :code, :trace, :now, :now)";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":way": one.way, ":kind": one.author.kind, ":author": one.author.id,
            ":line": one.line, ":key": key(one), ":class": one.class, ":code": one.code,
            ":trace": trace, ":now": now,
        })?;
        Ok(())
    }
}

fn key(one: &NewRefused) -> String {
    one.number.as_ref().map(Number::key).unwrap_or_default()
}

/// Which of the checks said no, by the stable word it said it with.
fn step(code: &str) -> &'static str {
    match code {
        "opted_out" | "marketing_consent_missing" => "consent",
        "international_off" | "short_code_not_allowed" | "cannot_be_answered" => "reach",
        "number_invalid" | "contact_unknown" => "recipient",
        "line_unknown" | "line_off" => "line",
        "claim_required" | "claimed_by_other" | "answered_meanwhile" => "claim",
        "forbidden" | "admin_required" | "acting_user_required" | "user_inactive" => "permission",
        "merge_field_missing" | "template_invalid" | "template_too_long" => "template",
        _ => "message",
    }
}

/// Rows kept.
const KEPT: i64 = 10_000;
/// The same refusal within this time of the last is counted, not kept again.
const TOGETHER: Millis = Millis::from_secs(3_600);
