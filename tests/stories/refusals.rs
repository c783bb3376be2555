//! A text that is not taken leaves a trace: who tried, for whom, and why; never its words.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use simgate::store::{LineId, NewRefused, RefusedQuery, Role};

use crate::people::{Desk, code};
use crate::site::{form, post};

const ONE: &str = "+447700900123";
const SECRET: &str = "the words of the text";

/// What was refused, newest first.
async fn refused(desk: &Desk, query: &str) -> Vec<Value> {
    let list = desk.get(&format!("/api/v1/refusals{query}")).await;
    list["items"].as_array().expect("a list").clone()
}

/// D8, E94, S132: whichever way a text comes, by the API, in a batch, in bulk, as a question or on
/// the page, why it was not taken is kept and shown, with the words that opted the number out.
#[tokio::test]
async fn every_way_keeps_why_a_text_was_not_taken() {
    let desk = Desk::new().await;
    let card = json!({ "first_name": "Alisha", "numbers": [ONE] });
    let contact = desk.made("/api/v1/contacts", card).await;
    let poll = json!({ "name": "P", "kind": "poll", "text": SECRET, "options": ["A", "B"] });
    let poll = desk.made("/api/v1/prompts", poll).await;
    let thread = desk.thread(ONE, "hello").await;
    let out = json!({ "number": ONE, "state": "out", "how": "said so at the counter" });
    assert_eq!(desk.post("/api/v1/consent", out).await.status, StatusCode::CREATED);

    let text = json!({ "to": ONE, "text": SECRET, "line": "1" });
    assert_eq!(code(desk.post("/api/v1/messages", text.clone()).await), "opted_out");
    let batch = json!({ "messages": [text, { "to": "hello", "text": SECRET }] });
    assert_eq!(code_of(desk.post("/api/v1/messages/batch", batch).await.json()), "batch_refused");
    let bulk = json!({ "contacts": [contact], "text": SECRET });
    let bulk = desk.post("/api/v1/messages/bulk", bulk).await.json();
    assert_eq!(code_of(bulk["items"][0]["problem"].clone()), "opted_out");
    let asked = desk.post(&format!("/api/v1/prompts/{poll}/ask"), json!({ "to": [ONE] })).await;
    assert_eq!(code_of(asked.json()["items"][0]["problem"].clone()), "opted_out");
    let cookie = desk.site.cookie().await;
    let path = format!("/threads/{thread}/messages");
    let page = desk.site.ask(form(&path, &cookie, &[("text", SECRET), ("key", "k")])).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text);

    let all = refused(&desk, "?code=opted_out").await;
    let ways: Vec<&str> = all.iter().filter_map(|row| row["way"].as_str()).collect();
    assert_eq!(ways, ["page", "prompt", "bulk", "batch", "message"]);
    for row in &all {
        assert_eq!((&row["number"], &row["code"]), (&json!(ONE), &json!("opted_out")), "{row}");
        assert_eq!(row["trace"][0]["step"], "consent", "{row}");
        let ledger = row["trace"][1]["why"].as_str().expect("the ledger");
        assert!(ledger.contains("said so at the counter") && ledger.contains("by hand"), "{row}");
    }
    assert_eq!((&all[4]["line"], &all[4]["author_kind"]), (&json!("1"), &json!("token")));
    let unread = refused(&desk, "?code=number_invalid").await;
    assert_eq!((unread.len(), &unread[0]["number"]), (1, &json!("")));
    let shown = desk.site.page("/refusals", &cookie).await;
    assert!(shown.text.contains(ONE) && shown.text.contains("opted out"), "{}", shown.text);
    let kept = format!("{} {}", json!(refused(&desk, "").await), shown.text);
    assert!(!kept.contains(SECRET), "never the words");

    let dossier = desk.get("/api/v1/export?number=%2B447700900123").await;
    assert_eq!(dossier["refused"].as_array().map(Vec::len), Some(5), "exported with the number");
    assert_eq!(desk.post("/api/v1/erase", json!({ "number": ONE })).await.status, StatusCode::OK);
    assert_eq!(refused(&desk, "?number=%2B447700900123").await, Vec::<Value>::new());
}

fn code_of(problem: Value) -> String {
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// D8, S26, S34, S53, S136: each reason has its step: reach, claim, permission, template, message.
#[tokio::test]
async fn every_reason_names_the_check_that_said_no() {
    let desk = Desk::new().await;
    let (ann, ben) = (desk.user("ann", "agent", 101).await, desk.user("ben", "agent", 102).await);
    desk.line(json!({ "claim_policy": "strict" })).await;
    let thread = desk.thread(ONE, "hello").await;
    desk.post(&format!("/api/v1/conversations/{thread}/claim?as={ann}"), json!({})).await;
    let send = "/api/v1/messages";
    let as_ben = format!("{send}?as={ben}");
    let cases = [
        (send, json!({ "to": "+15550100123", "text": "x" }), "international_off", "reach"),
        (send, json!({ "to": "12345", "text": "x" }), "short_code_not_allowed", "reach"),
        (send, json!({ "to": ONE, "text": "x", "line": "77" }), "line_unknown", "line"),
        (send, json!({ "to": ONE, "text": "x", "class": "loud" }), "field_invalid", "message"),
        (send, json!({ "to": ONE, "text": "x", "tag": "x".repeat(51) }), "tag_too_long", "message"),
        (send, json!({ "to": ONE, "text": " " }), "text_empty", "message"),
        (
            send,
            json!({ "to": ONE, "text": "{{ a }}", "merge": true }),
            "merge_field_missing",
            "template",
        ),
        (
            send,
            json!({ "to": ONE, "text": "x", "class": "marketing" }),
            "marketing_consent_missing",
            "consent",
        ),
        (as_ben.as_str(), json!({ "to": ONE, "text": "x" }), "claimed_by_other", "claim"),
    ];
    for (path, text, word, step) in cases {
        assert_eq!(code(desk.post(path, text.clone()).await), word, "{text}");
        let row = refused(&desk, "?limit=1").await.remove(0);
        assert_eq!((&row["code"], &row["trace"][0]["step"]), (&json!(word), &json!(step)), "{row}");
    }
    let held = desk.post(&as_ben, json!({ "to": ONE, "text": "x" })).await;
    assert_eq!(code(held), "claimed_by_other");
    let row = refused(&desk, "?limit=1").await.remove(0);
    assert_eq!(
        (&row["times"], &row["author_id"]),
        (&json!(2), &json!(ben)),
        "counted, not repeated"
    );

    let reader = desk.site.token(&["read"]).await;
    let text = json!({ "to": ONE, "text": "x" });
    let answer = desk.site.ask(post(send, &reader, text)).await;
    assert_eq!(answer.code(), "forbidden");
    let viewer = desk.site.user("Eve", Role::Viewer).await;
    let viewer = desk.site.cookie_of(viewer).await;
    let path = format!("/threads/{thread}/messages");
    let page = desk.site.ask(form(&path, &viewer, &[("text", "x")])).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let rows = refused(&desk, "?code=forbidden").await;
    let ways: Vec<&str> = rows.iter().filter_map(|row| row["way"].as_str()).collect();
    assert_eq!(ways, ["page", "message"]);
    assert!(rows.iter().all(|row| row["trace"][0]["step"] == "permission"), "{rows:?}");
    assert_eq!(desk.site.texts().await, 1, "only what came in");
    let wrong = desk.call(Method::GET, "/api/v1/refusals?code=nonsense", json!({})).await;
    assert_eq!(code(wrong), "field_invalid");
    let read = desk.site.get("/api/v1/refusals", &reader).await;
    assert_eq!(read.status, StatusCode::FORBIDDEN, "an admin's");
}

/// D8: however many are refused, ten thousand rows stay.
#[tokio::test]
async fn refusals_never_fill_the_disk() {
    let desk = Desk::new().await;
    let now = desk.site.app.now();
    let rows = desk.site.app.store.write(move |tx| {
        let row = |n: u32| NewRefused {
            way: "message",
            author: simgate::store::Author { kind: simgate::store::AuthorKind::System, id: None },
            line: Some(LineId(1)),
            number: Some(simgate::types::Number::E164(format!("+4477009{n:05}"))),
            class: "conversation".to_owned(),
            code: "opted_out",
            why: String::new(),
        };
        tx.note_refused(&(0..10_050).map(row).collect::<Vec<_>>(), now)?;
        let all = RefusedQuery { limit: 20_000, ..RefusedQuery::default() };
        tx.refused(&all)
    });
    let rows = rows.await.expect("kept");
    assert_eq!(rows.len(), 10_000);
    let newest = rows[0].number.as_ref().expect("a number");
    assert_eq!(newest.as_str(), "+447700910049");
}
