//! What was sent and received, given out with all its data as far as the reader's role goes; and what
//! a rehearsal leaves out.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use simgate::store::{LineId, Role};

use crate::people::Desk;
use crate::site::post;

const ONE: &str = "+447700900201";

/// S135, S136: all texts with their data, as a list and as a file: to whoever may read, on the lines
/// they may read; not to people who are only notified.
#[tokio::test]
async fn all_texts_are_given_out_by_role() {
    let desk = Desk::new().await;
    desk.site.line("8944110000000000002", "+447700900002").await;
    desk.site.receives(ONE, "Are you \"open\"?").await;
    let sends = async |line: &str, text: &str| {
        let asked = json!({ "to": ONE, "text": text, "line": line, "tag": "case 7" });
        let sent = desk.post("/api/v1/messages", asked).await;
        assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text);
    };
    sends("1", "=1+1").await;
    sends("2", "From the other line").await;

    let reader = desk.site.token(&["read"]).await;
    let list = desk.site.get("/api/v1/messages", &reader).await.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(3), "both directions, both lines");
    let sheet = desk.site.get("/api/v1/messages.csv", &reader).await;
    assert!(sheet.header("content-type").starts_with("text/csv"), "{}", sheet.text);
    let rows: Vec<&str> = sheet.text.trim_end().split("\r\n").collect();
    assert_eq!(rows.len(), 4, "{}", sheet.text);
    assert!(rows[0].starts_with("id,conversation_id,direction,line,number,text"));
    let cells = |row: &str| row.split(',').count();
    assert!(rows.iter().all(|row| cells(row) == cells(rows[0])), "{}", sheet.text);
    assert!(rows[1].contains("\"in\"") && rows[1].contains("\"Are you \"\"open\"\"?\""));
    assert!(rows[2].contains("\"'=1+1\"") && rows[2].contains("\"case 7\""), "no formula");
    let outbound = desk.site.get("/api/v1/messages.csv?direction=out&limit=1", &reader).await;
    assert_eq!((outbound.header("simgate-next"), outbound.text.lines().count()), ("2", 2));
    let rest = desk.site.get("/api/v1/messages.csv?direction=out&after=2", &reader).await;
    assert!(rest.text.contains("From the other line") && rest.header("simgate-next").is_empty());

    let bound = desk.site.bound_token(&["read"], Some(LineId(2))).await;
    let viewer = desk.site.user("Eve", Role::Viewer).await;
    let viewer = desk.site.cookie_of(viewer).await;
    let sender = desk.site.token(&["send"]).await;
    for path in ["/api/v1/messages", "/api/v1/messages.csv"] {
        let own = desk.site.get(path, &bound).await.text;
        assert!(own.contains("From the other line") && !own.contains("open"), "{path}: {own}");
        assert_eq!(desk.site.page(path, &viewer).await.status, StatusCode::OK, "viewers read");
        assert_eq!(desk.site.get(path, &sender).await.status, StatusCode::FORBIDDEN);
        let wrong = desk.site.get(&format!("{path}?limit=0"), &reader).await;
        assert_eq!(wrong.code(), "field_invalid");
    }
    let told = desk.user("tom", "notified", 150).await;
    let path = format!("/api/v1/messages.csv?as={told}");
    let answer = desk.call(Method::GET, &path, json!({})).await;
    assert_eq!(answer.code(), "user_inactive", "who is only notified reads nothing");
}

/// D8: the last days are rehearsed on the newest five hundred texts, and the answer says how many
/// older ones it left out.
#[tokio::test]
async fn a_rehearsal_says_what_it_left_out() {
    let desk = Desk::new().await;
    desk.site.receives_all(ONE, (0..503).map(|n| format!("text {n}")).collect()).await;
    let tried = |body: Value| {
        let desk = &desk;
        async move { desk.post("/api/v1/rules/test", body).await }
    };
    let days = tried(json!({ "days": 31 })).await.json();
    assert_eq!((days["items"].as_array().map(Vec::len), &days["left_out"]), (Some(500), &json!(3)));
    assert_eq!(days["items"][499]["text"], "text 502", "the newest are tried");
    let sample = tried(json!({ "text": "hello" })).await.json();
    assert_eq!(
        (sample["items"].as_array().map(Vec::len), &sample["left_out"]),
        (Some(1), &json!(0))
    );
    assert_eq!(tried(json!({ "days": 32 })).await.code(), "field_invalid");
    let token = desk.site.token(&["read"]).await;
    let both = json!({ "days": 2, "text": "x" });
    let refused = desk.site.ask(post("/api/v1/rules/test", &token, both)).await;
    assert_eq!(refused.code(), "field_invalid");
}
