//! The pictures of docs/guide/inbox.md: `guide-desk.png` and `guide-phone.png` in the folder
//! `tmp/pictures`. The guide holds them with fewer colours, as `inbox-desk.png` and `inbox-phone.png`.

use crate::furnish;
use crate::stage::{Stage, says};

/// A morning at a desk, and the same on a phone: what the guide shows is there to be shown.
#[tokio::test(flavor = "multi_thread")]
async fn the_guide_shows_the_inbox_as_it_is() {
    let Some(stage) = Stage::new().await else { return };
    furnish::morning(&stage).await;
    let browser = &stage.browser;
    for (window, width, height) in [("desk", 1280, 720), ("phone", 360, 720)] {
        browser.look(width, height, "light").await;
        stage.open("/threads/4").await;
        says(browser, "#with", "Sam Lee").await;
        browser.value("document.querySelector('#text').value = ''").await;
        browser.type_into("#text", "Behind the house, for free.").await;
        says(browser, "#count", "27 characters · 1 segment").await;
        assert_eq!(browser.too_wide().await, 0);
        browser.picture(&format!("guide-{window}")).await;
    }
}
