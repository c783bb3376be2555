//! A Chromium in the words of the stories: go, click, type, wait until it is so. fantoccini drives it.
//!
//! One chromedriver serves the whole binary, and a browser that a story has left goes to the next one
//! in a window of its own, without cookies and with nothing complained about. Every gateway has its
//! own port, so nothing else of a page is shared. Waiting means watching the page change: nothing
//! asks again by the clock.
//!
//! fantoccini speaks the standard; what is Chromium's own (its log, its devices) goes through [`Extra`].

use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::key::Key;
use fantoccini::wd::{WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;
use url::Url;

/// chromedriver, and the browsers that no story uses now.
struct Driver {
    /// Sessions outlive the runtime of the story that began them.
    runtime: Runtime,
    address: String,
    idle: Mutex<Vec<Client>>,
    _shell: Child,
}

static DRIVER: OnceLock<Result<Driver, String>> = OnceLock::new();

/// Ends the driver and all browsers, which would outlive it, and takes their profiles away, when our
/// end of the pipe is gone: what is in a `static` is never dropped, and a failed run drops nothing.
const UNTIL_WE_END: &str = r#"profiles=$(mktemp -d); TMPDIR=$profiles chromedriver --port=0 & trap '' TERM
    cat >/dev/null; kill 0; wait; until rm -rf "$profiles"; do :; done 2>/dev/null"#;

impl Driver {
    fn start() -> Result<Driver, String> {
        for program in ["chromium", "chromedriver"] {
            if !on_path(program) {
                return Err(format!("{program} is not installed; run tests/install.sh"));
            }
        }
        let mut shell = Command::new("sh");
        shell.args(["-c", UNTIL_WE_END]).stdin(Stdio::piped()).stdout(Stdio::piped());
        // A group of its own, so that the signal to all of it reaches nobody else.
        shell.process_group(0);
        let mut shell = shell.spawn().map_err(|error| format!("sh: {error}"))?;
        let lines = BufReader::new(shell.stdout.take().expect("piped")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            let rest = line.strip_prefix("ChromeDriver was started successfully on port ")?;
            rest.trim_end_matches('.').parse::<u16>().ok()
        });
        let port = port.ok_or("chromedriver did not start")?;
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| format!("a runtime: {error}"))?;
        let address = format!("http://127.0.0.1:{port}/");
        Ok(Driver { runtime, address, idle: Mutex::default(), _shell: shell })
    }

    async fn connect(&'static self) -> Result<Client, String> {
        let arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"];
        let mut wanted = Map::new();
        wanted.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        wanted.insert("goog:chromeOptions".to_owned(), json!({ "args": arguments }));
        // Longer than anything takes on a busy machine: only a failure reaches it.
        wanted.insert("timeouts".to_owned(), json!({ "script": 60_000, "pageLoad": 60_000 }));
        let connecting = self.runtime.spawn(async move {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            builder.capabilities(wanted).connect(&self.address).await
        });
        connecting.await.expect("it does not panic").map_err(|error| error.to_string())
    }
}

fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

/// A headless Chromium with one window.
pub struct Browser {
    client: Client,
    /// Width and height, once they were set.
    size: Cell<(u32, u32)>,
}

impl Browser {
    /// A browser as if it were new, or why there is none here.
    pub async fn open() -> Result<Browser, String> {
        let driver = DRIVER.get_or_init(Driver::start).as_ref().map_err(String::clone)?;
        let idle = driver.idle.lock().unwrap().pop();
        let client = match idle {
            Some(client) => client,
            None => driver.connect().await?,
        };
        let browser = Browser { client, size: Cell::new((800, 600)) };
        browser.forget().await;
        Ok(browser)
    }

    /// A window of its own: script, theme and size are the old window's.
    async fn forget(&self) {
        let old = self.told("its windows", self.client.windows().await).await;
        self.new_window().await;
        let fresh = self.window().await;
        for window in old {
            self.switch(&window).await;
            self.close_window().await;
        }
        self.switch(&fresh).await;
        self.devtools("Network.clearBrowserCookies", json!({})).await;
        self.complaints().await;
    }

    pub async fn go(&self, url: &str) {
        let gone = self.client.goto(url).await;
        self.told(format_args!("go to {url}"), gone).await;
    }

    /// The value of an expression in the page.
    pub async fn value(&self, expression: &str) -> Value {
        let value = self.client.execute(&format!("return ({expression})"), Vec::new()).await;
        self.told(expression, value).await
    }

    /// Waits until the expression is true, looking again whenever the page changes.
    pub async fn until(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0]; const look = () => {{ try {{ return {expression}; }} catch {{ return false; }} }};
             if (look()) return done(true);
             new MutationObserver((_, watch) => {{ if (look()) {{ watch.disconnect(); done(true); }} }})
               .observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});"
        );
        loop {
            match self.client.execute_async(&script, Vec::new()).await {
                Ok(_) => return,
                // Another page came meanwhile: it is asked the same.
                Err(error) if was_left(&error) => {}
                // Or took the question with it at the very moment it came, and nobody was told.
                Err(error) if is_late(&error) && self.holds(expression).await => return,
                Err(error) => self.told(format_args!("wait until {expression}"), Err(error)).await,
            }
        }
    }

    /// Whether the expression is true now.
    async fn holds(&self, expression: &str) -> bool {
        let look = format!("try {{ return !!({expression}); }} catch {{ return false; }}");
        let seen = self.client.execute(&look, Vec::new()).await;
        seen.is_ok_and(|seen| seen.as_bool() == Some(true))
    }

    /// Types into the element named.
    pub async fn type_into(&self, selector: &str, text: &str) {
        let typed = self.find(selector).await.send_keys(text).await;
        self.told(format_args!("type into {selector}"), typed).await;
    }

    /// Chooses the option of a list that begins with these words.
    pub async fn choose(&self, selector: &str, words: &str) {
        let option = format!(
            "[...document.querySelectorAll('{selector} option')].find(o => o.textContent.startsWith({}))",
            Value::from(words)
        );
        self.until(&format!("!!{option}")).await;
        let value = self.value(&format!("{option}.value")).await;
        let value = value.as_str().expect("an option has a value");
        let chosen = self.find(selector).await.select_by_value(value).await;
        self.told(format_args!("choose {words} of {selector}"), chosen).await;
    }

    /// Clicks an element, which is there or comes; one that is replaced at that moment is looked up
    /// again.
    pub async fn click(&self, selector: &str) {
        loop {
            match self.find(selector).await.click().await {
                Err(error) if error.is_stale_element_reference() => {}
                clicked => {
                    return self.told(format_args!("click {selector}"), clicked).await;
                }
            }
        }
    }

    /// Presses keys where the focus is; [`CONTROL`] holds until [`RELEASE`].
    pub async fn keys(&self, keys: &str) {
        let mut pressed = KeyActions::new("keys".to_owned());
        for value in keys.chars() {
            pressed = match value {
                RELEASE => pressed.then(KeyAction::Up { value: CONTROL }),
                CONTROL => pressed.then(KeyAction::Down { value }),
                _ => pressed.then(KeyAction::Down { value }).then(KeyAction::Up { value }),
            };
        }
        let pressed = self.client.perform_actions(pressed).await;
        self.told(format_args!("press {keys:?}"), pressed).await;
    }

    /// The window the commands go to.
    pub async fn window(&self) -> WindowHandle {
        let window = self.client.window().await;
        self.told("the window", window).await
    }

    /// Opens another tab and goes there.
    pub async fn new_window(&self) -> WindowHandle {
        let opened = self.client.new_window(true).await;
        let opened = self.told("a new tab", opened).await.handle;
        self.switch(&opened).await;
        opened
    }

    pub async fn switch(&self, window: &WindowHandle) {
        let switched = self.client.switch_to_window(window.clone()).await;
        self.told("switch tabs", switched).await;
    }

    /// Closes the tab the commands go to.
    pub async fn close_window(&self) {
        let closed = self.client.close_window().await;
        self.told("close the tab", closed).await;
    }

    async fn find(&self, selector: &str) -> Element {
        self.until(&format!("document.querySelector({})", Value::from(selector))).await;
        let found = self.client.find(Locator::Css(selector)).await;
        self.told(format_args!("find {selector}"), found).await
    }

    /// Looks like a window of this size in this theme.
    pub async fn look(&self, width: u32, height: u32, theme: &str) {
        self.resize(width, height).await;
        let theme = json!({ "features": [{ "name": "prefers-color-scheme", "value": theme }] });
        self.devtools("Emulation.setEmulatedMedia", theme).await;
    }

    async fn resize(&self, width: u32, height: u32) {
        let phone = width < 500;
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
        self.size.set((width, height));
    }

    /// How many pixels of the page stand over the edge of the window. A phone shows a page that is too
    /// wide smaller and calls that its width, so the page is not asked how wide the window is.
    pub async fn too_wide(&self) -> i64 {
        let wide = self.value("document.documentElement.scrollWidth").await;
        wide.as_i64().expect("a number") - i64::from(self.size.get().0)
    }

    /// With or without script, from the next page on.
    pub async fn script(&self, on: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !on })).await;
    }

    /// A command of Chromium's own protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({ "cmd": command, "params": parameters });
        let done = self.client.issue_cmd(Extra { path: "goog/cdp/execute", body }).await;
        self.told(command, done).await
    }

    /// Writes what the window shows into the folder of test output.
    pub async fn picture(&self, name: &str) -> PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        let shot = self.client.screenshot().await;
        std::fs::write(&path, self.told("a picture", shot).await).unwrap();
        path
    }

    /// Writes the whole page, also what is below the fold.
    pub async fn whole_picture(&self, name: &str) -> PathBuf {
        let (width, height) = self.size.get();
        let whole = self.value("document.documentElement.scrollHeight").await;
        let whole = whole.as_u64().and_then(|height| u32::try_from(height).ok());
        let whole = whole.unwrap_or(height).clamp(height, TALLEST);
        if whole > height {
            self.resize(width, whole).await;
        }
        let path = self.picture(name).await;
        if whole > height {
            self.resize(width, height).await;
        }
        path
    }

    /// What the browser complained about: a violated policy, a failed request, a script error.
    pub async fn complaints(&self) -> Vec<String> {
        let body = json!({ "type": "browser" });
        let entries = self.client.issue_cmd(Extra { path: "se/log", body }).await;
        let entries = self.told("the log", entries).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let words = |entry: &Value| entry["message"].as_str().unwrap_or_default().to_owned();
        entries.iter().map(words).collect()
    }

    /// What came of a command; a failure says where the browser was and what it showed.
    async fn told<T>(&self, what: impl std::fmt::Display, came: Result<T, CmdError>) -> T {
        let error = match came {
            Ok(value) => return value,
            Err(error) => error.to_string(),
        };
        let error = error.lines().next().unwrap_or_default();
        let shown = "return location.href + '\\n' + document.body.innerText.slice(0, 600)";
        let shown = self.client.execute(shown, Vec::new()).await;
        let shown = shown.ok().and_then(|shown| shown.as_str().map(str::to_owned));
        panic!("{what}: {error}\nThe browser is at {}", shown.unwrap_or_default());
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // One that failed may be in any state: it is closed.
        if let (false, Some(Ok(driver))) = (std::thread::panicking(), DRIVER.get()) {
            driver.idle.lock().unwrap().push(self.client.clone());
        }
    }
}

/// Whether a page was left while it was asked.
fn was_left(error: &CmdError) -> bool {
    let error = error.to_string();
    ["document unloaded", "aborted by navigation", "execution contexts cleared"]
        .iter()
        .any(|words| error.contains(words))
}

/// Whether a question was not answered in time.
fn is_late(error: &CmdError) -> bool {
    error.to_string().contains("script timeout")
}

/// Holds Control until [`RELEASE`].
pub const CONTROL: char = '\u{E009}';
/// Releases what is held; WebDriver's own null key.
pub const RELEASE: char = '\u{E000}';

/// A key that is no character.
pub fn key(key: Key) -> String {
    char::from(key).to_string()
}

/// Chromium draws no taller picture without a graphics card.
const TALLEST: u32 = 12_000;

/// A command that only Chromium knows.
#[derive(Debug)]
struct Extra {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extra {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
