//! Answers of real modems, published by other projects, read by our commands.
//!
//! The vectors are not ours and stay where they are: `../shared/vectors/at.json`, or below the
//! folder that `SIMGATE_SHARED` names.

use serde_json::Value;
use simgate::at::commands::general::{ModemClock, QueryClock};
use simgate::at::commands::network::{Domain, QuerySignalDetail, Registration, SignalDetail};
use simgate::at::commands::sim::{QueryOwnNumbers, QuerySim, SimState};
use simgate::at::commands::sms::{
    Centre, ListIndications, ListStorages, QueryStorages, Storage, StorageFill,
};
use simgate::at::commands::ussd::{UssdForm, UssdReply, UssdStatus};
use simgate::at::{CmeError, Command, FinalResult, Hint, RawLine};
use simgate::sms::{Tables, gsm7};

use crate::talk::{info, raw_lines};

#[test]
fn every_published_answer_is_read_as_its_project_reads_it() {
    let shared = std::env::var_os("SIMGATE_SHARED").map(std::path::PathBuf::from);
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let file = shared.unwrap_or(beside).join("vectors/at.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: {} is not here", file.display());
        return;
    };
    let file: Value = serde_json::from_str(&text).expect("a JSON file");
    let vectors = file["vectors"].as_array().expect("a list of vectors");
    let wrong: Vec<String> = vectors
        .iter()
        .filter(|vector| !EXCEPTIONS.iter().any(|(id, _)| vector["id"] == *id))
        .filter_map(|vector| check(vector).err())
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), vectors.len(), wrong.join("\n"));
}

/// Vectors that we do not follow, and why.
const EXCEPTIONS: &[(&str, &str)] =
    &[("gammu-csca-0", "its hexadecimal holds eleven digits, its expected number twelve")];

fn check(vector: &Value) -> Result<(), String> {
    let line = vector["line"].as_str().unwrap_or_default();
    let expected = &vector["expected"];
    let read = match vector["kind"].as_str().unwrap_or_default() {
        "creg" => registration(line, vector["solicited"] == true),
        "cpin" => sim(line),
        "cclk" => clock(line),
        "cesq" => signal(line, expected),
        "cpms-test" => storages(line),
        "cpms-query" => fills(line),
        "cnum" => numbers(line),
        "csca" => centre(line),
        "cnmi-test" => indications(line),
        "cusd" => ussd(line),
        "final-result" => final_result(line),
        "echo" => return echo(line, expected),
        kind => return Err(format!("{}: no test for {kind}", vector["id"])),
    };
    let agrees = expected.as_object().is_some_and(|fields| {
        fields.iter().all(|(name, value)| same(value, read.get(name).unwrap_or(&Value::Null)))
    });
    if agrees { Ok(()) } else { Err(format!("{}: {expected} but read {read}", vector["id"])) }
}

/// JSON tells 1 from 1.0; the vectors do not mean to.
fn same(expected: &Value, read: &Value) -> bool {
    match (expected.as_f64(), read.as_f64()) {
        (Some(expected), Some(read)) => (expected - read).abs() < 1e-9,
        _ => expected == read,
    }
}

fn first_line(bytes: &str) -> String {
    let bytes = format!("{bytes}\r\n");
    let text = raw_lines(bytes.as_bytes(), Hint::Line).into_iter().find_map(|line| match line {
        RawLine::Text { text, .. } => Some(text),
        _ => None,
    });
    text.unwrap_or_default()
}

fn registration(bytes: &str, asked: bool) -> Value {
    let line = first_line(bytes);
    let (prefix, rest) = line.split_at(line.find(':').map_or(0, |colon| colon + 1));
    let registration =
        Domain::of_prefix(prefix).and_then(|domain| Registration::parse(domain, rest, asked));
    registration.map_or(
        Value::Null,
        |r| serde_json::json!({ "stat": r.stat, "lac": r.area, "ci": r.cell, "act": r.technology }),
    )
}

fn sim(line: &str) -> Value {
    match FinalResult::parse(line, false) {
        Some(FinalResult::Cme(CmeError::Code(code))) => {
            serde_json::json!({ "error": { "family": "CME", "code": code } })
        }
        _ => match QuerySim.parse(&info(&QuerySim, line)) {
            // Both second codes are one state to us: messages work without either.
            Ok(SimState::SecondPin) if line.contains("PUK2") => {
                serde_json::json!({ "state": "SIM PUK2" })
            }
            Ok(state) => serde_json::json!({ "state": state.words() }),
            Err(_) => Value::Null,
        },
    }
}

fn clock(line: &str) -> Value {
    let clock = QueryClock.parse(&info(&QueryClock, line)).ok().flatten();
    let local = clock.map(|ModemClock { date: (y, mo, d), time: (h, mi, s), .. }| {
        format!("{y:04}-{mo:02}-{d:02}T{h:02}:{mi:02}:{s:02}")
    });
    serde_json::json!({ "local": local, "offset_minutes": clock.and_then(|c| c.offset_minutes) })
}

/// Fields not listed are unknown, so ours must be too.
fn signal(line: &str, expected: &Value) -> Value {
    let detail = QuerySignalDetail.parse(&info(&QuerySignalDetail, line)).unwrap_or_default();
    let SignalDetail { rssi, error_rate, rscp, ecno, rsrq, rsrp } = detail;
    let tenths = |level: Option<i16>| level.map(|level| f64::from(level) / 10.0);
    let read = serde_json::json!({
        "rssi_dbm": tenths(rssi), "ber": error_rate, "rscp_dbm": tenths(rscp),
        "ecno_db": tenths(ecno), "rsrq_db": tenths(rsrq), "rsrp_dbm": tenths(rsrp),
    });
    let extra = read.as_object().into_iter().flatten();
    let extra = extra.filter(|(name, value)| !value.is_null() && expected.get(name).is_none());
    if extra.count() > 0 { Value::Null } else { read }
}

fn storages(line: &str) -> Value {
    let choices = ListStorages.parse(&info(&ListStorages, line)).unwrap_or_default();
    let names = |list: Vec<Storage>| list.iter().map(|storage| storage.name()).collect::<Vec<_>>();
    serde_json::json!({ "mem": [names(choices.read), names(choices.write), names(choices.receive)] })
}

fn fills(line: &str) -> Value {
    let fills = QueryStorages.parse(&info(&QueryStorages, line)).unwrap_or_default();
    let group = |fill: &StorageFill| {
        serde_json::json!([fill.storage.map(Storage::name), fill.used, fill.total])
    };
    serde_json::json!({ "mem": fills.iter().map(group).collect::<Vec<_>>() })
}

fn numbers(line: &str) -> Value {
    let numbers = QueryOwnNumbers.parse(&info(&QueryOwnNumbers, line)).unwrap_or_default();
    serde_json::json!({ "numbers": numbers })
}

fn centre(line: &str) -> Value {
    let centre = Centre::parse(first_line(line).trim_start_matches("+CSCA:"));
    serde_json::json!({
        "number": centre.as_ref().map(|centre| &centre.number),
        "ucs2": centre.as_ref().is_some_and(|centre| centre.ucs2),
    })
}

fn indications(line: &str) -> Value {
    let choices = ListIndications.parse(&info(&ListIndications, line));
    serde_json::json!({ "ranges": choices.map(|choices| choices.0.to_vec()).unwrap_or_default() })
}

fn ussd(line: &str) -> Value {
    let line = first_line(line);
    let Some(reply) = UssdReply::parse(line.trim_start_matches("+CUSD:")) else {
        return Value::Null;
    };
    let unpack = |octets: &[u8]| Tables::of(None, None).decode(&gsm7::unpack_ussd(octets));
    let (form, text) = reply.decode(unpack);
    let form = match form {
        UssdForm::Text => "text",
        UssdForm::Ucs2Hex => "ucs2-hex",
        UssdForm::PackedHex => "gsm7-packed-hex",
        UssdForm::OctetHex => "8bit-hex",
    };
    let m = match reply.status {
        UssdStatus::Done => 0,
        UssdStatus::Answer => 1,
        UssdStatus::Ended => 2,
        UssdStatus::Elsewhere => 3,
        UssdStatus::NotSupported => 4,
        UssdStatus::Timeout => 5,
    };
    serde_json::json!({ "m": m, "dcs": reply.dcs, "form": form, "text": text })
}

fn final_result(line: &str) -> Value {
    let result = FinalResult::parse(&first_line(line), true);
    let word = result.map(|result| if result.is_ok() { "ok" } else { "error" });
    serde_json::json!({ "final": word })
}

/// Lines before the first line end are echo: `fresh` tells them.
fn echo(line: &str, expected: &Value) -> Result<(), String> {
    let texts = |bytes: &str, all: bool| {
        let bytes = format!("{bytes}\r\n");
        let lines = raw_lines(bytes.as_bytes(), Hint::Line).into_iter();
        let texts = lines.filter_map(|line| match line {
            RawLine::Text { text, fresh } if fresh || all => Some(text),
            _ => None,
        });
        texts.collect::<Vec<_>>()
    };
    let left = expected["without_echo"].as_str().unwrap_or_default();
    let (read, wanted) = (texts(line, false), texts(left, true));
    if read == wanted { Ok(()) } else { Err(format!("{line:?}: {read:?}, not {wanted:?}")) }
}
