//! An open port with its outgoing bytes: reads never wait for writes, and a write that gets
//! nowhere ends in time instead of blocking the modem's task (fault 9).

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::ReadBuf;
use tokio::time::{Duration, Sleep};

use super::Port;

/// How long bytes may wait for a port that takes none. Flow control that is stuck shows itself
/// within a second; a slow UART needs a few for the longest PDU.
const WRITE_DEADLINE: Duration = Duration::from_secs(10);

/// A port being used.
#[derive(Debug)]
pub struct Wire {
    port: Box<dyn Port>,
    outgoing: Vec<u8>,
    give_up: Option<Pin<Box<Sleep>>>,
}

/// Why a wire can be used no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The other end vanished.
    Unplugged,
    /// It takes no bytes.
    Stuck,
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Gone::Unplugged => "unplugged",
            Gone::Stuck => "stuck: it takes no bytes",
        })
    }
}

impl Wire {
    /// Takes over an open port.
    pub fn new(port: Box<dyn Port>) -> Self {
        Self { port, outgoing: Vec::new(), give_up: None }
    }

    /// Puts bytes in line; they leave while [`Wire::read`] is waited for.
    pub fn write(&mut self, bytes: &[u8]) {
        self.outgoing.extend_from_slice(bytes);
    }

    /// Waits until bytes arrive, sending what is in line meanwhile. Safe to cancel: no byte is
    /// lost in either direction.
    pub async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Gone> {
        std::future::poll_fn(|cx| self.poll(cx, buffer)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Result<usize, Gone>> {
        while !self.outgoing.is_empty() {
            match Pin::new(&mut *self.port).poll_write(cx, &self.outgoing) {
                // A pty whose master is gone answers EIO; an unplugged stick the same or ENODEV.
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Err(Gone::Unplugged)),
                Poll::Ready(Ok(taken)) => {
                    self.outgoing.drain(..taken);
                    self.give_up = None;
                }
                Poll::Pending => {
                    let deadline = self
                        .give_up
                        .get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_DEADLINE)));
                    if deadline.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(Err(Gone::Stuck));
                    }
                    break;
                }
            }
        }
        let mut filled = ReadBuf::new(buffer);
        match Pin::new(&mut *self.port).poll_read(cx, &mut filled) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) if !filled.filled().is_empty() => {
                Poll::Ready(Ok(filled.filled().len()))
            }
            Poll::Ready(Ok(()) | Err(_)) => Poll::Ready(Err(Gone::Unplugged)),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    /// Fault 9: a port that takes no bytes.
    #[tokio::test(start_paused = true)]
    async fn a_port_that_takes_nothing_is_given_up_and_one_that_answers_is_not() {
        let (near, mut far) = tokio::io::duplex(8);
        let mut wire = Wire::new(Box::new(near));
        let mut buffer = [0; 16];
        wire.write(b"AT+CMGS=153\r");
        far.write_all(b"OK").await.expect("room for two bytes");
        assert_eq!(wire.read(&mut buffer).await, Ok(2));
        assert_eq!(wire.read(&mut buffer).await, Err(Gone::Stuck));
    }

    /// Fault 10: hang-up on read.
    #[tokio::test]
    async fn a_read_of_nothing_means_unplugged() {
        let (near, far) = tokio::io::duplex(8);
        drop(far);
        assert_eq!(Wire::new(Box::new(near)).read(&mut [0; 4]).await, Err(Gone::Unplugged));
    }
}
