//! What the fuzz target of the driver asserts; `tests/proof` runs it over the corpus.
//!
//! The first two octets choose the families of two emulated modems; each four that follow are one
//! operation of a life (`bench::Op`): what, to which modem, and two octets of detail.

use simgate::emulator::profiles;

use crate::bench::{Bench, Op, PLANS};

/// No life takes so long that it says more.
const LONGEST: usize = 24;

/// Plays `data` as a life; every promise is kept at its end.
pub fn lives(data: &[u8]) {
    let Some(([one, other], written)) = data.split_first_chunk::<2>() else { return };
    let families: Vec<_> = profiles().collect();
    let family = |octet: u8| families[usize::from(octet) % families.len()];
    let mut bench = Bench::new(&[family(*one), family(*other)]);
    for octets in written.as_chunks::<4>().0.iter().take(LONGEST) {
        bench.act(&op(*octets));
    }
    bench.calm();
    if let Err(broken) = bench.verdict() {
        panic!("{broken}");
    }
}

fn op([what, modem, high, low]: [u8; 4]) -> Op {
    let (modem, detail) = (usize::from(modem % 2), u16::from_be_bytes([high, low]));
    let parts = 1 + usize::from(low % 3);
    match what % 16 {
        0..=3 => Op::Wait(u64::from(detail)),
        4 => Op::Wait(u64::from(detail) * 16),
        5 | 6 => Op::Receive { modem, parts },
        7 | 8 => Op::Send { modem, parts, report: high.is_multiple_of(2) },
        9 | 10 => {
            let (plan, number) = (usize::from(high) % PLANS, u64::from(low) * 7_919);
            Op::Fault { modem, plan, number }
        }
        11 => Op::Calm { modem },
        12 => Op::Pull { modem },
        13 => Op::PutBack { modem },
        14 => Op::Kill { committed: low.is_multiple_of(2) },
        _ if high.is_multiple_of(4) => Op::Full(low.is_multiple_of(2)),
        _ => Op::Start,
    }
}
