//! A TPDU from the network becomes a message, once (D4).
//!
//! [`WriteTx::recognise`] says whether the bytes are new. The caller decodes; [`WriteTx::insert_part`]
//! keeps a segment of a long message; when the message is whole, or its time is over,
//! [`WriteTx::publish_inbound`] makes the message people see, and keeps a segment that is all of it.
//! Only after the commit may the SIM's copy be deleted.

use ring::digest::{Context, SHA256};
use rusqlite::{OptionalExtension, named_params};

use super::error::Result;
use super::groups::GroupId;
use super::journal::Entry;
use super::lines::LineId;
use super::threads::Filing;
use super::words::{ChangeKind, Kind, row_id};
use super::{ReadTx, WriteTx};
use crate::types::{ConversationId, Direction, MessageId, MessageState, Number, UnixTime};

row_id!(
    /// One inbound TPDU.
    SegmentId
);

/// How a segment says which long message it belongs to (23.040 §9.2.3.24.1, .8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Concat {
    /// The sender's reference.
    pub reference: u16,
    /// 16-bit reference: a number space of its own.
    pub wide: bool,
    /// Segments in all.
    pub total: u8,
    /// This one, from 1.
    pub seq: u8,
}

/// A TPDU as it came from the modem, with the facts the decoder found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSegment {
    /// The SIM it came to.
    pub line: LineId,
    /// The octets, without the service centre's address.
    pub tpdu: Vec<u8>,
    /// The sender; `None` when it could not be read.
    pub sender: Option<Number>,
    /// The sender's address as received, before any normalising.
    pub sender_raw: String,
    /// Which long message it belongs to.
    pub concat: Option<Concat>,
    /// The service centre's time stamp.
    pub scts: Option<UnixTime>,
    /// Storage and slot it lay in; `None` for direct delivery.
    pub stored: Option<(String, u16)>,
    /// Why it could not be decoded.
    pub error: Option<String>,
    /// When we read it.
    pub received_at: UnixTime,
}

/// What [`WriteTx::recognise`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recognised<'a> {
    /// Never seen before.
    New(Fresh<'a>),
    /// The same bytes for the same SIM were stored before: no side effect may run again.
    Again {
        /// Its row.
        segment: SegmentId,
        /// How often it came, this time included.
        count: u32,
        /// The message it is part of, once published.
        message: Option<MessageId>,
    },
}

/// A TPDU that nobody has stored yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fresh<'a> {
    segment: &'a NewSegment,
    key: [u8; 32],
}

/// How far a long message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupStatus {
    /// The group.
    pub id: GroupId,
    /// The SIM it came to.
    pub line: LineId,
    /// Segments here.
    pub present: u8,
    /// Segments announced.
    pub total: u8,
    /// The message, when it was published incomplete before.
    pub message: Option<MessageId>,
}

impl GroupStatus {
    /// Whether every segment is here.
    pub fn is_complete(&self) -> bool {
        self.present >= self.total
    }
}

/// Which segments a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// One TPDU, which is stored with the message.
    Whole(Fresh<'a>),
    /// The segments of a group, as far as they are here.
    Group(GroupId),
}

/// A decoded text, whole or with gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInbound<'a> {
    /// The SIM it came to.
    pub line: LineId,
    /// Its segments.
    pub source: Source<'a>,
    /// The sender; `None` when it could not be read.
    pub sender: Option<Number>,
    /// The text; gaps are the caller's to mark.
    pub text: String,
    /// What it is.
    pub kind: Kind,
    /// `gsm7`, `ucs2` or `data`.
    pub alphabet: Option<String>,
    /// Class 0.
    pub flash: bool,
    /// Segments announced; 1 for a short text.
    pub segments: u32,
    /// Segments here; fewer than announced means `incomplete`.
    pub present: u32,
    /// The service centre's time stamp of the first segment.
    pub scts: Option<UnixTime>,
    /// Why it could not be decoded.
    pub error: Option<String>,
    /// When its first segment was read.
    pub received_at: UnixTime,
}

impl NewInbound<'_> {
    /// Whether the inbox shows it.
    fn is_shown(&self) -> bool {
        matches!(self.kind, Kind::Text | Kind::Undecodable)
    }
}

/// What [`WriteTx::publish_inbound`] made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// The message.
    pub message: MessageId,
    /// Its only segment, stored with it.
    pub segment: Option<SegmentId>,
}

/// SHA-256 of SIM identity and octets: the key by which a repeat is known.
pub(super) fn dedupe_key(sim_identity: &str, tpdu: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(sim_identity.as_bytes());
    context.update(tpdu);
    let mut key = [0; 32];
    key.copy_from_slice(context.finish().as_ref());
    key
}

impl ReadTx<'_> {
    /// The row of a TPDU we have stored before, by its octets: what may be deleted from the SIM.
    pub fn stored_segment(&self, line: LineId, tpdu: &[u8]) -> Result<Option<SegmentId>> {
        let key = dedupe_key(&self.sim_identity(line)?, tpdu);
        let sql = "SELECT id FROM segments_in WHERE dedupe_key = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([key], |row| row.get(0)).optional()?)
    }
}

impl WriteTx<'_> {
    /// Whether a received TPDU is a new one. The same bytes again are counted and change nothing else.
    pub fn recognise<'a>(&self, new: &'a NewSegment) -> Result<Recognised<'a>> {
        let key = dedupe_key(&self.sim_identity(new.line)?, &new.tpdu);
        let sql = "SELECT id, seen_count + 1, message_id FROM segments_in WHERE dedupe_key = ?1";
        let seen = self
            .conn
            .prepare_cached(sql)?
            .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((segment, count, message)) = seen else {
            return Ok(Recognised::New(Fresh { segment: new, key }));
        };
        self.count_again(segment, count, message, new.received_at)?;
        self.journal_again(segment, new)?;
        Ok(Recognised::Again { segment, count, message })
    }

    /// Keeps a segment of a long message.
    pub fn insert_part(&self, part: Fresh<'_>) -> Result<(SegmentId, Option<GroupStatus>)> {
        let new = part.segment;
        let group = match (&new.sender, new.concat) {
            (Some(sender), Some(concat)) => Some(self.group_for(new, sender, concat)?),
            _ => None,
        };
        let segment = self.insert_segment(part, group, None)?;
        Ok((segment, group.map(|id| self.group_status(id)).transpose()?))
    }

    fn insert_segment(
        &self,
        fresh: Fresh<'_>,
        group: Option<GroupId>,
        message: Option<MessageId>,
    ) -> Result<SegmentId> {
        let (new, at) = (fresh.segment, fresh.segment.received_at);
        self.journal(Entry::Received, new.line, &new.tpdu, at)?;
        let sql = "INSERT INTO segments_in (dedupe_key, line_id, message_id, group_id, seq, tpdu, scts,
                                            storage, slot, error, received_at, last_seen_at)
                   VALUES (:key, :line, :message, :group, :seq, :tpdu, :scts, :storage, :slot, :error,
                           :at, :at)";
        let segment = SegmentId(self.conn.prepare_cached(sql)?.insert(named_params! {
            ":key": fresh.key, ":line": new.line, ":message": message, ":group": group,
            ":seq": new.concat.map_or(1, |c| c.seq),
            ":tpdu": new.tpdu, ":scts": new.scts, ":storage": new.stored.as_ref().map(|s| &s.0),
            ":slot": new.stored.as_ref().map(|s| s.1), ":error": new.error, ":at": at,
        })?);
        self.count_segment_in(new.line, at)?;
        match &new.stored {
            Some((storage, slot)) => {
                let event = format!("read from {storage} slot {slot}");
                self.segment_custody(segment, at, &event, None)?;
            }
            None => self.segment_custody(segment, at, "delivered directly", None)?,
        }
        Ok(segment)
    }

    /// A power cut between the two syncs of a commit leaves the text in the database alone, and on
    /// the SIM: it is journalled now. What was erased stays erased.
    fn journal_again(&self, segment: SegmentId, new: &NewSegment) -> Result<()> {
        let sql = "SELECT length(tpdu) > 0 FROM segments_in WHERE id = ?1";
        match self.conn.prepare_cached(sql)?.query_row([segment], |row| row.get(0))? {
            true => self.journal(Entry::Received, new.line, &new.tpdu, new.received_at),
            false => Ok(()),
        }
    }

    fn count_again(
        &self,
        segment: SegmentId,
        count: u32,
        message: Option<MessageId>,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "UPDATE segments_in SET seen_count = ?2, last_seen_at = ?3 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((segment, count, now))?;
        if let Some(message) = message {
            let sql = "UPDATE messages SET seen_count = max(seen_count, ?2) WHERE id = ?1";
            self.conn.prepare_cached(sql)?.execute((message, count))?;
            self.changed(ChangeKind::Message, message.0, now)?;
        }
        Ok(())
    }

    /// Makes the message people see, or completes the one published with gaps. Its conversation is
    /// opened as needed and counts it as unread.
    pub fn publish_inbound(&self, new: &NewInbound<'_>) -> Result<Published> {
        self.publish_filed(new, &Filing::default())
    }

    /// As [`WriteTx::publish_inbound`], filed as the engine decided. A message that was published
    /// before, with gaps, stays filed as it was.
    pub fn publish_filed(&self, new: &NewInbound<'_>, filing: &Filing) -> Result<Published> {
        let earlier = match new.source {
            Source::Group(group) => self.group_status(group)?.message,
            Source::Whole(_) => None,
        };
        let published = match earlier {
            Some(message) => self.fill_gaps(message, new)?,
            None => self.first_publication(new, filing)?,
        };
        let message = published.message;
        if let Source::Group(group) = new.source {
            let sql = "UPDATE segments_in SET message_id = ?2 WHERE group_id = ?1";
            self.conn.prepare_cached(sql)?.execute((group, message))?;
            let sql = "UPDATE groups SET message_id = ?2 WHERE id = ?1";
            self.conn.prepare_cached(sql)?.execute((group, message))?;
            // One TPDU is published with its first reading; of several some may have come twice.
            let sql = "UPDATE messages SET seen_count =
                           (SELECT max(seen_count) FROM segments_in WHERE message_id = ?1) WHERE id = ?1";
            self.conn.prepare_cached(sql)?.execute([message])?;
        }
        self.changed(ChangeKind::Message, message.0, new.received_at)?;
        Ok(published)
    }

    fn first_publication(&self, new: &NewInbound<'_>, filing: &Filing) -> Result<Published> {
        let at = new.received_at;
        let conversation = match &new.sender {
            Some(sender) => Some(self.conversation_with(sender, new.line, at)?),
            None => None,
        };
        let sql = "INSERT INTO messages (conversation_id, line_id, direction, kind, state, number_key,
                       text, alphabet, segments, segments_done, flash, created_at, received_at, scts,
                       error_code, error_detail, badge, mark)
                   VALUES (:conversation, :line, :in, :kind, :state, :number, :text, :alphabet,
                       :segments, :present, :flash, :at, :at, :scts,
                       iif(:error IS NULL, NULL, 'undecodable'), :error, :badge, :mark)";
        let message = MessageId(self.conn.prepare_cached(sql)?.insert(named_params! {
            ":conversation": conversation, ":line": new.line, ":in": Direction::In,
            ":kind": new.kind, ":state": state_of(new), ":text": new.text,
            ":number": new.sender.as_ref().map(Number::key).unwrap_or_default(),
            ":alphabet": new.alphabet, ":segments": new.segments, ":present": new.present,
            ":flash": new.flash, ":at": at, ":scts": new.scts, ":error": new.error,
            ":badge": filing.badge && new.is_shown(), ":mark": filing.mark,
        })?);
        self.index_words(message, &new.text)?;
        let segment = match new.source {
            Source::Whole(fresh) => Some(self.insert_segment(fresh, None, Some(message))?),
            Source::Group(_) => None,
        };
        self.custody(message, at, "committed", gaps(new).as_deref())?;
        if let Some(conversation) = conversation {
            self.arrived(conversation, message, new, filing)?;
        }
        Ok(Published { message, segment })
    }

    fn fill_gaps(&self, message: MessageId, new: &NewInbound<'_>) -> Result<Published> {
        let sql = "UPDATE messages SET text = :text, state = :state, segments_done = :present,
                          alphabet = coalesce(:alphabet, alphabet) WHERE id = :id";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":text": new.text, ":state": state_of(new), ":present": new.present,
            ":alphabet": new.alphabet, ":id": message,
        })?;
        let detail = gaps(new).unwrap_or_else(|| "complete".to_owned());
        self.custody(message, new.received_at, "late segment added", Some(&detail))?;
        Ok(Published { message, segment: None })
    }

    fn arrived(
        &self,
        to: ConversationId,
        message: MessageId,
        new: &NewInbound<'_>,
        filing: &Filing,
    ) -> Result<()> {
        if !new.is_shown() || filing.internal {
            return Ok(());
        }
        self.last_on_line(to, new.line)?;
        let sql =
            "UPDATE conversations SET unread = unread + :badge, answered = iif(:badge, 0, answered),
                          last_message_id = :message, last_message_at = :at
                    WHERE id = :id";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":message": message, ":at": new.received_at, ":id": to, ":badge": filing.badge,
        })?;
        if filing.badge {
            self.is_news(to)?;
        }
        if filing.reopen {
            self.reopen_conversation(to, new.received_at)?;
        }
        self.changed(ChangeKind::Conversation, to.0, new.received_at)
    }

    /// Nobody has seen the newest text of it yet.
    fn is_news(&self, of: ConversationId) -> Result<()> {
        let sql = "SELECT id FROM users WHERE NOT EXISTS
                       (SELECT 1 FROM news WHERE user_id = users.id AND conversation_id = ?1)";
        let mut unaware = self.conn.prepare_cached(sql)?;
        let unaware = unaware.query_map([of], |row| row.get(0))?;
        for user in unaware.collect::<rusqlite::Result<Vec<i64>>>()? {
            let sql = "INSERT INTO news (user_id, conversation_id) VALUES (?1, ?2)";
            self.conn.prepare_cached(sql)?.execute((user, of))?;
        }
        Ok(())
    }
}

fn state_of(new: &NewInbound<'_>) -> MessageState {
    if new.present < new.segments { MessageState::Incomplete } else { MessageState::Received }
}

fn gaps(new: &NewInbound<'_>) -> Option<String> {
    (new.present < new.segments).then(|| format!("{} of {} segments", new.present, new.segments))
}
