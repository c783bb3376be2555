//! Which other program has a device or a file open, as far as `/proc` shows: everybody's to root, else our own
//! user's only.

use std::fs;
use std::path::Path;

/// "ModemManager (process 812)", for whoever but us has `device` open.
pub fn of(device: &Path) -> Option<String> {
    let device = fs::canonicalize(device).ok()?;
    // Beside processes there are `self`, which is us, and much else.
    let others = |name: &str| name.parse::<u32>().is_ok_and(|id| id != std::process::id());
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut processes = processes.filter(|entry| entry.file_name().to_str().is_some_and(others));
    processes.find_map(|process| {
        let mut open = fs::read_dir(process.path().join("fd")).ok()?.flatten();
        let holds = open.any(|fd| fs::read_link(fd.path()).is_ok_and(|to| to == device));
        let name = fs::read_to_string(process.path().join("comm")).ok().filter(|_| holds)?;
        Some(format!("{} (process {})", name.trim(), process.file_name().display()))
    })
}
