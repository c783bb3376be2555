//! USSD menus: what a code says, and what each answer leads to.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::charset;
use super::device::{Device, Task};
use super::settings::Charset;
use crate::sms;
use crate::types::Millis;

/// A page of a menu. The top one has codes such as `*100#` as its answers.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Menu {
    /// What the network says; `{credit}` is what is left.
    pub text: String,
    /// How it travels.
    pub encoding: Encoding,
    /// The `<dcs>` shown, when it is to lie.
    pub dcs: Option<u8>,
    /// Answers that lead on. Without any the dialogue ends here.
    pub answers: BTreeMap<String, Menu>,
}

/// How the string of +CUSD is written (quirks 104 to 110).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// As the terminal's alphabet and the profile want it.
    #[default]
    Auto,
    /// Characters of the terminal's alphabet.
    Text,
    /// UCS-2 in hexadecimal.
    Ucs2,
    /// Packed septets in hexadecimal.
    Packed,
    /// ASCII octets in hexadecimal.
    Ascii,
}

/// UCS-2, no class (23.038 §5).
const UCS2: u8 = 72;
/// How long the network thinks.
const ANSWER_TIME: Millis = Millis(800);

impl Menu {
    /// One code that tells the credit, when a scenario names none.
    pub fn standard() -> Menu {
        let balance = Menu { text: "Balance: {credit}".into(), ..Menu::default() };
        Menu { answers: BTreeMap::from([("*100#".into(), balance)]), ..Menu::default() }
    }
}

impl Device {
    /// A request or an answer from the terminal; the reply comes as +CUSD.
    pub fn ussd(&mut self, line: &str, dcs: u8) {
        let text = self.ussd_text(line, dcs);
        let open = self.ussd_open.take();
        let menu = open.as_ref().unwrap_or(&self.ussd_codes);
        let Some(page) = menu.answers.get(&text).cloned() else {
            // Operation not supported, or the dialogue is over.
            let word = if open.is_some() { 2 } else { 4 };
            return self.ussd_later(format!("+CUSD: {word}"));
        };
        let waits = u8::from(!page.answers.is_empty());
        let credit = self.credit.map_or("unlimited".to_owned(), |left| left.to_string());
        let text = page.text.replace("{credit}", &credit);
        let (string, dcs) = self.ussd_string(&text, page.encoding);
        let dcs = page.dcs.unwrap_or(dcs);
        self.ussd_later(format!("+CUSD: {waits},\"{string}\",{dcs}"));
        self.ussd_open = (waits == 1).then_some(page);
    }

    /// `+CUSD=0` wants no result codes (27.007 §7.15).
    fn ussd_later(&mut self, line: String) {
        if self.settings.ussd {
            self.later(ANSWER_TIME, Task::Say(line));
        }
    }

    /// The network speaks first.
    pub fn ussd_push(&mut self, text: &str) {
        if !self.settings.ussd {
            return;
        }
        let (string, dcs) = self.ussd_string(text, Encoding::Auto);
        self.urc(&format!("+CUSD: 0,\"{string}\",{dcs}"));
    }

    /// Always on some modems; on others `^USSDMODE=1` wants the string as it travels.
    fn ussd_packed(&self) -> bool {
        let raw = self.settings.others.get("^USSDMODE").is_some_and(|mode| mode == "1");
        raw || self.profile.quirks.ussd_packed
    }

    fn ussd_string(&self, text: &str, encoding: Encoding) -> (String, u8) {
        let plain = text.chars().all(|c| sms::Tables::DEFAULT.septets(c).is_some());
        let chosen = match encoding {
            Encoding::Auto if !plain => Encoding::Ucs2,
            Encoding::Auto if self.ussd_packed() => Encoding::Packed,
            Encoding::Auto => Encoding::Text,
            other => other,
        };
        match chosen {
            Encoding::Ucs2 => (sms::to_hex(&sms::ucs2::encode(text)), UCS2),
            Encoding::Packed => (sms::to_hex(&sms::gsm7::pack_ussd(&charset::septets(text))), 15),
            Encoding::Ascii => (sms::to_hex(text.as_bytes()), 0),
            Encoding::Text | Encoding::Auto => (charset::text_out(text, self.settings.charset), 15),
        }
    }

    fn ussd_text(&self, line: &str, dcs: u8) -> String {
        let packed = self.ussd_packed().then(|| sms::from_hex(line).ok()).flatten();
        match packed {
            Some(octets) => sms::Tables::DEFAULT.decode(&sms::gsm7::unpack_ussd(&octets)),
            None if self.settings.charset == Charset::Ucs2 || dcs == UCS2 => {
                charset::text_in(line, Charset::Ucs2)
            }
            None => line.to_owned(),
        }
    }
}
