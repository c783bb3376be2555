//! Delivery status notifications (RFC 3464), as far as a bounce must be matched to its text.

use super::Report;
use super::fields::{Fields, Kind, ids};
use super::parts::Found;

/// One part of a report after its words for people.
pub(super) fn part(kind: &Kind, body: &[u8], found: &mut Found) {
    let Some(report) = found.report.as_mut() else { return };
    match (kind.main.as_str(), kind.sub.as_str()) {
        ("message", "delivery-status" | "global-delivery-status") => recipients(body, report),
        ("message", "rfc822" | "global" | "rfc822-headers") | ("text", "rfc822-headers") => {
            returned(body, report);
        }
        _ => {}
    }
}

/// Groups of fields: the first about the mail, then one for each recipient (RFC 3464 §2.1).
fn recipients(mut body: &[u8], report: &mut Report) {
    for _ in 0..MOST_GROUPS {
        let (fields, rest) = Fields::split(body);
        if let Some(action) = fields.first("action") {
            report.action.get_or_insert(action.trim().to_ascii_lowercase());
            let status = fields.first("status").and_then(|status| status.split(' ').next());
            if let Some(status) = status {
                report.status.get_or_insert(status.to_owned());
            }
            let recipient = fields.first("final-recipient").or(fields.first("original-recipient"));
            if let Some(recipient) = recipient {
                let address = recipient.split_once(';').map_or(recipient, |(_, address)| address);
                report.recipient.get_or_insert(address.trim().to_owned());
            }
        }
        if rest.len() >= body.len() {
            break;
        }
        body = rest;
    }
}

/// The header of the mail that came back.
pub(super) fn returned(body: &[u8], report: &mut Report) {
    let (fields, _) = Fields::split(body.get(..MOST_HEADER).unwrap_or(body));
    for name in ["message-id", "references", "in-reply-to"] {
        report.ids.extend(fields.all(name).flat_map(ids));
    }
    report.ids.truncate(50);
}

const MOST_GROUPS: usize = 50;
const MOST_HEADER: usize = 100_000;
