//! Where a mail server hands mail over to us (SMTP, RFC 5321; LMTP, RFC 2033), for organisations
//! whose server routes a domain to this machine.
//!
//! Connections come in, mails go out to an [`Intake`]. Every wait and every size has its limit;
//! what is said on the line is `mail_session`'s.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::mail_session::{Handed, Output, Session};

/// `[mail.listen]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Loopback, or an address of a private network.
    pub address: SocketAddr,
    /// What is spoken.
    pub protocol: Protocol,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 5321.
    Smtp,
    /// RFC 2033.
    Lmtp,
}

/// A promise of [`Intake`].
pub type Storing<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// Whoever takes the mails.
pub trait Intake: Send + Sync {
    /// Whether mail to this address is taken.
    fn is_ours(&self, address: &str) -> bool;

    /// Stores a mail; `false`: not now, the other server keeps it.
    fn take<'a>(&'a self, mail: Handed) -> Storing<'a>;
}

/// Connections at a time.
const AT_A_TIME: usize = 20;
/// For the other server to say something (5321 §4.5.3.2 asks for five minutes).
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// For a whole conversation, however busy.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(30 * 60);

/// Opens the listener.
pub async fn open(listen: Listen) -> std::io::Result<TcpListener> {
    TcpListener::bind(listen.address).await
}

/// Takes mail, for ever.
pub async fn serve(
    listener: TcpListener,
    protocol: Protocol,
    host: &str,
    limit: usize,
    intake: Arc<dyn Intake>,
) {
    let room = Arc::new(Semaphore::new(AT_A_TIME));
    let mut lines = JoinSet::new();
    loop {
        while lines.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let line = match listener.accept().await {
            Ok((line, _)) => line,
            Err(error) => {
                tracing::warn!(%error, "a mail server could not be answered");
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let session = Session::new(protocol, host, limit);
        let intake = Arc::clone(&intake);
        lines.spawn(async move {
            let ended = timeout(PATIENCE_IN_ALL, talk(line, session, &*intake)).await;
            tracing::debug!(?ended, "a mail server has left");
            drop(place);
        });
    }
}

async fn talk(
    mut line: TcpStream,
    mut session: Session,
    intake: &dyn Intake,
) -> std::io::Result<()> {
    let mut unread: Vec<u8> = Vec::new();
    let mut piece = vec![0; 16 * 1024];
    loop {
        let left = session.handle(&unread, &|address| intake.is_ours(address)).len();
        unread.drain(..unread.len() - left);
        while let Some(output) = session.poll() {
            match output {
                Output::Reply(reply) => {
                    timeout(PATIENCE, line.write_all(reply.as_bytes())).await??;
                }
                Output::Mail(mail) => session.stored(intake.take(mail).await),
                Output::Close => return line.shutdown().await,
            }
        }
        if !unread.is_empty() && session.listens() {
            continue;
        }
        match timeout(PATIENCE, line.read(&mut piece)).await?? {
            0 => return Ok(()),
            n => unread.extend_from_slice(piece.get(..n).unwrap_or_default()),
        }
    }
}
