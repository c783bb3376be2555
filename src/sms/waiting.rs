//! Message waiting: a message that says that something else waits, a voicemail most of all.
//!
//! It is said in three ways, of which one message may use two: by elements of the header, by
//! groups of the DCS, and on older networks by an originator that is no name but two octets of
//! flags. All come out as [`MessageWaiting`]; what is done with it is not decided here.
//!
//! Begin with [`Deliver::message_waiting`]. 23.040 §9.2.3.24.2, 23.038 §4; CPHS phase 2 §B.4.2.

use super::address::Address;
use super::deliver::Deliver;
use super::udh::{Udh, iei};

/// One indication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageWaiting {
    /// What waits.
    pub kind: Waiting,
    /// Whether it waits; otherwise the indication is cleared.
    pub active: bool,
    /// How many wait, when that was said; 255 means that or more.
    pub count: Option<u8>,
    /// Whether the text is to be kept.
    pub store: bool,
    /// The line of a subscriber who has several, 1 to 4.
    pub profile: u8,
}

/// What waits for the subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // the words of 23.038 §4 and 23.040 §9.2.3.24.2
pub enum Waiting {
    Voicemail,
    Fax,
    Email,
    Video,
    Other,
}

impl Waiting {
    /// From the two lowest bits.
    pub fn from_bits(octet: u8) -> Self {
        match octet & 0x03 {
            0 => Self::Voicemail,
            1 => Self::Fax,
            2 => Self::Email,
            _ => Self::Other,
        }
    }

    /// From the first octet of the element: three bits extend what the lowest two call "other".
    fn from_element(octet: u8) -> Self {
        match octet & 0x1F {
            0b0000_0111 => Self::Video,
            octet => Self::from_bits(octet),
        }
    }

    /// The word programs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Voicemail => "voicemail",
            Self::Fax => "fax",
            Self::Email => "email",
            Self::Video => "video",
            Self::Other => "other",
        }
    }
}

impl Udh {
    /// The indications of the header, one for each kind and profile: the last one counts. When
    /// one of them wants the text kept, it is to be kept.
    pub fn message_waiting(&self) -> Vec<MessageWaiting> {
        let mut told: Vec<MessageWaiting> = Vec::new();
        for element in self.elements().filter(|element| element.iei == iei::INDICATION) {
            let &[octet, count] = element.data else { continue };
            let indication = MessageWaiting {
                kind: Waiting::from_element(octet),
                active: count > 0,
                count: Some(count),
                store: octet & 0x80 != 0,
                profile: (octet >> 5 & 0x03) + 1,
            };
            let same = |other: &&mut MessageWaiting| {
                (other.kind, other.profile) == (indication.kind, indication.profile)
            };
            match told.iter_mut().find(same) {
                Some(earlier) => {
                    *earlier =
                        MessageWaiting { store: indication.store | earlier.store, ..indication };
                }
                None => told.push(indication),
            }
        }
        let store = told.iter().any(|indication| indication.store);
        told.iter_mut().for_each(|indication| indication.store = store);
        told
    }
}

impl Deliver {
    /// What it says about waiting messages: its header, which overrides the DCS; else the DCS;
    /// else its originator.
    pub fn message_waiting(&self) -> Vec<MessageWaiting> {
        let told = self.header().map(Udh::message_waiting).unwrap_or_default();
        if !told.is_empty() {
            return told;
        }
        let otherwise = || cphs(&self.originator, self.text().as_deref());
        self.dcs.message_waiting().or_else(otherwise).into_iter().collect()
    }

    /// Whether that is all it says: its text, if any, is not meant to be kept.
    pub fn only_indicates(&self) -> bool {
        let told = self.message_waiting();
        !told.is_empty() && told.iter().all(|indication| !indication.store)
    }
}

/// The form of networks without the others: a name of four semi-octets, `11 00` for a voicemail
/// that waits, `10 00` for none. The text is one blank then.
fn cphs(originator: &Address, text: Option<&str>) -> Option<MessageWaiting> {
    let active = match originator.octets().ok()?.as_slice() {
        [4, 0xD0, 0x11, 0x00] => true,
        [4, 0xD0, 0x10, 0x00] => false,
        _ => return None,
    };
    let store = !text?.trim().is_empty();
    Some(MessageWaiting { kind: Waiting::Voicemail, active, count: None, store, profile: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sms::{Pdu, Tpdu, Way};

    fn deliver(hex: &str) -> Deliver {
        match Pdu::decode(hex, Way::ToMobile).map(|pdu| pdu.tpdu) {
            Ok(Tpdu::Deliver(deliver)) => deliver,
            other => panic!("{other:?}"),
        }
    }

    fn header(octets: &[u8]) -> Udh {
        Udh::from_octets(octets.to_vec())
    }

    #[test]
    fn older_networks_tell_of_voicemail_in_place_of_a_sender() {
        let told = |oa: &str, text: &str| {
            deliver(&format!("000404D0{oa}000062112151000000{text}")).message_waiting()
        };
        let voicemail = MessageWaiting {
            kind: Waiting::Voicemail,
            active: true,
            count: None,
            store: false,
            profile: 1,
        };
        assert_eq!(told("1100", "0120"), [voicemail]);
        assert_eq!(told("1000", "0120"), [MessageWaiting { active: false, ..voicemail }]);
        assert_eq!(told("1100", "0141"), [MessageWaiting { store: true, ..voicemail }]);
        assert_eq!(told("1200", "0120"), [], "somebody's name");
    }

    #[test]
    fn an_element_tells_kind_profile_and_count() {
        for (octet, kind, profile, store) in [
            (0x00, Waiting::Voicemail, 1, false),
            (0x81, Waiting::Fax, 1, true),
            (0x22, Waiting::Email, 2, false),
            (0x43, Waiting::Other, 3, false),
            (0x67, Waiting::Video, 4, false),
            (0x0F, Waiting::Other, 1, false), // reserved extension
        ] {
            let told = header(&[0x01, 2, octet, 7]).message_waiting();
            let wanted = MessageWaiting { kind, active: true, count: Some(7), store, profile };
            assert_eq!(told, [wanted], "{octet:02X}");
        }
    }

    #[test]
    fn the_last_element_of_a_kind_counts_and_one_wish_to_store_is_enough() {
        let told = header(&[1, 2, 0x80, 3, 1, 2, 0x01, 1, 1, 2, 0x00, 0]).message_waiting();
        let seen: Vec<_> = told.iter().map(|w| (w.kind, w.active, w.count, w.store)).collect();
        assert_eq!(
            seen,
            [(Waiting::Voicemail, false, Some(0), true), (Waiting::Fax, true, Some(1), true)]
        );
    }

    #[test]
    fn the_header_overrides_the_coding_scheme() {
        let both = "00440481214300C06211215100000006040102000300";
        let told = deliver(both).message_waiting();
        assert_eq!(told.iter().map(|w| (w.active, w.count)).collect::<Vec<_>>(), [(true, Some(3))]);
        assert!(deliver(both).only_indicates());
    }
}
