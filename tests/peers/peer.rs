//! What every tested program is given and asked.

#![allow(
    clippy::disallowed_methods,
    reason = "other processes keep real time, and cannot be waited for but by looking"
)]

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// How long anything may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(150);

/// Whether a program is there; says so when it is not.
pub fn installed(program: &str) -> bool {
    let found = ["/usr/bin", "/usr/sbin", "/usr/local/bin"]
        .iter()
        .any(|folder| std::path::Path::new(folder).join(program).exists());
    if !found {
        println!("skipped: {program} is not installed (tests/install.sh installs it)");
    }
    found
}

/// Single texts, and texts in three parts.
pub fn texts(word: &str) -> Vec<String> {
    let count = std::env::var("SIMGATE_PEER_TEXTS").ok().and_then(|n| n.parse().ok());
    let singles: usize = count.unwrap_or(20);
    let long = "and then a little more, ".repeat(15);
    let single = (0..singles).map(|i| format!("{word} number {i:03}."));
    let three = (0..singles / 5).map(|i| format!("{word} in three parts {i:03}: {long}end."));
    let mut all: Vec<String> = single.chain(three).collect();
    all.sort();
    all
}

/// Asks again and again: another program's progress cannot be waited for in another way.
pub fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A program that runs until it is dropped, with the processes it started.
pub struct Daemon(Child);

impl Daemon {
    pub fn start(command: &mut Command) -> Daemon {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Daemon(quiet.process_group(0).spawn().expect("a daemon"))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::TERM);
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(3) && matches!(self.0.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.wait();
    }
}

/// Runs a program to its end.
pub fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("a program that runs")
}
