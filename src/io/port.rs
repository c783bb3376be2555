//! What the rest of the program knows about ports: a stream of bytes, and where to find them.
//!
//! Real serial ports, TCP bridges and emulated modems all look like this.

use std::fmt;
use std::path::Path;

use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

use super::holder;

/// An open port. A read of zero bytes means it was unplugged.
pub trait Port: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Port for T {}

/// A place where a modem may be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// How it is opened and shown: `/dev/ttyUSB2`, `tcp://192.0.2.7:5000`.
    pub name: String,
    /// The device it belongs to (a USB path); ports with the same device are one modem.
    pub device: Option<String>,
    /// Order among the ports of one device: the lowest is tried first.
    pub rank: u8,
    /// Line speed; means something on a UART only.
    pub baud: u32,
    /// Speeds to try when nobody answers at that one; none where speed means nothing.
    pub speeds: &'static [u32],
    /// The profile its USB ids belong to, when they are known.
    pub profile: Option<&'static str>,
    /// Which `[[modem]]` of the settings it was found for, counted from zero.
    pub slot: usize,
    /// Why this port, in words for the person who asks.
    pub why: String,
}

impl Candidate {
    /// A port somebody named: tried as it is.
    pub fn named(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            device: None,
            rank: 0,
            baud: 115_200,
            speeds: &[],
            profile: None,
            slot: 0,
            why: why.into(),
        }
    }
}

/// What modems on a UART speak, most of them first (at-sms 3).
pub const SPEEDS: &[u32] = &[115_200, 9_600, 57_600, 38_400, 19_200, 230_400, 460_800];

/// Finds and opens ports.
pub trait PortSource: Send + Sync {
    /// The places where a modem may be now, best first.
    fn candidates(&self) -> Vec<Candidate>;

    /// Opens one of them, for this process alone.
    fn open<'a>(
        &'a self,
        candidate: &'a Candidate,
    ) -> BoxFuture<'a, Result<Box<dyn Port>, OpenError>>;

    /// Resolves when `candidates` may answer something else than before.
    fn changed(&self) -> BoxFuture<'_, ()>;
}

/// Why a port could not be opened; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is not there (any more).
    #[error("{0} is not there: is the modem plugged in?")]
    Missing(String),
    /// Another program holds it.
    #[error("{name} is in use by {holder}: stop it, or install the udev/ rules that keep it away")]
    Busy {
        /// The port.
        name: String,
        /// Who has it, as far as we may see.
        holder: String,
    },
    /// Our user may not use it.
    #[error(
        "no permission for {0}: add the user to the group simgate or dialout, see udev/; simgate \
         doctor names the one that helps"
    )]
    Denied(String),
    /// Anything else.
    #[error("{name}: {source}")]
    Other {
        /// The port.
        name: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl OpenError {
    /// Another program holds the port `name`.
    pub fn busy(name: &str) -> Self {
        let holder = holder::of(Path::new(name));
        let holder = holder.unwrap_or_else(|| "another program, often ModemManager".to_owned());
        Self::Busy { name: name.to_owned(), holder }
    }

    /// Sorts what the system said by what can be done about it.
    pub fn new(name: &str, source: std::io::Error) -> Self {
        use std::io::ErrorKind::*;
        match source.kind() {
            NotFound => Self::Missing(name.to_owned()),
            PermissionDenied => Self::Denied(name.to_owned()),
            ResourceBusy => Self::busy(name),
            _ => Self::Other { name: name.to_owned(), source },
        }
    }
}

impl fmt::Debug for dyn Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Port")
    }
}
