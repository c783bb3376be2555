//! A status report finds the submit it speaks of; the store matches, this only translates.

use super::intake::{Arrival, Taken};
use crate::sms::{Status, StatusClass, StatusReport};
use crate::store::{NewReport, ReportMatch, ReportOutcome, Result, WriteTx};

/// Stores a status report.
pub(super) fn accept(
    tx: &WriteTx<'_>,
    arrival: &Arrival,
    raw: &[u8],
    report: &StatusReport,
) -> Result<Taken> {
    let found = tx.insert_report(&NewReport {
        line: arrival.line,
        tpdu: raw.to_vec(),
        mr: Some(report.reference),
        recipient: report.recipient.number(),
        status: report.status.0,
        outcome: outcome(report.status),
        detail: report.status.meaning().to_owned(),
        scts: report.scts.unix(),
        discharged_at: report.discharge.unix(),
        received_at: arrival.at,
    })?;
    let message = match found {
        ReportMatch::Matched(message, _) => Some(message),
        ReportMatch::Orphan | ReportMatch::Seen => None,
    };
    Ok(Taken { message, ..Taken::default() })
}

/// Sent on, replaced, completed somehow: the network is done, but nobody says the handset has it.
/// That is no delivery and no failure, so the text stays `sent`.
fn outcome(status: Status) -> ReportOutcome {
    match status.class() {
        StatusClass::Delivered => ReportOutcome::Delivered,
        _ if status == Status::EXPIRED => ReportOutcome::Expired,
        StatusClass::TemporaryRetrying
        | StatusClass::ForwardedUnconfirmed
        | StatusClass::Replaced
        | StatusClass::Completed => ReportOutcome::Trying,
        StatusClass::PermanentFailure | StatusClass::TemporaryGaveUp | StatusClass::Reserved => {
            ReportOutcome::Failed
        }
    }
}
