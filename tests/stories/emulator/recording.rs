//! A modem that repeats a recording: what `simgate trace --out` wrote, and every dialogue file.

use simgate::emulator::Recording;
use simgate::emulator::Scenario;
use simgate::io::capture::{Capture, Masking};
use simgate::types::Millis;

use super::Bench;
use crate::dialogue::{Line, Step, all, parse, read};

/// A modem that repeats these lines, after what it says by itself.
fn replaying(lines: &[Line]) -> Bench {
    let mut bench = Bench::new(Scenario::plain(1, "generic"));
    bench.world.replay(0, Recording::new(lines)).expect("there is one modem");
    bench.pass(0);
    bench
}

/// Everything said within the time the file gives it.
fn says(bench: &mut Bench, written: &[u8], patience: Millis) -> String {
    bench.write(0, written);
    bench.pass(patience.0 + 20);
    bench.heard(0)
}

#[test]
fn every_dialogue_file_is_said_again_to_whoever_asks_the_same() {
    let mut played = 0;
    for file in all() {
        let lines = read(&file).expect("a dialogue");
        // Until the port goes: what comes afterwards is for another opening.
        let end = lines.iter().position(|line| matches!(line.step, Step::Port(_)));
        let lines = &lines[..end.unwrap_or(lines.len())];
        let mut bench = replaying(lines);
        bench.pass(600_000);
        bench.heard(0);
        let mut steps = lines.iter().peekable();
        while let Some(line) = steps.next() {
            let Step::Expect(written) = &line.step else { continue };
            let (mut expected, mut patience) = (String::new(), Millis(0));
            while let Some(next) = steps.next_if(|next| !matches!(next.step, Step::Expect(_))) {
                match &next.step {
                    Step::Say(bytes) | Step::Unasked(bytes) => {
                        expected.extend(bytes.iter().map(|byte| char::from(*byte)));
                    }
                    Step::Wait(time) | Step::Routine(time) => patience = patience + *time,
                    _ => {}
                }
            }
            let heard = says(&mut bench, written, patience);
            assert_eq!(heard, expected, "{}", line.place);
            played += 1;
        }
    }
    assert!(played > 500, "only {played} exchanges");
}

/// A recording goes round: modem, flight recorder, file, and a modem that repeats it.
#[test]
fn what_the_flight_recorder_wrote_can_be_replayed() {
    let (capture, mut bench) = (Capture::default(), Bench::plain(1));
    let asked = ["ATE0\r", "AT+CGMM\r", "AT+CMGF=0\r", "AT+CMGS=23\r", "\x1b", "AT+CSQ\r"];
    let mut answers = Vec::new();
    for line in asked {
        capture.sent(bench.now, line.as_bytes());
        let said = says(&mut bench, line.as_bytes(), Millis(1_000));
        capture.received(bench.now, said.as_bytes());
        answers.push(said);
    }
    let (lines, _) = capture.lines(0, Masking::Shown);
    let mut bench = replaying(&parse("trace", &lines.join("\n")).expect("a dialogue file"));
    for (line, expected) in asked.iter().zip(answers) {
        let said = says(&mut bench, line.as_bytes(), Millis(5_000));
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&said), words(&expected), "{line:?}");
    }
    assert_eq!(says(&mut bench, b"AT+NEVER?\r", Millis(0)), "\r\nERROR\r\n");
}
