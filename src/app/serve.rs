//! Where the router is served: TCP for people and programs, the Unix socket for our own command
//! line, which is the gateway's owner and may see the trace and use the console too.

use std::net::SocketAddr;
use std::path::Path;

use axum::{Extension, Router};
use tokio::task::JoinSet;

use super::{Gateway, local};
use crate::io::listener;
use crate::web::LocalAdmin;

/// A served router; dropping it closes the listeners.
pub struct Served {
    /// Where TCP really listens: the port may have been chosen by the system.
    pub address: SocketAddr,
    _tasks: JoinSet<std::io::Result<()>>,
}

/// Serves `router` on `listen` and on the socket in `folder`.
pub async fn serve(
    gateway: &Gateway,
    router: Router,
    listen: SocketAddr,
    folder: &Path,
) -> anyhow::Result<Served> {
    let tcp = listener::tcp(listen).await?;
    let address = tcp.local_addr()?;
    let unix = listener::unix(folder)?;
    let owner = local::router(gateway).merge(router.clone()).layer(Extension(LocalAdmin));
    let mut tasks = JoinSet::new();
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    tasks.spawn(async move { axum::serve(tcp, router).await });
    tasks.spawn(async move { axum::serve(unix, owner).await });
    Ok(Served { address, _tasks: tasks })
}
