//! What must hold for anything a terminal writes to an emulated modem; the fuzz target and the
//! stories run the same law.
//!
//! The first octet chooses the family, the second how bytes are cut. `\x1e` in what follows lets
//! half a second pass and a text arrive.

use simgate::emulator::{Input, Output, Scenario, World, profiles};
use simgate::types::{Millis, UnixTime};

/// No bytes make a modem panic or spin, and how they were cut makes no difference.
pub fn commands(data: &[u8]) {
    let Some(([family, cut], written)) = data.split_first_chunk::<2>() else { return };
    let names: Vec<_> = profiles().collect();
    let family = names[usize::from(*family) % names.len()];
    let whole = talk(family, written, usize::MAX);
    assert_eq!(talk(family, written, usize::from(*cut).max(1)), whole);
}

fn talk(family: &str, written: &[u8], cut: usize) -> Vec<u8> {
    let scenario = Scenario::plain(1, family);
    let Ok(mut world) = World::new(scenario, UnixTime(1_795_251_600_000)) else { return vec![] };
    let mut now = Millis(0);
    let mut heard = Vec::new();
    world.handle(now, Input::Opened { modem: 0 });
    pass(&mut world, &mut now, 10_000, &mut heard);
    for (i, record) in written.split(|byte| *byte == 0x1E).enumerate() {
        if i > 0 {
            let _ = world.text_to(0, "+447700900200", "hello");
            pass(&mut world, &mut now, 500, &mut heard);
        }
        for piece in record.chunks(cut) {
            world.handle(now, Input::Bytes { modem: 0, bytes: piece });
            drain(&mut world, &mut heard);
        }
    }
    pass(&mut world, &mut now, 10_000, &mut heard);
    heard
}

fn drain(world: &mut World, heard: &mut Vec<u8>) -> Option<Millis> {
    loop {
        match world.poll() {
            Output::Transmit { bytes, .. } => heard.extend(bytes),
            Output::Plug { modem } => world.handle(Millis(0), Input::Opened { modem }),
            Output::WakeAt(at) => return at,
            _ => {}
        }
    }
}

fn pass(world: &mut World, now: &mut Millis, ms: u64, heard: &mut Vec<u8>) {
    let end = *now + Millis(ms);
    let mut still = 0;
    while let Some(at) = drain(world, heard).filter(|at| *at <= end) {
        still = if at > *now { 0 } else { still + 1 };
        assert!(still < 100, "wakes again and again at {at:?}");
        *now = at.max(*now);
        world.handle(*now, Input::Time);
    }
    *now = end;
    world.handle(end, Input::Time);
    drain(world, heard);
}
