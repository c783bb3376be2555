//! The moves between the states of a modem: in the code, in the document, in the dialogues.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use simgate::modem::{MOVES, State};

use crate::dialogue::{Split, all, play, read};

const DOCUMENT: &str = "docs/design/state-machines.md";

/// The document is printed from the code. `SIMGATE_REWRITE_GOLDENS=1 cargo test` prints it anew.
#[test]
fn the_table_of_states_is_the_one_in_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let printed = document();
    if std::env::var_os("SIMGATE_REWRITE_GOLDENS").is_some() {
        std::fs::write(&path, &printed).expect("writable");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == printed, "{DOCUMENT} is stale: SIMGATE_REWRITE_GOLDENS=1 cargo test");
}

/// What the dialogues show and what the list says are the same, both ways.
#[test]
fn every_move_is_listed_and_shown_by_a_dialogue() {
    let listed: BTreeSet<(State, State)> = MOVES.iter().map(|row| (row.from, row.to)).collect();
    assert_eq!(listed.len(), MOVES.len(), "a move is listed twice");
    let mut shown = BTreeSet::new();
    for file in all() {
        let script = read(&file).expect("readable");
        let mut state = State::Closed;
        for line in play(&script, Split::Joined).unwrap_or_default() {
            let word = line.split_once(" = state ").map(|(_, word)| word);
            let Some(next) = State::ALL.iter().find(|s| Some(s.as_str()) == word) else { continue };
            shown.insert((state, *next));
            state = *next;
        }
    }
    let unlisted: Vec<_> = shown.difference(&listed).collect();
    let unshown: Vec<_> = listed.difference(&shown).collect();
    assert!(unlisted.is_empty(), "not listed in MOVES: {unlisted:?}");
    assert!(unshown.is_empty(), "shown by no dialogue: {unshown:?}");
}

fn document() -> String {
    let mut text = String::from(
        "# State machines\n\nStatus: current. Printed from `modem::MOVES` by \
         `tests/stories/state_machines.rs`; do not edit.\n\n## A modem\n\n\
         Every move is an event (`Transition`) and a line of the trace.\n\n\
         | from | to | when |\n|---|---|---|\n",
    );
    for row in MOVES {
        let _ = writeln!(text, "| {} | {} | {} |", row.from, row.to, row.when);
    }
    text
}
