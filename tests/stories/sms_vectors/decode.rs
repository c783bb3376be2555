//! `decode-*.json` through the program itself, and `encode.json` through the library.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use simgate::sms::{
    Address, Alphabet, Body, Dcs, Pdu, Pid, Rp, Scts, Submit, Tables, Tpdu, TypeOfAddress, Udh,
    UserData, ValidityPeriod, Way, from_hex, to_hex, ucs2,
};

use super::{FILES, each, equal, json, octets, shared, text};

/// Anybody can run the vectors through the binary: one line in, one JSON object out.
#[test]
fn the_program_prints_what_every_decode_vector_expects() {
    let Some(shared) = shared() else { return };
    let mut groups: BTreeMap<(bool, bool), Vec<Value>> = BTreeMap::new();
    for file in FILES.iter().filter(|file| file.starts_with("decode-")) {
        for vector in json(&shared.join("vectors").join(file))["vectors"].as_array().unwrap() {
            let mo = vector["direction"] == "mo";
            let no_smsc = vector["smsc_prefix"] == false;
            groups.entry((mo, no_smsc)).or_default().push(vector.clone());
        }
    }
    let mut failed = Vec::new();
    for ((mo, no_smsc), vectors) in groups {
        let lines = pdu_decode(mo, no_smsc, &vectors);
        assert_eq!(lines.len(), vectors.len());
        for (vector, line) in vectors.iter().zip(lines) {
            let expected = vector["expected"].as_object().expect("expected fields");
            for (key, expected) in expected {
                let got = line.get(key).unwrap_or(&Value::Null);
                if got != expected {
                    failed.push(format!("{} {key}: got {got}, expected {expected}", vector["id"]));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn pdu_decode(mo: bool, no_smsc: bool, vectors: &[Value]) -> Vec<Value> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_simgate"));
    program.args(["pdu", "decode", "--json", "-"]);
    program.args(mo.then_some("--mo")).args(no_smsc.then_some("--no-smsc"));
    program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = program.spawn().expect("the program starts");
    let input: String = vectors.iter().map(|v| format!("{}\n", text(v, "pdu_hex"))).collect();
    let mut stdin = running.stdin.take().expect("a standard input");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = running.wait_with_output().expect("the program ends");
    writer.join().unwrap().expect("the program reads");
    let invalid = vectors.iter().any(|vector| vector["kind"] == "invalid");
    assert_eq!(output.status.code(), Some(i32::from(invalid)));
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What decodes without anything being read past encodes to the same octets.
#[test]
fn every_decode_vector_encodes_to_the_same_octets_or_says_why_not() {
    for file in FILES.iter().filter(|file| file.starts_with("decode-")) {
        each(file, |vector| {
            let Ok(octets) = from_hex(text(vector, "pdu_hex")) else { return Ok(()) };
            let way = match text(vector, "direction") {
                "mt" => Way::ToMobile,
                "mo" => Way::FromMobile,
                _ => Way::Stored,
            };
            let decoded = if vector["smsc_prefix"] == true {
                Pdu::decode_noting(&octets, way)
                    .map(|(pdu, ignored)| (pdu.octets().expect("octets"), ignored))
            } else {
                Tpdu::decode_noting(&octets, way)
                    .map(|(tpdu, ignored)| (tpdu.encode().expect("octets"), ignored))
            };
            equal("readable", decoded.is_ok(), vector["kind"] != "invalid")?;
            match decoded {
                Ok((again, ignored)) if ignored.is_empty() => equal("octets", again, octets),
                Ok((again, _)) => equal("differs", again != octets, true),
                Err(_) => Ok(()),
            }
        });
    }
}

/// The relay layer form is told by the vector here; above it was found out from the octets.
#[test]
fn reports_read_in_the_form_they_came_in() {
    for file in ["decode-handmade.json", "decode-warthog618.json"] {
        each(file, |vector| {
            let rp = match vector["rp"].as_str() {
                Some("ack") => Rp::Ack,
                Some(_) => Rp::Error,
                None => return Ok(()),
            };
            let mo = vector["direction"] == "mo";
            let way = if mo { Way::FromMobile } else { Way::ToMobile };
            let read = Tpdu::decode_report(&octets(vector, "pdu_hex"), way, rp);
            equal("readable", read.is_ok(), vector["kind"] != "invalid")?;
            let octets = octets(vector, "pdu_hex");
            read.map_or(Ok(()), |read| equal("octets", read.encode(), Ok(octets)))
        });
    }
}

#[test]
fn every_encode_vector_gives_its_octets() {
    each("encode.json", |vector| {
        let input = &vector["input"];
        let dcs = Dcs(u8::try_from(input["dcs"].as_u64().unwrap_or(0)).unwrap());
        let submit = Submit {
            reject_duplicates: input["rd"] == true,
            report: input["srr"] == true,
            reply_path: false,
            reference: input["mr"].as_u64().unwrap_or(0) as u8,
            destination: address(input, "da", "da_toa"),
            pid: Pid(input["pid"].as_u64().unwrap_or(0) as u8),
            dcs,
            validity: validity(&input["vp"]),
            user_data: user_data(input, dcs),
        };
        let smsc = input["smsc"].is_string().then(|| address(input, "smsc", "smsc_toa"));
        let pdu = Pdu { smsc, tpdu: Tpdu::Submit(submit) };
        let hex = if input["no_smsc_prefix"] == true {
            to_hex(&pdu.tpdu.encode().map_err(|e| e.to_string())?)
        } else {
            pdu.to_hex().map_err(|e| e.to_string())?
        };
        equal("octets", hex, text(vector, "pdu_hex").to_uppercase())?;
        let tpdu_octets = vector["tpdu_octets"].as_u64().map(|octets| octets as usize);
        equal("tpdu_octets", pdu.tpdu_octets().ok(), tpdu_octets)
    });
}

fn address(input: &Value, number: &str, toa: &str) -> Address {
    let number = text(input, number);
    let address = match input[toa].as_u64() {
        None => Address::number_of(number),
        Some(toa) => {
            let digits = number.strip_prefix('+').unwrap_or(number);
            Address::digits(TypeOfAddress::new(u8::try_from(toa).unwrap()), digits)
        }
    };
    address.unwrap_or_else(|error| panic!("{number}: {error}"))
}

fn validity(vp: &Value) -> Option<ValidityPeriod> {
    if vp["octet"].is_string() {
        return Some(ValidityPeriod::Relative(octets(vp, "octet")[0]));
    }
    let stamp = vp["hex"].is_string().then(|| octets(vp, "hex").try_into().expect("7 octets"))?;
    Some(ValidityPeriod::Absolute(Scts(stamp)))
}

fn user_data(input: &Value, dcs: Dcs) -> UserData {
    let header = input["udh"].as_array().map(|elements| {
        let mut header = Udh::default();
        for element in elements {
            header.push(octets(element, "iei")[0], &octets(element, "data")).expect("room");
        }
        header
    });
    let body = match dcs.alphabet() {
        Alphabet::Gsm7 => {
            let mut septets = Vec::new();
            for character in text(input, "text").chars() {
                Tables::DEFAULT.encode(character, &mut septets).expect("a GSM character");
            }
            Body::Septets(septets)
        }
        Alphabet::Ucs2 => Body::Octets(ucs2::encode(text(input, "text"))),
        Alphabet::Octets => Body::Octets(octets(input, "data")),
    };
    UserData { header, body }
}
