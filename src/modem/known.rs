//! What is known of the modem and its SIM: gathered while it is brought up, used by everyone.

use super::event::{Event, Identity, SimIdentity};
use super::profile::{Profile, generic};
use crate::at::commands::sms::{Indications, Storage, StorageFill};
use crate::types::Imei;

/// Facts about one modem. They outlive a re-synchronisation and are asked again after it.
#[derive(Debug)]
pub(super) struct Known {
    /// How this family differs.
    pub profile: &'static Profile,
    /// `+CGMI`.
    pub maker: String,
    /// `+CGMM`.
    pub model: String,
    /// `+CGMR`.
    pub firmware: String,
    /// `+CGSN`.
    pub imei: Option<Imei>,
    /// The card.
    pub sim: SimIdentity,
    /// What was told last, so that it is told once.
    told: (Option<Identity>, Option<SimIdentity>),
    /// Storages that are swept.
    pub read: Vec<Storage>,
    /// `+CPMS` arguments after the first: where to write, where texts are received.
    pub rest: Vec<Storage>,
    /// The storage that read, list and delete mean now.
    pub selected: Option<Storage>,
    /// Room of the storages, as last told.
    pub fills: Vec<(Storage, u16, u16)>,
    /// Directly delivered messages want `+CNMA`: `+CSMS` says service 1.
    pub acknowledges: bool,
    /// `+CNMI` as the modem read it back; `None` when nothing is announced or nobody knows.
    pub indications: Option<Indications>,
    /// The radio was switched off, by us or somebody else, and we have not been told that it is on again.
    pub radio_off: bool,
    /// Counts reopened ports, restarts and card changes: a slot read in another epoch may hold
    /// another message now.
    pub epoch: u64,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            profile: &generic::PROFILE,
            maker: String::new(),
            model: String::new(),
            firmware: String::new(),
            imei: None,
            sim: SimIdentity::default(),
            told: (None, None),
            read: Vec::new(),
            rest: Vec::new(),
            selected: None,
            fills: Vec::new(),
            acknowledges: false,
            indications: None,
            radio_off: false,
            epoch: 0,
        }
    }
}

impl Known {
    /// Who the modem is, unless it was told already.
    pub fn identified(&mut self) -> Option<Event> {
        let identity = Identity {
            maker: self.maker.clone(),
            model: self.model.clone(),
            firmware: self.firmware.clone(),
            imei: self.imei.clone(),
            profile: self.profile.name,
        };
        let news = self.told.0.as_ref() != Some(&identity);
        self.told.0 = Some(identity.clone());
        news.then_some(Event::Identified(identity))
    }

    /// Who the SIM is, unless it was told already.
    pub fn sim_told(&mut self) -> Option<Event> {
        let news = self.told.1.as_ref() != Some(&self.sim);
        self.told.1 = Some(self.sim.clone());
        news.then(|| Event::Sim(self.sim.clone()))
    }

    /// Room of a storage, when it is known.
    pub fn total(&self, storage: Storage) -> Option<u16> {
        let fill = self.fills.iter().find(|(known, ..)| *known == storage);
        fill.map(|(_, _, total)| *total).filter(|total| *total > 0)
    }

    /// Takes in how full the storage selected for reading is; gives events when that changed.
    pub fn filled(&mut self, fills: &[StorageFill]) -> Vec<Event> {
        let first = fills.first().filter(|fill| fill.total > 0);
        let Some((storage, fill)) = first.and_then(|fill| Some((fill.storage?, fill))) else {
            return Vec::new();
        };
        self.fill(storage, fill.used, fill.total)
    }

    /// The same for one storage.
    pub fn fill(&mut self, storage: Storage, used: u16, total: u16) -> Vec<Event> {
        let before = self.fills.iter().position(|(known, ..)| *known == storage);
        let before = before.map(|place| self.fills.remove(place));
        self.fills.push((storage, used, total));
        if before == Some((storage, used, total)) {
            return Vec::new();
        }
        let mut events = vec![Event::Storage { storage: storage.name().to_owned(), used, total }];
        let was_full = before.is_some_and(|(_, used, total)| used >= total);
        if used >= total && !was_full {
            events.push(Event::StorageFull);
        }
        events
    }
}
