//! Where the router is served: TCP for people and programs, the Unix socket for our own command
//! line, which is the gateway's owner and may see the trace and use the console too.
//!
//! TCP speaks TLS where a certificate is given. Whoever knocks there without TLS, as a browser does
//! when somebody types the bare address, is sent to the right one.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use axum::{Extension, Router};
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use futures_util::future::BoxFuture;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Gateway, local};
use crate::io::certificate::{Loaded, Source};
use crate::io::{Clock, listener};
use crate::types::Millis;
use crate::web::LocalAdmin;

/// A served router; dropping it closes the listeners.
pub struct Served {
    /// Where TCP really listens: the port may have been chosen by the system.
    pub address: SocketAddr,
    tasks: JoinSet<io::Result<()>>,
}

impl Served {
    /// Waits for what must not happen: a listener has ended, and nobody could sign in any more.
    pub async fn failed(&mut self) -> anyhow::Error {
        match self.tasks.join_next().await {
            Some(Err(error)) => anyhow::Error::from(error).context("serving the pages failed"),
            Some(Ok(Err(error))) => anyhow::Error::from(error).context("serving the pages failed"),
            _ => anyhow::anyhow!("serving the pages ended"),
        }
    }
}

/// Serves `router` on `listen`, by TLS when there is a certificate, and on the socket in `folder`.
pub async fn serve(
    gateway: &Gateway,
    router: Router,
    listen: SocketAddr,
    certificate: Option<(Source, Loaded)>,
    folder: &Path,
) -> anyhow::Result<Served> {
    let tcp = listener::tcp(listen).await?;
    let address = tcp.local_addr()?;
    let unix = listener::unix(folder)?;
    let owner = local::router(gateway).merge(router.clone()).layer(Extension(LocalAdmin));
    let mut tasks = JoinSet::new();
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    match certificate {
        None => drop(tasks.spawn(async move { axum::serve(tcp, router).await })),
        Some((source, loaded)) => {
            let config = RustlsConfig::from_config(loaded.config.clone());
            let acceptor = RustlsAcceptor::new(config.clone()).acceptor(Door);
            let server = axum_server::from_tcp(tcp.into_std()?)?.acceptor(acceptor);
            tasks.spawn(server.serve(router));
            tasks.spawn(keep_current(source, loaded, config, gateway.shared.clock.clone()));
        }
    }
    // As a maker of services the router is readied once, not at each connection.
    let owner = owner.into_make_service();
    tasks.spawn(async move { axum::serve(unix, owner).await });
    Ok(Served { address, tasks })
}

/// Takes up new files, and makes our own certificate anew in time. What does not load leaves the one
/// before in use.
async fn keep_current(
    source: Source,
    mut loaded: Loaded,
    config: RustlsConfig,
    clock: Clock,
) -> io::Result<()> {
    loop {
        clock.sleep(LOOK_EVERY).await;
        let (source, before, now) = (source.clone(), loaded.clone(), clock.wall());
        let looked = tokio::task::spawn_blocking(move || {
            source.changed(&before, now).then(|| (source.load(now), before))
        });
        match looked.await {
            Ok(Some((Ok(fresh), _))) => {
                tracing::info!(fingerprint = fresh.fingerprint, "a new certificate is in use");
                config.reload_from_config(fresh.config.clone());
                loaded = fresh;
            }
            Ok(Some((Err(error), _))) => {
                let error: &dyn std::error::Error = error.as_ref();
                tracing::error!(error, "the new certificate cannot be used; the old one stays");
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "looking for a new certificate failed"),
        }
    }
}

/// Looks at the first octet before TLS begins.
#[derive(Clone, Copy, Debug)]
struct Door;

impl<S: Send + 'static> Accept<TcpStream, S> for Door {
    type Stream = TcpStream;
    type Service = S;
    type Future = BoxFuture<'static, io::Result<(TcpStream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        Box::pin(async move {
            let mut first = [0];
            timeout(PATIENCE, stream.peek(&mut first)).await??;
            if first == [HANDSHAKE] {
                return Ok((stream, service));
            }
            timeout(PATIENCE, send_to_https(stream)).await??;
            Err(io::Error::other("spoke no TLS"))
        })
    }
}

/// Answers plain HTTP with the address to come to instead.
async fn send_to_https(mut stream: TcpStream) -> io::Result<()> {
    let mut head = vec![0; 4_096];
    let read = stream.read(&mut head).await?;
    head.truncate(read);
    let answer = match elsewhere(&String::from_utf8_lossy(&head)) {
        Some(to) => format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: {to}\r\nContent-Length: 0\r\n\
             Cache-Control: no-store\r\nConnection: close\r\n\r\n"
        ),
        None => {
            let words = "This gateway speaks HTTPS here.\n";
            format!(
                "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{words}",
                words.len()
            )
        }
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// The same page by HTTPS, for somebody who only looks; a token sent in the clear is not repeated.
fn elsewhere(head: &str) -> Option<String> {
    let mut lines = head.split("\r\n");
    let path = lines.next()?.strip_prefix("GET ")?.split(' ').next()?;
    let host = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("host").then(|| value.trim())
    })?;
    let sound = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
    let named = host.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-[]".contains(&b));
    let fits = path.starts_with('/') && sound(path) && named && !host.is_empty();
    fits.then(|| format!("https://{host}{path}"))
}

/// The first octet of a TLS handshake record (RFC 8446 §5.1).
const HANDSHAKE: u8 = 0x16;
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_EVERY: Millis = Millis::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_knocks_without_tls_is_sent_to_the_same_page_with_it() {
        let asked = "GET /signin?key=1 HTTP/1.1\r\nAccept: */*\r\nHost: 192.0.2.9:8480\r\n\r\n";
        assert_eq!(elsewhere(asked).as_deref(), Some("https://192.0.2.9:8480/signin?key=1"));
        for other in [
            "POST /api/v1/messages HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET http://evil/ HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a/evil\r\n\r\n",
            "\x00\x01",
        ] {
            assert_eq!(elsewhere(other), None, "{other:?}");
        }
    }
}
