//! Contacts: the address book. A contact has several numbers; two contacts may share one (E99).

use std::collections::BTreeMap;

use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Row, named_params};

use super::error::{Result, StoreError};
use super::search;
use super::words::ChangeKind;
use super::{ReadTx, WriteTx};
use crate::types::{ContactId, Number, UnixTime};

/// What people write about a contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// First name, may be empty.
    pub first_name: String,
    /// Last name, may be empty.
    pub last_name: String,
    /// The first is written to when nobody says which.
    pub numbers: Vec<Number>,
    /// ISO 639 code.
    pub language: Option<String>,
    /// Free fields, for templates.
    pub fields: BTreeMap<String, String>,
    /// For staff only.
    pub notes: String,
}

impl Card {
    /// This card, with what it does not say taken from another.
    pub fn completed_by(&self, other: &Card) -> Card {
        let mut card = self.clone();
        if card.first_name.is_empty() && card.last_name.is_empty() {
            (card.first_name, card.last_name) = (other.first_name.clone(), other.last_name.clone());
        }
        let new = other.numbers.iter().filter(|number| !self.numbers.contains(number));
        card.numbers.extend(new.cloned());
        card.language = card.language.or_else(|| other.language.clone());
        for (name, value) in &other.fields {
            let known = card.fields.entry(name.clone()).or_default();
            if known.is_empty() {
                known.clone_from(value);
            }
        }
        if !other.notes.is_empty() && !card.notes.contains(&other.notes) {
            card.notes = format!("{}\n{}", card.notes, other.notes).trim().to_owned();
        }
        card
    }
}

/// A contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its row.
    pub id: ContactId,
    /// What people wrote.
    pub card: Card,
    /// When it was added.
    pub created_at: UnixTime,
    /// When it was last changed.
    pub updated_at: UnixTime,
    /// Contacts shown as part of this one (E136).
    pub merged: Vec<ContactId>,
}

/// Which contacts, in the order they were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactQuery {
    /// Those after this one.
    pub after: Option<ContactId>,
    /// Words of the name, or digits of a number.
    pub search: Option<String>,
    /// Those with this number.
    pub number: Option<Number>,
    /// At most so many; 0 means 50.
    pub limit: u32,
}

impl Contact {
    /// First and last name; empty when neither is known.
    pub fn name(&self) -> String {
        format!("{} {}", self.card.first_name, self.card.last_name).trim().to_owned()
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Contact> {
        let fields: String = row.get("fields")?;
        let numbers: Option<String> = row.get("numbers")?;
        let merged: String = row.get("merged")?;
        let merged: Vec<i64> = serde_json::from_str(&merged).unwrap_or_default();
        let keys: Vec<String> =
            numbers.and_then(|keys| serde_json::from_str(&keys).ok()).unwrap_or_default();
        Ok(Contact {
            id: row.get("id")?,
            card: Card {
                first_name: row.get("first_name")?,
                last_name: row.get("last_name")?,
                numbers: keys.iter().map(|key| Number::from_key(key)).collect(),
                language: row.get("language")?,
                fields: serde_json::from_str(&fields).unwrap_or_default(),
                notes: row.get("notes")?,
            },
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            merged: merged.into_iter().map(ContactId).collect(),
        })
    }
}

/// A row of `contacts` with its numbers in order.
const CONTACT: &str = "SELECT c.*, (SELECT json_group_array(key) FROM
        (SELECT DISTINCT n.key FROM contact_numbers n JOIN contacts o ON o.id = n.contact_id
          WHERE o.id = c.id OR o.merged_into = c.id
          ORDER BY o.id <> c.id, o.id, n.position)) AS numbers,
        (SELECT json_group_array(id) FROM contacts WHERE merged_into = c.id) AS merged
    FROM contacts c";

/// The contacts, as they are shown, that have a number like `{}`.
const WITH_NUMBER: &str = "SELECT coalesce(o.merged_into, o.id) FROM contact_numbers n
    JOIN contacts o ON o.id = n.contact_id WHERE";

impl ReadTx<'_> {
    /// A page of contacts.
    pub fn contacts(&self, query: &ContactQuery) -> Result<Vec<Contact>> {
        let key = query.number.as_ref().map(Number::key);
        let words = query.search.as_deref().and_then(search::words);
        let words = words.unwrap_or_else(|| search::NOTHING.to_owned());
        let digits = query.search.as_deref().and_then(search::digits);
        let limit = if query.limit == 0 { 50 } else { query.limit };
        let after = query.after.unwrap_or(ContactId(0));
        let mut page: Vec<(&str, &dyn ToSql)> = vec![(":after", &after), (":limit", &limit)];
        // Only what is asked for is in the statement, so that each finds its index.
        let mut asked = String::new();
        if key.is_some() {
            asked += &format!(" AND c.id IN ({WITH_NUMBER} n.key = :number)");
            page.push((":number", &key));
        }
        if query.search.is_some() {
            asked += &format!(
                " AND c.id IN (SELECT coalesce(o.merged_into, o.id) FROM contacts_fts f
                                 JOIN contacts o ON o.id = f.rowid WHERE contacts_fts MATCH :words
                               UNION {WITH_NUMBER} :digits IS NOT NULL AND instr(n.key, :digits) > 0)"
            );
            page.extend([(":words", &words as &dyn ToSql), (":digits", &digits)]);
        }
        let sql = format!(
            "{CONTACT} WHERE c.id > :after AND c.merged_into IS NULL{asked}
              ORDER BY c.id LIMIT :limit"
        );
        let mut statement = self.conn.prepare_cached(&sql)?;
        let rows = statement.query_map(&*page, Contact::from_row)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// One contact.
    pub fn contact(&self, id: ContactId) -> Result<Option<Contact>> {
        let sql = format!("{CONTACT} WHERE c.id = ?1");
        Ok(self.conn.prepare_cached(&sql)?.query_row([id], Contact::from_row).optional()?)
    }

    /// The contact who names a number: the oldest of those that have it.
    pub fn contact_of(&self, number: &Number) -> Result<Option<Contact>> {
        let sql = "SELECT min(coalesce(o.merged_into, o.id)) FROM contact_numbers n
                     JOIN contacts o ON o.id = n.contact_id WHERE n.key = ?1";
        let found: Option<ContactId> =
            self.conn.prepare_cached(sql)?.query_row([number.key()], |row| row.get(0))?;
        found.map_or(Ok(None), |id| self.contact(id))
    }
}

impl WriteTx<'_> {
    /// Adds a contact.
    pub fn create_contact(&self, card: &Card, now: UnixTime) -> Result<ContactId> {
        let sql =
            "INSERT INTO contacts (first_name, last_name, language, fields, notes, created_at,
                       updated_at)
                   VALUES (:first, :last, :language, :fields, :notes, :now, :now) RETURNING id";
        let id: ContactId = self.conn.prepare_cached(sql)?.query_row(
            named_params! {
                ":first": card.first_name, ":last": card.last_name, ":language": card.language,
                ":fields": serde_json::json!(card.fields).to_string(), ":notes": card.notes,
                ":now": now,
            },
            |row| row.get(0),
        )?;
        self.set_numbers(id, &card.numbers)?;
        self.changed(ChangeKind::Contact, id.0, now)?;
        Ok(id)
    }

    /// Sets all of a contact. Consent stays with the numbers, whoever has them now (E100).
    pub fn save_contact(&self, id: ContactId, card: &Card, now: UnixTime) -> Result<()> {
        let sql =
            "UPDATE contacts SET first_name = :first, last_name = :last, language = :language,
                          fields = :fields, notes = :notes, updated_at = :now WHERE id = :id";
        let changed = self.conn.prepare_cached(sql)?.execute(named_params! {
            ":first": card.first_name, ":last": card.last_name, ":language": card.language,
            ":fields": serde_json::json!(card.fields).to_string(), ":notes": card.notes,
            ":now": now, ":id": id,
        })?;
        if changed == 0 {
            return Err(StoreError::not_found(format_args!("contact {id}")));
        }
        self.set_numbers(id, &card.numbers)?;
        self.changed(ChangeKind::Contact, id.0, now)
    }

    /// Forgets a contact; its conversations stay, under their numbers. `false`: there is none.
    pub fn delete_contact(&self, id: ContactId, now: UnixTime) -> Result<bool> {
        let gone = self.conn.prepare_cached("DELETE FROM contacts WHERE id = ?1")?.execute([id])?;
        if gone > 0 {
            self.changed(ChangeKind::Contact, id.0, now)?;
        }
        Ok(gone > 0)
    }

    /// Gives a number a name: its contact's, or a new contact's (E23).
    pub fn name_number(&self, number: &Number, name: &str, now: UnixTime) -> Result<ContactId> {
        let (first, last) = name.trim().split_once(' ').unwrap_or((name.trim(), ""));
        let known = self.contact_of(number)?;
        let id = known.as_ref().map(|contact| contact.id);
        let mut card = known.map(|contact| contact.card).unwrap_or_default();
        (card.first_name, card.last_name) = (first.to_owned(), last.trim().to_owned());
        match id {
            Some(id) => self.save_contact(id, &card, now).map(|()| id),
            None => {
                card.numbers = vec![number.clone()];
                self.create_contact(&card, now)
            }
        }
    }

    /// Shows `other` as part of `into` (E136): a view, so that it can be undone. Conversations and
    /// consent stay with the numbers (E101). `false`: one of the two is not there, is the other, or
    /// takes part in another merge.
    pub fn merge_contacts(&self, into: ContactId, other: ContactId, now: UnixTime) -> Result<bool> {
        let sql = "UPDATE contacts SET merged_into = :into, updated_at = :now
                    WHERE id = :other AND id <> :into AND merged_into IS NULL
                      AND NOT EXISTS (SELECT 1 FROM contacts WHERE merged_into = :other)
                      AND EXISTS (SELECT 1 FROM contacts WHERE id = :into AND merged_into IS NULL)";
        let asked = named_params! { ":into": into, ":other": other, ":now": now };
        self.merged(self.conn.prepare_cached(sql)?.execute(asked)?, [into, other], now)
    }

    /// Takes `other` out of `from` again, as it was. `false`: it is no part of it.
    pub fn split_contact(&self, from: ContactId, other: ContactId, now: UnixTime) -> Result<bool> {
        let sql = "UPDATE contacts SET merged_into = NULL, updated_at = ?3
                    WHERE id = ?2 AND merged_into = ?1";
        let changed = self.conn.prepare_cached(sql)?.execute((from, other, now))?;
        self.merged(changed, [from, other], now)
    }

    fn merged(&self, changed: usize, contacts: [ContactId; 2], now: UnixTime) -> Result<bool> {
        if changed > 0 {
            contacts.iter().try_for_each(|id| self.changed(ChangeKind::Contact, id.0, now))?;
        }
        Ok(changed > 0)
    }

    /// Sets a contact's own numbers; those of contacts merged into it stay theirs.
    fn set_numbers(&self, id: ContactId, numbers: &[Number]) -> Result<()> {
        self.conn
            .prepare_cached("DELETE FROM contact_numbers WHERE contact_id = ?1")?
            .execute([id])?;
        let sql = "INSERT OR IGNORE INTO contact_numbers (contact_id, position, key)
                   SELECT ?1, ?2, ?3 WHERE NOT EXISTS
                       (SELECT 1 FROM contact_numbers n JOIN contacts o ON o.id = n.contact_id
                         WHERE o.merged_into = ?1 AND n.key = ?3)";
        let mut statement = self.conn.prepare_cached(sql)?;
        for (position, number) in (0_i64..).zip(numbers) {
            statement.execute((id, position, number.key()))?;
        }
        Ok(())
    }
}
