//! Receiving: every storage is read in turn, every PDU is offered once, and a slot is emptied
//! only after its receipt was confirmed.
//!
//! Hints, time, [`Order::Confirm`](super::Order::Confirm) and finished commands go in; requests
//! and [`Event::Received`] come out. What the modem announces is a hint and no more: the sweep is
//! the truth (reliability 1.3). Texts kept there to be sent (quirk 80) are offered like the others,
//! marked by their `stat`. Deliberately absent: what a PDU says.
//!
//! Begin with [`Inbox::next`], which is the order of importance. The life of one PDU is
//! [`custody::Custody`].

mod custody;
mod storages;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::event::{Event, Received, Source};
use super::known::Known;
use super::order::Receipt;
use super::out::Out;
use crate::at::commands::sms::{
    Acknowledge, DeleteMessage, ListMessages, PduMode, ReadMessage, Storage,
};
use crate::at::{End, Outcome, Request};
use crate::types::Millis;
use custody::{Custody, Offer};
use storages::select;

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

/// Texts on their way from the modem to the gateway.
#[derive(Debug)]
pub(super) struct Inbox {
    offers: BTreeMap<Receipt, Offer>,
    last_receipt: u64,
    sweep_every: Millis,
    sweep_at: Option<Millis>,
    /// When the sweep of all storages began that is not at its end.
    swept_since: Option<Millis>,
    sweep: VecDeque<Storage>,
    /// The first of these is being listed.
    listing: bool,
    /// Storages that are listed because something was announced there.
    announced: BTreeSet<Storage>,
    /// Slots to read one by one.
    slots: VecDeque<(Storage, u16)>,
    /// Storages whose listing hung: read slot by slot from now on (fault 27).
    hanging: BTreeSet<Storage>,
    /// Slots whose PDU was cut, read again: what was seen, and how often in a row.
    cut: BTreeMap<(Storage, u16), (String, u8)>,
    unreadable: BTreeSet<(Storage, u16)>,
    /// Storages that could not be selected: how often in a row, and when to try again.
    refused: BTreeMap<Storage, (u32, Millis)>,
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
            swept_since: None,
            sweep: VecDeque::new(),
            listing: false,
            announced: BTreeSet::new(),
            slots: VecDeque::new(),
            hanging: BTreeSet::new(),
            cut: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            refused: BTreeMap::new(),
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
        self.announced.clear();
        self.listing = false;
        self.slots.clear();
        self.acknowledgement_missing = false;
        self.refused.clear();
        for receipt in std::mem::take(&mut self.acknowledgements) {
            self.offers.remove(&receipt);
            out.event(Event::Removed { receipt });
        }
    }

    /// Sweep as soon as possible: something may have come.
    pub fn hint(&mut self, now: Millis) {
        self.sweep_at = Some(now);
    }

    /// Something was stored, says the modem, and where. That one storage is read; should nothing new
    /// be there, all of them are (quirk 89: some name the wrong one).
    pub fn announced(&mut self, now: Millis, storage: Option<&str>, known: &Known) {
        let named = storage.and_then(Storage::parse);
        let willing =
            |storage: &Storage| known.read.contains(storage) && !self.refused.contains_key(storage);
        let Some(storage) = named.filter(willing) else { return self.hint(now) };
        // A listing under way may have passed its slot already.
        let to_come = self.sweep.iter().skip(usize::from(self.listing));
        if !to_come.into_iter().any(|other| *other == storage) {
            self.sweep.push_back(storage);
        }
        self.announced.insert(storage);
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
            if offer.epoch != Some(known.epoch) {
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
            (self.sweep_at, self.swept_since) = (None, Some(now));
            // The one in use first, which saves a switch each time.
            let willing = |storage: &&Storage| {
                self.refused.get(storage).is_none_or(|(_, again_at)| *again_at <= now)
            };
            self.sweep = known.read.iter().filter(willing).copied().collect();
            if let Some(place) = self.sweep.iter().position(|s| Some(*s) == known.selected) {
                self.sweep.swap(0, place);
            }
        }
        let Some(storage) = self.sweep.front().copied() else {
            self.sweep_done(now);
            return None;
        };
        if known.selected != Some(storage) {
            return Some(select(storage, known));
        }
        if self.hanging.contains(&storage) {
            self.sweep.pop_front();
            let last = known.total(storage).unwrap_or(SLOTS_IF_UNKNOWN);
            self.slots.extend((0..=last).map(|index| (storage, index)));
            return self.next(now, known);
        }
        self.listing = true;
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
                self.listing = false;
                let offered = self.last_receipt;
                self.listed(now, storage, outcome, known, out);
                self.warn_of_full(storage, known, out);
                let again = self.sweep.contains(&storage);
                if !again && self.announced.remove(&storage) && self.last_receipt == offered {
                    self.look_elsewhere(storage, known);
                }
                self.sweep_done(now);
            }
            Job::PduMode => self.text_mode = false,
            Job::Read(storage, index) => {
                self.slots.pop_front();
                self.read(storage, index, outcome, known, out);
                self.sweep_done(now);
            }
            Job::Compare(receipt) => self.compared(receipt, outcome, known, out),
            Job::Delete(receipt) => self.deleted(receipt, outcome, out),
            Job::Acknowledge(receipt) => self.acknowledged(receipt, outcome, known, out),
        }
        answered
    }

    /// Nothing new was where something was announced: the other storages are read.
    fn look_elsewhere(&mut self, storage: Storage, known: &Known) {
        for other in known.read.iter().filter(|other| **other != storage) {
            if !self.sweep.contains(other) && !self.refused.contains_key(other) {
                self.sweep.push_back(*other);
            }
        }
    }

    /// A storage full of what cannot be taken out takes in no text any more: a person is told while
    /// there is room (fault 33).
    fn warn_of_full(&self, storage: Storage, known: &Known, out: &mut Out) {
        let Some(total) = known.total(storage).map(usize::from) else { return };
        let stuck = self.offers.values().filter(|offer| {
            offer.custody == Custody::Stuck && offer.slot.is_some_and(|(other, _)| other == storage)
        });
        let unreadable = self.unreadable.iter().filter(|(other, _)| *other == storage);
        let stays = stuck.count() + unreadable.count();
        if stays * 10 >= total * 7 {
            out.note_once(format!(
                "{stays} of the {total} places of {} hold what cannot be taken out; when all do, no \
                 text arrives.",
                storage.name()
            ));
        }
    }

    /// The next sweep leaves everything else as much time as this one took: where each command takes
    /// seconds, nothing would ever be sent else.
    fn sweep_done(&mut self, now: Millis) {
        if self.sweep.is_empty() && self.slots.is_empty() {
            let took = self.swept_since.take().map_or(Millis(0), |since| now.since(since));
            self.sweep_at.get_or_insert((now + took).next_beat(self.sweep_every));
        }
    }
}

/// SIMs with more slots than this are rare.
const SLOTS_IF_UNKNOWN: u16 = 50;
