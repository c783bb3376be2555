//! 3.1: nothing that anybody writes runs, neither on a page load nor when it arrives live.

use serde_json::{Value, json};

use crate::TO;
use crate::hostile::payloads;
use crate::site::form;
use crate::stage::{Stage, complaints, says};

#[tokio::test(flavor = "multi_thread")]
async fn no_hostile_text_name_tag_or_template_runs() {
    let Some(stage) = Stage::new().await else { return };
    let (site, browser) = (&stage.site, &stage.browser);
    let token = site.token(&["admin"]).await;
    let cookie = site.cookie().await;
    site.receives(TO, "the first").await;
    stage.open("/threads/1").await;
    let all = payloads();
    for (n, payload) in all.iter().enumerate() {
        site.receives(TO, payload).await;
        let short: String = payload.chars().filter(|c| !c.is_control()).take(50).collect();
        let name: String = short.chars().take(11).collect();
        site.receives(&name, payload).await;
        if n % 10 == 0 {
            let card = json!({ "first_name": short, "numbers": [format!("+4477009{:05}", n)] });
            site.post("/api/v1/contacts", &token, card).await;
            let template = json!({ "name": format!("{n} {short}"), "text": "Hello" });
            site.post("/api/v1/templates", &token, template).await;
            let tags = [("act", "tags"), ("tags", short.as_str())];
            site.ask(form("/threads/1", &cookie, &tags)).await;
            let note = [("act", "note"), ("text", payload.as_str())];
            site.ask(form("/threads/1", &cookie, &note)).await;
        }
    }
    site.receives(TO, "the last").await;
    says(browser, "#timeline", "the last").await;
    // Everything of the conversation, page by page, while it is live.
    while browser.value("!!document.querySelector('#earlier')").await == json!(true) {
        let before = browser.value("document.querySelectorAll('.message').length").await;
        browser.value("document.querySelector('#earlier').click()").await;
        browser.until(&format!("document.querySelectorAll('.message').length > {before}")).await;
    }
    let shown = browser.value("document.querySelectorAll('.message').length").await;
    assert_eq!(shown, json!(all.len() + 2));
    quiet(&stage, "live").await;
    for path in [
        "/",
        "/threads/1",
        "/threads/3",
        "/contacts",
        "/contacts/1",
        "/?tag=x",
        "/new?with=a",
        "/templates",
    ] {
        stage.open(path).await;
        quiet(&stage, path).await;
    }
}

/// Nothing ran, and nothing is there that could.
async fn quiet(stage: &Stage, path: &str) {
    let browser = &stage.browser;
    assert_eq!(browser.value("window.hacked ?? null").await, Value::Null, "{path}");
    let strangers = "document.querySelectorAll('body :is(script, iframe, style, object, embed, base, meta, math, [onerror], [onload], [onfocus], [ontoggle]), a[href^=\"javascript:\" i], a[href^=\"data:\" i]').length";
    assert_eq!(browser.value(strangers).await, json!(0), "{path}");
    assert_eq!(complaints(browser).await, Vec::<String>::new(), "{path}");
}
