//! Events leave by HTTP: one POST, one verdict, signed as Standard Webhooks asks
//! (<https://www.standardwebhooks.com>), so that receivers check them with the library they have.
//!
//! An [`Event`] comes in; whether its receiver took it goes out. What the event says and when to try
//! again is `app`'s. Deliberately absent: following redirects. An address is what an admin wrote, and
//! nothing a receiver answers leads anywhere else; names are looked up once, and what they lead to is
//! what is connected to. Receivers may be in our own network, as those of a house are, but never the
//! addresses machines ask about themselves (169.254.0.0/16 and its like).

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use ring::hmac;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::account::client_config;
use crate::email::base64;
use crate::types::UnixTime;

/// An event on its way to one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The receiver's address.
    pub url: String,
    /// The same for every try of the same event, so that a receiver can tell a repeat.
    pub id: String,
    /// When it is tried.
    pub at: UnixTime,
    /// The words, as JSON.
    pub body: Vec<u8>,
    /// With what it is signed: the key and, for a day after a change, the one before.
    pub keys: Vec<[u8; 32]>,
}

/// Why a receiver has not taken an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// Not now.
    #[error("{0}")]
    Later(String),
    /// Never: it says that it is gone, or the address is none.
    #[error("{0}")]
    Never(String),
}

/// A promise of [`Hook`]: the status the receiver took it with.
pub type Calling<'a> = Pin<Box<dyn Future<Output = Result<u16, HookError>> + Send + 'a>>;

/// Whatever carries events to their receivers.
pub trait Hook: Send + Sync {
    /// Hands an event over.
    fn call<'a>(&'a self, event: &'a Event) -> Calling<'a>;
}

/// The receivers on the network.
#[derive(Debug, Default)]
pub struct Receivers {
    /// Made at the first address with https.
    tls: OnceLock<Arc<ClientConfig>>,
}

/// For a receiver to be found, reached and to answer.
const PATIENCE: Duration = Duration::from_secs(15);

impl Hook for Receivers {
    fn call<'a>(&'a self, event: &'a Event) -> Calling<'a> {
        Box::pin(async move {
            let status = match tokio::time::timeout(PATIENCE, self.post(event)).await {
                Ok(status) => status?,
                Err(_) => return Err(HookError::Later("no answer within 15 s".to_owned())),
            };
            match status {
                status if status.is_success() => Ok(status.as_u16()),
                StatusCode::GONE => Err(HookError::Never("410: the receiver is gone".to_owned())),
                status if status.is_redirection() => {
                    let why = format!("{}: redirects are not followed", status.as_u16());
                    Err(HookError::Later(why))
                }
                status => Err(HookError::Later(format!("answered {}", status.as_u16()))),
            }
        })
    }
}

impl Receivers {
    async fn post(&self, event: &Event) -> Result<StatusCode, HookError> {
        let none = |what: &dyn std::fmt::Display| HookError::Never(format!("no address: {what}"));
        let url: Uri = event.url.parse().map_err(|error| none(&error))?;
        let host = url.host().ok_or_else(|| none(&"it names no host"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let secure = match url.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(none(&"it begins with neither https nor http")),
        };
        let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let request = request(event, &url, &host).map_err(|error| none(&error))?;
        let line = reach(&host, port).await?;
        if !secure {
            return exchange(line, request).await;
        }
        let later = |error: &dyn std::fmt::Display| HookError::Later(format!("TLS: {error}"));
        let name = ServerName::try_from(host).map_err(|error| none(&error))?;
        let connector = TlsConnector::from(self.tls().map_err(|error| later(&error))?);
        let line = connector.connect(name, line).await.map_err(|error| later(&error))?;
        exchange(line, request).await
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        if let Some(made) = self.tls.get() {
            return Ok(Arc::clone(made));
        }
        let made = Arc::new(client_config(&[])?);
        Ok(Arc::clone(self.tls.get_or_init(|| made)))
    }
}

/// The first address of a host that may be called and answers.
async fn reach(host: &str, port: u16) -> Result<TcpStream, HookError> {
    let later = |error: std::io::Error| HookError::Later(error.to_string());
    let all: Vec<SocketAddr> = lookup_host((host, port)).await.map_err(later)?.collect();
    let mut last = match all.is_empty() {
        true => HookError::Later("the name leads nowhere".to_owned()),
        false => HookError::Never("such addresses are not called".to_owned()),
    };
    for place in all.into_iter().filter(|place| may_be_called(place.ip())) {
        match TcpStream::connect(place).await {
            Ok(line) => return Ok(line),
            Err(error) => last = later(error),
        }
    }
    Err(last)
}

/// Not the link itself, where clouds keep the secrets of a machine, and nothing that is many.
fn may_be_called(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            !(v4.is_link_local() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast())
        }
        IpAddr::V6(v6) => !(v6.is_unicast_link_local() || v6.is_unspecified() || v6.is_multicast()),
    }
}

fn request(
    event: &Event,
    url: &Uri,
    host: &str,
) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let path = url.path_and_query().map_or("/", |path| path.as_str());
    let host = match (host.contains(':'), url.port_u16()) {
        (true, Some(port)) => format!("[{host}]:{port}"),
        (true, None) => format!("[{host}]"),
        (false, Some(port)) => format!("{host}:{port}"),
        (false, None) => host.to_owned(),
    };
    let seconds = event.at.0.div_euclid(1_000);
    Request::post(if path.is_empty() { "/" } else { path })
        .header(HOST, host)
        .header(USER_AGENT, concat!("simgate/", env!("CARGO_PKG_VERSION")))
        .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
        .header("webhook-id", &event.id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signatures(&event.keys, &event.id, seconds, &event.body))
        .body(Full::new(Bytes::from(event.body.clone())))
}

/// One request on a line of its own. Only the head of the answer is read: nothing a receiver says
/// beyond its status matters.
async fn exchange(
    line: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, HookError> {
    let later = |error: hyper::Error| HookError::Later(error.to_string());
    let (mut sender, connection) = http1::handshake(TokioIo::new(line)).await.map_err(later)?;
    let asked = async move { Ok(sender.send_request(request).await.map_err(later)?.status()) };
    tokio::pin!(asked);
    tokio::select! {
        status = &mut asked => status,
        // The line has ended; what came over it before is with the request.
        _ = connection => asked.await,
    }
}

/// `v1,` and the signature for each key: HMAC-SHA256 over id, time and words.
fn signatures(keys: &[[u8; 32]], id: &str, seconds: i64, body: &[u8]) -> String {
    let mut all = String::new();
    for key in keys {
        let blank = if all.is_empty() { "" } else { " " };
        // Writing to a String does not fail.
        let _ = write!(all, "{blank}v1,{}", signature(key, id, seconds, body));
    }
    all
}

fn signature(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(format!("{id}.{seconds}.").as_bytes());
    context.update(body);
    base64(context.sign().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S80: the example of the specification.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let key = *b"\x31\xf2\x90\xf6\xbf\x06\x29\x8a\xab\x4f\x08\xd4\x3c\x3f\x08\x2c\xf6\x48\xa3\x62\xda\x2d\xa4\xb0";
        assert_eq!(base64(&key), "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = signature(
            &key,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signed, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        let both = signatures(&[[1; 32], [2; 32]], "a", 1, b"{}");
        assert_eq!(both.split(' ').filter(|one| one.starts_with("v1,")).count(), 2, "{both}");
    }

    #[test]
    fn what_machines_ask_about_themselves_is_never_called() {
        let called = |text: &str| may_be_called(text.parse().expect("an address"));
        for refused in
            ["169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "::ffff:169.254.169.254"]
        {
            assert!(!called(refused), "{refused}");
        }
        for house in ["127.0.0.1", "192.168.1.20", "10.0.0.1", "::1", "fd00::1", "203.0.113.7"] {
            assert!(called(house), "{house}");
        }
    }
}
