//! Real serial ports and TCP bridges to them.

use tokio_serial::SerialPortBuilderExt;

use super::{Candidate, OpenError, Port};

/// Opens a serial device for this process alone (`TIOCEXCL`).
///
/// DTR stays as it is: raising it reboots some boards, and dropping it hangs up others.
pub(super) fn open_device(candidate: &Candidate) -> Result<Box<dyn Port>, OpenError> {
    let name = &candidate.name;
    let port = tokio_serial::new(name, candidate.baud)
        .open_native_async()
        .map_err(|error| sort(name, error))?;
    Ok(Box::new(port))
}

/// Connects to `host:port`, as ser2net and terminal servers offer it.
pub(super) async fn open_bridge(candidate: &Candidate) -> Result<Box<dyn Port>, OpenError> {
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
