//! A text of our own making, as the queue takes it: answers of the engine, notices, answers by mail.

use crate::sms::{self, SegmentOptions};
use crate::store::{LineId, NewMessage};
use crate::types::{Class, Number};

/// A text to `to` that leaves on `line` when its turn comes, with a report and no author. One that is
/// too long to be counted is so for the clearance too.
pub(super) fn plain(line: LineId, to: Number, text: String, class: Class) -> NewMessage {
    let counted = sms::count(&text, &SegmentOptions::default()).ok();
    let alphabet = counted.as_ref().map(|count| count.coding.alphabet().word().to_owned());
    let segments = counted.map_or(1, |count| u32::try_from(count.segments).unwrap_or(u32::MAX));
    NewMessage {
        line,
        to,
        text,
        class,
        tag: None,
        response_emails: Vec::new(),
        author: None,
        send_at: None,
        valid_for: None,
        report: true,
        flash: false,
        alphabet,
        segments,
        hold: None,
    }
}
