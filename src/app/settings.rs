//! What the running gateway goes by.

use jiff::tz::TimeZone;

use crate::config;
use crate::modem;
use crate::store::Organisation;
use crate::types::{Country, Millis};

/// The gateway's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The drivers' settings, by the slot of the candidate; the last one serves all further slots.
    pub modems: Vec<modem::Settings>,
    /// The organisation's name, as texts are filled with it.
    pub company: String,
    /// The zone in which the organisation's days begin.
    pub time_zone: TimeZone,
    /// How numbers without a country code are read, unless the line says otherwise.
    pub country: Option<Country>,
    /// Segments a line sends per minute; 0: no limit.
    pub per_minute: u32,
    /// Segments of these that may leave at once.
    pub burst: u32,
    /// How long an unknown submit waits for evidence before its class decides (D5).
    pub unknown_wait: Millis,
    /// How long a long message waits for its missing segments before it is shown with gaps.
    pub incomplete_after: Millis,
    /// How often workers look by themselves, should a signal be lost.
    pub look_every: Millis,
    /// A conversation whose claimer did nothing in it for so long is everybody's again (E122).
    pub claims_idle: Millis,
    /// Days after which texts are deleted; 0: never.
    pub keep_days: u32,
    /// E-mail.
    pub mail: config::Mail,
    /// Where people reach the pages, for links in mails and texts.
    pub pages: Option<String>,
    /// How long a shutdown may take before the port is closed under a submit.
    pub shutdown_within: Millis,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            modems: vec![modem::Settings::default()],
            company: String::new(),
            time_zone: TimeZone::UTC,
            country: None,
            per_minute: 30,
            burst: 10,
            unknown_wait: Millis::from_secs(120),
            incomplete_after: Millis::from_secs(600),
            look_every: Millis::from_secs(30),
            claims_idle: Millis::from_secs(12 * 3_600),
            keep_days: 0,
            mail: config::Mail::default(),
            pages: None,
            shutdown_within: Millis::from_secs(8),
        }
    }
}

impl Settings {
    /// What the rules need to know of the organisation.
    pub(super) fn organisation(&self) -> Organisation {
        Organisation {
            name: self.company.clone(),
            country: self.country,
            time_zone: self.time_zone.clone(),
        }
    }

    /// The driver's settings for a port found for `slot`.
    pub(super) fn modem(&self, slot: usize) -> modem::Settings {
        self.modems.get(slot).or(self.modems.last()).cloned().unwrap_or_default()
    }
}
