//! Laws of the SMS codec, over random messages, texts and octets.

use std::path::Path;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use simgate::sms::{
    Address, Body, Command, Content, Dcs, Deliver, DeliverReport, FailureCause, Language,
    Parameters, Pid, Rp, Scts, SegmentOptions, Status, StatusReport, Submit, SubmitReport, Tail,
    Tpdu, Udh, UserData, ValidityPeriod, Way, assemble, count, segment,
};

use crate::sms_laws as laws;

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        "\\+?[0-9*#abc]{0,20}".prop_map(|number| Address::number_of(&number).unwrap()),
        "[A-Za-z0-9 @]{0,11}".prop_map(|name| Address::name_of(&name).unwrap()),
    ]
}

fn scts() -> impl Strategy<Value = Scts> {
    any::<[u8; 7]>().prop_map(Scts)
}

/// User data that fits a TPDU, headers of any octets included, with the DCS it is read by.
fn user_data() -> impl Strategy<Value = (Dcs, UserData)> {
    let header = option::of(vec(any::<u8>(), 0..40).prop_map(Udh::from_octets));
    (any::<u8>().prop_map(Dcs), header, vec(any::<u8>(), 0..99)).prop_map(
        |(dcs, header, octets)| {
            let septets = dcs.alphabet() == simgate::sms::Alphabet::Gsm7 && !dcs.compressed();
            let body = if septets {
                Body::Septets(octets.iter().map(|octet| octet & 0x7F).collect())
            } else {
                Body::Octets(octets)
            };
            (dcs, UserData { header, body })
        },
    )
}

fn deliver() -> impl Strategy<Value = Deliver> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (flags, address(), any::<u8>().prop_map(Pid), scts(), user_data()).prop_map(
        |((more, looped, report, reply, reserved), originator, pid, scts, (dcs, user_data))| {
            Deliver {
                more_messages: more,
                loop_prevention: looped,
                report_to_sender: report,
                reply_path: reply,
                originator,
                pid,
                dcs,
                scts,
                user_data,
                reserved_bits: if reserved { 0x10 } else { 0 },
            }
        },
    )
}

fn submit() -> impl Strategy<Value = Submit> {
    let validity = option::of(prop_oneof![
        any::<u8>().prop_map(ValidityPeriod::Relative),
        any::<[u8; 7]>().prop_map(ValidityPeriod::Enhanced),
        scts().prop_map(ValidityPeriod::Absolute),
    ]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (flags, any::<u8>(), address(), any::<u8>().prop_map(Pid), validity, user_data()).prop_map(
        |((rd, report, reply), reference, destination, pid, validity, (dcs, user_data))| Submit {
            reject_duplicates: rd,
            report,
            reply_path: reply,
            reference,
            destination,
            pid,
            dcs,
            validity,
            user_data,
        },
    )
}

fn parameters() -> impl Strategy<Value = Parameters> {
    let extensions = vec(0..0x80_u8, 0..3).prop_map(|mut octets| {
        let last = octets.len().saturating_sub(1);
        octets.iter_mut().take(last).for_each(|octet| *octet |= 0x80);
        octets
    });
    (option::of(any::<u8>()), option::of(user_data()), 0..16_u8, extensions).prop_map(
        |(pid, data, reserved, extensions)| Parameters {
            pid: pid.map(Pid),
            dcs: data.as_ref().map(|(dcs, _)| *dcs),
            user_data: data.map(|(_, user_data)| user_data),
            reserved_bits: reserved << 3,
            extensions,
        },
    )
}

fn status_report() -> impl Strategy<Value = StatusReport> {
    let tail = prop_oneof![Just(Tail::Absent), parameters().prop_map(Tail::Parameters)];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (flags, any::<u8>(), address(), scts(), scts(), any::<u8>(), tail).prop_map(
        |((more, looped, command), reference, recipient, scts, discharge, status, tail)| {
            StatusReport {
                more_messages: more,
                loop_prevention: looped,
                on_command: command,
                tail,
                ..StatusReport::new(reference, recipient, scts, discharge, Status(status))
            }
        },
    )
}

fn command() -> impl Strategy<Value = Command> {
    let numbers = (any::<u8>(), any::<u8>(), any::<u8>(), any::<u8>());
    (any::<bool>(), any::<bool>(), numbers, address(), vec(any::<u8>(), 0..=157)).prop_map(
        |(report, with_header, (reference, pid, kind, message), destination, data)| Command {
            report,
            with_header,
            reference,
            pid: Pid(pid),
            kind,
            message,
            destination,
            data,
            reserved_bits: 0,
        },
    )
}

/// Any message, the way it travels and, for reports, what it travels in.
fn message() -> impl Strategy<Value = (Tpdu, Way, Rp)> {
    let cause = || option::of(any::<u8>().prop_map(FailureCause));
    let rp = |cause: Option<FailureCause>| if cause.is_some() { Rp::Error } else { Rp::Ack };
    prop_oneof![
        deliver().prop_map(|m| (Tpdu::Deliver(m), Way::ToMobile, Rp::Ack)),
        submit().prop_map(|m| (Tpdu::Submit(m), Way::FromMobile, Rp::Ack)),
        submit().prop_map(|m| (Tpdu::Submit(m), Way::Stored, Rp::Ack)),
        status_report().prop_map(|m| (Tpdu::StatusReport(m), Way::ToMobile, Rp::Ack)),
        command().prop_map(|m| (Tpdu::Command(m), Way::FromMobile, Rp::Ack)),
        (cause(), scts(), parameters()).prop_map(move |(cause, scts, parameters)| {
            let report = SubmitReport { cause, scts, parameters, reserved_bits: 0 };
            (Tpdu::SubmitReport(report), Way::ToMobile, rp(cause))
        }),
        (cause(), parameters()).prop_map(move |(cause, parameters)| {
            let report = DeliverReport { cause, parameters, reserved_bits: 0 };
            (Tpdu::DeliverReport(report), Way::FromMobile, rp(cause))
        }),
    ]
}

/// Texts that mix what is cheap, dear and inseparable.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[a-zA-Z0-9 ,.\n]{1,30}",
        2 => "[€{}\\[\\]~|^\\\\]{1,9}",
        1 => "[ĞŞİğşıçÁÍÓÚãõ]{1,9}",
        1 => "[а-яА-Я]{1,20}",
        1 => Just("👨‍👩‍👧‍👦".to_owned()),
        1 => Just("🇬🇧👍🏽e\u{301}\r\n".to_owned()),
        1 => any::<char>().prop_filter("a byte order mark is no text", |c| *c != '\u{FEFF}')
            .prop_map(String::from),
    ];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn options() -> impl Strategy<Value = SegmentOptions> {
    let languages = prop_oneof![
        2 => Just(Vec::new()),
        1 => proptest::sample::subsequence(Language::ALL.to_vec(), 0..=3),
    ];
    (languages, any::<u16>(), any::<bool>()).prop_map(|(languages, reference, wide)| {
        SegmentOptions { languages, reference, wide, ..SegmentOptions::default() }
    })
}

fn delivers(text: &str, options: &SegmentOptions) -> Vec<Deliver> {
    let from = Address::number_of("+447700900123").unwrap();
    let cut = segment(text, options).unwrap();
    cut.segments.iter().map(|segment| Deliver::new(from, Scts::default(), segment)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_decodes_to_the_same_message((message, way, rp) in message()) {
        let octets = message.encode().expect("it fits");
        prop_assert_eq!(Tpdu::decode_report(&octets, way, rp), Ok(message));
    }

    #[test]
    fn no_strict_prefix_of_a_message_is_a_message((message, way, rp) in message()) {
        let octets = message.encode().expect("it fits");
        for length in 0..octets.len() {
            let read = Tpdu::decode_report(&octets[..length], way, rp);
            // A status report counts once its status is there, whatever follows.
            let whole_enough = matches!(&read, Ok(Tpdu::StatusReport(_)));
            prop_assert!(read.is_err() || whole_enough, "{} of {}", length, octets.len());
        }
    }

    #[test]
    fn any_octets_are_read_or_refused(octets in vec(any::<u8>(), 0..200)) {
        laws::tpdu(&octets);
        laws::gsm7_roundtrip(&octets);
    }

    #[test]
    fn a_message_with_a_flipped_octet_is_read_or_refused(
        (message, way, _) in message(),
        at in any::<proptest::sample::Index>(),
        with in any::<u8>(),
    ) {
        let mut octets = message.encode().expect("it fits");
        let at = at.index(octets.len());
        octets[at] ^= with;
        octets.insert(0, way as u8);
        laws::tpdu(&octets);
    }

    #[test]
    fn a_text_comes_back_from_its_segments_in_any_order_with_repeats(
        text in text(),
        options in options(),
        order in vec(any::<proptest::sample::Index>(), 0..40),
    ) {
        let sent = delivers(&text, &options);
        // Every segment once, some of them again, in an order of chance.
        let mut arrived: Vec<&Deliver> = sent.iter().collect();
        for (i, index) in order.iter().enumerate() {
            arrived.insert(index.index(arrived.len() + 1), &sent[i % sent.len()]);
        }
        let messages = assemble(arrived.iter().copied());
        if sent.len() == 1 {
            prop_assert_eq!(messages.len(), arrived.len());
        } else {
            prop_assert_eq!(messages.len(), 1);
            prop_assert_eq!(messages[0].repeated, arrived.len() - sent.len());
        }
        prop_assert!(messages[0].is_complete());
        prop_assert_eq!(&messages[0].content, &Content::Text(text));
    }

    #[test]
    fn counting_says_what_cutting_does(text in text(), options in options()) {
        let cost = count(&text, &options).unwrap();
        let cut = segment(&text, &options).unwrap();
        prop_assert_eq!(cost.coding, cut.coding);
        prop_assert_eq!(cost.segments, cut.segments.len());
        for segment in &cut.segments {
            let message = Submit::new(Address::number_of("+15550100").unwrap(), segment);
            prop_assert!(Tpdu::Submit(message).encode().is_ok());
        }
    }
}

/// The corpora of the fuzzer hold what it found once and what we thought of ourselves.
#[test]
fn the_corpora_of_the_fuzz_targets_keep_the_laws() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (target, law) in [
        ("tpdu", laws::tpdu as fn(&[u8])),
        ("gsm7_roundtrip", laws::gsm7_roundtrip),
        ("concatenation", laws::concatenation),
        ("cell_broadcast", laws::cell_broadcast),
        ("texts", crate::text_fuzz::texts),
    ] {
        let files = std::fs::read_dir(corpus.join(target)).expect("a corpus");
        let inputs: Vec<Vec<u8>> = files
            .map(|file| std::fs::read(file.expect("a file").path()).expect("octets"))
            .collect();
        assert!(!inputs.is_empty(), "the corpus of {target} is empty");
        inputs.iter().for_each(|input| law(input));
    }
}
