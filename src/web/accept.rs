//! What is asked becomes a text to send, or a refusal in words. The API, the batch and the form on
//! the page all come through here, so that the same text is never judged twice in two ways.

use super::Settings;
use super::auth::Caller;
use super::error::{Code, WebError};
use crate::engine::template::{self, Fields};
use crate::sms::{self, SegmentOptions};
use crate::store::{Clearance, Exception, Leaving, Line, NewMessage, ReadTx, SmsSwitch};
use crate::types::{Class, Country, MessageId, Millis, Number, UnixTime};

/// A text somebody wants sent, as read from the wire.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) to: String,
    pub(super) text: String,
    /// Id, name, number or ICCID; without one the line is chosen.
    pub(super) line: Option<String>,
    pub(super) class: Class,
    pub(super) tag: Option<String>,
    pub(super) response_emails: Vec<String>,
    pub(super) send_at: Option<UnixTime>,
    /// The clock time that `send_at` was chosen by, when a person chose one: should the rules of the
    /// zone change, it is this that holds (E162).
    pub(super) send_local: Option<jiff::civil::DateTime>,
    pub(super) valid_for: Option<Millis>,
    pub(super) report: bool,
    pub(super) flash: bool,
    /// Fill the text's fields with what the address book knows of the recipient (S2, S19).
    pub(super) merge: bool,
    /// Why somebody who has opted out is answered all the same (E95).
    pub(super) exception: Option<String>,
    /// The newest text its writer has seen: an answer since then is shown first (E121).
    pub(super) last_seen: Option<MessageId>,
}

impl Wanted {
    /// A plain text from a person.
    pub(super) fn plain(to: String, text: String, line: Option<String>) -> Self {
        Self {
            to,
            text,
            line,
            class: Class::Conversation,
            tag: None,
            response_emails: Vec::new(),
            send_at: None,
            send_local: None,
            valid_for: None,
            report: true,
            flash: false,
            merge: false,
            exception: None,
            last_seen: None,
        }
    }

    /// The text ready for the queue. Nothing is changed in the store, so a refusal queues nothing.
    pub(super) fn accepted(
        self,
        tx: &ReadTx<'_>,
        caller: &Caller,
        settings: &Settings,
        now: UnixTime,
    ) -> Result<NewMessage, WebError> {
        let text = sms::normal_text(&self.text);
        if text.trim().is_empty() {
            return Err(WebError::new(Code::TextEmpty, "Write something to send."));
        }
        let (line, to) = route(&self.to, self.line.as_deref(), tx, caller, settings)?;
        let text = match self.merge {
            true => merged(tx, &text, &line, &to, settings)?,
            false => text,
        };
        let count = counted(&text)?;
        check_tag(self.tag.as_deref())?;
        check_emails(&self.response_emails)?;
        if self.send_at.is_some_and(|at| at > now.after(FURTHEST)) {
            return Err(WebError::new(Code::TimeInvalid, "send_at is at most a year from now."));
        }
        let new = NewMessage {
            line: line.id,
            to,
            alphabet: Some(count.coding.alphabet().word().to_owned()),
            segments: u32::try_from(count.segments).unwrap_or(u32::MAX),
            text,
            class: self.class,
            tag: self.tag,
            response_emails: self.response_emails,
            author: Some(caller.author()),
            send_at: self.send_at,
            valid_for: self.valid_for,
            report: self.report,
            flash: self.flash,
            hold: None,
        };
        let exception = self.exception.map(|why| exception(&why, caller)).transpose()?;
        cleared(tx, new, exception.as_deref(), settings, now)
    }
}

/// E95: an exception is an admin's, and says why.
fn exception(reason: &str, caller: &Caller) -> Result<String, WebError> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 200 || reason.chars().any(char::is_control) {
        let detail = "exception says in one line of 1 to 200 characters why.";
        return Err(WebError::new(Code::FieldInvalid, detail));
    }
    if !caller.is_admin() {
        let detail = "Only an admin answers somebody who opted out. Ask one.";
        return Err(WebError::new(Code::AdminRequired, detail));
    }
    Ok(reason.to_owned())
}

/// Out on which SIM, and to which number read by that SIM's country.
pub(super) fn route(
    to: &str,
    wanted: Option<&str>,
    tx: &ReadTx<'_>,
    caller: &Caller,
    settings: &Settings,
) -> Result<(Line, Number), WebError> {
    let unknown = |detail: &'static str| WebError::new(Code::LineUnknown, detail);
    let bound = caller.line();
    let line = match (wanted, bound) {
        (Some(word), _) => tx.line_called(word)?.filter(|l| bound.is_none_or(|own| own == l.id)),
        (None, Some(own)) => tx.line(own)?,
        (None, None) => return chosen_route(to, tx, settings),
    };
    let line = line.ok_or_else(|| unknown("Use an id from GET /api/v1/lines."))?;
    let to = Number::parse(to, line.country.or(settings.country))?;
    sending(line).map(|line| (line, to))
}

/// The line the conversation was last on, else the first that sends.
fn chosen_route(
    to: &str,
    tx: &ReadTx<'_>,
    settings: &Settings,
) -> Result<(Line, Number), WebError> {
    let lines = tx.lines()?;
    let country = settings.country.or_else(|| lines.iter().find_map(|line| line.country));
    let to = Number::parse(to, country)?;
    let last = tx.conversation_of(&to)?.and_then(|conversation| conversation.line);
    let sends = |line: &&Line| line.sms == SmsSwitch::On;
    let used = lines.iter().filter(sends).find(|line| Some(line.id) == last);
    let line = used.or_else(|| lines.iter().find(sends)).cloned().ok_or_else(|| {
        let detail = "No SIM can send yet. Plug in a modem with a SIM and wait until it is ready.";
        WebError::new(Code::LineUnknown, detail)
    })?;
    Ok((line, to))
}

/// The text with its fields filled; one without value and without fallback refuses it (E146, C19).
pub(super) fn merged(
    tx: &ReadTx<'_>,
    text: &str,
    line: &Line,
    to: &Number,
    settings: &Settings,
) -> Result<String, WebError> {
    let mut fields = Fields::from([
        ("company".to_owned(), settings.organisation.clone()),
        ("line".to_owned(), line.name.clone()),
    ]);
    if let Some(contact) = tx.contact_of(to)? {
        fields.extend(contact.card.fields);
        fields.insert("first_name".to_owned(), contact.card.first_name);
        fields.insert("last_name".to_owned(), contact.card.last_name);
    }
    Ok(template::merge(text, &fields)?)
}

/// The text, if it may leave as far as can be told now; the sender asks again at the hand-over.
fn cleared(
    tx: &ReadTx<'_>,
    mut new: NewMessage,
    exception: Option<&str>,
    settings: &Settings,
    now: UnixTime,
) -> Result<NewMessage, WebError> {
    let leaving = Leaving {
        line: new.line,
        to: &new.to,
        text: &new.text,
        class: new.class,
        tag: new.tag.as_deref(),
        response_emails: &new.response_emails,
        segments: new.segments,
        let_go: false,
    };
    let exception = Exception { reason: exception, message: None };
    match tx.clearance_by(&leaving, exception, &settings.house(), now)? {
        Clearance::Go | Clearance::Warn(_) | Clearance::Later => {}
        Clearance::Hold(refusal) => new.hold = Some(refusal.sentence),
        Clearance::Refused(refusal) => return Err(refusal.into()),
    }
    Ok(new)
}

fn sending(line: Line) -> Result<Line, WebError> {
    match line.sms {
        SmsSwitch::On | SmsSwitch::PendingOn => Ok(line),
        SmsSwitch::Off | SmsSwitch::PendingOff => {
            Err(WebError::new(Code::LineOff, "Switch the line on, or send from another one."))
        }
    }
}

/// What a normal text costs.
pub(super) fn counted(text: &str) -> Result<sms::Count, WebError> {
    let too_long = |segments: usize| {
        let detail =
            format!("It needs {segments} segments; {MOST_SEGMENTS} can be sent. Shorten it.");
        WebError::new(Code::TextTooLong, detail)
    };
    match sms::count(text, &SegmentOptions::default()) {
        Ok(count) if count.segments > MOST_SEGMENTS => Err(too_long(count.segments)),
        Ok(count) => Ok(count),
        Err(error) => Err(WebError::internal(error)),
    }
}

/// A remote address to look for, as written in a query, where `+` may have become a blank.
pub(super) fn looked_for(text: &str, country: Option<Country>) -> Number {
    let plus = text.strip_prefix(' ').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let text = plus.map_or_else(|| text.to_owned(), |rest| format!("+{rest}"));
    Number::parse(&text, country).unwrap_or(Number::Alphanumeric(text))
}

/// S34: fifty characters are accepted, fifty-one refused, nothing is cut.
fn check_tag(tag: Option<&str>) -> Result<(), WebError> {
    match tag.map(|tag| tag.chars().count()) {
        Some(n) if n > LONGEST_TAG => {
            let detail = format!("It has {n} characters; {LONGEST_TAG} fit.");
            Err(WebError::new(Code::TagTooLong, detail))
        }
        _ => Ok(()),
    }
}

/// Addresses go into mail headers later, so a line end or a blank never gets further than here.
fn check_emails(emails: &[String]) -> Result<(), WebError> {
    let address = |text: &str| {
        let plain =
            text.len() <= 254 && !text.contains(|c: char| c.is_control() || c.is_whitespace());
        plain
            && text.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty())
    };
    if emails.len() > MOST_EMAILS {
        return Err(WebError::new(
            Code::FieldInvalid,
            "response_emails holds at most 20 addresses.",
        ));
    }
    if emails.iter().all(|email| address(email)) {
        return Ok(());
    }
    Err(WebError::new(Code::FieldInvalid, "response_emails holds something that is no address."))
}

/// 23.040 §9.2.3.24.1: the header numbers segments with one octet.
const MOST_SEGMENTS: usize = 255;
/// C16.
const LONGEST_TAG: usize = 50;
/// C17.
const MOST_EMAILS: usize = 20;
const FURTHEST: Millis = Millis::from_secs(366 * 24 * 3_600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_that_became_a_blank_on_its_way_is_a_plus_again() {
        let wanted = Number::E164("+447700900123".to_owned());
        assert_eq!(looked_for(" 447700900123", None), wanted);
        assert_eq!(looked_for("+447700900123", None), wanted);
        assert_eq!(looked_for("MyBank", None), Number::Alphanumeric("MyBank".to_owned()));
    }

    /// S34.
    #[test]
    fn a_tag_of_fifty_characters_is_taken_and_of_fifty_one_is_refused() {
        assert!(check_tag(Some(&"é".repeat(50))).is_ok());
        assert_eq!(check_tag(Some(&"é".repeat(51))).unwrap_err().code(), Code::TagTooLong);
    }

    #[test]
    fn an_address_with_a_line_end_never_reaches_a_mail_header() {
        for bad in ["", "a", "@", "a@", "@b", "a@b\r\nBcc: c@d", "a b@c"] {
            assert!(check_emails(&[bad.to_owned()]).is_err(), "{bad:?}");
        }
        assert!(check_emails(&["anna@example.org".to_owned()]).is_ok());
    }
}
