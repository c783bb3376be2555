//! The real [`PortSource`]: USB modems found by their ids, named devices, TCP bridges.

use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::discovery::{UsbTty, usb_ttys};
use super::hotplug::Hotplug;
use super::port::SPEEDS;
use super::serial::{BRIDGE, open_bridge, open_device};
use super::{Candidate, OpenError, Port, PortSource};
use crate::modem::profile;

/// Ports of this machine.
#[derive(Debug)]
pub struct Hardware {
    wanted: Vec<Wanted>,
    hotplug: Hotplug,
    sys: PathBuf,
}

/// One place to look, as an operator set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where.
    pub place: Place,
    /// Line speed of a UART.
    pub baud: u32,
}

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Every USB port known to belong to a modem.
    Auto,
    /// A device path or `tcp://host:port`.
    Named(String),
}

impl Hardware {
    /// Looks at the places an operator set, in their order.
    pub fn new(wanted: Vec<Wanted>) -> Self {
        let named = wanted.iter().filter_map(|wanted| match &wanted.place {
            Place::Named(name) if !name.starts_with(BRIDGE) => Path::new(name).parent(),
            _ => None,
        });
        let folders: Vec<PathBuf> =
            std::iter::once(Path::new(DEVICES)).chain(named).map(Path::to_owned).collect();
        let hotplug = Hotplug::listen(&folders);
        Self { wanted, hotplug, sys: PathBuf::from("/sys") }
    }

    /// Candidates among `ttys`, the best port of each device first. A named port is left to the
    /// entry that names it.
    fn choose(&self, ttys: &[UsbTty]) -> Vec<Candidate> {
        let mut chosen: Vec<Candidate> = Vec::new();
        for (slot, wanted) in self.wanted.iter().enumerate() {
            if let Place::Named(name) = &wanted.place {
                let device = ttys.iter().find(|tty| same_device(&tty.path, name));
                // USB has no line speed, and a bridge sets its own.
                let uart = device.is_none() && !name.starts_with(BRIDGE);
                chosen.push(Candidate {
                    slot,
                    baud: wanted.baud,
                    speeds: if uart { SPEEDS } else { &[] },
                    device: device.map(|tty| tty.device.clone()),
                    ..Candidate::named(name, "named in the settings")
                });
            }
        }
        let named_devices: Vec<_> = chosen.iter().filter_map(|c| c.device.clone()).collect();
        let auto = self.wanted.iter().position(|wanted| wanted.place == Place::Auto);
        if let Some(slot) = auto {
            let free = ttys.iter().filter(|tty| !named_devices.contains(&tty.device));
            let mut found: Vec<Candidate> = free.filter_map(candidate).collect();
            found.sort_by_key(|c| (c.device.clone(), c.rank));
            let baud = self.wanted[slot].baud;
            chosen.extend(found.into_iter().map(|c| Candidate { slot, baud, ..c }));
        }
        chosen
    }
}

impl PortSource for Hardware {
    fn candidates(&self) -> Vec<Candidate> {
        self.choose(&usb_ttys(&self.sys))
    }

    fn open<'a>(
        &'a self,
        candidate: &'a Candidate,
    ) -> BoxFuture<'a, Result<Box<dyn Port>, OpenError>> {
        async move {
            match candidate.name.starts_with(BRIDGE) {
                true => open_bridge(candidate).await,
                false => open_device(candidate),
            }
        }
        .boxed()
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        self.hotplug.changed().boxed()
    }
}

/// A tty some profile knows as an AT port. Ports nobody knows are never written to: what does
/// not expect `AT` may be a door lock (fault 16).
fn candidate(tty: &UsbTty) -> Option<Candidate> {
    let (profile, rank) = profile::ALL.iter().find_map(|profile| {
        let id =
            profile.usb.iter().find(|id| (id.vendor, id.product) == (tty.vendor, tty.product))?;
        Some((profile.name, id.port.rank(tty.interface, tty.class)?))
    })?;
    let (vendor, product, interface) = (tty.vendor, tty.product, tty.interface);
    let place = if rank == 0 { "its AT port" } else { "perhaps an AT port" };
    Some(Candidate {
        device: Some(tty.device.clone()),
        rank: u8::try_from(rank).unwrap_or(u8::MAX),
        profile: Some(profile),
        ..Candidate::named(
            &tty.path,
            format!("{} {vendor:04x}:{product:04x} interface {interface}: {place}", tty.name),
        )
    })
}

/// Where the kernel puts device nodes.
const DEVICES: &str = "/dev";

/// Whether `name`, perhaps a link such as those in `/dev/serial/by-id`, is the device `path`.
fn same_device(path: &str, name: &str) -> bool {
    path == name || std::fs::canonicalize(name).is_ok_and(|real| real == Path::new(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tty(path: &str, device: &str, ids: (u16, u16), interface: u8) -> UsbTty {
        let (vendor, product) = ids;
        let (path, device, name) = (path.to_owned(), device.to_owned(), "Modem".to_owned());
        UsbTty { path, device, vendor, product, interface, class: (0xFF, 0, 0), name }
    }

    fn names(hardware: &Hardware, ttys: &[UsbTty]) -> Vec<String> {
        hardware.choose(ttys).into_iter().map(|c| c.name).collect()
    }

    fn wanted(place: Place) -> Wanted {
        Wanted { place, baud: 115_200 }
    }

    /// Fault 16: ports that are no modem's are not touched; of a modem's, the never-probe ones.
    #[tokio::test]
    async fn auto_offers_known_at_ports_best_first_and_nothing_else() {
        let hardware = Hardware::new(vec![wanted(Place::Auto)]);
        let module = (0x2C7C, 0x0125);
        let ttys = [
            tty("/dev/ttyUSB0", "1-1", module, 0),
            tty("/dev/ttyUSB1", "1-1", module, 1),
            tty("/dev/ttyUSB3", "1-1", module, 3),
            tty("/dev/ttyUSB2", "1-1", module, 2),
            tty("/dev/ttyACM0", "1-2", (0x10C4, 0xEA60), 0),
        ];
        assert_eq!(names(&hardware, &ttys), ["/dev/ttyUSB2", "/dev/ttyUSB3"]);
    }

    #[tokio::test]
    async fn a_port_that_is_named_takes_its_device_away_from_auto() {
        let named = wanted(Place::Named("/dev/ttyUSB3".to_owned()));
        let hardware = Hardware::new(vec![wanted(Place::Auto), named]);
        let module = (0x2C7C, 0x0125);
        let ttys = [
            tty("/dev/ttyUSB2", "1-1", module, 2),
            tty("/dev/ttyUSB3", "1-1", module, 3),
            tty("/dev/ttyUSB6", "1-4", module, 2),
        ];
        let chosen = hardware.choose(&ttys);
        let seen: Vec<_> = chosen.iter().map(|c| (c.name.as_str(), c.slot)).collect();
        assert_eq!(seen, [("/dev/ttyUSB3", 1), ("/dev/ttyUSB6", 0)]);
    }
}
