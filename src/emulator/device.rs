//! One emulated modem: power, SIM, radio, timers, and the line to its terminal.
//!
//! Bytes come in through `session`, which carries out `commands`; what the network must know goes
//! out as [`Outward`], and what the network hands over comes back through `deliver`.

use std::collections::VecDeque;

use super::calls::Call;
use super::deliver::Arrivals;
use super::faults::{Armed, Faults};
use super::profile::Profile;
use super::radio::Radio;
use super::recording::{Doing, Recording};
use super::reply::Refusal;
use super::session::Session;
use super::settings::Settings;
use super::sim::{Gate, Sim};
use super::storage::{Memory, Storage};
use super::ussd::Menu;
use super::wire::Wire;
use crate::types::{Millis, UnixTime};

/// A modem. Fields that a reset does not touch come first.
#[derive(Debug)]
pub struct Device {
    pub profile: &'static Profile,
    pub imei: String,
    pub sim: Option<Sim>,
    pub equipment: Storage,
    pub reports: Storage,
    pub broadcasts: Storage,
    pub radio: Radio,
    pub faults: Faults,
    pub armed: Armed,
    /// Messages the subscription still pays for; `None` is without limit.
    pub credit: Option<u32>,
    /// TP-MR stays as the terminal gave it.
    pub keeps_reference: bool,
    /// `+CMGS:` says 0 whatever TP-MR is (fault 39).
    pub reference_always_zero: bool,
    /// The line speed it answers at; none: at any.
    pub baud: Option<u32>,
    pub ussd_codes: Menu,
    /// Instead of all this: what another modem said.
    pub recording: Option<Recording>,

    pub settings: Settings,
    pub power: Power,
    pub session: Session,
    pub wire: Wire,
    pub arrivals: Arrivals,
    pub call: Option<Call>,
    /// Where in a USSD menu the dialogue stands.
    pub ussd_open: Option<Menu>,
    /// The stored message that is being sent.
    pub sends_stored: Option<(Memory, u16)>,
    pub outward: VecDeque<Outward>,
    /// The time of the step under way, set by the world.
    pub now: Millis,
    pub wall: UnixTime,
    /// The zone of the network in quarters of an hour.
    pub zone: i8,
    /// Bytes taken from and given to the terminal since the fault plan was set.
    pub received: u64,
    pub sent: u64,
    sim_ready_at: Millis,
    agenda: Vec<(Millis, Task)>,
    announced: [u8; 3],
}

/// The standard says 1 to 5 s.
const LINK_KEPT: Millis = Millis(5_000);

/// Whether anything works at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    Unplugged,
    Booting,
    On,
    /// Takes bytes and answers nothing.
    Hung,
}

/// Something a modem does later by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    Booted,
    SimReady,
    Say(String),
    Ring,
    CallerGivesUp,
    AckTimeout,
    LinkFalls,
    Chatter,
    Heartbeat,
    Restart,
    /// Bytes of a recording.
    Repeat(Vec<u8>),
    /// The recorded modem left the bus, and came back.
    Vanish,
}

/// What the world must do for a modem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outward {
    /// A SUBMIT or COMMAND TPDU for the network, and the service centre it goes through.
    Submit { smsc: String, tpdu: Vec<u8> },
    /// The message in hand was acknowledged.
    Acknowledged,
    /// The message in hand was refused or not acknowledged in time.
    Unacknowledged,
    /// A slot became free, or the radio came back: try what waits.
    Ready,
    /// The port disappears and comes back when the modem has started again.
    Vanish,
    /// The port disappears for good.
    Unplug,
}

impl Device {
    pub fn unacknowledged(&mut self) {
        if self.arrivals.lost_power() {
            self.outward.push_back(Outward::Unacknowledged);
        }
    }

    /// Power comes: settings are those of the factory, the SIM asks again.
    pub fn power_on(&mut self) {
        self.unacknowledged();
        self.settings = Settings::factory(self.profile);
        self.session = Session::default();
        self.wire.clear();
        self.call = None;
        self.ussd_open = None;
        self.agenda.clear();
        self.announced = [0; 3];
        self.radio.function = 1;
        if let Some(sim) = &mut self.sim {
            sim.pin.power_off();
        }
        if self.faults.restart_cures {
            self.set_faults(Faults::default());
        }
        self.power = Power::Booting;
        self.sim_ready_at = self.now + self.profile.boot + self.profile.sim_busy;
        self.later(self.profile.boot, Task::Booted);
        if self.recording.is_some() {
            self.repeat_greeting();
        }
    }

    /// From now on this modem repeats what another one said, without a card or a network.
    pub fn replay(&mut self, recording: Recording) {
        (self.sim, self.recording) = (None, Some(recording));
        if self.power != Power::Unplugged {
            self.repeat_greeting();
        }
    }

    fn repeat_greeting(&mut self) {
        self.agenda.clear();
        self.power = Power::On;
        let greeting = self.recording.as_mut().map(Recording::greeting).unwrap_or_default();
        self.repeat(greeting);
    }

    /// Does what was recorded, at the recorded pace; what comes late holds nothing else back.
    pub fn repeat(&mut self, doings: Vec<Doing>) {
        let mut after = Millis(0);
        for doing in doings {
            let (Doing::Say(wait, _) | Doing::Vanish(wait)) = &doing;
            after = after + *wait;
            let task = match doing {
                Doing::Say(_, bytes) => Task::Repeat(bytes),
                Doing::Vanish(_) => Task::Vanish,
            };
            match after {
                Millis(0) => self.carry_out(task),
                after => self.later(after, task),
            }
        }
    }

    pub fn power_off(&mut self) {
        self.unacknowledged();
        self.power = Power::Unplugged;
        self.session = Session::default();
        self.wire.clear();
        self.agenda.clear();
        self.call = None;
    }

    /// A restart by command, fault or watchdog; a USB modem leaves the bus meanwhile.
    pub fn restart(&mut self) {
        if self.profile.usb || self.faults.reset_unplugs {
            self.power = Power::Unplugged;
            self.outward.push_back(Outward::Vanish);
        } else {
            self.power_on();
        }
    }

    pub fn set_faults(&mut self, faults: Faults) {
        self.armed = Armed::new(&faults);
        self.wire.replan(faults.seed);
        (self.received, self.sent) = (0, 0);
        if self.power == Power::Hung && !faults.hang {
            self.power = Power::On;
        }
        self.agenda.retain(|(_, task)| *task != Task::Chatter);
        if !faults.chatter.text.is_empty() {
            self.later(Millis(faults.chatter.every_ms.max(1)), Task::Chatter);
        }
        self.faults = faults;
    }

    pub fn later(&mut self, after: Millis, task: Task) {
        self.agenda.push((self.now + after, task));
    }

    pub fn forget(&mut self, task: &Task) {
        self.agenda.retain(|(_, planned)| planned != task);
    }

    /// `+CMMS=1` ends by itself when the next message does not follow soon (27.005 §3.5.6).
    pub fn keep_link(&mut self) {
        self.forget(&Task::LinkFalls);
        if self.settings.more == 1 {
            self.later(LINK_KEPT, Task::LinkFalls);
        }
    }

    /// Does everything whose time has come.
    pub fn tick(&mut self) {
        while let Some(at) = self.agenda.iter().position(|(due, _)| *due <= self.now) {
            let (_, task) = self.agenda.remove(at);
            self.carry_out(task);
        }
        self.work();
        self.announce_registration();
    }

    fn carry_out(&mut self, task: Task) {
        match task {
            Task::Booted => {
                self.power = Power::On;
                for line in self.profile.banner {
                    self.urc(line);
                }
                self.start_sim(self.profile.sim_busy);
                if let Some((_, every)) = self.profile.heartbeat {
                    self.later(every, Task::Heartbeat);
                }
                if !self.faults.chatter.text.is_empty() {
                    self.later(Millis(self.faults.chatter.every_ms.max(1)), Task::Chatter);
                }
            }
            Task::SimReady => self.sim_became_ready(),
            Task::Say(line) => self.urc(&line),
            Task::Ring => self.ring_again(),
            Task::CallerGivesUp => self.caller_hangs_up(),
            Task::AckTimeout => self.ack_missing(),
            Task::LinkFalls => self.settings.more = 0,
            Task::Restart => self.restart(),
            Task::Repeat(bytes) => self.wire.write(self.now, &bytes, &self.faults),
            Task::Vanish => self.outward.push_back(Outward::Vanish),
            Task::Chatter => {
                let text = self.faults.chatter.text.clone();
                self.urc(&text);
                self.later(Millis(self.faults.chatter.every_ms.max(1)), Task::Chatter);
            }
            Task::Heartbeat => {
                if let Some((line, every)) = self.profile.heartbeat {
                    self.urc(&line.replace("{}", &self.radio.signal.to_string()));
                    self.later(every, Task::Heartbeat);
                }
            }
        }
    }

    /// The card begins to answer after `busy`, if it asks for nothing.
    pub fn start_sim(&mut self, busy: Millis) {
        self.sim_ready_at = self.now + busy;
        match self.sim.as_ref().map(|sim| sim.pin.gate()) {
            Some(Gate::Open) => self.later(busy, Task::SimReady),
            Some(Gate::Pin) if self.says_pin_state() => self.urc("+CPIN: SIM PIN"),
            Some(Gate::Puk) if self.says_pin_state() => self.urc("+CPIN: SIM PUK"),
            None if self.says_pin_state() => self.urc("+CPIN: NOT INSERTED"),
            _ => {}
        }
    }

    fn says_pin_state(&self) -> bool {
        self.profile.sim_ready.contains(&"+CPIN: READY")
    }

    fn sim_became_ready(&mut self) {
        for line in self.profile.sim_ready {
            self.urc(line);
        }
        self.outward.push_back(Outward::Ready);
    }

    /// The card, when it is there, open and has started.
    pub fn card(&mut self) -> Result<&mut Sim, Refusal> {
        let busy = self.now < self.sim_ready_at;
        let sim = self.sim.as_mut().ok_or(Refusal::Cme(10))?;
        match sim.pin.gate() {
            Gate::Pin => Err(Refusal::Cme(11)),
            Gate::Puk => Err(Refusal::Cme(12)),
            Gate::Dead => Err(Refusal::Cme(13)),
            Gate::Open if busy => Err(Refusal::Cme(14)),
            Gate::Open => Ok(sim),
        }
    }

    /// The same for SMS commands, which have codes of their own (27.005 §3.2.5).
    pub fn sms_card(&mut self) -> Result<&mut Sim, Refusal> {
        self.card().map_err(|refusal| match refusal {
            Refusal::Cme(10) => Refusal::Cms(310),
            Refusal::Cme(11) => Refusal::Cms(311),
            Refusal::Cme(12) => Refusal::Cms(316),
            Refusal::Cme(14) => Refusal::Cms(314),
            _ => Refusal::Cms(313),
        })
    }

    /// `<stat>` of the three registration commands as things stand (27.007 §7.2, §10.1.20, §10.1.22).
    pub fn registration(&mut self) -> [u8; 3] {
        let usable = self.power == Power::On && self.radio.function == 1 && self.card().is_ok();
        let searching = self.power == Power::On && self.sim.is_some() && self.radio.function == 1;
        match (usable, searching) {
            (true, _) => self.radio.domains(),
            (false, true) if matches!(self.card(), Err(Refusal::Cme(14))) => [2; 3],
            _ => [0; 3],
        }
    }

    /// Whether the network can reach this SIM and take messages from it.
    pub fn registered(&mut self) -> bool {
        self.registration().iter().any(|stat| matches!(stat, 1 | 5 | 6 | 7 | 9 | 10))
    }

    fn announce_registration(&mut self) {
        if self.power != Power::On {
            return;
        }
        let stats = self.registration();
        for (i, name) in ["+CREG", "+CGREG", "+CEREG"].into_iter().enumerate() {
            let n = self.settings.registration_reports[i];
            if self.announced[i] != stats[i] && n > 0 {
                self.urc(&format!("{name}: {}", self.radio.fields(stats[i], n)));
            }
        }
        if stats != self.announced {
            self.announced = stats;
            self.outward.push_back(Outward::Ready);
        }
    }

    pub fn storage(&mut self, memory: Memory) -> Option<&mut Storage> {
        match memory {
            Memory::Sim => self.sim.as_mut().map(|sim| &mut sim.messages),
            Memory::Equipment => Some(&mut self.equipment),
            Memory::Reports => Some(&mut self.reports),
            Memory::Broadcast => Some(&mut self.broadcasts),
            Memory::Both => None,
        }
    }

    /// When something happens next without a byte from the terminal.
    pub fn due(&self) -> Option<Millis> {
        let planned = self.agenda.iter().map(|(due, _)| *due);
        // One that hangs does nothing with what its session still had to do.
        let session = self.session.due(self.now).filter(|_| self.power == Power::On);
        planned.chain(self.wire.due()).chain(session).min()
    }

    /// The next piece for the terminal.
    pub fn take_output(&mut self) -> Option<Vec<u8>> {
        let mut bytes = self.wire.take(self.now)?;
        let before = self.sent;
        self.sent += bytes.len() as u64;
        if let Some(limit) = self.faults.reset_at_sent.filter(|n| (before..self.sent).contains(n)) {
            bytes.truncate((limit - before) as usize);
            self.faults.reset_at_sent = None;
            self.wire.clear();
            self.restart();
        }
        Some(bytes)
    }
}

/// What the scenario says about a modem and its card, before power comes.
#[derive(Debug)]
pub struct Parts {
    pub profile: &'static Profile,
    pub imei: String,
    pub sim: Option<Sim>,
    pub equipment: Storage,
    pub reports: Storage,
    pub radio: Radio,
    pub faults: Faults,
    pub credit: Option<u32>,
    pub keeps_reference: bool,
    pub reference_always_zero: bool,
    pub baud: Option<u32>,
    pub ussd_codes: Menu,
    pub zone: i8,
}

impl Device {
    pub fn new(parts: Parts) -> Device {
        let mut device = Device {
            profile: parts.profile,
            imei: parts.imei,
            sim: parts.sim,
            equipment: parts.equipment,
            reports: parts.reports,
            broadcasts: Storage::new(10, parts.profile.slots.base),
            radio: parts.radio,
            faults: Faults::default(),
            armed: Armed::default(),
            credit: parts.credit,
            keeps_reference: parts.keeps_reference,
            reference_always_zero: parts.reference_always_zero,
            baud: parts.baud,
            ussd_codes: parts.ussd_codes,
            settings: Settings::factory(parts.profile),
            power: Power::Booting,
            session: Session::default(),
            wire: Wire::new(0),
            arrivals: Arrivals::default(),
            call: None,
            ussd_open: None,
            sends_stored: None,
            outward: VecDeque::new(),
            now: Millis(0),
            wall: UnixTime(0),
            zone: parts.zone,
            recording: None,
            received: 0,
            sent: 0,
            sim_ready_at: Millis(0),
            agenda: Vec::new(),
            announced: [0; 3],
        };
        device.power_on();
        device.set_faults(parts.faults);
        device
    }
}
