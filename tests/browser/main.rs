//! The pages in a real browser: live arrival, sending, states, no script, hostile texts.
//!
//! Runs where Chromium and its driver are (`tests/install.sh`); elsewhere each story says
//! `skipped: why`. Pictures of the pages go into the folder `tmp` of the build's target folder.

mod driver;
mod settings;
#[path = "../support/site.rs"]
#[allow(dead_code)] // the stories of the API use the rest
mod site;

use driver::Browser;
use serde_json::json;
use simgate::store::{Prepared, Refusal};
use simgate::types::MessageId;
use simgate::web::{Settings, new_link, router};
use site::Site;

const TO: &str = "+447700900123";

/// A gateway on a port of its own, and a browser signed in to it.
struct Stage {
    site: Site,
    browser: Browser,
    address: String,
}

impl Stage {
    async fn new() -> Option<Stage> {
        let browser = match Browser::open().await {
            Ok(browser) => browser,
            Err(why) => {
                println!("skipped: {why}");
                return None;
            }
        };
        let settings = Settings { organisation: "Rock Legal".to_owned(), ..Settings::default() };
        let site = Site::with(settings).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router(site.app.clone())).into_future());
        let stage = Stage { site, browser, address };
        stage.sign_in().await;
        Some(stage)
    }

    async fn sign_in(&self) {
        self.site.admin().await;
        let key = new_link(&self.site.app).await.unwrap();
        self.browser.go(&format!("{}/signin?key={}", self.address, key.expose())).await;
        self.browser.click("main button").await;
        self.browser.until("document.querySelector('#compose')").await;
    }

    /// Waits for the stream to be open: from then on every text must come by it.
    async fn live(&self) {
        self.browser.until("performance.getEntriesByType('resource').some(r => r.name.includes('/assets/')) && document.querySelector('[data-live]')").await;
    }

    /// The one segment of a queued text goes to the network, with this outcome.
    async fn network(&self, outcome: fn() -> Option<Refusal>) {
        let now = self.site.app.now();
        let refusal = outcome();
        let done = self.site.app.store.write(move |tx| {
            let line = tx.lines()?[0].id;
            let out = tx.lease_outbound(line, now)?.expect("a text is due");
            let prepared = Prepared { alphabet: "gsm7".into(), tpdus: vec![vec![1]] };
            let segments = tx.prepare(out.message, &prepared)?;
            tx.stage_on_air(segments[0].id, now)?;
            match refusal {
                None => tx.segment_accepted(segments[0].id, 17, now)?,
                Some(refusal) => tx.segment_refused(segments[0].id, &refusal, now)?,
            };
            Ok(out.message)
        });
        self.ring(done.await.unwrap());
    }

    fn ring(&self, message: MessageId) {
        self.site.app.bus.ring(simgate::bus::Change::Message(message));
    }
}

/// A text is on the open page when it is committed; one written there goes out, and its state is
/// told as it changes, without a reload and with the cursor back in the box.
#[tokio::test(flavor = "multi_thread")]
async fn texts_arrive_leave_and_change_their_state_on_an_open_page() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    stage.live().await;
    browser.value("window.unchanged = true").await;
    let id = stage.site.receives(TO, "Hello 👩‍🚀\nsecond line").await;
    browser
        .until(&format!("document.querySelector('#message-{id} .text').textContent.includes('👩‍🚀')"))
        .await;
    browser
        .until("document.querySelector('#announce').textContent.startsWith('New text from')")
        .await;

    browser.type_into("#to", "07700 900123").await;
    browser.type_into("#text", "Answer with a €").await;
    browser.until("document.querySelector('#count').textContent.startsWith('15 characters')").await;
    browser.click("#compose .primary").await;
    browser
        .until("document.querySelector('.message.out .state').textContent.includes('queued')")
        .await;
    browser.until("document.querySelector('#text').value === ''").await;
    stage.network(|| None).await;
    browser
        .until("document.querySelector('.message.out .state').textContent.includes('sent')")
        .await;

    browser.type_into("#to", "nobody").await;
    browser.type_into("#text", "kept words").await;
    browser.click("#compose .primary").await;
    browser.until("document.querySelector('#refusal')").await;
    assert_eq!(browser.value("document.querySelector('#text').value").await, "kept words");
    assert_eq!(browser.value("document.activeElement.id").await, "to");
    assert_eq!(browser.value("window.unchanged").await, json!(true), "no reload happened");
    assert_eq!(complaints(browser).await, Vec::<String>::new());
}

/// What the browser complained about, but for answers that are refusals on purpose.
async fn complaints(browser: &Browser) -> Vec<String> {
    let mut all = browser.complaints().await;
    all.retain(|message| !message.contains("status of 422"));
    all
}

/// The failed text names its reason and is sent again with its button.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_text_is_sent_again_with_its_button() {
    let Some(stage) = Stage::new().await else { return };
    let token = stage.site.token(&["send"]).await;
    stage.live().await;
    stage.site.post("/api/v1/messages", &token, json!({ "to": TO, "text": "x" })).await;
    let failed = || {
        let detail = "The network does not know this number".to_owned();
        Some(Refusal::ForGood { code: "28".to_owned(), detail })
    };
    stage.network(failed).await;
    let browser = &stage.browser;
    browser
        .until("document.querySelector('.message.out .state').textContent.includes('failed')")
        .await;
    browser.until("document.querySelector('.why').textContent.includes('does not know')").await;
    browser.click(".message.out button").await;
    browser
        .until("document.querySelector('.message.out .state').textContent.includes('queued')")
        .await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// Everything works as plain forms.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_read_written_and_taken_back_without_script() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    stage.site.receives(TO, "Anybody there?").await;
    browser.script(false).await;
    browser.go(&stage.address).await;
    assert_eq!(text(browser, ".message.in .text").await, "Anybody there?");
    browser.type_into("#to", TO).await;
    browser.type_into("#text", "Yes.").await;
    browser.click("#compose .primary").await;
    assert_eq!(text(browser, ".message.out .text").await, "Yes.");
    browser.click(".message.out button").await;
    assert!(text(browser, ".message.out .state").await.contains("cancelled"));
}

async fn text(browser: &Browser, selector: &str) -> String {
    let text = browser.value(&format!("document.querySelector('{selector}').textContent")).await;
    text.as_str().unwrap_or_default().to_owned()
}

/// 3.1: nothing a stranger writes runs, neither on a page load nor when it arrives live.
#[tokio::test(flavor = "multi_thread")]
async fn no_hostile_text_or_name_runs() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    stage.live().await;
    let payloads = [
        "<script>window.hacked=1</script>",
        "<img src=x onerror=window.hacked=1>",
        "\"><svg onload=window.hacked=1>",
        "</textarea><iframe srcdoc='<script>parent.hacked=1</script>'>",
        "<template><script>window.hacked=1</script></template>",
        "' autofocus onfocus=window.hacked=1 x='",
        "<a href=javascript:window.hacked=1>x</a>",
        "<style>body{display:none}</style>",
    ];
    for payload in payloads {
        stage.site.receives(TO, payload).await;
        stage.site.receives(&payload[..11], payload).await;
    }
    let count = payloads.len() * 2;
    browser.until(&format!("document.querySelectorAll('.message').length === {count}")).await;
    browser.go(&stage.address).await;
    browser.until(&format!("document.querySelectorAll('.message').length === {count}")).await;
    assert_eq!(browser.value("window.hacked ?? null").await, json!(null));
    let strangers =
        "document.querySelectorAll('#timeline :is(script, img, iframe, style, [onerror])').length";
    assert_eq!(browser.value(strangers).await, json!(0));
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// Fault 104 and the phone in the hand: nothing is cut off at 360 px, and the pictures are there
/// to be looked at.
#[tokio::test(flavor = "multi_thread")]
async fn pages_fit_a_phone_and_a_desk_in_both_themes() {
    let Some(stage) = Stage::new().await else { return };
    let (site, browser) = (&stage.site, &stage.browser);
    let token = site.token(&["send"]).await;
    site.receives(TO, "Hi, is my appointment with Ms Okafor still on for Monday at 3?").await;
    let answer = "Hello Sam, yes: Monday 3 pm, second floor. Please bring your passport.";
    site.post("/api/v1/messages", &token, json!({ "to": TO, "text": answer })).await;
    site.receives("MyBank", &"wide".repeat(60)).await;
    for (name, width, height) in [("desk", 1280, 860), ("phone", 360, 740)] {
        for theme in ["light", "dark"] {
            browser.look(width, height, theme).await;
            for (page, path) in
                [("texts", "/"), ("one", "/?number=%2B447700900123"), ("api", "/docs/api")]
            {
                browser.go(&format!("{}{path}", stage.address)).await;
                let fits = "document.documentElement.scrollWidth <= innerWidth";
                assert_eq!(browser.value(fits).await, json!(true), "{page} on a {name}");
                browser.picture(&format!("{page}-{name}-{theme}")).await;
            }
        }
    }
}
