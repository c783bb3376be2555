//! Which other program has a device open, as far as `/proc` shows: everybody's to root, else our own
//! user's only.

use std::fs;
use std::path::Path;

/// "ModemManager (process 812)", for whoever but us has `device` open.
pub(super) fn of(device: &Path) -> Option<String> {
    let device = fs::canonicalize(device).ok()?;
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.filter(|process| process.file_name() != *own).find_map(|process| {
        let mut open = fs::read_dir(process.path().join("fd")).ok()?.flatten();
        let holds = open.any(|fd| fs::read_link(fd.path()).is_ok_and(|to| to == device));
        let name = fs::read_to_string(process.path().join("comm")).ok().filter(|_| holds)?;
        Some(format!("{} (process {})", name.trim(), process.file_name().display()))
    })
}
