//! `gsm7.json`, `segment.json`, `reassemble.json` and the language tables.

use serde_json::{Value, json};
use simgate::sms::{
    Alphabet, Assembled, Body, Coding, Content, Deliver, Language, Pdu, SegmentError,
    SegmentOptions, Segments, Tables, Tpdu, Way, assemble, count, gsm7, segment, segment_as,
    segment_octets, to_hex, ucs2,
};

use super::{each, equal, json as read_json, number, octets, shared, text};

/// Cuts we make elsewhere to keep a grapheme whole, by id and reason. None is needed so far.
const MOVED_CUTS: [(&str, &str); 0] = [];

fn language(vector: &Value, key: &str) -> Option<Language> {
    Language::from_octet(vector[key].as_u64().unwrap_or(0) as u8)
}

fn tables(vector: &Value) -> Tables {
    Tables::of(language(vector, "nli_locking"), language(vector, "nli_single"))
}

fn septets(tables: Tables, text: &str) -> Vec<u8> {
    let mut septets = Vec::new();
    for character in text.chars() {
        tables.encode(character, &mut septets).unwrap_or_else(|| panic!("{character:?}"));
    }
    septets
}

#[test]
fn every_gsm7_vector_holds() {
    each("gsm7.json", |vector| {
        let start_bit = vector["start_bit"].as_u64().unwrap_or(0) as usize;
        match text(vector, "kind") {
            "gsm7-pack" => {
                let septets = septets(tables(vector), text(vector, "text"));
                equal("septets", septets.len() as u64, number(vector, "septets"))?;
                equal("packed", gsm7::pack(&septets, start_bit), octets(vector, "packed_hex"))
            }
            "gsm7-unpack" => {
                let count = number(vector, "septets") as usize;
                let septets = gsm7::unpack(&octets(vector, "packed_hex"), start_bit, count);
                equal("septets", septets.len(), count)?;
                equal("text", &*tables(vector).decode(&septets), text(vector, "text"))
            }
            "ussd-pad" => {
                let septets = septets(Tables::DEFAULT, text(vector, "text"));
                let packed = octets(vector, "packed_hex");
                equal("packed", &gsm7::pack_ussd(&septets), &packed)?;
                equal("unpacked", gsm7::unpack_ussd(&packed), septets)
            }
            "national" => national(vector),
            other => Err(format!("unknown kind {other}")),
        }
    });
}

/// Each of the three texts needs the very tables that [`segment`] picks by itself.
fn national(vector: &Value) -> Result<(), String> {
    let wanted = octets(vector, "septets_hex");
    equal("septets", &septets(tables(vector), text(vector, "text")), &wanted)?;
    equal("text", &*tables(vector).decode(&wanted), text(vector, "text"))?;
    let options = SegmentOptions {
        languages: language(vector, "nli_locking")
            .or(language(vector, "nli_single"))
            .into_iter()
            .collect(),
        ..SegmentOptions::default()
    };
    let cut = segment(text(vector, "text"), &options).map_err(|e| e.to_string())?;
    let elements: Vec<Value> = cut.segments[0]
        .user_data
        .header
        .iter()
        .flat_map(|header| header.elements())
        .map(|e| json!({"iei": format!("{:02X}", e.iei), "data": to_hex(e.data)}))
        .collect();
    equal("elements", &Value::from(elements), &vector["udh_elements"])
}

#[test]
fn our_tables_are_those_of_the_specification() {
    let Some(shared) = shared() else { return };
    let file = read_json(&shared.join("spec/gsm7-tables.json"));
    let tables = file["tables"].as_array().expect("tables");
    assert_eq!(tables.len(), 27);
    for table in tables {
        let language = language(table, "nli");
        let single = table["kind"] == "single";
        let ours = if single { Tables::of(None, language) } else { Tables::of(language, None) };
        for septet in 0..128_u8 {
            let listed = table["map"][format!("{septet:02X}")].as_str();
            let listed = listed.map(|hex| u32::from_str_radix(hex, 16).expect("hex"));
            let expected = match listed {
                Some(code) => char::from_u32(code).expect("a character").to_string(),
                None if single && septet != gsm7_escape() => Tables::DEFAULT.decode(&[septet]),
                None => " ".to_owned(),
            };
            let coded = if single { vec![gsm7_escape(), septet] } else { vec![septet] };
            let got = ours.decode(&coded);
            assert_eq!(got, expected, "{} {septet:02X}", text(table, "language"));
            // What is listed is written too, with the shortest septets that give it back.
            if let (Some(_), Some(character)) = (listed, got.chars().next()) {
                let mut written = Vec::new();
                assert!(ours.encode(character, &mut written).is_some_and(|n| n <= coded.len()));
                assert_eq!(ours.decode(&written), got);
            }
        }
    }
}

fn gsm7_escape() -> u8 {
    simgate::sms::charset::ESCAPE
}

#[test]
fn every_segment_vector_holds() {
    each("segment.json", |vector| match text(vector, "kind") {
        "segment" if vector["data"].is_string() => {
            let options = options(vector);
            let segments = segment_octets(&octets(vector, "data"), &options);
            let sizes: Vec<Value> = segments
                .map_err(|e| e.to_string())?
                .iter()
                .map(|s| Value::from(s.user_data.body_octets().len()))
                .collect();
            equal("octets", &Value::from(sizes), &vector["expected"]["part_octets"])
        }
        "segment" => cuts(vector),
        "single-capacity" => {
            let options = SegmentOptions {
                languages: language(vector, "nli_locking")
                    .or(language(vector, "nli_single"))
                    .into_iter()
                    .collect(),
                ..SegmentOptions::default()
            };
            let cost = count(text(vector, "text"), &options).map_err(|e| e.to_string())?;
            equal("alphabet", cost.coding.alphabet().name(), text(vector, "alphabet"))?;
            equal("units", cost.units as u64, number(&vector["expected"], "units"))?;
            let capacity = (cost.units + cost.units_left) as u64;
            equal("capacity", capacity, number(&vector["expected"], "capacity_single"))
        }
        "count" => counted(vector),
        other => Err(format!("unknown kind {other}")),
    });
}

fn options(vector: &Value) -> SegmentOptions {
    let extra = vector["extra_udh_octets"].as_u64().unwrap_or(0) as usize;
    SegmentOptions {
        wide: vector["ref_bits"] == 16,
        // An element nobody knows, as long as the vector wants it.
        elements: match extra {
            0 => Vec::new(),
            _ => [vec![0x7F, extra as u8 - 2], vec![0; extra - 2]].concat(),
        },
        ..SegmentOptions::default()
    }
}

fn cuts(vector: &Value) -> Result<(), String> {
    if MOVED_CUTS.iter().any(|(id, _)| *id == text(vector, "id")) {
        return Ok(());
    }
    let coding = match text(vector, "alphabet") {
        "ucs2" => Coding::Ucs2,
        _ => Coding::Gsm7 {
            locking: language(vector, "nli_locking"),
            single: language(vector, "nli_single"),
        },
    };
    let whole = text(vector, "text");
    let cut = segment_as(whole, coding, &options(vector)).map_err(|e| e.to_string())?;
    let Segments { segments, .. } = &cut;
    let units: Vec<usize> = segments
        .iter()
        .map(|s| match &s.user_data.body {
            Body::Septets(septets) => septets.len(),
            Body::Octets(octets) => octets.len() / 2,
        })
        .collect();
    let texts: Vec<String> = segments.iter().filter_map(|s| s.user_data.text(s.dcs)).collect();
    let expected = &vector["expected"];
    if !expected["units"].is_null() {
        equal("units", &json!(units), &expected["units"])?;
    }
    equal("texts", &json!(texts), &expected["parts"])
}

fn counted(vector: &Value) -> Result<(), String> {
    let repeat = vector["text_repeat"].as_array().expect("text_repeat");
    let whole: String = repeat
        .iter()
        .map(|pair| pair[0].as_str().unwrap().repeat(pair[1].as_u64().unwrap() as usize))
        .collect();
    let options = options(vector);
    match segment(&whole, &options) {
        Err(SegmentError::TooLong { segments }) => {
            equal("error", Some("too-long"), vector["expected"]["error"].as_str())?;
            equal("counted", count(&whole, &options).map(|c| c.segments), Ok(segments))
        }
        Ok(cut) => {
            equal("segments", Some(cut.segments.len() as u64), vector["expected"]["parts"].as_u64())
        }
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn every_reassemble_vector_holds_in_any_order_of_arrival() {
    each("reassemble.json", |vector| {
        let expected = text(&vector["expected"], "text");
        if text(vector, "kind") == "join-ucs2" {
            return joined_ucs2(vector, expected);
        }
        let mut segments: Vec<Deliver> = vector["pdus"]
            .as_array()
            .expect("pdus")
            .iter()
            .map(|pdu| deliver(pdu.as_str().expect("hex")))
            .collect();
        for _ in 0..2 {
            let whole = assemble(&segments);
            equal("messages", whole.len(), 1)?;
            equal("complete", whole[0].is_complete(), true)?;
            equal("text", &whole[0].content, &Content::Text(expected.to_owned()))?;
            segments.reverse();
        }
        Ok(())
    });
}

fn deliver(hex: &str) -> Deliver {
    match Pdu::decode(hex, Way::ToMobile).map(|pdu| pdu.tpdu) {
        Ok(Tpdu::Deliver(deliver)) => deliver,
        other => panic!("{other:?}"),
    }
}

/// The vector gives user data alone; it travels in DELIVERs of our own.
fn joined_ucs2(vector: &Value, expected: &str) -> Result<(), String> {
    let parts = vector["parts_hex"].as_array().expect("parts_hex");
    let total = parts.len() as u8;
    let segments: Vec<Deliver> = parts
        .iter()
        .zip(1..=total)
        .map(|(part, seq)| {
            let part = part.as_str().expect("hex");
            let length = 6 + part.len() / 2;
            deliver(&format!(
                "00440C914477009000210008000000000000{:02X}{length:02X}0500032A{total:02X}{seq:02X}{part}",
                0
            ))
        })
        .collect();
    let Assembled { content, .. } = assemble(&segments).remove(0);
    equal("text", content, Content::Text(expected.to_owned()))?;
    let octets = ucs2::encode(expected);
    equal("alphabet", Alphabet::Ucs2, segments[0].dcs.alphabet())?;
    equal("octets", ucs2::decode(&octets), expected.to_owned())
}
