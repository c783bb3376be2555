//! Consent: an append-only ledger of what was said, and what it amounts to for each number (D10).
//!
//! The engine recognises the words; here they are kept, with the digest of the octets they came in.

use ring::digest::{Context, SHA256};
use rusqlite::{OptionalExtension, Row, named_params};

use super::error::Result;
use super::lines::LineId;
use super::messages::Author;
use super::words::{AuthorKind, ChangeKind, number, row_id};
use super::{ReadTx, WriteTx};
use crate::engine::consent::{Change, Event, Scope, Standing, State};
use crate::types::{MessageId, Number, UnixTime};

row_id!(
    /// An entry of the ledger.
    ConsentId
);

/// Where an entry of the ledger comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The line it was said on; `None`: not by a text.
    pub line: Option<LineId>,
    /// The text it was said in.
    pub message: Option<MessageId>,
    /// Who decided it for the customer; `None`: the customer.
    pub author: Option<Author>,
}

/// An entry of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentEntry {
    /// Its row.
    pub id: ConsentId,
    /// Whose consent.
    pub number: Number,
    /// The line it was said on.
    pub line: Option<LineId>,
    /// What was recorded.
    pub change: Change,
    /// How far it reaches.
    pub scope: Scope,
    /// How sure we were, in the engine's words.
    pub level: String,
    /// The word recognised, or a person's reason.
    pub word: String,
    /// The language of the word.
    pub language: String,
    /// An answer was queued with it.
    pub answered: bool,
    /// Who decided it for the customer.
    pub author: Option<Author>,
    /// The text it was said in.
    pub message: Option<MessageId>,
    /// SHA-256 of that text's TPDUs.
    pub pdu_digest: Option<Vec<u8>>,
    /// The service centre's time.
    pub scts: Option<UnixTime>,
    /// Ours.
    pub at: UnixTime,
}

/// The last decision for a number in one scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The line it holds on; `None`: on all.
    pub line: Option<LineId>,
    /// In or out.
    pub state: State,
    /// Since when.
    pub since: UnixTime,
    /// The words that led to it.
    pub said: String,
    /// Consent to marketing is recorded.
    pub marketing: bool,
}

impl ConsentEntry {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<ConsentEntry> {
        let kind: Option<AuthorKind> = row.get("author_kind")?;
        let author_id = row.get("author_id")?;
        Ok(ConsentEntry {
            id: row.get("id")?,
            number: number(row, "number_key")?,
            line: row.get("line_id")?,
            change: row.get("change")?,
            scope: row.get("scope")?,
            level: row.get("level")?,
            word: row.get("word")?,
            language: row.get("language")?,
            answered: row.get("answered")?,
            author: kind.map(|kind| Author { kind, id: author_id }),
            message: row.get("message_id")?,
            pdu_digest: row.get("pdu_digest")?,
            scts: row.get("scts")?,
            at: row.get("at")?,
        })
    }
}

impl ReadTx<'_> {
    /// What is known about the consent of `number`, as far as `line` is concerned: of the decision
    /// for all lines and the one for this line, the later holds (C9).
    pub fn standing(&self, number: &Number, line: LineId) -> Result<Standing> {
        let mut standing = self.standing_before(number, line, None)?;
        let sql = "SELECT at FROM consent_ledger WHERE number_key = ?1 AND change = 'help'
                      AND answered = 1 ORDER BY id DESC LIMIT 10";
        let mut statement = self.conn.prepare_cached(sql)?;
        let answers = statement.query_map([number.key()], |row| row.get(0))?;
        standing.help_answers = answers.collect::<rusqlite::Result<_>>()?;
        Ok(standing)
    }

    /// The same as it was before `message`, which may itself be the one answer that an exception
    /// allows after each text of somebody who has opted out (E95). Without the HELP answers, which
    /// matter to texts that arrive.
    pub(super) fn standing_before(
        &self,
        number: &Number,
        line: LineId,
        message: Option<MessageId>,
    ) -> Result<Standing> {
        let key = number.key();
        let sql = "SELECT state, since, said, marketing, line_id FROM consent_standing WHERE number_key = ?1";
        let mut decided = self.conn.prepare_cached(sql)?;
        let decided = decided.query_map([&key], |row| {
            let standing = Standing {
                state: row.get(0)?,
                since: row.get(1)?,
                said: row.get(2)?,
                marketing: row.get(3)?,
                ..Standing::default()
            };
            Ok((row.get::<_, LineId>(4)?, standing))
        })?;
        let decided: Vec<(LineId, Standing)> = decided.collect::<rusqlite::Result<_>>()?;
        let here = decided.into_iter().filter(|(on, _)| *on == line || on.0 == 0);
        let last = here.map(|(_, standing)| standing).max_by_key(|standing| standing.since);
        let mut standing = last.unwrap_or_default();
        if standing.state == State::Unknown && self.is_suppressed(number)? {
            standing.state = State::Out;
        }
        let sql = "SELECT coalesce((SELECT possible_opt_out FROM conversations WHERE key = :key), 0),
                          (SELECT max(at) FROM consent_ledger WHERE number_key = :key AND answered = 1
                              AND change IN ('opted_out', 'repeated')),
                          EXISTS (SELECT 1 FROM messages WHERE number_key = :key AND direction = 'in'
                                     AND badge = 1 AND received_at > :since
                                     AND id > coalesce((SELECT max(message_id) FROM outbound
                                          WHERE recipient_key = :key AND exception IS NOT NULL
                                            AND message_id IS NOT :message), 0))";
        let asked = named_params! { ":key": key, ":since": standing.since, ":message": message };
        let (possible, confirmed, wrote) = self
            .conn
            .prepare_cached(sql)?
            .query_row(asked, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        standing.possible_opt_out = possible;
        standing.last_confirmation = confirmed;
        standing.wrote_since = wrote;
        Ok(standing)
    }

    /// The last decisions for `number`, one a scope.
    pub fn consent_of(&self, number: &Number) -> Result<Vec<Decided>> {
        let sql = "SELECT nullif(line_id, 0), state, since, said, marketing FROM consent_standing
                    WHERE number_key = ?1 ORDER BY line_id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([number.key()], |row| {
            Ok(Decided {
                line: row.get(0)?,
                state: row.get(1)?,
                since: row.get(2)?,
                said: row.get(3)?,
                marketing: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether `number` has opted out, anywhere.
    pub fn is_opted_out(&self, number: &Number) -> Result<bool> {
        let decided = self.consent_of(number)?;
        let whole = decided.iter().filter(|d| d.line.is_none()).map(|d| d.since).max();
        let holds = |d: &Decided| d.line.is_none() || whole.is_none_or(|since| d.since > since);
        let out = decided.iter().any(|d| holds(d) && d.state == State::Out);
        Ok(out || (decided.is_empty() && self.is_suppressed(number)?))
    }

    /// The ledger's last opt-out of `number`: when it was said, by which word and how surely.
    pub fn last_opt_out(&self, number: &Number) -> Result<Option<ConsentEntry>> {
        let sql = "SELECT * FROM consent_ledger WHERE number_key = ?1 AND change = 'opted_out'
                    ORDER BY id DESC LIMIT 1";
        let mut statement = self.conn.prepare_cached(sql)?;
        Ok(statement.query_row([number.key()], ConsentEntry::from_row).optional()?)
    }

    /// The ledger after an entry, oldest first; of one number or of all.
    pub fn consent_ledger(
        &self,
        number: Option<&Number>,
        after: Option<ConsentId>,
        limit: u32,
    ) -> Result<Vec<ConsentEntry>> {
        let sql = match number {
            Some(_) => {
                "SELECT * FROM consent_ledger WHERE id > ?1 AND number_key = ?3 ORDER BY id LIMIT ?2"
            }
            None => {
                "SELECT * FROM consent_ledger WHERE id > ?1 AND ?3 IS NULL ORDER BY id LIMIT ?2"
            }
        };
        let after = after.unwrap_or(ConsentId(0));
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows =
            statement.query_map((after, limit, number.map(Number::key)), ConsentEntry::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// SHA-256 of a received text's TPDUs in order, and the service centre's time.
    fn evidence(&self, message: MessageId) -> Result<(Option<[u8; 32]>, Option<UnixTime>)> {
        let mut context = Context::new(&SHA256);
        let segments = self.segments_of(message)?;
        segments.iter().for_each(|segment| context.update(&segment.tpdu));
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        let scts = self.message(message)?.and_then(|message| message.scts);
        Ok(((!segments.is_empty()).then_some(digest), scts))
    }
}

impl WriteTx<'_> {
    /// Writes what was said into the ledger, and lets it hold.
    pub fn record_consent(&self, event: &Event, said: &Said, now: UnixTime) -> Result<()> {
        let key = event.number.key();
        let (digest, scts) = match said.message {
            Some(message) => self.evidence(message)?,
            None => (None, None),
        };
        let level = if said.message.is_some() { event.level.as_str() } else { "by hand" };
        let sql =
            "INSERT INTO consent_ledger (number_key, line_id, change, scope, level, word, language,
                       answered, author_kind, author_id, message_id, pdu_digest, scts, at)
                   VALUES (:key, :line, :change, :scope, :level, :word, :language, :answered,
                       :author_kind, :author_id, :message, :digest, :scts, :now)";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":key": key, ":line": said.line, ":change": event.change, ":scope": event.scope,
            ":level": level, ":word": event.word, ":language": event.language,
            ":answered": event.answered, ":author_kind": said.author.as_ref().map(|a| a.kind),
            ":author_id": said.author.as_ref().and_then(|a| a.id.as_ref()),
            ":message": said.message, ":digest": digest, ":scts": scts, ":now": now,
        })?;
        let state = match event.change {
            Change::OptedOut => State::Out,
            Change::OptedIn => State::In,
            Change::Repeated | Change::Possible | Change::Help => return Ok(()),
        };
        if state == State::In {
            self.lift_suppression(&event.number)?;
        }
        let line = match event.scope {
            Scope::Organisation => None,
            Scope::Line => said.line,
        };
        let sql = "INSERT INTO consent_standing (number_key, line_id, state, since, said, marketing)
                   VALUES (:key, coalesce(:line, 0), :state, :now, :said, :marketing)
                   ON CONFLICT (number_key, line_id) DO UPDATE SET state = excluded.state,
                       since = excluded.since, said = excluded.said, marketing = excluded.marketing";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":key": key, ":line": line, ":state": state, ":now": now, ":said": event.word,
            ":marketing": state == State::In,
        })?;
        let sql = "UPDATE conversations SET possible_opt_out = 0 WHERE key = ?1 RETURNING id";
        let thread = self.conn.prepare_cached(sql)?.query_row([&key], |row| row.get(0));
        match thread.optional()? {
            Some(id) => self.changed(ChangeKind::Conversation, id, now),
            None => Ok(()),
        }
    }
}
