//! Messages as people and programs list them.

use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Row};

use super::error::Result;
use super::lines::LineId;
use super::outbound::BatchId;
use super::users::UserId;
use super::words::{AuthorKind, Evidence, Kind, ReportOutcome, SegmentState, number};
use super::{ReadTx, WriteTx};
use crate::types::{Class, ConversationId, Direction, MessageId, MessageState, Number, UnixTime};

/// Who wrote a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// What kind of author.
    pub kind: AuthorKind,
    /// Which one of them.
    pub id: Option<String>,
}

impl Author {
    /// The user, when a user wrote it.
    pub fn user(&self) -> Option<UserId> {
        let id = self.id.as_deref().filter(|_| self.kind == AuthorKind::User)?;
        id.parse().ok()
    }

    /// A user as author.
    pub fn of_user(user: UserId) -> Author {
        Author { kind: AuthorKind::User, id: Some(user.to_string()) }
    }
}

/// Why a message did not go, or could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageError {
    /// A stable word.
    pub code: String,
    /// The sentence for a person.
    pub detail: String,
}

/// A text, in or out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its row; also its place in the order of arrival (`seq`).
    pub id: MessageId,
    /// `None`: the sender could not be read.
    pub conversation: Option<ConversationId>,
    /// The SIM.
    pub line: LineId,
    /// In or out.
    pub direction: Direction,
    /// What it is.
    pub kind: Kind,
    /// What it is for.
    pub class: Class,
    /// Where it stands.
    pub state: MessageState,
    /// The remote address.
    pub number: Number,
    /// The text.
    pub text: String,
    /// `gsm7`, `ucs2` or `data`.
    pub alphabet: Option<String>,
    /// Segments in all.
    pub segments: u32,
    /// In: segments here. Out: segments the network took.
    pub segments_done: u32,
    /// Class 0.
    pub flash: bool,
    /// The caller's own word.
    pub tag: Option<String>,
    /// Where answers go by e-mail.
    pub response_emails: Vec<String>,
    /// Who wrote it.
    pub author: Option<Author>,
    /// When the row was made.
    pub created_at: UnixTime,
    /// In: when its first segment was committed.
    pub received_at: Option<UnixTime>,
    /// Out: when the network took the last segment.
    pub sent_at: Option<UnixTime>,
    /// Out: when the handset had it.
    pub delivered_at: Option<UnixTime>,
    /// In: the service centre's time stamp.
    pub scts: Option<UnixTime>,
    /// What went wrong.
    pub error: Option<MessageError>,
    /// Why it waits for a person.
    pub hold: Option<String>,
    /// In: how often it came.
    pub seen_count: u32,
    /// Out: it may arrive twice.
    pub possible_duplicate: bool,
    /// Why the rules did what they did, as JSON.
    pub trace: String,
    /// In: why its entry looks different.
    pub mark: Option<String>,
}

/// From which end a page of messages is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Page {
    /// From the oldest.
    #[default]
    First,
    /// After this message, oldest first: the cheap poll.
    After(MessageId),
    /// The newest, newest first.
    Last,
    /// Before this message, newest first.
    Before(MessageId),
}

/// Which messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageQuery {
    /// Where to begin.
    pub page: Page,
    /// In or out only.
    pub direction: Option<Direction>,
    /// One SIM only.
    pub line: Option<LineId>,
    /// One state only.
    pub state: Option<MessageState>,
    /// One remote address only.
    pub number: Option<Number>,
    /// One conversation only.
    pub conversation: Option<ConversationId>,
    /// One batch only.
    pub batch: Option<BatchId>,
    /// Also those kept out of the inbox: silent, waiting indications, data, MMS.
    pub hidden_too: bool,
    /// At most so many; 0 means 100.
    pub limit: u32,
}

/// One TPDU of a message, either way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentRow {
    /// Its place, from 1.
    pub seq: u8,
    /// Out: which sending of the whole message.
    pub round: u32,
    /// The octets.
    pub tpdu: Vec<u8>,
    /// Out: where it stands.
    pub state: Option<SegmentState>,
    /// Out: the network's reference.
    pub mr: Option<u8>,
    /// Out: what the network reported.
    pub report: Option<ReportOutcome>,
    /// Out, of unknown end: what speaks for or against its having left.
    pub evidence: Option<Evidence>,
    /// In: when it was read. Out: when the network took it.
    pub at: Option<UnixTime>,
    /// What went wrong.
    pub error: Option<String>,
}

impl Message {
    /// The message in a row of `messages`.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Message> {
        let (code, detail): (Option<String>, Option<String>) =
            (row.get("error_code")?, row.get("error_detail")?);
        let emails: String = row.get("response_emails")?;
        let author: Option<AuthorKind> = row.get("author_kind")?;
        let author_id = row.get("author_id")?;
        Ok(Message {
            id: row.get("id")?,
            conversation: row.get("conversation_id")?,
            line: row.get("line_id")?,
            direction: row.get("direction")?,
            kind: row.get("kind")?,
            class: row.get("class")?,
            state: row.get("state")?,
            number: number(row, "number_key")?,
            text: row.get("text")?,
            alphabet: row.get("alphabet")?,
            segments: row.get("segments")?,
            segments_done: row.get("segments_done")?,
            flash: row.get("flash")?,
            tag: row.get("tag")?,
            response_emails: serde_json::from_str(&emails).unwrap_or_default(),
            author: author.map(|kind| Author { kind, id: author_id }),
            created_at: row.get("created_at")?,
            received_at: row.get("received_at")?,
            sent_at: row.get("sent_at")?,
            delivered_at: row.get("delivered_at")?,
            scts: row.get("scts")?,
            error: code.map(|code| MessageError { code, detail: detail.unwrap_or_default() }),
            hold: row.get("hold_reason")?,
            seen_count: row.get("seen_count")?,
            possible_duplicate: row.get("possible_duplicate")?,
            trace: row.get("trace")?,
            mark: row.get("mark")?,
        })
    }

    /// Whether only a part of it left, or came.
    pub fn is_partial(&self) -> bool {
        self.segments_done > 0 && self.segments_done < self.segments
    }
}

impl ReadTx<'_> {
    /// How many messages wait for a person: unknown or held.
    pub fn waiting_for_people(&self) -> Result<u32> {
        let sql = "SELECT count(*) FROM messages
                    WHERE (state = 'unknown' OR state = 'held' OR state = 'failed')
                      AND state IN ('unknown', 'held')";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// One message.
    pub fn message(&self, id: MessageId) -> Result<Option<Message>> {
        let sql = "SELECT * FROM messages WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id], Message::from_row).optional()?)
    }

    /// A page of messages. Only the conditions asked for are in the statement, so that each finds
    /// its index.
    pub fn messages(&self, query: &MessageQuery) -> Result<Vec<Message>> {
        let key = query.number.as_ref().map(Number::key);
        let (cursor, order) = match &query.page {
            Page::First => (None, "ORDER BY id"),
            Page::After(id) => (Some(("id > ?", id as &dyn ToSql)), "ORDER BY id"),
            Page::Last => (None, "ORDER BY id DESC"),
            Page::Before(id) => (Some(("id < ?", id as &dyn ToSql)), "ORDER BY id DESC"),
        };
        let visible = "kind IN ('text', 'undecodable')";
        // What an earlier owner of the number wrote is not shown to the new one's staff (E137).
        let since = match (&query.conversation, &key) {
            (Some(_), _) if !query.hidden_too => Some(
                "id > (SELECT since_message_id FROM conversations WHERE id = messages.conversation_id)",
            ),
            (None, Some(_)) if !query.hidden_too => Some(
                "id > coalesce((SELECT since_message_id FROM conversations WHERE key = messages.number_key), 0)",
            ),
            _ => None,
        };
        let (conditions, mut values): (Vec<&str>, Vec<&dyn ToSql>) = cursor
            .into_iter()
            .chain(query.direction.as_ref().map(|v| ("direction = ?", v as &dyn ToSql)))
            .chain(query.line.as_ref().map(|v| ("line_id = ?", v as &dyn ToSql)))
            .chain(query.state.as_ref().map(|v| ("state = ?", v as &dyn ToSql)))
            .chain(key.as_ref().map(|v| ("number_key = ?", v as &dyn ToSql)))
            .chain(query.conversation.as_ref().map(|v| ("conversation_id = ?", v as &dyn ToSql)))
            .chain(query.batch.as_ref().map(|v| ("batch_id = ?", v as &dyn ToSql)))
            .unzip();
        let conditions: Vec<&str> = conditions
            .into_iter()
            .chain((!query.hidden_too).then_some(visible))
            .chain(since)
            .collect();
        let filter = if conditions.is_empty() { "1" } else { &conditions.join(" AND ") };
        let sql = format!("SELECT * FROM messages WHERE {filter} {order} LIMIT ?");
        let limit = if query.limit == 0 { 100 } else { query.limit };
        values.push(&limit);
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map(&*values, Message::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How many texts were received since a time, on one line or all, as an inbox shows them.
    pub fn received_since(&self, line: Option<LineId>, since: UnixTime) -> Result<u64> {
        let sql = "SELECT count(*) FROM messages WHERE direction = 'in' AND received_at >= ?1
                      AND kind IN ('text', 'undecodable') AND (?2 IS NULL OR line_id = ?2)";
        let count: i64 =
            self.conn.prepare_cached(sql)?.query_row((since, line), |row| row.get(0))?;
        Ok(count.unsigned_abs())
    }

    /// The TPDUs of a message, in order; those of earlier sendings first.
    pub fn segments_of(&self, message: MessageId) -> Result<Vec<SegmentRow>> {
        let sql = "SELECT seq, 1 AS round, tpdu, NULL AS state, NULL AS mr, NULL AS report,
                          NULL AS evidence, received_at AS at, error
                     FROM segments_in WHERE message_id = ?1
                   UNION ALL
                   SELECT seq, round, tpdu, state, mr, report, evidence, accepted_at, error_code
                     FROM segments_out WHERE message_id = ?1
                   ORDER BY round, seq";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([message], |row| {
            Ok(SegmentRow {
                seq: row.get("seq")?,
                round: row.get("round")?,
                tpdu: row.get("tpdu")?,
                state: row.get("state")?,
                mr: row.get("mr")?,
                report: row.get("report")?,
                evidence: row.get("evidence")?,
                at: row.get("at")?,
                error: row.get("error")?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How many messages are in each state that something or somebody must still deal with.
    pub fn open_counts(&self) -> Result<Vec<(MessageState, u32)>> {
        let sql = "SELECT m.state, count(*) FROM outbound o JOIN messages m ON m.id = o.message_id
                    WHERE o.stage <> 'over' GROUP BY m.state
                   UNION ALL
                   SELECT state, count(*) FROM messages WHERE (state = 'unknown' OR state = 'held' OR state = 'failed')
                      AND state IN ('unknown', 'held') GROUP BY state";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Keeps why the rules did what they did about a message, as JSON.
    pub fn set_trace(&self, message: MessageId, trace: &str) -> Result<()> {
        let sql = "UPDATE messages SET trace = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((message, trace))?;
        Ok(())
    }

    /// Makes a new message's words findable.
    pub(super) fn index_words(&self, message: MessageId, text: &str) -> Result<()> {
        let sql = "INSERT INTO messages_fts (rowid, text) VALUES (?1, ?2)";
        self.conn.prepare_cached(sql)?.execute((message, text))?;
        Ok(())
    }
}
