//! Mail leaves by SMTP submission (RFC 6409): one letter, one recipient, one verdict.
//!
//! A letter with an envelope comes in; whether a server has taken responsibility for it goes out, or
//! whose fault it is that none has. Composing is `email`'s; when to try again is `app`'s.

use std::pin::Pin;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, response::Severity};

use super::account::{Account, Tls};

/// A letter in its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Where bounces go; `None`: nowhere, as for answers of a machine (RFC 3834 §3.3).
    pub from: Option<String>,
    /// The one recipient.
    pub to: String,
    /// Header and body, as they travel.
    pub octets: Vec<u8>,
}

/// Why no server has taken a letter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// No server, no protected line, or no answer: the fault of none of the letters.
    #[error("{0}")]
    Unreachable(String),
    /// The server does not believe that we are who we say.
    #[error("the mail server refused user or password: {0}")]
    Unauthorised(String),
    /// Not this letter now.
    #[error("{0}")]
    Later(String),
    /// Never this letter.
    #[error("{0}")]
    Never(String),
}

/// A promise of [`Post`].
pub type Posting<'a> = Pin<Box<dyn Future<Output = Result<String, PostError>> + Send + 'a>>;

/// Whatever takes letters.
pub trait Post: Send + Sync {
    /// Hands a letter over; what the server said when it took it.
    fn submit<'a>(&'a self, letter: &'a Letter) -> Posting<'a>;
}

/// A submission server.
#[derive(Clone, Debug)]
pub struct Submission {
    account: Account,
    /// How we greet it.
    name: ClientId,
}

/// For a server to say anything at all.
const PATIENCE: Duration = Duration::from_secs(60);
/// For a whole letter, should every answer be slow.
const PATIENCE_IN_ALL: Duration = Duration::from_secs(5 * 60);

impl Submission {
    /// The server of an account. `domain` is that of our own mail address.
    pub fn new(account: Account, domain: &str) -> Self {
        Self { account, name: ClientId::Domain(domain.to_owned()) }
    }

    /// Signs in and leaves again.
    pub async fn greet(&self) -> Result<(), PostError> {
        let mut line = self.sign_in().await?;
        let _ = line.quit().await;
        Ok(())
    }

    async fn hand_over(&self, letter: &Letter) -> Result<String, PostError> {
        let address = |text: &str| {
            text.parse()
                .map_err(|error| PostError::Never(format!("{text:?} is no address: {error}")))
        };
        let from = letter.from.as_deref().map(address).transpose()?;
        let envelope = Envelope::new(from, vec![address(&letter.to)?])
            .map_err(|error| PostError::Never(error.to_string()))?;
        let mut line = self.sign_in().await?;
        let taken = line.send(&envelope, &letter.octets).await;
        let answer = taken.map_err(verdict)?;
        // It is the server's now, whatever becomes of our good-bye.
        let _ = tokio::time::timeout(Duration::from_secs(5), line.quit()).await;
        Ok(answer.message().collect::<Vec<_>>().join(" "))
    }

    async fn sign_in(&self) -> Result<AsyncSmtpConnection, PostError> {
        let Account { user, password, tls, .. } = &self.account;
        let wrapped = match tls {
            Tls::Implicit => Some(self.tls()?),
            Tls::Starttls | Tls::None => None,
        };
        let place = self.account.place();
        let opened =
            AsyncSmtpConnection::connect_tokio1(place, Some(PATIENCE), &self.name, wrapped, None);
        let mut line = opened.await.map_err(|error| self.unreachable(&error))?;
        if *tls == Tls::Starttls {
            let protected = line.starttls(self.tls()?, &self.name).await;
            protected.map_err(|error| self.unreachable(&error))?;
        }
        if let (Some(user), Some(password)) = (user, password) {
            let who = Credentials::new(user.clone(), password.expose().to_owned());
            let known = line.auth(&[Mechanism::Plain, Mechanism::Login], &who).await;
            known.map_err(|error| match error.is_permanent() || error.is_client() {
                true => PostError::Unauthorised(words(&error)),
                false => self.unreachable(&error),
            })?;
        }
        Ok(line)
    }

    fn tls(&self) -> Result<TlsParameters, PostError> {
        let broken = |error: Error| PostError::Unreachable(words(&error));
        let mut tls = TlsParameters::builder(self.account.host.clone());
        if !self.account.roots.is_empty() {
            tls = tls
                .add_root_certificate(Certificate::from_pem(&self.account.roots).map_err(broken)?);
        }
        tls.build().map_err(broken)
    }

    fn unreachable(&self, error: &Error) -> PostError {
        let Account { host, port, .. } = &self.account;
        PostError::Unreachable(format!("{host}:{port}: {}", words(error)))
    }
}

impl Post for Submission {
    fn submit<'a>(&'a self, letter: &'a Letter) -> Posting<'a> {
        Box::pin(async move {
            match tokio::time::timeout(PATIENCE_IN_ALL, self.hand_over(letter)).await {
                Ok(verdict) => verdict,
                Err(_) => Err(PostError::Unreachable("the mail server is too slow".to_owned())),
            }
        })
    }
}

/// What the server's answer to a letter means for it.
fn verdict(error: Error) -> PostError {
    let said = words(&error);
    match error.status().map(|code| code.severity) {
        // 421 closes the line; it says nothing of the letter.
        _ if said.starts_with("421") => PostError::Unreachable(said),
        Some(Severity::PermanentNegativeCompletion) => PostError::Never(said),
        Some(Severity::TransientNegativeCompletion) => PostError::Later(said),
        // The letter needs something this server cannot do, such as addresses in UTF-8.
        None if error.is_client() => PostError::Never(said),
        _ => PostError::Unreachable(said),
    }
}

/// An error and what lies beneath it, in one line.
fn words(error: &Error) -> String {
    use std::error::Error as _;
    let cause = error.source().map(ToString::to_string);
    let code = error.status().map(|code| format!("{code} ")).unwrap_or_default();
    let said = cause.unwrap_or_else(|| error.to_string());
    format!("{code}{said}").chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
