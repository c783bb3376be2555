//! Whether a text may leave: asked when it is accepted, and again when it is handed to the modem
//! (D10, D21). Both ask the engine with what the store knows now.

use jiff::Timestamp;
use rusqlite::named_params;

use super::error::Result;
use super::lines::LineId;
use super::rulebook::Organisation;
use super::words::{ChangeKind, DeliveryKind, SegmentState, Stage};
use super::{NewDelivery, ReadTx, WriteTx};
use crate::engine::limits::{self, Cost, Usage, Verdict};
use crate::engine::quiet::QuietHours;
use crate::engine::sending::{self, Outbound, may_send};
use crate::types::{Class, MessageId, MessageState, Millis, Number, UnixTime};

/// A text about to leave.
#[derive(Clone, Copy, Debug)]
pub struct Leaving<'a> {
    /// The SIM it goes out on.
    pub line: LineId,
    /// To whom.
    pub to: &'a Number,
    /// The text.
    pub text: &'a str,
    /// What it is for.
    pub class: Class,
    /// Its tag.
    pub tag: Option<&'a str>,
    /// Its response addresses.
    pub response_emails: &'a [String],
    /// Its segments.
    pub segments: u32,
    /// A person has sent it on in spite of the limits.
    pub let_go: bool,
}

/// Why somebody who has opted out is written to all the same.
#[derive(Clone, Copy, Debug, Default)]
pub struct Exception<'a> {
    /// In the words of who sends it; audited.
    pub reason: Option<&'a str>,
    /// The text itself, once it is stored: it is no exception before itself.
    pub message: Option<MessageId>,
}

/// What a text's author asked for that the rules weigh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) let_go: bool,
    pub(super) exception: Option<String>,
    /// Not for at once, or one of many.
    pub(super) planned: bool,
    pub(super) tag: Option<String>,
    pub(super) response_emails: Vec<String>,
}

/// What the rules say to a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clearance {
    /// It goes.
    Go,
    /// It goes, and with it a warning is reached.
    Warn(sending::Refusal),
    /// It goes later by itself.
    Later,
    /// It waits for a person.
    Hold(sending::Refusal),
    /// It does not go.
    Refused(sending::Refusal),
}

impl ReadTx<'_> {
    /// What the rules say to a text now.
    pub fn clearance(
        &self,
        leaving: &Leaving<'_>,
        organisation: &Organisation,
        now: UnixTime,
    ) -> Result<Clearance> {
        self.clearance_by(leaving, Exception::default(), organisation, now)
    }

    /// The same for a text that answers somebody who has opted out (E95).
    pub fn clearance_by(
        &self,
        leaving: &Leaving<'_>,
        exception: Exception<'_>,
        organisation: &Organisation,
        now: UnixTime,
    ) -> Result<Clearance> {
        let rules = self.rulebook(leaving.line, organisation)?;
        let standing = self.standing_before(leaving.to, leaving.line, exception.message)?;
        let message = Outbound {
            tag: leaving.tag,
            response_emails: leaving.response_emails,
            exception: exception.reason,
            ..Outbound::plain(leaving.to, leaving.text, leaving.class)
        };
        match may_send(&message, &rules, &standing) {
            // A person has to look, then it may go after all.
            Err(refusal) if refusal.code == "possible_opt_out" => {
                return Ok(Clearance::Hold(refusal));
            }
            Err(refusal) => return Ok(Clearance::Refused(refusal)),
            Ok(()) => {}
        }
        // What is used is not even counted for a line without limits.
        let unlimited = rules.line.limits == limits::Limits::default();
        if leaving.class == Class::Consent || leaving.let_go || unlimited {
            return Ok(Clearance::Go);
        }
        let usage = self.usage(leaving.line, organisation, now)?;
        let cost = Cost {
            segments: leaving.segments.into(),
            recipients: u64::from(!self.is_counted(leaving.line, leaving.to, now)?),
            money: u64::from(leaving.segments)
                * rules.line.limits.prices.of(leaving.to, rules.line.country),
        };
        Ok(match limits::weigh(&rules.line.limits, &usage, &cost) {
            Verdict::Go => Clearance::Go,
            Verdict::Later => Clearance::Later,
            Verdict::Warn(warning) => Clearance::Warn(warning),
            Verdict::Hold(refusal) => Clearance::Hold(refusal),
        })
    }

    /// What a line has used in the periods of its limits.
    pub fn usage(&self, line: LineId, organisation: &Organisation, now: UnixTime) -> Result<Usage> {
        let taken = |since: UnixTime| -> Result<u64> {
            let sql = "SELECT count(*) FROM segments_out WHERE line_id = ?1 AND accepted_at >= ?2";
            let count: u32 =
                self.conn.prepare_cached(sql)?.query_row((line, since), |row| row.get(0))?;
            Ok(count.into())
        };
        let month = self.month_counts(line, now)?;
        Ok(Usage {
            segments_a_minute: taken(now.before(Millis::from_secs(60)))?,
            segments_a_day: taken(midnight(organisation, now))?,
            segments_a_month: month.segments_out.into(),
            recipients_a_month: month.recipients.into(),
            money_a_month: month.money,
        })
    }

    /// Whether a number is among those written to on a line this month.
    fn is_counted(&self, line: LineId, to: &Number, now: UnixTime) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM month_recipients WHERE line_id = ?1 AND recipient_key = ?3
                      AND month = strftime('%Y-%m', ?2 / 1000, 'unixepoch'))";
        Ok(self.conn.prepare_cached(sql)?.query_row((line, now, to.key()), |row| row.get(0))?)
    }
}

impl WriteTx<'_> {
    /// Asks once more, right before the first segment of a leased text is handed over. `false`: it
    /// stays, and the message says why. A text of which a part has left goes on (E96).
    pub fn clear(
        &self,
        outbound: &super::Outbound,
        organisation: &Organisation,
        now: UnixTime,
    ) -> Result<bool> {
        if outbound.segments.iter().any(|segment| segment.state != SegmentState::Waiting) {
            return Ok(true);
        }
        let (message, line, asked) = (outbound.message, outbound.line, &outbound.asked);
        let leaving = Leaving {
            line,
            to: &outbound.to,
            text: &outbound.text,
            class: outbound.class,
            tag: asked.tag.as_deref(),
            response_emails: &asked.response_emails,
            segments: u32::try_from(outbound.segments.len()).unwrap_or(u32::MAX),
            let_go: asked.let_go,
        };
        if let Some(until) = self.quiet_until(&leaving, asked.planned, organisation, now)? {
            self.put_off(message, until, now)?;
            return Ok(false);
        }
        let exception = Exception { reason: asked.exception.as_deref(), message: Some(message) };
        match self.clearance_by(&leaving, exception, organisation, now)? {
            Clearance::Go => return Ok(true),
            Clearance::Warn(warning) => {
                self.alert_limit(line, &warning, now)?;
                return Ok(true);
            }
            Clearance::Later => {
                self.release_lease(message, now.after(Millis::from_secs(10)))?;
            }
            Clearance::Hold(refusal) => {
                self.keep_back(message, MessageState::Held, &refusal, now)?;
                self.alert_limit(line, &refusal, now)?;
            }
            Clearance::Refused(refusal) => {
                self.keep_back(message, MessageState::Failed, &refusal, now)?;
            }
        }
        Ok(false)
    }

    /// The end of the recipient's quiet hours, for a text that should not wake them: marketing, and
    /// where the line has set hours of its own whatever was planned ahead (E170).
    fn quiet_until(
        &self,
        leaving: &Leaving<'_>,
        planned: bool,
        organisation: &Organisation,
        now: UnixTime,
    ) -> Result<Option<UnixTime>> {
        let marketing = leaving.class == Class::Marketing;
        let may_wait = marketing || (planned && leaving.class == Class::Conversation);
        if !may_wait || leaving.let_go {
            return Ok(None);
        }
        let sql = "SELECT quiet_hours FROM lines WHERE id = ?1";
        let set: Option<String> =
            self.conn.prepare_cached(sql)?.query_row([leaving.line], |row| row.get(0))?;
        let hours: Option<QuietHours> = match set.map(|set| serde_json::from_str(&set)) {
            Some(Ok(hours)) => hours,
            _ => marketing.then(QuietHours::default),
        };
        Ok(hours.and_then(|hours| hours.over_at(leaving.to, &organisation.time_zone, now)))
    }

    /// Puts a leased text off; it blocks nobody meanwhile, and its time counts from then.
    fn put_off(&self, message: MessageId, until: UnixTime, now: UnixTime) -> Result<()> {
        let sql = "UPDATE outbound SET stage = 'waiting', lease_until = NULL, send_at = :until,
                          next_try_at = :until, valid_until = :until + valid_for_ms
                    WHERE message_id = :message AND stage = 'leased'";
        let put = named_params! { ":until": until, ":message": message };
        self.conn.prepare_cached(sql)?.execute(put)?;
        let why = format!("until {until}: it is night where the recipient lives");
        self.custody(message, now, "put off", Some(&why))?;
        self.changed(ChangeKind::Message, message.0, now)
    }

    /// Notes why somebody who opted out is answered once all the same (E95).
    pub fn except(&self, message: MessageId, reason: &str) -> Result<()> {
        let sql = "UPDATE outbound SET exception = ?2 WHERE message_id = ?1";
        self.conn.prepare_cached(sql)?.execute((message, reason))?;
        Ok(())
    }

    /// Puts a text that the rules stop aside, with code, sentence and a station of its custody.
    fn keep_back(
        &self,
        message: MessageId,
        state: MessageState,
        refusal: &sending::Refusal,
        now: UnixTime,
    ) -> Result<()> {
        let sql =
            "UPDATE outbound SET stage = :over, lease_until = NULL WHERE message_id = :message";
        let over = named_params! { ":over": Stage::Over, ":message": message };
        self.conn.prepare_cached(sql)?.execute(over)?;
        let held = state == MessageState::Held;
        let sql = "UPDATE messages SET state = :state, error_code = :code, error_detail = :detail,
                          hold_reason = iif(:held, :detail, hold_reason),
                          trace = json_insert(trace, '$[#]', json_object('step', 'hand-over', 'why', :why))
                    WHERE id = :message";
        let why = format!("not sent ({}): {}", refusal.code, refusal.sentence);
        self.conn.prepare_cached(sql)?.execute(named_params! {
            ":state": state, ":code": refusal.code, ":detail": refusal.sentence, ":held": held,
            ":why": why, ":message": message,
        })?;
        let event = if held { "held" } else { "not sent" };
        self.custody(message, now, event, Some(&refusal.sentence))?;
        self.changed(ChangeKind::Message, message.0, now)
    }

    /// The admins learn once a day that a limit of a line is reached.
    fn alert_limit(&self, line: LineId, limit: &sending::Refusal, now: UnixTime) -> Result<()> {
        let day = now.day();
        self.add_delivery(
            &NewDelivery {
                kind: DeliveryKind::Alert,
                target: "admins".to_owned(),
                payload: serde_json::json!({ "text": limit.sentence, "line": line.to_string() }),
                message: None,
                once: Some(format!("limit {} {line} {day} {}", limit.code, limit.sentence)),
                not_before: None,
            },
            now,
        )?;
        Ok(())
    }
}

/// When the organisation's day began.
fn midnight(organisation: &Organisation, now: UnixTime) -> UnixTime {
    let day = Timestamp::from_millisecond(now.0)
        .ok()
        .and_then(|at| at.to_zoned(organisation.time_zone.clone()).start_of_day().ok());
    day.map_or(now, |day| UnixTime(day.timestamp().as_millisecond()))
}
