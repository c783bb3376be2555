//! Everything sent and received in one list, and the end of rights in pages that stay open.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use simgate::store::Role;
use simgate::types::ConversationId;

use crate::site::{Site, form, request};

const TO: &str = "+447700900123";
const OTHER: &str = "+447700900456";

/// S135: all texts with their data, filtered, as a page and as a table; a viewer sees them, a token
/// of another line none of them.
#[tokio::test]
async fn all_texts_are_listed_with_their_data_by_role() {
    let site = Site::new().await;
    let cookie = site.cookie().await;
    site.receives(TO, "Hello <b>you</b>").await;
    site.receives(OTHER, "=1+1").await;
    let filled = [("key", "k"), ("line", "1"), ("seen", "9"), ("text", "Hello back")];
    site.ask(form("/threads/1/messages", &cookie, &filled)).await;
    let viewer = site.user("Vic", Role::Viewer).await;
    let viewer = site.cookie_of(viewer).await;
    let page = site.page("/texts", &viewer).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(page.text.matches("<td><a href=\"/messages/").count(), 3);
    assert!(page.text.contains("Hello &#60;b&#62;you") && page.text.contains("queued"));
    assert!(page.text.contains("Ada Example"), "who sent it");
    let sent = site.page("/texts?direction=out", &viewer).await.text;
    assert!(sent.contains("Hello back") && !sent.contains("=1+1"), "{sent}");
    let one = site.page("/texts?number=07700900456&direction=&line=&state=", &viewer).await.text;
    assert!(!one.contains("Hello back"), "{one}");
    let file = "/api/v1/messages.csv?direction=in&number=%2B447700900456";
    let few = site.page("/texts?direction=in&number=%2B447700900456", &viewer).await.text;
    assert!(few.contains(&format!("href=\"{}\"", file.replace('&', "&#38;"))), "{few}");
    let sheet = site.page(file, &viewer).await.text;
    assert!(sheet.contains("\"'=1+1\"") && !sheet.contains("Hello"), "{sheet}");
    let elsewhere = site.line("8944110000000000002", "+447700900002").await;
    let bound = site.bound_token(&["read"], Some(elsewhere)).await;
    let none = site.get("/texts", &bound).await;
    assert!(none.text.contains("No text yet"), "{}", none.text);
}

/// E156: with somebody's rights their open page ends: nothing more is told to it, it leads to the
/// sign-in page, and what they had not sent is kept.
#[tokio::test]
async fn rights_end_at_once_also_in_an_open_page() {
    let site = Site::new().await;
    let (agent, now) = (site.user("Bob", Role::Agent).await, site.app.now());
    let cookie = site.cookie_of(agent).await;
    site.receives(TO, "Hello").await;
    let words = [("text", "half a thought"), ("line", "1")];
    site.ask(form("/threads/1/draft", &cookie, &words)).await;
    let live = request(Method::GET, "/live").header(header::COOKIE, &cookie);
    let events = site.open(live.body(Body::empty()).unwrap()).await;
    let token = site.token(&["read"]).await;
    let api = request(Method::GET, "/api/v1/events")
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    let api = site.open(api.body(Body::empty()).unwrap()).await;

    site.deactivate(agent).await;
    let admin = site.cookie().await;
    site.ask(form("/tokens/1/revoke", &admin, &[])).await;
    site.receives(TO, "told to nobody who left").await;
    let heard = format!("{}{}", events.rest().await, api.rest().await);
    assert!(!heard.contains("event: change") && !heard.contains("told to nobody"), "{heard}");
    assert_eq!(site.page("/threads/1", &cookie).await.header("location"), "/signin");
    let author = format!("user:{agent}");
    let kept = site.app.store.read(move |tx| tx.draft(&author, ConversationId(1))).await.unwrap();
    assert_eq!(kept.expect("kept").text, "half a thought");
    assert!(site.app.now() == now, "no time had to pass");
}
