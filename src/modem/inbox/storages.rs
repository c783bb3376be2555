//! Reading storages: selecting one, listing it, and slot by slot where a listing fails.

use std::collections::BTreeSet;

use super::{Inbox, Job, Known, Out, Receipt};
use crate::at::commands::sms::{ListMessages, ReadMessage, Storage, Stored, UseStorages};
use crate::at::{CommandError, FinalResult, Outcome, Request};
use crate::types::Millis;

impl Inbox {
    pub(super) fn selected(
        &mut self,
        now: Millis,
        storage: Storage,
        outcome: &Outcome,
        known: &mut Known,
        out: &mut Out,
    ) {
        let arguments = select_arguments(storage, known);
        match outcome.reply(&UseStorages(arguments)) {
            Ok(fills) => {
                known.selected = Some(storage);
                self.refused.remove(&storage);
                out.events(known.filled(&fills));
            }
            // Listed as choice, and refused all the same (quirk 74), or only busy: asked again,
            // less and less often.
            Err(CommandError::Refused(_)) => {
                let (times, again_at) = self.refused.entry(storage).or_default();
                *times += 1;
                *again_at = now + Millis(self.sweep_every.0 << (*times).min(LONGEST_REFUSAL));
                if *times > 1 {
                    out.note_once(format!("The storage {} cannot be read.", storage.name()));
                }
                self.sweep.retain(|other| *other != storage);
                self.slots.retain(|(other, _)| *other != storage);
                let here = |receipt: &Receipt| {
                    let slot = self.offers.get(receipt).and_then(|offer| offer.slot);
                    slot.is_some_and(|(other, _)| other == storage)
                };
                self.removals = self.removals.iter().filter(|r| !here(r)).copied().collect();
                self.sweep_done(now);
            }
            Err(_) => known.selected = None,
        }
    }

    pub(super) fn listed(
        &mut self,
        now: Millis,
        storage: Storage,
        outcome: &Outcome,
        known: &mut Known,
        out: &mut Out,
    ) {
        let entries = match outcome.reply(&ListMessages) {
            Ok(entries) => entries,
            Err(CommandError::Unanswered) => {
                self.hanging.insert(storage);
                self.hint(now);
                out.note_once(format!(
                    "Listing {} does not end; it is read slot by slot.",
                    storage.name()
                ));
                return;
            }
            Err(_) => {
                let last = known.total(storage).unwrap_or(0);
                self.slots.extend((0..=last).map(|index| (storage, index)));
                return;
            }
        };
        if entries.iter().any(|entry| entry.stat.is_none() && entry.index.is_some()) {
            self.text_mode = true;
            self.hint(now);
            return;
        }
        self.notice_gone(storage, &entries, out);
        let used = u16::try_from(entries.len()).unwrap_or(u16::MAX);
        if let Some(total) = known.total(storage) {
            out.events(known.fill(storage, used, total));
        }
        let damaged = is_damaged(&entries);
        for entry in entries {
            let Some(index) = entry.index else { continue };
            self.entry(storage, index, entry, known, out);
        }
        if damaged {
            self.doubt_slots(storage);
        }
    }

    /// One entry of a list, or one slot.
    fn entry(&mut self, storage: Storage, index: u16, entry: Stored, known: &Known, out: &mut Out) {
        let slot = (storage, index);
        let whole = entry.is_whole();
        let Some(pdu) = entry.pdu else { return self.unreadable(slot, out) };
        // Bytes were lost on the line, or the modem keeps a cut PDU: the second reading tells.
        // Half an octet is never kept, so there the line lost the same digit of a row twice.
        let readings = match self.cut.get(&slot) {
            Some((before, readings)) if *before == pdu => readings + 1,
            _ => 1,
        };
        let enough = if pdu.len().is_multiple_of(2) { 2 } else { READINGS_OF_HALVES };
        if !whole && readings < enough {
            self.cut.insert(slot, (pdu, readings));
            self.slots.push_back(slot);
            return;
        }
        self.cut.remove(&slot);
        self.unreadable.remove(&slot);
        self.stored(slot, entry.stat, pdu, known, out);
    }

    pub(super) fn read(
        &mut self,
        storage: Storage,
        index: u16,
        outcome: &Outcome,
        known: &Known,
        out: &mut Out,
    ) {
        match outcome.reply(&ReadMessage(index)) {
            Ok(Some(entry)) => self.entry(storage, index, entry, known, out),
            Ok(None) => {}
            Err(CommandError::Refused(result)) if is_empty_slot(&result) => {}
            Err(_) => self.unreadable((storage, index), out),
        }
    }

    /// Reported once, never deleted: it may be readable in another device (fault 33).
    fn unreadable(&mut self, slot: (Storage, u16), out: &mut Out) {
        if self.unreadable.insert(slot) {
            let (storage, index) = slot;
            out.note(format!(
                "Slot {index} of {} cannot be read; it is left alone.",
                storage.name()
            ));
        }
    }
}

/// A PDU is not as long as it should be, or one slot is listed twice. One without anything in it is the
/// modem's (fault 33).
fn is_damaged(entries: &[Stored]) -> bool {
    let mut seen = BTreeSet::new();
    let sound = |entry: &Stored| {
        entry.is_whole() || (entry.pdu.is_none() && entry.length.is_none_or(|length| length == 0))
    };
    entries.iter().any(|entry| !sound(entry) || !seen.insert(entry.index))
}

pub(super) fn select(storage: Storage, known: &Known) -> (Job, Request) {
    (Job::Select(storage), Request::of(&UseStorages(select_arguments(storage, known))))
}

/// Only the first argument changes; where texts are received stays as it was set.
fn select_arguments(storage: Storage, known: &Known) -> Vec<Storage> {
    std::iter::once(storage).chain(known.rest.iter().copied()).collect()
}

/// What has an odd number of digits so often in a row is kept as it is.
const READINGS_OF_HALVES: u8 = 6;
/// A storage that is always refused is tried every 32nd sweep.
const LONGEST_REFUSAL: u32 = 5;

/// "Invalid memory index" and its cousins say that nothing lies there (27.005 §3.2.5).
pub(super) fn is_empty_slot(result: &FinalResult) -> bool {
    match result {
        FinalResult::Cms(error) => error.code() == Some(321),
        FinalResult::Cme(error) => matches!(error.code(), Some(21 | 22)),
        _ => false,
    }
}
