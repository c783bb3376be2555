//! Real serial ports and TCP bridges to them.

use std::io::Result;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

use rustix::fs::{Mode, OFlags};
use rustix::io::{Errno, retry_on_intr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio_serial::SerialPort;

use super::{Candidate, OpenError, Port};

/// Opens a serial device for this process alone (`TIOCEXCL`).
///
/// DTR stays as it is: raising it reboots some boards, and dropping it hangs up others.
pub(super) fn open_device(candidate: &Candidate) -> std::result::Result<Box<dyn Port>, OpenError> {
    let name = &candidate.name;
    // Before it is locked: then nobody can open it any more.
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let bytes = rustix::fs::open(name, flags, Mode::empty());
    let bytes = bytes.map_err(|error| OpenError::new(name, error.into()))?;
    let lock = match tokio_serial::new(name, candidate.baud).open() {
        Ok(lock) => lock,
        Err(error) => {
            // Who holds it is looked for, and that is not us.
            drop(bytes);
            return Err(sort(name, error));
        }
    };
    let device = Device::new(lock, bytes).map_err(|error| OpenError::new(name, error))?;
    Ok(Box::new(device))
}

/// A serial device. Its task is woken by what arrives. That there is room to write it hears of only
/// while it waits for that: a terminal says so whenever it has passed a line on, and each time would
/// wake the gateway for nothing.
#[derive(Debug)]
struct Device {
    arriving: Receiver,
    leaving: OwnedFd,
    /// While there is no room.
    waiting: Option<Sender>,
    /// The speed and the lock. Gone last, so that nobody else finds the device half open.
    _lock: Box<dyn SerialPort>,
}

impl Device {
    fn new(lock: Box<dyn SerialPort>, bytes: OwnedFd) -> Result<Self> {
        let arriving = Receiver::from_owned_fd_unchecked(bytes.try_clone()?)?;
        Ok(Self { arriving, leaving: bytes, waiting: None, _lock: lock })
    }
}

impl AsyncRead for Device {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.arriving).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Device {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        if self.waiting.is_none() {
            match retry_on_intr(|| rustix::io::write(&self.leaving, bytes)) {
                Err(Errno::AGAIN) => {}
                written => return Poll::Ready(Ok(written?)),
            }
            let leaving = self.leaving.try_clone()?;
            self.waiting = Some(Sender::from_owned_fd_unchecked(leaving)?);
        }
        let Some(waiting) = &mut self.waiting else { return Poll::Pending };
        let written = Pin::new(waiting).poll_write(cx, bytes);
        if written.is_ready() {
            self.waiting = None;
        }
        written
    }

    /// What was written is the terminal's: nobody waits until the line has carried it.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Connects to `host:port`, as ser2net and terminal servers offer it.
pub(super) async fn open_bridge(
    candidate: &Candidate,
) -> std::result::Result<Box<dyn Port>, OpenError> {
    let name = &candidate.name;
    let address = name.strip_prefix(BRIDGE).unwrap_or(name);
    let stream = tokio::net::TcpStream::connect(address)
        .await
        .map_err(|source| OpenError::new(name, source))?;
    // Every AT line is one small write; waiting to fill a packet only adds delay.
    stream.set_nodelay(true).map_err(|source| OpenError::new(name, source))?;
    Ok(Box::new(stream))
}

/// What a bridge's name starts with.
pub(super) const BRIDGE: &str = "tcp://";

fn sort(name: &str, error: tokio_serial::Error) -> OpenError {
    use tokio_serial::ErrorKind;
    match error.kind {
        ErrorKind::Io(kind) => OpenError::new(name, std::io::Error::new(kind, error.description)),
        // The crate's one use of it on Unix: the exclusive lock is held by somebody else.
        ErrorKind::NoDevice if std::path::Path::new(name).exists() => OpenError::busy(name),
        ErrorKind::NoDevice => OpenError::Missing(name.to_owned()),
        _ => OpenError::Other { name: name.to_owned(), source: error.into() },
    }
}

#[cfg(test)]
mod tests {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::io::{Read, Write};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Fault 9: a port that is full takes the rest when it is read from, and bytes arrive meanwhile.
    #[tokio::test]
    async fn a_full_port_takes_the_rest_when_there_is_room() {
        let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&far).and_then(|()| unlockpt(&far)).expect("unlocked");
        let name = ptsname(&far, Vec::new()).expect("a name").into_string().expect("ASCII");
        let mut port = open_device(&Candidate::named(name, "a test")).expect("opened");
        let mut far = std::fs::File::from(far);
        let sent: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        let expected = sent.clone();
        let reader = tokio::task::spawn_blocking(move || {
            let mut seen = vec![0; expected.len()];
            far.write_all(b"OK").expect("room for two");
            far.read_exact(&mut seen).expect("all of it");
            assert!(seen == expected, "what arrives is what was sent");
            far.write_all(b"thanks").expect("room for six");
            far
        });
        port.write_all(&sent).await.expect("written");
        let mut buffer = [0; 8];
        port.read_exact(&mut buffer).await.expect("read");
        assert_eq!(&buffer, b"OKthanks");
        drop(reader.await.expect("no panic"));
        // Fault 10: a terminal that is gone reads as nothing or as EIO.
        assert!(!matches!(port.read(&mut buffer).await, Ok(1..)));
    }
}
