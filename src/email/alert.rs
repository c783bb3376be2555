//! What the admins must know, as a mail.

use super::compose::html_of;
use super::forward::LOOP;
use super::header::{Fields, one_line};
use super::{Address, MailOut, Mailbox, Site};
use crate::types::UnixTime;

/// An alert.
#[derive(Clone, Debug)]
pub struct Alert<'a> {
    /// Which admin is told.
    pub to: &'a Address,
    /// What is the matter.
    pub text: &'a str,
    /// Where the gateway's pages are.
    pub link: Option<&'a str>,
    /// When it was the matter.
    pub at: UnixTime,
    /// What makes it this one and no other: a repeated try has the same identity.
    pub id: &'a str,
}

/// The mail. Nobody answers it, and where it cannot be delivered nobody hears of that.
pub fn alert(alert: &Alert<'_>, site: &Site) -> MailOut {
    let mut text = format!("{}\n", alert.text.trim_end());
    if let Some(link) = alert.link {
        text.push_str(&format!("\nThe gateway: {}\n", one_line(link)));
    }
    let mut header = Fields::default();
    header.date(alert.at, &site.zone);
    header.plain("Auto-Submitted", "auto-generated");
    header.plain("X-Auto-Response-Suppress", "All");
    header.token(LOOP, &site.loop_mark());
    let parts: [&[u8]; 2] = [alert.id.as_bytes(), alert.to.local().as_bytes()];
    MailOut {
        envelope_from: None,
        to: alert.to.clone(),
        from: Mailbox { name: Some(site.name.clone()), address: site.address.clone() },
        reply_to: None,
        subject: format!("{} needs you", one_line(&site.name)),
        message_id: site.notice_id(&parts),
        references: Vec::new(),
        html: Some(html_of(&text)),
        text,
        raw: Vec::new(),
    }
    .written(header)
}
