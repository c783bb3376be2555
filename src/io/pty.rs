//! Emulated modems for other programs: each behind a pseudo terminal with a stable link to it.
//!
//! A world comes in; `DIR/modem0` and so on appear, point at ptys and vanish when a plug is pulled.
//! While no program has a port open its modem's words are lost, as those of a USB modem are.
//!
//! Begin with [`Ptys`].

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe::{Receiver, Sender};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::emulated::shared;
use super::paced::Paced;
use crate::emulator::{Input, Output, Shared, World};
use crate::io::Clock;
use crate::types::Millis;

/// A world on its way to ptys.
pub struct Ptys {
    shared: Shared,
    wake: Arc<Notify>,
    clock: Clock,
    links: PathBuf,
    lines: Vec<Option<Line>>,
}

/// One pty and the task that carries its bytes.
struct Line {
    bytes: mpsc::UnboundedSender<Vec<u8>>,
    carrier: JoinHandle<()>,
    link: PathBuf,
    terminal: PathBuf,
}

/// How often a port that nobody has open is looked at.
const LOOK_EVERY: Millis = Millis(20);

impl Ptys {
    /// Opens a pty for every modem that is plugged in, with links in the folder `links`.
    pub fn open(world: World, clock: Clock, links: &Path) -> io::Result<Ptys> {
        std::fs::create_dir_all(links)?;
        let wake = Arc::new(Notify::new());
        let lines = (0..world.modems()).map(|_| None).collect();
        let shared = shared(world, clock.clone(), wake.clone());
        let links = links.to_owned();
        let mut ptys = Ptys { shared, wake, clock, links, lines };
        let (plugs, _) = ptys.transmit();
        ptys.carry_out(plugs)?;
        Ok(ptys)
    }

    /// The world, for whoever controls it.
    pub fn shared(&self) -> Shared {
        self.shared.clone()
    }

    /// Drives the world until this future is dropped; the links go with it.
    pub async fn serve(mut self) -> io::Result<()> {
        loop {
            let (plugs, next) = self.transmit();
            self.carry_out(plugs)?;
            tokio::select! {
                () = self.wake.notified() => {}
                () = self.clock.sleep_until(next) => {}
            }
        }
    }

    /// Gives each line what its modem says; returns what else there is to do, and when to come back.
    fn transmit(&self) -> (Vec<Output>, Option<Millis>) {
        // While nobody else has the world: what a carrier takes for itself must not be overtaken.
        self.shared.quietly(|world| {
            let mut plugs = Vec::new();
            loop {
                match world.poll() {
                    Output::Transmit { modem, bytes } => {
                        if let Some(line) = &self.lines[modem] {
                            // The carrier ends only with the line itself.
                            let _ = line.bytes.send(bytes);
                        }
                    }
                    Output::WakeAt(next) => return (plugs, next),
                    output => plugs.push(output),
                }
            }
        })
    }

    fn carry_out(&mut self, plugs: Vec<Output>) -> io::Result<()> {
        for output in plugs {
            match output {
                Output::Unplug { modem } => self.lines[modem] = None,
                Output::Plug { modem } => self.plug(modem)?,
                Output::Transmit { .. } | Output::Changed | Output::WakeAt(_) => {}
            }
        }
        Ok(())
    }

    fn plug(&mut self, modem: usize) -> io::Result<()> {
        let (master, terminal) = pseudo_terminal()?;
        let facts = self.shared.quietly(|world| {
            world.set_terminal(modem, Some(terminal.display().to_string()));
            world.modem(modem).map(|facts| facts.link)
        });
        let link = self.links.join(facts.map_err(io::Error::other)?);
        replace_link(&terminal, &link)?;
        let (bytes, outgoing) = mpsc::unbounded_channel();
        let carrier =
            tokio::spawn(carry(self.shared.clone(), self.clock.clone(), modem, master, outgoing));
        self.lines[modem] = Some(Line { bytes, carrier, link, terminal });
        Ok(())
    }
}

/// Pulling the plug: the master is closed, the terminal reads end of file, the link is gone.
impl Drop for Line {
    fn drop(&mut self) {
        self.carrier.abort();
        // Somebody else may have removed it already, or put a link of theirs in its place.
        if std::fs::read_link(&self.link).is_ok_and(|to| to == self.terminal) {
            let _ = std::fs::remove_file(&self.link);
        }
    }
}

/// A raw pseudo terminal that no program has open yet: its master, and the path of the terminal.
fn pseudo_terminal() -> io::Result<(OwnedFd, PathBuf)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let path = PathBuf::from(name.to_string_lossy().into_owned());
    let terminal = open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    let mut settings = tcgetattr(&terminal)?;
    settings.make_raw();
    tcsetattr(&terminal, OptionalActions::Now, &settings)?;
    let flags = rustix::fs::fcntl_getfl(&master)?;
    rustix::fs::fcntl_setfl(&master, flags | OFlags::NONBLOCK)?;
    Ok((master, path))
}

/// The two directions of a master that does not block. A pty is no pipe, but all that tokio's pipe
/// halves do is read, write and wait for readiness.
struct Watched {
    from_terminal: Receiver,
    to_terminal: Sender,
}

impl Watched {
    fn new(master: &OwnedFd) -> io::Result<Watched> {
        Ok(Watched {
            from_terminal: Receiver::from_owned_fd_unchecked(master.try_clone()?)?,
            to_terminal: Sender::from_owned_fd_unchecked(master.try_clone()?)?,
        })
    }
}

/// Points `link` at `terminal` in one step, so that it is never missing half-way.
fn replace_link(terminal: &Path, link: &Path) -> io::Result<()> {
    let fresh = link.with_extension("new");
    match std::fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    std::os::unix::fs::symlink(terminal, &fresh)?;
    std::fs::rename(&fresh, link)
}

/// Carries bytes between one pty and the world, over any number of openings.
async fn carry(
    shared: Shared,
    clock: Clock,
    modem: usize,
    master: OwnedFd,
    mut outgoing: mpsc::UnboundedReceiver<Vec<u8>>,
) {
    loop {
        if !listens(&master) {
            clock.sleep(LOOK_EVERY).await;
            continue;
        }
        // Watched anew each time: tokio takes a hang-up it once saw for final.
        let Ok(mut opened) = Watched::new(&master) else { return };
        shared.with(|world| world.handle(shared.now(), Input::Opened { modem }));
        talk(&shared, modem, &master, &mut opened, &mut outgoing).await;
        shared.with(|world| world.handle(shared.now(), Input::Closed { modem }));
    }
}

/// Whether a program has the terminal open: without one the master is hung up (pty(7)).
fn listens(master: &OwnedFd) -> bool {
    let mut masters = [PollFd::new(master, PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let looked = poll(&mut masters, Some(&at_once));
    looked.is_ok() && !masters[0].revents().contains(PollFlags::HUP)
}

/// One opening, until the program closes the terminal.
async fn talk(
    shared: &Shared,
    modem: usize,
    line: &OwnedFd,
    master: &mut Watched,
    outgoing: &mut mpsc::UnboundedReceiver<Vec<u8>>,
) {
    if let Some(baud) = shared.quietly(|world| world.baud(modem)) {
        // Without a timer there is no line.
        let _ = talk_at(baud, shared, modem, line, master, outgoing).await;
        return;
    }
    let mut buffer = [0; 4_096];
    loop {
        tokio::select! {
            read = master.from_terminal.read(&mut buffer) => match read {
                Ok(n) if n > 0 => {
                    let bytes = &buffer[..n];
                    let answer = shared.with(|world| {
                        world.handle(shared.now(), Input::Bytes { modem, bytes });
                        // A modem does not wait for the others to be heard. What it said before goes first.
                        let mut answer = Vec::new();
                        while let Ok(bytes) = outgoing.try_recv() {
                            answer.extend(bytes);
                        }
                        answer.extend(world.said(modem));
                        answer
                    });
                    write_all(&mut master.to_terminal, &answer).await;
                }
                _ => return,
            },
            bytes = outgoing.recv() => match bytes {
                Some(bytes) => write_all(&mut master.to_terminal, &bytes).await,
                None => return,
            },
        }
    }
}

/// The same at the pace of a serial line, which both ends must be set to. A pty carries everything
/// at once, but it keeps the speed its terminal was set to.
async fn talk_at(
    baud: u32,
    shared: &Shared,
    modem: usize,
    line: &OwnedFd,
    master: &mut Watched,
    outgoing: &mut mpsc::UnboundedReceiver<Vec<u8>>,
) -> io::Result<()> {
    let (mut to_modem, mut to_terminal) = (Paced::new(baud)?, Paced::new(baud)?);
    let set = || tcgetattr(line).map_or(baud, |set| set.output_speed());
    // What the world says in the millisecond of its clock in which it heard a piece is its answer, and
    // follows the piece on the line: how soon this task was woken is nothing of the modem's.
    let mut heard = None;
    let mut buffer = [0; 4_096];
    loop {
        tokio::select! {
            read = master.from_terminal.read(&mut buffer) => match read {
                Ok(n) if n > 0 => to_modem.write(&buffer[..n]),
                _ => return Ok(()),
            },
            bytes = outgoing.recv() => match bytes {
                Some(bytes) => match heard {
                    Some((now, moment)) if now == shared.now() => {
                        to_terminal.write_at(moment, &bytes);
                    }
                    _ => to_terminal.write(&bytes),
                },
                None => return Ok(()),
            },
            (moment, bytes) = to_modem.read() => shared.with(|world| {
                let now = shared.now();
                heard = Some((now, moment));
                let bytes = &world.over_the_line(modem, set(), &bytes);
                world.handle(now, Input::Bytes { modem, bytes });
            }),
            (_, bytes) = to_terminal.read() => {
                let said = shared.quietly(|world| {
                    world.over_the_line(modem, set(), &bytes).into_owned()
                });
                write_all(&mut master.to_terminal, &said).await;
            }
        }
    }
}

/// Writes what the terminal takes; a program that never reads loses the rest (fault 9).
async fn write_all(terminal: &mut Sender, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match tokio::time::timeout(tokio::time::Duration::from_secs(2), terminal.write(bytes)).await
        {
            Ok(Ok(n)) => bytes = &bytes[n..],
            _ => return,
        }
    }
}
