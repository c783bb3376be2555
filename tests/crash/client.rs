//! HTTP as curl speaks it: one connection per request, over TCP or the gateway's Unix socket.

use std::path::PathBuf;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use crate::PATIENCE;

/// Where requests go.
#[derive(Clone, Debug)]
pub enum Client {
    /// `127.0.0.1:8480`
    Tcp(String),
    /// The socket in a data folder: whoever can open it is the owner.
    Unix(PathBuf),
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub cookie: Option<String>,
    pub location: Option<String>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        let parsed = serde_json::from_str(&self.body);
        parsed.unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

type Outcome<T> = Result<T, String>;

impl Client {
    /// `GET path`, which must succeed.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.call(Method::GET, path, None).await.expect("the program answers");
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.body);
        answer.json()
    }

    /// `POST path` with JSON. An error means that nobody knows whether it was carried out.
    pub async fn post(&self, path: &str, body: &Value) -> Outcome<Answer> {
        self.call(Method::POST, path, Some(("application/json", body.to_string(), ""))).await
    }

    /// `PATCH path` with JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Outcome<Answer> {
        self.call(Method::PATCH, path, Some(("application/json", body.to_string(), ""))).await
    }

    /// A form as a browser sends it, or a page as it asks for one.
    pub async fn browse(&self, path: &str, form: Option<&str>, cookie: &str) -> Answer {
        let answer = match form {
            Some(form) => {
                let kind = "application/x-www-form-urlencoded";
                self.call(Method::POST, path, Some((kind, form.to_owned(), cookie))).await
            }
            None => self.call(Method::GET, path, Some(("", String::new(), cookie))).await,
        };
        answer.expect("the program answers")
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, String, &str)>,
    ) -> Outcome<Answer> {
        let whole = async {
            let response = self.send(method, path, body).await?;
            let status = response.status().as_u16();
            let header = |name: &str| {
                let value = response.headers().get(name)?.to_str().ok()?;
                Some(value.split(';').next().unwrap_or(value).to_owned())
            };
            let (cookie, location) = (header("set-cookie"), header("location"));
            let octets = response.into_body().collect().await.map_err(said)?.to_bytes();
            let body = String::from_utf8_lossy(&octets).into_owned();
            Ok(Answer { status, cookie, location, body })
        };
        timeout(PATIENCE, whole).await.map_err(|_| format!("{path}: no answer"))?
    }

    /// Server-sent events from `path` on, until the program ends.
    pub async fn events(&self, path: &str) -> Outcome<Events> {
        let response = self.send(Method::GET, path, None).await?;
        match response.status().as_u16() {
            200 => Ok(Events { body: response.into_body(), pending: String::new() }),
            status => Err(format!("{path}: {status}")),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, String, &str)>,
    ) -> Outcome<Response<Incoming>> {
        let stream: TokioIo<Box<dyn Stream>> = TokioIo::new(match self {
            Client::Tcp(address) => Box::new(TcpStream::connect(address).await.map_err(said)?),
            Client::Unix(path) => Box::new(UnixStream::connect(path).await.map_err(said)?),
        });
        let host = match self {
            Client::Tcp(address) => address,
            Client::Unix(_) => "localhost",
        };
        let (mut sender, connection) = http1::handshake(stream).await.map_err(said)?;
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", host);
        let (kind, body, cookie) = body.unwrap_or_default();
        for (name, value) in [("content-type", kind), ("cookie", cookie)] {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(said)?;
        sender.send_request(request).await.map_err(said)
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A stream of events.
pub struct Events {
    body: Incoming,
    pending: String,
}

impl Events {
    /// The next event's data; `None` when the program ended.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            while let Some(end) = self.pending.find('\n') {
                let line: String = self.pending.drain(..=end).collect();
                let data = line.trim_end().strip_prefix("data:").map(str::trim_start);
                if let Some(event) = data.and_then(|data| serde_json::from_str(data).ok()) {
                    return Some(event);
                }
            }
            let frame = self.body.frame().await?.ok()?;
            if let Ok(octets) = frame.into_data() {
                self.pending.push_str(&String::from_utf8_lossy(&octets));
            }
        }
    }
}
