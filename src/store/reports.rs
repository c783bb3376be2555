//! Delivery reports find their segment: by line, reference, recipient and time together.
//!
//! TP-MR has 8 bits and wraps within minutes on a busy line, while a report may come days later.
//! So the reference alone proves nothing (`reliability` 1.4). A report that finds nothing is kept
//! and tried again when a submit of that reference commits. Some modems give every submit the same
//! reference (fault 39): there the report's own is passed over, and number and time have to do.

use rusqlite::{Row, named_params};

use super::WriteTx;
use super::error::Result;
use super::inbound::dedupe_key;
use super::journal::Entry;
use super::lease::OutSegmentId;
use super::lines::LineId;
use super::words::{ReportOutcome, row_id};
use crate::types::{MessageId, MessageState, Millis, UnixTime};

row_id!(
    /// A delivery report.
    ReportId
);

/// Our clock and the service centre's may differ by so much.
const CLOCK_SLACK: Millis = Millis::from_secs(3_600);

/// A status report as it came from the modem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReport {
    /// The SIM.
    pub line: LineId,
    /// The octets, without the service centre's address.
    pub tpdu: Vec<u8>,
    /// TP-MR; `None` when the modem is known not to count.
    pub mr: Option<u8>,
    /// TP-RA as received.
    pub recipient: String,
    /// The TP-ST octet.
    pub status: u8,
    /// What TP-ST means.
    pub outcome: ReportOutcome,
    /// The sentence for a person when it failed.
    pub detail: String,
    /// When the service centre took our submit.
    pub scts: Option<UnixTime>,
    /// When it was delivered or given up.
    pub discharged_at: Option<UnixTime>,
    /// When we read it.
    pub received_at: UnixTime,
}

/// What a report was good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportMatch {
    /// It belongs to this message, which now stands so.
    Matched(MessageId, MessageState),
    /// Kept; no submit fits (yet).
    Orphan,
    /// The same report was stored before.
    Seen,
}

/// What matching needs of a report, new or orphaned.
struct Report {
    line: LineId,
    mr: Option<u8>,
    recipient: String,
    status: u8,
    outcome: ReportOutcome,
    scts: Option<UnixTime>,
    discharged_at: Option<UnixTime>,
    received_at: UnixTime,
}

/// Which candidates are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    All,
    /// Up to the first that is farther away than one that fits: those after it are farther still.
    Nearest,
}

/// A segment a report may belong to.
struct Candidate {
    segment: OutSegmentId,
    recipient: String,
    submitted_at: UnixTime,
    /// When the network had it, as far as we know.
    taken_at: UnixTime,
    valid_for: Millis,
    accepted: bool,
    /// No final report yet.
    open: bool,
}

impl WriteTx<'_> {
    /// Keeps a report and tells its segment.
    pub fn insert_report(&self, new: &NewReport) -> Result<ReportMatch> {
        let key = dedupe_key(&self.sim_identity(new.line)?, &new.tpdu);
        let sql = "INSERT INTO reports (dedupe_key, line_id, mr, recipient, status, outcome, scts,
                                        discharged_at, tpdu, received_at)
                   VALUES (:key, :line, :mr, :recipient, :status, :outcome, :scts, :discharged, :tpdu, :at)
                   ON CONFLICT (dedupe_key) DO NOTHING";
        let inserted = self.conn.prepare_cached(sql)?.execute(named_params! {
            ":key": key, ":line": new.line, ":mr": new.mr, ":recipient": new.recipient,
            ":status": new.status, ":outcome": new.outcome, ":scts": new.scts,
            ":discharged": new.discharged_at, ":tpdu": new.tpdu, ":at": new.received_at,
        })?;
        if inserted == 0 {
            return Ok(ReportMatch::Seen);
        }
        let id = ReportId(self.conn.last_insert_rowid());
        self.journal(Entry::Received, new.line, &new.tpdu, new.received_at)?;
        let report = Report {
            line: new.line,
            mr: new.mr,
            recipient: new.recipient.clone(),
            status: new.status,
            outcome: new.outcome,
            scts: new.scts,
            discharged_at: new.discharged_at,
            received_at: new.received_at,
        };
        match self.segment_of(&report)? {
            Some(segment) => {
                let (message, state) = self.apply(id, &report, segment, Some(&new.detail))?;
                Ok(ReportMatch::Matched(message, state))
            }
            None => Ok(ReportMatch::Orphan),
        }
    }

    /// Whether the modem of `line` gives its submits references of their own. Those that do not say
    /// 0 each time, so two tell; any other reference may come twice when a modem has restarted.
    fn counts(&self, line: LineId) -> Result<bool> {
        let sql = "SELECT mr FROM segments_out
                    WHERE line_id = ?1 AND accepted_at IS NOT NULL AND +mr IS NOT NULL
                    ORDER BY accepted_at DESC, id DESC LIMIT 3";
        let mut statement = self.conn.prepare_cached(sql)?;
        let last: Vec<u8> =
            statement.query_map([line], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(match last[..] {
            [0, 0, ..] => false,
            [one, other, third] => one != other || other != third,
            _ => true,
        })
    }

    /// Tries the orphans of a line again, now that it is known what became of a segment: they are
    /// this one's, or waited because they might have been.
    pub(super) fn adopt_orphans(&self, segment: OutSegmentId, now: UnixTime) -> Result<()> {
        let open =
            "SELECT EXISTS (SELECT 1 FROM segments_out s JOIN reports r ON r.line_id = s.line_id
                     WHERE s.id = ?1 AND r.segment_id IS NULL)";
        if !self.conn.prepare_cached(open)?.query_row([segment], |row| row.get(0))? {
            return Ok(());
        }
        // The newest only: a network that floods us with reports of nobody's must not slow each text.
        let sql = "SELECT * FROM (
                       SELECT r.id, r.line_id, r.mr, r.recipient, r.status, r.outcome, r.scts,
                              r.discharged_at, r.received_at
                         FROM segments_out s
                         JOIN reports r ON r.line_id = s.line_id AND r.segment_id IS NULL
                        WHERE s.id = ?1 AND r.received_at >= s.on_air_at - ?2
                        ORDER BY r.id DESC LIMIT 100)
                    ORDER BY id";
        let slack = CLOCK_SLACK.0.cast_signed();
        let mut statement = self.conn.prepare_cached(sql)?;
        let orphans: Vec<(ReportId, Report)> = statement
            .query_map((segment, slack), |row| Ok((row.get(0)?, report_from(row)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (id, mut orphan) in orphans {
            // That the modem does not count shows with its second text: the first one's report waits.
            if let Some(meant) = self.segment_of(&orphan)? {
                orphan.received_at = now;
                self.apply(id, &orphan, meant, None)?;
            }
        }
        Ok(())
    }

    /// The segment a report belongs to: one the network took under this reference, else one whose
    /// outcome is unknown, handed over nearest to the time the service centre took it. One that left at
    /// just that time comes before all others: a reference comes round, and the text that had it hours
    /// ago may still wait for its report.
    ///
    /// Some service centres stamp with a wrong zone or year. When no segment fits the stamp, our
    /// own time of receipt may speak, but only for a single segment that awaits a report.
    fn segment_of(&self, report: &Report) -> Result<Option<OutSegmentId>> {
        let anchor = report.scts.unwrap_or(report.received_at);
        let by_stamp = self.candidates(report, anchor, Wanted::Nearest)?;
        let key = |c: &&Candidate| {
            let distance = c.distance(anchor);
            (distance > JUST_THEN.0, !c.accepted, !c.open, distance, c.submitted_at)
        };
        if let Some(nearest) = by_stamp.iter().min_by_key(key) {
            // A report can overtake our commit of its own submit, which then is no candidate yet:
            // neither one of unknown end nor one of hours ago must have it instead.
            let waits = match nearest.accepted {
                true => {
                    nearest.distance(anchor) > JUST_THEN.0
                        && self.is_on_air_to(report, anchor.after(JUST_THEN))?
                }
                false => self.is_on_air_to(report, UnixTime(i64::MAX))?,
            };
            return Ok((!waits).then_some(nearest.segment));
        }
        let by_receipt = self.candidates(report, report.received_at, Wanted::All)?;
        Ok(match by_receipt.iter().filter(|c| c.open).collect::<Vec<_>>()[..] {
            [only] if only.accepted => Some(only.segment),
            _ => None,
        })
    }

    /// Whether the modem has a segment whose recipient the report is about, since `latest` or before.
    fn is_on_air_to(&self, report: &Report, latest: UnixTime) -> Result<bool> {
        let sql = "SELECT o.recipient_key FROM segments_out s JOIN outbound o ON o.message_id = s.message_id
                    WHERE s.line_id = ?1 AND s.state = 'on_air' AND s.on_air_at <= ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let recipients =
            statement.query_map((report.line, latest), |row| row.get::<_, String>(0))?;
        let recipients: Vec<String> = recipients.collect::<rusqlite::Result<_>>()?;
        Ok(recipients.iter().any(|recipient| same_recipient(recipient, &report.recipient)))
    }

    /// The segments of this line, reference and recipient that can have been taken at `anchor`.
    fn candidates(
        &self,
        report: &Report,
        anchor: UnixTime,
        wanted: Wanted,
    ) -> Result<Vec<Candidate>> {
        let counts = report.mr.is_some() && self.counts(report.line)?;
        let most = if counts { MOST_OF_A_REFERENCE } else { MOST_WITHOUT };
        // Each look finds its segments by an index and stops: a line has sent more in a year than a
        // report can be compared with. Rows are made one by one, the newest of a reference first.
        let sql = "WITH taken AS (
                       SELECT * FROM (SELECT id FROM segments_out
                         WHERE :mr IS NOT NULL AND line_id = :line AND mr IS NULL AND state = 'accepted'
                           AND accepted_at BETWEEN :earliest AND :latest
                         ORDER BY accepted_at DESC LIMIT :most)
                       UNION ALL
                       SELECT * FROM (SELECT id FROM segments_out
                         WHERE :mr IS NOT NULL AND line_id = :line AND mr = :mr AND state = 'accepted'
                           AND accepted_at BETWEEN :earliest AND :latest
                         ORDER BY accepted_at DESC LIMIT :most)
                       UNION ALL
                       SELECT * FROM (SELECT id FROM segments_out
                         WHERE :mr IS NULL AND line_id = :line AND state = 'accepted'
                           AND accepted_at BETWEEN :earliest AND :latest
                         ORDER BY accepted_at DESC LIMIT :most)
                       UNION ALL
                       SELECT id FROM segments_out
                        WHERE line_id = :line AND state = 'unknown')
                   SELECT s.id, o.recipient_key, coalesce(s.on_air_at, s.accepted_at), o.valid_for_ms,
                          s.state = 'accepted',
                          s.state = 'unknown' OR s.report IS NULL OR s.report = 'trying',
                          iif(s.state = 'unknown', s.on_air_at, s.accepted_at), s.mr IS NOT NULL
                     FROM taken JOIN segments_out s ON s.id = taken.id
                     JOIN outbound o ON o.message_id = s.message_id";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query(named_params! {
            ":line": report.line, ":mr": report.mr.filter(|_| counts), ":most": most,
            ":earliest": UnixTime(anchor.0.saturating_sub(LONGEST_VALIDITY.0.cast_signed())),
            ":latest": anchor.after(CLOCK_SLACK).after(CLOCK_SLACK),
        })?;
        let mut candidates = Vec::new();
        // How far an accepted one is that still waits for its report.
        let mut found: Option<u64> = None;
        while let Some(row) = rows.next()? {
            let candidate = Candidate {
                segment: row.get(0)?,
                recipient: row.get(1)?,
                submitted_at: row.get(2)?,
                valid_for: Millis(row.get::<_, i64>(3)?.unsigned_abs()),
                accepted: row.get(4)?,
                open: row.get(5)?,
                taken_at: row.get(6)?,
            };
            let of_this_reference = candidate.accepted && row.get(7)?;
            let older = anchor.since(candidate.taken_at).0;
            if let (Wanted::Nearest, true, Some(found)) = (wanted, of_this_reference, found)
                && older > found
            {
                // Those of unknown end come after these, and only before one that is far away.
                match found > JUST_THEN.0 {
                    true => continue,
                    false => break,
                }
            }
            if same_recipient(&candidate.recipient, &report.recipient)
                && candidate.may_be_meant(anchor)
            {
                if candidate.accepted && candidate.open {
                    let distance = candidate.distance(anchor);
                    found = Some(found.map_or(distance, |nearest| nearest.min(distance)));
                }
                candidates.push(candidate);
            }
        }
        Ok(candidates)
    }

    /// Tells a segment what a report says. Delivered stays delivered, whatever comes later.
    fn apply(
        &self,
        id: ReportId,
        report: &Report,
        segment: OutSegmentId,
        detail: Option<&str>,
    ) -> Result<(MessageId, MessageState)> {
        let sql = "UPDATE reports SET segment_id = ?2 WHERE id = ?1";
        self.conn.prepare_cached(sql)?.execute((id, segment))?;
        let owner = self.owner_of(segment)?;
        self.was_sent(segment, report.mr, "a report came", report.received_at)?;
        let sql = "UPDATE segments_out SET report = :outcome, reported_at = :at
                    WHERE id = :segment AND (report IS NULL OR report = 'trying'
                          OR (report <> 'delivered' AND :outcome = 'delivered'))";
        let said = named_params! {
            ":outcome": report.outcome, ":at": report.received_at, ":segment": segment,
        };
        let news = self.conn.prepare_cached(sql)?.execute(said)? > 0;
        let words =
            format!("status {:#04x}, segment {} of {}", report.status, owner.seq, owner.total);
        let event = match report.outcome {
            ReportOutcome::Trying => "not delivered yet",
            ReportOutcome::Delivered => "delivered",
            ReportOutcome::Failed => "could not be delivered",
            ReportOutcome::Expired => "expired in the network",
        };
        self.custody(owner.message, report.received_at, event, Some(&words))?;
        if news && matches!(report.outcome, ReportOutcome::Failed | ReportOutcome::Expired) {
            let code = format!("status_{:02x}", report.status);
            let sentence = detail.unwrap_or("the network could not deliver it");
            self.explain(owner.message, Some((&code, sentence)))?;
        }
        let state = self.derive_state(owner.message, report.received_at)?;
        if state == MessageState::Delivered {
            let sql = "UPDATE messages SET delivered_at = coalesce(delivered_at, ?2) WHERE id = ?1";
            let at = report.discharged_at.unwrap_or(report.received_at);
            self.conn.prepare_cached(sql)?.execute((owner.message, at))?;
        }
        Ok((owner.message, state))
    }

    /// Evidence that an earlier sending left whole makes a repetition needless, if it still waits.
    pub(super) fn step_back(&self, segment: OutSegmentId) -> Result<()> {
        let sql = "UPDATE outbound AS o SET round = s.round
                     FROM segments_out s
                    WHERE s.id = ?1 AND o.message_id = s.message_id AND s.round < o.round
                      AND o.stage = 'waiting'
                      AND NOT EXISTS (SELECT 1 FROM segments_out e WHERE e.message_id = s.message_id
                                         AND e.round = s.round AND e.state <> 'accepted')
                      AND NOT EXISTS (SELECT 1 FROM segments_out e WHERE e.message_id = s.message_id
                                         AND e.round > s.round AND e.state <> 'waiting')";
        if self.conn.prepare_cached(sql)?.execute([segment])? > 0 {
            let sql = "DELETE FROM segments_out WHERE state = 'waiting' AND
                           (message_id, round) IN (SELECT s.message_id, e.round FROM segments_out s
                             JOIN segments_out e ON e.message_id = s.message_id AND e.round > s.round
                            WHERE s.id = ?1)";
            self.conn.prepare_cached(sql)?.execute([segment])?;
        }
        Ok(())
    }
}

/// Segments of one reference that a report is compared with, newest first: as many as a modem gives
/// that reference within ten thousand submits.
const MOST_OF_A_REFERENCE: u32 = 40;
/// The same of a modem that does not count: all its submits offer themselves.
const MOST_WITHOUT: u32 = 1_000;

/// A stamp so near to the time between the submit and its result is of that submit: clocks that are set by
/// the network or by NTP differ less. Of those that differ more, all stamps are farther away.
const JUST_THEN: Millis = Millis::from_secs(60);

/// TP-VP ends at 63 weeks (23.040 §9.2.3.12.1); no report comes later.
const LONGEST_VALIDITY: Millis = Millis::from_secs(64 * 7 * 24 * 3_600);

impl Candidate {
    /// How far `anchor`, which has whole seconds, is from the time it was on its way.
    fn distance(&self, anchor: UnixTime) -> u64 {
        let before = self.submitted_at.since(anchor.after(Millis(999)));
        let after = anchor.since(self.taken_at.max(self.submitted_at));
        before.0.max(after.0)
    }

    /// Whether the service centre can have taken this segment at `anchor`.
    fn may_be_meant(&self, anchor: UnixTime) -> bool {
        let earliest = self.submitted_at.0.saturating_sub(CLOCK_SLACK.0.cast_signed());
        let latest = self.submitted_at.after(self.valid_for).after(CLOCK_SLACK);
        (earliest..=latest.0).contains(&anchor.0)
    }
}

fn report_from(row: &Row<'_>) -> rusqlite::Result<Report> {
    Ok(Report {
        line: row.get("line_id")?,
        mr: row.get("mr")?,
        recipient: row.get("recipient")?,
        status: row.get("status")?,
        outcome: row.get("outcome")?,
        scts: row.get("scts")?,
        discharged_at: row.get("discharged_at")?,
        received_at: row.get("received_at")?,
    })
}

/// Whether two spellings mean one phone: equal digits, or one is the other in national form (at
/// least seven digits), or the last nine agree.
fn same_recipient(key: &str, reported: &str) -> bool {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let (ours, theirs) = (digits(key), digits(reported));
    if ours == theirs {
        return !ours.is_empty() || key == reported;
    }
    let (ours, theirs) = (ours.trim_start_matches('0'), theirs.trim_start_matches('0'));
    let (short, long) = if ours.len() < theirs.len() { (ours, theirs) } else { (theirs, ours) };
    let tail = |text: &str| text.get(text.len().wrapping_sub(9)..).map(str::to_owned);
    (short.len() >= 7 && long.ends_with(short)) || (short.len() >= 9 && tail(short) == tail(long))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipient_is_known_in_national_and_international_form() {
        for (key, reported, same) in [
            ("+447700900123", "+447700900123", true),
            ("+447700900123", "447700900123", true),
            ("+447700900123", "07700900123", true),
            ("+447700900123", "00447700900123", true),
            ("+447700900123", "+447700900124", false),
            ("+447700900123", "900123", false),
            ("s:85258", "85258", true),
            ("s:85258", "+4485258", false),
            ("+447700900123", "", false),
        ] {
            assert_eq!(same_recipient(key, reported), same, "{key} {reported}");
        }
    }
}
