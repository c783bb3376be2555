//! A PDU from a modem becomes rows, in the caller's transaction (D4).
//!
//! Everything the network sent is kept byte for byte before anything is made of it: a text we
//! cannot read is a row with its error, never a reason to stop. The same bytes for the same SIM
//! change nothing but a count, so that a crash between commit and delete does no harm.

use super::decision::{self, House};
use super::reports;
use crate::engine::{Inbound, Seen};
use crate::sms::{self, Assembled, Content, Deliver, MessageClass, Purpose, Tpdu, Way};
use crate::store::{
    Concat, GroupId, Kept, Kind, LineId, NewInbound, NewSegment, Published, Recognised, Result,
    SegmentId, Source, WriteTx,
};
use crate::types::{Country, MessageId, Number, UnixTime};

/// A PDU as a modem gave it.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    /// The SIM it came to.
    pub(super) line: LineId,
    /// How the line's national numbers are read.
    pub(super) country: Option<Country>,
    /// Hex, service centre address first.
    pub(super) pdu: String,
    /// Storage and slot it lies in; `None` when it was delivered directly.
    pub(super) stored: Option<(String, u16)>,
    /// It did not come in: somebody keeps it there to send it. True when it was sent.
    pub(super) kept: Option<bool>,
    /// When it was read.
    pub(super) at: UnixTime,
}

/// What the modem is to do with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Then {
    /// Forget it: we have it.
    #[default]
    Confirm,
    /// Show it again at the next sweep.
    Release,
    /// Keep it: it is none of ours.
    Leave,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) then: Then,
    /// The stored segment; `None` for a delivery report.
    pub(super) segment: Option<SegmentId>,
    /// The message people can see now, new or changed: one that came in, or one a report is about.
    pub(super) message: Option<MessageId>,
}

/// Stores a PDU and makes of it what can be made.
pub(super) fn accept(tx: &WriteTx<'_>, arrival: &Arrival, house: &House) -> Result<Taken> {
    take(tx, arrival, Some(house))
}

/// Stores a PDU of the past: nothing is decided and nobody is answered a second time.
pub(super) fn replay(tx: &WriteTx<'_>, arrival: &Arrival) -> Result<Taken> {
    take(tx, arrival, None)
}

fn take(tx: &WriteTx<'_>, arrival: &Arrival, house: Option<&House>) -> Result<Taken> {
    let octets = sms::from_hex(&arrival.pdu);
    if let Some(sent) = arrival.kept {
        return kept(tx, arrival, octets.as_deref().unwrap_or_default(), sent);
    }
    // What is no hex is kept as the characters the modem wrote.
    let raw = octets.as_deref().map_or(arrival.pdu.as_bytes(), tpdu_of);
    let decoded =
        octets.as_ref().map_err(Clone::clone).and_then(|_| Tpdu::decode(raw, Way::ToMobile));
    match decoded {
        Ok(Tpdu::Deliver(deliver)) => text(tx, arrival, raw, &deliver, house),
        Ok(Tpdu::StatusReport(report)) => reports::accept(tx, arrival, raw, &report),
        Ok(_) => undecodable(tx, arrival, raw, "this is nothing a network sends to a phone"),
        Err(error) => undecodable(tx, arrival, raw, &error.to_string()),
    }
}

/// A text on its way out, kept in the modem: perhaps one of ours whose end nobody heard.
fn kept(tx: &WriteTx<'_>, arrival: &Arrival, octets: &[u8], sent: bool) -> Result<Taken> {
    let (storage, index) = arrival.stored.clone().unwrap_or_default();
    let place = format!("slot {index} of {storage}");
    let found = tx.found_kept(arrival.line, tpdu_of(octets), sent, &place, arrival.at)?;
    let (then, message) = match found {
        Kept::Ours(message) => (Then::Confirm, Some(message)),
        Kept::OnAir => (Then::Release, None),
        Kept::NotOurs => (Then::Leave, None),
    };
    Ok(Taken { then, segment: None, message })
}

/// Publishes a long message with what is there of it: its missing segments are overdue.
pub(super) fn publish_with_gaps(
    tx: &WriteTx<'_>,
    group: GroupId,
    on: Place,
    house: &House,
) -> Result<Option<MessageId>> {
    let published = publish_group(tx, group, on, Some(house))?;
    Ok(published.map(|published| published.message))
}

/// Where and when a text is taken in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The SIM it came to.
    pub(super) line: LineId,
    /// How the line's national numbers are read.
    pub(super) country: Option<Country>,
    /// Now: what is decided is decided now, whenever the first segment came.
    pub(super) now: UnixTime,
}

fn text(
    tx: &WriteTx<'_>,
    arrival: &Arrival,
    raw: &[u8],
    deliver: &Deliver,
    house: Option<&House>,
) -> Result<Taken> {
    let on = Place { line: arrival.line, country: arrival.country, now: arrival.at };
    let concat = deliver.concat().map(|c| Concat {
        reference: c.reference,
        wide: c.wide,
        total: c.total,
        seq: c.seq,
    });
    let new = NewSegment {
        line: arrival.line,
        tpdu: raw.to_vec(),
        sender: Some(sender(deliver, arrival.country)),
        sender_raw: deliver.originator.number(),
        concat,
        scts: deliver.scts.unix(),
        stored: arrival.stored.clone(),
        error: None,
        received_at: arrival.at,
    };
    let fresh = match tx.recognise(&new)? {
        Recognised::New(fresh) => fresh,
        Recognised::Again { segment, message, .. } => return Ok(taken(segment, message)),
    };
    if concat.is_none() {
        let assembled = sms::assemble([deliver]);
        let parts = Parts { deliver, assembled: assembled.first(), received_at: arrival.at };
        if let Some(whole) = publish(tx, on, Source::Whole(fresh), &parts, house)? {
            return Ok(Taken::from(whole));
        }
    }
    let (segment, group) = tx.insert_part(fresh)?;
    let message = match group {
        // Whole, or shown with gaps before: then a late segment fills one.
        Some(group) if group.is_complete() || group.message.is_some() => {
            publish_group(tx, group.id, on, house)?.map(|published| published.message)
        }
        _ => None,
    };
    Ok(taken(segment, message))
}

fn taken(segment: SegmentId, message: Option<MessageId>) -> Taken {
    Taken { segment: Some(segment), message, ..Taken::default() }
}

impl From<Published> for Taken {
    fn from(published: Published) -> Self {
        Self { segment: published.segment, message: Some(published.message), ..Self::default() }
    }
}

/// What a message is made from.
struct Parts<'a> {
    deliver: &'a Deliver,
    assembled: Option<&'a Assembled>,
    received_at: UnixTime,
}

fn publish_group(
    tx: &WriteTx<'_>,
    group: GroupId,
    on: Place,
    house: Option<&House>,
) -> Result<Option<Published>> {
    let parts = tx.group_parts(group)?;
    let delivers: Vec<Deliver> = parts
        .iter()
        .filter_map(|part| match Tpdu::decode(&part.tpdu, Way::ToMobile) {
            Ok(Tpdu::Deliver(deliver)) => Some(deliver),
            _ => None,
        })
        .collect();
    let assembled = sms::assemble(&delivers);
    let Some(deliver) = delivers.first() else { return Ok(None) };
    let received_at = parts.iter().map(|part| part.received_at).min().unwrap_or_default();
    let parts = Parts { deliver, assembled: assembled.first(), received_at };
    publish(tx, on, Source::Group(group), &parts, house)
}

fn publish(
    tx: &WriteTx<'_>,
    on: Place,
    source: Source<'_>,
    parts: &Parts<'_>,
    house: Option<&House>,
) -> Result<Option<Published>> {
    let (deliver, Some(assembled)) = (parts.deliver, parts.assembled) else { return Ok(None) };
    let total = assembled.key.map_or(1, |key| u32::from(key.total));
    let missing = u32::try_from(assembled.missing.len()).unwrap_or(0);
    let (text, kind) = match &assembled.content {
        Content::Text(text) => (text.clone(), kind_of_text(deliver)),
        Content::Octets(octets) => (sms::to_hex(octets), kind_of_octets(deliver)),
    };
    let new = NewInbound {
        line: on.line,
        source,
        sender: Some(sender(deliver, on.country)),
        text,
        kind,
        alphabet: Some(deliver.dcs.alphabet().word().to_owned()),
        flash: deliver.dcs.class() == Some(MessageClass::Flash),
        segments: total,
        present: total.saturating_sub(missing),
        scts: assembled.scts.unix(),
        error: None,
        received_at: parts.received_at,
    };
    let (Some(inbound), Some(house)) = (to_decide(tx, &new, assembled)?, house) else {
        return tx.publish_inbound(&new).map(Some);
    };
    let decided = decision::decide(tx, on.line, inbound, house, on.now)?;
    let published = tx.publish_filed(&new, &decided.filing())?;
    decided.carry_out(tx, published.message, on.now)?;
    Ok(Some(published))
}

/// The text as the engine sees it, when there is something to decide: not for what the inbox does
/// not show, and for a text shown with gaps before only once the last one is filled (E29).
fn to_decide(
    tx: &WriteTx<'_>,
    new: &NewInbound<'_>,
    assembled: &Assembled,
) -> Result<Option<Inbound>> {
    let (Kind::Text, Some(from)) = (new.kind, &new.sender) else { return Ok(None) };
    let shown = match new.source {
        Source::Group(group) => tx.group_status(group)?.message.is_some(),
        Source::Whole(_) => false,
    };
    let whole = new.present >= new.segments;
    if shown && !whole {
        return Ok(None);
    }
    let seen = if shown { Seen::Completed } else { Seen::First };
    Ok(Some(Inbound {
        from: from.clone(),
        text: new.text.clone(),
        seen,
        flash: new.flash,
        missing: assembled.missing.clone(),
    }))
}

/// Keeps what cannot be read as a message that says so; the octets are on its page.
fn undecodable(tx: &WriteTx<'_>, arrival: &Arrival, raw: &[u8], error: &str) -> Result<Taken> {
    let new = NewSegment {
        line: arrival.line,
        tpdu: raw.to_vec(),
        sender: None,
        sender_raw: String::new(),
        concat: None,
        scts: None,
        stored: arrival.stored.clone(),
        error: Some(error.to_owned()),
        received_at: arrival.at,
    };
    let fresh = match tx.recognise(&new)? {
        Recognised::New(fresh) => fresh,
        Recognised::Again { segment, message, .. } => return Ok(taken(segment, message)),
    };
    let published = tx.publish_inbound(&NewInbound {
        line: arrival.line,
        source: Source::Whole(fresh),
        sender: None,
        text: String::new(),
        kind: Kind::Undecodable,
        alphabet: None,
        flash: false,
        segments: 1,
        present: 1,
        scts: None,
        error: Some(error.to_owned()),
        received_at: arrival.at,
    })?;
    Ok(Taken::from(published))
}

/// The TPDU behind the service centre address; everything when the length lies.
fn tpdu_of(octets: &[u8]) -> &[u8] {
    let smsc = octets.split_first().map(|(length, rest)| (usize::from(*length), rest));
    smsc.and_then(|(length, rest)| rest.get(length..)).unwrap_or(octets)
}

fn sender(deliver: &Deliver, country: Option<Country>) -> Number {
    let address = &deliver.originator;
    Number::from_sender(&address.number(), address.is_alphanumeric(), country)
}

/// What a person has to see of a text: most protocols are still text between people.
fn kind_of_text(deliver: &Deliver) -> Kind {
    match deliver.pid.purpose() {
        Purpose::Silent => Kind::Silent,
        Purpose::Download | Purpose::DeviceTriggering => Kind::Data,
        _ if deliver.only_indicates() => Kind::Waiting,
        _ => Kind::Text,
    }
}

/// WAP push (port 2948) is nearly always the notification of an MMS.
fn kind_of_octets(deliver: &Deliver) -> Kind {
    const WAP_PUSH: u16 = 2948;
    let ports = deliver.header().and_then(|header| header.ports());
    match ports.map(|ports| ports.destination) {
        Some(WAP_PUSH) => Kind::Mms,
        _ => Kind::Data,
    }
}
