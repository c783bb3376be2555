//! As much of WebDriver (W3C, level 2) as the stories need: JSON over HTTP to chromedriver.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// A headless Chromium with one window.
pub struct Browser {
    process: Child,
    port: u16,
    session: String,
}

impl Browser {
    /// A fresh browser, or why there is none here.
    pub async fn open() -> Result<Browser, String> {
        let hint = "run tests/install.sh for Chromium and its driver";
        for program in ["chromium", "chromedriver"] {
            if !on_path(program) {
                return Err(format!("{program} is not installed; {hint}"));
            }
        }
        let spawned = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).spawn();
        let mut process = spawned.map_err(|error| format!("chromedriver: {error}"))?;
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            line.strip_prefix("ChromeDriver was started successfully on port ")?
                .trim_end_matches('.')
                .parse()
                .ok()
        });
        let port = port.ok_or("chromedriver did not start")?;
        let mut browser = Browser { process, port, session: String::new() };
        let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": { "args": arguments },
        } } });
        let session = browser.call(Method::POST, "/session", Some(wanted)).await;
        browser.session = session["sessionId"].as_str().expect("a session").to_owned();
        Ok(browser)
    }

    pub async fn go(&self, url: &str) {
        self.ask("/url", json!({ "url": url })).await;
    }

    /// The value of an expression in the page.
    pub async fn value(&self, expression: &str) -> Value {
        let script = format!("return ({expression})");
        self.ask("/execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// Waits until the expression is true, looking again whenever the page changes.
    pub async fn until(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0]; const look = () => {{ try {{ return {expression}; }} catch {{ return false; }} }};
             if (look()) return done(true);
             new MutationObserver((_, watch) => {{ if (look()) {{ watch.disconnect(); done(true); }} }})
               .observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});"
        );
        self.ask("/execute/async", json!({ "script": script, "args": [] })).await;
    }

    /// Types into the element with the focus or the one named.
    pub async fn type_into(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        self.ask(&format!("/element/{element}/value"), json!({ "text": text })).await;
    }

    pub async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        self.ask(&format!("/element/{element}/click"), json!({})).await;
    }

    /// Presses keys where the focus is; WebDriver's private characters stand for the special ones.
    pub async fn keys(&self, keys: &str) {
        let mut held: Vec<Value> = Vec::new();
        for key in keys.chars() {
            match key {
                '\u{E000}' => held.push(json!({ "type": "keyUp", "value": "\u{E009}" })),
                '\u{E009}' => held.push(json!({ "type": "keyDown", "value": "\u{E009}" })),
                key => {
                    held.push(json!({ "type": "keyDown", "value": key.to_string() }));
                    held.push(json!({ "type": "keyUp", "value": key.to_string() }));
                }
            }
        }
        let board = json!({ "actions": [{ "type": "key", "id": "keys", "actions": held }] });
        self.ask("/actions", board).await;
    }

    /// The window the commands go to.
    pub async fn window(&self) -> String {
        let handle =
            self.call(Method::GET, &format!("/session/{}/window", self.session), None).await;
        handle.as_str().expect("a window").to_owned()
    }

    /// Opens another tab and goes there.
    pub async fn new_window(&self) -> String {
        let made = self.ask("/window/new", json!({ "type": "tab" })).await;
        let handle = made["handle"].as_str().expect("a window").to_owned();
        self.switch(&handle).await;
        handle
    }

    pub async fn switch(&self, window: &str) {
        self.ask("/window", json!({ "handle": window })).await;
    }

    /// Closes the tab the commands go to.
    pub async fn close_window(&self) {
        self.call(Method::DELETE, &format!("/session/{}/window", self.session), None).await;
    }

    async fn find(&self, selector: &str) -> String {
        let found =
            self.ask("/element", json!({ "using": "css selector", "value": selector })).await;
        let element = found.as_object().and_then(|object| object.values().next());
        element.and_then(Value::as_str).unwrap_or_else(|| panic!("no {selector}")).to_owned()
    }

    /// Looks like a window of this size in this theme.
    pub async fn look(&self, width: u32, height: u32, theme: &str) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        let theme = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        self.devtools("Emulation.setEmulatedMedia", theme).await;
    }

    /// With or without script, from the next page on.
    pub async fn script(&self, on: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !on })).await;
    }

    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.ask("/goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// Writes what the window shows into the folder of test output.
    pub async fn picture(&self, name: &str) -> PathBuf {
        let shot = self.devtools("Page.captureScreenshot", json!({ "format": "png" })).await;
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
        std::fs::write(&path, decoded(shot["data"].as_str().expect("a picture"))).unwrap();
        path
    }

    /// Writes the whole page, also what is below the fold.
    pub async fn whole_picture(&self, name: &str) -> PathBuf {
        let shot = json!({ "format": "png", "captureBeyondViewport": true });
        let shot = self.devtools("Page.captureScreenshot", shot).await;
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
        std::fs::write(&path, decoded(shot["data"].as_str().expect("a picture"))).unwrap();
        path
    }

    /// What the browser complained about: a violated policy, a failed request, a script error.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.ask("/se/log", json!({ "type": "browser" })).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        entries
            .iter()
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    async fn ask(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, &format!("/session/{}{path}", self.session), Some(body)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        let ok = answer.status().is_success();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        connection.abort();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert!(ok, "{path}: {}", value["value"]["message"]);
        value["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // chromedriver takes its browser with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

/// Base64 (RFC 4648 §4), as pictures come.
fn decoded(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u8> = text.bytes().filter_map(digit).collect();
    let mut octets = Vec::with_capacity(digits.len() * 3 / 4);
    for four in digits.chunks(4) {
        let bits = four.iter().fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit));
        let bits = bits << (6 * (4 - four.len()));
        octets.extend_from_slice(&bits.to_be_bytes()[1..four.len()]);
    }
    octets
}
