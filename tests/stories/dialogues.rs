//! Every dialogue file, played against the real driver.

use std::path::Path;

use crate::dialogue::{Split, Step, all, folder, play, read};

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

/// A good start leaves nothing unexplained: every line the modem says is known.
#[test]
fn no_line_of_a_good_start_is_unknown() {
    for file in all().iter().filter(|file| file.ends_with("ready.at")) {
        let played = play(&read(file).expect("readable"), Split::Joined).expect("it holds");
        let unknown: Vec<_> = played.iter().filter(|line| line.contains("Unknown line")).collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", file.display());
    }
}

/// The issue asks for many small conversations, each family among them.
#[test]
fn there_are_enough_dialogues_and_each_says_what_it_shows() {
    let files = all();
    assert!(files.len() >= 35, "{} dialogue files", files.len());
    for file in &files {
        let text = std::fs::read_to_string(folder().join(file)).expect("readable");
        assert!(text.starts_with("# "), "{} begins without a comment", file.display());
        let script = read(file).expect("readable");
        let concludes = script.iter().any(|line| matches!(line.step, Step::Conclude(_)));
        assert!(concludes, "{} concludes nothing", file.display());
    }
}

/// Health is asked slowly: below 500 bytes both ways in a minute without news, also for a modem
/// with three storages.
#[test]
fn a_quiet_minute_costs_few_bytes() {
    for file in ["generic/idle_minute.at", "quectel/idle_minute.at"] {
        let script = read(Path::new(file)).expect("readable");
        let own = script.iter().filter(|line| line.place.starts_with(file));
        let bytes: usize = own
            .map(|line| match &line.step {
                Step::Expect(bytes) | Step::Say(bytes) | Step::Unasked(bytes) => bytes.len(),
                _ => 0,
            })
            .sum();
        assert!(bytes < 500, "{file}: {bytes} bytes");
    }
}
