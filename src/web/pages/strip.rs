//! The strip of modems on top of the page: is anything wrong, at a glance.

use askama::Template;

use super::words::ago;
use crate::store::{Line, Modem};
use crate::types::UnixTime;
use crate::web::assets::Addresses;

/// The strip, rendered on a page load and sent again when a modem changes.
#[derive(Template)]
#[template(path = "modems.html", config = "src/web/askama.toml")]
pub(super) struct Strip {
    assets: Addresses,
    modems: Vec<Chip>,
}

/// One modem.
struct Chip {
    name: String,
    words: String,
    title: String,
    icon: &'static str,
    tone: &'static str,
}

impl Strip {
    pub(super) fn new(modems: &[Modem], lines: &[Line], now: UnixTime) -> Self {
        let chip = |modem| Chip::new(modem, lines, now);
        Self { assets: Addresses, modems: modems.iter().map(chip).collect() }
    }
}

impl Chip {
    fn new(modem: &Modem, lines: &[Line], now: UnixTime) -> Self {
        let line = lines.iter().find(|line| Some(line.id) == modem.line);
        let device = modem.model.as_deref().unwrap_or("Modem");
        let ready = modem.state == "ready" && modem.note.is_none();
        let icon = match modem.bars {
            _ if !ready => "alert",
            None | Some(0) => "bars-0",
            Some(1) => "bars-1",
            Some(2) => "bars-2",
            Some(3) => "bars-3",
            Some(4) => "bars-4",
            Some(_) => "bars-5",
        };
        let operator = modem.operator.as_deref().unwrap_or("no network");
        Self {
            name: line.map_or(device, |line| &line.name).to_owned(),
            words: match (&modem.note, ready) {
                (Some(note), _) => note.clone(),
                (None, true) => operator.to_owned(),
                (None, false) => state_words(&modem.state).to_owned(),
            },
            title: format!(
                "{device}, {operator}{}, seen {}",
                modem.signal_dbm.map(|dbm| format!(", {dbm} dBm")).unwrap_or_default(),
                ago(now.since(modem.last_seen_at))
            ),
            icon,
            tone: if ready { "ready" } else { "trouble" },
        }
    }
}

/// A driver's state as a person would say it.
fn state_words(state: &str) -> &str {
    match state {
        "closed" => "unplugged",
        "probing" | "identifying" | "initialising" => "starting",
        "pin-needed" => "PIN needed",
        "registering" => "looking for the network",
        "recovering" => "recovering",
        "stopping" => "stopping",
        other => other,
    }
}
