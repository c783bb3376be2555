//! A mail comes in: read, looked at, and in one transaction remembered and made into texts, a
//! refusal, a row for an admin, or nothing.
//!
//! A mail is known by its Message-ID and body (E52), so fetching it again, or dying between fetch
//! and mark, does nothing twice; how far the mailbox was read is part of the same commit.

use std::sync::Arc;

use serde_json::json;

use super::{MailRoom, notices, texts};
use crate::app::{Shared, deliverer};
use crate::bus::Change;
use crate::email::{
    self, Address, Bounce, Doubt, Look, MailError, MailIn, Refusal, Rights, Told, authorise, look,
};
use crate::io::Entropy;
use crate::io::entropy::sha256;
use crate::store::{
    Cursor, DeliveryKind, FAILING_AFTER, MailId, MailOutcome, NewMail, Organisation, Result,
    WriteTx,
};
use crate::types::{MessageId, UnixTime, hex};

/// A mail as a mailbox or a listener has it.
#[derive(Clone, Debug)]
pub(in crate::app) struct Raw {
    /// The mail, or the beginning of its header where it is too big.
    pub(in crate::app) octets: Vec<u8>,
    /// All its octets, when these are only the beginning.
    pub(in crate::app) too_big: Option<usize>,
}

impl Raw {
    pub(in crate::app) fn whole(octets: &[u8]) -> Self {
        Self { octets: octets.to_vec(), too_big: None }
    }
}

/// How far a mailbox is read with this mail.
pub(in crate::app) type Place = (String, Cursor);

/// What a mail led to, to ring the bells for.
#[derive(Debug, Default)]
pub(super) struct Effects {
    pub(super) messages: Vec<MessageId>,
}

/// Everything one mail is judged by.
pub(super) struct Case<'a, 'tx> {
    pub(super) tx: &'a WriteTx<'tx>,
    pub(super) room: &'a MailRoom,
    pub(super) organisation: &'a Organisation,
    pub(super) mail: &'a MailIn,
    /// An admin has let it through: doubts do not count any more.
    pub(super) approved: bool,
    /// For the secrets of links.
    pub(super) entropy: &'a Entropy,
    pub(super) now: UnixTime,
}

/// What every mail is judged by.
struct House<'a> {
    room: &'a MailRoom,
    organisation: &'a Organisation,
    entropy: &'a Entropy,
}

impl<'a> House<'a> {
    fn case<'tx>(
        &self,
        tx: &'a WriteTx<'tx>,
        mail: &'a MailIn,
        approved: bool,
        now: UnixTime,
    ) -> Case<'a, 'tx> {
        let House { room, organisation, entropy } = *self;
        Case { tx, room, organisation, mail, approved, entropy, now }
    }
}

/// Takes a mail in.
pub(in crate::app) async fn take(shared: &Shared, raw: Raw, place: Option<Place>) -> Result<()> {
    let Some(room) = shared.mail.clone() else { return Ok(()) };
    let (organisation, now) = (shared.settings.organisation(), shared.clock.wall());
    let entropy = Arc::clone(&shared.entropy);
    let done = shared.store.write(move |tx| {
        let house = House { room: &room, organisation: &organisation, entropy: &entropy };
        let effects = stored(tx, &house, &raw, now)?;
        if let Some((mailbox, cursor)) = &place {
            tx.move_mailbox_cursor(mailbox, cursor)?;
        }
        Ok(effects)
    });
    ring(shared, &done.await?);
    Ok(())
}

/// Looks again at the mails that an admin has let through.
pub(in crate::app) async fn take_approved(shared: &Shared) -> Result<()> {
    let Some(room) = shared.mail.clone() else { return Ok(()) };
    for id in shared.store.read(|tx| tx.approved_mails()).await? {
        let (room, organisation) = (Arc::clone(&room), shared.settings.organisation());
        let (entropy, now) = (Arc::clone(&shared.entropy), shared.clock.wall());
        let done = shared.store.write(move |tx| {
            let house = House { room: &room, organisation: &organisation, entropy: &entropy };
            approved(tx, &house, id, now)
        });
        ring(shared, &done.await?);
    }
    Ok(())
}

fn ring(shared: &Shared, effects: &Effects) {
    for message in &effects.messages {
        shared.bus.ring(Change::Message(*message));
    }
    shared.bus.ring(Change::Queue);
}

fn stored(tx: &WriteTx<'_>, house: &House<'_>, raw: &Raw, now: UnixTime) -> Result<Effects> {
    let room = house.room;
    let mail = match email::read(&raw.octets, room.settings.limits()) {
        Ok(mail) => mail,
        Err(error) => return unreadable(tx, raw, &error, now),
    };
    let fingerprint = match raw.too_big {
        Some(octets) => format!("{} {octets}", mail.message_id),
        None => mail.fingerprint(),
    };
    if tx.knows_mail(&fingerprint)? {
        return Ok(Effects::default());
    }
    let case = house.case(tx, &mail, false, now);
    let new = NewMail {
        fingerprint,
        mail_id: mail.message_id.clone(),
        author: mail.author().map(Address::key).unwrap_or_default(),
        subject: mail.subject.chars().take(200).collect(),
        outcome: MailOutcome::Dropped,
        code: String::new(),
        why: String::new(),
        raw: None,
    };
    let Some(id) = tx.keep_mail(&new, now)? else { return Ok(Effects::default()) };
    let (verdict, effects) = match raw.too_big {
        Some(_) => {
            let limit = room.settings.limits().octets;
            (refused(&case, &Refusal::TooLarge { limit })?, Effects::default())
        }
        None => act(&case, id)?,
    };
    settle(&case, id, verdict, Some(&raw.octets))?;
    Ok(effects)
}

/// What is written down about a mail.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) outcome: MailOutcome,
    pub(super) code: &'static str,
    pub(super) why: String,
}

impl Verdict {
    pub(super) fn new(outcome: MailOutcome, code: &'static str, why: impl Into<String>) -> Self {
        Self { outcome, code, why: why.into() }
    }
}

fn settle(
    case: &Case<'_, '_>,
    id: MailId,
    mut verdict: Verdict,
    octets: Option<&[u8]>,
) -> Result<()> {
    if let (MailOutcome::Quarantined, Some(octets)) = (verdict.outcome, octets) {
        let most = u64::from(case.room.settings.quarantine_megabytes) * 1_000_000;
        let waiting = case.tx.quarantined_octets()?;
        let more = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        let text = if waiting.saturating_add(more) <= most {
            case.tx.keep_octets(id, octets)?;
            "Mail waits in the quarantine for an admin to decide."
        } else {
            let why = format!("the quarantine is full; {}", verdict.why);
            verdict = Verdict::new(MailOutcome::Refused, "quarantine_full", why);
            "The quarantine is full: decide about the mail in it. What comes now is not kept there."
        };
        let once = format!("quarantine {} {}", verdict.outcome.as_str(), case.now.day());
        case.tx.add_delivery(&deliverer::alert(text.to_owned(), once), case.now)?;
    }
    let Verdict { outcome, code, why } = verdict;
    tracing::info!(mail = %id, outcome = outcome.as_str(), code, "a mail came in");
    case.tx.settle_mail(id, outcome, code, &why)
}

fn act(case: &Case<'_, '_>, id: MailId) -> Result<(Verdict, Effects)> {
    let nothing = |verdict| Ok((verdict, Effects::default()));
    match look(case.mail, &case.room.site, case.now) {
        Look::Drop(why) => {
            nothing(Verdict::new(MailOutcome::Dropped, "not_a_person", why.to_string()))
        }
        Look::Bounce(bounce) => nothing(came_back(case, &bounce)?),
        Look::Refuse(refusal) => nothing(refused(case, &refusal)?),
        // Other people's mail in the same mailbox is nobody's business here.
        Look::Quarantine(_) if !is_for_us(case) => nothing(Verdict::new(
            MailOutcome::Dropped,
            "not_for_us",
            "it answers nothing of ours and starts nothing",
        )),
        Look::Quarantine(doubt) => nothing(kept_back(case, &doubt)?),
        Look::Person { replies, starts } => texts::of(case, id, &replies, &starts),
    }
}

/// Other mail may come to the same mailbox; only what names a reply address, or answers one of our
/// mails, is ours to judge.
fn is_for_us(case: &Case<'_, '_>) -> bool {
    let mut addressed = case.mail.to.iter().chain(&case.mail.delivered_to);
    let site = &case.room.site;
    let answers = |to: &Address| site.is_mailbox(to) && to.detail().is_some();
    addressed.any(|to| answers(to) || site.destination(to).is_some())
}

/// Not even a header, or nothing that may be looked at: nobody can be told.
fn unreadable(tx: &WriteTx<'_>, raw: &Raw, error: &MailError, now: UnixTime) -> Result<Effects> {
    let fingerprint = hex(&sha256(&[&raw.octets]));
    let new = NewMail {
        fingerprint,
        mail_id: String::new(),
        author: String::new(),
        subject: String::new(),
        outcome: MailOutcome::Refused,
        code: "unreadable".to_owned(),
        why: error.to_string(),
        raw: None,
    };
    tx.keep_mail(&new, now)?;
    Ok(Effects::default())
}

/// Nothing comes of it; the author is told if they are one of us (E45, E74).
pub(super) fn refused(case: &Case<'_, '_>, refusal: &Refusal) -> Result<Verdict> {
    let users = people(case)?;
    let rights = Rights { addressees: &[], users: &users };
    if let Ok(accepted) = authorise(case.mail, &case.room.site, rights) {
        notices::tell(case, &accepted.author, &Told::Refused(refusal.clone()), None)?;
    }
    Ok(Verdict::new(MailOutcome::Refused, refusal.code(), refusal.to_string()))
}

/// An admin decides. A registered person in whose name it came is told (E45).
pub(super) fn kept_back(case: &Case<'_, '_>, doubt: &Doubt) -> Result<Verdict> {
    let named = case.mail.author().filter(|author| !case.room.site.is_mailbox(author));
    if let (Doubt::Unverified(_), Some(author)) = (doubt, named)
        && people(case)?.contains(author)
    {
        notices::tell(case, author, &Told::KeptBack { why: doubt.to_string() }, None)?;
    }
    Ok(Verdict::new(MailOutcome::Quarantined, code_of(doubt), doubt.to_string()))
}

fn code_of(doubt: &Doubt) -> &'static str {
    match doubt {
        Doubt::Stranger(_) => "stranger",
        Doubt::Unverified(_) => "unverified",
        Doubt::Authors(_) => "authors",
        Doubt::Forged => "forged",
        Doubt::NoThread => "no_thread",
        Doubt::List(_) => "list",
        Doubt::Robot(_) => "robot",
        Doubt::Flood(_) => "flood",
    }
}

/// The addresses of everybody who may act.
pub(super) fn people(case: &Case<'_, '_>) -> Result<Vec<Address>> {
    let users = case.tx.users()?.into_iter().filter(|user| user.profile.acts());
    Ok(users.filter_map(|user| Address::parse(&user.profile.email).ok()).collect())
}

/// A mail of ours did not arrive: its sink is marked, the customer sees nothing (E41).
fn came_back(case: &Case<'_, '_>, bounce: &Bounce) -> Result<Verdict> {
    let Case { tx, now, .. } = case;
    let status = bounce.status.as_deref().unwrap_or("no status");
    let Some(forward) = &bounce.forward else {
        return Ok(Verdict::new(MailOutcome::Bounce, "unknown", "of a mail that is not ours"));
    };
    let sinks = tx.deliveries_of(forward.message)?;
    let forwarded = sinks.iter().filter(|sink| sink.kind == DeliveryKind::Email);
    let sent_to = |text: &str| {
        let address = Address::parse(text).ok();
        address.is_some_and(|to| forward.was_sent_to(&to, &case.room.site.keys))
    };
    let sink = forwarded.map(|sink| &sink.target).find(|target| sent_to(target)).cloned();
    // The report's own word for the recipient may be an address we never wrote to.
    let Some(sink) = sink.or_else(|| bounce.recipient.clone()) else {
        return Ok(Verdict::new(MailOutcome::Bounce, "unknown", "nobody is named in it"));
    };
    if !bounce.hard {
        let why = format!("mail to {sink} is delayed ({status})");
        return Ok(Verdict::new(MailOutcome::Bounce, "soft", why));
    }
    let why = format!("mail to {sink} came back ({status})");
    tx.delivery_came_back(forward.message, &sink, &why)?;
    if tx.message(forward.message)?.is_some() {
        tx.custody(forward.message, *now, "a mail came back", Some(&why))?;
    }
    if tx.sink_bounced(&sink, &why, *now)? == FAILING_AFTER {
        let text = format!("{FAILING_AFTER} mails to {sink} came back. Correct the address.");
        let once = format!("bounce {} {sink}", now.day());
        tx.add_delivery(&deliverer::alert(text, once), *now)?;
    }
    Ok(Verdict::new(MailOutcome::Bounce, "hard", why))
}

fn approved(tx: &WriteTx<'_>, house: &House<'_>, id: MailId, now: UnixTime) -> Result<Effects> {
    let room = house.room;
    let octets = tx.mail_octets(id)?.unwrap_or_default();
    let mail = match email::read(&octets, room.settings.limits()) {
        Ok(mail) => mail,
        Err(error) => {
            tx.settle_mail(id, MailOutcome::Refused, "unreadable", &error.to_string())?;
            return Ok(Effects::default());
        }
    };
    let case = house.case(tx, &mail, true, now);
    let (verdict, effects) = match look(&mail, &room.site, now) {
        Look::Person { replies, starts } => texts::of(&case, id, &replies, &starts)?,
        _ => texts::of_answered(&case, id)?,
    };
    settle(&case, id, verdict, None)?;
    Ok(effects)
}

/// What was left out of a mail, as it is kept beside its text.
pub(super) fn cut_as_json(cut: &[email::Cut]) -> serde_json::Value {
    cut.iter().map(|cut| json!({ "why": cut.kind.as_str(), "text": cut.text })).collect()
}
