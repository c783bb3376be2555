//! "Some device came or went", from the kernel's uevent socket and from the folders where ports
//! appear.
//!
//! Neither is read for its content: each word only means "look again", so a lost or forged one costs
//! a look and nothing else. Uevents do not reach containers, and a link in a folder makes none; the
//! folders tell of both. Where neither can be had, looking every few seconds takes their place.

use std::io;
use std::os::unix::net::UnixDatagram as Datagrams;
use std::path::PathBuf;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, netlink, socket_with};
use tokio::net::UnixDatagram;
use tokio::net::unix::pipe::Receiver;
use tokio::time::{Duration, sleep};

/// The kernel's own announcements, and those of udev after its rules ran (links and rights are
/// in place only then).
const KERNEL_AND_UDEV: u32 = 1 | 2;

/// How often to look when nobody tells.
const SLOW_LOOK: Duration = Duration::from_secs(5);

/// How often to look although somebody would tell.
const RARE_LOOK: Duration = Duration::from_secs(60);

/// A stick shows up as a dozen datagrams; one look after the burst is enough.
const BURST: Duration = Duration::from_millis(300);

/// Who tells that devices come and go, as far as there is somebody.
#[derive(Debug)]
pub struct Hotplug {
    uevents: Option<UnixDatagram>,
    folders: Option<Receiver>,
}

impl Hotplug {
    /// Listens to the kernel and to `folders`. Needs no privilege; under systemd the socket needs
    /// `AF_NETLINK` allowed.
    pub fn listen(folders: &[PathBuf]) -> Self {
        let uevents = uevents();
        if let Err(error) = &uevents {
            tracing::warn!(%error, "no hotplug events of the kernel");
        }
        let folders = watched(folders);
        if let Err(error) = &folders {
            tracing::warn!(%error, "the folders of ports cannot be watched");
        }
        Self { uevents: uevents.ok(), folders: folders.ok() }
    }

    /// Resolves when it is worth looking for ports again.
    pub async fn changed(&self) {
        let told = self.uevents.is_some() || self.folders.is_some();
        tokio::select! {
            () = self.datagrams() => sleep(BURST).await,
            () = self.names() => sleep(BURST).await,
            () = sleep(if told { RARE_LOOK } else { SLOW_LOOK }) => {}
        }
    }

    /// Waits for one datagram and throws away all that are there. A failed read means that some
    /// were lost, which is one more reason to look.
    async fn datagrams(&self) {
        let Some(socket) = &self.uevents else { return std::future::pending().await };
        let mut ignored = [0; 64];
        let _ = socket.recv(&mut ignored).await;
        while socket.try_recv(&mut ignored).is_ok() {}
    }

    /// The same for names that came or went in the folders.
    async fn names(&self) {
        let Some(folders) = &self.folders else { return std::future::pending().await };
        let mut ignored = [0; 4_096];
        if folders.readable().await.is_err() {
            return std::future::pending().await;
        }
        while folders.try_read(&mut ignored).is_ok_and(|octets| octets > 0) {}
    }
}

fn uevents() -> io::Result<UnixDatagram> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let protocol = Some(netlink::KOBJECT_UEVENT);
    let socket = socket_with(AddressFamily::NETLINK, SocketType::DGRAM, flags, protocol)?;
    bind(&socket, &netlink::SocketAddrNetlink::new(0, KERNEL_AND_UDEV))?;
    UnixDatagram::from_std(Datagrams::from(socket))
}

/// Watches those of the folders that are there. Inotify is no pipe, but all that is asked of it is
/// to be read and waited for.
fn watched(folders: &[PathBuf]) -> io::Result<Receiver> {
    let words = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    let news = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::DELETE;
    let mut any = Err(io::Error::from(io::ErrorKind::NotFound));
    for folder in folders {
        match inotify::add_watch(&words, folder, news) {
            Ok(_) => any = Ok(()),
            Err(error) => tracing::debug!(folder = %folder.display(), %error, "not watched"),
        }
    }
    any?;
    Receiver::from_owned_fd_unchecked(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fault 12: a link that appears is told of, in a container too.
    #[tokio::test]
    async fn a_name_that_appears_in_a_folder_is_worth_a_look() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = folder.path().join("missing");
        let hotplug = Hotplug { uevents: None, folders: None };
        assert!(watched(&[missing]).is_err());
        let folders = watched(&[folder.path().to_owned()]).ok();
        let hotplug = Hotplug { folders, ..hotplug };
        std::os::unix::fs::symlink("/dev/null", folder.path().join("modem0")).expect("a link");
        hotplug.names().await;
    }
}
