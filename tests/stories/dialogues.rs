//! Every dialogue file, played against the real driver.

use crate::dialogue::{Split, all, play, read};

/// The script is the specification: what must be sent, what must be concluded.
#[test]
fn the_driver_holds_to_every_dialogue() {
    let mut wrong = Vec::new();
    for file in all() {
        let played = read(&file).and_then(|script| play(&script, Split::Joined));
        wrong.extend(played.err());
    }
    assert!(wrong.is_empty(), "{} dialogues fail:\n{}", wrong.len(), wrong.join("\n"));
}

/// Fault 4: bytes come in any split, and nothing that is concluded depends on it.
#[test]
fn a_dialogue_ends_the_same_however_its_bytes_are_split() {
    for file in all() {
        let script = read(&file).expect("readable");
        let Ok(whole) = play(&script, Split::Joined) else { continue };
        let splits = [Split::Bytes, Split::Random(1), Split::Random(20), Split::Random(300)];
        for split in splits {
            let again = play(&script, split).unwrap_or_else(|why| panic!("{split:?}: {why}"));
            assert_eq!(whole, again, "{} with {split:?}", file.display());
        }
    }
}
