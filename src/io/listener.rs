//! Where requests come in: TCP for pages and the API, a Unix socket for our own command line.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context;
use tokio::net::{TcpListener, UnixListener, UnixStream};

/// The socket's name in the data folder.
pub const SOCKET: &str = "simgate.sock";

/// Listens for pages and the API.
pub async fn tcp(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: is another program there? Set web.listen")
    })
}

/// Listens for the command line: whoever may open the socket owns the gateway, so only its own
/// user may. The caller holds the instance lock, so that an old socket is nobody's.
pub fn unix(folder: &Path) -> anyhow::Result<UnixListener> {
    let path = folder.join(SOCKET);
    let bind = || -> std::io::Result<UnixListener> {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    };
    bind().with_context(|| format!("cannot listen on {}", path.display()))
}

/// Connects to the gateway that works on `folder`; `None` when there is none.
pub async fn connect(folder: &Path) -> Option<UnixStream> {
    UnixStream::connect(folder.join(SOCKET)).await.ok()
}
