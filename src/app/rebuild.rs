//! A lost database comes back from the journal beside it.
//!
//! Records go in, rows come out: received texts and reports as they were, texts that were handed to
//! a modem as `unknown` unless a report in the journal tells. Nothing is decided and nobody is
//! answered again. Contacts, rules and settings are not in the journal: those need a backup.

use std::collections::{BTreeMap, BTreeSet};

use super::intake::{self, Arrival};
use crate::sms::{Tpdu, Way, to_hex};
use crate::store::{
    JournalEntry, JournalRecord, LineId, NewMessage, Result, SeenSim, Store, WriteTx,
};
use crate::types::{Class, Country, Iccid, Imsi, Number, UnixTime};

/// What came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// TPDUs of texts that were not in the database.
    pub received: u64,
    /// Texts that had been handed to a modem.
    pub sent: u64,
    /// Records that nothing could be made of.
    pub left_out: u64,
}

/// Puts `records` into `store`; those it has already change nothing. `sent` puts back the texts on
/// their way out too: only for a database that knows none of them.
pub async fn rebuild(
    store: &Store,
    records: Vec<JournalRecord>,
    sent: bool,
    country: Option<Country>,
) -> Result<Rebuilt> {
    let outgoing = if sent { outgoing(&records) } else { Vec::new() };
    let mut rebuilt = Rebuilt::default();
    // First what left, so that its reports find it.
    for text in outgoing {
        let done = store.write(move |tx| text.put_back(tx)).await?;
        rebuilt.sent += u64::from(done);
        rebuilt.left_out += u64::from(!done);
    }
    for record in records {
        if record.entry != JournalEntry::Received {
            continue;
        }
        match store.write(move |tx| received(tx, &record, country)).await? {
            Some(new) => rebuilt.received += u64::from(new),
            None => rebuilt.left_out += 1,
        }
    }
    Ok(rebuilt)
}

/// Stores a received TPDU; says whether it was new. `None`: its line is not known.
fn received(
    tx: &WriteTx<'_>,
    record: &JournalRecord,
    country: Option<Country>,
) -> Result<Option<bool>> {
    let Some(line) = line_of(tx, record)? else { return Ok(None) };
    let known = tx.stored_segment(line, &record.tpdu)?.is_some();
    let country = tx.line(line)?.and_then(|line| line.country).or(country);
    // No service centre in front of it.
    let pdu = format!("00{}", to_hex(&record.tpdu));
    let arrival = Arrival { line, country, pdu, stored: None, kept: None, at: record.at };
    if !known {
        intake::replay(tx, &arrival)?;
    }
    // A report is known again by the store itself.
    let report = Tpdu::decode(&record.tpdu, Way::ToMobile);
    let report = matches!(report, Ok(Tpdu::StatusReport(_)));
    Ok(Some(!known && !report))
}

fn line_of(tx: &WriteTx<'_>, record: &JournalRecord) -> Result<Option<LineId>> {
    let seen = SeenSim {
        iccid: record.iccid.as_deref().and_then(Iccid::parse),
        imsi: record.imsi.as_deref().and_then(Imsi::parse),
        ..SeenSim::default()
    };
    if seen.iccid.is_none() && seen.imsi.is_none() {
        return Ok(None);
    }
    tx.upsert_line(&seen, record.at).map(Some)
}

/// One text on its way out, with those of its segments that were handed over.
struct Outgoing {
    /// Any record of it: it knows the line.
    first: JournalRecord,
    to: String,
    report: bool,
    parts: BTreeMap<u8, (Vec<u8>, String)>,
}

/// Segments belong together by line, recipient and concatenation reference.
fn outgoing(records: &[JournalRecord]) -> Vec<Outgoing> {
    type Key = (Option<String>, Option<String>, String, u16, u8);
    let mut texts: Vec<Outgoing> = Vec::new();
    let mut open: BTreeMap<Key, usize> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for record in records.iter().filter(|record| record.entry == JournalEntry::Submitting) {
        let Ok(Tpdu::Submit(submit)) = Tpdu::decode(&record.tpdu, Way::FromMobile) else {
            continue;
        };
        // A segment that was tried again has the same octets.
        if !seen.insert((record.iccid.clone(), record.imsi.clone(), record.tpdu.clone())) {
            continue;
        }
        let (to, text) = (submit.destination.number(), submit.text().unwrap_or_default());
        let part = |seq| (seq, (record.tpdu.clone(), text.clone()));
        let Some(concat) = submit.concat() else {
            let parts = BTreeMap::from([part(1)]);
            texts.push(Outgoing { first: record.clone(), to, report: submit.report, parts });
            continue;
        };
        let (iccid, imsi) = (record.iccid.clone(), record.imsi.clone());
        let key = (iccid, imsi, to.clone(), concat.reference, concat.total);
        match open.get(&key).and_then(|place| texts.get_mut(*place)) {
            // The same place twice is another text: references come round.
            Some(text) if !text.parts.contains_key(&concat.seq) => {
                text.parts.extend([part(concat.seq)]);
            }
            _ => {
                open.insert(key, texts.len());
                let parts = BTreeMap::from([part(concat.seq)]);
                texts.push(Outgoing { first: record.clone(), to, report: submit.report, parts });
            }
        }
    }
    texts
}

impl Outgoing {
    fn put_back(self, tx: &WriteTx<'_>) -> Result<bool> {
        let (Some(line), at) = (line_of(tx, &self.first)?, self.first.at) else {
            return Ok(false);
        };
        let Ok(to) = Number::parse(&self.to, None) else { return Ok(false) };
        let (tpdus, texts): (Vec<_>, Vec<_>) = self.parts.into_values().unzip();
        let text = NewMessage {
            line,
            to,
            text: texts.concat(),
            class: Class::Conversation,
            tag: None,
            response_emails: Vec::new(),
            author: None,
            send_at: Some(UnixTime(at.0)),
            valid_for: None,
            report: self.report,
            flash: false,
            alphabet: None,
            segments: u32::try_from(tpdus.len()).unwrap_or(1),
            hold: None,
        };
        tx.restore_sent(&text, &tpdus, at).map(|_| true)
    }
}
