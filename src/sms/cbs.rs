//! Cell broadcast: pages of public warnings and local news (23.041 §9.4.1).
//!
//! Octets of `+CBM` go in, a page comes out; pages of one message are joined by [`join`]. Which
//! channels matter to whom is not decided here, nor when a repetition may be forgotten.

use std::collections::BTreeMap;

use super::charset::Tables;
use super::dcs::{Alphabet, MessageClass};
use super::gsm7;
use super::ucs2;
use super::user_data::fill_bits;

/// One page of a cell broadcast message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CbsPage {
    /// Serial number: scope, message code and update number. Equal means a repetition.
    pub serial: u16,
    /// Message identifier, that is the channel.
    pub channel: u16,
    /// Data coding scheme, of a table of its own.
    pub dcs: CbsDcs,
    /// Which page this is, from 1.
    pub page: u8,
    /// How many there are.
    pub pages: u8,
    /// 82 octets; modems strip padding, or add to it.
    pub content: Vec<u8>,
}

/// The data coding scheme of cell broadcast and of USSD (23.038 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CbsDcs(pub u8);

/// Octets that are no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cell broadcast page of {octets} octets is too short")]
pub struct CbsError {
    /// How many there were.
    pub octets: usize,
}

impl CbsPage {
    const CONTENT: usize = 82;

    /// Reads a page in the GSM form, also a short one.
    pub fn decode(octets: &[u8]) -> Result<Self, CbsError> {
        let short = CbsError { octets: octets.len() };
        let (&[s1, s0, c1, c0, dcs, place], content) = octets.split_first_chunk().ok_or(short)?;
        if content.is_empty() {
            return Err(short);
        }
        let (page, pages) = match (place >> 4, place & 0x0F) {
            (0, _) | (_, 0) => (1, 1), // 23.041 §9.4.1.2.4
            place => place,
        };
        Ok(Self {
            serial: u16::from_be_bytes([s1, s0]),
            channel: u16::from_be_bytes([c1, c0]),
            dcs: CbsDcs(dcs),
            page,
            pages,
            content: content.to_vec(),
        })
    }

    /// Reads all pages of a message in the UMTS form (23.041 §9.4.2).
    pub fn decode_umts(octets: &[u8]) -> Result<Vec<Self>, CbsError> {
        let short = CbsError { octets: octets.len() };
        let (&[1, c1, c0, s1, s0, dcs, pages], rest) = octets.split_first_chunk().ok_or(short)?
        else {
            return Err(short);
        };
        let held = rest.chunks_exact(Self::CONTENT + 1).zip(1..=pages);
        Ok(held
            .map(|(chunk, page)| {
                let useful = chunk.last().map_or(0, |useful| usize::from(*useful));
                let content = chunk.iter().take(useful.min(Self::CONTENT)).copied().collect();
                let (serial, channel) =
                    (u16::from_be_bytes([s1, s0]), u16::from_be_bytes([c1, c0]));
                Self { serial, channel, dcs: CbsDcs(dcs), page, pages, content }
            })
            .collect())
    }

    /// 0 cell (shown at once), 1 network, 2 location area, 3 cell.
    pub fn geographic_scope(&self) -> u8 {
        (self.serial >> 14).to_le_bytes()[0]
    }

    /// Tells messages of one channel apart.
    pub fn message_code(&self) -> u16 {
        self.serial >> 4 & 0x03FF
    }

    /// Counts versions of one message, modulo 16.
    pub fn update_number(&self) -> u8 {
        self.serial.to_le_bytes()[0] & 0x0F
    }

    /// ISO 639-1 code of the language, from the scheme or from the text itself.
    pub fn language(&self) -> Option<String> {
        match self.dcs.0 {
            0x10 => Some(Tables::DEFAULT.decode(&gsm7::unpack(&self.content, 0, 2))),
            0x11 => {
                let code = self.content.get(..2).unwrap_or_default();
                Some(Tables::DEFAULT.decode(&gsm7::unpack(code, 0, 2)))
            }
            _ => self.dcs.language().map(str::to_owned),
        }
    }

    /// The text without its padding; `None` when it is no text.
    pub fn text(&self) -> Option<String> {
        let (content, start_bit) = self.without_header()?;
        let text = match self.dcs.alphabet() {
            _ if self.dcs.compressed() => return None,
            Alphabet::Octets => return None,
            Alphabet::Ucs2 => {
                let language = if self.dcs.0 == 0x11 { 2 } else { 0 };
                ucs2::decode(content.get(language..).unwrap_or_default())
            }
            Alphabet::Gsm7 => {
                let septets = gsm7::unpack(content, start_bit, content.len() * 8 / 7);
                let language = if self.dcs.0 == 0x10 { 3 } else { 0 };
                Tables::DEFAULT.decode(septets.get(language..).unwrap_or_default())
            }
        };
        Some(text.trim_end_matches(['\r', '\0']).to_owned())
    }

    /// The content behind a user data header, and the bit it starts at.
    fn without_header(&self) -> Option<(&[u8], usize)> {
        if !matches!(self.dcs.0, 0x90..=0x9F) {
            return Some((&self.content, 0));
        }
        let header = 1 + usize::from(*self.content.first()?);
        Some((self.content.get(header..)?, fill_bits(header)))
    }
}

impl CbsDcs {
    /// How the content is to be read.
    pub fn alphabet(self) -> Alphabet {
        match self.0 {
            0x11 => Alphabet::Ucs2,
            0x40..=0x7F | 0x90..=0x9F => match self.0 & 0x0C {
                0x04 => Alphabet::Octets,
                0x08 => Alphabet::Ucs2,
                _ => Alphabet::Gsm7,
            },
            0xD0..=0xEF => Alphabet::Octets,
            0xF0..=0xFF if self.0 & 0x04 != 0 => Alphabet::Octets,
            _ => Alphabet::Gsm7,
        }
    }

    /// The message class, when the octet gives one.
    pub fn class(self) -> Option<MessageClass> {
        match self.0 {
            0x40..=0x7F if self.0 & 0x10 != 0 => MessageClass::from_number(self.0 & 0x03),
            0x90..=0x9F | 0xF0..=0xFF => MessageClass::from_number(self.0 & 0x03),
            _ => None,
        }
    }

    /// Whether the text is compressed (23.042).
    pub fn compressed(self) -> bool {
        matches!(self.0, 0x40..=0x7F) && self.0 & 0x20 != 0
    }

    /// ISO 639-1 code of the languages that have a value of their own.
    fn language(self) -> Option<&'static str> {
        const FIRST: [&str; 15] = [
            "de", "en", "it", "fr", "es", "nl", "sv", "da", "pt", "fi", "no", "el", "tr", "hu",
            "pl",
        ];
        const SECOND: [&str; 5] = ["cs", "he", "ar", "ru", "is"];
        match self.0 {
            0x00..=0x0E => FIRST.get(usize::from(self.0)).copied(),
            0x20..=0x24 => SECOND.get(usize::from(self.0 - 0x20)).copied(),
            _ => None,
        }
    }
}

/// An earthquake or tsunami warning before its text (23.041 §9.4.3): 56 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EtwsPrimary {
    /// As in a page.
    pub serial: u16,
    /// As in a page.
    pub channel: u16,
    /// Warning type: 0 earthquake, 1 tsunami, 2 both, 3 test, 4 other.
    pub warning: u8,
    /// Whether people are to be woken.
    pub alert: bool,
    /// Whether it is to be shown over everything else.
    pub popup: bool,
}

impl EtwsPrimary {
    /// Reads a primary notification; the security octets are not verified by anybody.
    pub fn decode(octets: &[u8]) -> Result<Self, CbsError> {
        let short = CbsError { octets: octets.len() };
        let &[s1, s0, c1, c0, w1, w0] = octets.first_chunk().ok_or(short)?;
        if octets.len() < 56 {
            return Err(short);
        }
        Ok(Self {
            serial: u16::from_be_bytes([s1, s0]),
            channel: u16::from_be_bytes([c1, c0]),
            warning: w1 >> 1,
            alert: w1 & 0x01 != 0,
            popup: w0 & 0x80 != 0,
        })
    }
}

/// A broadcast message as far as its pages have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// Serial number of its pages.
    pub serial: u16,
    /// Message identifier.
    pub channel: u16,
    /// The texts of the pages that are there, joined.
    pub text: String,
    /// The pages that are not.
    pub missing: Vec<u8>,
}

/// Joins pages, in any order and with repetitions, to messages in order of serial and channel.
pub fn join<'a>(pages: impl IntoIterator<Item = &'a CbsPage>) -> Vec<Broadcast> {
    let mut messages: BTreeMap<(u16, u16), BTreeMap<u8, &CbsPage>> = BTreeMap::new();
    for page in pages {
        let message = messages.entry((page.serial, page.channel)).or_default();
        message.entry(page.page).or_insert(page);
    }
    let joined = messages.into_iter().map(|((serial, channel), pages)| {
        let total = pages.values().map(|page| page.pages).max().unwrap_or(1);
        let missing = (1..=total).filter(|page| !pages.contains_key(page)).collect();
        let text = pages.values().filter_map(|page| page.text()).collect();
        Broadcast { serial, channel, text, missing }
    });
    joined.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut septets = Vec::new();
        for character in text.chars() {
            Tables::DEFAULT.encode(character, &mut septets);
        }
        gsm7::pack(&septets, 0)
    }

    fn page(serial: u16, page: u8, pages: u8, text: &str) -> CbsPage {
        let content = packed(text);
        CbsPage { serial, channel: 4370, dcs: CbsDcs(0x01), page, pages, content }
    }

    #[test]
    fn the_umts_form_holds_all_pages() {
        let mut octets = vec![0x01, 0x11, 0x12, 0x40, 0x71, 0x01, 2];
        for (text, useful) in [("Flood in the valley. Go ", 21), ("uphill n", 7)] {
            let mut content = packed(text);
            content.resize(CbsPage::CONTENT, 0xFF); // must not be looked at
            octets.extend(content);
            octets.push(useful);
        }
        let pages = CbsPage::decode_umts(&octets).unwrap();
        let seen: Vec<_> = pages.iter().map(|p| (p.page, p.pages, p.text().unwrap())).collect();
        assert_eq!(
            seen,
            [(1, 2, "Flood in the valley. Go ".to_owned()), (2, 2, "uphill n".to_owned())]
        );
        let first = pages.first().unwrap();
        assert_eq!((first.serial, first.channel), (0x4071, 4370));
        assert_eq!((first.geographic_scope(), first.message_code()), (1, 7));
        assert_eq!((first.update_number(), first.language().as_deref()), (1, Some("en")));
        assert_eq!(CbsPage::decode_umts(&octets[..octets.len() - 1]).map(|p| p.len()), Ok(1));
        assert_eq!(CbsPage::decode_umts(&octets[..6]), Err(CbsError { octets: 6 }));
        octets[0] = 0x02; // a schedule, no message
        assert!(CbsPage::decode_umts(&octets).is_err());
    }

    #[test]
    fn an_earthquake_warning_is_read_before_its_text() {
        let mut octets = [0_u8; 56];
        octets[..6].copy_from_slice(&[0x30, 0x02, 0x11, 0x02, 0x03, 0x80]);
        let warning =
            EtwsPrimary { serial: 0x3002, channel: 4354, warning: 1, alert: true, popup: true };
        assert_eq!(EtwsPrimary::decode(&octets), Ok(warning));
        octets[4..6].copy_from_slice(&[0x06, 0x00]);
        let test = EtwsPrimary { warning: 3, alert: false, popup: false, ..warning };
        assert_eq!(EtwsPrimary::decode(&octets), Ok(test));
        assert_eq!(EtwsPrimary::decode(&octets[..55]), Err(CbsError { octets: 55 }));
    }

    #[test]
    fn pages_join_in_any_order_and_missing_ones_are_named() {
        let pages = [
            page(0x4020, 1, 1, "Other news here!"),
            page(0x4010, 3, 3, "now at once."),
            page(0x4010, 1, 3, "Leave the house "),
            page(0x4010, 3, 3, "now at once."),
        ];
        let joined = join(&pages);
        let seen: Vec<_> = joined.iter().map(|b| (b.serial, b.text.as_str(), &b.missing)).collect();
        assert_eq!(
            seen,
            [
                (0x4010, "Leave the house now at once.", &vec![2]),
                (0x4020, "Other news here!", &vec![])
            ]
        );
    }
}
