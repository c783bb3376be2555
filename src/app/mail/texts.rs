//! A person's mail becomes texts: one for each thread it answers, one for each it starts.

use super::answer::answer;
use super::incoming::{Case, Effects, Verdict, kept_back};
use super::notices;
use crate::app::text::plain;
use crate::email::{Accepted, Destination, Doubt, Refusal, ReplyToken, Told};
use crate::sms::normal_text;
use crate::store::{
    Author, Clearance, Leaving, LineId, MailId, MailOutcome, NewMessage, NewRefused, Result, User,
};
use crate::types::{Class, MessageId, Millis, Number};

/// The threads and destinations of a mail, each judged for itself.
pub(super) fn of(
    case: &Case<'_, '_>,
    id: MailId,
    replies: &[ReplyToken],
    starts: &[Destination],
) -> Result<(Verdict, Effects)> {
    if let Some(flood) = flood(case)? {
        return Ok((kept_back(case, &flood)?, Effects::default()));
    }
    let mut verdicts = Vec::new();
    let mut effects = Effects::default();
    for reply in replies {
        let (verdict, message) = answer(case, id, reply)?;
        verdicts.push(verdict);
        effects.messages.extend(message);
    }
    for to in starts {
        let (verdict, message) = super::starting::start(case, id, to)?;
        verdicts.push(verdict);
        effects.messages.extend(message);
    }
    // One mail, one row: what an admin must see counts most.
    let rank = |verdict: &Verdict| match verdict.outcome {
        MailOutcome::Quarantined => 0,
        MailOutcome::Sent => 1,
        MailOutcome::Held => 2,
        _ => 3,
    };
    verdicts.sort_by_key(rank);
    let verdict = verdicts.into_iter().next().unwrap_or_else(|| {
        Verdict::new(MailOutcome::Dropped, "not_for_us", "it answers and starts nothing")
    });
    Ok((verdict, effects))
}

/// An approved mail that a machine seemed to have written, or that came through a list: what it
/// answers is found by its addresses alone.
pub(super) fn of_answered(case: &Case<'_, '_>, id: MailId) -> Result<(Verdict, Effects)> {
    let site = &case.room.site;
    let addressed = case.mail.to.iter().chain(&case.mail.delivered_to);
    let mut replies: Vec<ReplyToken> = Vec::new();
    for address in addressed.filter(|address| site.is_own(address)) {
        let detail = address.detail().unwrap_or_default();
        if let Ok(token) = ReplyToken::read(detail, &site.keys, case.now)
            && !replies.iter().any(|known| known.thread == token.thread)
        {
            replies.push(token);
        }
    }
    if replies.is_empty() {
        let why = "it names no reply address that is still valid";
        return Ok((Verdict::new(MailOutcome::Refused, "no_thread", why), Effects::default()));
    }
    of(case, id, &replies, &[])
}

/// Too many mails of one author, or too many texts in one thread, are somebody's machine (E73).
fn flood(case: &Case<'_, '_>) -> Result<Option<Doubt>> {
    if case.approved {
        return Ok(None);
    }
    let Some(author) = case.mail.author() else { return Ok(None) };
    let hour = case.now.before(AN_HOUR);
    let most = case.room.settings.max_per_hour;
    let count = case.tx.mails_since(&author.key(), hour)?;
    Ok((count > most).then(|| Doubt::Flood(format!("{count} from {author} within an hour"))))
}

/// The author is known, and is told why not.
pub(super) fn refuse(
    case: &Case<'_, '_>,
    accepted: &Accepted,
    refusal: &Refusal,
) -> Result<(Verdict, Option<MessageId>)> {
    notices::tell(case, &accepted.author, &Told::Refused(refusal.clone()), None)?;
    let verdict = Verdict::new(MailOutcome::Refused, refusal.code(), refusal.to_string());
    Ok((verdict, None))
}

/// The user whose address wrote the mail.
pub(super) fn user_of(case: &Case<'_, '_>, by: &Accepted) -> Result<Option<User>> {
    let author = by.author.key();
    let mut users = case.tx.users()?.into_iter().filter(|user| user.profile.active);
    Ok(users.find(|user| user.profile.email.eq_ignore_ascii_case(&author)))
}

/// A text about to be queued.
pub(super) struct Text {
    pub(super) line: LineId,
    pub(super) to: Number,
    pub(super) text: String,
    pub(super) tag: Option<String>,
    pub(super) response_emails: Vec<String>,
    pub(super) author: Author,
}

impl Text {
    /// The text ready for the queue, judged as the API's are. One that is not taken is kept among the
    /// refusals.
    pub(super) fn cleared(
        self,
        case: &Case<'_, '_>,
    ) -> Result<std::result::Result<NewMessage, Refusal>> {
        let (author, to) = (self.author.clone(), (self.line, self.to.clone()));
        let judged = self.judged(case)?;
        if let Err(refusal) = &judged {
            not_taken(case, author, Some(to), refusal)?;
        }
        Ok(judged)
    }

    fn judged(self, case: &Case<'_, '_>) -> Result<std::result::Result<NewMessage, Refusal>> {
        let text = normal_text(&self.text);
        let mut new = NewMessage {
            tag: self.tag,
            response_emails: self.response_emails,
            author: Some(self.author),
            ..plain(self.line, self.to, text, Class::Conversation)
        };
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
        match case.tx.clearance(&leaving, case.organisation, case.now)? {
            Clearance::Go | Clearance::Warn(_) | Clearance::Later => {}
            Clearance::Hold(refusal) => new.hold = Some(refusal.sentence),
            Clearance::Refused(refusal) => {
                return Ok(Err(policy(refusal.code, refusal.sentence)));
            }
        }
        Ok(Ok(new))
    }
}

/// A refusal with the API's word for it.
pub(super) fn policy(code: &'static str, sentence: impl Into<String>) -> Refusal {
    Refusal::Policy { code, sentence: sentence.into() }
}

/// Keeps that a text was not taken, beside those that came in other ways.
pub(super) fn not_taken(
    case: &Case<'_, '_>,
    author: Author,
    to: Option<(LineId, Number)>,
    refusal: &Refusal,
) -> Result<()> {
    let (line, number) = to.unzip();
    let refused = NewRefused {
        way: "mail",
        author,
        line,
        number,
        class: Class::Conversation.as_str().to_owned(),
        code: refusal.code(),
        why: refusal.to_string(),
    };
    case.tx.note_refused(&[refused], case.now)
}

/// What is counted against floods (E73).
pub(super) const AN_HOUR: Millis = Millis::from_secs(3_600);
/// What is counted against quotas.
pub(super) const A_DAY: Millis = Millis::from_secs(24 * 3_600);
