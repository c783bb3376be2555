//! The mails of `tests/golden/email`: `NAME.eml` is a mail, `NAME.txt` says after its first line
//! what must become of it. All were made for this purpose; numbers and addresses are those
//! reserved for fiction. `SIMGATE_REWRITE_GOLDENS=1` rewrites what follows the first line.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use simgate::email::{Limits, MailError, read};

use crate::email_laws::{LIMITS, law, site, told};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/email")
}

/// Name, mail, and the readable expectation.
fn corpus() -> BTreeMap<String, (Vec<u8>, String)> {
    let mut found = BTreeMap::new();
    for file in fs::read_dir(folder()).expect("the corpus").flatten() {
        let path = file.path();
        if path.extension().is_some_and(|e| e == "eml") {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let expected = fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
            found.insert(name, (fs::read(&path).expect("a mail"), expected));
        }
    }
    found
}

/// S43..S45, S51, E39, E40, E42..E47, E49, E53..E56, E59..E65, E67..E70, E72: each mail becomes what
/// its file says: a text, a notice, a question, a case for an admin, or nothing.
#[test]
fn every_mail_of_the_corpus_becomes_what_its_file_says() {
    let (site, mut wrong) = (site(), Vec::new());
    let corpus = corpus();
    assert!(corpus.len() >= 150, "{} mails", corpus.len());
    for (name, (raw, expected)) in &corpus {
        let (about, _) = expected.split_once('\n').unwrap_or((expected, ""));
        assert!(about.starts_with("# "), "{name}.txt says first what the mail shows");
        let found = format!("{about}\n{}", told(raw, &site));
        if found == *expected {
            continue;
        }
        if std::env::var_os("SIMGATE_REWRITE_GOLDENS").is_some() {
            fs::write(folder().join(format!("{name}.txt")), found).expect("written");
        } else {
            wrong.push(format!("{name}\nexpected:\n{expected}\nfound:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The corpus has a mail for every edge from E39 to E77, and says which.
#[test]
fn every_edge_of_mail_has_a_mail() {
    let words: String = corpus().into_values().map(|(_, expected)| expected).collect();
    let heads: Vec<&str> = words.lines().filter(|line| line.starts_with("# ")).collect();
    for edge in 39..=77 {
        let number = format!("E{edge}");
        let named = |head: &&str| head.split(|c: char| !c.is_alphanumeric()).any(|w| w == number);
        assert!(heads.iter().any(named), "no mail shows {number}");
    }
}

/// Whatever the fuzzer's law asks holds for the corpus, and for every mail of it cut off anywhere.
#[test]
fn the_law_of_the_fuzzer_holds_for_the_corpus() {
    let findings = folder().join("../../../fuzz/corpus/email");
    for file in fs::read_dir(findings).expect("the fuzzer's corpus").flatten() {
        law(&fs::read(file.path()).expect("a finding"));
    }
    for (raw, _) in corpus().into_values() {
        law(&raw);
        for part in 1..8 {
            law(raw.get(..raw.len() * part / 8).expect("a part"));
        }
    }
}

/// E52: one mail fetched twice has one fingerprint; another mail has another.
#[test]
fn a_mail_fetched_twice_is_one_mail() {
    let corpus = corpus();
    let fingerprint = |name: &str| {
        let (raw, _) = &corpus[name];
        read(raw, LIMITS).expect("a mail").fingerprint()
    };
    assert_eq!(fingerprint("e51-first"), fingerprint("e52-again"));
    assert_ne!(fingerprint("e51-first"), fingerprint("e51-second"));
}

/// E53: without a `Message-ID` the identity is made of what the mail says, the same each time.
#[test]
fn a_mail_without_an_id_gets_the_same_one_each_time() {
    let (raw, _) = &corpus()["e53-no-id"];
    let mail = read(raw, LIMITS).expect("a mail");
    assert!(mail.id_made && mail.message_id.ends_with("@made.invalid"));
    let moved = [b"Received: from elsewhere by mx.example.org\n".as_slice(), raw].concat();
    assert_eq!(read(&moved, LIMITS).expect("a mail").message_id, mail.message_id);
}

/// Fault 100: 50 MB and ten thousand parts are refused before anything is decoded.
#[test]
fn huge_mails_are_refused_in_words() {
    let mut huge = b"From: anna@example.com\n\n".to_vec();
    huge.resize(50_000_000, b'x');
    let refused = read(&huge, Limits::default());
    assert!(matches!(refused, Err(MailError::TooLarge { octets: 50_000_000, .. })));
    let mut many = b"Content-Type: multipart/mixed; boundary=b\n\n".to_vec();
    for _ in 0..10_000 {
        many.extend(b"--b\nContent-Type: multipart/mixed; boundary=never\n\nx\n");
    }
    assert_eq!(read(&many, Limits::default()), Err(MailError::TooManyParts(200)));
    let mut deep = Vec::new();
    for level in 0..1_000 {
        let line = format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
        deep.extend(line.as_bytes());
    }
    assert_eq!(read(&deep, Limits::default()), Err(MailError::TooDeep(20)));
}
