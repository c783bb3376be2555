//! The mailbox that answers come to (RFC 3501), waited on by IDLE (RFC 2177) or asked now and then.
//!
//! An account comes in; UIDs, sizes and mails go out. Every exchange has its time, because a line
//! behind NAT dies without a word: IDLE is renewed every five minutes, and its end is waited for
//! for fifteen seconds. Where to go on, and what a mail means, is `app`'s. Flags are no queue: a
//! mail is marked as seen for people who look into the folder, and for nothing else.

use std::fmt::Debug;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_imap::error::Error;
use async_imap::extensions::idle::IdleResponse;
use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response, Status};
use async_imap::{Client, Session};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::account::{Account, Tls};
use crate::types::UnixTime;

/// Why a mailbox cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailboxError {
    /// No server, no protected line, or no answer.
    #[error("{0}")]
    Unreachable(String),
    /// The server does not believe that we are who we say.
    #[error("the mailbox refused user or password: {0}")]
    Unauthorised(String),
    /// The folder is not there, or cannot be opened.
    #[error("the folder cannot be opened: {0}")]
    NoFolder(String),
}

/// A folder as it was when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folder {
    /// UIDs mean something only as long as this stays the same (3501 §2.3.1.1).
    pub uid_validity: u32,
    /// The UID that the next mail to come gets, at least.
    pub uid_next: u32,
}

/// Which mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Those after this UID.
    After(u32),
    /// Those that came since this day began, or the day before: servers have zones of their own.
    Since(UnixTime),
}

/// A mail that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its place in the folder.
    pub uid: u32,
    /// Its octets.
    pub size: u32,
}

/// Octets to a server and back.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Debug> Wire for T {}
type Stream = Box<dyn Wire>;

/// A promise of [`Dial`].
pub type Dialling<'a> = Pin<Box<dyn Future<Output = std::io::Result<Box<dyn Wire>>> + Send + 'a>>;

/// Whatever opens the line to a mailbox's server, before it is protected.
pub trait Dial: Send + Sync {
    /// A line to the server of the account.
    fn dial<'a>(&'a self, account: &'a Account) -> Dialling<'a>;
}

/// The network.
#[derive(Clone, Copy, Debug)]
pub struct Network;

impl Dial for Network {
    fn dial<'a>(&'a self, account: &'a Account) -> Dialling<'a> {
        Box::pin(async move {
            let line: Stream = Box::new(TcpStream::connect(account.place()).await?);
            Ok(line)
        })
    }
}

/// An opened folder.
#[derive(Debug)]
pub struct Mailbox {
    session: Session<Stream>,
    idles: bool,
}

/// What the server said to a command.
#[derive(Default)]
struct Answer {
    /// Of each mail asked about.
    rows: Vec<Row>,
    /// What a search has found.
    found: Vec<u32>,
}

/// What the server said about a mail.
#[derive(Default)]
struct Row {
    uid: Option<u32>,
    size: Option<u32>,
    octets: Option<Vec<u8>>,
}

impl Row {
    fn of(values: &[AttributeValue<'_>]) -> Row {
        let mut row = Row::default();
        for value in values {
            match value {
                AttributeValue::Uid(uid) => row.uid = Some(*uid),
                AttributeValue::Rfc822Size(size) => row.size = Some(*size),
                AttributeValue::BodySection { data: Some(data), .. } => {
                    row.octets = Some(data.to_vec());
                }
                _ => {}
            }
        }
        row
    }
}

/// For a server to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// For a whole mail to arrive.
const FETCHING: Duration = Duration::from_secs(5 * 60);
/// NAT forgets a silent line; five minutes is what mobile clients live with.
const IDLE: Duration = Duration::from_secs(5 * 60);
/// For the end of IDLE.
const DONE: Duration = Duration::from_secs(15);
/// Between two looks at a server without IDLE.
const POLL: Duration = Duration::from_secs(30);
/// UIDs asked about at a time.
const AT_A_TIME: usize = 200;

type Result<T> = std::result::Result<T, MailboxError>;

impl Mailbox {
    /// Signs in over the network and opens a folder.
    pub async fn open(account: &Account, folder: &str) -> Result<(Self, Folder)> {
        Self::open_by(&Network, account, folder).await
    }

    /// The same over the line that `dial` opens.
    pub async fn open_by(
        dial: &dyn Dial,
        account: &Account,
        folder: &str,
    ) -> Result<(Self, Folder)> {
        let client = within(PATIENCE, connect(dial, account)).await?;
        let user = account.user.as_deref().unwrap_or_default();
        let password = account.password.as_ref().map_or("", |password| password.expose());
        let signed_in = within(PATIENCE, async {
            client.login(user, password).await.map_err(|(error, _)| match error {
                Error::No(said) | Error::Bad(said) => MailboxError::Unauthorised(said),
                other => lost(other),
            })
        });
        let mut session = signed_in.await?;
        let can = within(PATIENCE, async { session.capabilities().await.map_err(lost) }).await?;
        let idles = can.has_str("IDLE");
        let opened = within(PATIENCE, async {
            session.select(folder).await.map_err(|error| match error {
                Error::No(said) | Error::Bad(said) => MailboxError::NoFolder(said),
                other => lost(other),
            })
        });
        let opened = opened.await?;
        let numbered = opened.uid_validity.zip(opened.uid_next);
        let (uid_validity, uid_next) = numbered.ok_or_else(|| {
            MailboxError::NoFolder("the server does not number its mails".to_owned())
        })?;
        Ok((Self { session, idles }, Folder { uid_validity, uid_next }))
    }

    /// The mails there are, oldest first.
    pub async fn list(&mut self, news: News) -> Result<Vec<Listed>> {
        let uids = match news {
            // "*" is the newest mail even when it is older than what is asked for.
            News::After(last) => {
                let listed = self.sizes(&format!("{}:*", last.saturating_add(1))).await?;
                return Ok(listed.into_iter().filter(|mail| mail.uid > last).collect());
            }
            News::Since(at) => {
                let since = format!("UID SEARCH SINCE {}", day_before(at));
                within(PATIENCE, self.ask(&since)).await?.found
            }
        };
        let uids: Vec<String> = uids.iter().map(u32::to_string).collect();
        let mut listed = Vec::new();
        for some in uids.chunks(AT_A_TIME) {
            listed.extend(self.sizes(&some.join(",")).await?);
        }
        listed.sort_unstable();
        Ok(listed)
    }

    async fn sizes(&mut self, set: &str) -> Result<Vec<Listed>> {
        let asked = format!("UID FETCH {set} (UID RFC822.SIZE)");
        let answer = within(FETCHING, self.ask(&asked)).await?;
        let mut listed: Vec<Listed> = answer
            .rows
            .iter()
            .filter_map(|row| Some(Listed { uid: row.uid?, size: row.size.unwrap_or(u32::MAX) }))
            .collect();
        listed.sort_unstable();
        Ok(listed)
    }

    /// A mail as it came; `None` when it is gone meanwhile.
    pub async fn fetch(&mut self, uid: u32) -> Result<Option<Vec<u8>>> {
        self.octets(uid, "(UID BODY.PEEK[])").await
    }

    /// The beginning of a mail's header, where the mail itself is too big to be looked at.
    pub async fn fetch_header(&mut self, uid: u32) -> Result<Option<Vec<u8>>> {
        self.octets(uid, "(UID BODY.PEEK[HEADER]<0.65536>)").await
    }

    async fn octets(&mut self, uid: u32, query: &str) -> Result<Option<Vec<u8>>> {
        let answer = within(FETCHING, self.ask(&format!("UID FETCH {uid} {query}"))).await?;
        let of_mail = answer.rows.into_iter().filter(|row| row.uid == Some(uid));
        Ok(of_mail.filter_map(|row| row.octets).next())
    }

    /// Shows people who look into the folder that this mail was dealt with.
    pub async fn mark_seen(&mut self, uid: u32) -> Result<()> {
        let asked = format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)");
        within(PATIENCE, self.ask(&asked)).await.map(drop)
    }

    /// Gives a command and hears the answer to its end. An answer that was cut off, or that the
    /// server took back at its end, is none: a list with a gap would lose the mails in it. The
    /// library's own streams end well in both cases.
    async fn ask(&mut self, command: &str) -> Result<Answer> {
        let ours = self.session.run_command(command).await.map_err(lost)?;
        let mut answer = Answer::default();
        loop {
            let read = self.session.read_response().await;
            let response = read.map_err(Error::from).map_err(lost)?;
            let response = response.ok_or_else(|| lost(Error::ConnectionLost))?;
            match response.parsed() {
                Response::Done { tag, status, outcome } if *tag == ours => {
                    let said = outcome.information.as_deref().unwrap_or("no reason");
                    return match status {
                        Status::Ok => Ok(answer),
                        _ => Err(lost(Error::No(said.to_owned()))),
                    };
                }
                Response::Fetch(_, values) => answer.rows.push(Row::of(values)),
                Response::MailboxData(MailboxDatum::Search(uids)) => answer.found.extend(uids),
                _ => {}
            }
        }
    }

    /// Waits until there may be something new, for at most five minutes.
    pub async fn wait(mut self) -> Result<Self> {
        if !self.idles {
            tokio::time::sleep(POLL).await;
            within(PATIENCE, async { self.session.noop().await.map_err(lost) }).await?;
            return Ok(self);
        }
        let mut idle = self.session.idle();
        within(PATIENCE, async { idle.init().await.map_err(lost) }).await?;
        let (news, _interrupt) = idle.wait_with_timeout(IDLE);
        // Keepalives of the server start its time anew, so there is another one around it.
        let heard = timeout(IDLE, news).await;
        if let Ok(Ok(IdleResponse::ManualInterrupt)) = &heard {
            return Err(MailboxError::Unreachable("the server closed the line".to_owned()));
        }
        if let Ok(Err(error)) = heard {
            return Err(lost(error));
        }
        let session = within(DONE, async { idle.done().await.map_err(lost) }).await?;
        Ok(Self { session, idles: true })
    }

    /// Leaves; what the server makes of it does not matter.
    pub async fn leave(mut self) {
        let _ = timeout(DONE, self.session.logout()).await;
    }
}

async fn connect(dial: &dyn Dial, account: &Account) -> Result<Client<Stream>> {
    let broken = |what: &dyn std::fmt::Display| {
        MailboxError::Unreachable(format!("{}:{}: {what}", account.host, account.port))
    };
    let line = dial.dial(account).await.map_err(|error| broken(&error))?;
    let protect = async |line: Stream| -> Result<Stream> {
        let config = account.client_config().map_err(|error| broken(&error))?;
        let name = ServerName::try_from(account.host.clone()).map_err(|error| broken(&error))?;
        let line = TlsConnector::from(Arc::new(config)).connect(name, line).await;
        let line: Stream = Box::new(line.map_err(|error| broken(&error))?);
        Ok(line)
    };
    match account.tls {
        Tls::Implicit | Tls::None => {
            let line: Stream = match account.tls {
                Tls::None => line,
                _ => protect(line).await?,
            };
            let mut client = Client::new(line);
            let greeting = client.read_response().await.map_err(|error| broken(&error))?;
            greeting.ok_or_else(|| broken(&"the server hung up"))?;
            Ok(client)
        }
        Tls::Starttls => {
            let mut client = Client::new(line);
            let greeting = client.read_response().await.map_err(|error| broken(&error))?;
            greeting.ok_or_else(|| broken(&"the server hung up"))?;
            let begun = client.run_command_and_check_ok("STARTTLS", None).await;
            begun.map_err(|error| broken(&error))?;
            // Whatever was said before the line was protected is dropped with the old client.
            Ok(Client::new(protect(client.into_inner()).await?))
        }
    }
}

async fn within<T>(time: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    match timeout(time, work).await {
        Ok(done) => done,
        Err(_) => Err(MailboxError::Unreachable("the mailbox does not answer".to_owned())),
    }
}

fn lost(error: Error) -> MailboxError {
    let said = error.to_string();
    MailboxError::Unreachable(said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
}

/// A date as IMAP writes it, one day earlier.
fn day_before(at: UnixTime) -> String {
    const DAY: i64 = 24 * 3_600_000;
    let day = jiff::Timestamp::from_millisecond(at.0 - DAY).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    day.strftime("%d-%b-%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_as_imap_wants_it() {
        assert_eq!(day_before(UnixTime(1_795_251_600_000)), "20-Nov-2026");
    }
}
