//! `simgate emulate` as a process of its own, and its control API.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::peer::{PATIENCE, watch};

/// Who writes to the modem, and whom it writes to.
pub const PHONE: &str = "+447700900200";

/// One emulated modem behind a link, until it is dropped.
pub struct Emulation {
    process: Child,
    control: String,
    folder: tempfile::TempDir,
}

impl Emulation {
    /// A modem of that family on a fast network, with room for everything a test sends.
    pub fn start(profile: &str) -> Emulation {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = folder.path().join("scenario.toml");
        // Without a storage of their own, reports lie where these programs look for them.
        let text = format!(
            "[network]\nair_ms = [2, 5]\ndelivery_ms = [2, 5]\nreport_ms = [2, 5]\n\
             [[modem]]\nprofile = \"{profile}\"\nstorage = {{ sim = 250, reports = 0 }}\n"
        );
        std::fs::write(&scenario, text).expect("a scenario");
        let mut process = Command::new(env!("CARGO_BIN_EXE_simgate"))
            .args(["emulate", "--control", "127.0.0.1:0", "--scenario"])
            .arg(&scenario)
            .arg("--link")
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("simgate emulate");
        let mut control = String::new();
        let output = BufReader::new(process.stdout.take().expect("its output"));
        for line in output.lines() {
            let line = line.expect("a line");
            if let Some(address) = line.strip_prefix("control http://") {
                control = address.to_owned();
            }
            if line == "ready" {
                break;
            }
        }
        let emulation = Emulation { process, control, folder };
        let started = || emulation.modem()["registration"] == 1;
        emulation.wait("the modem to start", || started().then_some(()));
        emulation
    }

    /// Looks now, and again whenever something changes in the emulated world.
    pub fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let mut seen = self.get("/network")["changes"].clone();
        loop {
            if let Some(found) = look() {
                return found;
            }
            let path = format!("/network?after={seen}&wait_ms={}", PATIENCE * 1_000);
            let now = self.get(&path)["changes"].clone();
            assert_ne!(now, seen, "waited in vain for {what}");
            seen = now;
        }
    }

    /// Where the other program finds the modem.
    pub fn port(&self) -> PathBuf {
        self.folder.path().join("modem0")
    }

    /// A folder for the other program's own files.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).expect("a file");
        file
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.call("POST", path, &body.to_string())
    }

    pub fn get(&self, path: &str) -> Value {
        self.call("GET", path, "")
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(&self.control).expect("the control API");
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
        serde_json::from_str(body).expect("JSON")
    }

    /// Texts from ten handsets in turn, and how many segments they take on the SIM. gammu-smsd
    /// names its files by second, sender and two digits, so one sender must not write a hundred.
    pub fn deliver(&self, texts: &[String]) -> usize {
        let send = |(n, text): (usize, &String)| {
            let from = format!("+44770090020{}", n % 10);
            let sent = self.post("/modems/0/sms", &json!({ "from": from, "text": text }));
            sent["segments"].as_u64().unwrap_or(0) as usize
        };
        texts.iter().enumerate().map(send).sum()
    }

    /// What the handset has received, sorted.
    pub fn received(&self) -> Vec<String> {
        let phone = self.get(&format!("/phones/{PHONE}"));
        let all = phone["texts"].as_array().expect("texts").iter();
        let received = all.filter(|text| text["direction"] == "in");
        let mut texts: Vec<String> =
            received.map(|text| text["text"].as_str().unwrap_or("").to_owned()).collect();
        texts.sort();
        texts
    }

    pub fn modem(&self) -> Value {
        self.get("/modems/0")
    }

    /// Pulls the modem and puts it back: a new pty behind the same link.
    pub fn replug(&self) {
        self.post("/modems/0/unplug", &json!({}));
        let folder = [self.folder.path()];
        watch("the link to vanish", &folder, || (!self.port().exists()).then_some(()));
        self.post("/modems/0/plug", &json!({}));
        watch("the link to return", &folder, || self.port().exists().then_some(()));
    }
}

impl Drop for Emulation {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Files in a folder that have been written to.
pub fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let texts = entries.filter(|entry| entry.path().is_file());
    // A file that is being moved away meanwhile is not there.
    let texts = texts.filter_map(|entry| Some(lossy(&std::fs::read(entry.path()).ok()?)));
    texts.filter(|text| !text.is_empty()).collect()
}

pub fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
