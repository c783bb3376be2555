//! What the author of a mail is told: a mail of our own, in the same commit as what it tells of.

use serde_json::json;

use super::incoming::Case;
use crate::email::{Address, MailOut, Notice, Told, notice};
use crate::store::{DeliveryKind, NewDelivery, Result};
use crate::types::MessageId;

/// Tells `to` about the mail of this case: once for each mail (E74). `about` is the text the notice
/// goes with when that is erased.
pub(super) fn tell(
    case: &Case<'_, '_>,
    to: &Address,
    told: &Told,
    about: Option<MessageId>,
) -> Result<()> {
    let asked = Notice { to, mail: Some(case.mail), about: ("", ""), told, at: case.now };
    let Some(mail) = notice(&asked, &case.room.site) else { return Ok(()) };
    let once = format!("notice {}", case.mail.fingerprint());
    case.tx.add_delivery(&delivery(&mail, about, once), case.now).map(drop)
}

/// A mail of ours that leaves as it is.
pub(super) fn delivery(mail: &MailOut, about: Option<MessageId>, once: String) -> NewDelivery {
    NewDelivery {
        kind: DeliveryKind::Mail,
        target: mail.to.to_string(),
        payload: json!({
            "from": mail.envelope_from.as_ref().map(|from| from.to_string()),
            "subject": mail.subject,
            // Everything we write is ASCII on the wire.
            "raw": String::from_utf8_lossy(&mail.raw),
        }),
        message: about,
        once: Some(once),
        not_before: None,
    }
}
