//! The corpora of the fuzz targets, run as plain tests.

use std::path::Path;

use crate::at_fuzz;

#[test]
fn the_corpus_of_the_reader_is_read() {
    run("at_lexer", at_fuzz::lexer);
}

#[test]
fn the_corpus_of_replies_is_read_by_every_command() {
    run("at_replies", at_fuzz::replies);
}

#[test]
fn the_corpus_of_conversations_is_held() {
    run("dialogue_ops", at_fuzz::dialogue);
}

#[test]
fn the_corpus_of_command_lines_is_carried_out() {
    run("emulator_commands", crate::emulator_fuzz::commands);
}

/// A found input: a text arrived while half a line stood there, and the end of that line came with the
/// first byte of the next. The news of the text waited for the next line then, and did not when the
/// two bytes came apart.
#[test]
fn an_emulated_modem_tells_news_between_two_lines_however_they_were_cut() {
    crate::emulator_fuzz::commands(b"\x01\x01AT+CMMS=1;+CNMI=2,1\r\x1e\x1a\x1e\rA");
}

fn run(target: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files: Vec<_> = std::fs::read_dir(folder).expect("a corpus").flatten().collect();
    assert!(!files.is_empty());
    for file in files {
        check(&std::fs::read(file.path()).expect("a readable file"));
    }
}
