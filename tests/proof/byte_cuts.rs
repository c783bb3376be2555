//! A long text comes in and one goes out with reports, interrupted at every byte.
//!
//! Four things can be gone after each byte. A plain run takes them in turns, so that each byte has one
//! of the four; `SIMGATE_CUT_EVERY=1` gives each byte all four, which takes minutes.

use crate::bench::{Bench, Cut, Gone, Op, Stage, Towards};
use crate::random_lives::number;

/// Switched on, a text of three segments in, one of three segments out.
fn reference(bench: &mut Bench) -> (usize, usize) {
    bench.act(&Op::Wait(2_000));
    bench.act(&Op::Receive { modem: 0, parts: 3 });
    bench.act(&Op::Send { modem: 0, parts: 3, report: true });
    bench.act(&Op::Wait(20_000));
    let bytes = bench.bytes;
    bench.calm();
    bytes
}

fn bytes() -> (usize, usize) {
    let mut bench = Bench::new(&["generic"]);
    let bytes = reference(&mut bench);
    bench.verdict().expect("nothing went wrong");
    assert_eq!(bench.count(Stage::Accepted), 3);
    bytes
}

/// Plays the scenario with a cut after every byte whose turn it is; every position keeps every
/// promise.
fn every_byte(way: Towards, what: Gone) {
    let (to_modem, to_gateway) = bytes();
    let all = match way {
        Towards::Modem => to_modem,
        Towards::Gateway => to_gateway,
    };
    let (mut unknown, every) = (0, number("SIMGATE_CUT_EVERY", 4).clamp(1, 4) as usize);
    for after in (what as usize % every..all).step_by(every) {
        let mut bench = Bench::cut(&["generic"], Cut { way, after, what });
        reference(&mut bench);
        if let Err(broken) = bench.verdict() {
            panic!("{what:?} gone after {after} of {all} bytes towards the {way:?}: {broken}");
        }
        unknown += bench.count(Stage::Unknown);
    }
    println!(
        "{what:?} gone, bytes towards the {way:?}: one in {every} of {all} positions, {unknown} unknown segments"
    );
}

/// Switched on, then a text out by a slot of the modem; the bytes in either direction before and
/// after it.
fn kept(bench: &mut Bench) -> [(usize, usize); 2] {
    bench.keep = true;
    bench.act(&Op::Wait(20_000));
    let before = bench.bytes;
    bench.act(&Op::Send { modem: 0, parts: 1, report: false });
    bench.act(&Op::Wait(10_000));
    let after = bench.bytes;
    bench.calm();
    [before, after]
}

/// Reliability 1.4 (b): from the first byte of `+CMGW` to the emptied slot each byte may be the last;
/// nothing goes twice, no slot stays behind, and what a slot says is true where the modem lived on.
#[test]
fn a_text_in_its_slot_survives_a_cut_at_every_byte() {
    let mut bench = Bench::new(&["generic"]);
    let [before, after] = kept(&mut bench);
    bench.verdict().expect("nothing went wrong");
    assert_eq!(bench.count(Stage::Accepted), 1);
    let every = number("SIMGATE_CUT_EVERY", 4).clamp(1, 4) as usize;
    let (mut settled, mut told) = (0, 0);
    for what in [Gone::Port, Gone::Process, Gone::Modem, Gone::ModemAndPort] {
        let ways = [(Towards::Modem, before.0, after.0), (Towards::Gateway, before.1, after.1)];
        for (way, from, to) in ways {
            for after in (from + what as usize % every..to).step_by(every) {
                let mut bench = Bench::cut(&["generic"], Cut { way, after, what });
                kept(&mut bench);
                let place = || format!("{what:?} gone after {after} bytes towards the {way:?}");
                if let Err(broken) = bench.verdict() {
                    panic!("{}: {broken}", place());
                }
                let out = &bench.ledger.out[0];
                settled += usize::from(out.found == Some(true));
                told += usize::from(out.found == Some(false));
                let sent = bench.world.submitted(0, 0).count();
                if what == Gone::Process && out.found == Some(false) {
                    assert_eq!(sent, 0, "{}", place());
                }
            }
        }
    }
    println!("slots settled {settled} unknown segments and spoke against {told}");
    assert!(settled > 0 && told > 0);
}

/// Fault 10: the stick is pulled at every byte it is written.
#[test]
fn the_port_may_vanish_at_every_byte_towards_the_modem() {
    every_byte(Towards::Modem, Gone::Port);
}

/// Fault 10: and at every byte it answers.
#[test]
fn the_port_may_vanish_at_every_byte_towards_the_gateway() {
    every_byte(Towards::Gateway, Gone::Port);
}

/// Faults 23 and 66: the process dies at every byte it writes; the modem may be left at a prompt.
#[test]
fn the_process_may_die_at_every_byte_towards_the_modem() {
    every_byte(Towards::Modem, Gone::Process);
}

/// Faults 24 and 66: and at every byte it hears.
#[test]
fn the_process_may_die_at_every_byte_towards_the_gateway() {
    every_byte(Towards::Gateway, Gone::Process);
}

/// Fault 26: the modem starts again at every byte it is written.
#[test]
fn the_modem_may_restart_at_every_byte_towards_it() {
    every_byte(Towards::Modem, Gone::Modem);
    every_byte(Towards::Modem, Gone::ModemAndPort);
}

/// Fault 26: and at every byte it answers.
#[test]
fn the_modem_may_restart_at_every_byte_towards_the_gateway() {
    every_byte(Towards::Gateway, Gone::Modem);
    every_byte(Towards::Gateway, Gone::ModemAndPort);
}
