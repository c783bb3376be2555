//! To whom a prompt was put, and what came back (S83..S90).

use rusqlite::named_params;

use super::error::Result;
use super::lines::LineId;
use super::prompts::PromptId;
use super::words::{ChangeKind, number};
use super::{ReadTx, WriteTx};
use crate::engine::prompt::{Answer, OpenPrompt, Outcome};
use crate::types::{MessageId, Number, UnixTime};

/// Open prompts of one number that are looked at; nobody is asked more at a time.
const MOST: u32 = 20;

impl ReadTx<'_> {
    /// The prompts put to `number`, the newest first, as the engine reads them.
    pub fn prompts_put_to(&self, number: &Number) -> Result<Vec<OpenPrompt>> {
        let sql = "SELECT a.prompt_id, a.hinted,
                          (SELECT value FROM answers w WHERE w.prompt_id = a.prompt_id
                              AND w.number_key = a.number_key AND w.at >= a.asked_at
                            ORDER BY w.id DESC LIMIT 1)
                     FROM askings a WHERE a.number_key = ?1 ORDER BY a.asked_at DESC, a.prompt_id DESC
                    LIMIT ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let asked = statement.query_map((number.key(), MOST), |row| {
            Ok((row.get::<_, PromptId>(0)?, row.get::<_, bool>(1)?, row.get(2)?))
        })?;
        let asked: Vec<(PromptId, bool, Option<String>)> =
            asked.collect::<rusqlite::Result<_>>()?;
        let mut open = Vec::new();
        for (id, hinted, answered) in asked {
            let Some(prompt) = self.prompt(id)? else { continue };
            // What was saved has been read by the same types; what cannot be read asks nothing.
            let Ok(grammar) = serde_json::from_value(prompt.set.grammar) else { continue };
            open.push(OpenPrompt {
                id: crate::engine::PromptId(id.0),
                name: prompt.set.name,
                grammar,
                closes: prompt.set.closes,
                answered,
                revote: prompt.set.revote,
                outcomes: serde_json::from_value(prompt.set.outcomes).unwrap_or_default(),
                hint: prompt.set.hint,
                hinted,
            });
        }
        Ok(open)
    }

    /// The numbers a prompt was put to.
    pub fn asked(&self, prompt: PromptId) -> Result<Vec<Number>> {
        Ok(self.askings(prompt)?.into_iter().map(|(number, _)| number).collect())
    }

    /// The numbers a prompt was put to and when each was asked last, in that order.
    pub fn askings(&self, prompt: PromptId) -> Result<Vec<(Number, UnixTime)>> {
        let sql = "SELECT number_key, asked_at FROM askings WHERE prompt_id = ?1
                    ORDER BY asked_at, number_key";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement
            .query_map([prompt], |row| Ok((number(row, "number_key")?, row.get("asked_at")?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Every answer to a prompt in the order they came, for `engine::prompt::count`.
    pub fn answers(&self, prompt: PromptId) -> Result<Vec<Answer>> {
        let sql = "SELECT number_key, value, at FROM answers WHERE prompt_id = ?1 ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([prompt], |row| {
            Ok(Answer {
                number: number(row, "number_key")?,
                value: row.get("value")?,
                at: row.get("at")?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// A prompt was put to a number, by this message. Asked again, it is open again.
    pub fn put_prompt(
        &self,
        prompt: PromptId,
        to: &Number,
        line: LineId,
        message: MessageId,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "INSERT INTO askings (prompt_id, number_key, line_id, message_id, asked_at)
                   VALUES (:prompt, :key, :line, :message, :now)
                   ON CONFLICT (prompt_id, number_key) DO UPDATE SET line_id = :line,
                       message_id = :message, asked_at = :now, hinted = 0";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":prompt": prompt, ":key": to.key(), ":line": line, ":message": message, ":now": now,
        })?;
        self.changed(ChangeKind::Rule, prompt.0, now)
    }

    /// Keeps an answer; which ones count is worked out when they are counted (E112).
    pub fn keep_answer(
        &self,
        prompt: PromptId,
        from: &Number,
        value: &str,
        outcome: Option<Outcome>,
        message: MessageId,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "INSERT INTO answers (prompt_id, number_key, value, outcome, message_id, at)
                   VALUES (:prompt, :key, :value, :outcome, :message, :now)";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":prompt": prompt, ":key": from.key(), ":value": value,
            ":outcome": outcome.map(Outcome::as_str), ":message": message, ":now": now,
        })?;
        self.changed(ChangeKind::Rule, prompt.0, now)
    }

    /// The number was told once how to answer (E113).
    pub fn prompt_hinted(&self, prompt: PromptId, number: &Number) -> Result<()> {
        let sql = "UPDATE askings SET hinted = 1 WHERE prompt_id = ?1 AND number_key = ?2";
        self.conn.prepare_cached(sql)?.execute((prompt, number.key()))?;
        Ok(())
    }
}
