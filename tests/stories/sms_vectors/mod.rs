//! The shared vectors, run in place: what other codecs' tests and bug reports agreed on.
//!
//! They lie in a folder `shared` beside the package, or where `SIMGATE_SHARED` says. Without it
//! the tests print why they do nothing. `at.json` is run where the AT language is tested.

mod decode;
mod fields;
mod texts;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use simgate::sms::from_hex;

/// Every file of the folder and how many vectors were run of it must be accounted for.
const FILES: [&str; 15] = [
    "cbs.json",
    "decode-aosp.json",
    "decode-atlib.json",
    "decode-gammu.json",
    "decode-handmade.json",
    "decode-modemmanager.json",
    "decode-python-gsmmodem.json",
    "decode-reports.json",
    "decode-warthog618.json",
    "encode.json",
    "fields.json",
    "gsm7.json",
    "mms.json",
    "reassemble.json",
    "segment.json",
];
const ELSEWHERE: [&str; 1] = ["at.json"];

/// The folder, or `None` after saying why not.
fn shared() -> Option<PathBuf> {
    let folder = match std::env::var_os("SIMGATE_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    if folder.join("vectors").is_dir() {
        return Some(folder);
    }
    println!("skipped: no vectors in {}; SIMGATE_SHARED can say where", folder.display());
    None
}

fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Runs `check` over the vectors of a file and reports all that fail, by id.
fn each(file: &str, check: impl Fn(&Value) -> Result<(), String>) {
    let Some(shared) = shared() else { return };
    let vectors = json(&shared.join("vectors").join(file));
    let vectors = vectors["vectors"].as_array().expect("a list of vectors");
    assert!(!vectors.is_empty(), "{file} is empty");
    let failed: Vec<String> = vectors
        .iter()
        .filter_map(|vector| Some(format!("{}: {}", vector["id"], check(vector).err()?)))
        .collect();
    assert!(failed.is_empty(), "{file}: {} failed\n{}", failed.len(), failed.join("\n"));
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), String> {
    if got == expected {
        Ok(())
    } else {
        Err(format!("{what}: got {got:?}, expected {expected:?}"))
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn octets(value: &Value, key: &str) -> Vec<u8> {
    from_hex(text(value, key)).unwrap_or_else(|e| panic!("{key} in {value}: {e}"))
}

#[test]
fn every_file_of_vectors_is_run_somewhere() {
    let Some(shared) = shared() else { return };
    let folder = fs::read_dir(shared.join("vectors")).expect("the folder of vectors");
    let mut found: Vec<String> = folder
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".json"))
        .collect();
    found.sort();
    let mut known: Vec<&str> = FILES.iter().chain(&ELSEWHERE).copied().collect();
    known.sort();
    assert_eq!(found, known);
}
