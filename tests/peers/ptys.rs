//! The ptys themselves: links that follow the modem, ports that end when it is pulled.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use serde_json::json;

use crate::emulation::Emulation;
use crate::peer::{ready, watch};

fn open(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(path).expect("a port")
}

/// A line, and what is heard up to `OK`, or nothing within a while.
fn asked(port: &mut File, line: &str) -> String {
    port.write_all(line.as_bytes()).expect("bytes written");
    let mut heard = String::new();
    while !heard.ends_with("OK\r\n") {
        if !ready(&*port, 1) {
            break;
        }
        let mut byte = [0];
        port.read_exact(&mut byte).expect("a byte");
        heard.push(char::from(byte[0]));
    }
    heard
}

/// The same for a modem that may still be starting: the line is said until it is answered.
fn says(port: &mut File, line: &str) -> String {
    let mut tries = (0..60).map(|_| asked(port, line));
    tries.find(|heard| !heard.is_empty()).expect("an answer")
}

/// Fault 22: back under another pty, behind the same link or another.
#[test]
fn a_link_follows_the_modem_to_another_pty() {
    let emulation = Emulation::start("generic");
    let link = emulation.port();
    let before = std::fs::read_link(&link).expect("a link");
    let mut old = open(&link);
    assert_eq!(says(&mut old, "AT\r"), "AT\r\r\nOK\r\n");
    assert_eq!(says(&mut old, "ATE0\r"), "ATE0\r\r\nOK\r\n");

    emulation.replug();
    let after = std::fs::read_link(&link).expect("a link");
    assert_ne!(before, after, "the old pty is still open");
    assert!(matches!(old.read(&mut [0]), Ok(0) | Err(_)), "the old port has ended");
    let mut new = open(&link);
    assert_eq!(says(&mut new, "AT\r"), "AT\r\r\nOK\r\n", "settings went with the power");
    drop(new);

    emulation.post("/modems/0/unplug", &json!({}));
    emulation.post("/modems/0/plug", &json!({ "link": "elsewhere" }));
    let elsewhere = link.with_file_name("elsewhere");
    let folder = link.parent().expect("a folder");
    watch("the other link", &[folder], || elsewhere.exists().then_some(()));
    assert!(!link.exists());
    let shown = emulation.modem();
    assert_eq!(shown["pty"], std::fs::read_link(&elsewhere).expect("a link").display().to_string());
}

/// A program may close and open a port as often as it likes; what it set stays.
#[test]
fn a_port_is_opened_again_and_again() {
    let emulation = Emulation::start("generic");
    assert_eq!(says(&mut open(&emulation.port()), "ATE0\r"), "ATE0\r\r\nOK\r\n");
    for _ in 0..20 {
        assert_eq!(says(&mut open(&emulation.port()), "AT\r"), "\r\nOK\r\n");
    }
}
