//! Who has a conversation (S119..S126, E120..E123).
//!
//! Whether somebody may is the engine's to say (`engine::claim`); that one of two wins is the one
//! conditional update here.

use rusqlite::named_params;

use super::WriteTx;
use super::error::Result;
use super::happenings::NewHappening;
use super::messages::Author;
use super::users::UserId;
use super::words::{AuthorKind, ChangeKind, Happened};
use crate::types::{ConversationId, Millis, UnixTime};

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is theirs now, or was before.
    Won,
    /// Somebody else was first.
    Held(UserId),
    /// There is no such conversation.
    NotFound,
}

impl WriteTx<'_> {
    /// Claims a conversation that nobody holds. Of many at the same instant, one wins (E120).
    pub fn claim(&self, of: ConversationId, user: UserId, now: UnixTime) -> Result<Claim> {
        let sql = "UPDATE conversations SET owner_id = :user, owner_active_at = :now
                    WHERE id = :id AND owner_id IS NULL";
        let asked = named_params! { ":id": of, ":user": user, ":now": now };
        if self.conn.prepare_cached(sql)?.execute(asked)? > 0 {
            self.leave(of, user)?;
            let claimed = NewHappening::of(Happened::Claimed, Some(Author::of_user(user)));
            self.happened(of, &claimed, now)?;
            self.changed(ChangeKind::Conversation, of.0, now)?;
            return Ok(Claim::Won);
        }
        Ok(match self.conversation(of)?.and_then(|conversation| conversation.owner) {
            None => Claim::NotFound,
            Some(owner) if owner == user => {
                self.owner_acted(of, user, now)?;
                Claim::Won
            }
            Some(owner) => Claim::Held(owner),
        })
    }

    /// Gives a conversation from one to another (C7), or to nobody. `false`: it is not `from`'s any
    /// more, so nothing changed.
    pub fn hand_over(
        &self,
        of: ConversationId,
        from: Option<UserId>,
        to: Option<UserId>,
        now: UnixTime,
    ) -> Result<bool> {
        let sql = "UPDATE conversations SET owner_id = :to, owner_active_at = iif(:to IS NULL, NULL, :now)
                    WHERE id = :id AND owner_id IS :from";
        let asked = named_params! { ":id": of, ":from": from, ":to": to, ":now": now };
        let handed = self.conn.prepare_cached(sql)?.execute(asked)? > 0;
        if handed {
            if let Some(to) = to {
                self.leave(of, to)?;
            }
            self.changed(ChangeKind::Conversation, of.0, now)?;
        }
        Ok(handed)
    }

    /// Gives a conversation to a team, or takes it from its team (S92).
    pub fn give_to_team(
        &self,
        of: ConversationId,
        team: Option<&str>,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "UPDATE conversations SET team = ?2 WHERE id = ?1 AND team IS NOT ?2";
        if self.conn.prepare_cached(sql)?.execute((of, team))? > 0 {
            self.changed(ChangeKind::Conversation, of.0, now)?;
        }
        Ok(())
    }

    /// The owner did something here: the claim is not idle.
    pub fn owner_acted(&self, of: ConversationId, user: UserId, now: UnixTime) -> Result<()> {
        let sql = "UPDATE conversations SET owner_active_at = ?3 WHERE id = ?1 AND owner_id = ?2";
        self.conn.prepare_cached(sql)?.execute((of, user, now))?;
        Ok(())
    }

    /// Gives back what its claimers have left alone for as long as its line says, else for `idle`;
    /// a note tells so (E122).
    pub fn release_idle(&self, idle: Millis, now: UnixTime) -> Result<Vec<ConversationId>> {
        let sql = "UPDATE conversations SET owner_id = NULL, owner_active_at = NULL
                    WHERE owner_id IS NOT NULL AND closed = 0 AND owner_active_at < :now - coalesce(
                          (SELECT claims_idle * 60000 FROM lines WHERE id = conversations.line_id), :idle)
                   RETURNING id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let idle = i64::try_from(idle.0).unwrap_or(i64::MAX);
        let asked = named_params! { ":now": now, ":idle": idle };
        let rows = statement.query_map(asked, |row| row.get(0))?;
        let given_back: Vec<ConversationId> = rows.collect::<rusqlite::Result<_>>()?;
        for id in &given_back {
            let by = Author { kind: AuthorKind::System, id: None };
            self.add_note(*id, &by, "Given back to everybody: its claimer was away.", now)?;
        }
        self.released(given_back, now)
    }

    /// Gives back everything somebody has claimed (E123), and takes them out of the rest.
    pub(super) fn release_all_of(
        &self,
        user: UserId,
        now: UnixTime,
    ) -> Result<Vec<ConversationId>> {
        self.conn.prepare_cached("DELETE FROM participants WHERE user_id = ?1")?.execute([user])?;
        let sql = "UPDATE conversations SET owner_id = NULL, owner_active_at = NULL
                    WHERE owner_id = ?1 RETURNING id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([user], |row| row.get(0))?;
        self.released(rows.collect::<rusqlite::Result<_>>()?, now)
    }

    fn released(&self, ids: Vec<ConversationId>, now: UnixTime) -> Result<Vec<ConversationId>> {
        for id in &ids {
            self.changed(ChangeKind::Conversation, id.0, now)?;
        }
        Ok(ids)
    }

    /// Lets somebody take part: they see it among their own, note and close (C7).
    pub fn add_participant(&self, of: ConversationId, user: UserId, now: UnixTime) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO participants (conversation_id, user_id)
                   SELECT id, ?2 FROM conversations WHERE id = ?1 AND owner_id IS NOT ?2";
        if self.conn.prepare_cached(sql)?.execute((of, user))? > 0 {
            self.changed(ChangeKind::Conversation, of.0, now)?;
        }
        Ok(())
    }

    /// They take part no more.
    pub fn remove_participant(
        &self,
        of: ConversationId,
        user: UserId,
        now: UnixTime,
    ) -> Result<()> {
        if self.leave(of, user)? {
            self.changed(ChangeKind::Conversation, of.0, now)?;
        }
        Ok(())
    }

    fn leave(&self, of: ConversationId, user: UserId) -> Result<bool> {
        let sql = "DELETE FROM participants WHERE conversation_id = ?1 AND user_id = ?2";
        Ok(self.conn.prepare_cached(sql)?.execute((of, user))? > 0)
    }
}
