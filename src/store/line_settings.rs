//! What people set of a line: sinks, texts, hours, limits, and the switch.
//!
//! Values that the engine reads whole (texts, hours, limits, relay, consent) are kept as the JSON its
//! types read; whoever writes them has read them once with those types.

use rusqlite::{OptionalExtension, named_params};
use serde_json::{Value, json};

use super::error::{Result, StoreError};
use super::lines::LineId;
use super::users::UserId;
use super::words::{ChangeKind, ClaimPolicy, Registration, SmsSwitch};
use super::{ReadTx, WriteTx};
use crate::types::{Country, UnixTime};

/// Somebody told of new texts on a line (S103..S112).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifiedUser {
    /// Who.
    pub user: UserId,
    /// By SMS.
    pub sms: bool,
    /// By e-mail.
    pub email: bool,
    /// By the browser.
    pub push: bool,
    /// `now` or `batch`; the engine's default, when absent.
    pub urgency: Option<String>,
}

/// The settings of a line.
#[derive(Clone, Debug, PartialEq)]
pub struct LineSettings {
    /// What people call it.
    pub name: String,
    /// How its national numbers are read.
    pub country: Option<Country>,
    /// Own number in E.164.
    pub number: Option<String>,
    /// Shown in every forward (S36).
    pub tags: Vec<String>,
    /// Relays by SMS go there (S6).
    pub response_recipient: Option<UserId>,
    /// `engine::relay::RelayRules`.
    pub relay: Value,
    /// Replies go there when the last outbound names none (S29).
    pub response_emails: Vec<String>,
    /// As suggested by the other settings, when absent (C6).
    pub claim_policy: Option<ClaimPolicy>,
    /// Participants may reply too (C7).
    pub participants_reply: bool,
    /// Minutes after which an idle claim is given back; the gateway's, when absent (E122).
    pub claims_idle: Option<u32>,
    /// The sink of notified users: on, then there is at least one (S105); off; or not set up yet.
    pub notify: Option<bool>,
    /// `engine::quiet::QuietHours`, null for none; the shipped ones for marketing, when absent.
    pub quiet_hours: Option<Value>,
    /// `engine::texts::Texts`, without the contact.
    pub texts: Value,
    /// How people reach us: the answer to HELP.
    pub help_contact: String,
    /// `engine::hours::BusinessHours`; always attended, when absent.
    pub business_hours: Option<Value>,
    /// Whether numbers abroad may be written to (S53).
    pub international: bool,
    /// Short codes that may be written to (E25).
    pub short_codes: Vec<String>,
    /// `engine::limits::Limits`.
    pub limits: Value,
    /// `engine::consent::Settings`.
    pub consent: Value,
    /// Forwards show one-time codes (E77).
    pub show_codes: bool,
    /// The brand's or campaign's registration (S98).
    pub registration: Registration,
    /// Who is told of new texts.
    pub notified: Vec<NotifiedUser>,
}

impl LineSettings {
    /// The claim policy in force: strict where people are notified, else off, unless one was
    /// chosen (C6).
    pub fn claims(&self) -> ClaimPolicy {
        let suggested =
            if self.notified.is_empty() { ClaimPolicy::Off } else { ClaimPolicy::Strict };
        self.claim_policy.unwrap_or(suggested)
    }
}

impl ReadTx<'_> {
    /// The settings of a line.
    pub fn line_settings(&self, line: LineId) -> Result<Option<LineSettings>> {
        let sql = "SELECT * FROM lines WHERE id = ?1";
        let mut statement = self.conn.prepare_cached(sql)?;
        let found = statement.query_row([line], |row| {
            let value = |column: &str| {
                let text: String = row.get(column)?;
                Ok::<_, rusqlite::Error>(serde_json::from_str(&text).unwrap_or(Value::Null))
            };
            let list = |column: &str| {
                let text: String = row.get(column)?;
                Ok::<_, rusqlite::Error>(serde_json::from_str(&text).unwrap_or_default())
            };
            let country: Option<String> = row.get("country")?;
            let hours: Option<String> = row.get("business_hours")?;
            let quiet: Option<String> = row.get("quiet_hours")?;
            Ok(LineSettings {
                name: row.get("name")?,
                country: country.and_then(|code| code.parse().ok()),
                number: row.get("number")?,
                tags: list("tags")?,
                response_recipient: row.get("response_recipient")?,
                relay: value("relay")?,
                response_emails: list("response_emails")?,
                claim_policy: row.get("claim_policy")?,
                participants_reply: row.get("participants_reply")?,
                claims_idle: row.get("claims_idle")?,
                notify: row.get("notify")?,
                quiet_hours: quiet.and_then(|text| serde_json::from_str(&text).ok()),
                texts: value("texts")?,
                help_contact: row.get("help_contact")?,
                business_hours: hours.and_then(|text| serde_json::from_str(&text).ok()),
                international: row.get("international")?,
                short_codes: list("short_codes")?,
                limits: value("limits")?,
                consent: value("consent")?,
                show_codes: row.get("show_codes")?,
                registration: row.get("registration")?,
                notified: Vec::new(),
            })
        });
        let Some(mut settings) = found.optional()? else { return Ok(None) };
        settings.notified = self.notified_users(line)?;
        Ok(Some(settings))
    }

    /// Who is told of new texts on a line.
    pub fn notified_users(&self, line: LineId) -> Result<Vec<NotifiedUser>> {
        let sql = "SELECT user_id, sms, email, push, urgency FROM notified_users
                    WHERE line_id = ?1 ORDER BY user_id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([line], |row| {
            Ok(NotifiedUser {
                user: row.get(0)?,
                sms: row.get(1)?,
                email: row.get(2)?,
                push: row.get(3)?,
                urgency: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The lines that name a user as response recipient or among the notified.
    pub fn lines_naming(&self, user: UserId) -> Result<Vec<LineId>> {
        let sql = "SELECT id FROM lines WHERE response_recipient = ?1
                       OR id IN (SELECT line_id FROM notified_users WHERE user_id = ?1)
                       OR EXISTS (SELECT 1 FROM json_each(relay, '$.recipients') WHERE value = ?1)
                    ORDER BY id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map([user], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

impl WriteTx<'_> {
    /// Sets all of a line.
    pub fn save_line_settings(
        &self,
        line: LineId,
        set: &LineSettings,
        now: UnixTime,
    ) -> Result<()> {
        let sql =
            "UPDATE lines SET named = named OR name <> :name, name = :name, country = :country,
                          number = :number, tags = :tags, response_recipient = :recipient,
                          relay = :relay, response_emails = :emails, claim_policy = :claims,
                          participants_reply = :participants, texts = :texts, help_contact = :help,
                          business_hours = :hours, international = :international,
                          short_codes = :short_codes, limits = :limits, consent = :consent,
                          show_codes = :show_codes, registration = :registration,
                          claims_idle = :idle, notify = :notify, quiet_hours = :quiet
                    WHERE id = :id";
        let changed = self.conn.prepare_cached(sql)?.execute(named_params! {
            ":name": set.name, ":country": set.country.as_ref().map(Country::as_str),
            ":number": set.number, ":tags": json!(set.tags).to_string(),
            ":recipient": set.response_recipient, ":relay": set.relay.to_string(),
            ":emails": json!(set.response_emails).to_string(), ":claims": set.claim_policy,
            ":participants": set.participants_reply, ":texts": set.texts.to_string(),
            ":help": set.help_contact,
            ":hours": set.business_hours.as_ref().map(Value::to_string),
            ":international": set.international,
            ":short_codes": json!(set.short_codes).to_string(),
            ":limits": set.limits.to_string(), ":consent": set.consent.to_string(),
            ":show_codes": set.show_codes, ":registration": set.registration,
            ":idle": set.claims_idle, ":notify": set.notify,
            ":quiet": set.quiet_hours.as_ref().map(Value::to_string), ":id": line,
        })?;
        if changed == 0 {
            return Err(StoreError::not_found(format_args!("line {line}")));
        }
        self.conn
            .prepare_cached("DELETE FROM notified_users WHERE line_id = ?1")?
            .execute([line])?;
        let sql = "INSERT INTO notified_users (line_id, user_id, sms, email, push, urgency)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let mut statement = self.conn.prepare_cached(sql)?;
        for told in &set.notified {
            statement.execute((line, told.user, told.sms, told.email, told.push, &told.urgency))?;
        }
        self.changed(ChangeKind::Line, line.0, now)
    }

    /// Switches a line on or off. It is pending until it really is (S100, S101).
    pub fn switch_sms(&self, line: LineId, on: bool, now: UnixTime) -> Result<()> {
        let sql = "UPDATE lines SET sms = ?2 WHERE id = ?1 AND sms NOT IN (?2, ?3)";
        let (pending, reached) = match on {
            true => (SmsSwitch::PendingOn, SmsSwitch::On),
            false => (SmsSwitch::PendingOff, SmsSwitch::Off),
        };
        if self.conn.prepare_cached(sql)?.execute((line, pending, reached))? > 0 {
            self.changed(ChangeKind::Line, line.0, now)?;
        }
        self.settle_switch(line, now)
    }

    /// Ends "pending" once it is true: on with a ready modem, off with nothing on its way (S101).
    pub fn settle_switch(&self, line: LineId, now: UnixTime) -> Result<()> {
        let sql = "UPDATE lines SET sms = iif(sms = 'pending_on', 'on', 'off')
                    WHERE id = ?1 AND CASE sms
                        WHEN 'pending_on' THEN EXISTS
                            (SELECT 1 FROM modems WHERE line_id = ?1 AND state = 'ready')
                        WHEN 'pending_off' THEN NOT EXISTS
                            (SELECT 1 FROM outbound WHERE line_id = ?1 AND stage <> 'over'
                                AND stage IN ('leased', 'on_air'))
                        ELSE 0 END";
        if self.conn.prepare_cached(sql)?.execute([line])? > 0 {
            self.changed(ChangeKind::Line, line.0, now)?;
        }
        Ok(())
    }
}
