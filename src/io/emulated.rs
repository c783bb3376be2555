//! Emulated modems as ports: a world driven by the clock, without a pty and without a thread.
//!
//! A [`World`] comes in; streams that behave like serial ports go out. Time is tokio's, so a test
//! that pauses it holds the modems still as well. Unplugging makes a read return zero bytes.
//!
//! Begin with [`Emulation`]. `pty` shows the same world to other programs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{Notify, mpsc};

use super::port::{Candidate, OpenError, Port, PortSource, SPEEDS};
use crate::emulator::{Input, Output, Shared, World};
use crate::io::Clock;
use crate::types::Millis;

/// Emulated modems whose ports live in this process.
#[derive(Clone)]
pub struct Emulation {
    shared: Shared,
    ports: Arc<Ports>,
}

/// The open ends, by modem.
#[derive(Default)]
struct Ports {
    plugged: Mutex<BTreeMap<usize, Plugged>>,
    /// How often each modem was plugged in.
    times: Mutex<BTreeMap<usize, u32>>,
    /// Names that the next plugs get, by modem.
    reserved: Mutex<BTreeMap<usize, String>>,
    /// Modems with a second port beside their first, and whether the first is missing.
    doubled: Mutex<BTreeMap<usize, bool>>,
    changed: Notify,
}

/// A modem that is plugged in.
struct Plugged {
    /// Ever another one, as the kernel hands out names: nobody may know a modem by it (fault 12).
    name: String,
    line: Option<Line>,
}

/// Bytes on their way to an open port. Dropping it ends the port.
struct Line {
    bytes: mpsc::UnboundedSender<Vec<u8>>,
    opening: u64,
}

/// What a port holds before its writer must wait: far more than any modem has.
const BUFFER: usize = 256 * 1024;

impl Emulation {
    /// Starts driving `world` in a task of the current runtime.
    pub fn start(world: World, clock: Clock) -> Emulation {
        let wake = Arc::new(Notify::new());
        let ports = Arc::new(Ports::default());
        let shared = shared(world, clock.clone(), wake.clone());
        let emulation = Emulation { shared: shared.clone(), ports: ports.clone() };
        // What is plugged in at the start is there before the first task runs.
        ports.carry_out(drained(&shared).0);
        tokio::spawn(async move {
            loop {
                let (outputs, next) = drained(&shared);
                ports.carry_out(outputs);
                tokio::select! {
                    () = wake.notified() => {}
                    () = clock.sleep_until(next) => {}
                }
            }
        });
        emulation
    }

    /// The world, to look at and to disturb.
    pub fn shared(&self) -> Shared {
        self.shared.clone()
    }

    /// Does something to the world and sees to its outputs.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        self.shared.with(act)
    }

    /// Gives a modem a second port, as most sticks have one; `first` says whether the first one is
    /// there. Both lead to the one terminal of the modem, so only one of them is of use at a time.
    pub fn set_ports(&self, modem: usize, first: bool) {
        let mut doubled = self.ports.doubled.lock().unwrap_or_else(PoisonError::into_inner);
        doubled.insert(modem, !first);
        self.ports.changed.notify_waiters();
    }

    /// The next time they are plugged in, each of two modems gets the name the other one had.
    pub fn swap_names(&self, one: usize, other: usize, names: [&str; 2]) {
        let mut reserved = self.ports.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        let [of_one, of_other] = names.map(str::to_owned);
        reserved.extend([(one, of_other), (other, of_one)]);
    }

    /// Opens the port of a modem, as a program opens a serial port.
    pub fn open_modem(&self, modem: usize) -> Result<DuplexStream, OpenError> {
        self.open_at(modem, 115_200)
    }

    /// The same with a line speed.
    fn open_at(&self, modem: usize, baud: u32) -> Result<DuplexStream, OpenError> {
        let (near, far) = tokio::io::duplex(BUFFER);
        let (bytes, outgoing) = mpsc::unbounded_channel();
        let opening = {
            let mut plugged = self.ports.plugged.lock().unwrap_or_else(PoisonError::into_inner);
            let missing = || OpenError::Missing(format!("{PREFIX}{modem}"));
            let place = &mut plugged.get_mut(&modem).ok_or_else(missing)?.line;
            let opening = place.as_ref().map_or(0, |line| line.opening) + 1;
            *place = Some(Line { bytes, opening });
            opening
        };
        self.shared.with(|world| world.handle(self.shared.now(), Input::Opened { modem }));
        tokio::spawn(serve(self.clone(), (modem, baud), opening, far, outgoing));
        Ok(near)
    }
}

/// Carries bytes between one open port and the world.
async fn serve(
    emulation: Emulation,
    (modem, baud): (usize, u32),
    opening: u64,
    mut far: DuplexStream,
    mut outgoing: mpsc::UnboundedReceiver<Vec<u8>>,
) {
    let shared = emulation.shared();
    let mut buffer = [0; 4_096];
    loop {
        tokio::select! {
            read = far.read(&mut buffer) => match read {
                Ok(n) if n > 0 => {
                    shared.with(|world| {
                        let bytes = &world.over_the_line(modem, baud, &buffer[..n]);
                        world.handle(shared.now(), Input::Bytes { modem, bytes });
                    });
                }
                _ => break,
            },
            bytes = outgoing.recv() => match bytes {
                Some(bytes) => {
                    let said = |world: &mut World| {
                        world.over_the_line(modem, baud, &bytes).into_owned()
                    };
                    if far.write_all(&shared.quietly(said)).await.is_err() {
                        break;
                    }
                }
                // Unplugged: dropping our end is what the terminal reads as zero bytes.
                None => return,
            },
        }
    }
    if emulation.ports.closed(modem, opening) {
        shared.with(|world| world.handle(shared.now(), Input::Closed { modem }));
    }
}

impl Ports {
    fn carry_out(&self, outputs: Vec<Output>) {
        let mut plugged = self.plugged.lock().unwrap_or_else(PoisonError::into_inner);
        for output in outputs {
            match output {
                Output::Transmit { modem, bytes } => {
                    let line = plugged.get(&modem).and_then(|place| place.line.as_ref());
                    if let Some(line) = line {
                        // A port that was closed meanwhile hears nothing.
                        let _ = line.bytes.send(bytes);
                    }
                }
                Output::Unplug { modem } => {
                    plugged.remove(&modem);
                    self.changed.notify_waiters();
                }
                Output::Plug { modem } => {
                    let name = self.fresh_name(modem);
                    plugged.insert(modem, Plugged { name, line: None });
                    self.changed.notify_waiters();
                }
                Output::Changed | Output::WakeAt(_) => {}
            }
        }
    }

    /// The terminal closed that opening of the port. False when it was opened anew since.
    fn closed(&self, modem: usize, opening: u64) -> bool {
        let mut plugged = self.plugged.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = plugged.get_mut(&modem) else { return false };
        let current = place.line.as_ref().is_some_and(|line| line.opening == opening);
        if current {
            place.line = None;
        }
        current
    }

    /// `emulated:0`, and `emulated:0.1` and so on when the same modem is plugged in again.
    fn fresh_name(&self, modem: usize) -> String {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = reserved.remove(&modem) {
            return name;
        }
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let times = times.entry(modem).or_insert(0);
        let name = match *times {
            0 => format!("{PREFIX}{modem}"),
            again => format!("{PREFIX}{modem}.{again}"),
        };
        *times += 1;
        name
    }
}

impl PortSource for Emulation {
    fn candidates(&self) -> Vec<Candidate> {
        let plugged = self.ports.plugged.lock().unwrap_or_else(PoisonError::into_inner);
        let doubled = self.ports.doubled.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = Vec::new();
        for (modem, place) in plugged.iter() {
            let timed = self.shared.quietly(|world| world.baud(*modem).is_some());
            let first = Candidate {
                speeds: if timed { SPEEDS } else { &[] },
                ..Candidate::named(place.name.clone(), "an emulated modem")
            };
            let Some(missing) = doubled.get(modem) else {
                all.push(first);
                continue;
            };
            let device = Some(format!("{PREFIX}{modem}"));
            let second = format!("{}{SECOND}", place.name);
            let second = Candidate {
                device: device.clone(),
                rank: 1,
                ..Candidate::named(second, "its second port")
            };
            let first = Candidate { device, ..first };
            all.extend(std::iter::once(first).filter(|_| !missing).chain([second]));
        }
        all
    }

    fn open<'a>(
        &'a self,
        candidate: &'a Candidate,
    ) -> BoxFuture<'a, Result<Box<dyn Port>, OpenError>> {
        let modem = {
            let plugged = self.ports.plugged.lock().unwrap_or_else(PoisonError::into_inner);
            let name = candidate.name.trim_end_matches(SECOND);
            plugged.iter().find(|(_, place)| place.name == name).map(|(modem, _)| *modem)
        };
        let opened = match modem {
            Some(modem) => {
                self.open_at(modem, candidate.baud).map(|port| Box::new(port) as Box<dyn Port>)
            }
            None => Err(OpenError::Missing(candidate.name.clone())),
        };
        async move { opened }.boxed()
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        self.ports.changed.notified().boxed()
    }
}

const PREFIX: &str = "emulated:";
/// What the name of a modem's second port ends with.
const SECOND: &str = "+";

/// A world with this clock, whose driver waits for `wake`.
pub(super) fn shared(world: World, clock: Clock, wake: Arc<Notify>) -> Shared {
    Shared::new(world, move || clock.now(), move || wake.notify_one())
}

/// Everything the world has to say now, and when to come back.
pub(super) fn drained(shared: &Shared) -> (Vec<Output>, Option<Millis>) {
    shared.quietly(|world| {
        let mut outputs = Vec::new();
        loop {
            match world.poll() {
                Output::WakeAt(at) => return (outputs, at),
                output => outputs.push(output),
            }
        }
    })
}
