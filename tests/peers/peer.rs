//! What every tested program is given and asked.

use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

/// How many seconds may pass without any news before a wait is given up.
pub const PATIENCE: i64 = 150;

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
    let set = std::env::var_os("SIMGATE_PEER_TEXTS").and_then(|set| set.into_string().ok());
    let singles: usize = set.and_then(|n| n.parse().ok()).unwrap_or(20);
    let long = "and then a little more, ".repeat(15);
    let single = (0..singles).map(|i| format!("{word} number {i:03}."));
    let three = (0..singles / 5).map(|i| format!("{word} in three parts {i:03}: {long}end."));
    let mut all: Vec<String> = single.chain(three).collect();
    all.sort();
    all
}

/// Looks now, and again whenever something happens to these files or in these folders.
pub fn watch<T>(what: &str, places: &[&Path], mut look: impl FnMut() -> Option<T>) -> T {
    let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).expect("inotify");
    let news = WatchFlags::CREATE | WatchFlags::MODIFY | WatchFlags::CLOSE_WRITE;
    let news = news | WatchFlags::MOVE | WatchFlags::DELETE;
    for place in places {
        inotify::add_watch(&events, *place, news).expect("a place to watch");
    }
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(ready(&events, PATIENCE), "waited in vain for {what}");
        let mut heard = [0; 4_096];
        while rustix::io::read(&events, &mut heard).is_ok_and(|octets| octets > 0) {}
    }
}

/// Waits until `it` can be read, so many seconds at most.
pub fn ready(it: impl AsFd, seconds: i64) -> bool {
    let patience = Timespec { tv_sec: seconds, tv_nsec: 0 };
    poll(&mut [PollFd::new(&it, PollFlags::IN)], Some(&patience)).expect("a poll") > 0
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
        if let Ok(process) = pidfd_open(Pid::from_child(&self.0), PidfdFlags::empty()) {
            ready(&process, 3);
        }
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.wait();
    }
}

/// Runs a program to its end.
pub fn run(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("a program that runs")
}
