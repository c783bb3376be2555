//! Rows of the fault catalogue (`docs/reference/faults.md`), one by one, at driver and emulated
//! modem: a text of three segments comes in and one goes out while the fault is there.

use simgate::emulator::{Faults, Scenario};
use simgate::types::Millis;

use crate::bench::{Bench, Op, PLANS, Stage, fault};
use crate::random_lives::number;

/// Plays two texts under a plan that is in force once the modem is ready; then all is well again.
fn under(family: &str, plan: &str) -> Bench {
    let mut bench = Bench::new(&[family]);
    bench.act(&Op::Wait(20_000));
    let plan = Faults::parse(plan).unwrap_or_else(|error| panic!("{plan}: {error}"));
    bench.world.set_faults(0, plan).expect("there is one");
    bench.act(&Op::Receive { modem: 0, parts: 3 });
    bench.act(&Op::Send { modem: 0, parts: 3, report: true });
    bench.act(&Op::Wait(240_000));
    bench.calm();
    bench.verdict().unwrap_or_else(|broken| panic!("{family}: {broken}"));
    bench
}

/// The same, and every segment is known to have left.
fn nothing_is_lost_under(plan: &str) {
    for family in simgate::emulator::profiles() {
        let bench = under(family, plan);
        assert_eq!(bench.count(Stage::Accepted), 3, "{family} under {plan}");
    }
}

/// Fault 1: of a thousand bytes of the modem's one is lost, for as long as the line works. 100,000 commands
/// are `SIMGATE_LOSSY_COMMANDS=100000`.
#[test]
fn a_line_that_loses_a_byte_in_a_thousand_costs_no_text() {
    let commands = number("SIMGATE_LOSSY_COMMANDS", 3_000);
    let mut bench = Bench::new(&["generic"]);
    bench.act(&Op::Wait(20_000));
    bench.world.set_faults(0, Faults { lost: 0.001, ..Faults::default() }).expect("there is one");
    let mut texts = 0;
    while bench.commands < commands {
        bench.act(&Op::Receive { modem: 0, parts: 1 + texts % 3 });
        bench.act(&Op::Send { modem: 0, parts: 1, report: texts.is_multiple_of(2) });
        bench.act(&Op::Wait(20_000));
        texts += 1;
    }
    bench.calm();
    bench.verdict().unwrap_or_else(|broken| panic!("after {texts} texts: {broken}"));
    let unknown = bench.count(Stage::Unknown);
    println!("{} commands, {texts} texts each way, {unknown} unknown", bench.commands);
}

/// Fault 2: whichever byte of the answer to a submit is lost, the text is accepted or unknown, and
/// left once.
#[test]
fn a_byte_lost_in_the_answer_to_a_submit_never_sends_it_twice() {
    let mut bench = Bench::new(&["generic"]);
    bench.act(&Op::Wait(20_000));
    let before = bench.bytes.1;
    bench.act(&Op::Send { modem: 0, parts: 1, report: false });
    bench.act(&Op::Wait(10_000));
    for offset in 0..(bench.bytes.1 - before) {
        let mut bench = Bench::new(&["generic"]);
        bench.act(&Op::Wait(20_000));
        let lost = Faults { lost_at: vec![offset as u64], ..Faults::default() };
        bench.world.set_faults(0, lost).expect("there is one");
        bench.act(&Op::Send { modem: 0, parts: 1, report: false });
        bench.act(&Op::Wait(240_000));
        bench.calm();
        bench.verdict().unwrap_or_else(|broken| panic!("byte {offset} lost: {broken}"));
    }
}

/// Fault 3: noise before every other answer.
#[test]
fn noise_on_the_line_costs_no_text() {
    for seed in 0..40 {
        under("generic", &format!("seed = {seed}\ngarbage = {{ every = 2, bytes = 17 }}"));
    }
}

/// Fault 5: the echo comes back again and again.
#[test]
fn an_echo_that_comes_back_costs_no_text() {
    nothing_is_lost_under("echo_back_every = 3");
}

/// Faults 6 and 7: somebody calls all the time, in the middle of answers too.
#[test]
fn lines_between_and_inside_answers_cost_no_text() {
    nothing_is_lost_under("chatter = { text = \"RING\", every_ms = 100, inside = true }");
    nothing_is_lost_under("chatter = { text = \"^BOOT:12345678,0,0,0,6\", every_ms = 20 }");
}

/// Fault 8: the modem takes everything and answers nothing for minutes.
#[test]
fn a_modem_that_answers_nothing_for_minutes_costs_no_text() {
    for family in simgate::emulator::profiles() {
        under(family, "hang = true");
    }
}

/// Fault 25: NUL bytes before answers.
#[test]
fn nul_bytes_are_no_answer() {
    nothing_is_lost_under("garbage = { every = 1, bytes = 9, nul = true }");
}

/// Fault 31: everything is answered twice.
#[test]
fn what_is_answered_twice_counts_once() {
    nothing_is_lost_under("[[rules]]\non = \"\"\neffect = \"twice\"\n");
}

/// Fault 34: nothing is announced; the sweep finds it.
#[test]
fn texts_that_nobody_announces_are_found() {
    under("generic", "silent_arrivals = true");
}

/// Fault 37: the modem refuses to announce anything after its restart.
#[test]
fn a_modem_that_refuses_to_announce_is_read_in_turn() {
    let plan = "reset_at_received = 3\n[[rules]]\non = \"+CNMI\"\neffect = { cms = 303 }\n";
    under("generic", plan);
}

/// Fault 65: the network takes the modem for packets only, and its texts all the same.
#[test]
fn a_modem_that_is_registered_for_packets_only_sends_and_receives() {
    for family in simgate::emulator::profiles() {
        let mut scenario = Scenario::plain(1, family);
        scenario.modems[0].packet_only = true;
        let mut bench = Bench::over(scenario);
        bench.act(&Op::Wait(20_000));
        bench.act(&Op::Receive { modem: 0, parts: 2 });
        bench.act(&Op::Send { modem: 0, parts: 2, report: true });
        bench.act(&Op::Wait(60_000));
        bench.calm();
        bench.verdict().unwrap_or_else(|broken| panic!("{family}: {broken}"));
        assert_eq!(bench.count(Stage::Accepted), 2, "{family}");
    }
}

/// Fault 38: a modem shows reports at once (`+CDS`), or refuses to and stores them (`+CDSI`). They are read either way;
/// from one that can do neither none comes, and that is all.
#[test]
fn reports_are_read_whether_a_modem_shows_or_stores_them() {
    // Those that store no report, or where nobody can read it (quirk 89).
    let stores_none = ["simcom-sim800", "quectel", "zte"];
    let refused = ["+CNMI=1,1,0,1", "+CNMI=2,1,0,1", "+CNMI=3,1,0,1"];
    let refuse = |on: &str| format!("[[rules]]\non = \"{on}\"\neffect = {{ cms = 303 }}\n");
    for family in simgate::emulator::profiles() {
        for shows in [true, false] {
            let plan = if shows { String::new() } else { refused.map(refuse).concat() };
            let mut bench = Bench::new(&[family]);
            let plan = Faults::parse(&plan).expect("a plan");
            bench.world.set_faults(0, plan).expect("there is one");
            bench.act(&Op::Wait(20_000));
            bench.act(&Op::Send { modem: 0, parts: 3, report: true });
            bench.act(&Op::Wait(90_000));
            let reports = if shows || !stores_none.contains(&family) { 3 } else { 0 };
            let told = (bench.count(Stage::Accepted), bench.ledger.inbound.len());
            assert_eq!(told, (3, reports), "{family}, shows: {shows}");
            bench.calm();
            bench.verdict().unwrap_or_else(|broken| panic!("{family}, {shows}: {broken}"));
        }
    }
}

/// Fault 45: every answer takes half a minute for a while.
#[test]
fn a_modem_that_takes_half_a_minute_for_everything_costs_no_text() {
    under("generic", "latency_ms = 30000");
}

/// Plays two texts at a modem that takes so long for everything, for good; gives the time until both
/// are settled.
fn settled_at_latency(family: &str, seconds: u64, works_before: bool) -> Millis {
    let mut bench = Bench::new(&[family]);
    if works_before {
        bench.act(&Op::Wait(20_000));
    }
    let slow = Faults { latency_ms: seconds * 1_000, ..Faults::default() };
    bench.world.set_faults(0, slow).expect("there is one");
    bench.act(&Op::Receive { modem: 0, parts: 3 });
    bench.act(&Op::Send { modem: 0, parts: 3, report: false });
    let began = bench.now;
    let settled = |bench: &mut Bench| {
        let came = bench.ledger.inbound.len() == 3 && bench.count(Stage::Accepted) == 3;
        came && bench.verdict().is_ok()
    };
    while !settled(&mut bench) && bench.now.since(began) < Millis::from_secs(3 * 3_600) {
        bench.pass(Millis::from_secs(10));
    }
    bench
        .verdict()
        .unwrap_or_else(|broken| panic!("{family}, {seconds} s: {broken}: {:?}", bench.notes));
    assert_eq!(bench.count(Stage::Accepted), 3, "{family}, {seconds} s: {:?}", bench.notes);
    // Progress is no reason to climb the ladder.
    let climbed = bench.notes.iter().filter(|note| note.contains("recovery")).count();
    assert!(climbed <= 1, "{family}, {seconds} s: {:?}", bench.notes);
    bench.now - began
}

/// Fault 45: everything takes up to half a minute, from the beginning or from some time on, and for good.
/// It is slow, and it works: the modem is not asked for more than it answers, no late answer is taken for
/// that of another command, and reading leaves time for sending.
#[test]
fn a_modem_that_is_slow_for_good_receives_and_sends() {
    for seconds in [1, 2, 3, 4, 5, 7, 9, 11, 14, 18, 24, 30] {
        for works_before in [false, true] {
            let took = settled_at_latency("generic", seconds, works_before);
            assert!(took < Millis::from_secs(120 * seconds), "{seconds} s: {took:?}");
        }
    }
    for family in simgate::emulator::profiles() {
        let took = settled_at_latency(family, 6, true);
        assert!(took < Millis::from_secs(1_200), "{family}: {took:?}");
    }
}

/// Fault 8: something inside a modem hangs until it starts anew. Nothing less helps, so the ladder restarts
/// it, a stick as well as one that stays at its port, and both texts pass.
#[test]
fn a_modem_that_only_a_restart_cures_is_restarted_once() {
    for family in simgate::emulator::profiles() {
        for (on, effect) in [("+CMGS", "no_prompt"), ("+CPMS", "no_answer"), ("+CREG", "no_answer")]
        {
            let mut bench = Bench::new(&[family]);
            bench.act(&Op::Wait(20_000));
            let plan =
                format!("restart_cures = true\n[[rules]]\non = \"{on}\"\neffect = \"{effect}\"\n");
            let plan = Faults::parse(&plan).expect("a plan");
            bench.world.set_faults(0, plan).expect("there is one");
            bench.act(&Op::Receive { modem: 0, parts: 3 });
            bench.act(&Op::Send { modem: 0, parts: 3, report: false });
            bench.act(&Op::Wait(900_000));
            let notes = &bench.notes;
            assert_eq!(bench.restarts, 1, "{family}, {on}: {notes:?}");
            assert_eq!(bench.ledger.inbound.len(), 3, "{family}, {on}: {notes:?}");
            assert_eq!(bench.count(Stage::Accepted), 3, "{family}, {on}: {notes:?}");
            bench.calm();
            bench.verdict().unwrap_or_else(|broken| panic!("{family}, {on}: {broken}"));
        }
    }
}

/// Faults of every kind that never end: whatever still can come in and leave does so.
#[test]
fn a_fault_that_stays_for_good_stops_no_text_that_can_pass() {
    // A modem that answers nothing any more, and storages without room.
    const NOTHING_PASSES: [usize; 3] = [9, 15, 31];
    for plan in (0..PLANS).filter(|plan| !NOTHING_PASSES.contains(plan)) {
        for number in [1, 23_757] {
            let mut bench = Bench::new(&["generic"]);
            bench.act(&Op::Wait(20_000));
            bench.world.set_faults(0, fault(plan, number)).expect("there is one");
            bench.act(&Op::Receive { modem: 0, parts: 3 });
            bench.act(&Op::Send { modem: 0, parts: 3, report: true });
            let end = bench.now + Millis::from_secs(600);
            while bench.verdict().is_err() && bench.now < end {
                bench.pass(Millis::from_secs(10));
            }
            let verdict = bench.verdict();
            verdict.unwrap_or_else(|broken| panic!("plan {plan} of {number}: {broken}"));
        }
    }
}
