//! What the machine around a gateway does to it: devices it may not use, devices another program
//! holds, and a watchdog.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;
use serde_json::json;
use simgate::store::FILE_NAME;
use tokio::net::UnixDatagram;
use tokio::time::{Duration, interval, timeout};

use crate::PATIENCE;
use crate::client::Client;
use crate::program::Program;

/// Somebody without rights, as every system has one.
const NOBODY: u32 = 65_534;

/// One emulated modem and a folder for a gateway.
pub struct Machine {
    folder: tempfile::TempDir,
    emulator: Program,
    control: Client,
}

impl Machine {
    pub async fn start(scenario: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str| folder.path().join(name);
        fs::write(file("world.toml"), scenario).expect("a scenario");
        let settings = format!(
            "data_dir = \"{}\"\n[web]\nlisten = \"127.0.0.1:0\"\n[[modem]]\nport = \"{}\"\n",
            file("data").display(),
            file("modem0").display(),
        );
        fs::write(file("simgate.toml"), settings).expect("settings");
        fs::create_dir(file("data")).expect("a data folder");
        let (world, links) = (file("world.toml"), folder.path().to_owned());
        let words = ["emulate", "--scenario", path(&world), "--link", path(&links)];
        let control = ["--control", "127.0.0.1:0"];
        let mut emulator = Program::start(&[&words[..], &control].concat(), &file("emulator.log"));
        let address = emulator.says("control http://").await.expect("the emulator runs");
        Self { folder, emulator, control: Client::Tcp(address) }
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn gateway(&self, prepare: impl FnOnce(&mut Command)) -> Program {
        let config = self.file("simgate.toml");
        Program::start_as(&["run", "--config", path(&config)], &self.file("run.log"), prepare)
    }

    pub fn api(&self) -> Client {
        Client::Unix(self.file("data").join("simgate.sock"))
    }

    /// The device behind the link.
    pub fn device(&self) -> PathBuf {
        fs::canonicalize(self.file("modem0")).expect("a pty")
    }

    /// Waits until the log has a line with these words.
    pub async fn logs(&self, words: &str) -> String {
        let mut looks = interval(Duration::from_millis(20));
        let found = async {
            loop {
                looks.tick().await;
                let log = fs::read_to_string(self.file("run.log")).unwrap_or_default();
                if let Some(line) = log.lines().find(|line| line.contains(words)) {
                    return line.to_owned();
                }
            }
        };
        timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("it never logged {words:?}"))
    }

    /// A gateway run by somebody who may use no device that others own.
    pub fn powerless_gateway(&self) -> Program {
        let owner = rustix::process::geteuid();
        if owner.is_root() {
            // Root may do everything: somebody else runs it, with a copy he can reach.
            let open = Permissions::from_mode(0o755);
            fs::set_permissions(self.folder.path(), open).expect("ours");
            chown(self.file("data"), Some(NOBODY), Some(NOBODY)).expect("root may");
            let (from, to) = (env!("CARGO_BIN_EXE_simgate"), self.file("simgate"));
            if fs::hard_link(from, &to).is_err() {
                fs::copy(from, &to).expect("room for a copy");
            }
        }
        self.gateway(|command| {
            use std::os::unix::process::CommandExt;
            if owner.is_root() {
                let copy = Command::new(self.file("simgate"));
                let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
                *command = copy;
                command.args(arguments).uid(NOBODY).gid(NOBODY);
            }
        })
    }

    /// A text to the modem, until the gateway has it.
    pub async fn receives(&self, text: &str) {
        let body = json!({ "from": "+447700900200", "text": text });
        self.control.post("/modems/0/sms", &body).await.expect("the emulator lives");
        let api = self.api();
        let arrived = async {
            let mut events = api.events("/api/v1/events?after=0").await.expect("events");
            while let Some(event) = events.next().await {
                if event["message"]["text"] == text {
                    return;
                }
            }
            panic!("the gateway ended");
        };
        timeout(PATIENCE, arrived).await.expect("the text arrives");
    }

    pub async fn end(self, gateway: Program) {
        assert!(gateway.terminate().await.success());
        assert!(self.emulator.terminate().await.success());
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// Fault 17: the user may not use the device. The log says which group and where the rule is, and
/// once that is done the gateway goes on by itself.
#[tokio::test]
async fn a_device_without_permission_is_named_with_the_remedy() {
    let machine = Machine::start("[[modem]]\n").await;
    let device = machine.device();
    fs::set_permissions(&device, Permissions::from_mode(0o000)).expect("our pty");
    let mut gateway = machine.powerless_gateway();
    gateway.says("ready").await.expect("the gateway starts");
    let told = machine.logs("no permission for").await;
    assert!(told.contains("group simgate or dialout") && told.contains("udev/"), "{told}");
    fs::set_permissions(&device, Permissions::from_mode(0o666)).expect("our pty");
    machine.receives("now it may").await;
    machine.end(gateway).await;
}

/// Fault 18: another program holds the device. It is named, and when it lets go the gateway goes on.
#[tokio::test]
async fn a_device_that_another_program_holds_is_named_with_its_holder() {
    let machine = Machine::start("[[modem]]\n").await;
    let held = File::options().read(true).write(true).open(machine.device()).expect("our pty");
    flock(&held, FlockOperation::NonBlockingLockExclusive).expect("nobody holds it");
    let mut gateway = machine.gateway(|_| ());
    gateway.says("ready").await.expect("the gateway starts");
    let told = machine.logs("is in use by").await;
    assert!(told.contains(&format!("(process {})", std::process::id())), "{told}");
    assert!(told.contains("stop it") && told.contains("udev/"), "{told}");
    drop(held);
    machine.receives("free again").await;
    machine.end(gateway).await;
}

/// Fault 86: another program holds the database for long. The log names it, and when it lets go the gateway
/// goes on.
#[tokio::test]
async fn a_program_that_holds_the_database_is_named() {
    let machine = Machine::start("[[modem]]\n").await;
    let mut gateway = machine.gateway(|_| ());
    gateway.says("ready").await.expect("the gateway starts");
    machine.receives("before").await;
    let other = Connection::open(machine.file("data").join(FILE_NAME)).expect("the database");
    other.execute_batch("BEGIN IMMEDIATE").expect("nobody writes");
    let told = machine.logs("holder=").await;
    assert!(told.contains(&format!("(process {})", std::process::id())), "{told}");
    other.execute_batch("ROLLBACK").expect("let go");
    drop(other);
    machine.receives("afterwards").await;
    machine.end(gateway).await;
}

/// Fault 10: a modem that is pulled out and put back again and again is found again each time, and leaves
/// nothing open in the gateway.
#[tokio::test]
async fn a_modem_that_comes_and_goes_leaves_nothing_open() {
    let machine = Machine::start("[[modem]]\n").await;
    let mut gateway = machine.gateway(|_| ());
    gateway.says("ready").await.expect("the gateway starts");
    let until = async |what: &str, there: &dyn Fn(&str) -> bool| {
        let mut looks = interval(Duration::from_millis(20));
        let found = async {
            loop {
                looks.tick().await;
                let modems = machine.api().get("/api/v1/modems").await;
                if modems["items"][0]["state"].as_str().is_some_and(there) {
                    return;
                }
            }
        };
        timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("never {what}"));
    };
    machine.receives("the first").await;
    let (before, turns) = (gateway.open_files(), 8);
    for _ in 0..turns {
        machine.control.post("/modems/0/unplug", &json!({})).await.expect("pulled");
        until("away", &|state| state == "closed").await;
        machine.control.post("/modems/0/plug", &json!({})).await.expect("put back");
        until("back", &|state| state == "ready").await;
    }
    machine.receives("the last").await;
    let after = gateway.open_files();
    // A request of ours may still be on its way out.
    assert!(after < before + turns / 2, "{before} files before, {after} after {turns} turns");
    machine.end(gateway).await;
}

/// Fault 20: the speed of a real terminal, which a pty keeps although it needs none.
#[tokio::test]
async fn a_device_at_another_speed_is_found() {
    let machine = Machine::start("[[modem]]\nbaud = 9600\n").await;
    let mut gateway = machine.gateway(|_| ());
    gateway.says("ready").await.expect("the gateway starts");
    machine.receives("in time").await;
    machine.end(gateway).await;
}

/// Fault 84: a gateway that stands still feeds no watchdog. Whoever plays systemd ends it and starts
/// another, which has lost nothing.
#[tokio::test]
async fn a_gateway_that_stands_still_is_ended_by_the_watchdog() {
    let machine = Machine::start("[[modem]]\n").await;
    let address = machine.file("notify");
    let notices = UnixDatagram::bind(&address).expect("a socket");
    let next = async |within| {
        let mut notice = [0; 256];
        let length = timeout(within, notices.recv(&mut notice)).await.ok()?.expect("readable");
        Some(String::from_utf8_lossy(&notice[..length]).into_owned())
    };
    let watchdog = Duration::from_millis(1_500);
    let run = || {
        machine.gateway(|command| {
            command.env("NOTIFY_SOCKET", &address);
            command.env("WATCHDOG_USEC", watchdog.as_micros().to_string());
        })
    };
    let until = async |word: &str| {
        while next(PATIENCE).await.expect("a sign of life").trim() != word {}
    };
    let gateway = run();
    until("READY=1").await;
    machine.receives("before").await;
    until("WATCHDOG=1").await;
    gateway.signal(Signal::STOP);
    // What was on its way is read; then there is silence, which is systemd's cue.
    while next(watchdog).await.is_some() {}
    gateway.kill();
    let body = json!({ "from": "+447700900200", "text": "meanwhile" });
    machine.control.post("/modems/0/sms", &body).await.expect("the emulator lives");
    let gateway = run();
    until("READY=1").await;
    until("WATCHDOG=1").await;
    machine.receives("after").await;
    let listed = machine.api().get("/api/v1/messages?direction=in&limit=10").await;
    let texts = listed["items"].as_array().expect("a list").iter();
    let mut texts: Vec<_> = texts.filter_map(|text| text["text"].as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["after", "before", "meanwhile"]);
    machine.end(gateway).await;
}
