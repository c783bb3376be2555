//! 3.1: nothing that anybody writes runs, neither on a page load nor when it arrives live.

use serde_json::{Value, json};
use simgate::store::{Author, AuthorKind, Card, TemplateClass};
use simgate::types::{ConversationId, Number};

use crate::TO;
use crate::hostile::payloads;
use crate::stage::{Stage, complaints, says};

/// Each of more than two hundred payloads as a text, as a sender, as a contact's name, as a note, as a
/// tag, and as a template's name and words.
#[tokio::test(flavor = "multi_thread")]
async fn no_hostile_text_name_tag_or_template_runs() {
    let Some(stage) = Stage::new().await else { return };
    let (site, browser) = (&stage.site, &stage.browser);
    site.receives(TO, "the first").await;
    stage.open("/threads/1").await;
    let all = payloads();
    for payload in &all {
        site.receives(TO, payload).await;
        let sender: String = payload.chars().filter(|c| !c.is_control()).take(11).collect();
        site.receives(&sender, payload).await;
    }
    written_by_staff(&stage, &all).await;
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
    for path in ["/", "/threads/1", "/threads/3", "/contacts/1", "/?tag=x", "/new?with=a"] {
        stage.open(path).await;
        quiet(&stage, path).await;
    }
    every_page_of(&stage, "/contacts", ".people li", all.len() + 1).await;
    every_page_of(&stage, "/templates", "tbody tr", all.len()).await;
    // A template's words go into the box, where they are words.
    stage.open("/threads/1").await;
    for (n, payload) in all.iter().enumerate().step_by(40) {
        let (name, words) = (json!(format!("{n} {payload}")), json!(payload));
        browser.value("document.querySelector('#text').value = ''").await;
        let option = format!(
            "[...document.querySelectorAll('#template option')].find(o => o.textContent === {name})"
        );
        browser.value(&format!("{option}.selected = true")).await;
        browser.value("document.querySelector('#template').dispatchEvent(new Event('change', { bubbles: true }))").await;
        browser.until(&format!("document.querySelector('#text').value === {words}")).await;
    }
    quiet(&stage, "the composer").await;
}

/// What only somebody who is signed in writes, straight into the store: no check stands before it.
async fn written_by_staff(stage: &Stage, all: &[String]) {
    let (now, all) = (stage.site.app.now(), all.to_vec());
    let author = Author { kind: AuthorKind::User, id: Some("1".to_owned()) };
    let written = stage.site.app.store.write(move |tx| {
        // The first contact is the one whose conversation is open.
        tx.create_contact(&card(&all[2], TO), now)?;
        for (n, payload) in all.iter().enumerate() {
            tx.create_contact(&card(payload, &format!("+4477009{:05}", 50_000 + n)), now)?;
            tx.create_template(&format!("{n} {payload}"), payload, TemplateClass::Service, now)?;
            tx.add_tag(ConversationId(1 + n as i64 % 12), payload, now)?;
            tx.add_note(ConversationId(1), &author, payload, now)?;
        }
        Ok(())
    });
    written.await.unwrap();
}

fn card(name: &str, number: &str) -> Card {
    let numbers = vec![Number::E164(number.to_owned())];
    Card { first_name: name.to_owned(), last_name: name.to_owned(), numbers, ..Card::default() }
}

/// Follows the way to more until all rows were on a page.
async fn every_page_of(stage: &Stage, path: &str, row: &str, all: usize) {
    stage.open(path).await;
    let mut shown = 0;
    loop {
        quiet(stage, path).await;
        let browser = &stage.browser;
        let rows = browser.value(&format!("document.querySelectorAll('{row}').length")).await;
        shown += rows.as_u64().expect("a number");
        let next = browser.value("document.querySelector('.next a')?.href ?? null").await;
        match next.as_str() {
            Some(next) => browser.go(next).await,
            None => break,
        }
    }
    assert!(shown >= all as u64, "{path} shows {shown} of {all}");
}

/// Nothing ran, and nothing is there that could.
async fn quiet(stage: &Stage, path: &str) {
    let browser = &stage.browser;
    assert_eq!(browser.value("window.hacked ?? null").await, Value::Null, "{path}");
    let strangers = "document.querySelectorAll('body :is(script, iframe, style, object, embed, base, meta, math, [onerror], [onload], [onfocus], [ontoggle]), a[href^=\"javascript:\" i], a[href^=\"data:\" i]').length";
    assert_eq!(browser.value(strangers).await, json!(0), "{path}");
    assert_eq!(complaints(browser).await, Vec::<String>::new(), "{path}");
}
