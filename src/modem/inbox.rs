//! Receiving: every storage is read in turn, every PDU is offered once, and a slot is emptied
//! only after its receipt was confirmed.
//!
//! Hints, time, [`Order::Confirm`](super::Order::Confirm) and finished commands go in; requests
//! and [`Event::Received`] come out. What the modem announces is a hint and no more: the sweep is
//! the truth (reliability 1.3). Deliberately absent: what a PDU says.
//!
//! Begin with [`Inbox::next`], which is the order of importance. The life of one PDU is
//! [`Custody`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::event::{Event, Received, Source};
use super::known::Known;
use super::order::Receipt;
use super::out::Out;
use crate::at::commands::sms::{
    Acknowledge, DeleteMessage, ListMessages, PduMode, ReadMessage, Storage, Stored, UseStorages,
};
use crate::at::{CmsError, CommandError, End, FinalResult, Outcome, Request};
use crate::types::Millis;

/// What the inbox has in flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Job {
    /// Make read, list and delete mean this storage.
    Select(Storage),
    /// List everything in it.
    List(Storage),
    /// Back to PDU mode: the list came as text (quirk 81).
    PduMode,
    /// Read one slot.
    Read(Storage, u16),
    /// Read a slot again, before it is emptied for this receipt.
    Compare(Receipt),
    /// Empty the slot of this receipt.
    Delete(Receipt),
    /// Tell the network that this directly delivered one is stored.
    Acknowledge(Receipt),
}

/// The life of one PDU in our hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Custody {
    /// Offered, no answer yet.
    Open,
    /// Durably stored by the gateway: to be removed. Counts refused removals.
    Confirmed { refused: u8 },
    /// The modem said it is gone. Counts listings in which it was still there.
    Gone { seen: u8 },
    /// It cannot be removed; it is neither offered nor deleted any more.
    Stuck,
}

#[derive(Clone, Debug)]
struct Offer {
    pdu: String,
    /// `None`: delivered directly, stored nowhere.
    slot: Option<(Storage, u16)>,
    /// When it was read, in [`Known::epoch`]s.
    epoch: u64,
    custody: Custody,
}

/// Texts on their way from the modem to the gateway.
#[derive(Debug)]
pub(super) struct Inbox {
    offers: BTreeMap<Receipt, Offer>,
    last_receipt: u64,
    sweep_every: Millis,
    sweep_at: Option<Millis>,
    sweep: VecDeque<Storage>,
    /// Slots to read one by one.
    slots: VecDeque<(Storage, u16)>,
    /// Storages whose listing hung: read slot by slot from now on (fault 27).
    hanging: BTreeSet<Storage>,
    /// Slots whose PDU was cut, read once more.
    cut: BTreeMap<(Storage, u16), String>,
    unreadable: BTreeSet<(Storage, u16)>,
    removals: VecDeque<Receipt>,
    acknowledgements: VecDeque<Receipt>,
    text_mode: bool,
    /// A direct delivery was not acknowledged: the modem will switch such deliveries off
    /// (27.005 §3.4.4).
    pub(super) acknowledgement_missing: bool,
}

impl Inbox {
    /// An empty one.
    pub fn new(sweep_every: Millis) -> Self {
        Self {
            offers: BTreeMap::new(),
            last_receipt: 0,
            sweep_every,
            sweep_at: None,
            sweep: VecDeque::new(),
            slots: VecDeque::new(),
            hanging: BTreeSet::new(),
            cut: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            removals: VecDeque::new(),
            acknowledgements: VecDeque::new(),
            text_mode: false,
            acknowledgement_missing: false,
        }
    }

    /// The modem is set up (again): sweep now. Acknowledgements of the time before are void, the
    /// network will deliver again.
    pub fn begin(&mut self, now: Millis, out: &mut Out) {
        self.sweep_at = Some(now);
        self.sweep.clear();
        self.slots.clear();
        self.acknowledgement_missing = false;
        for receipt in std::mem::take(&mut self.acknowledgements) {
            self.offers.remove(&receipt);
            out.event(Event::Removed { receipt });
        }
    }

    /// Sweep as soon as possible: something may have come.
    pub fn hint(&mut self, now: Millis) {
        self.sweep_at = Some(now);
    }

    /// When there is something to do.
    pub fn due(&self) -> Option<Millis> {
        let busy = self.text_mode
            || !self.acknowledgements.is_empty()
            || !self.removals.is_empty()
            || !self.slots.is_empty()
            || !self.sweep.is_empty();
        if busy { Some(Millis(0)) } else { self.sweep_at }
    }

    /// True while a confirmed PDU waits to be removed.
    pub fn is_removing(&self) -> bool {
        !self.removals.is_empty() || !self.acknowledgements.is_empty()
    }

    /// The next command: the network waits for acknowledgements, full storages for removals,
    /// and everything else for the sweep.
    pub fn next(&mut self, now: Millis, known: &Known) -> Option<(Job, Request)> {
        if let Some(receipt) = self.acknowledgements.front() {
            return Some((Job::Acknowledge(*receipt), Request::of(&Acknowledge)));
        }
        if self.text_mode {
            return Some((Job::PduMode, Request::of(&PduMode)));
        }
        while let Some(receipt) = self.removals.front().copied() {
            let Some(offer) = self.offers.get(&receipt) else {
                self.removals.pop_front();
                continue;
            };
            let Some((storage, index)) = offer.slot else {
                self.removals.pop_front();
                continue;
            };
            if known.selected != Some(storage) {
                return Some(select(storage, known));
            }
            if offer.epoch != known.epoch {
                return Some((Job::Compare(receipt), Request::of(&ReadMessage(index))));
            }
            return Some((Job::Delete(receipt), Request::of(&DeleteMessage(index))));
        }
        if let Some((storage, index)) = self.slots.front().copied() {
            if known.selected != Some(storage) {
                return Some(select(storage, known));
            }
            return Some((Job::Read(storage, index), Request::of(&ReadMessage(index))));
        }
        if self.sweep.is_empty() && self.sweep_at.is_some_and(|at| at <= now) {
            self.sweep_at = None;
            // The one in use first, which saves a switch each time.
            self.sweep = known.read.iter().copied().collect();
            if let Some(place) = self.sweep.iter().position(|s| Some(*s) == known.selected) {
                self.sweep.swap(0, place);
            }
        }
        let Some(storage) = self.sweep.front().copied() else {
            self.sweep_at.get_or_insert(now + self.sweep_every);
            return None;
        };
        if known.selected != Some(storage) {
            return Some(select(storage, known));
        }
        if self.hanging.contains(&storage) {
            self.sweep.pop_front();
            let last = known.total(storage).unwrap_or(SLOTS_IF_UNKNOWN);
            self.slots.extend((0..=last).map(|index| (storage, index)));
            self.sweep_done(now);
            return self.next(now, known);
        }
        Some((Job::List(storage), Request::of(&ListMessages)))
    }

    /// Takes the outcome of a command. False when the modem did not answer.
    pub fn done(
        &mut self,
        now: Millis,
        job: Job,
        outcome: &Outcome,
        known: &mut Known,
        out: &mut Out,
    ) -> bool {
        let answered = !matches!(outcome.end, End::TimedOut | End::GivenUp);
        match job {
            Job::Select(storage) => self.selected(now, storage, outcome, known, out),
            Job::List(storage) => {
                self.sweep.pop_front();
                self.listed(now, storage, outcome, known, out);
                self.sweep_done(now);
            }
            Job::PduMode => self.text_mode = false,
            Job::Read(storage, index) => {
                self.slots.pop_front();
                self.read(storage, index, outcome, known, out);
            }
            Job::Compare(receipt) => self.compared(receipt, outcome, known, out),
            Job::Delete(receipt) => self.deleted(receipt, outcome, out),
            Job::Acknowledge(receipt) => self.acknowledged(receipt, outcome, known, out),
        }
        answered
    }

    fn selected(
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
                out.events(known.filled(&fills));
            }
            // Listed as choice, and refused all the same (quirk 74).
            Err(CommandError::Refused(_)) => {
                out.note_once(format!("The storage {} cannot be read.", storage.name()));
                known.read.retain(|other| *other != storage);
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

    fn listed(
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
        for entry in entries {
            let Some(index) = entry.index else { continue };
            self.entry(storage, index, entry, known, out);
        }
    }

    /// One entry of a list, or one slot.
    fn entry(&mut self, storage: Storage, index: u16, entry: Stored, known: &Known, out: &mut Out) {
        let slot = (storage, index);
        // Our own texts, if another program stored some: not received (quirk 80).
        if matches!(entry.stat, Some(2 | 3)) {
            return;
        }
        let whole = entry.is_whole();
        let Some(pdu) = entry.pdu else { return self.unreadable(slot, out) };
        // Bytes were lost on the line, or the modem keeps a cut PDU: the second reading tells.
        if !whole && self.cut.get(&slot) != Some(&pdu) {
            self.cut.insert(slot, pdu);
            self.slots.push_back(slot);
            return;
        }
        self.cut.remove(&slot);
        self.unreadable.remove(&slot);
        self.stored(slot, entry.stat, pdu, known, out);
    }

    /// A PDU lies in a slot: offer it, unless it is in our hands already.
    fn stored(
        &mut self,
        slot: (Storage, u16),
        stat: Option<u8>,
        pdu: String,
        known: &Known,
        out: &mut Out,
    ) {
        let same = |offer: &&mut Offer| offer.slot == Some(slot) && offer.pdu == pdu;
        let held = self.offers.iter_mut().map(|(receipt, offer)| (*receipt, offer));
        if let Some((receipt, offer)) = held.into_iter().find(|(_, offer)| same(&offer)) {
            match offer.custody {
                Custody::Open | Custody::Stuck => {}
                Custody::Confirmed { .. } => {
                    if !self.removals.contains(&receipt) {
                        self.removals.push_back(receipt);
                    }
                }
                Custody::Gone { seen } if seen + 1 < SWEEPS_UNTIL_STUCK => {
                    offer.custody = Custody::Gone { seen: seen + 1 };
                    self.removals.push_back(receipt);
                }
                Custody::Gone { .. } => stick(offer, out),
            }
            return;
        }
        let receipt = self.offer(pdu.clone(), Some(slot), known);
        let (storage, index) = slot;
        let from = Source::Stored { storage: storage.name().to_owned(), index, stat };
        out.event(Event::Received(Received { receipt, pdu, from }));
    }

    fn offer(&mut self, pdu: String, slot: Option<(Storage, u16)>, known: &Known) -> Receipt {
        self.last_receipt += 1;
        let receipt = Receipt(self.last_receipt);
        self.offers
            .insert(receipt, Offer { pdu, slot, epoch: known.epoch, custody: Custody::Open });
        receipt
    }

    /// A message or report came directly. Offered, and acknowledged only after its receipt.
    pub fn direct(&mut self, pdu: String, whole: bool, known: &Known, out: &mut Out) {
        if !whole && known.acknowledges {
            // Without an acknowledgement the network delivers it again.
            out.note(
                "A directly delivered message was damaged on the line; the network repeats it.",
            );
            self.acknowledgement_missing = true;
            return;
        }
        let held = |offer: &Offer| offer.slot.is_none() && offer.pdu == pdu;
        if self.offers.values().any(held) {
            return;
        }
        let receipt = self.offer(pdu.clone(), None, known);
        out.event(Event::Received(Received { receipt, pdu, from: Source::Direct }));
    }

    /// The gateway has it.
    pub fn confirm(&mut self, receipt: Receipt, known: &Known, out: &mut Out) {
        let Some(offer) = self.offers.get_mut(&receipt) else { return };
        if offer.custody != Custody::Open {
            return;
        }
        offer.custody = Custody::Confirmed { refused: 0 };
        match offer.slot {
            Some(_) => self.removals.push_back(receipt),
            None if known.acknowledges && offer.epoch == known.epoch => {
                self.acknowledgements.push_back(receipt);
            }
            None => {
                self.offers.remove(&receipt);
                out.event(Event::Removed { receipt });
            }
        }
    }

    /// The gateway could not store it: the next sweep offers it again.
    pub fn release(&mut self, receipt: Receipt, known: &Known) {
        let open = self.offers.get(&receipt).is_some_and(|offer| offer.custody == Custody::Open);
        if open && let Some(offer) = self.offers.remove(&receipt) {
            self.acknowledgement_missing |= offer.slot.is_none() && known.acknowledges;
        }
    }

    fn read(
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

    /// The slot was read again: it is emptied only if it still holds the same PDU.
    fn compared(&mut self, receipt: Receipt, outcome: &Outcome, known: &Known, out: &mut Out) {
        let Some(offer) = self.offers.get_mut(&receipt) else { return };
        let Some((_, index)) = offer.slot else { return };
        match outcome.reply(&ReadMessage(index)) {
            Ok(Some(entry)) if entry.pdu.as_ref() == Some(&offer.pdu) => offer.epoch = known.epoch,
            Err(CommandError::Unanswered) => {}
            _ => {
                self.removals.pop_front();
                self.offers.remove(&receipt);
                out.event(Event::Removed { receipt });
            }
        }
    }

    fn deleted(&mut self, receipt: Receipt, outcome: &Outcome, out: &mut Out) {
        self.removals.pop_front();
        let Some(offer) = self.offers.get_mut(&receipt) else { return };
        let deleted = match outcome.reply(&DeleteMessage(0)) {
            Ok(()) => true,
            Err(CommandError::Refused(result)) => is_empty_slot(&result),
            Err(_) => false,
        };
        match offer.custody {
            Custody::Confirmed { .. } if deleted => {
                offer.custody = Custody::Gone { seen: 0 };
                out.event(Event::Removed { receipt });
            }
            Custody::Confirmed { refused } if refused + 1 < SWEEPS_UNTIL_STUCK => {
                offer.custody = Custody::Confirmed { refused: refused + 1 };
            }
            Custody::Confirmed { .. } => stick(offer, out),
            _ => {}
        }
    }

    /// Forgets removed PDUs that a listing no longer shows. One whose removal failed is gone too
    /// when it is not there any more.
    fn notice_gone(&mut self, storage: Storage, entries: &[Stored], out: &mut Out) {
        self.offers.retain(|receipt, offer| {
            let here = offer.slot.filter(|(place, _)| *place == storage);
            let Some((_, index)) = here else { return true };
            let listed = entries
                .iter()
                .any(|entry| entry.index == Some(index) && entry.pdu.as_ref() == Some(&offer.pdu));
            match offer.custody {
                Custody::Confirmed { refused: 1.. } if !listed => {
                    out.event(Event::Removed { receipt: *receipt });
                    false
                }
                Custody::Gone { .. } | Custody::Stuck => listed,
                _ => true,
            }
        });
    }

    fn acknowledged(
        &mut self,
        receipt: Receipt,
        outcome: &Outcome,
        known: &mut Known,
        out: &mut Out,
    ) {
        self.acknowledgements.pop_front();
        match &outcome.end {
            End::Final(FinalResult::Ok) | End::Assumed => {}
            // 340: none was expected. It acknowledges by itself, or ours came too late (27.005
            // §3.4.4); then its indications are off by now, and after setting up we ask again.
            End::Final(FinalResult::Cms(CmsError::Code(340))) => {
                known.acknowledges = false;
                self.acknowledgement_missing = true;
                out.note_once("The modem expected no acknowledgement of a direct delivery.");
            }
            // The text is stored; the network may deliver it once more, and the store knows it.
            _ => self.acknowledgement_missing = true,
        }
        self.offers.remove(&receipt);
        out.event(Event::Removed { receipt });
    }

    fn sweep_done(&mut self, now: Millis) {
        if self.sweep.is_empty() {
            self.sweep_at.get_or_insert(now + self.sweep_every);
        }
    }
}

/// It is neither offered nor deleted any more; a person is told.
fn stick(offer: &mut Offer, out: &mut Out) {
    offer.custody = Custody::Stuck;
    if let Some((storage, index)) = offer.slot {
        let storage = storage.name();
        out.note(format!("Slot {index} of {storage} cannot be emptied; its text is stored."));
    }
}

fn select(storage: Storage, known: &Known) -> (Job, Request) {
    (Job::Select(storage), Request::of(&UseStorages(select_arguments(storage, known))))
}

/// Only the first argument changes; where texts are received stays as it was set.
fn select_arguments(storage: Storage, known: &Known) -> Vec<Storage> {
    std::iter::once(storage).chain(known.rest.iter().copied()).collect()
}

/// "Invalid memory index" and its cousins say that nothing lies there (27.005 §3.2.5).
fn is_empty_slot(result: &FinalResult) -> bool {
    match result {
        FinalResult::Cms(error) => error.code() == Some(321),
        FinalResult::Cme(error) => matches!(error.code(), Some(21 | 22)),
        _ => false,
    }
}

/// A slot that still holds a removed PDU after so many sweeps is stuck (fault 36).
const SWEEPS_UNTIL_STUCK: u8 = 3;
/// SIMs with more slots than this are rare.
const SLOTS_IF_UNKNOWN: u16 = 50;
