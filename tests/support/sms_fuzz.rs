//! What must hold for any octets the SMS codec is given.
//!
//! The fuzz targets and the tests call the same functions, so that a finding of the fuzzer is a
//! failing test as soon as its file lies in the corpus.
#![allow(dead_code, reason = "each fuzz target uses its own half")]

use simgate::sms::cbs::CbsPage;
use simgate::sms::mms::MmsNotification;
use simgate::sms::{Language, Pdu, Tables, Tpdu, Udh, Way, assemble, gsm7};

/// Decoding never panics and stays small; what was accepted encodes to the same octets, or the
/// codec said what it read past. The first octet chooses the way the rest travelled.
pub fn tpdu(octets: &[u8]) {
    let Some((choice, octets)) = octets.split_first() else { return };
    let way = [Way::ToMobile, Way::FromMobile, Way::Stored][usize::from(choice % 3)];
    if let Ok((tpdu, ignored)) = Tpdu::decode_noting(octets, way) {
        bounded(&tpdu, octets.len());
        if let Ok(again) = tpdu.encode() {
            assert_eq!(again == octets, ignored.is_empty(), "{tpdu:?} ({ignored})");
            assert_eq!(Tpdu::decode(&again, way), Ok(tpdu));
        }
    }
    if let Ok((pdu, ignored)) = Pdu::decode_noting(octets, way)
        && let Ok(again) = pdu.octets()
    {
        assert_eq!(again == octets, ignored.is_empty(), "{pdu:?} ({ignored})");
    }
    let _ = CbsPage::decode(octets).map(|page| (page.text(), page.language()));
    let _ = CbsPage::decode_umts(octets);
    let _ = MmsNotification::decode(octets);
}

/// No text longer than three octets a septet, no more elements than octets.
fn bounded(tpdu: &Tpdu, octets: usize) {
    assert!(tpdu.text().map_or(0, |text| text.len()) <= 4 * octets);
    let header = match tpdu {
        Tpdu::Deliver(deliver) => {
            let content = assemble([deliver]);
            assert_eq!(content.len(), 1);
            deliver.header()
        }
        Tpdu::Submit(submit) => submit.header(),
        _ => None,
    };
    assert!(header.map_or(0, |header| header.elements().count()) <= octets);
    let _ = header.map(|header| (header.concat(), header.ports(), header.reply_address()));
    let _ = header.map(Udh::malformed);
}

/// A text of characters that the tables have comes back from septets, packed at any bit.
/// The first three octets choose the tables and the bit.
pub fn gsm7_roundtrip(octets: &[u8]) {
    let Some(([locking, single, bit], text)) = octets.split_first_chunk::<3>() else { return };
    let tables = Tables::of(Language::from_octet(locking % 16), Language::from_octet(single % 16));
    let text = String::from_utf8_lossy(text);
    let mut septets = Vec::new();
    let written: String =
        text.chars().filter(|c| tables.encode(*c, &mut septets).is_some()).collect();
    assert_eq!(tables.decode(&septets), written);
    let start_bit = usize::from(bit % 8);
    let packed = gsm7::pack(&septets, start_bit);
    assert_eq!(gsm7::unpack(&packed, start_bit, septets.len()), septets);
    // Octets that are no text of ours must not panic either.
    let count = octets.len() * 8 / 7;
    assert!(tables.decode(&gsm7::unpack(octets, start_bit, count)).len() <= 4 * octets.len());
}
