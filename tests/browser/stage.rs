//! A gateway on a port of its own, and browsers signed in to it.

use serde_json::Value;
use simgate::emulator::{Scenario, Shared, World};
use simgate::store::{ClaimPolicy, Prepared, Refusal, UserId};
use simgate::types::{MessageId, Millis};
use simgate::web::{Settings, link_for, router};

use crate::driver::Browser;
use crate::site::{Site, form};

/// A gateway, and the browser of its admin.
pub struct Stage {
    pub site: Site,
    pub browser: Browser,
    pub address: String,
}

impl Stage {
    pub async fn new() -> Option<Stage> {
        let browser = browser().await?;
        Some(Stage::of(Stage::site().await, browser).await)
    }

    /// A demonstration: with simulated phones.
    pub async fn demo() -> Option<Stage> {
        let browser = browser().await?;
        let mut site = Stage::site().await;
        let world = World::new(Scenario::plain(1, "generic"), site.app.now()).unwrap();
        site.mount(Shared::new(world, || Millis(1_000), || {}));
        let (cookie, number) = (site.cookie().await, [("number", crate::TO)]);
        site.ask(form("/demo/phones", &cookie, &number)).await;
        Some(Stage::of(site, browser).await)
    }

    async fn site() -> Site {
        let settings = Settings { organisation: "Rock Legal".to_owned(), ..Settings::default() };
        Site::with(settings).await
    }

    async fn of(site: Site, browser: Browser) -> Stage {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, router(site.app.clone())).into_future());
        let stage = Stage { site, browser, address };
        let admin = stage.site.admin().await;
        stage.sign_in(&stage.browser, admin).await;
        stage
    }

    /// Signs somebody in, by a link as the command line makes one.
    pub async fn sign_in(&self, browser: &Browser, user: UserId) {
        let key = link_for(&self.site.app, user).await.unwrap();
        browser.go(&format!("{}/signin?key={}", self.address, key.expose())).await;
        browser.click("main button").await;
        browser.until("document.querySelector('#items')").await;
    }

    /// Somebody else with a browser of their own.
    pub async fn joined_by(&self, user: UserId) -> Browser {
        let browser = browser().await.expect("there was one before");
        self.sign_in(&browser, user).await;
        browser
    }

    pub async fn open(&self, path: &str) {
        self.browser.go(&format!("{}{path}", self.address)).await;
    }

    /// Conversations must be claimed before they are answered.
    pub async fn strict(&self) {
        let now = self.site.app.now();
        let set = self.site.app.store.write(move |tx| {
            let line = tx.lines()?[0].id;
            let mut settings = tx.line_settings(line)?.expect("a line");
            settings.claim_policy = Some(ClaimPolicy::Strict);
            tx.save_line_settings(line, &settings, now)
        });
        set.await.unwrap();
    }

    /// The one segment of a queued text goes to the network, with this outcome.
    pub async fn network(&self, outcome: fn() -> Option<Refusal>) {
        let now = self.site.app.now();
        let refusal = outcome();
        let done = self.site.app.store.write(move |tx| {
            let line = tx.lines()?[0].id;
            let out = tx.lease_outbound(line, now)?.expect("a text is due");
            let prepared = Prepared { alphabet: "gsm7".into(), tpdus: vec![vec![1]] };
            let segments = tx.prepare(&out, &prepared)?;
            tx.stage_on_air(segments[0].id, now)?;
            match refusal {
                None => tx.segment_accepted(segments[0].id, 17, now)?,
                Some(refusal) => tx.segment_refused(segments[0].id, &refusal, now)?,
            };
            Ok(out.message)
        });
        self.ring(done.await.unwrap());
    }

    pub fn ring(&self, message: MessageId) {
        self.site.app.bus.ring(simgate::bus::Change::Message(message));
    }
}

/// A browser, or why there is none here.
pub async fn browser() -> Option<Browser> {
    match Browser::open().await {
        Ok(browser) => Some(browser),
        Err(why) => {
            println!("skipped: {why}");
            None
        }
    }
}

/// What the browser complained about, but for answers that are refusals on purpose.
pub async fn complaints(browser: &Browser) -> Vec<String> {
    let mut all = browser.complaints().await;
    all.retain(|message| !message.contains("status of 422") && !message.contains("status of 409"));
    all
}

/// Waits until the words stand somewhere in the element.
pub async fn says(browser: &Browser, selector: &str, words: &str) {
    let (selector, words) = (Value::from(selector), Value::from(words));
    browser
        .until(&format!("document.querySelector({selector}).textContent.includes({words})"))
        .await;
}
