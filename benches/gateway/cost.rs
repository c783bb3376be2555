//! What the kernel says of a process: processor time, switches, calls, memory.

use std::collections::HashMap;
use std::fs;

/// What a process had used at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    /// Processor time in seconds, user and system, all threads that ever were.
    pub cpu: f64,
    /// Read and write calls.
    pub calls: f64,
}

impl Cost {
    pub fn of(pid: u32) -> Cost {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
        // The name in parentheses may hold spaces; utime and stime are fields 14 and 15.
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        let fields: Vec<&str> = after.split_whitespace().collect();
        let ticks = |field: usize| fields.get(field).and_then(|f| f.parse::<f64>().ok());
        let cpu = (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / TICKS_A_SECOND;
        let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
        let calls = number(&io, "syscr:") + number(&io, "syscw:");
        Cost { cpu, calls }
    }

    pub fn since(self, earlier: Cost) -> Cost {
        Cost { cpu: self.cpu - earlier.cpu, calls: self.calls - earlier.calls }
    }
}

/// Memory of a process in megabytes: all of it, and its share of what it shares.
pub fn memory(pid: u32) -> (f64, f64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    (number(&status, "VmRSS:") / 1024.0, number(&rollup, "Pss:") / 1024.0)
}

/// Counts context switches of a process. A thread takes its count with it when it ends, so this
/// looks again and again.
#[derive(Default)]
pub struct Switches(HashMap<String, f64>);

impl Switches {
    pub fn look(&mut self, pid: u32) {
        let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return };
        for task in tasks.flatten() {
            let Ok(status) = fs::read_to_string(task.path().join("status")) else { continue };
            let count = number(&status, "voluntary_ctxt_switches:")
                + number(&status, "nonvoluntary_ctxt_switches:");
            self.0.insert(task.file_name().to_string_lossy().into_owned(), count);
        }
    }

    pub fn total(&self) -> f64 {
        self.0.values().sum()
    }
}

/// The number behind a word at the start of a line.
fn number(text: &str, word: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(word));
    let first = line.and_then(|line| line.split_whitespace().next());
    first.and_then(|first| first.parse().ok()).unwrap_or(0.0)
}

/// `USER_HZ`, the same on every Linux.
const TICKS_A_SECOND: f64 = 100.0;
