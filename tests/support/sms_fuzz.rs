//! What must hold for any octets the SMS codec is given.
//!
//! The fuzz targets and the tests call the same functions, so that a finding of the fuzzer is a
//! failing test as soon as its file lies in the corpus.
#![allow(dead_code, reason = "each fuzz target uses its own half")]

use simgate::sms::cbs::{self, CbsPage, EtwsPrimary};
use simgate::sms::mms::MmsNotification;
use simgate::sms::{
    Address, Assembled, Dcs, DecodeError, Deliver, FailureCause, Language, Pdu, Rp, Scts, Submit,
    Tables, Tpdu, Udh, ValidityPeriod, Way, assemble, from_hex, gsm7, to_hex,
};
use simgate::types::Millis;

/// Decoding never panics and stays small; what was accepted encodes to the same octets, or the
/// codec said what it read past. The first octet chooses the way the rest travelled.
pub fn tpdu(octets: &[u8]) {
    let Some((choice, octets)) = octets.split_first() else { return };
    let way = [Way::ToMobile, Way::FromMobile, Way::Stored][usize::from(choice % 3)];
    match Tpdu::decode_noting(octets, way) {
        Err(error) => refused(error, octets.len()),
        Ok((tpdu, ignored)) => {
            bounded(&tpdu, octets.len());
            told(&tpdu);
            assert_eq!(ignored.is_empty(), ignored.to_string().is_empty());
            if let Ok(again) = tpdu.encode() {
                assert_eq!(again.first(), Some(&tpdu.first_octet()));
                assert_eq!(again == octets, ignored.is_empty(), "{tpdu:?} ({ignored})");
                assert_eq!(Tpdu::decode(&again, way), Ok(tpdu));
            }
        }
    }
    for rp in [Rp::Ack, Rp::Error] {
        if let Ok(tpdu) = Tpdu::decode_report(octets, way, rp)
            && let Ok(again) = tpdu.encode()
        {
            told(&tpdu);
            assert_eq!(Tpdu::decode_report(&again, way, rp), Ok(tpdu));
        }
    }
    match Pdu::decode_noting(octets, way) {
        Err(error) => refused(error, octets.len()),
        Ok((pdu, ignored)) => {
            pdu.smsc.iter().for_each(address);
            if let (Ok(again), Ok(hex)) = (pdu.octets(), pdu.to_hex()) {
                assert_eq!(again == octets, ignored.is_empty(), "{pdu:?} ({ignored})");
                assert!(pdu.tpdu_octets().is_ok_and(|tpdu| tpdu < again.len()));
                assert_eq!(Pdu::decode(&hex.to_ascii_lowercase(), way), Ok(pdu));
            }
        }
    }
    assert_eq!(from_hex(&to_hex(octets)).as_deref(), Ok(octets));
    let typed = String::from_utf8_lossy(octets);
    let _ = from_hex(&typed).map_err(|error| refused(error, typed.len()));
    let _ = CbsPage::decode(octets).map(|page| (page.text(), page.language()));
    let _ = CbsPage::decode_umts(octets);
    if let Ok(notification) = MmsNotification::decode(octets) {
        assert_eq!(notification.sender().is_some(), notification.from.is_some());
    }
}

/// An error has words, and points into what was read.
fn refused(error: DecodeError, octets: usize) {
    assert!(error.octet() <= octets, "{error:?}");
    assert!(!error.code().is_empty() && !error.to_string().is_empty());
    assert!(error.field().is_none_or(|field| error.to_string().contains(field.name())));
}

/// What a message says beside its text: there is a word for every octet, and what is read from
/// words is what was meant.
fn told(tpdu: &Tpdu) {
    assert!(!format!("{tpdu:?}").is_empty());
    if let Tpdu::Deliver(Deliver { user_data, .. }) | Tpdu::Submit(Submit { user_data, .. }) = tpdu
    {
        assert!(user_data.body_octets().len() <= user_data.length());
    }
    match tpdu {
        Tpdu::Deliver(deliver) => {
            address(&deliver.originator);
            scheme(deliver.dcs);
            stamp(deliver.scts);
            let _ = deliver.pid.purpose();
            let waiting = deliver.message_waiting();
            assert!(!deliver.only_indicates() || !waiting.is_empty());
            assert!(waiting.iter().all(|one| (1..=4).contains(&one.profile)));
            assert!(waiting.iter().all(|one| !one.kind.name().is_empty()));
        }
        Tpdu::Submit(submit) => {
            address(&submit.destination);
            scheme(submit.dcs);
            let _ = (submit.pid.purpose(), submit.concat());
            if let Some(period) = submit.validity {
                let seconds = period.seconds();
                if let (ValidityPeriod::Relative(_), Some(seconds)) = (period, seconds) {
                    let wanted = Millis::from_secs(seconds.into());
                    assert_eq!(ValidityPeriod::at_least(wanted), period);
                }
            }
        }
        Tpdu::StatusReport(report) => {
            address(&report.recipient);
            stamp(report.scts);
            stamp(report.discharge);
            let status = report.status;
            assert!(!status.meaning().is_empty() && !status.class().name().is_empty());
            let _ = status.is_final();
        }
        Tpdu::SubmitReport(report) => {
            report.cause.into_iter().for_each(cause);
            stamp(report.scts);
            let _ = report.parameters.text();
        }
        Tpdu::DeliverReport(report) => {
            report.cause.into_iter().for_each(cause);
            let _ = report.parameters.text();
        }
        Tpdu::Command(command) => {
            address(&command.destination);
            let header = command.header().map_or(0, |header| 1 + header.octets().len());
            assert!(header + command.content().len() <= command.data.len());
        }
    }
}

/// The digits of a number make that number again.
fn address(address: &Address) {
    let number = address.to_string();
    let kind = address.type_of_address();
    assert_eq!(address.is_alphanumeric(), kind.ton() == 5, "plan {}", kind.npi());
    assert!(address.is_alphanumeric() || number.len() <= 1 + address.digit_count());
    if !address.is_alphanumeric() {
        let digits = Address::digits(kind, number.trim_start_matches('+')).expect("digits");
        assert_eq!(digits.number(), number);
    }
}

/// A time that can be one is told and made of its instant again.
fn stamp(scts: Scts) {
    let Some(local) = scts.local() else { return assert_eq!(scts.unix(), None) };
    assert!(local.to_string().starts_with(['1', '2']));
    if let (Some(unix), Some(offset)) = (scts.unix(), local.offset_minutes) {
        assert_eq!(Scts::at(unix, offset).and_then(Scts::local), Some(local));
    }
}

fn scheme(dcs: Dcs) {
    let alphabet = dcs.alphabet();
    assert!(!alphabet.to_string().is_empty() && !alphabet.name().is_empty());
    assert!(!alphabet.word().is_empty());
    assert!(dcs.class().is_none_or(|class| class.number() <= 3));
    let _ = (dcs.auto_delete(), dcs.compressed());
}

fn cause(cause: FailureCause) {
    assert!(!cause.meaning().is_empty());
    let _ = cause.class();
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
    // 23.038 §6.1.2.3.1: a text that ends in CR on an octet boundary may come back with another.
    let ussd = gsm7::unpack_ussd(&gsm7::pack_ussd(&septets));
    assert!(ussd == septets || ussd.strip_suffix(b"\r") == Some(&septets), "{ussd:?}");
    assert!(text.chars().all(|c| tables.septets(c) == tables.encode(c, &mut Vec::new())));
    // Octets that are no text of ours must not panic either.
    let count = octets.len() * 8 / 7;
    assert!(tables.decode(&gsm7::unpack(octets, start_bit, count)).len() <= 4 * octets.len());
}

/// Any headers in any segments: each segment is in one message or was a repetition, and a header
/// is its elements. A record is the length of a user data header with its text, the DCS, then both.
pub fn concatenation(octets: &[u8]) {
    let segments: Vec<Deliver> = records(octets).filter_map(deliver).collect();
    for header in segments.iter().filter_map(Deliver::header) {
        let mut again = Udh::default();
        for element in header.elements() {
            again.push(element.iei, element.data).expect("it was one");
        }
        assert!(header.octets().starts_with(again.octets()), "{header:?}");
        assert_eq!(again.octets() != header.octets(), header.malformed(), "{header:?}");
        assert_eq!(again.concat(), header.concat());
        let _ = (header.ports(), header.reply_address(), header.tables());
    }
    let messages = assemble(&segments);
    let held = |message: &Assembled| {
        let total = message.key.map_or(1, |key| usize::from(key.total));
        assert!(message.missing.is_sorted() && message.missing.len() < total);
        total - message.missing.len() + message.repeated
    };
    assert_eq!(messages.iter().map(held).sum::<usize>(), segments.len());
    // A message that comes a second time says what it said.
    let twice = assemble(segments.iter().chain(&segments));
    let keyed = |all: &[Assembled]| {
        let keyed = all.iter().filter(|message| message.key.is_some());
        keyed.map(|message| message.content.clone()).collect::<Vec<_>>()
    };
    assert_eq!(keyed(&messages), keyed(&twice));
}

/// Any pages of cell broadcast are texts of bounded length; what is missing is told.
/// A record is the length of a page, an octet that is not used, then the page.
pub fn cell_broadcast(octets: &[u8]) {
    let mut pages: Vec<CbsPage> = Vec::new();
    for (_, record) in records(octets) {
        let _ = EtwsPrimary::decode(record);
        let umts = CbsPage::decode_umts(record).unwrap_or_default();
        assert!(umts.len() <= record.len() / 82);
        pages.extend(umts);
        pages.extend(CbsPage::decode(record));
    }
    for page in &pages {
        let text = page.text().unwrap_or_default();
        assert!(text.len() <= 5 * page.content.len(), "{page:?}");
        let _ = (page.language(), page.geographic_scope(), page.message_code());
        assert!(page.update_number() <= 15);
        let _ = (page.dcs.alphabet(), page.dcs.class(), page.dcs.compressed());
    }
    let messages = cbs::join(&pages);
    assert!(messages.len() <= pages.len());
    assert!(messages.iter().all(|message| message.missing.is_sorted()));
}

/// Pieces that say themselves how long they are; an octet stands before each.
fn records(octets: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let (&[length, note], after) = rest.split_first_chunk::<2>()?;
        let (record, after) = after.split_at(usize::from(length).min(after.len()));
        rest = after;
        Some((note, record))
    })
}

/// A segment from one sender with the user data of `record`, which begins with a header.
fn deliver((dcs, record): (u8, &[u8])) -> Option<Deliver> {
    let record = record.get(..record.len().min(140))?;
    let septets = matches!(dcs & 0x0C, 0x00 | 0x0C);
    let length = if septets { record.len() * 8 / 7 } else { record.len() };
    let mut tpdu = vec![0x40, 0x04, 0x81, 0x21, 0x43, 0x00, dcs, 0x62, 0x11, 0x22, 0, 0, 0, 0];
    tpdu.push(u8::try_from(length).ok()?);
    tpdu.extend(record);
    match Tpdu::decode(&tpdu, Way::ToMobile).ok()? {
        Tpdu::Deliver(deliver) => Some(deliver),
        _ => None,
    }
}
