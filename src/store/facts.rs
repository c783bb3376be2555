//! What the past has left behind, in the engine's words: everything one inbound text can depend on.
//!
//! Read before the text is stored, so that it is not taken for its own past.

use rusqlite::OptionalExtension;

use super::ReadTx;
use super::error::Result;
use super::lines::LineId;
use super::messages::{Message, MessageQuery, Page};
use super::relay_codes::RelayCode;
use super::users::UserId;
use super::words::AuthorKind;
use crate::engine::facts::{Contact, LastOutbound, Relayed, Thread};
use crate::engine::rules::Person;
use crate::engine::{Facts, Inbound, PersonId, Rules, relay};
use crate::types::{ConversationId, Direction, Millis, Number, UnixTime};

/// Lines of a conversation shown on a recipient's phone (E14).
const LAST_LINES: u32 = 5;
/// Characters of each.
const LINE_LENGTH: usize = 80;

impl ReadTx<'_> {
    /// The facts for a text that has arrived on `line`.
    pub fn facts(
        &self,
        line: LineId,
        inbound: &Inbound,
        rules: &Rules,
        now: UnixTime,
    ) -> Result<Facts> {
        let from = &inbound.from;
        let relay = match rules.code_holder(from) {
            Some(person) => self.relayed(line, inbound, person, rules, now)?,
            None => Relayed::default(),
        };
        Ok(Facts {
            contact: self.contact_of(from)?.map(contact),
            thread: self.thread_with(from)?,
            consent: self.standing(from, line)?,
            welcomed: self.was_heard(from, (!rules.line.texts.opt_in_once).then_some(line))?,
            traffic: self.traffic(from, &inbound.text, now)?,
            prompts: self.prompts_put_to(from)?,
            last_outbound: self.last_outbound(from)?,
            relay,
        })
    }

    /// Who looks after the conversation with a number.
    fn thread_with(&self, number: &Number) -> Result<Thread> {
        let sql = "SELECT id, closed, owner_id FROM conversations WHERE key = ?1";
        let found = self
            .conn
            .prepare_cached(sql)?
            .query_row([number.key()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((id, closed, owner)): Option<(ConversationId, bool, Option<i64>)> = found else {
            return Ok(Thread::default());
        };
        let sql = "SELECT user_id FROM participants WHERE conversation_id = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let participants = statement.query_map([id], |row| row.get(0).map(PersonId))?;
        let participants = participants.collect::<rusqlite::Result<_>>()?;
        Ok(Thread { closed, owner: owner.map(PersonId), participants })
    }

    /// Whether there was any message with a number, on a line or on any (E108). What its earlier
    /// owner wrote does not count (E137).
    fn was_heard(&self, number: &Number, line: Option<LineId>) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM messages WHERE number_key = ?1
                      AND (?2 IS NULL OR line_id = ?2) AND kind IN ('text', 'undecodable')
                      AND id > coalesce((SELECT since_message_id FROM conversations WHERE key = ?1), 0))";
        Ok(self.conn.prepare_cached(sql)?.query_row((number.key(), line), |row| row.get(0))?)
    }

    /// The last message to a number that people or programs wrote; an away text between must not
    /// lead a reply elsewhere (S31, S32).
    pub fn last_outbound(&self, to: &Number) -> Result<Option<LastOutbound>> {
        let sql = "SELECT tag, response_emails FROM messages
                    WHERE number_key = ?1 AND direction = 'out' AND class NOT IN ('auto', 'consent')
                      AND state <> 'cancelled'
                      AND id > coalesce((SELECT since_message_id FROM conversations WHERE key = ?1), 0)
                    ORDER BY id DESC LIMIT 1";
        let last = self.conn.prepare_cached(sql)?.query_row([to.key()], |row| {
            let emails: String = row.get(1)?;
            let response_emails = serde_json::from_str(&emails).unwrap_or_default();
            Ok(LastOutbound { tag: row.get(0)?, response_emails })
        });
        Ok(last.optional()?)
    }

    /// What concerns the recipient `person` of a line. Of hundreds of codes only those the text
    /// names, or could mean, come with their whole conversation.
    fn relayed(
        &self,
        line: LineId,
        inbound: &Inbound,
        person: &Person,
        rules: &Rules,
        now: UnixTime,
    ) -> Result<Relayed> {
        let user = UserId(person.id.0);
        let desk = self.relay_desk(user, line, now)?;
        let settings = &rules.line.relay;
        let tokens = relay::find(&inbound.text, settings.alternates);
        let from_staff = person.phone.as_ref() == Some(&inbound.from);
        let window = settings.codeless_minutes.map(|m| Millis::from_secs(m.min(24 * 60) * 60));
        let may_be_meant = |code: &RelayCode| {
            let named = tokens.iter().any(|token| token.code == code.code);
            let recent = window.is_some_and(|window| now.since(code.last_used_at) <= window);
            from_staff && (named || (tokens.is_empty() && recent))
        };
        let codes = self.relay_codes(user, line)?.into_iter().map(|code| {
            let whole = may_be_meant(&code);
            let mut known = relay::Code {
                name: code.name,
                issued: code.issued_at,
                last_used: code.last_used_at,
                recycled: code.recycled,
                ..relay::Code::new(code.code, code.customer, now)
            };
            if whole {
                self.fill(&mut known, line)?;
            }
            Ok(known)
        });
        Ok(Relayed {
            codes: codes.collect::<Result<_>>()?,
            wrong: desk.wrong,
            locked_until: desk.locked_until,
            helped: desk.helped_at,
            relayed: desk.relayed,
            withheld: desk.withheld,
            digested: desk.digested_at,
        })
    }

    /// Adds to a code what its customer's conversation is like.
    fn fill(&self, code: &mut relay::Code, line: LineId) -> Result<()> {
        code.thread = self.thread_with(&code.customer)?;
        code.standing = self.standing(&code.customer, line)?;
        code.last_outbound = self.last_outbound(&code.customer)?;
        let mut last = self.messages(&MessageQuery {
            page: Page::Last,
            number: Some(code.customer.clone()),
            limit: LAST_LINES,
            ..MessageQuery::default()
        })?;
        code.answered_by = self.answered_by(&last)?;
        last.reverse();
        let called = code.called();
        code.last_lines = last.iter().map(|message| line_of(message, &called)).collect();
        Ok(())
    }

    /// Who of staff has answered since the customer wrote (E33); `messages` newest first.
    fn answered_by(&self, messages: &[Message]) -> Result<Option<relay::Answer>> {
        let ours = messages.iter().take_while(|message| message.direction == Direction::Out);
        for message in ours {
            let Some(author) = &message.author else { continue };
            if matches!(author.kind, AuthorKind::User | AuthorKind::Relay) {
                let id = author.id.as_deref().and_then(|id| id.parse().ok());
                let user = id.map(|id| self.user(id)).transpose()?.flatten();
                let person = user.as_ref().map(|user| PersonId(user.id.0));
                let name = user.map_or_else(|| "Somebody".to_owned(), |user| user.name());
                let text = message.text.clone();
                return Ok(Some(relay::Answer { person, name, at: message.created_at, text }));
            }
        }
        Ok(None)
    }
}

fn contact(contact: super::contacts::Contact) -> Contact {
    let card = contact.card;
    Contact {
        first_name: card.first_name,
        last_name: card.last_name,
        language: card.language,
        fields: card.fields.into_iter().collect(),
    }
}

fn line_of(message: &Message, called: &str) -> String {
    let who = if message.direction == Direction::In { called } else { "we" };
    let mut words: String = message.text.chars().take(LINE_LENGTH).collect();
    if words.len() < message.text.len() {
        words.push_str("...");
    }
    format!("{who}: {words}")
}
