//! Where messages lie: SIM, modem memory, reports, broadcasts. Each outlives power.

use std::collections::BTreeMap;

/// A message storage (27.005 §3.1, `<mem>`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Memory {
    /// `SM`: the SIM.
    Sim,
    /// `ME`: the modem itself.
    Equipment,
    /// `MT`: both of the above under one numbering.
    Both,
    /// `SR`: status reports.
    Reports,
    /// `BM`: cell broadcasts.
    Broadcast,
}

impl Memory {
    pub fn name(self) -> &'static str {
        match self {
            Memory::Sim => "SM",
            Memory::Equipment => "ME",
            Memory::Both => "MT",
            Memory::Reports => "SR",
            Memory::Broadcast => "BM",
        }
    }

    pub fn parse(name: &str) -> Option<Memory> {
        use Memory::*;
        [Sim, Equipment, Both, Reports, Broadcast].into_iter().find(|m| m.name() == name)
    }
}

/// `<stat>` (27.005 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stat {
    Unread,
    Read,
    Unsent,
    Sent,
}

impl Stat {
    pub const ALL: [Stat; 4] = [Stat::Unread, Stat::Read, Stat::Unsent, Stat::Sent];

    pub fn number(self) -> u8 {
        self as u8
    }

    /// The word text mode uses.
    pub fn word(self) -> &'static str {
        match self {
            Stat::Unread => "REC UNREAD",
            Stat::Read => "REC READ",
            Stat::Unsent => "STO UNSENT",
            Stat::Sent => "STO SENT",
        }
    }

    pub fn received(self) -> bool {
        matches!(self, Stat::Unread | Stat::Read)
    }
}

/// One stored message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub stat: Stat,
    /// Service centre address field, then TPDU; for a broadcast the page alone.
    pub pdu: Vec<u8>,
}

impl Slot {
    /// What `<length>` counts (27.005 §3.1): the TPDU, or the whole page of a broadcast.
    pub fn length(&self, memory: Memory) -> usize {
        if memory == Memory::Broadcast { self.pdu.len() } else { self.tpdu().len() }
    }

    /// Octets of the TPDU.
    pub fn tpdu(&self) -> &[u8] {
        match self.pdu.split_first() {
            Some((&smsc, rest)) => rest.get(usize::from(smsc)..).unwrap_or_default(),
            None => &[],
        }
    }
}

/// Numbered slots, any number of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// How many messages fit.
    pub size: u16,
    /// The index of the first slot: 0 on some modems, 1 on others.
    pub base: u16,
    slots: BTreeMap<u16, Slot>,
}

impl Storage {
    pub fn new(size: u16, base: u16) -> Self {
        Self { size, base, slots: BTreeMap::new() }
    }

    pub fn used(&self) -> u16 {
        self.slots.len() as u16
    }

    /// Puts a message into the lowest free slot.
    pub fn put(&mut self, slot: Slot) -> Option<u16> {
        let end = self.base.saturating_add(self.size);
        let index = (self.base..end).find(|i| !self.slots.contains_key(i))?;
        self.slots.insert(index, slot);
        Some(index)
    }

    pub fn get(&self, index: u16) -> Option<&Slot> {
        self.slots.get(&index)
    }

    pub fn get_mut(&mut self, index: u16) -> Option<&mut Slot> {
        self.slots.get_mut(&index)
    }

    pub fn remove(&mut self, index: u16) -> Option<Slot> {
        self.slots.remove(&index)
    }

    /// Whether such a slot exists, used or not.
    pub fn has_index(&self, index: u16) -> bool {
        index >= self.base && index - self.base < self.size
    }

    pub fn indexes(&self) -> Vec<u16> {
        self.slots.keys().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_slot_is_used_again_and_a_full_storage_takes_nothing() {
        let slot = || Slot { stat: Stat::Unread, pdu: vec![0, 1, 2] };
        let mut storage = Storage::new(2, 0);
        assert_eq!((storage.put(slot()), storage.put(slot())), (Some(0), Some(1)));
        assert_eq!(storage.put(slot()), None);
        storage.remove(0);
        assert_eq!(storage.put(slot()), Some(0));
        assert_eq!(slot().tpdu(), [1, 2]);
    }
}
