//! Drivers at emulated modems, with a ledger in the place of the database: everything that decides
//! about a text and nothing that takes time, so that a life of hours is played in milliseconds.
//!
//! Operations come in ([`Op`]), or one cut at one byte ([`Cut`]); [`Bench::verdict`] says which
//! promise was broken. The ledger keeps what the store would keep: a PDU before it is confirmed, a
//! stage before its bytes, an outcome. A killed process loses everything but the ledger.

use std::collections::{BTreeMap, VecDeque};

use simgate::emulator::{self, Faults, Scenario, World};
use simgate::modem::{
    Accepted, Disposition, Driver, Event, Input, Order, Output, Receipt, Settings, Source, State,
    SubmitError, Ticket,
};
use simgate::sms::{
    Address, Deliver, Pdu, Scts, SegmentOptions, StatusClass, Submit, Tpdu, Way, segment,
};
use simgate::types::{Millis, UnixTime};

const START: UnixTime = UnixTime(1_795_251_600_000);
const CUSTOMER: &str = "+447700900200";
/// What a synced commit takes.
const COMMIT: Millis = Millis(5);
/// A text that could not leave for the modem's reasons is tried again after this.
const PAUSE: Millis = Millis::from_secs(5);
/// One refused for now.
const BACKOFF: Millis = Millis::from_secs(30);
/// A port is looked at again after this.
const REOPEN: Millis = Millis::from_secs(1);
/// How often the gateway lets a modem be restarted: more often than it does, for short lives.
const RESTARTS_EVERY: Millis = Millis::from_secs(120);

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Time passes, in milliseconds.
    Wait(u64),
    /// A customer writes, in so many segments.
    Receive { modem: usize, parts: usize },
    /// A text is queued, in so many segments.
    Send { modem: usize, parts: usize, report: bool },
    /// Something goes wrong with a modem, by the number of the plan.
    Fault { modem: usize, plan: usize, number: u64 },
    /// Nothing is wrong with it any more.
    Calm { modem: usize },
    /// The stick is pulled.
    Pull { modem: usize },
    /// It is put back.
    PutBack { modem: usize },
    /// The process is killed, with its commits under way done or not.
    Kill { committed: bool },
    /// It is started again.
    Start,
    /// Nothing can be stored, or everything again.
    Full(bool),
}

/// One interruption at one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub way: Towards,
    /// So many bytes still arrive.
    pub after: usize,
    pub what: Gone,
}

/// The direction whose bytes are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    Modem,
    Gateway,
}

/// What is gone at the cut. All of it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The stick, with its power.
    Port,
    /// Our process; the modem stays as it is.
    Process,
    /// The modem starts again, its port stays.
    Modem,
    /// The modem starts again and leaves the bus meanwhile.
    ModemAndPort,
}

/// Where a text on its way out stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Waiting(Millis),
    OnAir,
    Accepted,
    Refused,
    Unknown,
}

/// One segment to send.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub modem: usize,
    pub tpdu: Vec<u8>,
    pub stage: Stage,
    /// A report is wanted.
    pub report: bool,
    /// It goes by a slot of the modem, where that can.
    pub keep: bool,
    /// What a slot said while nobody knew.
    pub found: Option<bool>,
}

/// What survives everything.
#[derive(Debug, Default)]
pub struct Ledger {
    /// PDUs by SIM, and how often each was offered.
    pub inbound: BTreeMap<(usize, String), u32>,
    pub out: Vec<Outgoing>,
}

/// A commit under way.
#[derive(Debug)]
enum Work {
    Keep(Receipt, String),
    /// A text on its way out lies in the modem, sent or not.
    Found(Receipt, String, bool),
    Stage(usize),
    Outcome(usize, Result<Accepted, SubmitError>),
    Late(usize),
}

/// The process's part of one modem.
#[derive(Default)]
struct Seat {
    plugged: bool,
    driver: Option<Driver>,
    wake: Option<Millis>,
    open_at: Option<Millis>,
    state: State,
    commits: VecDeque<(Millis, Work)>,
    /// A segment has a stage and no outcome.
    busy: bool,
    /// It had to be recovered without a word about it.
    silent: bool,
    /// Something was said since the last change of state.
    told: bool,
    /// From when on the modem may be restarted.
    restart_from: Millis,
}

/// Modems, drivers, ledger.
pub struct Bench {
    pub world: World,
    pub now: Millis,
    pub ledger: Ledger,
    /// Every PDU the network was given, by SIM.
    pub given: Vec<(usize, String)>,
    /// Bytes so far in either direction.
    pub bytes: (usize, usize),
    /// Command lines written so far.
    pub commands: u64,
    /// What drivers said to people.
    pub notes: Vec<String>,
    /// How often a driver restarted its modem.
    pub restarts: u32,
    /// Every text out goes by a slot; else every fourth text does.
    pub keep: bool,
    seats: Vec<Seat>,
    alive: bool,
    full: bool,
    cut: Option<Cut>,
    comes_back: Vec<(Millis, Op)>,
    texts: usize,
}

impl Bench {
    /// Modems of these families, switched on, and a running process.
    pub fn new(profiles: &[&str]) -> Self {
        let scenario = |name: &&str| Scenario::plain(1, name).modems.remove(0);
        let modems = profiles.iter().map(scenario).collect();
        Self::over(Scenario { modems, ..Scenario::default() })
    }

    /// The modems of a scenario.
    pub fn over(scenario: Scenario) -> Self {
        let seats = scenario.modems.iter().map(|_| Seat::default()).collect();
        let world = World::new(scenario, START).expect("a sound scenario");
        Self {
            world,
            now: Millis(0),
            ledger: Ledger::default(),
            given: Vec::new(),
            bytes: (0, 0),
            commands: 0,
            notes: Vec::new(),
            restarts: 0,
            keep: false,
            seats,
            alive: true,
            full: false,
            cut: None,
            comes_back: Vec::new(),
            texts: 0,
        }
    }

    /// The same with an interruption to come, at the first modem.
    pub fn cut(profiles: &[&str], cut: Cut) -> Self {
        let mut bench = Self::new(profiles);
        let (n, unplugs) = (cut.after as u64, cut.what == Gone::ModemAndPort);
        match (cut.what, cut.way) {
            (Gone::Port | Gone::Process, _) => bench.cut = Some(cut),
            (_, Towards::Modem) => bench.plan(
                0,
                Faults { reset_at_received: Some(n), reset_unplugs: unplugs, ..Faults::default() },
            ),
            (_, Towards::Gateway) => bench.plan(
                0,
                Faults { reset_at_sent: Some(n), reset_unplugs: unplugs, ..Faults::default() },
            ),
        }
        bench
    }

    /// Does one thing, at once but for waiting.
    pub fn act(&mut self, op: &Op) {
        match *op {
            Op::Wait(ms) => return self.pass(Millis(ms)),
            Op::Receive { modem, parts } => self.receive(modem, parts),
            Op::Send { modem, parts, report } => self.send(modem, parts, report),
            Op::Fault { modem, plan, number } => self.plan(modem, fault(plan, number)),
            Op::Calm { modem } => self.plan(modem, Faults::default()),
            Op::Pull { modem } => self.world.pull(modem).expect("there is one"),
            Op::PutBack { modem } => self.world.put_back(modem, None).expect("there is one"),
            Op::Kill { committed } => self.kill(committed),
            Op::Start => self.start(),
            Op::Full(full) => self.full = full,
        }
        self.settle();
    }

    /// Everything is well again and has time to show it.
    pub fn calm(&mut self) {
        self.full = false;
        for modem in 0..self.seats.len() {
            self.plan(modem, Faults::default());
            self.world.put_back(modem, None).expect("there is one");
        }
        self.start();
        self.settle();
        let end = self.now + Millis::from_secs(1_500);
        while self.verdict().is_err() && self.now < end {
            self.pass(Millis::from_secs(10));
        }
        // What is settled stays so.
        self.pass(Millis::from_secs(90));
    }

    /// Lets time pass, event by event.
    pub fn pass(&mut self, time: Millis) {
        let end = self.now + time;
        let mut still = 0;
        loop {
            self.settle();
            let Some(at) = self.due().filter(|at| *at <= end) else { break };
            still = if at > self.now { 0 } else { still + 1 };
            assert!(still < 10_000, "turns round and round at {}", self.now);
            self.now = self.now.max(at);
            self.fire();
        }
        self.now = end;
        self.world.handle(end, emulator::Input::Time);
    }

    /// The first broken promise. To be asked after [`Bench::calm`].
    pub fn verdict(&mut self) -> Result<(), String> {
        for (modem, pdu) in &self.given {
            if !self.ledger.inbound.contains_key(&(*modem, pdu.clone())) {
                return Err(format!("I1: modem {modem} lost {pdu}"));
            }
        }
        for (modem, pdu) in self.ledger.inbound.keys() {
            // A text damaged on the line, where nobody repeats it, is kept as it came.
            let text = Pdu::decode(pdu, Way::ToMobile);
            let text = matches!(text, Ok(Pdu { tpdu: Tpdu::Deliver(_), .. }));
            if text && !self.given.contains(&(*modem, pdu.clone())) {
                return Err(format!("I1: modem {modem} made up {pdu}"));
            }
        }
        for modem in 0..self.seats.len() {
            let facts = self.world.modem(modem).expect("there is one");
            let lying: u16 = facts.storages.iter().map(|(_, used, _)| used).sum();
            if lying > 0 || facts.waiting > 0 {
                return Err(format!("I1: in modem {modem} {lying} lie, {} wait", facts.waiting));
            }
            if self.seats[modem].silent {
                return Err(format!("I6: modem {modem} was recovered without a word"));
            }
            let state = self.seats[modem].state;
            if state != State::Ready {
                return Err(format!("I4: modem {modem} is {state}"));
            }
        }
        for (n, out) in self.ledger.out.iter().enumerate() {
            let sent = self.world.submitted(out.modem, 0).filter(|s| same(&s.tpdu, &out.tpdu));
            let (sent, stage) = (sent.count(), out.stage);
            let kept = match stage {
                Stage::Accepted => sent == 1,
                Stage::Refused => sent == 0,
                Stage::Unknown => sent <= 1,
                Stage::Waiting(_) | Stage::OnAir => false,
            };
            if !kept {
                return Err(format!("I2: segment {n} is {stage:?} and was sent {sent} times"));
            }
        }
        Ok(())
    }

    /// How many segments stand so.
    pub fn count(&self, stage: Stage) -> usize {
        self.ledger.out.iter().filter(|out| out.stage == stage).count()
    }

    fn plan(&mut self, modem: usize, faults: Faults) {
        self.world.set_faults(modem, faults).expect("there is one");
    }

    fn receive(&mut self, modem: usize, parts: usize) {
        self.texts += 1;
        let scts = Scts::at(START.after(self.now), 0).expect("a time");
        let sender = Address::number_of(CUSTOMER).expect("a number");
        for segment in segments(self.texts, parts) {
            let tpdu = Tpdu::Deliver(Deliver::new(sender, scts, &segment));
            let pdu = Pdu { smsc: None, tpdu }.to_hex().expect("it can be written");
            self.world.pdu_to(modem, &pdu).expect("a sound PDU");
            self.given.push((modem, pdu));
        }
    }

    fn send(&mut self, modem: usize, parts: usize, report: bool) {
        self.texts += 1;
        let to = Address::number_of(CUSTOMER).expect("a number");
        for segment in segments(self.texts, parts) {
            let submit = Submit { report, ..Submit::new(to, &segment) };
            let tpdu = Tpdu::Submit(submit).encode().expect("it can be written");
            let stage = Stage::Waiting(self.now);
            let keep = self.keep || self.texts % 4 == 3;
            self.ledger.out.push(Outgoing { modem, tpdu, stage, report, keep, found: None });
        }
    }

    fn kill(&mut self, committed: bool) {
        if !std::mem::replace(&mut self.alive, false) {
            return;
        }
        for modem in 0..self.seats.len() {
            let seat = &mut self.seats[modem];
            let open = seat.driver.take().is_some();
            let commits = std::mem::take(&mut seat.commits);
            *seat = Seat { plugged: seat.plugged, ..Seat::default() };
            for (_, work) in commits.into_iter().filter(|_| committed) {
                self.ledger.commit(modem, &work, self.now);
            }
            if open {
                self.world.handle(self.now, emulator::Input::Closed { modem });
            }
        }
    }

    fn start(&mut self) {
        if std::mem::replace(&mut self.alive, true) {
            return;
        }
        for out in &mut self.ledger.out {
            if out.stage == Stage::OnAir {
                out.stage = Stage::Unknown;
            }
        }
        for seat in &mut self.seats {
            seat.open_at = seat.plugged.then_some(self.now);
        }
    }

    fn due(&mut self) -> Option<Millis> {
        let emulator::Output::WakeAt(world) = self.world.poll() else { return Some(self.now) };
        let seats = self.seats.iter().flat_map(|seat| {
            let commit = seat.commits.front().map(|(at, _)| *at);
            [seat.wake, seat.open_at, commit]
        });
        let back = self.comes_back.iter().map(|(at, _)| Some(*at));
        let next: Vec<Millis> = seats.chain(back).chain([world]).flatten().collect();
        let queue = (0..self.seats.len()).filter_map(|modem| self.next_out(modem));
        queue.map(|(at, _)| at).chain(next).min()
    }

    /// The first segment in line for a modem that can take it, and when.
    fn next_out(&self, modem: usize) -> Option<(Millis, usize)> {
        let seat = &self.seats[modem];
        if seat.busy || seat.state != State::Ready || seat.driver.is_none() {
            return None;
        }
        let first = self.ledger.out.iter().enumerate().find_map(|(n, out)| match out.stage {
            Stage::Waiting(at) if out.modem == modem => Some((at, n)),
            _ => None,
        });
        first.map(|(at, n)| (at.max(self.now), n))
    }

    /// Everything whose time has come.
    fn fire(&mut self) {
        let now = self.now;
        self.world.handle(now, emulator::Input::Time);
        while let Some(place) = self.comes_back.iter().position(|(at, _)| *at <= now) {
            let (_, op) = self.comes_back.remove(place);
            self.act(&op);
        }
        for modem in 0..self.seats.len() {
            if self.seats[modem].open_at.is_some_and(|at| at <= now) {
                self.open(modem);
            }
            while self.seats[modem].commits.front().is_some_and(|(at, _)| *at <= now) {
                let (_, work) = self.seats[modem].commits.pop_front().expect("just seen");
                self.committed(modem, work);
            }
            if let Some((at, n)) = self.next_out(modem).filter(|(at, _)| *at <= now) {
                self.seats[modem].busy = true;
                self.seats[modem].commits.push_back((at + COMMIT, Work::Stage(n)));
            }
            if self.seats[modem].wake.is_some_and(|at| at <= now) {
                self.drive(modem, Input::Time);
            }
        }
    }

    fn open(&mut self, modem: usize) {
        let seat = &mut self.seats[modem];
        seat.open_at = None;
        if !seat.plugged || !self.alive {
            return;
        }
        // As the gateway: a new task finds the line, and what was on the air there is unknown.
        seat.busy = false;
        for out in self.ledger.out.iter_mut().filter(|out| out.modem == modem) {
            if out.stage == Stage::OnAir {
                out.stage = Stage::Unknown;
            }
        }
        let seat = &mut self.seats[modem];
        seat.driver = Some(Driver::new(Settings::default()));
        self.world.handle(self.now, emulator::Input::Opened { modem });
        self.drive(modem, Input::Opened);
    }

    fn close(&mut self, modem: usize) {
        self.drive(modem, Input::Closed);
        let seat = &mut self.seats[modem];
        (seat.driver, seat.wake) = (None, None);
        // What the driver said at its end is still written down before the task ends.
        while let Some((_, work)) = self.seats[modem].commits.pop_front() {
            self.committed(modem, work);
        }
        self.seats[modem].state = State::Closed;
    }

    fn drive(&mut self, modem: usize, input: Input<'_>) {
        let now = self.now;
        let Some(driver) = &mut self.seats[modem].driver else { return };
        driver.handle(now, input);
        let mut reopen = false;
        loop {
            let Some(driver) = &mut self.seats[modem].driver else { return };
            match driver.poll() {
                Output::Transmit(bytes) => self.write_modem(modem, &bytes),
                Output::Event(Event::Reopen { .. }) => {
                    // The log and the counter have the reason.
                    (reopen, self.seats[modem].silent) = (true, false);
                }
                Output::Event(event) => self.hear(modem, event),
                Output::WakeAt(wake) => {
                    self.seats[modem].wake = wake;
                    break;
                }
            }
        }
        if reopen {
            self.close(modem);
            self.world.handle(self.now, emulator::Input::Closed { modem });
            self.seats[modem].open_at = Some(self.now + REOPEN);
        }
    }

    fn write_modem(&mut self, modem: usize, bytes: &[u8]) {
        self.commands += u64::from(bytes.starts_with(b"AT"));
        let fits = self.counted(modem, Towards::Modem, bytes.len());
        let bytes = &bytes[..fits.unwrap_or(bytes.len())];
        self.world.handle(self.now, emulator::Input::Bytes { modem, bytes });
        if fits.is_some() {
            self.interrupt();
        }
    }

    fn write_gateway(&mut self, modem: usize, bytes: &[u8]) {
        let fits = self.counted(modem, Towards::Gateway, bytes.len());
        self.drive(modem, Input::Bytes(&bytes[..fits.unwrap_or(bytes.len())]));
        if fits.is_some() {
            self.interrupt();
        }
    }

    /// Counts bytes; how many of them still arrive when the cut is among them.
    fn counted(&mut self, modem: usize, way: Towards, bytes: usize) -> Option<usize> {
        if modem != 0 {
            return None;
        }
        let count = match way {
            Towards::Modem => &mut self.bytes.0,
            Towards::Gateway => &mut self.bytes.1,
        };
        let before = *count;
        *count += bytes;
        let cut = self.cut.filter(|cut| cut.way == way && cut.after < before + bytes)?;
        Some(cut.after - before)
    }

    fn interrupt(&mut self) {
        let Some(cut) = self.cut.take() else { return };
        let (gone, back) = match cut.what {
            Gone::Process => (Op::Kill { committed: cut.after.is_multiple_of(2) }, Op::Start),
            _ => (Op::Pull { modem: 0 }, Op::PutBack { modem: 0 }),
        };
        // From outside: the driver that is being drained finishes its turn first.
        self.comes_back.push((self.now, gone));
        self.comes_back.push((self.now + Millis(3_000), back));
    }

    /// One event of a driver.
    fn hear(&mut self, modem: usize, event: Event) {
        let done = self.now + if self.full { PAUSE } else { COMMIT };
        let seat = &mut self.seats[modem];
        match event {
            Event::Transition { to, .. } => {
                seat.silent |= to == State::Recovering && !seat.told;
                (seat.state, seat.told) = (to, false);
            }
            Event::Received(received) => {
                let work = match received.from {
                    Source::Stored { stat: Some(stat @ (2 | 3)), .. } => {
                        Work::Found(received.receipt, received.pdu, stat == 3)
                    }
                    _ => Work::Keep(received.receipt, received.pdu),
                };
                seat.commits.push_back((done, work));
            }
            Event::Submitted { ticket, outcome } => {
                seat.commits.push_back((done, Work::Outcome(ticket.0 as usize, outcome)));
            }
            Event::SubmittedLate { ticket, outcome: Ok(_) } => {
                seat.commits.push_back((done, Work::Late(ticket.0 as usize)));
            }
            Event::PinWanted { .. } => self.drive(modem, Input::Order(Order::AllowPin)),
            Event::Identified(_) => {
                let from = seat.restart_from;
                self.drive(modem, Input::Order(Order::AllowRestart { from }));
            }
            Event::Restarting => {
                let from = self.now + RESTARTS_EVERY;
                (seat.restart_from, self.restarts) = (from, self.restarts + 1);
                self.drive(modem, Input::Order(Order::AllowRestart { from }));
            }
            Event::Note(note) => {
                seat.told = true;
                self.notes.push(note);
            }
            _ => {}
        }
        // Commits are done one after the other.
        let seat = &mut self.seats[modem];
        seat.commits.make_contiguous().sort_by_key(|(at, _)| *at);
    }

    fn committed(&mut self, modem: usize, work: Work) {
        if let Work::Keep(receipt, _) | Work::Found(receipt, ..) = &work
            && self.full
        {
            return self.drive(modem, Input::Order(Order::Release(*receipt)));
        }
        if let Work::Found(receipt, pdu, _) = &work
            && self.ledger.kept(modem, pdu).is_some_and(|out| out.stage == Stage::OnAir)
        {
            return self.drive(modem, Input::Order(Order::Release(*receipt)));
        }
        self.ledger.commit(modem, &work, self.now);
        match work {
            Work::Keep(receipt, _) | Work::Found(receipt, ..) => {
                self.drive(modem, Input::Order(Order::Confirm(receipt)));
            }
            Work::Stage(n) => {
                let keep = self.ledger.out[n].keep;
                let tpdu = self.ledger.out[n].tpdu.clone();
                let more = self.ledger.out.get(n + 1).is_some_and(|next| {
                    next.modem == modem && matches!(next.stage, Stage::Waiting(_))
                });
                let ticket = Ticket(n as u64);
                if self.seats[modem].driver.is_some() {
                    self.drive(modem, Input::Order(Order::Submit { ticket, tpdu, more, keep }));
                } else {
                    // The port went while the stage was committed: nothing can have left.
                    self.ledger.out[n].stage = Stage::Waiting(self.now + PAUSE);
                    self.seats[modem].busy = false;
                }
            }
            Work::Outcome(..) => self.seats[modem].busy = false,
            Work::Late(_) => {}
        }
    }

    fn settle(&mut self) {
        loop {
            match self.world.poll() {
                emulator::Output::Transmit { modem, bytes } => self.write_gateway(modem, &bytes),
                emulator::Output::Unplug { modem } => {
                    self.seats[modem].plugged = false;
                    self.seats[modem].open_at = None;
                    if self.seats[modem].driver.is_some() {
                        self.close(modem);
                    }
                }
                emulator::Output::Plug { modem } => {
                    self.seats[modem].plugged = true;
                    if self.alive && self.seats[modem].driver.is_none() {
                        self.seats[modem].open_at = Some(self.now);
                    }
                }
                emulator::Output::Changed => {}
                emulator::Output::WakeAt(_) => return,
            }
        }
    }
}

impl Ledger {
    /// What a commit leaves behind.
    fn commit(&mut self, modem: usize, work: &Work, now: Millis) {
        match work {
            Work::Keep(_, pdu) => {
                *self.inbound.entry((modem, pdu.clone())).or_default() += 1;
                self.report(modem, pdu);
            }
            Work::Found(_, pdu, sent) => {
                let out = self.kept(modem, pdu).filter(|out| out.stage == Stage::Unknown);
                if let Some(out) = out {
                    out.found = Some(*sent);
                    if *sent {
                        out.stage = Stage::Accepted;
                    }
                }
            }
            Work::Stage(n) => self.out[*n].stage = Stage::OnAir,
            Work::Outcome(n, outcome) => {
                let stage = &mut self.out[*n].stage;
                if matches!(stage, Stage::OnAir | Stage::Unknown) {
                    *stage = match outcome {
                        Ok(_) => Stage::Accepted,
                        Err(SubmitError::Unknown) => Stage::Unknown,
                        Err(SubmitError::NotRegistered | SubmitError::NotSent(_)) => {
                            Stage::Waiting(now + PAUSE)
                        }
                        Err(SubmitError::Refused(refusal)) => match refusal.disposition() {
                            Disposition::GiveUp => Stage::Refused,
                            Disposition::Ambiguous => Stage::Unknown,
                            _ => Stage::Waiting(now + BACKOFF),
                        },
                    };
                }
            }
            Work::Late(n) => {
                if self.out[*n].stage == Stage::Unknown {
                    self.out[*n].stage = Stage::Accepted;
                }
            }
        }
    }

    /// The segment of this modem with these octets, that of unknown end first.
    fn kept(&mut self, modem: usize, pdu: &str) -> Option<&mut Outgoing> {
        let octets = simgate::sms::from_hex(pdu).unwrap_or_default();
        let tpdu = octets.get(1..).unwrap_or_default().to_vec();
        let meant = self.out.iter_mut().filter(|out| out.modem == modem && same(&tpdu, &out.tpdu));
        meant.min_by_key(|out| out.stage != Stage::Unknown)
    }

    /// A report proves that what was unknown went out, when only one can be meant.
    fn report(&mut self, modem: usize, pdu: &str) {
        let Ok(Pdu { tpdu: Tpdu::StatusReport(report), .. }) = Pdu::decode(pdu, Way::ToMobile)
        else {
            return;
        };
        let meant = |out: &&mut Outgoing| out.modem == modem && out.report;
        let mut meant: Vec<_> = self.out.iter_mut().filter(meant).collect();
        if let [only] = meant.as_mut_slice()
            && report.status.class() == StatusClass::Delivered
            && only.stage == Stage::Unknown
        {
            only.stage = Stage::Accepted;
        }
    }
}

/// The same submit, whatever reference the modem gave it (23.040 §9.2.2.2).
fn same(sent: &[u8], ours: &[u8]) -> bool {
    sent.first() == ours.first() && sent.get(2..) == ours.get(2..)
}

/// A text that nobody else sends, in so many segments.
pub fn text(number: usize, parts: usize) -> String {
    let filling = format!("{number:08}, ").repeat(16 * parts.saturating_sub(1));
    format!("text {number} {filling}")
}

fn segments(number: usize, parts: usize) -> Vec<simgate::sms::Segment> {
    let options = SegmentOptions { reference: number as u16, ..SegmentOptions::default() };
    segment(&text(number, parts), &options).expect("a text that can be sent").segments
}

/// So many plans there are.
pub const PLANS: usize = 40;

/// A fault plan by its number. `n` chooses its details.
///
/// No bit of a byte is flipped here: nothing on the line can tell a flipped hexadecimal digit from
/// a sound one, so a text may be garbled, and that is not promised away.
pub fn fault(plan: usize, n: u64) -> Faults {
    let text = match plan {
        0 => format!("seed = {n}\nlost = 0.002"),
        1 => format!("seed = {n}\nlost = 0.005"),
        2 => format!("split = {}\nsplit_gap_ms = {}", 1 + n % 7, n % 90),
        3 => format!("latency_ms = {}\njitter_ms = {}", n % 4_000, n % 900),
        4 => format!("echo_back_every = {}", 1 + n % 5),
        5 => format!("seed = {n}\ngarbage = {{ every = {}, bytes = {} }}", 1 + n % 6, 1 + n % 30),
        6 => format!("garbage = {{ every = {}, bytes = {}, nul = true }}", 1 + n % 6, 1 + n % 30),
        7 => format!("chatter = {{ text = \"RING\", every_ms = {}, inside = true }}", 20 + n % 900),
        8 => format!("chatter = {{ text = \"^RSSI:{}\", every_ms = 20 }}", n % 32),
        9 => "hang = true".to_owned(),
        10 => format!("reset_at_received = {}", n % 400),
        11 => format!("reset_at_sent = {}", n % 900),
        12 => format!("reset_at_received = {}\nreset_unplugs = true", n % 400),
        13 => format!("reset_at_sent = {}\nreset_unplugs = true", n % 900),
        14 => "full = [\"SM\"]".to_owned(),
        15 => "full = [\"SM\", \"ME\"]".to_owned(),
        16 => "silent_arrivals = true".to_owned(),
        17 => format!("duplicate_every = {}", 1 + n % 3),
        18 => "lost_on_air = true".to_owned(),
        19 => rule("+CMGS", "\"no_answer\"", n),
        20 => rule("+CMGS", "{ done_but_cms = 500 }", n),
        21 => rule("+CMGS", &format!("{{ late_ms = {} }}", n % 260_000), n),
        22 => rule("+CMGS", "\"twice\"", n),
        23 => rule("+CMGS", "\"no_prompt\"", n),
        24 => rule("+CMGS", "\"reset\"", n),
        25 => rule("+CMGS", &format!("{{ cms = {} }}", [38, 41, 42, 47, 1, 28][n as usize % 6]), n),
        26 => rule("+CMGS", "\"only_says_ok\"", n),
        27 => rule("+CMGS", "\"without_lines\"", n),
        28 => rule("+CMGS", "\"without_result\"", n),
        29 => rule("+CMGS", "{ urc_after_prompt = \"+CMTI: \\\"SM\\\",3\" }", n),
        30 => rule("+CMGS", "{ urc_inside = \"^BOOT:1,0,0,0,6\" }", n),
        31 => rule("+CMGL", "\"hang\"", n),
        32 => rule("+CMGL", "{ cms = 500 }", n),
        33 => rule("+CMGL", "\"without_lines\"", n),
        34 => rule("+CMGR", "\"without_lines\"", n),
        35 => rule("+CMGD", "\"only_says_ok\"", n % 2),
        36 => rule("+CMGD", "{ cms = 500 }", n % 2),
        37 => rule("+CPMS", "{ cms = 302 }", n),
        38 => rule("+CNMI", "{ cms = 303 }", n),
        _ => rule("", "\"no_answer\"", n),
    };
    Faults::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn rule(on: &str, effect: &str, n: u64) -> String {
    let (skip, times) = (n % 3, 1 + n / 3 % 3);
    format!("[[rules]]\non = \"{on}\"\nskip = {skip}\ntimes = {times}\neffect = {effect}\n")
}
