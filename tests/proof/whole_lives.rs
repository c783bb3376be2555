//! The same random lives as in `random_lives`, with the whole gateway and its database file.

use proptest::prelude::*;
use simgate::emulator::profiles;

use crate::bench::Op;
use crate::random_lives::{number, shortest};
use crate::whole::Whole;

/// Seeds of a plain run; `SIMGATE_WHOLE_SEEDS` asks for more.
const SEEDS: u64 = 40;

fn live(one: usize, other: usize, ops: &[Op]) -> Result<(), String> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let families: Vec<_> = profiles().collect();
        let mut whole = Whole::new(&[families[one], families[other]]);
        whole.start().await;
        whole.forward().await;
        for op in ops {
            whole.act(op).await;
        }
        whole.calm().await
    })
}

/// I1 to I5 and I7 after lives of faults, pulled sticks and ended processes.
#[test]
fn no_life_of_a_whole_gateway_loses_or_doubles_a_text() {
    let first = number("SIMGATE_FIRST_SEED", 0);
    for seed in first..first + number("SIMGATE_WHOLE_SEEDS", SEEDS) {
        shortest(seed, 60, |(one, other, ops)| live(one, other, &ops).map_err(TestCaseError::fail));
    }
}

/// Fault 1: a delivery report that lost octets on the line, of a modem that repeats none, is no text
/// that came in (seed 175).
#[test]
fn a_damaged_report_is_no_text() {
    let ops = [
        Op::Fault { modem: 1, plan: 0, number: 388_200_934 },
        Op::Send { modem: 1, parts: 1, report: true },
        Op::Send { modem: 1, parts: 2, report: true },
        Op::Wait(27_750),
    ];
    assert_eq!(live(0, 2, &ops), Ok(()));
}
