//! The world: all modems, the network, and time.
//!
//! Bytes from terminals and the passing of time go in; bytes for terminals, plugs pulled and put
//! back come out. After every [`World::handle`] drain [`World::poll`] until it says when to wake.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::deliver::Handover;
use super::device::{Device, Outward, Power};
use super::network::{Moment, Network, Radio};
use super::storage::Memory;
use crate::types::{Millis, UnixTime};

/// Modems, network, handsets.
#[derive(Debug)]
pub struct World {
    pub(super) modems: Vec<Socket>,
    pub(super) network: Network,
    pub(super) now: Millis,
    pub(super) start: UnixTime,
    outputs: VecDeque<Output>,
    changes: u64,
    /// What an onlooker saw of the modems and of what is under way when that was last looked at.
    outlook: u64,
}

/// A modem and the place it is plugged into.
#[derive(Debug)]
pub(super) struct Socket {
    pub device: Device,
    /// Name of the link to its pty.
    pub link: String,
    pub plugged: bool,
    /// Path of the pty, when there is one.
    pub terminal: Option<String>,
    /// A terminal listens.
    open: bool,
    comes_back: Option<Millis>,
    /// The radio link is kept until then.
    link_until: Millis,
    /// A SIM that was taken out of this modem.
    pub drawer: Option<super::sim::Sim>,
    arrivals: u64,
}

impl Socket {
    /// `all` with what an onlooker sees of the modem mixed in: its network, and how much lies where.
    fn outlook(&mut self, all: u64) -> u64 {
        let memories = [Memory::Sim, Memory::Equipment, Memory::Reports, Memory::Broadcast];
        let used = |memory| self.device.storage(memory).map_or(0, |storage| storage.used());
        let stored = memories.map(used).into_iter().map(u64::from);
        let seen = self.device.registration().into_iter().map(u64::from).chain(stored);
        seen.fold(all, |all, one| all.wrapping_mul(1_000_003).wrapping_add(one))
    }
}

/// What goes in.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A terminal opened the port.
    Opened {
        /// Which modem.
        modem: usize,
    },
    /// Bytes from the terminal.
    Bytes {
        /// Which modem.
        modem: usize,
        /// As they came.
        bytes: &'a [u8],
    },
    /// The terminal closed the port.
    Closed {
        /// Which modem.
        modem: usize,
    },
    /// Only time passed.
    Time,
}

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Bytes for the terminal.
    Transmit {
        /// Which modem.
        modem: usize,
        /// To be written as they are.
        bytes: Vec<u8>,
    },
    /// The port disappears.
    Unplug {
        /// Which modem.
        modem: usize,
    },
    /// The port appears.
    Plug {
        /// Which modem.
        modem: usize,
    },
    /// Something an onlooker sees is different: a handset, a submit, a modem.
    Changed,
    /// Nothing more until then, or until the next input.
    WakeAt(Option<Millis>),
}

/// What bytes become at another speed than they were sent at: framing errors, and never `AT`.
fn out_of_time(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| byte.rotate_left(3) | 0x80).collect()
}

/// Whether a SIM has that number, in a modem or taken out of one.
fn is_sim(modems: &[Socket], number: &str) -> bool {
    let sims = modems.iter().flat_map(|socket| socket.device.sim.iter().chain(&socket.drawer));
    sims.into_iter().any(|sim| sim.number == number)
}

/// How long a USB modem is gone when it restarts.
const REENUMERATION: Millis = Millis(2_000);

/// How long a link is kept after a submit when more are to come (27.005 §3.5.6: 1 to 5 s).
const LINK: Millis = Millis(3_000);

impl World {
    pub(super) fn build(
        network: Network,
        modems: Vec<(Device, String, bool)>,
        start: UnixTime,
    ) -> Self {
        let sockets = modems.into_iter().map(|(device, link, plugged)| Socket {
            device,
            link,
            plugged,
            terminal: None,
            open: false,
            comes_back: None,
            link_until: Millis(0),
            drawer: None,
            arrivals: 0,
        });
        let modems: Vec<_> = sockets.collect();
        let outputs = VecDeque::new();
        let now = Millis(0);
        let mut world = World { modems, network, now, start, outputs, changes: 0, outlook: 0 };
        for modem in 0..world.modems.len() {
            if world.modems[modem].plugged {
                world.outputs.push_back(Output::Plug { modem });
            } else {
                world.modems[modem].device.power_off();
            }
        }
        world
    }

    /// Takes one input at a time that never goes back.
    pub fn handle(&mut self, now: Millis, input: Input<'_>) {
        self.now = self.now.max(now);
        self.settle();
        let open = |sockets: &mut Vec<Socket>, modem: usize, open| {
            if let Some(socket) = sockets.get_mut(modem) {
                socket.open = open;
            }
        };
        match input {
            Input::Opened { modem } => open(&mut self.modems, modem, true),
            Input::Closed { modem } => open(&mut self.modems, modem, false),
            Input::Bytes { modem, bytes } => {
                // One at a time: what comes of a line comes before what is written behind it.
                for &byte in bytes {
                    let socket = self.modems.get_mut(modem).filter(|socket| socket.plugged);
                    let Some(socket) = socket else { break };
                    socket.open = true;
                    if socket.device.receive(byte) {
                        self.settle();
                    }
                }
            }
            Input::Time => return,
        }
        self.settle();
    }

    /// The next output.
    pub fn poll(&mut self) -> Output {
        loop {
            if let Some(output) = self.outputs.pop_front() {
                return output;
            }
            for modem in 0..self.modems.len() {
                self.flush(modem);
            }
            if self.outputs.is_empty() {
                if self.modems.iter().all(|socket| socket.device.outward.is_empty()) {
                    return Output::WakeAt(self.due());
                }
                self.settle();
            }
        }
    }

    /// What a modem says to its terminal now, for whoever is at its port: it is no output any more.
    pub fn said(&mut self, modem: usize) -> Vec<u8> {
        if modem < self.modems.len() {
            self.flush(modem);
        }
        let mut said = Vec::new();
        self.outputs.retain(|output| match output {
            Output::Transmit { modem: speaker, bytes } if *speaker == modem => {
                said.extend_from_slice(bytes);
                false
            }
            _ => true,
        });
        said
    }

    /// Counts everything an onlooker could see changing.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// How many messages are on their way to a SIM or a handset that is on.
    pub fn under_way(&self) -> usize {
        self.network.under_way()
    }

    /// How many submits the network took in all.
    pub fn submits(&self) -> usize {
        self.network.submitted.len()
    }

    /// What arrives of `bytes`, either way, when the terminal's line speed is `baud`.
    pub fn over_the_line<'a>(&self, modem: usize, baud: u32, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        match self.baud(modem).is_none_or(|own| own == baud) {
            true => Cow::Borrowed(bytes),
            false => Cow::Owned(out_of_time(bytes)),
        }
    }

    /// The modem's own line speed, as on a UART; none: it takes bytes at any, and at once.
    pub fn baud(&self, modem: usize) -> Option<u32> {
        self.modems.get(modem).and_then(|socket| socket.device.baud)
    }

    /// Where a shell has put the port of a modem, for onlookers.
    pub fn set_terminal(&mut self, modem: usize, path: Option<String>) {
        if let Some(socket) = self.modems.get_mut(modem) {
            socket.terminal = path;
        }
    }

    /// Wall clock time of the world.
    pub fn wall(&self) -> UnixTime {
        self.start.after(self.now)
    }

    pub(super) fn moment(&self) -> Moment {
        Moment { now: self.now, wall: self.wall() }
    }

    pub(super) fn changed(&mut self) {
        self.changes += 1;
        self.outputs.push_back(Output::Changed);
    }

    /// The modem whose SIM has that number, plugged in or not.
    pub(super) fn is_sim(&self, number: &str) -> bool {
        is_sim(&self.modems, number)
    }

    fn due(&self) -> Option<Millis> {
        let modems = self.modems.iter().filter(|socket| socket.plugged);
        let devices = modems.filter_map(|socket| socket.device.due());
        let back = self.modems.iter().filter_map(|socket| socket.comes_back);
        devices.chain(back).chain(self.network.due(self.now)).min()
    }

    fn flush(&mut self, modem: usize) {
        let socket = &mut self.modems[modem];
        socket.device.now = self.now;
        while let Some(bytes) = socket.device.take_output() {
            if socket.open && !bytes.is_empty() {
                self.outputs.push_back(Output::Transmit { modem, bytes });
            }
        }
    }

    /// Lets everything happen that can happen now.
    pub(super) fn settle(&mut self) {
        loop {
            let moment = self.moment();
            let changed = self.network.advance(moment, |number| is_sim(&self.modems, number));
            if !changed.is_empty() {
                self.changed();
            }
            let mut busy = false;
            for modem in 0..self.modems.len() {
                let socket = &mut self.modems[modem];
                socket.device.now = moment.now;
                socket.device.wall = moment.wall;
                if socket.comes_back.is_some_and(|at| at <= moment.now) {
                    self.plug(modem);
                }
                if self.modems[modem].plugged {
                    self.modems[modem].device.tick();
                }
                while let Some(outward) = self.modems[modem].device.outward.pop_front() {
                    self.obey(modem, outward);
                    busy = true;
                }
                busy |= self.pump(modem);
            }
            if !busy {
                break;
            }
        }
        let under_way = self.network.under_way() as u64;
        let outlook = self.modems.iter_mut().fold(under_way, |all, socket| socket.outlook(all));
        if outlook != self.outlook {
            self.outlook = outlook;
            self.changed();
        }
    }

    fn obey(&mut self, modem: usize, outward: Outward) {
        let moment = self.moment();
        let number = self.modems[modem].device.sim.as_ref().map(|sim| sim.number.clone());
        let number = number.unwrap_or_default();
        match outward {
            Outward::Submit { smsc: _, tpdu } => {
                let device = &mut self.modems[modem].device;
                if device.credit == Some(0) {
                    // What networks say without credit differs; 38 is the commonest (quirk 22).
                    return device.submitted(Millis(300), Err(38));
                }
                let kept = self.modems[modem].link_until > moment.now;
                let radio = Radio { kept, loses: self.modems[modem].device.faults.lost_on_air };
                let is_sim = |number: &str| is_sim(&self.modems, number);
                let (takes, result) =
                    self.network.submit(moment, modem, &number, tpdu, is_sim, radio);
                let socket = &mut self.modems[modem];
                let more = socket.device.settings.more > 0;
                socket.link_until = if more { moment.now + takes + LINK } else { Millis(0) };
                let device = &mut socket.device;
                if result.is_ok() {
                    if let Some(submitted) = self.network.submitted.last_mut() {
                        submitted.more = device.settings.more > 0;
                    }
                    device.credit = device.credit.map(|left| left.saturating_sub(1));
                }
                device.submitted(takes, result);
                self.changed();
            }
            Outward::Acknowledged => self.arrived(modem, &number),
            Outward::Unacknowledged => self.network.not_delivered(self.now, &number),
            Outward::Ready => {}
            Outward::Vanish => {
                let device = &self.modems[modem].device;
                self.modems[modem].comes_back =
                    Some(self.now + REENUMERATION.max(device.profile.boot));
                self.unplug(modem);
            }
            Outward::Unplug => self.unplug(modem),
        }
    }

    /// Hands over what waits for the SIM in this modem. True when something moved.
    fn pump(&mut self, modem: usize) -> bool {
        let socket = &mut self.modems[modem];
        if !socket.plugged || socket.device.power != Power::On {
            return false;
        }
        let Some(number) = socket.device.sim.as_ref().map(|sim| sim.number.clone()) else {
            return false;
        };
        let Some(parcel) = self.network.next_for(self.now, &number) else { return false };
        let taken = socket.device.hand_over(&parcel.pdu) == Handover::Taken;
        match taken {
            true => self.arrived(modem, &number),
            // That there is no room is said now, not with the next byte.
            false => socket.device.work(),
        }
        taken
    }

    /// The SIM has the message in hand; the network may not hear so and send it again.
    fn arrived(&mut self, modem: usize, number: &str) {
        let moment = self.moment();
        let socket = &mut self.modems[modem];
        let every = socket.device.faults.duplicate_every;
        let original = self.network.next_for(self.now, number).is_some_and(|p| !p.repeated);
        socket.arrivals += u64::from(original);
        let again = original && every > 0 && socket.arrivals.is_multiple_of(every);
        self.network.delivered(moment, number, again);
        self.changed();
    }

    pub(super) fn unplug(&mut self, modem: usize) {
        let socket = &mut self.modems[modem];
        if !socket.plugged {
            return;
        }
        socket.device.now = self.now;
        self.flush(modem);
        let socket = &mut self.modems[modem];
        socket.device.power_off();
        (socket.plugged, socket.open) = (false, false);
        socket.terminal = None;
        self.outputs.push_back(Output::Unplug { modem });
        self.changed();
    }

    pub(super) fn plug(&mut self, modem: usize) {
        let socket = &mut self.modems[modem];
        socket.comes_back = None;
        if socket.plugged {
            return;
        }
        socket.plugged = true;
        socket.device.now = self.now;
        socket.device.power_on();
        self.outputs.push_back(Output::Plug { modem });
        self.changed();
    }
}
