//! Consent words that people have changed, a pack a language; the others are the shipped ones.

use serde_json::{Map, Value};

use super::error::Result;
use super::words::ChangeKind;
use super::{ReadTx, WriteTx};
use crate::engine::consent::Pack;
use crate::types::UnixTime;

/// The setting that holds them: a JSON object of `engine::consent::Pack` by language.
const PACKS: &str = "consent_packs";

impl ReadTx<'_> {
    /// The packs in force: shipped ones, with those changed in their place. A pack that cannot be
    /// read is as if it were not there: a bad setting must never keep STOP from working.
    pub fn packs(&self) -> Result<Vec<Pack>> {
        let changed = self.changed_packs()?.into_values();
        Ok(Pack::in_force(changed.filter_map(|pack| serde_json::from_value(pack).ok()).collect()))
    }

    /// The packs people have changed, by language.
    pub fn changed_packs(&self) -> Result<Map<String, Value>> {
        let kept = self.setting(PACKS)?.and_then(|text| serde_json::from_str(&text).ok());
        Ok(kept.unwrap_or_default())
    }
}

impl WriteTx<'_> {
    /// Sets the words of a language; `None` brings the shipped ones back.
    pub fn set_pack(&self, language: &str, pack: Option<Value>, now: UnixTime) -> Result<()> {
        let mut kept = self.changed_packs()?;
        match pack {
            Some(pack) => drop(kept.insert(language.to_owned(), pack)),
            None => drop(kept.remove(language)),
        }
        self.set_setting(PACKS, &Value::Object(kept).to_string())?;
        self.changed(ChangeKind::Rule, 0, now)
    }
}
