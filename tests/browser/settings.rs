//! The settings in a real browser: the first run, every page wide and at 360 px in both themes, and
//! what axe-core says of each.
//!
//! axe-core is not ours and not in the repository: `npm install --prefix target/tmp/axe axe-core`
//! puts it where the test looks; without it that part says `skipped: why`.

use std::path::Path;

use serde_json::{Value, json};
use simgate::store::{ModemStatus, NewToken, Role, SeenModem};
use simgate::types::{Imei, Secret};
use simgate::web::{Settings, new_link, router, routes};

use super::Stage;
use super::driver::Browser;
use super::site::Site;

/// A gateway with something on every page.
async fn furnish(site: &Site) {
    let admin = site.admin().await;
    site.user("Bob", Role::Agent).await;
    site.user("Cleo", Role::Notified).await;
    site.receives("+447700900123", "Hello, when are you open on Saturday?").await;
    site.receives("+447700900124", "\u{202E}STOP <b>it</b>").await;
    let now = site.app.now();
    let made = site.app.store.write(move |tx| {
        let line = tx.lines()?[0].id;
        let modem = SeenModem {
            imei: Imei::parse("490154203237518"),
            port: "/dev/ttyUSB2".to_owned(),
            maker: Some("Example".to_owned()),
            model: Some("E3372".to_owned()),
            firmware: Some("21.180.01.00.00".to_owned()),
            ..SeenModem::default()
        };
        let modem = tx.upsert_modem(&modem, now)?;
        for (minutes, dbm) in [(90, -93), (60, -79), (30, -85), (0, -67)] {
            let status = ModemStatus {
                state: Some("ready".to_owned()),
                line: Some(Some(line)),
                operator: Some("Example Mobile".to_owned()),
                registration: Some("home".to_owned()),
                signal_dbm: Some(dbm),
                bars: Some(4),
                storage: Some(("SM".to_owned(), 3, 50)),
                note: None,
            };
            let at = simgate::types::UnixTime(now.0 - minutes * 60_000);
            tx.modem_status(modem, &status, at)?;
        }
        tx.create_token(
            &NewToken {
                name: "Nightly report".to_owned(),
                secret: Secret::new("sg_example"),
                scopes: vec!["read".to_owned()],
                line: None,
                expires_at: None,
            },
            now,
        )?;
        Ok(admin)
    });
    made.await.unwrap();
    let token = site.token(&["admin"]).await;
    for (path, body) in [
        (
            "templates",
            json!({ "name": "Hours", "text": "Hello {{ first_name|default('there') }}, we are open from ten to four." }),
        ),
        (
            "rules",
            json!({ "name": "Opening hours", "when": { "words": ["hours", "open"] }, "then": [{ "reply": "Ten to four." }, { "tag": "hours" }] }),
        ),
        (
            "prompts",
            json!({ "name": "How was it?", "kind": "rating", "text": "How was it, from 1 to 5?", "scale": { "low": 2, "high": 4 } }),
        ),
        ("messages", json!({ "to": "+447700900125", "text": "Your table is ready." })),
    ] {
        let made = site.post(&format!("/api/v1/{path}"), &token, body).await;
        assert!(made.status.is_success(), "{path}: {}", made.text);
    }
}

/// Every page a signed-in admin can open by its address alone, and one of each that has an id.
fn pages(site: &Site) -> Vec<String> {
    let machines = ["/api/", "/assets/", "/livez", "/readyz", "/healthz", "/metrics", "/sw.js"];
    let mut pages: Vec<String> = routes(site.app.clone())
        .into_iter()
        .filter(|route| route.method == "GET" && !route.path.contains('{'))
        .filter(|route| !machines.iter().any(|start| route.path.starts_with(start)))
        .filter(|route| !route.path.contains('.') && !route.path.contains("live"))
        .map(|route| route.path.to_owned())
        .collect();
    for detail in ["lines", "modems", "people", "templates", "rules", "prompts"] {
        pages.push(format!("/{detail}/1"));
    }
    pages
}

fn name(path: &str) -> String {
    let words = path.trim_matches('/').replace(['/', '?', '='], "-");
    if words.is_empty() { "inbox".to_owned() } else { words }
}

/// Fault 104, WCAG 2.2: no page is cut off at 360 px or wide, in either theme; axe-core finds nothing
/// serious on any of them, and the browser has nothing to complain about.
#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_and_can_be_used_by_everybody() {
    let Some(stage) = Stage::new().await else { return };
    furnish(&stage.site).await;
    let browser = &stage.browser;
    let axe = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe/node_modules/axe-core/axe.min.js");
    let axe = std::fs::read_to_string(&axe).ok();
    if axe.is_none() {
        println!("skipped: axe-core is not installed; see the head of this file");
    }
    let mut found = Vec::new();
    for (window, width, height) in [("desk", 1280, 900), ("phone", 360, 740)] {
        for theme in ["light", "dark"] {
            browser.look(width, height, theme).await;
            for path in pages(&stage.site) {
                let place = format!("{path} on a {window}, {theme}");
                browser.go(&format!("{}{path}", stage.address)).await;
                // A phone shows a page that is too wide smaller, so its own width says nothing.
                let over = format!("document.documentElement.scrollWidth - {width}");
                let over = browser.value(&over).await;
                if over.as_i64().is_none_or(|over| over > 0) {
                    found.push(format!("{place}: {over} px too wide"));
                }
                browser.whole_picture(&format!("page-{}-{window}-{theme}", name(&path))).await;
                if let Some(axe) = &axe {
                    found.extend(
                        serious(browser, axe)
                            .await
                            .into_iter()
                            .map(|what| format!("{place}: {what}")),
                    );
                }
            }
        }
    }
    let mut complaints = browser.complaints().await;
    complaints.dedup();
    found.extend(complaints);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What axe-core finds serious or critical on the open page.
async fn serious(browser: &Browser, axe: &str) -> Vec<String> {
    browser.value(&format!("(() => {{ {axe}\n; return 1; }})()")).await;
    let run = "axe.run({ resultTypes: ['violations'] }).then(found => found.violations
        .filter(one => ['serious', 'critical'].includes(one.impact))
        .map(one => one.id + ': ' + one.nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')))";
    let found = browser.value(run).await;
    let found = found.as_array().cloned().unwrap_or_default();
    found.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// D15: from the printed link to a line that is set up, out and in again, by hand in a browser.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_gateway_is_set_up_and_signed_in_to() {
    let browser = match Browser::open().await {
        Ok(browser) => browser,
        Err(why) => return println!("skipped: {why}"),
    };
    let site =
        Site::with(Settings { organisation: "Rock Legal".into(), ..Settings::default() }).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router(site.app.clone())).into_future());

    let key = new_link(&site.app).await.unwrap();
    browser.go(&format!("{address}/signin?key={}", key.expose())).await;
    browser.picture("first-run").await;
    for (field, words) in [
        ("#first_name", "Ada"),
        ("#last_name", "Lovelace"),
        ("#email", "ada@example.org"),
        ("#password", "correct horse battery"),
    ] {
        browser.type_into(field, words).await;
    }
    browser.click("main button").await;
    browser.until("document.querySelector('nav.places')").await;

    browser.go(&format!("{address}/lines")).await;
    browser.click(".rows td a").await;
    browser.until("document.querySelector('#line-help_contact')").await;
    browser.type_into("#line-help_contact", "+44 1632 960001").await;
    browser.click("#line button").await;
    browser.until("document.querySelector('.said')").await;

    browser.click("#account summary").await;
    browser.click("#account button").await;
    browser.until("document.querySelector('#password')").await;
    browser.picture("sign-in").await;
    browser.type_into("#email", "ada@example.org").await;
    browser.type_into("#password", "correct horse battery").await;
    browser.click("main button").await;
    browser.until("document.querySelector('nav.places')").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
