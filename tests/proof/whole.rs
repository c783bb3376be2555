//! A whole gateway over emulated modems and a real database file, ended at any commit or at any
//! moment and started again, under virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use simgate::app::{Gateway, Settings, Wiring};
use simgate::bus::Bus;
use simgate::emulator::{Faults, Scenario, World};
use simgate::io::emulated::Emulation;
use simgate::io::webhook::Receivers;
use simgate::io::{Clock, Entropy, PortSource};
use simgate::sms::{SegmentOptions, segment};
use simgate::store::{self, LineId, Message, MessageQuery, Moment, NewMessage, Store};
use simgate::types::{Class, Direction, MessageState, Millis, Number, UnixTime};
use tokio::sync::Notify;

use crate::bench::{Op, fault, text};

const START: UnixTime = UnixTime(1_795_251_600_000);
const CUSTOMER: &str = "+447700900200";
/// Whoever starts the gateway again takes so long.
const RESTART: Millis = Millis::from_secs(2);

/// Ends the database at one commit.
#[derive(Default)]
pub struct Trip {
    armed: AtomicBool,
    after: AtomicBool,
    /// Commits that still pass.
    left: AtomicU64,
    /// Commits seen so far.
    pub commits: AtomicU64,
    tripped: Notify,
}

impl Trip {
    /// Lets so many commits pass, then ends the database before or after the next one.
    pub fn arm(&self, commits: u64, moment: Moment) {
        self.left.store(commits, Ordering::SeqCst);
        self.after.store(moment == Moment::After, Ordering::SeqCst);
        self.armed.store(true, Ordering::SeqCst);
    }

    fn passes(&self, moment: Moment) -> bool {
        if moment == Moment::Before {
            self.commits.fetch_add(1, Ordering::SeqCst);
        }
        let meant = (moment == Moment::After) == self.after.load(Ordering::SeqCst);
        if !meant || !self.armed.load(Ordering::SeqCst) {
            return true;
        }
        if self.left.load(Ordering::SeqCst) > 0 {
            self.left.fetch_sub(1, Ordering::SeqCst);
            return true;
        }
        self.armed.store(false, Ordering::SeqCst);
        self.tripped.notify_one();
        false
    }
}

/// A gateway that is at work, or between two lives.
pub struct Whole {
    pub modems: Emulation,
    pub trip: Arc<Trip>,
    /// Where the gateway finds the modems.
    pub ports: Arc<dyn PortSource>,
    clock: Clock,
    folder: tempfile::TempDir,
    running: Option<(Store, Gateway)>,
    /// Texts the network was given, by SIM.
    given: Vec<(usize, String)>,
    /// Texts whose acceptance was committed before anybody died.
    accepted: Vec<String>,
    texts: usize,
    /// Every text that comes in is to be forwarded.
    forwards: bool,
    tasks: usize,
}

impl Whole {
    /// Modems of these families, and nothing running yet.
    pub fn new(profiles: &[&str]) -> Self {
        let modem = |name: &&str| Scenario::plain(1, name).modems.remove(0);
        let modems = profiles.iter().map(modem).collect();
        let scenario = Scenario { modems, ..Scenario::default() };
        let world = World::new(scenario, START).expect("a sound scenario");
        let clock = Clock::starting_at(START);
        let modems = Emulation::start(world, clock.clone());
        // A disk that syncs at once, where there is one: durability is not what is measured here.
        let memory = std::path::Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        Self {
            ports: Arc::new(modems.clone()),
            modems,
            trip: Arc::default(),
            clock,
            folder: folder.expect("a temporary folder"),
            running: None,
            given: Vec::new(),
            accepted: Vec::new(),
            texts: 0,
            forwards: false,
            tasks: alive(),
        }
    }

    /// How often tasks of the running gateway's folder panicked.
    pub async fn panics(&self) -> u64 {
        let (store, _) = self.running.as_ref().expect("it runs");
        let panics = store.read(|tx| tx.panics()).await.expect("readable");
        panics.iter().map(|panicked| panicked.count).sum()
    }

    /// Starts a gateway on what is there, again when the trip ends it meanwhile.
    pub async fn start(&mut self) {
        while self.running.is_none() {
            let trip = Arc::clone(&self.trip);
            let watch = Arc::clone(&self.trip);
            let watch = Arc::new(move |moment| !watch.passes(moment));
            let open = async {
                let store = Store::open_watched(self.folder.path(), watch).await?;
                let wiring = Wiring {
                    settings: Settings { per_minute: 0, ..Settings::default() },
                    store: store.clone(),
                    bus: Bus::new(),
                    clock: self.clock.clone(),
                    ports: Arc::clone(&self.ports),
                    entropy: Arc::new(Entropy::seeded(7)),
                    hooks: Arc::new(Receivers::default()),
                };
                Gateway::start(wiring).await.map(|gateway| (store, gateway))
            };
            tokio::select! {
                opened = open => self.running = Some(opened.expect("a gateway")),
                () = trip.tripped.notified() => self.clock.sleep(RESTART).await,
            }
        }
    }

    /// Waits until the gateway fails as a whole.
    pub async fn failed(&mut self) -> anyhow::Error {
        let (_, gateway) = self.running.as_mut().expect("it runs");
        gateway.failed().await
    }

    /// Has every line forward what comes in: a side effect of each text, to be counted (I3). Nothing
    /// may have gone wrong yet.
    pub async fn forward(&mut self) {
        self.forwards = true;
        let modems = self.modems.with(|world| world.modems());
        loop {
            let Some((store, _)) = &self.running else { return };
            let lines = store.read(|tx| tx.lines()).await.expect("readable");
            if lines.len() == modems {
                let now = self.clock.wall();
                let set = store.write(move |tx| {
                    for line in &lines {
                        let mut set = tx.line_settings(line.id)?.expect("a line");
                        set.response_emails = vec!["inbox@example.org".to_owned()];
                        tx.save_line_settings(line.id, &set, now)?;
                    }
                    Ok(())
                });
                return set.await.expect("set");
            }
            self.pass(Millis(200)).await;
        }
    }

    /// The process is gone, as by kill -9. Commits that were under way are done.
    pub async fn crash(&mut self) {
        let Some((store, gateway)) = self.running.take() else { return };
        drop(gateway);
        // What the writer had begun, it ends; nothing more comes.
        let last = store.write(|_| Ok(()));
        tokio::select! {
            _ = last => {}
            () = self.trip.tripped.notified() => {}
        }
    }

    /// Lets time pass; a gateway that ends at a commit is started again.
    pub async fn pass(&mut self, time: Millis) {
        let end = self.clock.now() + time;
        let trip = Arc::clone(&self.trip);
        loop {
            tokio::select! {
                () = self.clock.sleep_until(Some(end)) => return,
                () = trip.tripped.notified() => {
                    self.running = None;
                    self.clock.sleep(RESTART).await;
                    self.start().await;
                }
            }
        }
    }

    /// Does one thing.
    pub async fn act(&mut self, op: &Op) {
        match *op {
            Op::Wait(ms) => self.pass(Millis(ms)).await,
            Op::Receive { modem, parts } => self.receive(modem, parts),
            Op::Send { modem, parts, report } => self.send(modem, parts, report).await,
            Op::Fault { modem, plan, number } => self.plan(modem, fault(plan, number)),
            Op::Calm { modem } => self.plan(modem, Faults::default()),
            Op::Pull { modem } => self.modems.with(|w| w.pull(modem)).expect("there is one"),
            Op::PutBack { modem } => {
                self.modems.with(|w| w.put_back(modem, None)).expect("there is one");
            }
            Op::Kill { committed: false } => self.crash().await,
            Op::Kill { committed: true } => self.trip.arm(0, Moment::After),
            Op::Start => self.start().await,
            Op::Full(_) => self.trip.arm(2, Moment::Before),
        }
    }

    /// A customer writes.
    pub fn receive(&mut self, modem: usize, parts: usize) {
        self.texts += 1;
        let text = text(self.texts, parts);
        self.modems.with(|w| w.text_to(modem, CUSTOMER, &text)).expect("a sound text");
        self.given.push((modem, text));
    }

    /// Somebody asks for a text to be sent, where its line is known already.
    pub async fn send(&mut self, modem: usize, parts: usize, report: bool) {
        self.texts += 1;
        let text = text(self.texts, parts);
        let Some((store, _)) = &self.running else { return };
        let facts = self.modems.with(|w| w.modem(modem)).expect("there is one");
        let iccid = facts.sim.map(|sim| sim.iccid);
        let trip = Arc::clone(&self.trip);
        let lines = store.read(|tx| tx.lines()).await.expect("readable");
        let Some(line) = lines.iter().find(|line| line.iccid == iccid) else { return };
        let new = outgoing(line.id, &text, report);
        let now = self.clock.wall();
        let queued = store.write(move |tx| tx.enqueue(&new, None, now));
        tokio::select! {
            queued = queued => {
                queued.expect("it is queued");
                self.accepted.push(text);
            }
            // Nobody heard whether it was queued; the writer's end is dealt with later.
            () = trip.tripped.notified() => trip.tripped.notify_one(),
        }
    }

    /// Everything is well again and has time to show it, then the gateway stops in good order.
    pub async fn calm(&mut self) -> Result<(), String> {
        self.trip.armed.store(false, Ordering::SeqCst);
        let modems = self.modems.with(|world| world.modems());
        for modem in 0..modems {
            self.plan(modem, Faults::default());
            self.modems.with(|w| w.put_back(modem, None)).expect("there is one");
        }
        self.pass(Millis(1)).await;
        self.start().await;
        let end = self.clock.now() + Millis::from_secs(2 * 3_600);
        let mut verdict = self.verdict().await;
        while verdict.is_err() && self.clock.now() < end {
            self.pass(Millis::from_secs(10)).await;
            verdict = self.verdict().await;
        }
        // What is settled stays so.
        self.pass(Millis::from_secs(90)).await;
        verdict.and(self.verdict().await)?;
        let (store, gateway) = self.running.take().ok_or("nothing runs")?;
        gateway.stop().await.map_err(|error| format!("I4: {error}"))?;
        drop(store);
        store::check(self.folder.path()).map_err(|error| format!("I5: {error}"))?;
        self.pass(Millis::from_secs(1)).await;
        let tasks = alive();
        if tasks > self.tasks {
            return Err(format!("I7: {tasks} tasks, {} at the start", self.tasks));
        }
        Ok(())
    }

    /// The data folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// How many texts on their way out stand so.
    pub async fn count(&self, state: MessageState) -> usize {
        let folder = self.folder.path();
        let store = Store::open(folder).await.expect("a database");
        let all = messages(&store).await;
        all.iter().filter(|m| m.direction == Direction::Out && m.state == state).count()
    }

    fn plan(&self, modem: usize, faults: Faults) {
        self.modems.with(|w| w.set_faults(modem, faults)).expect("there is one");
    }

    async fn verdict(&self) -> Result<(), String> {
        let Some((store, _)) = &self.running else { return Err("I4: nothing runs".to_owned()) };
        let all = messages(store).await;
        for (modem, text) in &self.given {
            let here = all.iter().filter(|m| m.direction == Direction::In && m.text == *text);
            let states: Vec<_> = here.map(|m| m.state).collect();
            if states != [MessageState::Received] {
                return Err(format!("I1: modem {modem}: {text:.20}: {states:?}"));
            }
        }
        let received = all.iter().filter(|m| m.direction == Direction::In).count();
        if received != self.given.len() {
            return Err(format!("I1: {received} texts, {} were sent", self.given.len()));
        }
        if self.forwards {
            for message in all.iter().filter(|m| m.direction == Direction::In) {
                let id = message.id;
                let made = store.read(move |tx| tx.deliveries_of(id)).await.expect("readable");
                if made.len() != 1 {
                    return Err(format!(
                        "I3: {:.20} is forwarded {} times",
                        message.text,
                        made.len()
                    ));
                }
            }
        }
        for text in &self.accepted {
            let here = all.iter().filter(|m| m.direction == Direction::Out && m.text == *text);
            let count = here.count();
            if count != 1 {
                return Err(format!("I2: {text:.20} was accepted and is there {count} times"));
            }
        }
        for message in all.iter().filter(|m| m.direction == Direction::Out) {
            self.judge(message)?;
        }
        let modems = store.read(|tx| tx.modems()).await.expect("readable");
        for index in 0..self.modems.with(|world| world.modems()) {
            let facts = self.modems.with(|w| w.modem(index)).expect("there is one");
            let lying: u16 = facts.storages.iter().map(|(_, used, _)| used).sum();
            if lying > 0 || facts.waiting > 0 {
                return Err(format!("I1: in modem {index} {lying} lie, {} wait", facts.waiting));
            }
            let ready = modems.iter().any(|modem| {
                modem.imei.as_ref().is_some_and(|imei| *imei == facts.imei)
                    && modem.state == "ready"
            });
            if !ready {
                return Err(format!("I4: modem {index} is not ready"));
            }
        }
        Ok(())
    }

    /// Each segment left as often as its text says.
    fn judge(&self, message: &Message) -> Result<(), String> {
        let options = SegmentOptions::default();
        let segments = segment(&message.text, &options).expect("it was sent").segments;
        let world_says = |text: &str| {
            let modems = 0..self.modems.with(|world| world.modems());
            modems
                .map(|modem| {
                    self.modems.with(|world| {
                        let all = world.submitted(modem, 0);
                        all.filter(|sent| sent.text.as_deref() == Some(text)).count()
                    })
                })
                .sum::<usize>()
        };
        for part in segments {
            let sent = part.user_data.text(part.dcs).map_or(0, |text| world_says(&text));
            let kept = match message.state {
                MessageState::Sent | MessageState::Delivered => sent == 1,
                MessageState::Unknown | MessageState::Failed | MessageState::Held => sent <= 1,
                _ => false,
            };
            if !kept {
                let (text, state) = (&message.text, message.state);
                return Err(format!("I2: {text:.20} is {state}, a segment left {sent} times"));
            }
        }
        Ok(())
    }
}

fn alive() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

async fn messages(store: &Store) -> Vec<Message> {
    let query = MessageQuery { hidden_too: true, limit: 500, ..MessageQuery::default() };
    store.read(move |tx| tx.messages(&query)).await.expect("readable")
}

fn outgoing(line: LineId, text: &str, report: bool) -> NewMessage {
    NewMessage {
        line,
        to: Number::parse(CUSTOMER, None).expect("a number"),
        text: text.to_owned(),
        class: Class::Conversation,
        tag: None,
        response_emails: Vec::new(),
        author: None,
        send_at: None,
        valid_for: None,
        report,
        flash: false,
        alphabet: None,
        segments: 1,
        hold: None,
    }
}
