//! A server as a child process, with everything of its own in a temporary folder.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// How long anything may take before it is given up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Whether a program is there and may be started as it needs; says so when not.
pub fn installed(program: &str) -> bool {
    let found = Path::new(program).exists();
    if !found {
        println!("skipped: {program} is not installed (tests/install.sh installs it)");
    }
    if found && !rustix::process::geteuid().is_root() {
        println!("skipped: {program} can only be started by root");
        return false;
    }
    found
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A server that runs until it is dropped.
pub struct Server(Child);

impl Server {
    /// Starts a server that stays in the foreground, and waits until it takes connections.
    pub fn start(command: &mut Command, port: u16) -> Server {
        use std::os::unix::process::CommandExt;
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Server(quiet.process_group(0).spawn().expect("a server"));
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < PATIENCE, "{command:?} takes no connections");
            std::thread::park_timeout(Duration::from_millis(50));
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let group = Pid::from_child(&self.0);
        let _ = kill_process_group(group, Signal::TERM);
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(5) && matches!(self.0.try_wait(), Ok(None)) {
            std::thread::park_timeout(Duration::from_millis(50));
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.0.wait();
    }
}

/// A certificate for 127.0.0.1 and localhost, and its key, both in PEM.
pub fn certificate() -> (String, String) {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    (made.cert.pem(), made.signing_key.serialize_pem())
}
