//! Two tabs, no network, a flood.

use crate::TO;
use crate::stage::{Stage, complaints, says};
use crate::wire::Wire;

/// E124: the page says that it has lost the gateway, and misses nothing when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_lost_the_gateway_says_so_and_catches_up() {
    let Some(stage) = Stage::new().await else { return };
    let wire = Wire::to(&stage.address).await;
    let stage = Stage { address: wire.address(), ..stage };
    let browser = &stage.browser;
    let admin = stage.site.admin().await;
    stage.sign_in(browser, admin).await;
    stage.site.receives(TO, "before").await;
    says(browser, "#items", "before").await;
    wire.cut();
    browser.until("!document.querySelector('#connection').hidden").await;
    stage.site.receives(TO, "meanwhile").await;
    wire.mend().await;
    says(browser, "#items", "meanwhile").await;
    browser.until("document.querySelector('#connection').hidden").await;
}

/// One stream a browser: both tabs are live, and the second takes over when the first is closed.
#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_share_one_stream() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    let open = stage.site.app.streams.available_permits();
    let first = browser.window().await;
    let second = browser.new_window().await;
    stage.open("/").await;
    stage.site.receives(TO, "to both").await;
    for window in [&second, &first] {
        browser.switch(window).await;
        says(browser, "#items", "to both").await;
    }
    assert_eq!(stage.site.app.streams.available_permits(), open, "no second stream");
    browser.close_window().await;
    browser.switch(&second).await;
    stage.site.receives(TO, "to the one that is left").await;
    says(browser, "#items", "to the one that is left").await;
}

/// A thousand texts as fast as they can be stored: the page shows the last and still answers.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_does_not_stick_the_page() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    stage.site.receives(TO, "the first").await;
    stage.open("/threads/1").await;
    for n in 1..=1_000 {
        let from = format!("+4477009{:05}", 10_000 + n % 60);
        stage.site.receives(if n % 2 == 0 { TO } else { &from }, &format!("text {n}")).await;
    }
    says(browser, "#timeline", "text 1000").await;
    says(browser, "#items", "text 999").await;
    browser.type_into("#text", "still here").await;
    browser.click("#compose .primary").await;
    says(browser, "#timeline", "still here").await;
    assert_eq!(complaints(browser).await, Vec::<String>::new());
}
