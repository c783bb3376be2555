//! Fault 82: the gateway is killed at random moments of two-way traffic while its modems live on.
//!
//! `SIMGATE_CRASH_CYCLES` (60) and `SIMGATE_CRASH_SEED` (another one each time) choose how often and
//! which moments; both are printed, and a failure names them. `cargo test --test crash kill_9 -- --nocapture`
//!
//! A gateway that starts waits for its modems most of the time, so `SIMGATE_CRASH_SITES` (6) of them
//! live and die side by side, each with modems and a database of its own, and share the cycles. Site
//! `n` plays the seed plus `n`.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep, timeout};

use crate::PATIENCE;
use crate::client::Client;
use crate::ledger::{Account, Ledger, Submitted, Text, broken_promises, is_settled};
use crate::program::Program;
use crate::random::Random;

const MODEMS: usize = 2;
/// Handsets that write and are written to.
const HANDSETS: u64 = 8;

/// Invariants I1, I2 and I5 after every kind of sudden end.
/// Fault 82.
#[tokio::test]
async fn texts_survive_kill_9_each_exactly_once() {
    let cycles: u32 = setting("SIMGATE_CRASH_CYCLES", 60);
    let sites: u32 = setting("SIMGATE_CRASH_SITES", 6).clamp(1, cycles.max(1));
    let seed: u64 = setting("SIMGATE_CRASH_SEED", std::process::id().into());
    println!("SIMGATE_CRASH_SEED={seed} SIMGATE_CRASH_CYCLES={cycles} SIMGATE_CRASH_SITES={sites}");
    let lives = (0..sites).map(|site| {
        let share = cycles / sites + u32::from(site < cycles % sites);
        site_lives(seed + u64::from(site), share)
    });
    let broken: Vec<String> = join_all(lives).await.into_iter().flatten().collect();
    assert!(broken.is_empty(), "{}", broken.join("\n\n\n"));
}

/// One site's cycles; what is wrong at their end.
async fn site_lives(seed: u64, cycles: u32) -> Option<String> {
    let mut run = Run::start(seed).await;
    for cycle in 1..=cycles {
        run.cycle(cycle).await;
    }
    let (account, integrity) = run.end().await;
    let mut broken = broken_promises(&run.ledger, &account);
    broken.extend((integrity != "ok").then(|| format!("integrity_check: {integrity}")));
    println!("seed {seed}, {cycles} cycles: {}", told(&run.ledger, &account));
    if broken.is_empty() {
        return None;
    }
    let folder = run.folder.keep();
    let (count, all) = (broken.len(), broken.join("\n\n"));
    Some(format!(
        "seed {seed}, {cycles} cycles: {count} promises broken; logs and database in {}\n\n{all}",
        folder.display()
    ))
}

fn setting<T: FromStr>(name: &str, otherwise: T) -> T {
    let set = std::env::var_os(name).and_then(|value| value.into_string().ok());
    set.and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// The counts of a run, for its last line.
fn told(ledger: &Ledger, account: &Account) -> String {
    let state = |word: &str| account.messages.iter().filter(|m| m["state"] == word).count();
    let marked = |m: &&Value| {
        let stations = m["custody"].as_array().map_or(&[][..], Vec::as_slice);
        stations.iter().any(|s| s["event"] == "outcome unknown")
    };
    let is_own = |m: &&Value| m["direction"] == "out" && m["author"]["kind"] == "system";
    let own = account.messages.iter().filter(is_own).count();
    let again = account.messages.iter().filter(|m| m["seen_count"].as_u64() > Some(1)).count();
    format!(
        "{} texts in ({again} read more than once), {} out and {own} by itself in {} submits: {} delivered, \
         {} unknown ({} were at some time)",
        ledger.written_to_us.len() + account.between_sims().count(),
        ledger.written_by_us.len(),
        account.submitted.len(),
        state("delivered"),
        state("unknown"),
        account.messages.iter().filter(marked).count(),
    )
}

struct Run {
    folder: tempfile::TempDir,
    config: PathBuf,
    random: Random,
    emulator: Option<Program>,
    control: Client,
    api: Client,
    ledger: Ledger,
    /// The SIMs: number and ICCID.
    sims: Vec<(String, String)>,
}

/// When a gateway dies.
enum Moment {
    /// So long after its start, ready or not.
    AfterStart(Duration),
    /// After so many texts that moved in this direction, and then so long.
    AfterTexts(&'static str, u64, Duration),
}

impl Run {
    async fn start(seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str| folder.path().join(name);
        let (scenario, config, links) = (file("world.toml"), file("simgate.toml"), file("modems"));
        fs::write(&scenario, world(seed)).expect("a scenario");
        let settings = settings(&file("data"), &links);
        fs::write(&config, settings).expect("settings");
        let path = |path: &PathBuf| path.display().to_string();
        let arguments = ["emulate", "--scenario", &path(&scenario), "--link", &path(&links)];
        let control = ["--control", "127.0.0.1:0"];
        let mut emulator =
            Program::start(&[&arguments[..], &control].concat(), &file("emulator.log"));
        let address = emulator.says("control http://").await.expect("the emulator runs");
        let control = Client::Tcp(address);
        let modems = control.get("/modems").await;
        let sims = modems.as_array().expect("modems").iter().map(|modem| {
            let word = |field: &str| modem[field].as_str().unwrap_or_default().to_owned();
            (word("number"), word("iccid"))
        });
        let sims = sims.collect();
        let api = Client::Unix(file("data").join("simgate.sock"));
        let (ledger, random) = (Ledger::default(), Random::new(seed));
        let mut run =
            Self { folder, config, random, emulator: Some(emulator), control, api, ledger, sims };
        run.meet_the_modems().await;
        run
    }

    /// The first start: from here on the lines are known, and texts can be queued at once.
    async fn meet_the_modems(&mut self) {
        let mut gateway = self.gateway();
        gateway.says("ready").await.expect("the gateway starts");
        let mut events = self.api.events("/api/v1/events?after=0").await.expect("events");
        let met = async {
            loop {
                let modems = self.api.get("/api/v1/modems").await;
                let modems = modems["items"].as_array().cloned().unwrap_or_default();
                if modems.iter().filter(|modem| modem["state"] == "ready").count() == MODEMS {
                    return;
                }
                events.next().await.expect("the gateway runs");
            }
        };
        timeout(PATIENCE, met).await.expect("the modems become ready");
        // Lines in service greet each new sender: one more text for every first message.
        for line in self.lines().await {
            let contact = json!({ "help_contact": "+44 7700 900999" });
            let answer = self.api.patch(&format!("/api/v1/lines/{line}"), &contact).await;
            let answer = answer.expect("the gateway runs");
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        gateway.kill();
    }

    fn gateway(&self) -> Program {
        let config = self.config.display().to_string();
        Program::start(&["run", "--config", &config], &self.folder.path().join("gateway.log"))
    }

    /// One life of the gateway, with texts both ways.
    async fn cycle(&mut self, cycle: u32) {
        let incoming = self.write(cycle, "i");
        let mut outgoing = self.write(cycle, "o");
        let moment = match self.random.below(10) {
            0..2 => Moment::AfterStart(self.some_millis(600)),
            // Stored texts are read before anything is sent: each direction has its own moments.
            2..5 => {
                let count = 1 + self.random.below(incoming.len() as u64);
                Moment::AfterTexts("in", count, self.some_millis(40))
            }
            _ => Moment::AfterTexts("out", 1 + self.random.below(8), self.some_millis(60)),
        };
        let mut gateway = self.gateway();
        let (api, control) = (&self.api, &self.control);
        let delivered = async {
            for text in &incoming {
                let path = format!("/modems/{}/sms", text.line);
                let body = json!({ "from": text.other, "text": text.text });
                let answer = control.post(&path, &body).await.expect("the emulator lives");
                assert_eq!(answer.status, 200, "{}", answer.body);
            }
        };
        let sims = &self.sims;
        let killed = async {
            match moment {
                Moment::AfterStart(time) => sleep(time).await,
                Moment::AfterTexts(way, count, time) => {
                    gateway.says("ready").await.expect("the gateway starts");
                    let doom = async {
                        texts_moved(api, way, count).await;
                        sleep(time).await;
                    };
                    tokio::select! {
                        () = doom => {}
                        () = send(api, sims, &mut outgoing) => unreachable!("it waits for the end"),
                    }
                }
            }
            gateway.kill();
        };
        tokio::join!(delivered, killed);
        self.ledger.written_to_us.extend(incoming);
        self.ledger.written_by_us.extend(outgoing);
    }

    fn some_millis(&mut self, below: u64) -> Duration {
        Duration::from_micros(self.random.below(below * 1_000))
    }

    /// A few texts, each with a token of its own in every segment.
    fn write(&mut self, cycle: u32, way: &str) -> Vec<Text> {
        let count = 3 + self.random.below(4);
        let texts = (0..count).map(|number| {
            let line = self.random.below(MODEMS as u64) as usize;
            let between_sims = way == "o" && self.random.chance(20);
            let other = match between_sims {
                true => self.sims[1 - line].0.clone(),
                false => format!("+4477009002{:02}", self.random.below(HANDSETS)),
            };
            let token = format!("<{way}{cycle}.{number}>");
            let text = match self.random.below(10) {
                0..7 => format!("{token} hello"),
                7..9 => long(&token, "and so on", 330),
                _ => long(&token, "und so weiter 👋", 150),
            };
            Text { cycle, line, other, text, id: None }
        });
        texts.collect()
    }

    /// Lets everything come to rest, reads all accounts, stops the gateway.
    async fn end(&mut self) -> (Account, String) {
        let mut gateway = self.gateway();
        gateway.says("ready").await.expect("the gateway starts");
        // Whatever is missing afterwards is for the rules to name.
        let _ = timeout(PATIENCE * 3, self.at_rest()).await;
        let account = self.account().await;
        let status = gateway.terminate().await;
        assert!(status.success(), "after SIGTERM: {status}");
        let emulator = self.emulator.take().expect("it runs");
        assert!(emulator.terminate().await.success());
        (account, integrity(&self.folder.path().join("data/simgate.db")))
    }

    /// Until every text we wrote has its end, every text to us is there, and nothing is on its way or
    /// left in a modem. All of it at once: a report that comes late makes the rest of an unknown
    /// text leave, and that may be a text to our other SIM.
    async fn at_rest(&self) {
        let mut events = self.api.events("/api/v1/events").await.expect("events");
        loop {
            let network = self.control.get("/network").await;
            if network["under_way"] == 0
                && self.stored().await.is_empty()
                && self.is_settled().await
            {
                let account = self.account().await;
                let mut returned = account.between_sims();
                let all_here = returned.all(|(sim, text)| account.received(sim, text) > 0);
                let seen = self.control.get("/network").await;
                if all_here && seen["changes"] == network["changes"] {
                    return;
                }
            }
            let change = format!("/network?after={}&wait_ms=30000", network["changes"]);
            tokio::select! {
                event = events.next() => drop(event.expect("the gateway runs")),
                _ = self.control.get(&change) => {}
            }
        }
    }

    async fn is_settled(&self) -> bool {
        let (lines, messages) = (self.lines().await, self.messages().await);
        let account = Account { lines, messages, ..Account::default() };
        let ours = account.messages.iter().filter(|m| m["direction"] == "out");
        let mut states = ours.map(|m| m["state"].as_str().unwrap_or_default());
        let here = |text: &Text| account.received(text.line, &text.text) > 0;
        states.all(is_settled) && self.ledger.written_to_us.iter().all(here)
    }

    async fn messages(&self) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), "0".to_owned());
        loop {
            let page = self.api.get(&format!("/api/v1/messages?limit=500&after={after}")).await;
            all.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next"].as_str() {
                Some(next) => after = next.to_owned(),
                None => return all,
            }
        }
    }

    /// The line of each SIM.
    async fn lines(&self) -> Vec<String> {
        let lines = self.api.get("/api/v1/lines").await;
        let lines = lines["items"].as_array().cloned().unwrap_or_default();
        let line_of = |iccid: &str| {
            let line = lines.iter().find(|line| line["iccid"] == iccid);
            line.and_then(|line| line["id"].as_str()).unwrap_or_default().to_owned()
        };
        self.sims.iter().map(|(_, iccid)| line_of(iccid)).collect()
    }

    async fn stored(&self) -> Vec<String> {
        let mut all = Vec::new();
        for modem in 0..MODEMS {
            let stored = self.control.get(&format!("/modems/{modem}/stored")).await;
            let stored = stored.as_array().cloned().unwrap_or_default();
            all.extend(stored.iter().map(|slot| format!("modem {modem}: {slot}")));
        }
        all
    }

    async fn account(&self) -> Account {
        let mut account = Account {
            sims: self.sims.iter().map(|(number, _)| number.clone()).collect(),
            lines: self.lines().await,
            stored: self.stored().await,
            ..Account::default()
        };
        for message in self.messages().await {
            let id = message["id"].as_str().unwrap_or_default();
            account.messages.push(self.api.get(&format!("/api/v1/messages/{id}")).await);
        }
        for sim in 0..MODEMS {
            let all = self.control.get(&format!("/modems/{sim}/submitted")).await;
            let all = all.as_array().cloned().unwrap_or_default();
            let submits = all.iter().filter_map(|s| s["tpdu"].as_str());
            account.submitted.extend(submits.map(|tpdu| Submitted::new(sim, tpdu)));
        }
        for number in 0..HANDSETS {
            let number = format!("+4477009002{number:02}");
            let handset = self.control.get(&format!("/phones/{number}")).await;
            let texts = handset["texts"].as_array().cloned().unwrap_or_default();
            let received = texts.iter().filter(|text| text["direction"] == "in");
            let word = |text: &Value, field: &str| text[field].as_str().map(str::to_owned);
            let received = received.filter_map(|t| Some((word(t, "number")?, word(t, "text")?)));
            account.handsets.insert(number, received.collect());
        }
        account
    }
}

/// Queues texts; then waits for the end. A text whose answer never came has no id.
async fn send(api: &Client, sims: &[(String, String)], texts: &mut [Text]) {
    for text in texts {
        let (_, iccid) = &sims[text.line];
        let body = json!({ "to": text.other, "text": text.text, "line": iccid });
        let answer = api.post("/api/v1/messages", &body).await.expect("the gateway runs");
        assert_eq!(answer.status, 202, "{}", answer.body);
        text.id = answer.json()["id"].as_str().map(str::to_owned);
    }
    std::future::pending().await
}

/// Waits until so many texts came in, or went to a modem or got further than that; or until the
/// gateway has nothing more to tell.
async fn texts_moved(api: &Client, way: &str, count: u64) {
    const QUIET: Duration = Duration::from_secs(1);
    let mut events = api.events("/api/v1/events").await.expect("events");
    let mut moved = 0;
    while moved < count {
        let Ok(event) = timeout(QUIET, events.next()).await else { return };
        let event = event.expect("the gateway runs");
        let message = &event["message"];
        moved += u64::from(message["direction"] == way && message["state"] != "queued");
    }
}

fn long(token: &str, filler: &str, characters: usize) -> String {
    let mut text = String::new();
    let mut number = 0;
    while text.chars().count() < characters {
        number += 1;
        text.push_str(&format!("{token} {filler} {number}. "));
    }
    text
}

/// A network with little patience: many texts in little time. A report that a killed gateway did not
/// acknowledge comes again when the modem has given up waiting for that and was set up anew.
fn world(seed: u64) -> String {
    let seed = seed % 1_000_000;
    let network = "air_ms = [1, 60]\ndelivery_ms = [0, 500]\nreport_ms = [0, 300]\n\
                   redelivery_ms = 30000";
    // One modem answers at once, one takes its time: then more moments lie between two steps.
    let slow = "[modem.faults]\nlatency_ms = 3\njitter_ms = 5";
    format!("[network]\nseed = {seed}\n{network}\n[[modem]]\n[[modem]]\n{slow}\n")
}

fn settings(data: &std::path::Path, links: &std::path::Path) -> String {
    let modem = |index: usize| {
        format!("[[modem]]\nport = \"{}\"\n", links.join(format!("modem{index}")).display())
    };
    let modems: String = (0..MODEMS).map(modem).collect();
    format!(
        "data_dir = \"{}\"\n[web]\nlisten = \"127.0.0.1:0\"\n[sending]\nper_minute = 0\n{modems}",
        data.display()
    )
}

/// I5.
fn integrity(file: &std::path::Path) -> String {
    let database = rusqlite::Connection::open(file).expect("the database opens");
    let checked = database.query_row("PRAGMA integrity_check", [], |row| row.get(0));
    checked.expect("the database can be read")
}
