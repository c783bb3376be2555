//! Reading and answering, with and without script.

use fantoccini::key::Key;
use serde_json::json;
use simgate::store::Refusal;

use crate::TO;
use crate::driver::{CONTROL, RELEASE, key};
use crate::stage::{Stage, complaints, says};

/// S138, S150, S151, S161, S164: a text is on the open page when it is committed; one written there
/// goes out, and its state is told as it changes, without a reload and with the cursor in the box.
#[tokio::test(flavor = "multi_thread")]
async fn texts_arrive_leave_and_change_their_state_on_an_open_page() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    browser.value("window.unchanged = true").await;
    stage.site.receives(TO, "Hello 👩‍🚀\nsecond line").await;
    says(browser, "#row-1", "👩‍🚀").await;
    browser
        .until("document.querySelector('#row-1 .count-badge').textContent.startsWith('1')")
        .await;
    browser.until("document.title.startsWith('(1)')").await;
    browser.until("document.querySelector('#favicon').getAttribute('href') === '/badge/1'").await;
    browser.click("#row-1 a").await;
    browser.until("document.querySelector('#message-1')").await;
    browser.until("!document.querySelector('#row-1 .count-badge')").await;
    stage.site.receives(TO, "and a third").await;
    says(browser, "#timeline", "and a third").await;
    browser
        .until("document.querySelector('#announce').textContent.startsWith('New text from')")
        .await;

    browser.type_into("#text", "Answer with a ’").await;
    says(browser, "#count", "70 a segment").await;
    browser.click("#count button").await;
    browser.until("document.querySelector('#text').value === \"Answer with a '\"").await;
    browser.click("#compose .primary").await;
    says(browser, ".message.out .facts", "queued").await;
    browser.until("document.querySelector('#text').value === ''").await;
    assert_eq!(browser.value("document.activeElement.id").await, "text");
    stage.network(|| None).await;
    browser
        .until("document.querySelector('.message.out .state').textContent.includes('sent')")
        .await;
    assert_eq!(browser.value("window.unchanged").await, json!(true), "no reload happened");
    assert_eq!(complaints(browser).await, Vec::<String>::new());
}

/// The failed text names its reason and is sent again with its button.
#[tokio::test(flavor = "multi_thread")]
async fn a_failed_text_is_sent_again_with_its_button() {
    let Some(stage) = Stage::new().await else { return };
    let token = stage.site.token(&["send"]).await;
    stage.site.post("/api/v1/messages", &token, json!({ "to": TO, "text": "x" })).await;
    stage.open("/threads/1").await;
    let failed = || {
        let detail = "The network does not know this number".to_owned();
        Some(Refusal::ForGood { code: "28".to_owned(), detail })
    };
    stage.network(failed).await;
    let browser = &stage.browser;
    says(browser, ".message.out .facts", "failed").await;
    says(browser, ".message.out .why", "does not know").await;
    says(browser, "#row-1 .marks", "failed").await;
    browser.click(".message.out button").await;
    browser
        .until("document.querySelector('.message.out .state').textContent.includes('queued')")
        .await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

/// D14: read, answer, claim and close as plain forms.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_read_claimed_answered_and_closed_without_script() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    stage.strict().await;
    stage.site.receives(TO, "Anybody there?").await;
    browser.script(false).await;
    stage.open("/").await;
    browser.click("#row-1 a").await;
    says(browser, ".message.in .text", "Anybody there?").await;
    browser.click("#compose .primary").await;
    says(browser, "#with-head", "Yours").await;
    browser.type_into("#text", "Yes.").await;
    browser.click("#compose .primary").await;
    says(browser, ".message.out .text", "Yes.").await;
    browser.click(".message.out button").await;
    says(browser, ".message.out .state", "cancelled").await;
    browser.click("button[value=close]").await;
    says(browser, ".rowsbox", "All quiet").await;
    browser.click(".tabs a:last-child").await;
    says(browser, "#items", "Yes.").await;
}

/// S142, S143, S144, S149, S155, S168 by keys alone: search, next, open, answer, new, help.
#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_alone_is_enough() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    stage.site.receives("+447700900456", "from the other").await;
    stage.site.later(60);
    stage.site.receives(TO, "from the one").await;
    says(browser, "#items", "from the one").await;
    browser.keys("jj").await;
    assert_eq!(browser.value("document.activeElement.closest('li').id").await, "row-1");
    browser.keys(&key(Key::Enter)).await;
    says(browser, "#timeline", "from the other").await;
    browser.keys("r").await;
    browser.until("document.activeElement.id === 'text'").await;
    browser.keys("by key").await;
    browser.keys(&format!("{CONTROL}{}{RELEASE}", key(Key::Enter))).await;
    says(browser, "#timeline", "by key").await;
    browser.keys(&key(Key::Escape)).await; // leaves the box
    browser.keys("f").await;
    browser.until("document.querySelector('button[value=unflag]')").await;
    browser.keys("?").await;
    browser.until("document.querySelector('dialog[open]').textContent.includes('Claim')").await;
    browser.keys(&key(Key::Escape)).await;
    browser.until("!document.querySelector('dialog')").await;
    browser.keys("/").await;
    browser.until("document.activeElement.id === 'q'").await;
    browser.keys(&format!("900456{}", key(Key::Enter))).await;
    browser.until("document.querySelectorAll('#items > li').length === 1").await;
    assert_eq!(complaints(browser).await, Vec::<String>::new());
}

/// S82: unsent words stay when another conversation is opened, and come back.
#[tokio::test(flavor = "multi_thread")]
async fn unsent_words_wait_in_their_conversation() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    stage.site.receives(TO, "one").await;
    stage.site.receives("+447700900456", "two").await;
    stage.open("/threads/1").await;
    browser.type_into("#text", "half a sen").await;
    browser.click("#row-2 a").await;
    browser.until("document.querySelector('[data-thread=\"2\"]')").await;
    says(browser, "#row-1", "Draft").await;
    browser.click("#row-1 a").await;
    browser.until("document.querySelector('[data-thread=\"1\"]')").await;
    browser.until("document.querySelector('#text').value === 'half a sen'").await;
}
