//! Which serial devices are there, read from sysfs: no library, no privilege, no probing.
//!
//! A USB modem shows three to five ttys of which one or two speak AT and some must never be
//! written to. What a port is follows from its USB ids and interface, never from its number.

use std::fs;
use std::path::{Path, PathBuf};

/// A tty that belongs to a USB device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsbTty {
    /// `/dev/ttyUSB2`
    pub path: String,
    /// The device's place on the bus: `1-1.2`.
    pub device: String,
    /// `idVendor`
    pub vendor: u16,
    /// `idProduct`
    pub product: u16,
    /// `bInterfaceNumber`
    pub interface: u8,
    /// `bInterfaceClass`, `bInterfaceSubClass`, `bInterfaceProtocol`
    pub class: (u8, u8, u8),
    /// What the device calls itself.
    pub name: String,
}

/// All of them, by device and interface. `sys` is `/sys`, or a test's copy of one.
pub fn usb_ttys(sys: &Path) -> Vec<UsbTty> {
    let Ok(entries) = fs::read_dir(sys.join("class/tty")) else { return Vec::new() };
    let mut ttys: Vec<UsbTty> =
        entries.flatten().filter_map(|entry| usb_tty(&entry.path())).collect();
    ttys.sort_by(|a, b| (&a.device, a.interface, &a.path).cmp(&(&b.device, b.interface, &b.path)));
    ttys
}

fn usb_tty(entry: &Path) -> Option<UsbTty> {
    let name = entry.file_name()?.to_str()?;
    // .../1-1.2/1-1.2:1.3/ttyUSB2 for usb-serial, .../1-1.2/1-1.2:1.0 for cdc-acm.
    let node = fs::canonicalize(entry.join("device")).ok()?;
    let interface: &Path = node.ancestors().find(|dir| dir.join("bInterfaceNumber").exists())?;
    let device = interface.parent()?;
    let hex = |dir: &Path, file: &str| -> Option<u16> {
        u16::from_str_radix(line(dir.join(file))?.as_str(), 16).ok()
    };
    let octet = |file: &str| hex(interface, file).and_then(|value| u8::try_from(value).ok());
    let words = [line(device.join("manufacturer")), line(device.join("product"))];
    Some(UsbTty {
        path: format!("/dev/{name}"),
        device: device.file_name()?.to_str()?.to_owned(),
        vendor: hex(device, "idVendor")?,
        product: hex(device, "idProduct")?,
        interface: octet("bInterfaceNumber")?,
        class: (
            octet("bInterfaceClass")?,
            octet("bInterfaceSubClass")?,
            octet("bInterfaceProtocol")?,
        ),
        name: words.into_iter().flatten().collect::<Vec<_>>().join(" "),
    })
}

fn line(path: PathBuf) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A copy of what the kernel shows for one device with one interface per tty.
    fn plug(sys: &Path, bus: &str, ids: (&str, &str), ttys: &[(&str, &str)]) {
        let device = sys.join("devices/usb1").join(bus);
        for (number, (tty, interface)) in ttys.iter().enumerate() {
            let dir = device.join(format!("{bus}:1.{number}"));
            let node = dir.join(tty);
            fs::create_dir_all(&node).expect("writable");
            let write = |dir: &Path, file: &str, text: &str| {
                fs::write(dir.join(file), format!("{text}\n")).expect("writable");
            };
            write(&device, "idVendor", ids.0);
            write(&device, "idProduct", ids.1);
            write(&device, "product", "Mobile");
            write(&dir, "bInterfaceNumber", interface);
            write(&dir, "bInterfaceClass", "ff");
            write(&dir, "bInterfaceSubClass", "01");
            write(&dir, "bInterfaceProtocol", "02");
            let class = sys.join("class/tty").join(tty);
            fs::create_dir_all(&class).expect("writable");
            symlink(&node, class.join("device")).expect("linkable");
        }
    }

    #[test]
    fn usb_ttys_are_found_with_their_ids_and_others_are_left_out() {
        let sys = tempfile::tempdir().expect("a temporary folder");
        let sys = sys.path();
        plug(sys, "1-1.2", ("12d1", "1506"), &[("ttyUSB1", "02"), ("ttyUSB0", "00")]);
        fs::create_dir_all(sys.join("class/tty/ttyS0")).expect("writable");
        let found = usb_ttys(sys);
        let seen: Vec<_> = found.iter().map(|t| (t.path.as_str(), t.interface)).collect();
        assert_eq!(seen, [("/dev/ttyUSB0", 0), ("/dev/ttyUSB1", 2)]);
        assert_eq!((found[0].vendor, found[0].product), (0x12d1, 0x1506));
        assert_eq!((found[0].class, found[0].name.as_str()), ((0xff, 1, 2), "Mobile"));
        assert_eq!(found[0].device, "1-1.2");
        assert!(usb_ttys(Path::new("/nowhere")).is_empty());
    }
}
