//! One PDU in our hands: offered, confirmed, removed, and known again when it still lies there.
//!
//! Begin with [`Custody`].

use super::storages::is_empty_slot;
use super::{Event, Inbox, Known, Out, Receipt, Received, Source};
use crate::at::commands::sms::{DeleteMessage, ReadMessage, Storage, Stored};
use crate::at::{CmsError, CommandError, End, FinalResult, Outcome};

/// The life of one PDU in our hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Custody {
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
pub(super) struct Offer {
    pub(super) pdu: String,
    /// `None`: delivered directly, stored nowhere.
    pub(super) slot: Option<(Storage, u16)>,
    /// When it was read there, in [`Known::epoch`]s; `None` when it may lie elsewhere.
    pub(super) epoch: Option<u64>,
    pub(super) custody: Custody,
}

impl Inbox {
    /// A PDU lies in a slot: offer it, unless it is in our hands already.
    pub(super) fn stored(
        &mut self,
        slot: (Storage, u16),
        stat: Option<u8>,
        pdu: String,
        known: &Known,
        out: &mut Out,
    ) {
        let same = |offer: &&mut Offer| offer.slot == Some(slot) && offer.pdu == pdu;
        let held = self.offers.iter_mut().map(|(receipt, offer)| (*receipt, offer));
        if let Some((receipt, offer)) = held.into_iter().find(|(_, offer)| same(offer)) {
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
            .insert(receipt, Offer { pdu, slot, epoch: Some(known.epoch), custody: Custody::Open });
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

    /// Bytes of the listing were lost: a slot whose number lost a digit is another one, which must not
    /// be emptied for it.
    pub(super) fn doubt_slots(&mut self, storage: Storage) {
        for offer in self.offers.values_mut() {
            if offer.slot.is_some_and(|(other, _)| other == storage) {
                offer.epoch = None;
            }
        }
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
            None if known.acknowledges && offer.epoch == Some(known.epoch) => {
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

    /// What lies there is none of ours.
    pub fn leave(&mut self, receipt: Receipt) {
        if let Some(offer) = self.offers.get_mut(&receipt)
            && offer.custody == Custody::Open
        {
            offer.custody = Custody::Stuck;
        }
    }

    /// A text of our own was sent from this slot.
    pub fn empty(&mut self, slot: (Storage, u16), known: &Known) {
        let receipt = self.offer(String::new(), Some(slot), known);
        if let Some(offer) = self.offers.get_mut(&receipt) {
            offer.custody = Custody::Confirmed { refused: 0 };
        }
        self.removals.push_back(receipt);
    }

    /// The slot was read again: it is emptied only if it still holds the same PDU.
    pub(super) fn compared(
        &mut self,
        receipt: Receipt,
        outcome: &Outcome,
        known: &Known,
        out: &mut Out,
    ) {
        let Some(offer) = self.offers.get_mut(&receipt) else { return };
        let Some((_, index)) = offer.slot else { return };
        match outcome.reply(&ReadMessage(index)) {
            Ok(Some(entry)) if entry.pdu.as_ref() == Some(&offer.pdu) => {
                offer.epoch = Some(known.epoch);
            }
            Err(CommandError::Unanswered) => {}
            _ => {
                self.removals.pop_front();
                self.offers.remove(&receipt);
                out.event(Event::Removed { receipt });
            }
        }
    }

    pub(super) fn deleted(&mut self, receipt: Receipt, outcome: &Outcome, out: &mut Out) {
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
    pub(super) fn notice_gone(&mut self, storage: Storage, entries: &[Stored], out: &mut Out) {
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

    pub(super) fn acknowledged(
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
}

/// It is neither offered nor deleted any more; a person is told.
fn stick(offer: &mut Offer, out: &mut Out) {
    offer.custody = Custody::Stuck;
    if let Some((storage, index)) = offer.slot {
        let storage = storage.name();
        out.note(format!("Slot {index} of {storage} cannot be emptied; its text is stored."));
    }
}

/// A slot that still holds a removed PDU after so many sweeps is stuck (fault 36).
const SWEEPS_UNTIL_STUCK: u8 = 3;
