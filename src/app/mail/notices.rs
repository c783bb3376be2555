//! What the author of a mail is told: a mail of our own, in the same commit as what it tells of.

use serde_json::json;

use super::incoming::Case;
use crate::email::{Address, Notice, Told, notice};
use crate::store::{DeliveryKind, NewDelivery, Result};

/// Tells `to` about the mail of this case: once for each mail (E74).
pub(super) fn tell(case: &Case<'_, '_>, to: &Address, told: &Told) -> Result<()> {
    let asked = Notice { to, mail: Some(case.mail), about: ("", ""), told, at: case.now };
    let Some(mail) = notice(&asked, &case.room.site) else { return Ok(()) };
    let new = NewDelivery {
        kind: DeliveryKind::Mail,
        target: mail.to.to_string(),
        payload: json!({
            "from": mail.envelope_from.map(|from| from.to_string()),
            "subject": mail.subject,
            // Everything we write is ASCII on the wire.
            "raw": String::from_utf8_lossy(&mail.raw),
        }),
        message: None,
        once: Some(format!("notice {}", case.mail.fingerprint())),
        not_before: None,
    };
    case.tx.add_delivery(&new, case.now).map(drop)
}
