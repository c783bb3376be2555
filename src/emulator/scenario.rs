//! What a world starts with, as TOML: `simgate emulate --scenario FILE`, documented in
//! `docs/reference/emulator.md`.

use serde::Deserialize;

use super::faults::Faults;
use super::handset::Phone;
use super::network::NetworkSettings;
use super::profile;
use super::radio::Operator;
use super::ussd::Menu;

/// A whole world.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// Wall clock at the start, RFC 3339; left out, the clock of whoever runs the world.
    pub start: Option<String>,
    /// The one network.
    pub network: NetworkSettings,
    /// The modems, in order of their index.
    #[serde(rename = "modem")]
    pub modems: Vec<ModemScenario>,
    /// Handsets that exist from the start.
    #[serde(rename = "phone")]
    pub phones: Vec<Phone>,
}

/// One modem.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModemScenario {
    /// The family: `generic`, `huawei`, …
    pub profile: String,
    /// Left out: made from the index.
    pub imei: Option<String>,
    /// Name of the link to its pty; left out: `modemN`.
    pub link: Option<String>,
    /// Whether it is plugged in at the start.
    pub plugged: bool,
    /// `<stat>` of +CREG once the SIM is ready.
    pub registration: u8,
    /// +CSQ.
    pub signal: u8,
    /// Access technology: 0 GSM, 2 UTRAN, 7 LTE.
    pub technology: u8,
    /// Only +CEREG says registered.
    pub packet_only: bool,
    /// Names of the operator; left out: those of the emulated network.
    pub operator: Option<OperatorScenario>,
    /// Messages the subscription pays for; left out: any number.
    pub credit: Option<u32>,
    /// The modem sends TP-MR as the terminal wrote it, instead of counting itself.
    pub keeps_reference: bool,
    /// Gives every submit the reference 0, as some modems do; left out: as the profile does.
    pub reference_always_zero: Option<bool>,
    /// The line speed it answers at, as a modem on a UART; on a pty bytes take their time, too. Left
    /// out: it answers at any.
    pub baud: Option<u32>,
    /// The card; `false` in `inserted` leaves the slot empty.
    pub sim: SimScenario,
    /// Sizes and first index of the storages; left out: those of the profile.
    pub storage: StorageScenario,
    /// What goes wrong.
    pub faults: Faults,
    /// USSD codes; left out: `*100#` tells the credit.
    pub ussd: Option<Menu>,
}

/// An operator's names.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorScenario {
    /// Long name.
    pub long: String,
    /// Short name.
    pub short: String,
    /// MCC and MNC.
    pub code: String,
}

impl From<OperatorScenario> for Operator {
    fn from(o: OperatorScenario) -> Operator {
        Operator { long: o.long, short: o.short, code: o.code }
    }
}

/// One SIM.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SimScenario {
    /// Whether it is in the modem.
    pub inserted: bool,
    /// Left out: made from the index.
    pub iccid: Option<String>,
    /// Left out: made from the index.
    pub imsi: Option<String>,
    /// Its number; left out: `+447700900100` plus the index.
    pub number: Option<String>,
    /// Whether +CNUM tells it.
    pub tells_number: bool,
    /// The PIN it asks for; left out: it asks for none.
    pub pin: Option<String>,
    /// PIN tries left.
    pub tries: u8,
    /// The PUK.
    pub puk: String,
    /// Service centre stored on it; left out: the network's.
    pub smsc: Option<String>,
}

/// Storage sizes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageScenario {
    /// Slots on the SIM.
    pub sim: Option<u16>,
    /// Slots in the modem.
    pub equipment: Option<u16>,
    /// Slots for status reports.
    pub reports: Option<u16>,
    /// First index: 0 or 1.
    pub base: Option<u16>,
}

impl Default for ModemScenario {
    fn default() -> Self {
        Self {
            profile: "generic".into(),
            imei: None,
            link: None,
            plugged: true,
            registration: 1,
            signal: 20,
            technology: 7,
            packet_only: false,
            operator: None,
            credit: None,
            keeps_reference: false,
            reference_always_zero: None,
            baud: None,
            sim: SimScenario::default(),
            storage: StorageScenario::default(),
            faults: Faults::default(),
            ussd: None,
        }
    }
}

impl Default for SimScenario {
    fn default() -> Self {
        Self {
            inserted: true,
            iccid: None,
            imsi: None,
            number: None,
            tells_number: true,
            pin: None,
            tries: 3,
            puk: "12345678".into(),
            smsc: None,
        }
    }
}

/// Why a scenario is no world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// Not TOML, or not of this shape; the message names line and key.
    #[error("{0}")]
    Syntax(String),
    /// No such profile.
    #[error("there is no profile {0:?}: use one of {known}", known = profile_names())]
    Profile(String),
    /// Not a time.
    #[error("{0:?} is not a time: write it as 2026-11-21T09:00:00Z")]
    Start(String),
    /// Two SIMs cannot share a number.
    #[error("two SIMs have the number {0}")]
    SameNumber(String),
}

fn profile_names() -> String {
    profile::ALL.iter().map(|profile| profile.name).collect::<Vec<_>>().join(", ")
}

impl Scenario {
    /// So many modems of one family, nothing wrong with any.
    pub fn plain(modems: usize, profile: &str) -> Scenario {
        let modem = ModemScenario { profile: profile.to_owned(), ..ModemScenario::default() };
        Scenario { modems: vec![modem; modems], ..Scenario::default() }
    }

    /// Reads a scenario file.
    pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        toml::from_str(text).map_err(|error| ScenarioError::Syntax(error.to_string()))
    }
}

/// Reads a fault plan that stands alone.
impl Faults {
    /// From TOML text.
    pub fn parse(text: &str) -> Result<Faults, ScenarioError> {
        toml::from_str(text).map_err(|error| ScenarioError::Syntax(error.to_string()))
    }
}
