//! One gateway per data folder. The lock dies with the process, so nothing has to be cleaned up.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

/// The lock's name in the data folder; it holds the process id.
pub(super) const FILE: &str = "lock";

/// Holds the data folder for this process until it is dropped.
#[derive(Debug)]
pub struct InstanceLock(#[expect(dead_code, reason = "held for its lock")] File);

/// Why the folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another gateway is at work there.
    #[error("another gateway (process {pid}) already works on {folder}: stop it first")]
    Held {
        /// The first's process id, as it wrote it down.
        pid: String,
        /// The data folder.
        folder: String,
    },
    /// The folder cannot be used.
    #[error("cannot use the data folder {folder}: {source}")]
    Folder {
        /// The data folder.
        folder: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl InstanceLock {
    /// Takes the lock and writes our process id where the next one can read it.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let shown = || folder.display().to_string();
        let failed = |source| LockError::Folder { folder: shown(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(FILE))
            .map_err(failed)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            return Err(LockError::Held { pid: pid.trim().to_owned(), folder: shown() });
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(failed)?;
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fault 85: the second instance.
    #[test]
    fn a_second_gateway_on_the_same_folder_is_refused_and_told_who_was_first() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let first = InstanceLock::take(folder.path()).expect("nobody holds it");
        let refusal = InstanceLock::take(folder.path()).expect_err("it is held").to_string();
        assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
        drop(first);
        assert!(InstanceLock::take(folder.path()).is_ok());
    }
}
