//! One request, one answer, over TCP or a Unix socket; and a stream of events.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use serde_json::Value;

/// Where requests go.
#[derive(Clone)]
pub enum Place {
    /// The emulator's control API.
    Tcp(String),
    /// The gateway's socket.
    Unix(PathBuf),
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Place {
    pub fn get(&self, path: &str) -> Value {
        self.call("GET", path, "")
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.call("POST", path, &body.to_string())
    }

    pub fn patch(&self, path: &str, body: &Value) -> Value {
        self.call("PATCH", path, &body.to_string())
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Value {
        let mut answer = String::new();
        let mut stream = self.send(method, path, body);
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
        let whole = match head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            true => unchunked(body),
            false => body.to_owned(),
        };
        serde_json::from_str(&whole).expect("JSON")
    }

    fn send(&self, method: &str, path: &str, body: &str) -> Box<dyn Stream> {
        let mut stream: Box<dyn Stream> = match self {
            Place::Tcp(address) => Box::new(TcpStream::connect(address).expect("the emulator")),
            Place::Unix(path) => Box::new(UnixStream::connect(path).expect("the gateway")),
        };
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .expect("a request");
        stream
    }

    /// Server-sent events from now on.
    pub fn events(&self, path: &str) -> Events {
        Events(BufReader::new(self.send("GET", path, "")))
    }
}

fn unchunked(body: &str) -> String {
    let (mut whole, mut rest) = (String::new(), body);
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        whole += &after[..size];
        rest = &after[size + 2..];
    }
    whole
}

/// A stream of events.
pub struct Events(BufReader<Box<dyn Stream>>);

impl Events {
    /// Waits for an event whose data `fits`.
    pub fn wait(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.0.read_line(&mut line).expect("the stream") > 0, "the stream ended");
            let data = line.trim_end().strip_prefix("data: ");
            let event = data.and_then(|data| serde_json::from_str(data).ok());
            if let Some(event) = event.filter(|event| fits(event)) {
                return event;
            }
        }
    }
}
