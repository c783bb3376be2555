//! Bytes at the pace of a serial line: each takes ten bit times, and they are handed over in pieces
//! as a UART's FIFO does it.
//!
//! Bytes go in at once and come out when the line has carried them. Time is the kernel's, finer
//! than a tokio timer, because at 115,200 baud a text has 35 ms and a millisecond would show.
//!
//! Begin with [`Paced`].

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

/// One direction of a line.
pub(super) struct Paced {
    schedule: Schedule,
    /// No pipe, but all that tokio's pipe does is read and wait for readiness.
    timer: Receiver,
}

impl Paced {
    /// An idle line of this speed, in bits a second.
    pub(super) fn new(baud: u32) -> io::Result<Paced> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        let timer = Receiver::from_owned_fd_unchecked(timer)?;
        Ok(Paced { schedule: Schedule::new(baud), timer })
    }

    /// Bytes that one end writes now.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.write_at(now(), bytes);
    }

    /// Bytes that one end wrote at a moment of which we hear only now.
    pub(super) fn write_at(&mut self, moment: Instant, bytes: &[u8]) {
        self.schedule.write(moment, bytes);
    }

    /// The next piece, once the line has carried it, and when it had; never while nothing is on its
    /// way. May be dropped and asked again.
    pub(super) async fn read(&mut self) -> (Instant, Vec<u8>) {
        loop {
            let Some(due) = self.schedule.due() else { return std::future::pending().await };
            let left = due.saturating_duration_since(now());
            if left.is_zero() || self.wait(left).await.is_err() {
                return (due, self.schedule.take());
            }
        }
    }

    async fn wait(&mut self, left: Duration) -> io::Result<()> {
        let after = Timespec { tv_sec: 0, tv_nsec: 0 };
        let it_value =
            Timespec { tv_sec: left.as_secs().cast_signed(), tv_nsec: left.subsec_nanos().into() };
        let once = Itimerspec { it_interval: after, it_value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        self.timer.read(&mut [0; 8]).await.map(drop)
    }
}

#[expect(clippy::disallowed_methods, reason = "the line's time is real: programs are at its end")]
fn now() -> Instant {
    Instant::now()
}

/// When each piece is over the line.
#[derive(Debug)]
struct Schedule {
    bit: Duration,
    waiting: VecDeque<u8>,
    /// Until when the line is busy with what was handed over.
    free_at: Option<Instant>,
}

/// Start bit, eight of data, stop bit.
const BITS: u32 = 10;
/// What the FIFO of a 16550 holds.
const PIECE: usize = 16;

impl Schedule {
    fn new(baud: u32) -> Self {
        let bit = Duration::from_secs(1) / baud.max(1);
        Self { bit, waiting: VecDeque::new(), free_at: None }
    }

    fn write(&mut self, now: Instant, bytes: &[u8]) {
        if self.waiting.is_empty() {
            self.free_at = self.free_at.max(Some(now));
        }
        self.waiting.extend(bytes);
    }

    fn due(&self) -> Option<Instant> {
        let bytes = u32::try_from(self.waiting.len().min(PIECE)).unwrap_or(0);
        self.free_at.filter(|_| bytes > 0).map(|free| free + self.bit * (BITS * bytes))
    }

    fn take(&mut self) -> Vec<u8> {
        self.free_at = self.due().or(self.free_at);
        let bytes = self.waiting.len().min(PIECE);
        self.waiting.drain(..bytes).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_takes_ten_bits_and_an_idle_line_saves_none_of_them() {
        let start = now();
        let after = |bits: u32| start + Duration::from_secs(1) / 9_600 * bits;
        let mut line = Schedule::new(9_600);
        line.write(start, b"AT+CMGF=0\r");
        assert_eq!(line.due(), Some(after(100)));
        // More while it is busy: a piece is what the FIFO holds.
        line.write(after(50), b"AT+CNMI=2,1\r");
        assert_eq!((line.due(), line.take()), (Some(after(160)), b"AT+CMGF=0\rAT+CNM".to_vec()));
        assert_eq!((line.due(), line.take()), (Some(after(220)), b"I=2,1\r".to_vec()));
        assert_eq!(line.due(), None);
        line.write(after(1_000), b"AT\r");
        assert_eq!(line.due(), Some(after(1_030)));
    }
}
