//! What must hold for any text that a person wants to send, and for any word that is an address.
//!
//! The first five octets of an input choose: alphabet, width of the reference, class and how often
//! the text is repeated; two octets of languages; the reference; the length of a further element
//! of the header. The text follows.

use simgate::sms::{
    Address, Alphabet, Coding, Content, Deliver, Language, MessageClass, Scts, SegmentError,
    SegmentOptions, Segments, Submit, Tables, Tpdu, assemble, count, email_hint, normal_text,
    segment, segment_as, segment_octets,
};

/// More would only be slow; half of it is more than 255 segments.
const LONGEST: usize = 40_000;

/// What counting says is what cutting does, each segment fits, and the text comes back.
pub fn texts(octets: &[u8]) {
    let Some((choices, written)) = octets.split_first_chunk::<5>() else { return };
    let options = options(*choices);
    let text = normal_text(&String::from_utf8_lossy(written));
    words(&text);
    let times = [1, 2, 8, 64][usize::from(choices[0] >> 6)];
    let text = if text.len() * times <= LONGEST { text.repeat(times) } else { text };
    match (count(&text, &options), segment(&text, &options)) {
        (Ok(cost), Ok(cut)) => {
            assert_eq!((cost.coding, cost.segments), (cut.coding, cut.segments.len()));
            assert_eq!(segment_as(&text, cut.coding, &options).as_ref(), Ok(&cut));
            let ucs2 = cut.coding.alphabet() == Alphabet::Ucs2;
            let forced = ucs2 && options.alphabet.is_none();
            assert!(cost.forcing.is_empty() || forced, "{:?}", cost.forcing);
            if let Coding::Gsm7 { locking, single } = cut.coding {
                let tables = Tables::of(locking, single);
                assert!(text.chars().all(|c| tables.septets(c).is_some()));
                assert_eq!(cut.coding.language(), locking.or(single));
            }
            assert_eq!(joined(&cut, &options), Content::Text(text));
        }
        (Ok(cost), Err(SegmentError::TooLong { segments })) => {
            assert!(segments > 255 && segments == cost.segments);
        }
        (Err(counted), Err(refused)) => {
            assert_eq!(counted, refused);
            assert!(!refused.to_string().is_empty());
        }
        (cost, cut) => panic!("{cost:?}, but {cut:?}"),
    }
    data(written, &options);
}

fn options([how, high, low, reference, element]: [u8; 5]) -> SegmentOptions {
    let alphabets = [None, Some(Alphabet::Gsm7), Some(Alphabet::Ucs2), Some(Alphabet::Octets)];
    let chosen = u16::from_be_bytes([high, low]);
    let languages = Language::ALL.into_iter().filter(|l| chosen >> l.octet() & 1 == 1).collect();
    let elements = match element {
        0 => Vec::new(),
        length => [vec![0x70, length], vec![0; length.into()]].concat(),
    };
    SegmentOptions {
        alphabet: alphabets[usize::from(how & 0x03)],
        languages,
        class: MessageClass::from_number(how >> 3 & 0x07),
        reference: u16::from(reference) << 4,
        wide: how & 0x04 != 0,
        elements,
    }
}

/// The segments fit into messages, and say together what they said before.
fn joined(cut: &Segments, options: &SegmentOptions) -> Content {
    let from = Address::number_of("+447700900123").expect("a number");
    for segment in &cut.segments {
        let message = Submit::new(from, segment);
        assert_eq!(message.concat().is_some(), cut.segments.len() > 1);
        let octets = Tpdu::Submit(message).encode();
        assert!(octets.is_ok(), "{octets:?} with {options:?}");
    }
    let arrived = cut.segments.iter().map(|one| Deliver::new(from, Scts::default(), one));
    let messages = assemble(&arrived.collect::<Vec<_>>());
    assert!(messages.len() == 1 && messages[0].is_complete());
    messages[0].content.clone()
}

/// The same for octets that are no text.
fn data(octets: &[u8], options: &SegmentOptions) {
    let Ok(segments) = segment_octets(octets, options) else { return };
    let cut = Segments { coding: Coding::GSM7, segments };
    assert_eq!(joined(&cut, options), Content::Octets(octets.to_vec()));
}

/// A word that is an address is read as it was written, also from its octets.
fn words(text: &str) {
    if let Some(hint) = email_hint(text) {
        assert!(hint.address.matches('@').count() == 1 && text.ends_with(hint.text));
    }
    if let Ok(language) = text.parse::<Language>() {
        assert_eq!(language.to_string(), text.to_ascii_lowercase());
    }
    let spelled = if text == "+" { String::new() } else { text.to_ascii_lowercase() };
    for (address, says) in [(Address::number_of(text), &*spelled), (Address::name_of(text), text)] {
        match address {
            Err(refused) => assert!(!refused.to_string().is_empty()),
            Ok(address) => {
                assert_eq!(address.to_string(), says);
                if let Ok(octets) = address.octets() {
                    assert_eq!(Address::from_octets(&octets), Ok(address));
                }
            }
        }
    }
}
