//! The corpus of the driver's fuzz target, as plain tests.

use std::fs;

/// What the fuzzer found, or began with.
#[test]
fn every_life_of_the_corpus_keeps_the_promises() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/driver_lives");
    let mut lives = 0;
    for file in fs::read_dir(folder).expect("a corpus").flatten() {
        println!("{}", file.path().display());
        crate::driver_fuzz::lives(&fs::read(file.path()).expect("readable"));
        lives += 1;
    }
    assert!(lives >= 5);
}
