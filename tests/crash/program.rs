//! A program that runs: what it prints, how it ends.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::unix::pipe;
use tokio::time::timeout;

use crate::PATIENCE;

/// A running `simgate`.
pub struct Program {
    child: Child,
    lines: Lines<BufReader<pipe::Receiver>>,
}

impl Program {
    /// Starts `simgate` with these words; what it logs is appended to a file.
    pub fn start(arguments: &[&str], log: &Path) -> Self {
        Self::start_as(arguments, log, |_| ())
    }

    /// The same with something changed before.
    pub fn start_as(arguments: &[&str], log: &Path, prepare: impl FnOnce(&mut Command)) -> Self {
        let log = File::options().create(true).append(true).open(log).expect("a log");
        let mut command = Command::new(env!("CARGO_BIN_EXE_simgate"));
        command.args(arguments);
        prepare(&mut command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        let printed = OwnedFd::from(child.stdout.take().expect("a pipe"));
        let printed = pipe::Receiver::from_owned_fd(printed).expect("a pipe to listen to");
        Self { child, lines: BufReader::new(printed).lines() }
    }

    /// Waits for a line that begins with `word` and returns what follows it; `None` when the
    /// program ended before.
    pub async fn says(&mut self, word: &str) -> Option<String> {
        let heard = async {
            while let Ok(Some(line)) = self.lines.next_line().await {
                if let Some(rest) = line.strip_prefix(word) {
                    return Some(rest.trim().to_owned());
                }
            }
            None
        };
        timeout(PATIENCE, heard).await.unwrap_or_else(|_| panic!("it never said {word:?}"))
    }

    /// Waits until the program has closed what it prints to: until it ended.
    pub async fn ended(&mut self) {
        while let Ok(Some(_)) = self.lines.next_line().await {}
    }

    /// Files and sockets it has open.
    pub fn open_files(&self) -> usize {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        files.expect("our child").count()
    }

    /// Sends a signal that does not end it.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("our child");
    }

    /// kill -9. Nothing in the program can do anything about it.
    pub fn kill(mut self) {
        assert_eq!(self.child.try_wait().expect("our child"), None, "it ended by itself");
        self.child.kill().expect("our child");
        self.child.wait().expect("our child");
    }

    /// SIGTERM, and the end it leads to.
    pub async fn terminate(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("our child");
        timeout(PATIENCE, self.ended()).await.expect("SIGTERM ends it");
        self.child.wait().expect("our child")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
