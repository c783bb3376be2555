//! "Some device came or went", from the kernel's uevent socket.
//!
//! A datagram is never read for its content: each one only means "look again", so a lost or
//! forged datagram costs a look and nothing else. Looking by itself every few seconds covers
//! containers and kernels without the socket.

use std::io;
use std::os::unix::net::UnixDatagram as Datagrams;

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, netlink, socket_with};
use tokio::net::UnixDatagram;
use tokio::time::{Duration, sleep, timeout};

/// The kernel's own announcements, and those of udev after its rules ran (links and rights are
/// in place only then).
const KERNEL_AND_UDEV: u32 = 1 | 2;

/// How often to look when nothing is announced.
const SLOW_LOOK: Duration = Duration::from_secs(5);

/// A stick shows up as a dozen datagrams; one look after the burst is enough.
const BURST: Duration = Duration::from_millis(300);

/// The uevent socket, where there is one. tokio has no netlink socket, but reading datagrams is
/// the same call for every family.
#[derive(Debug)]
pub struct Hotplug(Option<UnixDatagram>);

impl Hotplug {
    /// Binds the socket. Needs no privilege; under systemd it needs `AF_NETLINK` allowed.
    pub fn listen() -> Self {
        match listen() {
            Ok(socket) => Self(Some(socket)),
            Err(error) => {
                tracing::warn!(%error, "no hotplug events; looking every few seconds instead");
                Self(None)
            }
        }
    }

    /// Resolves when it is worth looking for ports again.
    pub async fn changed(&self) {
        let Some(socket) = &self.0 else { return sleep(SLOW_LOOK).await };
        if timeout(SLOW_LOOK, drain(socket)).await.is_ok() {
            sleep(BURST).await;
        }
    }
}

fn listen() -> io::Result<UnixDatagram> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let protocol = Some(netlink::KOBJECT_UEVENT);
    let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, protocol)?;
    bind(&socket, &netlink::SocketAddrNetlink::new(0, KERNEL_AND_UDEV))?;
    UnixDatagram::from_std(Datagrams::from(socket))
}

/// Waits for one datagram and throws away all that are there. A failed read means that some were
/// lost, which is one more reason to look.
async fn drain(socket: &UnixDatagram) {
    let mut ignored = [0; 64];
    let _ = socket.recv(&mut ignored).await;
    while socket.try_recv(&mut ignored).is_ok() {}
}
