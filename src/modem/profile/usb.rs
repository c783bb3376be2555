//! USB identities: which devices are ours, and which of their interfaces speaks AT.
//!
//! An interface number is `bInterfaceNumber`, never the number of a `ttyUSB` (field-tested:
//! ports that fail to appear shift the latter).

/// One USB identity of a family, after any mode switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsbId {
    /// `idVendor`.
    pub vendor: u16,
    /// `idProduct`.
    pub product: u16,
    /// Where to look for the AT port.
    pub port: AtPort,
}

/// How the AT port of a device is told from its other ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtPort {
    /// By interface number.
    Interfaces {
        /// AT ports, best first. Empty: probe every port that is not in `never`.
        at: &'static [u8],
        /// Diagnostics, satellite receivers, audio: writing `AT` there can do harm.
        never: &'static [u8],
    },
    /// By interface class `ff` and one of these subclass and protocol pairs, best first;
    /// devices without such an interface are probed port by port.
    Class(&'static [(u8, u8)]),
}

impl AtPort {
    /// How good an interface is as AT port: 0 is best; `None` means never touch it.
    ///
    /// `class` is the interface's (class, subclass, protocol).
    pub fn rank(&self, interface: u8, class: (u8, u8, u8)) -> Option<usize> {
        match self {
            AtPort::Interfaces { never, .. } if never.contains(&interface) => None,
            AtPort::Interfaces { at, .. } => {
                Some(at.iter().position(|known| *known == interface).unwrap_or(at.len()))
            }
            AtPort::Class(pairs) => {
                let own = (class.1, class.2);
                let place = pairs.iter().position(|pair| class.0 == 0xFF && *pair == own);
                Some(place.unwrap_or(pairs.len()))
            }
        }
    }
}

/// Devices of one vendor that share a port rule.
pub(super) const fn by_interface(
    vendor: u16,
    product: u16,
    at: &'static [u8],
    never: &'static [u8],
) -> UsbId {
    UsbId { vendor, product, port: AtPort::Interfaces { at, never } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_port_comes_first_and_diagnostics_never() {
        let module = AtPort::Interfaces { at: &[2, 3], never: &[0, 1] };
        assert_eq!(module.rank(2, (0xFF, 0, 0)), Some(0));
        assert_eq!(module.rank(3, (0xFF, 0, 0)), Some(1));
        assert_eq!(module.rank(4, (0xFF, 0, 0)), Some(2));
        assert_eq!(module.rank(0, (0xFF, 0, 0)), None);
        let stick = AtPort::Class(&[(1, 2), (2, 2), (1, 1)]);
        assert_eq!(stick.rank(7, (0xFF, 2, 2)), Some(1));
        assert_eq!(stick.rank(0, (0xFF, 1, 1)), Some(2), "the data port is the last resort");
        assert_eq!(stick.rank(0, (0xFF, 0xFF, 0xFF)), Some(3));
    }
}
