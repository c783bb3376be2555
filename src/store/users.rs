//! Users: people of ours, with a role to sign in by or only notified (S106..S108, S136).

use rusqlite::{OptionalExtension, Row, named_params};

use super::error::{Result, StoreError};
use super::words::{ChangeKind, Role, row_id};
use super::{ReadTx, WriteTx};
use crate::types::{ConversationId, Number, Secret, UnixTime};

row_id!(
    /// A person of ours.
    UserId
);

/// What people set of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// First name.
    pub first_name: String,
    /// Last name, may be empty.
    pub last_name: String,
    /// Address, may be empty.
    pub email: String,
    /// Mobile number. It is never told to a customer (S15).
    pub phone: Option<Number>,
    /// What they may do.
    pub role: Role,
    /// Deactivated people keep their name at what they did.
    pub active: bool,
    /// On duty: relays reach them.
    pub duty: bool,
    /// The team conversations can be given to.
    pub team: Option<String>,
}

impl Profile {
    /// Whether they may answer and start texts: not deactivated, with a role for it.
    pub fn acts(&self) -> bool {
        self.active && matches!(self.role, Role::Admin | Role::Agent)
    }
}

/// A person of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their row.
    pub id: UserId,
    /// What people set.
    pub profile: Profile,
    /// Has texted STOP to us: relays go to the next recipient (E20).
    pub paused: bool,
    /// Whether a password is set.
    pub has_password: bool,
    /// Whether the links in their notices ask for a PIN (C20).
    pub has_pin: bool,
    /// Texts they may start by mail within a day.
    pub mail_quota: u32,
    /// When they were added.
    pub created_at: UnixTime,
}

impl User {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<User> {
        let phone: Option<String> = row.get("phone")?;
        Ok(User {
            id: row.get("id")?,
            profile: Profile {
                first_name: row.get("first_name")?,
                last_name: row.get("last_name")?,
                email: row.get("email")?,
                phone: phone.map(|key| Number::from_key(&key)),
                role: row.get("role")?,
                active: row.get("active")?,
                duty: row.get("duty")?,
                team: row.get("team")?,
            },
            paused: row.get("paused")?,
            has_password: row.get::<_, Option<String>>("password")?.is_some(),
            has_pin: row.get::<_, Option<String>>("pin")?.is_some(),
            mail_quota: row.get("mail_quota")?,
            created_at: row.get("created_at")?,
        })
    }

    /// First and last name.
    pub fn name(&self) -> String {
        format!("{} {}", self.profile.first_name, self.profile.last_name).trim().to_owned()
    }

    /// Whether they can look at conversations and act in them.
    pub fn may_sign_in(&self) -> bool {
        self.profile.active && self.profile.role != Role::Notified
    }
}

impl ReadTx<'_> {
    /// Everybody, in the order they were added.
    pub fn users(&self) -> Result<Vec<User>> {
        let mut statement = self.conn.prepare_cached("SELECT * FROM users ORDER BY id")?;
        let rows = statement.query_map([], User::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One user.
    pub fn user(&self, id: UserId) -> Result<Option<User>> {
        let sql = "SELECT * FROM users WHERE id = ?1";
        Ok(self.conn.prepare_cached(sql)?.query_row([id], User::from_row).optional()?)
    }

    /// Everybody a word may mean: an id, an address or a phone number. More than one is for the
    /// caller to refuse.
    pub fn users_called(&self, word: &str, phone: Option<&Number>) -> Result<Vec<User>> {
        let sql = "SELECT * FROM users
                    WHERE CAST(id AS TEXT) = :word OR (email <> '' AND email = :word COLLATE NOCASE)
                       OR phone = :phone
                    ORDER BY CAST(id AS TEXT) = :word DESC, id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let asked = named_params! { ":word": word, ":phone": phone.map(Number::key) };
        let rows = statement.query_map(asked, User::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether an address signs somebody else in already.
    pub fn email_taken(&self, email: &str, but: Option<UserId>) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM users
                    WHERE email = ?1 COLLATE NOCASE AND role <> 'notified' AND id IS NOT ?2)";
        Ok(self.conn.prepare_cached(sql)?.query_row((email, but), |row| row.get(0))?)
    }

    /// Active people with the role of an admin.
    pub fn active_admins(&self) -> Result<u32> {
        let sql = "SELECT count(*) FROM users WHERE role = 'admin' AND active";
        Ok(self.conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// The admin who came first and is still active.
    pub fn first_admin(&self) -> Result<Option<User>> {
        let sql = "SELECT * FROM users WHERE role = 'admin' AND active ORDER BY id LIMIT 1";
        Ok(self.conn.prepare_cached(sql)?.query_row([], User::from_row).optional()?)
    }

    /// Who signs in with an address, should anybody.
    pub fn user_of_email(&self, email: &str) -> Result<Option<User>> {
        let sql = "SELECT * FROM users
                    WHERE email = ?1 COLLATE NOCASE AND email <> '' AND role <> 'notified'";
        Ok(self.conn.prepare_cached(sql)?.query_row([email], User::from_row).optional()?)
    }

    /// The stored hash of a user's password, in PHC form.
    pub fn password_hash(&self, id: UserId) -> Result<Option<Secret>> {
        let sql = "SELECT password FROM users WHERE id = ?1";
        let found: Option<Option<String>> =
            self.conn.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?;
        Ok(found.flatten().map(Secret::new))
    }
}

impl WriteTx<'_> {
    /// Adds somebody. Texts that came before are no news to them.
    pub fn create_user(&self, new: &Profile, now: UnixTime) -> Result<UserId> {
        let sql =
            "INSERT INTO users (first_name, last_name, email, phone, role, active, duty, team,
                       unread_from, created_at)
                   VALUES (:first, :last, :email, :phone, :role, :active, :duty, :team,
                       (SELECT coalesce(max(id), 0) FROM messages), :now)
                   RETURNING id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let id = statement.query_row(
            named_params! {
                ":first": new.first_name, ":last": new.last_name, ":email": new.email,
                ":phone": new.phone.as_ref().map(Number::key), ":role": new.role,
                ":active": new.active, ":duty": new.duty, ":team": new.team, ":now": now,
            },
            |row| row.get(0),
        )?;
        self.changed(ChangeKind::User, id, now)?;
        Ok(UserId(id))
    }

    /// Sets all of a user. Somebody who can act no more gives back what they had claimed (E123);
    /// those conversations are returned.
    pub fn save_user(
        &self,
        id: UserId,
        set: &Profile,
        now: UnixTime,
    ) -> Result<Vec<ConversationId>> {
        let sql = "UPDATE users SET first_name = :first, last_name = :last, email = :email,
                          phone = :phone, role = :role, active = :active, duty = :duty, team = :team
                    WHERE id = :id";
        let changed = self.conn.prepare_cached(sql)?.execute(named_params! {
            ":first": set.first_name, ":last": set.last_name, ":email": set.email,
            ":phone": set.phone.as_ref().map(Number::key), ":role": set.role,
            ":active": set.active, ":duty": set.duty, ":team": set.team, ":id": id,
        })?;
        if changed == 0 {
            return Err(StoreError::not_found(format_args!("user {id}")));
        }
        self.changed(ChangeKind::User, id.0, now)?;
        if set.acts() { Ok(Vec::new()) } else { self.release_all_of(id, now) }
    }

    /// Forgets somebody altogether. Only for people whom nothing names; others are deactivated.
    pub fn delete_user(&self, id: UserId, now: UnixTime) -> Result<Vec<ConversationId>> {
        let released = self.release_all_of(id, now)?;
        if self.conn.prepare_cached("DELETE FROM users WHERE id = ?1")?.execute([id])? == 0 {
            return Err(StoreError::not_found(format_args!("user {id}")));
        }
        self.changed(ChangeKind::User, id.0, now)?;
        Ok(released)
    }

    /// On duty or off: whether relays reach them.
    pub fn set_duty(&self, id: UserId, duty: bool, now: UnixTime) -> Result<()> {
        self.set_switch("UPDATE users SET duty = ?2 WHERE id = ?1", id, duty, now)
    }

    /// Relays to them stop, or go on (E20).
    pub fn set_paused(&self, id: UserId, paused: bool, now: UnixTime) -> Result<()> {
        self.set_switch("UPDATE users SET paused = ?2 WHERE id = ?1", id, paused, now)
    }

    /// Keeps the hash of a user's password, in PHC form; `None` takes it away.
    pub fn set_password_hash(
        &self,
        id: UserId,
        hash: Option<&Secret>,
        now: UnixTime,
    ) -> Result<()> {
        let sql = "UPDATE users SET password = ?2 WHERE id = ?1";
        if self.conn.prepare_cached(sql)?.execute((id, hash.map(Secret::expose)))? == 0 {
            return Err(StoreError::not_found(format_args!("user {id}")));
        }
        self.changed(ChangeKind::User, id.0, now)
    }

    fn set_switch(&self, sql: &str, id: UserId, on: bool, now: UnixTime) -> Result<()> {
        if self.conn.prepare_cached(sql)?.execute((id, on))? == 0 {
            return Err(StoreError::not_found(format_args!("user {id}")));
        }
        self.changed(ChangeKind::User, id.0, now)
    }
}
