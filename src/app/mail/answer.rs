//! An answer by mail in one thread: who may, on which line, with whose tag and addresses, and what
//! its author is told.

use serde_json::json;

use super::incoming::{Case, Verdict, cut_as_json, kept_back, people, refused};
use super::texts::{Text, refuse, user_of};
use super::{links, notices, results, texts};
use crate::email::{
    self, Accepted, Also, As, CutKind, Doubt, Extracted, Hold, Outcome, Refusal, ReplyToken,
    Rights, Told, judge,
};
use crate::engine::facts::Thread;
use crate::engine::rules::Person;
use crate::engine::{PersonId, claim, routing};
use crate::store::{
    Author, AuthorKind, Conversation, DeliveryKind, Enqueued, Kind, MailId, MailOutcome, Message,
    MessageQuery, NewMailText, NewMessage, Page, Result, User,
};
use crate::types::{Class, Direction, MessageId};

/// What an answer in one thread rests on.
struct Anchor {
    conversation: Conversation,
    /// The customer's latest text (S49).
    latest: Message,
    /// Whom it was forwarded to (C14).
    addressees: Vec<String>,
}

fn anchor(case: &Case<'_, '_>, reply: &ReplyToken) -> Result<Option<Anchor>> {
    let tx = case.tx;
    let Some(conversation) = tx.conversation(reply.thread)? else { return Ok(None) };
    let newest = tx.messages(&MessageQuery {
        page: Page::Last,
        direction: Some(Direction::In),
        conversation: Some(conversation.id),
        limit: 20,
        ..MessageQuery::default()
    })?;
    let Some(latest) = newest.into_iter().find(|message| message.kind == Kind::Text) else {
        return Ok(None);
    };
    let sinks = tx.deliveries_of(latest.id)?.into_iter();
    let forwards = sinks.filter(|sink| sink.kind == DeliveryKind::Email);
    let addressees = forwards.map(|sink| sink.target).collect();
    Ok(Some(Anchor { conversation, latest, addressees }))
}

/// One answer in one thread.
pub(super) fn answer(
    case: &Case<'_, '_>,
    id: MailId,
    reply: &ReplyToken,
) -> Result<(Verdict, Option<MessageId>)> {
    let Some(anchor) = anchor(case, reply)? else {
        return Ok((refused(case, &Refusal::Expired)?, None));
    };
    let site = &case.room.site;
    let mut addressees: Vec<_> =
        anchor.addressees.iter().filter_map(|text| email::Address::parse(text).ok()).collect();
    // Who got this very forward may answer it, whoever gets the newer ones.
    addressees.extend(case.mail.author().filter(|a| reply.was_sent_to(a, &site.keys)).cloned());
    let users = people(case)?;
    let rights = Rights { addressees: &addressees, users: &users };
    let (accepted, extracted, hold) = match judge(case.mail, site, rights) {
        Outcome::Text(accepted, extracted) => (accepted, extracted, None),
        Outcome::Hold(accepted, extracted, hold) => (accepted, extracted, Some(hold)),
        Outcome::Refuse(accepted, refusal) => return refuse(case, &accepted, &refusal),
        Outcome::Quarantine(doubt) => match (case.approved, case.mail.author()) {
            (true, Some(author)) => match email::extract(case.mail, &site.extract) {
                Ok(extracted) => {
                    (Accepted { author: author.clone(), by: As::User }, extracted, None)
                }
                Err(refusal) => return Ok((refused(case, &refusal)?, None)),
            },
            _ => return Ok((kept_back(case, &doubt)?, None)),
        },
    };
    let hour = case.now.before(texts::AN_HOUR);
    let in_thread = case.tx.mailed_texts_since(reply.thread, hour)?;
    if in_thread >= MOST_IN_THREAD && !case.approved {
        let doubt = Doubt::Flood(format!("{in_thread} texts in this thread within an hour"));
        return Ok((kept_back(case, &doubt)?, None));
    }
    let user = user_of(case, &accepted)?;
    let claimed = held_by(case, &anchor, &accepted, user.as_ref())?;
    let answer = Answer { case, id, reply, anchor, accepted, user, extracted };
    answer.queued(hold, claimed)
}

/// Texts that mails may become in one thread within an hour.
const MOST_IN_THREAD: u32 = 30;

/// Somebody else has the thread.
struct Claimed {
    by: String,
    /// The author may take it over (C7).
    may_take: bool,
}

/// Whether somebody else has the thread; an answer takes one that nobody has (C6).
fn held_by(
    case: &Case<'_, '_>,
    anchor: &Anchor,
    by: &Accepted,
    user: Option<&User>,
) -> Result<Option<Claimed>> {
    let tx = case.tx;
    let rules = tx.rulebook(anchor.latest.line, case.organisation)?;
    let who = match user {
        Some(user) => rules.person(PersonId(user.id.0)).cloned().unwrap_or_default(),
        None => Person { id: PersonId(0), name: by.author.to_string(), ..Person::default() },
    };
    let of = &anchor.conversation;
    let thread = Thread {
        closed: of.closed,
        owner: of.owner.map(|user| PersonId(user.0)),
        participants: of.participants.iter().map(|user| PersonId(user.0)).collect(),
    };
    let user = user.filter(|user| user.profile.acts());
    match (rules.line.claims.reply_from_outside(&thread, &who, &rules), user) {
        (claim::Verdict::Go { claims: true }, Some(user)) => {
            tx.claim(of.id, user.id, case.now)?;
            Ok(None)
        }
        (claim::Verdict::Go { .. }, _) => Ok(None),
        (claim::Verdict::Ask(_) | claim::Verdict::No(_), user) => {
            let owner = of.owner.map(|owner| tx.user(owner)).transpose()?.flatten();
            Ok(Some(Claimed {
                by: owner.map_or_else(|| "Somebody else".to_owned(), |owner| owner.name()),
                may_take: user.is_some() && claim::may_take_over(&thread, &who, &rules).is_ok(),
            }))
        }
    }
}

/// An answer that may be given.
struct Answer<'a, 'tx> {
    case: &'a Case<'a, 'tx>,
    id: MailId,
    reply: &'a ReplyToken,
    anchor: Anchor,
    accepted: Accepted,
    /// The author's account, if there is one.
    user: Option<User>,
    extracted: Extracted,
}

/// Why an answer does not leave at once.
enum Wait {
    /// Somebody else has the thread; with what there is to think of besides.
    Claimed(Claimed, Option<String>),
    /// Its author is asked.
    Ask(String),
    /// The house decides: limits, doubts.
    House(String),
}

impl Wait {
    /// For whoever sees the text waiting.
    fn reason(&self) -> String {
        match self {
            Wait::Claimed(claimed, _) => {
                format!("{} has this conversation: take it over to send this.", claimed.by)
            }
            Wait::Ask(why) | Wait::House(why) => why.clone(),
        }
    }
}

impl Answer<'_, '_> {
    /// Puts the text into the queue: at once, or held for its author's word.
    fn queued(
        self,
        hold: Option<Hold>,
        claimed: Option<Claimed>,
    ) -> Result<(Verdict, Option<MessageId>)> {
        let Self { case, anchor, accepted, .. } = &self;
        let tx = case.tx;
        let new = match self.text()?.cleared(case)? {
            Ok(new) => new,
            Err(refusal) => return refuse(case, accepted, &refusal),
        };
        let wait = match (claimed, self.to_ask(&new, hold), &new.hold) {
            (Some(claimed), why, _) => Some(Wait::Claimed(claimed, why)),
            (None, Some(why), _) => Some(Wait::Ask(why)),
            (None, None, Some(why)) => Some(Wait::House(why.clone())),
            (None, None, None) => None,
        };
        let earlier = self.answered_by()?;
        let newer = anchor.latest.id > self.reply.message;
        let new = NewMessage { hold: wait.as_ref().map(Wait::reason), ..new };
        let Enqueued::New(message) = tx.enqueue(&new, None, case.now)? else {
            return Ok((Verdict::new(MailOutcome::Dropped, "known", "queued before"), None));
        };
        self.kept_beside(message, newer)?;
        let told = match &wait {
            Some(wait) => Some(self.why_it_waits(wait, &new, message)?),
            None => self.worth_telling(&new, earlier, newer)?,
        };
        if let Some(told) = told {
            notices::tell(case, &accepted.author, &told, Some(anchor.latest.id))?;
        }
        // Who answers is reached by mail.
        tx.sink_works(&accepted.author.key())?;
        let why = new.hold.unwrap_or_default();
        let verdict = match wait {
            Some(Wait::Claimed(..)) => Verdict::new(MailOutcome::Held, "claimed", why),
            Some(Wait::Ask(_)) => Verdict::new(MailOutcome::Held, "asked", why),
            Some(Wait::House(_)) => Verdict::new(MailOutcome::Held, "waiting", why),
            None => Verdict::new(MailOutcome::Sent, "", format!("message {message}")),
        };
        Ok((verdict, Some(message)))
    }

    /// The text with what is carried on from the conversation.
    fn text(&self) -> Result<Text> {
        let Self { case, anchor, accepted, extracted, .. } = self;
        // C11: the line of the customer's latest text; down or not, never another SIM.
        let line = anchor.latest.line;
        let previous = case.tx.last_outbound(&anchor.latest.number)?;
        // S47..S50, C14, C15: the latest tag, and whom the latest text was forwarded to.
        let rules = case.tx.rulebook(line, case.organisation)?;
        let mut carried = routing::carried_on(&rules.line, previous.as_ref(), None);
        if !anchor.addressees.is_empty() {
            carried.response_emails = anchor.addressees.clone();
        }
        let author = accepted.author.to_string();
        let known = |known: &String| known.eq_ignore_ascii_case(&author);
        // C14, E46: the author too, unless an admin has let a stranger through this once.
        let joins = !case.approved && !carried.response_emails.is_empty();
        if joins && !carried.response_emails.iter().any(known) {
            carried.response_emails.push(author.clone());
        }
        let email = self.user.as_ref().map(|user| user.profile.email.clone());
        Ok(Text {
            line,
            to: anchor.latest.number.clone(),
            text: extracted.text.clone(),
            tag: carried.tag,
            response_emails: carried.response_emails,
            author: Author { kind: AuthorKind::Email, id: Some(email.unwrap_or(author)) },
        })
    }

    /// What its author has to say yes to first.
    fn to_ask(&self, new: &NewMessage, hold: Option<Hold>) -> Option<String> {
        let most = self.case.room.settings.max_segments;
        match hold {
            Some(Hold::Interleaved) => Some(
                "There are words of your own both above and below the quoted mail, and it is not \
                 clear which of them you want to send."
                    .to_owned(),
            ),
            None if new.segments > most => Some(format!(
                "The text needs {} segments; more than {most} are sent only when you say so.",
                new.segments
            )),
            None => None,
        }
    }

    /// What the author is told of a text that waits, and how they decide about it.
    fn why_it_waits(&self, wait: &Wait, new: &NewMessage, message: MessageId) -> Result<Told> {
        let (user, author) = (self.user.as_ref(), &self.accepted.author);
        let link = |takes_over| links::to_held(self.case, message, author, user, takes_over);
        let text = new.text.clone();
        Ok(match wait {
            Wait::Claimed(Claimed { by, may_take }, why) => Told::Claimed {
                by: by.clone(),
                text,
                why: why.clone(),
                link: if *may_take { link(true)? } else { None },
            },
            Wait::Ask(why) => Told::Held { text, why: why.clone(), link: link(false)? },
            Wait::House(why) => Told::Waiting { text, why: why.clone() },
        })
    }

    /// Who else has answered the text that this mail answers (E51).
    fn answered_by(&self) -> Result<Option<String>> {
        let tx = self.case.tx;
        let after = tx.messages(&MessageQuery {
            page: Page::After(self.reply.message),
            direction: Some(Direction::Out),
            conversation: Some(self.anchor.conversation.id),
            limit: 20,
            ..MessageQuery::default()
        })?;
        let mut people = after.into_iter().filter(|message| message.class == Class::Conversation);
        let Some(author) = people.find_map(|message| message.author) else { return Ok(None) };
        let own = self.accepted.author.key();
        Ok(match author.kind {
            AuthorKind::Email => author.id.filter(|id| !id.eq_ignore_ascii_case(&own)),
            AuthorKind::User => {
                let user = author.user().map(|user| tx.user(user)).transpose()?.flatten();
                let other = user.filter(|u| !u.profile.email.eq_ignore_ascii_case(&own));
                other.map(|user| user.name())
            }
            _ => None,
        })
    }

    /// The thread shows which mail it was, by whom, and what was left out of it.
    fn kept_beside(&self, message: MessageId, newer: bool) -> Result<()> {
        let Self { case, id, reply, accepted, extracted, .. } = self;
        let author = accepted.author.key();
        case.tx.link_mail(&NewMailText {
            message,
            mail: *id,
            author: &author,
            answers: Some(reply.message),
            cut: &cut_as_json(&extracted.cut),
            tell: results::wanted(case.mail, &case.room.site),
        })?;
        let mut detail = format!("from {author}, answering message {}", reply.message);
        if newer {
            detail.push_str(&format!("; the latest was {}", self.anchor.latest.id));
        }
        if case.approved {
            detail.push_str("; let through by an admin");
        }
        case.tx.custody(message, case.now, "written by mail", Some(&detail))?;
        if newer {
            let note = json!([{ "step": "mail", "why": "newer texts were not shown in the mail" }]);
            case.tx.set_trace(message, &note.to_string())?;
        }
        Ok(())
    }

    /// What the author should know although the text goes out (E48, E51, E66).
    fn worth_telling(
        &self,
        new: &NewMessage,
        earlier: Option<String>,
        newer: bool,
    ) -> Result<Option<Told>> {
        let mut also: Vec<Also> = earlier.map(Also::AnsweredBy).into_iter().collect();
        if newer {
            let thread = self.anchor.conversation.id;
            also.push(Also::Newer {
                link: links::to_thread(self.case, self.user.as_ref(), thread)?,
            });
        }
        let lost = |cut: &email::Cut| cut.kind == CutKind::Attachment;
        if also.is_empty() && !self.extracted.cut.iter().any(lost) {
            return Ok(None);
        }
        Ok(Some(Told::Sent {
            to: self.anchor.latest.number.as_str().to_owned(),
            text: new.text.clone(),
            segments: new.segments,
            cut: self.extracted.cut.clone(),
            also,
        }))
    }
}
