//! The chat as somebody works with it at one sitting, from the first look to the last (S138..S168).

use serde_json::{Value, json};

use crate::TO;
use crate::driver::Browser;
use crate::furnish;
use crate::stage::{Stage, complaints, says};

/// Somebody else's number.
const OTHER: &str = "+447700900456";

/// S138..S168: everything the page of a chat offers, in the order in which it is met.
#[tokio::test(flavor = "multi_thread")]
async fn a_chat_from_the_first_look_to_the_last() {
    let Some(stage) = Stage::new().await else { return };
    let browser = &stage.browser;
    browser.look(1280, 800, "light").await;
    frame(&stage).await;
    list(&stage).await;
    thread(&stage).await;
    composer(&stage).await;
    finding(&stage).await;
    closing(&stage).await;
    many(&stage).await;
    assert_eq!(complaints(browser).await, Vec::<String>::new());
}

/// S139, S140, S141, S147, S168: around every page stand the way to the chat, the shortcut with the
/// line's balance beside it, and help. With one line there is nothing to filter by.
async fn frame(stage: &Stage) {
    let browser = &stage.browser;
    furnish::lines(stage, &["Desk"]).await;
    for path in ["/contacts", "/templates", "/health", "/account"] {
        stage.open(path).await;
        says(browser, "nav.places a[href='/']", "Inbox").await;
        let shortcut =
            "(() => { const at = document.querySelector('#unread').getBoundingClientRect();
            return at.left > innerWidth / 2 && at.bottom < 80; })()";
        assert_eq!(browser.value(shortcut).await, json!(true), "at the top right of {path}");
        says(browser, "#lines .left", "500 of 500 left").await;
        let topic = browser.value("document.querySelector('#help').hash").await;
        browser.click("#help").await;
        let topic = topic.as_str().unwrap_or_default();
        browser.until(&format!("document.querySelector('dialog[open] {topic} p')")).await;
    }
    stage.open("/").await;
    browser.click(".list-head summary").await;
    browser.until("document.querySelector('.list-head details').open").await;
    assert!(!there(browser, ".list-head select[name=line]").await, "one line, no filter");
}

/// S146, S149, S150, S151, S152: rows carry a blue badge with the number of new texts; a click opens
/// the thread and takes it away. Filtered to one line, only its threads are listed.
async fn list(stage: &Stage) {
    let (site, browser) = (&stage.site, &stage.browser);
    furnish::lines(stage, &["Desk", "Shop"]).await;
    stage.open("/").await;
    site.receives_on(0, TO, "Is it still there?").await;
    site.receives_on(0, TO, "The red one.").await;
    site.later(60);
    site.receives_on(1, OTHER, "Are you open?").await;
    says(browser, "#row-2", "Are you open?").await;
    says(browser, "#row-1 .count-badge", "2").await;
    assert!(is_blue(browser, "#row-1 .count-badge").await);

    browser.click(".list-head summary").await;
    browser.choose(".list-head select[name=line]", "Shop").await;
    says(browser, ".filtered", "Only Shop").await; // S148: it is seen to be on
    browser.until("document.querySelectorAll('#items > li').length === 1").await;
    says(browser, "#items", "Are you open?").await;
    browser.click(".filtered a").await;
    browser.until("document.querySelectorAll('#items > li').length === 2").await;
    assert!(!there(browser, ".filtered").await);

    browser.click("#row-1 a").await;
    says(browser, "#timeline", "The red one.").await;
    browser.until("!document.querySelector('#row-1 .count-badge')").await;
    assert!(is_blue(browser, ".message.in .text").await);
}

/// S153, S158, S160: a stranger can be added as a contact from above the thread, and only then may
/// merge fields be used; the box stands at the bottom.
async fn thread(stage: &Stage) {
    let browser = &stage.browser;
    let bottom = "(() => { const box = document.querySelector('#compose').getBoundingClientRect();
        return box.top >= document.querySelector('#scroller').getBoundingClientRect().bottom - 1; })()";
    assert_eq!(browser.value(bottom).await, json!(true), "the box is below the texts");
    assert!(!there(browser, "#field").await, "no fields for a stranger");
    says(browser, ".with .acts a", "Add contact").await;
    browser.click(".with .acts a.small").await;
    browser.type_into("#first_name", "Sam").await;
    browser.type_into("#last_name", "Lee").await;
    browser.click("main form.card .primary").await;
    says(browser, "#with", "Sam Lee").await;
    assert!(!there(browser, ".with .acts a.small").await, "a contact is not added again");
    assert!(there(browser, "#field").await, "a contact has fields");
}

/// S159, S161..S164, S166, S167: a template fills the box, what is in it is counted, From is the line
/// last used and can be changed; a sent text stands there at once, and all in the order of time.
async fn composer(stage: &Stage) {
    let (site, browser) = (&stage.site, &stage.browser);
    let token = site.token(&["admin"]).await;
    let template = json!({ "name": "Hours", "text": "We close at six." });
    site.post("/api/v1/templates", &token, template).await;
    stage.open("/threads/1").await;
    says(browser, "#line option:checked", "Desk").await; // the line last used with them
    browser.choose("#template", "Hours").await;
    browser.until("document.querySelector('#text').value === 'We close at six.'").await;
    says(browser, "#count", "16 characters · 1 segment").await;
    browser.type_into("#text", " Come by!").await;
    says(browser, "#count", "25 characters · 1 segment").await;
    browser.choose("#field", "first_name").await;
    browser.until("document.querySelector('#text').value.endsWith('{{ first_name }}')").await;
    browser.click("#compose .primary").await;
    says(browser, ".message.out .text", "We close at six. Come by!Sam").await;
    says(browser, ".message.out .state", "queued").await;
    assert!(is_grey(browser, ".message.out .text").await);

    site.later(60);
    browser.choose("#line", "Shop").await;
    browser.type_into("#text", "And bring a bag.").await;
    browser.click("#compose .primary").await;
    says(browser, "#timeline", "And bring a bag.").await;
    says(browser, ".message:last-child .on", "Shop").await;
    site.later(60);
    // The answer is to the first text and comes on either line: same thread, and nothing is invented.
    site.receives_on(1, TO, "At six? Fine.").await;
    says(browser, "#timeline", "At six? Fine.").await;
    let ways = "[...document.querySelectorAll('.message')].map(m => m.classList.contains('in') ? 'in' : 'out').join(' ')";
    assert_eq!(browser.value(ways).await, "in in out out in");
    assert_eq!(browser.value("document.querySelectorAll('#items > li').length").await, json!(2));
    assert!(!there(browser, "#timeline blockquote, #timeline a[href^='#message']").await);
    stage.open("/threads/1").await;
    says(browser, "#line option:checked", "Shop").await; // now that one was used last
}

/// S142, S143, S145: search by name with Enter and by number with the button, Clear, and one press
/// that marks everything as read.
async fn finding(stage: &Stage) {
    let (site, browser) = (&stage.site, &stage.browser);
    stage.open("/").await;
    browser.type_into("#q", "lee\u{E007}").await;
    browser.until("location.search.includes('q=lee')").await;
    browser.until("document.querySelectorAll('#items > li').length === 1").await;
    says(browser, "#items", "Sam Lee").await;
    browser.click(".filtered a").await;
    browser.until("document.querySelectorAll('#items > li').length === 2").await;
    browser.type_into("#q", "900456").await;
    browser.click(".find button").await;
    browser.until("location.search.includes('900456')").await;
    says(browser, "#items", "Are you open?").await;
    browser.until("document.querySelectorAll('#items > li').length === 1").await;
    browser.click(".filtered a").await;

    site.receives(TO, "Anybody?").await;
    says(browser, "#row-1 .count-badge", "1").await;
    says(browser, "#row-2 .count-badge", "1").await;
    browser.click(".list-head summary").await;
    browser.click(".list-head form[action^='/read'] button").await;
    browser.until("!document.querySelector('#items .count-badge, #unread .count-badge')").await;
}

/// S144, S154..S157: closing takes a thread off the list; +New by name opens it again with its history,
/// and so does a text, in or out.
async fn closing(stage: &Stage) {
    let (site, browser) = (&stage.site, &stage.browser);
    close(browser).await;
    browser.click("a[href='/new']").await;
    browser.type_into("#with", "sam\u{E007}").await;
    says(browser, ".people .go", "Open chat").await;
    browser.click(".people button").await;
    says(browser, "#timeline", "Is it still there?").await;
    browser.until("document.querySelector('#row-1')").await;

    close(browser).await;
    site.receives(TO, "One more question").await;
    says(browser, "#items", "One more question").await;
    close(browser).await;
    let token = site.token(&["send"]).await;
    site.post("/api/v1/messages", &token, json!({ "to": TO, "text": "From a program" })).await;
    says(browser, "#row-1", "From a program").await;

    browser.click("a[href='/new']").await;
    browser.type_into("#with", "07700 900789\u{E007}").await;
    browser.click(".people button").await;
    says(browser, "#with", "+447700900789").await;
}

/// S165: somebody who answers a text to many has a chat of their own, and an answer goes to them only.
async fn many(stage: &Stage) {
    let (site, browser) = (&stage.site, &stage.browser);
    let token = site.token(&["admin"]).await;
    let other = json!({ "first_name": "Inês", "numbers": [OTHER] });
    site.post("/api/v1/contacts", &token, other).await;
    let bulk = json!({ "contacts": ["1", "2"], "text": "New opening hours" });
    let sent = site.post("/api/v1/messages/bulk", &token, bulk).await;
    assert_eq!(sent.json()["queued"], json!(2), "{}", sent.text);
    site.later(60);
    site.receives_on(1, OTHER, "Thank you").await;
    stage.open("/threads/2").await;
    says(browser, "#timeline", "New opening hours").await;
    says(browser, "#timeline", "Thank you").await;
    browser.type_into("#text", "You are welcome").await;
    browser.click("#compose .primary").await;
    says(browser, "#timeline", "You are welcome").await;
    let all = site.app.store.read(|tx| tx.messages(&Default::default())).await.unwrap();
    let answers: Vec<_> = all.iter().filter(|text| text.text == "You are welcome").collect();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0].number.as_str(), OTHER);
}

/// Opens the thread and closes it: its row leaves the list.
async fn close(browser: &Browser) {
    browser.click("#row-1 a").await;
    browser.click("button[value=close]").await;
    browser.until("document.querySelector('#items') && !document.querySelector('#row-1')").await;
}

async fn there(browser: &Browser, selector: &str) -> bool {
    browser.value(&format!("!!document.querySelector({})", Value::from(selector))).await
        == json!(true)
}

async fn is_blue(browser: &Browser, selector: &str) -> bool {
    let [red, green, blue] = colour(browser, selector).await;
    blue > red + 16 && blue > green + 8
}

async fn is_grey(browser: &Browser, selector: &str) -> bool {
    let colour = colour(browser, selector).await;
    colour.iter().max().unwrap() - colour.iter().min().unwrap() < 16
}

/// Red, green and blue behind an element.
async fn colour(browser: &Browser, selector: &str) -> [i64; 3] {
    let asked = format!(
        "getComputedStyle(document.querySelector({})).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)",
        Value::from(selector)
    );
    let parts = browser.value(&asked).await;
    [0, 1, 2].map(|n| parts[n].as_i64().expect("a part of a colour"))
}
