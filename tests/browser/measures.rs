//! How fast a text is on the open pages, and how much a first visit loads.
//!
//! Times are printed and never judged: they belong to a quiet machine and to docs/design/performance.md.
//! Octets are the same everywhere and are judged.

use serde_json::json;
use simgate::store::Role;

use crate::TO;
use crate::driver::Browser;
use crate::furnish;
use crate::stage::{Stage, complaints, says};
use crate::wire::Wire;

/// Texts that are measured, one after the other.
const TEXTS: usize = 60;
/// How many octets the first visit may load, all requests with their headers together.
const FIRST_VISIT: u64 = 60_000;

/// From the moment before the commit until the text stands on two open pages: the list of one person,
/// the thread of another. Each text is sent as soon as the last one stands on both.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_on_every_open_page_soon_after_its_commit() {
    let Some(stage) = Stage::new().await else { return };
    let (site, list) = (&stage.site, &stage.browser);
    site.receives(TO, "the first").await;
    let ben = site.user("Ben", Role::Agent).await;
    let thread = stage.joined_by(ben).await;
    thread.go(&format!("{}/threads/1", stage.address)).await;
    says(list, "#items", "the first").await;
    let (mut on_list, mut on_thread) = (Vec::new(), Vec::new());
    for n in 0..TEXTS {
        let text = format!("measured text {n} of many");
        for (browser, place) in [(list, "#items"), (&thread, "#timeline")] {
            watch(browser, place, &text).await;
        }
        let before = now();
        site.receives(TO, &text).await;
        on_list.push(seen(list).await - before);
        on_thread.push(seen(&thread).await - before);
    }
    tell("list", on_list);
    tell("thread", on_thread);
}

/// Notes the time at which the words come.
async fn watch(browser: &Browser, place: &str, words: &str) {
    let script = format!(
        "(() => {{ window.seen = 0; const place = document.querySelector('{place}').closest('main, section, body');
            const look = new MutationObserver(() => {{
                if (!place.textContent.includes('{words}')) return;
                window.seen = Date.now(); look.disconnect();
                document.body.dataset.seen = '{words}';
            }});
            look.observe(place, {{ subtree: true, childList: true, characterData: true }}); }})()"
    );
    browser.value(&script).await;
}

/// When they came, in milliseconds since 1970.
async fn seen(browser: &Browser) -> i64 {
    browser.until("window.seen > 0").await;
    browser.value("window.seen").await.as_i64().expect("a time")
}

#[expect(clippy::disallowed_methods, reason = "it is compared with the browser's clock")]
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.expect("after 1970").as_millis()).expect("before the end of time")
}

fn tell(place: &str, mut times: Vec<i64>) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    println!(
        "a text on the open {place}: median {} ms, 95th percentile {} ms, longest {} ms of {}",
        at(50),
        at(95),
        at(100),
        times.len()
    );
}

/// A first visit to a full inbox loads little: one style sheet, one module, nothing from anywhere else.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_visit_loads_little_and_only_from_the_gateway() {
    let Some(stage) = Stage::new().await else { return };
    furnish::everything(&stage).await;
    for n in 0..50 {
        let from = format!("+447700901{n:03}");
        stage.site.receives(&from, &format!("Text number {n}, as people write them")).await;
    }
    let browser = &stage.browser;
    // The cookie is good on every port; what was loaded before is known by its port.
    let wire = Wire::to(&stage.address).await;
    browser.go(&wire.address()).await;
    says(browser, "#items", "Text number 49").await;
    browser.value("navigator.serviceWorker.ready.then(() => true)").await;
    browser.until("document.querySelectorAll('#items > li').length === 50").await;
    let all = browser.value("performance.getEntriesByType('resource').map(one => one.name)").await;
    let all: Vec<_> = all.as_array().unwrap().iter().filter_map(|name| name.as_str()).collect();
    let own = wire.address();
    let strangers: Vec<_> = all.iter().filter(|name| !name.starts_with(&own)).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
    for (tag, count) in [("link[rel=stylesheet]", 1), ("script", 1), ("style, [style]", 0)] {
        let found = browser.value(&format!("document.querySelectorAll('{tag}').length")).await;
        assert_eq!(found, json!(count), "{tag}");
    }
    let carried = wire.carried();
    println!(
        "a first visit to the inbox: {carried} octets, {} requests beside the page",
        all.len()
    );
    assert!(carried < FIRST_VISIT, "{carried} octets: {all:#?}");
    assert_eq!(complaints(browser).await, Vec::<String>::new());
}
