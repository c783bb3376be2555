//! 3.1: whatever a stranger or one of us writes, text, name, template, tag or note, stands on every
//! page as text.

use axum::http::StatusCode;
use serde_json::json;

use crate::hostile::{payloads, traces};
use crate::site::{Site, form};

const TO: &str = "+447700900123";

/// Nothing on the page came out of where it was put.
fn harmless(page: &str, wherefrom: &str) {
    for trace in traces() {
        assert!(!page.contains(trace), "{wherefrom}: {trace}");
    }
    assert!(!page.contains("href=\"javascript:") && !page.contains("href=\"data:"), "{wherefrom}");
    // An attribute that a quote has ended would begin with a bare blank and a name.
    assert!(!page.contains("\" autofocus onfocus"), "{wherefrom}");
}

#[tokio::test]
async fn no_payload_gets_out_of_a_text_or_a_senders_name() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    for payload in payloads() {
        site.receives(TO, &payload).await;
    }
    let mut path = "/threads/1".to_owned();
    let mut shown = 0;
    loop {
        let page = site.page(&path, &cookie).await.text;
        harmless(&page, &path);
        shown += page.matches("<li class=\"message").count();
        let Some(earlier) = page.split("id=\"earlier\" href=\"").nth(1) else { break };
        path = earlier.split('"').next().unwrap().to_owned();
    }
    assert_eq!(shown, payloads().len());
    for payload in payloads().into_iter().step_by(9) {
        let name: String = payload.chars().filter(|c| !c.is_control()).take(11).collect();
        site.receives(&name, &payload).await;
    }
    harmless(&site.page("/", &cookie).await.text, "the list");
    site.receives(TO, "pay \u{202E}evil\u{0}\rnow").await;
    let page = site.page("/threads/1", &cookie).await.text;
    assert!(page.contains("U+202E") && !page.contains('\u{202E}'), "marks, not effects");
}

/// E147: names, fields, tags, flags, teams, notes, templates and what is searched for.
#[tokio::test]
async fn no_payload_gets_out_of_what_our_own_people_write() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    let token = site.token(&["admin"]).await;
    site.receives(TO, "Hello").await;
    for (n, payload) in payloads().into_iter().enumerate().filter(|(_, p)| !p.contains('\u{0}')) {
        let short: String = payload.chars().take(50).collect();
        let set = json!({ "first_name": short, "last_name": payload, "numbers": [TO],
                          "fields": { "car": payload }, "notes": payload });
        let contact = match n {
            0 => site.post("/api/v1/contacts", &token, set).await,
            _ => {
                let fields = [
                    ("first_name", short.as_str()),
                    ("last_name", &payload),
                    ("numbers", TO),
                    ("notes", &payload),
                ];
                site.ask(form("/contacts/1", &cookie, &fields)).await
            }
        };
        assert!(contact.status.as_u16() < 400, "{}", contact.text);
        for fields in [
            vec![("act", "flag"), ("word", short.as_str())],
            vec![("act", "tags"), ("tags", short.as_str())],
            vec![("act", "team"), ("team", short.as_str())],
            vec![("act", "note"), ("text", payload.as_str())],
        ] {
            let done = site.ask(form("/threads/1", &cookie, &fields)).await;
            assert!(
                done.status == StatusCode::SEE_OTHER || done.status.is_client_error(),
                "{}",
                done.text
            );
        }
        if n % 8 != 0 {
            continue;
        }
        let template = json!({ "name": format!("{n} {short}"), "text": "Hello" });
        site.post("/api/v1/templates", &token, template).await;
        for path in ["/", "/threads/1", "/contacts", "/contacts/1", "/?flag=any", "/new?with=Sam"] {
            harmless(&site.page(path, &cookie).await.text, path);
        }
        let typed: String = payload.bytes().map(|b| format!("%{b:02X}")).collect();
        for path in [format!("/?q={typed}"), format!("/new?with={typed}"), format!("/?tab={typed}")]
        {
            harmless(&site.page(&path, &cookie).await.text, &path);
        }
    }
}
