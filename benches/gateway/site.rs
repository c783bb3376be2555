//! The programs under measurement: emulated modems, and a gateway that drives them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Size;
use crate::cost::Cost;
use crate::http::Place;
use crate::past;

/// How long anything may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// Emulated modems and a gateway.
pub struct Site {
    pub emulator: Emulator,
    pub gateway: Gateway,
    /// The cards, by modem.
    pub cards: Vec<String>,
    _folder: TempDir,
}

/// `simgate emulate`.
pub struct Emulator {
    _process: Process,
    pub control: Place,
}

/// `simgate run`.
pub struct Gateway {
    process: Process,
    pub api: Place,
}

/// What a site is like.
pub struct Plan<'a> {
    /// The `simgate` that runs as gateway.
    pub program: &'a str,
    pub modems: usize,
    /// The scenario's `[network]`, and what each `[[modem]]` has.
    pub network: &'a str,
    pub modem: &'a str,
    /// Settings of the environment for the gateway.
    pub environment: &'a [(&'a str, String)],
    /// How many texts it sent before.
    pub earlier: usize,
}

/// A network without air time, and room for a burst.
pub const FAST: &str = "air_ms = [0, 0]\ndelivery_ms = [0, 0]\nreport_ms = [0, 0]\n";
pub const ROOMY: &str = "storage = { sim = 250, equipment = 250 }\n";

impl<'a> Plan<'a> {
    /// One fast modem.
    pub fn of(size: &'a Size) -> Self {
        Self {
            program: &size.program,
            modems: 1,
            network: FAST,
            modem: ROOMY,
            environment: &[],
            earlier: 0,
        }
    }
}

impl Site {
    /// Starts both and waits until every modem can send and receive.
    pub fn start(plan: &Plan<'_>) -> Site {
        let folder = tempfile::tempdir().expect("a folder");
        let emulator = Emulator::start(plan, folder.path());
        let modems = emulator.control.get("/modems");
        let card = |modem: &Value| modem["iccid"].as_str().unwrap_or_default().to_owned();
        let cards: Vec<String> = modems.as_array().expect("modems").iter().map(card).collect();
        if plan.earlier > 0 {
            past::write(&folder.path().join("data"), &cards[0], plan.earlier);
        }
        let gateway = Gateway::start(plan, folder.path());
        let site = Site { emulator, gateway, cards, _folder: folder };
        wait("the modems to be ready", || (site.ready() == plan.modems).then_some(()));
        site
    }

    /// How many modems can send and receive.
    pub fn ready(&self) -> usize {
        let modems = self.gateway.api.get("/api/v1/modems");
        let modems = modems["items"].as_array().expect("modems").iter();
        modems.filter(|modem| modem["state"] == "ready").count()
    }

    /// The trace of the first modem from a line on, and the number of the next line.
    pub fn trace(&self, from: u64) -> (Vec<String>, u64) {
        let path = format!("/local/trace?modem=1&numbers=true&from={from}");
        let trace = self.gateway.api.get(&path);
        let lines = trace["lines"].as_array().into_iter().flatten().filter_map(Value::as_str);
        (lines.map(str::to_owned).collect(), trace["next"].as_u64().unwrap_or(0))
    }

    /// Waits until every text has left its modem, which none does before it is committed.
    pub fn emptied(&self) {
        wait("the modems to be empty", || (self.emulator.undelivered() == 0).then_some(()));
    }
}

impl Emulator {
    fn start(plan: &Plan<'_>, folder: &Path) -> Emulator {
        let mut world = format!("[network]\n{}", plan.network);
        for _ in 0..plan.modems {
            world += &format!("[[modem]]\n{}", plan.modem);
        }
        let scenario = folder.join("world.toml");
        std::fs::write(&scenario, world).expect("a scenario");
        let mut command = Command::new(env!("CARGO_BIN_EXE_simgate"));
        command.args(["emulate", "--control", "127.0.0.1:0", "--scenario"]).arg(scenario);
        command.arg("--link").arg(folder.join("modems"));
        let (_process, control) = Process::start(command, folder, "emulator", "control http://");
        Emulator { _process, control: Place::Tcp(control) }
    }

    /// PDUs that lie in the modems or wait for room in them.
    pub fn undelivered(&self) -> u64 {
        let modems = self.control.get("/modems");
        let of = |modem: &Value| {
            let storages = modem["storages"].as_object().expect("storages").values();
            let stored: u64 = storages.filter_map(|storage| storage["used"].as_u64()).sum();
            stored + modem["waiting"].as_u64().unwrap_or(0)
        };
        modems.as_array().expect("modems").iter().map(of).sum()
    }

    /// The time in the world of the modems, in seconds.
    pub fn clock(&self) -> f64 {
        at(&self.control.get("/network")["time"])
    }

    /// How many SUBMITs the network took in all.
    pub fn all_submits(&self) -> u64 {
        self.control.get("/network")["submits"].as_u64().unwrap_or(0)
    }

    /// SUBMITs the network took from a modem, after number `after`.
    pub fn submitted(&self, modem: usize, after: u64) -> Vec<Value> {
        let all = self.control.get(&format!("/modems/{modem}/submitted?after={after}"));
        all.as_array().expect("submits").clone()
    }
}

impl Gateway {
    fn start(plan: &Plan<'_>, folder: &Path) -> Gateway {
        let data = folder.join("data");
        let mut settings = format!(
            "data_dir = {:?}\n[web]\nlisten = \"127.0.0.1:0\"\n[sending]\nper_minute = 0\n\
             [log]\nlevel = \"error\"\n",
            data.display().to_string()
        );
        for modem in 0..plan.modems {
            let link: PathBuf = folder.join("modems").join(format!("modem{modem}"));
            settings += &format!("[[modem]]\nport = {:?}\n", link.display().to_string());
        }
        let config = folder.join("simgate.toml");
        std::fs::write(&config, settings).expect("settings");
        let mut command = Command::new(plan.program);
        command.args(["run", "--config"]).arg(config);
        command.envs(plan.environment.iter().map(|(name, value)| (*name, value)));
        let (process, _) = Process::start(command, folder, "gateway", "ready ");
        Gateway { process, api: Place::Unix(data.join("simgate.sock")) }
    }

    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }

    pub fn cost(&self) -> Cost {
        Cost::of(self.pid())
    }

    /// Queues texts on these cards in turn, each to another number, in batches as the API takes
    /// them; with a report for each where that is said.
    pub fn queue(&self, cards: &[String], texts: &[String], report: bool) {
        for (batch, texts) in texts.chunks(500).enumerate() {
            let message = |(n, text): (usize, &String)| {
                let number = batch * 500 + n;
                let to = format!("+4477009{:05}", 10_000 + number);
                let line = &cards[number % cards.len()];
                json!({ "to": to, "text": text, "line": line, "report": report })
            };
            let messages: Vec<Value> = texts.iter().enumerate().map(message).collect();
            self.api.post("/api/v1/messages/batch", &json!({ "messages": messages }));
        }
    }

    /// How many messages a query finds, a hundred at most.
    pub fn count(&self, query: &str) -> usize {
        let found = self.api.get(&format!("/api/v1/messages?{query}&limit=100"));
        found["items"].as_array().map_or(0, Vec::len)
    }
}

/// A program that is killed when it is dropped.
struct Process(Child);

impl Process {
    /// Starts it and waits for the line that begins with `word`, the last before `ready`.
    fn start(mut command: Command, folder: &Path, name: &str, word: &str) -> (Process, String) {
        let log = File::create(folder.join(format!("{name}.log"))).expect("a log");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("the program starts");
        let printed = BufReader::new(child.stdout.take().expect("its output"));
        let mut process = Process(child);
        let mut said = String::new();
        for line in printed.lines().map_while(Result::ok) {
            if let Some(rest) = line.strip_prefix(word) {
                said = rest.to_owned();
            }
            if line.starts_with("ready") {
                return (process, said);
            }
        }
        let _ = process.0.wait();
        panic!("{name}: {}", std::fs::read_to_string(folder.join(format!("{name}.log"))).unwrap());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Looks again and again.
pub fn wait<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    wait_every(Duration::from_millis(10), what, look)
}

/// The same, asking no more often than that.
pub fn wait_every<T>(pause: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(pause);
    }
}

/// A time as the control API writes it, in seconds.
pub fn at(time: &Value) -> f64 {
    let time: jiff::Timestamp = time.as_str().expect("a time").parse().expect("a time");
    time.as_millisecond() as f64 / 1e3
}
