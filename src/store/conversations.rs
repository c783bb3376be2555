//! Conversations: one remote address across all own lines (D3), as a list, a tab, a search.
//!
//! What is done to one is in `claims` (who has it) and `threads` (everything else).

use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Row, named_params};

use super::error::Result;
use super::lines::LineId;
use super::search;
use super::users::UserId;
use super::words::{Tab, number};
use super::{ReadTx, WriteTx};
use crate::types::{
    ContactId, ConversationId, Direction, MessageId, MessageState, Number, UnixTime,
};

/// All texts with one remote address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Its row.
    pub id: ConversationId,
    /// The remote address.
    pub number: Number,
    /// The line last used; where an answer goes out (S163).
    pub line: Option<LineId>,
    /// Texts that are news: to the viewer, or since anybody looked when there is no viewer (E128).
    pub unread: u32,
    /// Whether the last word is ours.
    pub answered: bool,
    /// The newest message shown in the inbox.
    pub last_message: Option<MessageId>,
    /// When that was.
    pub last_message_at: UnixTime,
    /// Its words and which way they went.
    pub last_text: Option<(Direction, String)>,
    /// Where that message stands.
    pub last_state: Option<MessageState>,
    /// The contact who names it, with the name.
    pub contact: Option<(ContactId, String)>,
    /// Who has claimed it.
    pub owner: Option<UserId>,
    /// Who takes part without owning it.
    pub participants: Vec<UserId>,
    /// The team it was given to.
    pub team: Option<String>,
    /// For follow-up, with a word why.
    pub flag: Option<String>,
    /// Closed: reopened by traffic (S156, S157).
    pub closed: bool,
    /// Words people gave it.
    pub tags: Vec<String>,
    /// Somebody must decide whether the last words were an opt-out (E81).
    pub possible_opt_out: bool,
    /// Its owner wants no texts, on one line at least.
    pub opted_out: bool,
    /// Texts that are to leave at a time of their own and have not left.
    pub scheduled: u32,
    /// With a member of staff's own phone; kept out of the tabs.
    pub internal: bool,
}

/// Which conversations, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConversationQuery {
    /// Those older than this one: the last of the page before, by time and id.
    pub before: Option<(UnixTime, ConversationId)>,
    /// Those that were ever on this line (S146).
    pub line: Option<LineId>,
    /// One tab, as the viewer sees it.
    pub tab: Option<Tab>,
    /// Who looks; nobody in particular, when `None`.
    pub viewer: Option<UserId>,
    /// Words of a name or a text, or digits of a number (S142).
    pub search: Option<String>,
    /// Those flagged with this word, or with any word when empty (S69).
    pub flag: Option<String>,
    /// Those claimed by this user.
    pub owner: Option<UserId>,
    /// Those with this tag.
    pub tag: Option<String>,
    /// At most so many; 0 means 50.
    pub limit: u32,
}

/// How many conversations stand in each tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TabCounts {
    /// Mine, ours, nobody's.
    pub active: u32,
    /// Held by others.
    pub team: u32,
    /// Closed.
    pub closed: u32,
}

impl Conversation {
    /// The tab in which a viewer finds it (S123..S125).
    pub fn tab(&self, viewer: Option<UserId>) -> Tab {
        match self.owner {
            _ if self.closed => Tab::Closed,
            Some(owner) if Some(owner) != viewer => match viewer {
                Some(viewer) if self.participants.contains(&viewer) => Tab::Active,
                _ => Tab::Team,
            },
            _ => Tab::Active,
        }
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Conversation> {
        let text: Option<String> = row.get("last_text")?;
        let direction: Option<Direction> = row.get("last_direction")?;
        let contact: Option<ContactId> = row.get("contact_id")?;
        let name: Option<String> = row.get("contact_name")?;
        let participants: String = row.get("participants")?;
        let participants: Vec<i64> = serde_json::from_str(&participants).unwrap_or_default();
        let tags: String = row.get("tags")?;
        Ok(Conversation {
            id: row.get("id")?,
            number: number(row, "key")?,
            line: row.get("line_id")?,
            unread: row.get("news")?,
            answered: row.get("answered")?,
            last_message: row.get("last_message_id")?,
            last_message_at: row.get("last_message_at")?,
            last_text: direction.zip(text),
            last_state: row.get("last_state")?,
            contact: contact.map(|id| (id, name.unwrap_or_default().trim().to_owned())),
            owner: row.get("owner_id")?,
            participants: participants.into_iter().map(UserId).collect(),
            team: row.get("team")?,
            flag: row.get("flag")?,
            closed: row.get("closed")?,
            tags: serde_json::from_str(&tags).unwrap_or_default(),
            possible_opt_out: row.get("possible_opt_out")?,
            opted_out: row.get("opted_out")?,
            scheduled: row.get("scheduled")?,
            internal: row.get("internal")?,
        })
    }
}

/// A conversation with everything its row in a list shows; `:me` is the viewer or NULL.
const CONVERSATION: &str = "SELECT c.*, m.text AS last_text, m.direction AS last_direction, m.state AS last_state,
        p.id AS contact_id, p.first_name || ' ' || p.last_name AS contact_name,
        (SELECT json_group_array(user_id) FROM participants WHERE conversation_id = c.id) AS participants,
        CASE WHEN :me IS NULL THEN c.unread ELSE
            (SELECT count(*) FROM messages b WHERE b.conversation_id = c.id AND b.badge = 1
                AND b.id > coalesce((SELECT read_to FROM reads WHERE user_id = :me AND conversation_id = c.id),
                                    (SELECT unread_from FROM users WHERE id = :me), 0))
        END AS news,
        (SELECT count(*) FROM outbound s JOIN messages t ON t.id = s.message_id
          WHERE s.recipient_key = c.key AND s.stage <> 'over' AND s.stage = 'waiting' AND s.attempts = 0
            AND s.send_at > t.created_at) AS scheduled,
        EXISTS (SELECT 1 FROM consent_standing t WHERE t.number_key = c.key AND t.state = 'out'
            AND (t.line_id = 0 OR t.since > coalesce((SELECT since FROM consent_standing
                  WHERE number_key = c.key AND line_id = 0), -1))) AS opted_out
    FROM conversations c
    LEFT JOIN messages m ON m.id = c.last_message_id AND m.id > c.since_message_id
    LEFT JOIN contacts p ON p.id = (SELECT min(coalesce(o.merged_into, o.id)) FROM contact_numbers n
                                      JOIN contacts o ON o.id = n.contact_id WHERE n.key = c.key)";

/// Held by others, as `:me` sees it.
const HELD: &str = "(c.owner_id IS NOT NULL AND c.owner_id IS NOT :me AND NOT EXISTS
        (SELECT 1 FROM participants WHERE conversation_id = c.id AND user_id = :me))";

/// Texts that a search looks at, the newest matches: a word that stands in every text must not cost a
/// walk through all of them.
const TEXTS_LOOKED_AT: u32 = 2_500;

/// The conversations whose name, number or text has what was typed.
const FOUND: &str = "c.id IN (
        SELECT o.id FROM contacts_fts f JOIN contacts p ON p.id = f.rowid OR p.merged_into = f.rowid
                        JOIN contact_numbers n ON n.contact_id = p.id
                        JOIN conversations o ON o.key = n.key
         WHERE contacts_fts MATCH :words
        UNION SELECT id FROM conversations WHERE :digits IS NOT NULL AND instr(key, :digits) > 0
        UNION SELECT id FROM conversations WHERE key >= 'a:' AND key < 'a;' AND instr(lower(key), lower(:typed)) > 0
        UNION SELECT conversation_id FROM messages t
               WHERE kind IN ('text', 'undecodable') AND (:line IS NULL OR line_id = :line)
                 AND id > (SELECT since_message_id FROM conversations WHERE id = t.conversation_id)
                 AND id IN (SELECT rowid FROM messages_fts WHERE messages_fts MATCH :in_texts
                             ORDER BY rowid DESC LIMIT :texts))";

impl ReadTx<'_> {
    /// A page of conversations, the one with the newest message first. Only the conditions asked
    /// for are in the statement, so that each finds its index; what a row shows is looked up for the
    /// rows of the page alone.
    pub fn conversations(&self, query: &ConversationQuery) -> Result<Vec<Conversation>> {
        let (at, id) = query.before.unwrap_or((UnixTime(i64::MAX), ConversationId(i64::MAX)));
        let limit = if query.limit == 0 { 50 } else { query.limit };
        let flag = query.flag.as_deref().filter(|flag| !flag.is_empty());
        let or_nothing =
            |words: Option<String>| words.unwrap_or_else(|| search::NOTHING.to_owned());
        let words = query.search.as_deref().map(|typed| or_nothing(search::words(typed)));
        let in_texts = match query.search.as_deref().and_then(search::whole_words) {
            Some(whole) if self.is_in_many_texts(&whole)? => Some(whole),
            _ => words.clone(),
        };
        let digits = query.search.as_deref().and_then(search::digits);
        let typed = query.search.as_deref().map(str::trim);
        // Few conversations are found by what they hold: then their order is no way to them, and a
        // plus keeps its index out of the plan.
        let line_is_rare = match query.line {
            Some(line) => self.has_few_conversations(line)?,
            None => false,
        };
        let few = line_is_rare
            || query.search.is_some()
            || query.flag.is_some()
            || query.owner.is_some()
            || query.tag.is_some();
        let mut conditions = match few {
            true => vec![
                "+c.internal = 0 AND c.last_message_id IS NOT NULL",
                "(+c.last_message_at, +c.id) < (:at, :before)",
            ],
            false => vec![
                "c.internal = 0 AND c.last_message_id IS NOT NULL",
                "(c.last_message_at, c.id) < (:at, :before)",
            ],
        };
        let mut values: Vec<(&str, &dyn ToSql)> =
            vec![(":me", &query.viewer), (":at", &at), (":before", &id), (":limit", &limit)];
        if query.line.is_some() {
            conditions.push(match line_is_rare {
                true => {
                    "c.id IN (SELECT conversation_id FROM conversation_lines WHERE line_id = :line)"
                }
                false => {
                    "EXISTS (SELECT 1 FROM conversation_lines
                              WHERE conversation_id = c.id AND line_id = :line)"
                }
            });
        }
        let held = format!("c.closed = 0 AND {HELD}");
        let mine = format!("c.closed = 0 AND NOT {HELD}");
        match query.tab {
            Some(Tab::Active) => conditions.push(&mine),
            Some(Tab::Team) => conditions.push(&held),
            Some(Tab::Closed) => conditions.push("c.closed = 1"),
            None => {}
        }
        match &flag {
            Some(flag) => {
                conditions.push("c.flag = :flag");
                values.push((":flag", flag));
            }
            None if query.flag.is_some() => conditions.push("c.flag IS NOT NULL"),
            None => {}
        }
        if query.owner.is_some() {
            conditions.push("c.owner_id = :owner");
            values.push((":owner", &query.owner));
        }
        if query.tag.is_some() {
            conditions.push(
                "c.tags <> '[]' AND EXISTS (SELECT 1 FROM json_each(c.tags) WHERE value = :tag)",
            );
            values.push((":tag", &query.tag));
        }
        if query.search.is_some() {
            conditions.push(FOUND);
            values.extend([(":words", &words as &dyn ToSql), (":digits", &digits)]);
            values.extend([(":in_texts", &in_texts as &dyn ToSql), (":typed", &typed)]);
            values.push((":texts", &TEXTS_LOOKED_AT));
        }
        if query.line.is_some() || query.search.is_some() {
            values.push((":line", &query.line));
        }
        let sql = format!(
            "{CONVERSATION} WHERE c.id IN (SELECT c.id FROM conversations c WHERE {}
                                  ORDER BY c.last_message_at DESC, c.id DESC LIMIT :limit)
              ORDER BY c.last_message_at DESC, c.id DESC",
            conditions.join(" AND ")
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map(&*values, Conversation::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether the words themselves stand in as many texts as a search looks at: then it need not ask
    /// for beginnings of words, for which the index merges the lists of all words that begin so.
    fn is_in_many_texts(&self, whole_words: &str) -> Result<bool> {
        let sql = "SELECT count(*) = ?2 FROM (SELECT 1 FROM messages_fts
                    WHERE messages_fts MATCH ?1 ORDER BY rowid DESC LIMIT ?2)";
        let asked = (whole_words, TEXTS_LOOKED_AT);
        Ok(self.conn.prepare_cached(sql)?.query_row(asked, |row| row.get(0))?)
    }

    /// Whether it is cheaper to sort a line's conversations than to walk along all until a page of
    /// them is found.
    fn has_few_conversations(&self, line: LineId) -> Result<bool> {
        let sql = "SELECT count(*) < 10000 FROM
                       (SELECT 1 FROM conversation_lines WHERE line_id = ?1 LIMIT 10000)";
        Ok(self.conn.prepare_cached(sql)?.query_row([line], |row| row.get(0))?)
    }

    /// How many conversations stand in each tab of a viewer, on one line or on all.
    pub fn tab_counts(&self, viewer: Option<UserId>, line: Option<LineId>) -> Result<TabCounts> {
        let sql = match line {
            Some(_) => format!(
                "SELECT count(*) - coalesce(sum(c.closed), 0),
                        coalesce(sum(c.closed = 0 AND {HELD}), 0), coalesce(sum(c.closed), 0)
                   FROM conversation_lines l CROSS JOIN conversations c ON c.id = l.conversation_id
                  WHERE l.line_id = :line AND c.internal = 0 AND c.last_message_id IS NOT NULL"
            ),
            // Three counts along one index, none of which reads a conversation's row.
            None => {
                let of = |which: &str| {
                    format!(
                        "(SELECT count(*) FROM conversations c INDEXED BY conversations_counted
                           WHERE c.internal = 0 AND c.last_message_id IS NOT NULL AND :line IS NULL
                             AND {which})"
                    )
                };
                let held = of(&format!("c.closed = 0 AND {HELD}"));
                format!("SELECT {}, {held}, {}", of("c.closed = 0"), of("c.closed = 1"))
            }
        };
        let asked = named_params! { ":me": viewer, ":line": line };
        Ok(self.conn.prepare_cached(&sql)?.query_row(asked, |row| {
            let (open, team): (u32, u32) = (row.get(0)?, row.get(1)?);
            Ok(TabCounts { active: open - team, team, closed: row.get(2)? })
        })?)
    }

    /// One conversation, as nobody in particular sees it.
    pub fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>> {
        self.conversation_for(id, None)
    }

    /// One conversation with what is news to the viewer.
    pub fn conversation_for(
        &self,
        id: ConversationId,
        viewer: Option<UserId>,
    ) -> Result<Option<Conversation>> {
        let sql = format!("{CONVERSATION} WHERE c.id = :id");
        let asked = named_params! { ":id": id, ":me": viewer };
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_row(asked, Conversation::from_row).optional()?)
    }

    /// The conversation with a number, if there is one.
    pub fn conversation_of(&self, with: &Number) -> Result<Option<Conversation>> {
        let sql = format!("{CONVERSATION} WHERE c.key = :key");
        let asked = named_params! { ":key": with.key(), ":me": None::<UserId> };
        let mut statement = self.conn.prepare_cached(&sql)?;
        Ok(statement.query_row(asked, Conversation::from_row).optional()?)
    }

    /// When a conversation began.
    pub fn begun_at(&self, id: ConversationId) -> Result<UnixTime> {
        let sql = "SELECT created_at FROM conversations WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id], |row| row.get(0))?)
    }

    /// Whether a conversation was ever on a line.
    pub fn was_on_line(&self, conversation: ConversationId, line: LineId) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM conversation_lines
                    WHERE conversation_id = ?1 AND line_id = ?2)";
        Ok(self.conn.prepare_cached(sql)?.query_row((conversation, line), |row| row.get(0))?)
    }

    /// Unread texts in all conversations, since anybody looked.
    pub fn unread(&self) -> Result<u32> {
        self.unread_for(None)
    }

    /// Texts that are news to a viewer, in all conversations.
    pub fn unread_for(&self, viewer: Option<UserId>) -> Result<u32> {
        let Some(viewer) = viewer else {
            let sql = "SELECT coalesce(sum(unread), 0) FROM conversations WHERE internal = 0";
            return Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?);
        };
        let sql =
            "SELECT coalesce(sum((SELECT count(*) FROM messages b WHERE b.conversation_id = o.id
                              AND b.badge = 1 AND b.id > coalesce(r.read_to, u.unread_from))), 0)
               FROM news n CROSS JOIN users u CROSS JOIN conversations o
               LEFT JOIN reads r ON r.user_id = n.user_id AND r.conversation_id = n.conversation_id
              WHERE n.user_id = ?1 AND u.id = n.user_id AND o.id = n.conversation_id AND o.internal = 0";
        Ok(self.conn.prepare_cached(sql)?.query_row([viewer], |row| row.get(0))?)
    }
}

impl ReadTx<'_> {
    /// Every tag and every flag that conversations have, for the filters.
    pub fn tags_and_flags(&self) -> Result<(Vec<String>, Vec<String>)> {
        let words = |sql: &str| -> Result<Vec<String>> {
            let mut statement = self.conn.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        };
        let tags = "SELECT DISTINCT value FROM conversations, json_each(tags)
                     WHERE tags <> '[]' ORDER BY value LIMIT 100";
        let flags = "SELECT DISTINCT flag FROM conversations WHERE flag IS NOT NULL
                      ORDER BY flag LIMIT 100";
        Ok((words(tags)?, words(flags)?))
    }
}

impl WriteTx<'_> {
    /// The conversation with `number`, opened when there is none.
    pub fn conversation_with(
        &self,
        number: &Number,
        line: LineId,
        now: UnixTime,
    ) -> Result<ConversationId> {
        let key = number.key();
        let sql = "SELECT id, EXISTS (SELECT 1 FROM conversation_lines
                                       WHERE conversation_id = conversations.id AND line_id = ?2)
                     FROM conversations WHERE key = ?1";
        let found = self
            .conn
            .prepare_cached(sql)?
            .query_row((&key, line), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (id, was_on_line) = match found {
            Some(found) => found,
            None => {
                let sql = "INSERT INTO conversations (key, line_id, last_message_at, created_at)
                           VALUES (:key, :line, :now, :now)";
                let opened = named_params! { ":key": key, ":line": line, ":now": now };
                (ConversationId(self.conn.prepare_cached(sql)?.insert(opened)?), false)
            }
        };
        if !was_on_line {
            let sql = "INSERT INTO conversation_lines (conversation_id, line_id) VALUES (?1, ?2)";
            self.conn.prepare_cached(sql)?.execute((id, line))?;
        }
        Ok(id)
    }

    /// `line` is the last one used: where an answer goes out. Written only when it is another: whatever
    /// may break a reference is done with a copy of each page it touches.
    pub(super) fn last_on_line(&self, of: ConversationId, line: LineId) -> Result<()> {
        let sql = "SELECT line_id IS ?2 FROM conversations WHERE id = ?1";
        if !self.conn.prepare_cached(sql)?.query_row((of, line), |row| row.get(0))? {
            let sql = "UPDATE conversations SET line_id = ?2 WHERE id = ?1";
            self.conn.prepare_cached(sql)?.execute((of, line))?;
        }
        Ok(())
    }
}
