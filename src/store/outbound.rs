//! Texts on their way out: how they get into the queue.

use rusqlite::named_params;

use super::WriteTx;
use super::error::Result;
use super::idempotency::{Earlier, IdempotencyKey};
use super::lines::LineId;
use super::messages::Author;
use super::words::{ChangeKind, Stage, row_id};
use crate::types::{Class, Direction, MessageId, MessageState, Millis, Number, UnixTime};

row_id!(
    /// Texts queued together.
    BatchId
);

/// A text to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// The SIM it goes out on.
    pub line: LineId,
    /// The recipient.
    pub to: Number,
    /// The text.
    pub text: String,
    /// What it is for.
    pub class: Class,
    /// The caller's own word.
    pub tag: Option<String>,
    /// Where answers go by e-mail.
    pub response_emails: Vec<String>,
    /// Who wrote it.
    pub author: Option<Author>,
    /// Not before this time.
    pub send_at: Option<UnixTime>,
    /// Not handed to the modem after so long; `None` is the class's default.
    pub valid_for: Option<Millis>,
    /// Ask for a delivery report.
    pub report: bool,
    /// Class 0.
    pub flash: bool,
    /// `gsm7` or `ucs2`, as counted.
    pub alphabet: Option<String>,
    /// Segments, as counted.
    pub segments: u32,
    /// Queue it as held, for this reason, until a person decides.
    pub hold: Option<String>,
}

/// What became of a call to [`WriteTx::enqueue`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It is in the queue.
    New(MessageId),
    /// The same call was made before; this is what it queued.
    Repeated(MessageId),
    /// The key was used for another request.
    Conflict,
}

/// How long a text is worth sending when nobody said: a code for minutes, the rest for a day.
pub fn default_validity(class: Class) -> Millis {
    match class {
        Class::Otp => Millis::from_secs(5 * 60),
        _ => Millis::from_secs(24 * 3_600),
    }
}

/// Who goes first on a line: a waiting person before a waiting machine.
fn rank(class: Class) -> u8 {
    match class {
        Class::Otp => 0,
        Class::Alert => 1,
        Class::Consent => 2,
        Class::Conversation => 3,
        Class::Auto => 4,
        Class::Marketing => 5,
    }
}

impl WriteTx<'_> {
    /// Queues a text. A call repeated with the same key within 72 h queues nothing more.
    pub fn enqueue(
        &self,
        new: &NewMessage,
        key: Option<&IdempotencyKey>,
        now: UnixTime,
    ) -> Result<Enqueued> {
        let earlier = match key {
            Some(key) => self.earlier_call(key, now)?,
            None => None,
        };
        match earlier {
            Some(Earlier::Message(message)) => return Ok(Enqueued::Repeated(message)),
            Some(_) => return Ok(Enqueued::Conflict),
            None => {}
        }
        let message = self.queue(new, None, now)?;
        if let Some(key) = key {
            self.remember_call(key, Some(message), None, now)?;
        }
        Ok(Enqueued::New(message))
    }

    /// Queues texts together: all or none. The caller looks at [`WriteTx::earlier_call`] first.
    pub fn enqueue_batch(
        &self,
        new: &[NewMessage],
        key: Option<&IdempotencyKey>,
        now: UnixTime,
    ) -> Result<(BatchId, Vec<MessageId>)> {
        let sql = "INSERT INTO batches (size, created_at) VALUES (?1, ?2)";
        let size = i64::try_from(new.len()).unwrap_or(i64::MAX);
        let batch = BatchId(self.conn.prepare_cached(sql)?.insert((size, now))?);
        if let Some(key) = key {
            self.remember_call(key, None, Some(batch), now)?;
        }
        let messages: Result<_> = new.iter().map(|m| self.queue(m, Some(batch), now)).collect();
        Ok((batch, messages?))
    }

    pub(super) fn queue(
        &self,
        new: &NewMessage,
        batch: Option<BatchId>,
        now: UnixTime,
    ) -> Result<MessageId> {
        let conversation = self.conversation_with(&new.to, new.line, now)?;
        let held = new.hold.is_some();
        let key = new.to.key();
        let sql = "INSERT INTO messages (conversation_id, line_id, direction, class, state, number_key,
                       text, alphabet, segments, flash, tag, response_emails, author_kind, author_id,
                       batch_id, created_at, hold_reason, trace)
                   VALUES (:conversation, :line, :out, :class, :state, :key, :text, :alphabet,
                       :segments, :flash, :tag, :emails, :author_kind, :author_id, :batch, :now, :hold,
                       iif(:hold IS NULL, '[]', json_array(json_object('step', 'acceptance',
                           'why', 'waits for a person: ' || :hold))))";
        let message = MessageId(self.conn.prepare_cached(sql)?.insert(named_params! {
            ":conversation": conversation, ":line": new.line, ":out": Direction::Out,
            ":class": new.class, ":key": key, ":text": new.text, ":alphabet": new.alphabet,
            ":state": if held { MessageState::Held } else { MessageState::Queued },
            ":segments": new.segments.max(1), ":flash": new.flash, ":tag": new.tag,
            ":emails": serde_json::json!(new.response_emails).to_string(),
            ":author_kind": new.author.as_ref().map(|a| a.kind),
            ":author_id": new.author.as_ref().and_then(|a| a.id.as_ref()),
            ":batch": batch, ":now": now, ":hold": new.hold,
        })?);
        self.index_words(message, &new.text)?;
        let send_at = new.send_at.unwrap_or(now).max(now);
        let valid_for = new.valid_for.unwrap_or_else(|| default_validity(new.class));
        let sql = "INSERT INTO outbound (message_id, line_id, recipient_key, rank, stage, report,
                       send_at, next_try_at, valid_for_ms, valid_until)
                   VALUES (:message, :line, :key, :rank, :stage, :report, :send_at, :send_at,
                       :valid_for, :valid_until)";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":message": message, ":line": new.line, ":key": key, ":rank": rank(new.class),
            ":stage": if held { Stage::Over } else { Stage::Waiting },
            ":report": new.report, ":send_at": send_at,
            ":valid_for": i64::try_from(valid_for.0).unwrap_or(i64::MAX),
            ":valid_until": send_at.after(valid_for),
        })?;
        self.last_on_line(conversation, new.line)?;
        let sql = "UPDATE conversations SET answered = iif(:ours, 1, answered),
                          last_message_id = :message, last_message_at = :now WHERE id = :id";
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":message": message, ":now": now, ":id": conversation,
            ":ours": !matches!(new.class, Class::Auto | Class::Consent),
        })?;
        // S157; consent answers leave a closed conversation closed (C4).
        if new.class != Class::Consent {
            self.reopen_conversation(conversation, now)?;
        }
        if let Some(user) = new.author.as_ref().and_then(Author::user) {
            self.owner_acted(conversation, user, now)?;
        }
        self.custody(message, now, if held { "held" } else { "queued" }, new.hold.as_deref())?;
        self.changed(ChangeKind::Message, message.0, now)?;
        self.changed(ChangeKind::Conversation, conversation.0, now)?;
        Ok(message)
    }
}
