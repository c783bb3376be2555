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
