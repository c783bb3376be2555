//! Every form of PDU as the program shows it, for people and for programs.
//!
//! A golden file is a transcript: after `$` what is typed, then what is printed. All numbers are
//! reserved for fiction. `SIMGATE_REWRITE_GOLDENS=1 cargo test sms_goldens` rewrites the files;
//! the difference is then to be read like code.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs every `$` line of a transcript and writes it down again with what was printed.
fn played(transcript: &str) -> String {
    let mut again = String::new();
    for line in transcript.lines() {
        if let Some(typed) = line.strip_prefix("$ ") {
            let output = Command::new(env!("CARGO_BIN_EXE_simgate"))
                .args(typed.split_whitespace())
                .output()
                .expect("the program runs");
            again.push_str(&format!("\n$ {typed}\n"));
            again.push_str(&String::from_utf8_lossy(&output.stdout));
        } else if line.starts_with('#') {
            again.push_str(line);
            again.push('\n');
        }
    }
    again
}

#[test]
fn every_form_of_pdu_is_shown_as_its_golden_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tpdu");
    let mut stale = Vec::new();
    let mut files = 0;
    for file in fs::read_dir(&folder).expect("the golden files") {
        let path = file.expect("a file").path();
        let golden = fs::read_to_string(&path).expect("a transcript");
        let now = played(&golden);
        files += 1;
        if now != golden && std::env::var_os("SIMGATE_REWRITE_GOLDENS").is_some() {
            fs::write(&path, now).expect("the transcript is written");
        } else if now != golden {
            stale.push(format!("{}\nis now\n{now}", path.display()));
        }
    }
    assert!(files >= 30, "only {files} golden files");
    assert!(stale.is_empty(), "{}", stale.join("\n"));
}
