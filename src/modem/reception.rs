//! Where texts are received and how they are announced: the choice of `+CPMS` and `+CNMI`.
//!
//! What the modem says it can do goes in; settings to try come out, best first, with what to try
//! next when it refuses or does not keep them (at-sms 6.2 and 6.4).

use super::known::Known;
use super::profile::Profile;
use crate::at::commands::sms::{
    IndicationChoices, Indications, Storage, StorageChoices, StorageFill, UseIndications,
    UseStorages,
};
use crate::at::{CommandError, Outcome, Request};

/// The settings being tried.
#[derive(Debug, Default)]
pub(super) struct Reception {
    choices: StorageChoices,
    /// The modem named them in a line that lost nothing.
    whole: bool,
    /// Storages to receive into, best first.
    candidates: Vec<Storage>,
    /// How many of the candidates were refused in every form.
    candidate: usize,
    /// How many arguments were refused: some modems take three, some two, some one (quirk 68).
    dropped: usize,
    indications: Vec<Indications>,
    indication: usize,
}

/// The storages could not be set yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Again {
    /// Not another form now, but the same one later: the SIM is not read yet.
    pub later: bool,
}

impl Reception {
    /// The storages the modem named. Of lists that are not `whole` each adds what it has.
    pub fn offered(&mut self, choices: Result<StorageChoices, CommandError>, whole: bool) {
        let choices = choices.unwrap_or_default();
        if whole {
            (self.choices, self.whole) = (choices, true);
            return;
        }
        let StorageChoices { read, write, receive } = &mut self.choices;
        for (list, more) in
            [(read, choices.read), (write, choices.write), (receive, choices.receive)]
        {
            for storage in more {
                if !list.contains(&storage) {
                    list.push(storage);
                }
            }
        }
    }

    /// Orders the storages the modem named; all the family may have when it named none.
    pub fn choose_storages(&mut self, profile: &Profile) {
        let receive = match self.choices.receive.as_slice() {
            [] => self.choices.read.clone(),
            some => some.to_vec(),
        };
        let offered = |storage: &&Storage| receive.is_empty() || receive.contains(storage);
        self.candidates = profile.storages.iter().filter(offered).copied().collect();
        if self.candidates.is_empty() {
            self.candidates = receive;
        }
    }

    /// The setting to try: always three arguments first (quirk 70).
    pub fn use_storages(&self) -> Request {
        Request::of(&UseStorages(self.arguments()))
    }

    fn arguments(&self) -> Vec<Storage> {
        let receive = self.candidates.get(self.candidate).copied().unwrap_or(Storage::Sm);
        // The three lists may differ (quirk 69).
        let fitting = |list: &[Storage]| match list {
            [first, ..] if !list.contains(&receive) => *first,
            _ => receive,
        };
        let mut all = vec![fitting(&self.choices.read), fitting(&self.choices.write), receive];
        all.truncate(3 - self.dropped.min(2));
        all
    }

    /// Takes the answer. `patient` while the SIM may still be waking up.
    pub fn storages_used(
        &mut self,
        outcome: &Outcome,
        patient: bool,
        known: &mut Known,
    ) -> Result<Vec<StorageFill>, Again> {
        let arguments = self.arguments();
        let fills = match outcome.reply(&UseStorages(arguments.clone())) {
            Ok(fills) => fills,
            Err(_) if self.dropped < 2 => {
                self.dropped += 1;
                return Err(Again { later: false });
            }
            Err(_) if self.candidate + 1 < self.candidates.len() => {
                (self.candidate, self.dropped) = (self.candidate + 1, 0);
                return Err(Again { later: false });
            }
            // It has no such command: whatever storage it uses is the only one we can read.
            Err(_) => Vec::new(),
        };
        // Texts go where there is room: some modems have no slots of their own. Quirk 78: a total
        // of 0 everywhere says that the SIM was not read yet.
        let receives = fills.get(arguments.len() - 1).or_else(|| fills.last());
        if receives.is_some_and(|fill| fill.total == 0) {
            self.dropped = 0;
            if self.candidate + 1 < self.candidates.len() {
                self.candidate += 1;
                return Err(Again { later: false });
            }
            if patient {
                self.candidate = 0;
                return Err(Again { later: true });
            }
        }
        known.selected = arguments.first().copied();
        known.rest = arguments.get(1..).unwrap_or_default().to_vec();
        known.read = self.swept(&known.read);
        Ok(fills)
    }

    /// Storages that can hold texts or reports for us. `MT` shows `SM` and `ME` once more. Where texts
    /// can be received is read although the list for reading lacks it: a byte of that may be lost. So is
    /// what was read `before`, unless a whole list says otherwise.
    fn swept(&self, before: &[Storage]) -> Vec<Storage> {
        let StorageChoices { read, receive, .. } = &self.choices;
        let named = |storage: &Storage| read.contains(storage) || receive.contains(storage);
        let mut swept: Vec<Storage> = [Storage::Sm, Storage::Me, Storage::Sr]
            .into_iter()
            .filter(|storage| named(storage) || (!self.whole && before.contains(storage)))
            .collect();
        if !swept.iter().any(|storage| matches!(storage, Storage::Sm | Storage::Me)) {
            swept.extend(self.arguments().first());
        }
        swept
    }

    /// True unless the modem says that it reads from another storage than it was told.
    pub fn storages_verified(
        &self,
        back: &Result<Vec<StorageFill>, CommandError>,
        known: &Known,
    ) -> bool {
        let first = back.as_ref().ok().and_then(|fills| fills.first()?.storage);
        first.is_none() || first == known.selected
    }

    /// Keeps the settings the modem says it takes, with the last value it wants (quirk 83).
    ///
    /// A report that comes directly and is not acknowledged dies with a process that had not stored
    /// it; so where nothing is acknowledged reports are to be stored, if the modem can and shows
    /// that storage (at-sms 6.4).
    pub fn choose_indications(
        &mut self,
        known: &Known,
        choices: Result<IndicationChoices, CommandError>,
    ) {
        let mut wanted: Vec<_> = known.profile.cnmi.iter().map(|cnmi| cnmi.indications()).collect();
        if choices.is_ok() && !known.acknowledges && known.read.contains(&Storage::Sr) {
            wanted.sort_by_key(|want| want.ds != 2);
        }
        self.indications = match choices {
            Ok(choices) => wanted
                .into_iter()
                .flat_map(|want| [want, Indications { bfr: 1 - want.bfr.min(1), ..want }])
                .filter(|want| choices.allow(*want))
                .collect(),
            Err(_) => wanted,
        };
        self.indication = 0;
    }

    /// True when nothing (more) can be tried: only the sweep finds texts.
    pub fn is_polling(&self) -> bool {
        self.indication >= self.indications.len()
    }

    /// The setting to try.
    pub fn use_indications(&self) -> Request {
        let wanted = self.wanted().unwrap_or(Indications { mode: 0, mt: 0, bm: 0, ds: 0, bfr: 0 });
        Request::of(&UseIndications(wanted))
    }

    /// Goes on to the next setting; false when there is none.
    pub fn next_indication(&mut self) -> bool {
        self.indication += 1;
        !self.is_polling()
    }

    /// True unless the modem reads back something that would keep texts or reports from us.
    pub fn indications_verified(&self, back: Result<Indications, CommandError>) -> bool {
        match (self.wanted(), back) {
            (Some(wanted), Ok(back)) => (wanted.mt, wanted.ds) == (back.mt, back.ds),
            _ => true,
        }
    }

    fn wanted(&self) -> Option<Indications> {
        self.indications.get(self.indication).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list that lost bytes adds what it has; only a whole one takes a storage away.
    #[test]
    fn a_storage_is_read_on_although_the_lists_lost_it() {
        use Storage::{Me, Sm, Sr};
        let lists = |read: &[Storage], receive: &[Storage]| {
            Ok(StorageChoices { read: read.into(), write: vec![Me], receive: receive.into() })
        };
        let swept = |answers: &[(&[Storage], &[Storage], bool)], before: &[Storage]| {
            let mut reception = Reception::default();
            for (read, receive, whole) in answers {
                reception.offered(lists(read, receive), *whole);
            }
            reception.choose_storages(&super::super::profile::generic::PROFILE);
            reception.swept(before)
        };
        let damaged: (&[_], &[_], _) = (&[Me, Sr], &[Me], false);
        assert_eq!(swept(&[damaged, (&[], &[Sm], false)], &[]), [Sm, Me, Sr]);
        assert_eq!(swept(&[(&[Me], &[Me], false)], &[Sm, Me, Sr]), [Sm, Me, Sr]);
        assert_eq!(swept(&[damaged, (&[Me], &[Me], true)], &[Sm, Me, Sr]), [Me]);
    }
}
