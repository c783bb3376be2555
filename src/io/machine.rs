//! What the machine says of itself, for `simgate doctor`: the kernel's log, the supply of a
//! Raspberry Pi, who may use a device and who holds it, the data folder and its disk.
//!
//! Files of the system come in, a few bounded reads each; plain facts go out. Deliberately absent:
//! what is good or bad about them, and anything that opens a port or writes.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, StatVfsMountFlags, statvfs};

use super::discovery::{UsbTty, usb_ttys};
use super::{holder, listener, lock};
use crate::store::FILE_NAME;

/// A file of `/proc` or `/sys` is read no further than this.
const READ_AT_MOST: u64 = 256 * 1024;
/// Lines of the kernel's log that are looked at, and entries of a folder.
const LOOK_AT_MOST: usize = 20_000;
/// The kernel's longest record (`CONSOLE_EXT_LOG_MAX`).
const RECORD: usize = 8_192;

/// This machine, or a test's copy of one.
#[derive(Debug)]
pub struct Machine {
    root: PathBuf,
}

/// Somebody programs run as.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Their number.
    pub uid: u32,
    /// Their name, else the number.
    pub name: String,
    /// Every group they are in.
    pub groups: Vec<u32>,
}

/// A device as its node shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// The group's name, else its number.
    pub group: String,
    /// Permission bits.
    pub mode: u32,
    /// Another program that has it open, as far as we may see.
    pub holder: Option<String>,
    /// The kernel prints there, and people may sign in.
    pub console: bool,
}

/// A USB device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsbDevice {
    /// Its place on the bus: `1-1.2`.
    pub place: String,
    /// `idVendor`
    pub vendor: u16,
    /// `idProduct`
    pub product: u16,
    /// Whether one of its interfaces is a tty.
    pub has_tty: bool,
    /// Whether the kernel may put it to sleep.
    pub may_sleep: bool,
    /// Whether our udev rules were applied to one of its ttys; `None` when udev says nothing.
    pub rules_applied: Option<bool>,
}

/// The data folder and the disk it is on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Where.
    pub path: String,
    /// Who owns it and with which permissions, once it is there.
    pub owner: Option<(u32, u32)>,
    /// What the system said when we looked into it.
    pub closed: Option<String>,
    /// Whether a gateway has worked there.
    pub has_database: bool,
    /// An entry that belongs to somebody else.
    pub stranger: Option<String>,
    /// Whether nothing can be written to its disk.
    pub read_only: bool,
    /// Octets free on its disk.
    pub free: Option<u64>,
}

impl Machine {
    /// The one we run on.
    pub fn here() -> Self {
        Self { root: PathBuf::from("/") }
    }

    /// "Raspberry Pi 4 Model B Rev 1.4", where the board has a name.
    pub fn board(&self) -> Option<String> {
        Some(self.text("proc/device-tree/model")?.trim_end_matches('\0').to_owned())
    }

    /// A Raspberry Pi's bits of low voltage and heat: now in the lower half, since the start in
    /// the upper.
    pub fn throttled(&self) -> Option<u32> {
        let firmware = "sys/devices/platform/soc/soc:firmware/get_throttled";
        u32::from_str_radix(self.text(firmware)?.trim().trim_start_matches("0x"), 16).ok()
    }

    /// Whether a time server keeps the clock; `None` when nobody here says.
    pub fn clock_is_kept(&self) -> Option<bool> {
        let service = self.root.join("run/systemd/timesync");
        service.is_dir().then(|| service.join("synchronized").exists())
    }

    /// What the kernel has logged since the machine started, oldest first.
    pub fn kernel_log(&self) -> io::Result<Vec<String>> {
        // One read gives one record; at the end the call would block for the next.
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let path = self.root.join("dev/kmsg");
        let mut log = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let mut record = [0; RECORD];
        let mut lines = Vec::new();
        for _ in 0..LOOK_AT_MOST {
            match log.read(&mut record) {
                Ok(0) => break,
                Ok(read) => lines.extend(record.get(..read).and_then(message)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // The record was overwritten meanwhile: the next read goes on behind the gap.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                Err(error) => return Err(error),
            }
        }
        Ok(lines)
    }

    /// USB devices, with what matters about a modem.
    pub fn usb_devices(&self) -> Vec<UsbDevice> {
        let ttys = usb_ttys(&self.root.join("sys"));
        let listed = fs::read_dir(self.root.join("sys/bus/usb/devices"));
        let entries = listed.into_iter().flatten().flatten().take(LOOK_AT_MOST);
        let mut devices: Vec<_> = entries
            .filter_map(|entry| self.usb_device(entry.file_name().to_str()?, &ttys))
            .collect();
        devices.sort_by(|a, b| a.place.cmp(&b.place));
        devices
    }

    fn usb_device(&self, place: &str, ttys: &[UsbTty]) -> Option<UsbDevice> {
        let file = |name: &str| self.text(&format!("sys/bus/usb/devices/{place}/{name}"));
        let id = |name: &str| u16::from_str_radix(file(name)?.trim(), 16).ok();
        let own: Vec<_> = ttys.iter().filter(|tty| tty.device == place).collect();
        let rules = own.iter().filter_map(|tty| self.udev_knows(&tty.path, "E:ID_SIMGATE="));
        Some(UsbDevice {
            place: place.to_owned(),
            vendor: id("idVendor")?,
            product: id("idProduct")?,
            has_tty: !own.is_empty(),
            may_sleep: file("power/control").is_some_and(|control| control.trim() == "auto"),
            rules_applied: rules.reduce(|one, other| one || other),
        })
    }

    /// Whether a line of what udev keeps about a device begins so.
    fn udev_knows(&self, device: &str, line: &str) -> Option<bool> {
        let number = self.text(&format!("sys/class/tty/{}/dev", device.rsplit('/').next()?))?;
        let kept = self.text(&format!("run/udev/data/c{}", number.trim()))?;
        Some(kept.lines().any(|kept| kept.starts_with(line)))
    }

    /// A device by its name or a link to it; `None` when it is not there.
    pub fn node(&self, name: &str) -> Option<Node> {
        let path = fs::canonicalize(name).ok()?;
        let seen = fs::metadata(&path).ok()?;
        let short = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let consoles = self.text("proc/consoles").unwrap_or_default();
        Some(Node {
            uid: seen.uid(),
            gid: seen.gid(),
            group: self.name_of("etc/group", seen.gid()),
            mode: seen.mode() & 0o777,
            holder: holder::of(&path),
            console: consoles.lines().any(|line| line.split(' ').next() == Some(short)),
        })
    }

    /// Who the process runs as, `None` for our own; nobody when it is not there.
    pub fn account(&self, process: Option<u32>) -> Option<Account> {
        let process = process.map_or_else(|| "self".to_owned(), |process| process.to_string());
        let status = self.text(&format!("proc/{process}/status"))?;
        let numbers = |name: &str| -> Vec<u32> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().split_whitespace().filter_map(|n| n.parse().ok()).collect()
        };
        // Real, effective, saved, of the file system.
        let effective = |name: &str| numbers(name).get(1).copied();
        let (uid, mut groups) = (effective("Uid:")?, numbers("Groups:"));
        groups.extend(effective("Gid:"));
        Some(Account { uid, name: self.name_of("etc/passwd", uid), groups })
    }

    fn name_of(&self, file: &str, id: u32) -> String {
        let (known, id) = (self.text(file).unwrap_or_default(), id.to_string());
        let found = known.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == id).then(|| name.to_owned())
        });
        found.unwrap_or(id)
    }

    /// The data folder, or where it would be.
    pub fn folder(&self, path: &Path) -> Folder {
        let seen = fs::metadata(path).ok();
        let disk = path.ancestors().find_map(|dir| statvfs(dir).ok());
        let owner = seen.as_ref().map(|seen| (seen.uid(), seen.mode() & 0o777));
        let listed = fs::read_dir(path);
        let denied = |error: &io::Error| error.kind() == io::ErrorKind::PermissionDenied;
        let locked = File::open(path.join(lock::FILE)).err().filter(denied);
        let closed = listed.as_ref().err().filter(|_| seen.is_some()).or(locked.as_ref());
        let closed = closed.map(ToString::to_string);
        let entries = listed.into_iter().flatten().flatten().take(LOOK_AT_MOST);
        let strange = |entry: &Metadata| owner.is_some_and(|(uid, _)| entry.uid() != uid);
        let mut strangers = entries.filter_map(|entry| {
            let strange = fs::symlink_metadata(entry.path()).is_ok_and(|seen| strange(&seen));
            strange.then(|| entry.path().display().to_string())
        });
        Folder {
            path: path.display().to_string(),
            owner,
            closed,
            has_database: path.join(FILE_NAME).exists(),
            stranger: strangers.next(),
            read_only: disk
                .as_ref()
                .is_some_and(|disk| disk.f_flag.contains(StatVfsMountFlags::RDONLY)),
            free: disk.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        }
    }

    /// The process of the gateway that has `folder`, by what it wrote into its lock.
    pub fn gateway_of(&self, folder: &Path) -> Option<u32> {
        let process: u32 = bounded(&folder.join(lock::FILE))?.trim().parse().ok()?;
        let name = self.text(&format!("proc/{process}/comm"))?;
        name.trim().starts_with("simgate").then_some(process)
    }

    /// Another data folder in which the system's service would work, when it is there.
    pub fn service_folder(&self) -> Option<PathBuf> {
        let folder = self.root.join("var/lib/simgate");
        // Others may not look into it, so only that it is there counts.
        (folder.join(listener::SOCKET).exists() || folder.is_dir()).then_some(folder)
    }

    fn text(&self, path: &str) -> Option<String> {
        bounded(&self.root.join(path))
    }
}

fn bounded(path: &Path) -> Option<String> {
    let mut octets = Vec::new();
    File::open(path).ok()?.take(READ_AT_MOST).read_to_end(&mut octets).ok()?;
    Some(String::from_utf8_lossy(&octets).into_owned())
}

/// The words of a record such as `6,339,5140900,-;usb 1-1: USB disconnect`; lines of facts follow.
fn message(record: &[u8]) -> Option<String> {
    let record = String::from_utf8_lossy(record);
    let (_, words) = record.split_once(';')?;
    Some(words.lines().next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(files: &[(&str, &str)]) -> (tempfile::TempDir, Machine) {
        let root = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            fs::write(path, text).expect("writable");
        }
        let machine = Machine { root: root.path().to_owned() };
        (root, machine)
    }

    #[test]
    fn a_machine_that_says_nothing_gives_no_facts() {
        let (root, machine) = copy(&[]);
        assert_eq!((machine.board(), machine.throttled()), (None, None));
        assert_eq!(machine.clock_is_kept(), None);
        assert!(machine.kernel_log().is_err() && machine.usb_devices().is_empty());
        assert_eq!((machine.account(Some(7)), machine.node("/nowhere")), (None, None));
        let folder = machine.folder(&root.path().join("none"));
        assert_eq!((folder.owner, folder.closed), (None, None));
        assert!(folder.free.is_some(), "the disk it would be on");
    }

    #[test]
    fn supply_accounts_and_devices_are_read_from_the_systems_files() {
        let usb = "sys/bus/usb/devices/1-1.2";
        let (root, machine) = copy(&[
            ("proc/device-tree/model", "Raspberry Pi 4 Model B\0"),
            ("sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n"),
            ("run/systemd/timesync/synchronized", ""),
            ("proc/812/status", "Name:\tx\nUid:\t7\t7\t7\t7\nGid:\t8\t8\t8\t8\nGroups:\t20 24 \n"),
            ("proc/812/comm", "simgate\n"),
            ("etc/passwd", "root:x:0:0::/:\nsms:x:7:8::/:\n"),
            (&format!("{usb}/idVendor"), "12d1\n"),
            (&format!("{usb}/idProduct"), "1446\n"),
            (&format!("{usb}/power/control"), "auto\n"),
            ("data/lock", "812\n"),
        ]);
        assert_eq!(machine.board().as_deref(), Some("Raspberry Pi 4 Model B"));
        assert_eq!(machine.throttled(), Some(0x0005_0005));
        assert_eq!(machine.clock_is_kept(), Some(true));
        let account = machine.account(Some(812)).expect("it runs");
        assert_eq!((account.name.as_str(), account.groups), ("sms", vec![20, 24, 8]));
        let devices = machine.usb_devices();
        let [device] = devices.as_slice() else { panic!("{devices:?}") };
        assert_eq!((device.vendor, device.product, device.may_sleep), (0x12D1, 0x1446, true));
        assert_eq!((device.has_tty, device.rules_applied), (false, None));
        assert_eq!(machine.gateway_of(&root.path().join("data")), Some(812));
    }

    #[test]
    fn of_a_kernel_record_the_words_are_taken() {
        let record = b"6,339,5140900,-;usb 1-1: USB disconnect\n SUBSYSTEM=usb\n";
        assert_eq!(message(record).as_deref(), Some("usb 1-1: USB disconnect"));
        assert_eq!(message(b"nonsense"), None);
    }
}
