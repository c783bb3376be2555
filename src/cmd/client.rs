//! HTTP to the running gateway over the Unix socket in its data folder.
//!
//! Whoever can open the socket is the gateway's owner: no token is needed. Refusals come back as
//! the sentence the gateway gave.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;

use super::Failure;
use crate::io::listener;

/// A gateway that runs.
pub(super) struct Client {
    folder: PathBuf,
}

impl Client {
    /// The gateway that works on `folder`. It is looked for when the first request is made.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// `GET path`.
    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.json(Method::GET, path, None).await
    }

    /// `GET /healthz`: an answer also where it says that something failed.
    pub(super) async fn health(&self) -> Result<Value, Failure> {
        read(self.answer(Method::GET, "/healthz", None).await?).await
    }

    /// `POST path` with a body.
    pub(super) async fn post(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.json(Method::POST, path, Some(body)).await
    }

    /// `PATCH path` with what changes.
    pub(super) async fn patch(&self, path: &str, body: Value) -> Result<Value, Failure> {
        self.json(Method::PATCH, path, Some(body)).await
    }

    /// `DELETE path`.
    pub(super) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.json(Method::DELETE, path, None).await
    }

    /// Hands over the data of server-sent events as they come, until the gateway ends.
    pub(super) async fn follow(
        &self,
        path: &str,
        mut each: impl FnMut(&str),
    ) -> Result<(), Failure> {
        let mut body = self.send(Method::GET, path, None).await?.into_body();
        let mut pending = String::new();
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame.context("reading events")?.into_data() else { continue };
            pending.push_str(&String::from_utf8_lossy(&frame));
            while let Some(end) = pending.find('\n') {
                let line: String = pending.drain(..=end).collect();
                let Some(event) = line.trim_end().strip_prefix("data:") else { continue };
                each(event.trim_start());
            }
        }
        Ok(())
    }

    async fn json(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, Failure> {
        read(self.send(method, path, body).await?).await
    }

    /// An answer; a refusal becomes an error with its sentence.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response<Incoming>, Failure> {
        let response = self.answer(method, path, body).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let octets = response.into_body().collect().await.context("reading the answer")?.to_bytes();
        let problem: Value = serde_json::from_slice(&octets).unwrap_or_default();
        let said = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
        Err(Failure::Failed(match said("title").is_empty() {
            true => anyhow!("the gateway answered {status}"),
            false => anyhow!("{}. {}", said("title"), said("detail")),
        }))
    }

    /// One request on a connection of its own.
    async fn answer(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response<Incoming>, Failure> {
        let stream = listener::connect(&self.folder).await.ok_or_else(|| {
            Failure::NoGateway(format!(
                "no gateway is running on {}: start it with `simgate run`, or name another data \
                 folder with --data",
                self.folder.display()
            ))
        })?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.context("talking to the gateway")?;
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        let body = match body {
            Some(json) => {
                request = request.header("content-type", "application/json");
                Bytes::from(json.to_string())
            }
            None => Bytes::new(),
        };
        let request = request.body(Full::new(body)).context("the request")?;
        Ok(sender.send_request(request).await.context("talking to the gateway")?)
    }
}

async fn read(response: Response<Incoming>) -> Result<Value, Failure> {
    let body = response.into_body().collect().await;
    let octets = body.context("reading the answer")?.to_bytes();
    if octets.is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_slice(&octets).context("the gateway's answer is not JSON")?)
}
