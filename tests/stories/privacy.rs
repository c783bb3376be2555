//! Whose word holds: consent stays with numbers through changes, merges and new owners; exceptions
//! and second answers are asked about.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use simgate::store::PromptId;
use simgate::types::Number;

use crate::people::{Desk, code};
use crate::shop::{BOB, Shop};

const ONE: &str = "+447700900201";
const TWO: &str = "+447700900202";

async fn opt_out(desk: &Desk, number: &str) {
    let said = json!({ "number": number, "state": "out", "how": "told us on the phone" });
    let answer = desk.post("/api/v1/consent", said).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
}

async fn contact(desk: &Desk, first: &str, numbers: &[&str]) -> String {
    desk.made("/api/v1/contacts", json!({ "first_name": first, "numbers": numbers })).await
}

async fn consent(desk: &Desk, contact: &str) -> Value {
    desk.get(&format!("/api/v1/contacts/{contact}")).await["consent"].clone()
}

async fn send(desk: &Desk, to: &str) -> StatusCode {
    desk.post("/api/v1/messages", json!({ "to": to, "text": "Hello" })).await.status
}

/// E99, E100: an opt-out is the number's: shown on everybody who has the number, left behind by who
/// gets a new one.
#[tokio::test]
async fn an_opt_out_stays_with_its_number() {
    let desk = Desk::new().await;
    let ann = contact(&desk, "Ann", &[ONE]).await;
    let ben = contact(&desk, "Ben", &[ONE]).await;
    opt_out(&desk, ONE).await;
    for id in [&ann, &ben] {
        assert_eq!(consent(&desk, id).await[0]["state"], "out");
    }
    let path = format!("/api/v1/contacts/{ann}");
    assert_eq!(desk.patch(&path, json!({ "numbers": [TWO] })).await.status, StatusCode::OK);
    assert_eq!(consent(&desk, &ann).await, json!([]), "the new number starts clean");
    assert_eq!(consent(&desk, &ben).await[0]["state"], "out");
    assert_eq!(send(&desk, TWO).await, StatusCode::ACCEPTED);
    assert_eq!(send(&desk, ONE).await, StatusCode::UNPROCESSABLE_ENTITY);
}

/// E102: what comes in by hand or from a list adds opt-outs and never takes one away.
#[tokio::test]
async fn nobody_but_its_owner_takes_an_opt_out_away() {
    let desk = Desk::new().await;
    opt_out(&desk, ONE).await;
    opt_out(&desk, ONE).await;
    let back = json!({ "number": ONE, "state": "in", "how": "imported list" });
    assert_eq!(code(desk.post("/api/v1/consent", back).await), "opted_out");
    let again = contact(&desk, "Ann", &[ONE]).await;
    assert_eq!(
        consent(&desk, &again).await[0]["state"],
        "out",
        "an imported contact changes nothing"
    );
    assert_eq!(send(&desk, ONE).await, StatusCode::UNPROCESSABLE_ENTITY);
}

/// E101, E136: two contacts shown as one keep the consent of each number, and are parted again as
/// they were.
#[tokio::test]
async fn merged_contacts_keep_the_consent_of_each_number_and_can_be_parted() {
    let desk = Desk::new().await;
    let (ann, old) = (contact(&desk, "Ann", &[ONE]).await, contact(&desk, "A.", &[TWO]).await);
    let thread = desk.thread(TWO, "it is me").await;
    opt_out(&desk, ONE).await;
    let merge = format!("/api/v1/contacts/{ann}/merge");
    let merged = desk.post(&merge, json!({ "contact": old })).await;
    assert_eq!(merged.status, StatusCode::OK, "{}", merged.text);
    assert_eq!(merged.json()["numbers"], json!([ONE, TWO]));
    let said = merged.json()["consent"].clone();
    assert_eq!((said.as_array().map(Vec::len), &said[0]["number"]), (Some(1), &json!(ONE)));
    assert_eq!(send(&desk, TWO).await, StatusCode::ACCEPTED);
    let name =
        async || desk.get(&format!("/api/v1/conversations/{thread}")).await["contact_name"].clone();
    assert_eq!(name().await, "Ann");
    assert_eq!(desk.get("/api/v1/contacts").await["items"].as_array().map(Vec::len), Some(1));
    let found = desk.get("/api/v1/contacts?number=%2B447700900202").await;
    assert_eq!(found["items"][0]["id"], json!(ann));
    // Saved as it is shown, and parted all the same.
    let path = format!("/api/v1/contacts/{ann}");
    let saved = desk.patch(&path, json!({ "numbers": [ONE, TWO], "last_name": "B" })).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text);
    assert_eq!(code(desk.post(&merge, json!({ "contact": old })).await), "conflict");
    assert_eq!(code(desk.post(&merge, json!({ "contact": ann })).await), "conflict");
    let split = format!("/api/v1/contacts/{ann}/split");
    let parted = desk.post(&split, json!({ "contact": old })).await;
    assert_eq!(parted.json()["numbers"], json!([ONE]), "{}", parted.text);
    assert_eq!(desk.get(&format!("/api/v1/contacts/{old}")).await["numbers"], json!([TWO]));
    assert_eq!(name().await, "A.");
    assert_eq!(code(desk.post(&split, json!({ "contact": old })).await), "conflict");
}

/// E137: a number with a new owner: nothing of the earlier one is shown or carried over, nothing is
/// deleted, and an opt-out stays.
#[tokio::test]
async fn a_number_with_a_new_owner_begins_anew() {
    let desk = Desk::new().await;
    let ann = contact(&desk, "Ann", &[ONE, TWO]).await;
    let thread = desk.thread(ONE, "my secret order").await;
    let path = format!("/api/v1/conversations/{thread}");
    desk.post(&format!("{path}/notes"), json!({ "text": "she is nice" })).await;
    desk.post(&format!("{path}/flag"), json!({ "flag": "call" })).await;
    desk.post("/api/v1/consent", json!({ "number": ONE, "state": "in", "how": "form" })).await;
    let cut = desk.post(&format!("{path}/new-owner"), json!({})).await;
    assert_eq!(cut.status, StatusCode::OK, "{}", cut.text);
    let shown = desk.get(&path).await;
    assert_eq!((&shown["messages"]["items"], &shown["notes"]), (&json!([]), &json!([])));
    assert_eq!((&shown["flag"], &shown["contact_name"]), (&Value::Null, &Value::Null));
    assert_eq!(desk.get("/api/v1/conversations?q=secret").await["items"], json!([]));
    assert_eq!(desk.get(&format!("/api/v1/contacts/{ann}")).await["numbers"], json!([TWO]));
    let sale = json!({ "to": ONE, "text": "Sale", "class": "marketing" });
    assert_eq!(code(desk.post("/api/v1/messages", sale).await), "marketing_consent_missing");
    desk.site.receives(ONE, "I am new here").await;
    let shown = desk.get(&path).await;
    assert_eq!(shown["messages"]["items"][0]["text"], "I am new here");
    assert_eq!(shown["messages"]["items"].as_array().map(Vec::len), Some(1));
    let export = desk.get("/api/v1/export?number=%2B447700900201").await;
    assert!(export.to_string().contains("my secret order"), "kept for who must see it");
    opt_out(&desk, ONE).await;
    desk.post(&format!("{path}/new-owner"), json!({})).await;
    assert_eq!(send(&desk, ONE).await, StatusCode::UNPROCESSABLE_ENTITY);
}

/// E95: somebody who opted out and then asked is answered once, by a person who says why.
#[tokio::test(start_paused = true)]
async fn a_question_after_an_opt_out_is_answered_once_with_a_reason() {
    let shop = Shop::open().await;
    let answer = async |class: &str, reason: Option<&str>| {
        let asked = json!({ "to": BOB, "text": "Until six", "class": class, "exception": reason });
        let (status, told) = shop.gateway.call("POST", "/api/v1/messages", Some(asked)).await;
        (status.as_u16(), told["code"].as_str().unwrap_or_default().to_owned())
    };
    let refused = (422, "opted_out".to_owned());
    shop.types(BOB, "stop");
    shop.reads(BOB, 1).await;
    let why = Some("asked about hours");
    assert_eq!(answer("conversation", why).await, refused, "nothing was asked");
    shop.types(BOB, "When do you close?");
    shop.gateway.received(2).await;
    assert_eq!(answer("conversation", None).await, refused);
    assert_eq!(answer("marketing", why).await, refused);
    assert_eq!(answer("conversation", Some(" ")).await, (400, "field_invalid".to_owned()));
    assert_eq!(answer("conversation", why).await.0, 202);
    assert_eq!(shop.reads(BOB, 2).await, "Until six", "asked again at the hand-over, and it went");
    assert_eq!(answer("conversation", why).await, refused, "one message");
    let (_, audit) = shop.gateway.call("GET", "/api/v1/audit", None).await;
    assert!(audit.to_string().contains("consent.exception"), "{audit}");
    let number = Number::E164(BOB.to_owned());
    let standing = shop.gateway.store.read(move |tx| tx.is_opted_out(&number)).await;
    assert!(standing.expect("readable"), "still out");
}

/// E121: two answer at once: the second is shown the first's words before both go out.
#[tokio::test]
async fn a_second_answer_is_asked_about() {
    let desk = Desk::new().await;
    desk.line(json!({ "claim_policy": "soft" })).await;
    let (ann, ben) = (desk.user("ann", "agent", 101).await, desk.user("ben", "agent", 102).await);
    let id = desk.site.receives(ONE, "Are you open?").await.to_string();
    let answer = async |who: &str, text: &str, confirm: bool| {
        let body = json!({ "to": ONE, "text": text, "last_seen": id, "confirm": confirm });
        desk.post(&format!("/api/v1/messages?as={who}"), body).await
    };
    assert_eq!(answer(&ann, "Yes, until six", false).await.status, StatusCode::ACCEPTED);
    assert_eq!(answer(&ann, "See you!", false).await.status, StatusCode::ACCEPTED, "one's own");
    // Who holds it is asked first; then, on a line without claims, who has answered.
    desk.line(json!({ "claim_policy": "off" })).await;
    let asked = answer(&ben, "Yes", false).await;
    assert!(asked.text.contains("See you!") && asked.text.contains("ann"), "{}", asked.text);
    assert_eq!(code(asked), "answered_meanwhile");
    assert_eq!(answer(&ben, "Yes", true).await.status, StatusCode::ACCEPTED);
    let wrong = json!({ "to": ONE, "text": "x", "last_seen": "soon" });
    assert_eq!(code(desk.post("/api/v1/messages", wrong).await), "field_invalid");
}

/// S68, E127: closing takes a conversation off the open list; what is scheduled stays and is told.
#[tokio::test]
async fn closing_says_what_is_still_scheduled() {
    let desk = Desk::new().await;
    let thread = desk.thread(ONE, "hello").await;
    let later = json!({ "to": ONE, "text": "Reminder", "send_at": "2026-11-22T09:00:00Z" });
    assert_eq!(desk.post("/api/v1/messages", later).await.status, StatusCode::ACCEPTED);
    let open = async || desk.get("/api/v1/conversations?tab=active").await["items"].clone();
    assert_eq!(open().await.as_array().map(Vec::len), Some(1));
    let closed =
        desk.post(&format!("/api/v1/conversations/{thread}/close"), json!({})).await.json();
    assert_eq!((&closed["closed"], &closed["scheduled"]), (&json!(true), &json!(1)));
    assert_eq!(open().await, json!([]));
    let tab = desk.get("/api/v1/conversations?tab=closed").await;
    assert_eq!(tab["items"][0]["id"], json!(thread));
    let waiting = desk.get("/api/v1/messages?state=queued").await;
    assert_eq!(waiting["items"][0]["text"], "Reminder");
}

/// S3: pictures are refused before anything is sent, in words.
#[tokio::test]
async fn media_is_refused_with_a_reason() {
    let desk = Desk::new().await;
    let picture = json!({ "to": ONE, "text": "Look", "media": ["https://example.org/cat.jpg"] });
    let answer = desk.post("/api/v1/messages", picture).await;
    assert!(answer.text.contains("link"), "{}", answer.text);
    assert_eq!(code(answer), "media_not_possible");
    assert_eq!(desk.site.texts().await, 0);
}

/// S99, S105, E122: the lines are downloaded with what a registration asks for; users are told or
/// switched off, never on with nobody; the time of idle claims is the line's.
#[tokio::test]
async fn a_line_says_whom_it_tells_and_is_downloaded() {
    let desk = Desk::new().await;
    let ann = desk.user("ann", "agent", 101).await;
    assert_eq!(code(desk.line(json!({ "notify": true })).await), "notified_user_required");
    let told = desk.line(json!({ "notified_users": [{ "user": ann, "sms": true }] })).await.json();
    assert_eq!(told["notify"], json!(true));
    let path = format!("/api/v1/users/{ann}");
    assert_eq!(code(desk.call(Method::DELETE, &path, json!({})).await), "user_in_use");
    assert_eq!(code(desk.line(json!({ "notified_users": [] })).await), "notified_user_required");
    let off = desk.line(json!({ "notified_users": [], "notify": false })).await;
    assert_eq!(off.json()["notify"], json!(false), "{}", off.text);
    assert_eq!(
        code(desk.line(json!({ "notify": true, "name": "x" })).await),
        "notified_user_required"
    );
    assert_eq!(code(desk.line(json!({ "claims_idle": 1 })).await), "field_invalid");
    assert_eq!(desk.line(json!({ "claims_idle": 30 })).await.json()["claims_idle"], json!(30));
    let quiet = desk.line(json!({ "quiet_hours": { "from": "20:00", "to": "09:00" } })).await;
    assert_eq!(quiet.json()["quiet_hours"]["from"], "20:00", "{}", quiet.text);
    assert_eq!(desk.line(json!({ "quiet_hours": "off" })).await.json()["quiet_hours"], "off");
    assert_eq!(code(desk.line(json!({ "quiet_hours": { "from": "8pm" } })).await), "field_invalid");
    desk.line(json!({ "name": "=Front desk" })).await;
    let token = desk.site.token(&["read"]).await;
    let file = desk.site.get("/api/v1/lines.csv", &token).await;
    assert!(file.header("content-type").starts_with("text/csv"), "{}", file.text);
    assert!(file.text.contains("\"'=Front desk\",\"+447700900001\""), "{}", file.text);
}

/// S90, C19: who was asked and is silent stands in the results and in the file of answers; a text is
/// counted as its reader will get it.
#[tokio::test]
async fn results_are_a_file_and_a_text_is_counted_when_it_is_merged() {
    let desk = Desk::new().await;
    contact(&desk, "Wilhelmina-Charlotte", &[ONE]).await;
    let poll = json!({ "name": "Colours", "kind": "poll", "text": "A red, B blue?", "options": ["A", "B"] });
    let poll = desk.made("/api/v1/prompts", poll).await;
    let asked =
        desk.post(&format!("/api/v1/prompts/{poll}/ask"), json!({ "to": [ONE, TWO] })).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.text);
    let results = desk.get(&format!("/api/v1/prompts/{poll}/results")).await;
    assert_eq!((&results["asked"], &results["silent"]), (&json!(2), &json!(2)));
    let (id, now) = (poll.parse().map(PromptId).unwrap(), desk.site.app.now());
    let text = desk.site.receives(ONE, "B").await;
    let one = Number::E164(ONE.to_owned());
    let kept = desk.site.app.store.write(move |tx| tx.keep_answer(id, &one, "B", None, text, now));
    kept.await.expect("an answer");
    let token = desk.site.token(&["read"]).await;
    let file = desk.site.get(&format!("/api/v1/prompts/{poll}/results.csv"), &token).await;
    assert!(file.header("content-type").starts_with("text/csv"), "{}", file.text);
    let rows = format!(
        "at,number,answer,asked_at\r\n\"{now}\",\"{ONE}\",\"B\",\"{now}\"\r\n\
         \"\",\"{TWO}\",\"\",\"{now}\"\r\n"
    );
    assert_eq!(file.text, rows);
    let results = desk.get(&format!("/api/v1/prompts/{poll}/results")).await;
    assert_eq!((&results["votes"]["B"], &results["silent"]), (&json!(1), &json!(1)));
    let silent = json!([{ "number": TWO, "asked_at": now.to_string() }]);
    assert_eq!(results["non_answers"], silent);

    let text = format!("Dear {{{{ first_name }}}}, {}", "x".repeat(135));
    let plain = desk.post("/api/v1/messages/count", json!({ "text": "Hello" })).await.json();
    assert_eq!(plain["segments"], 1);
    let merged = desk.post("/api/v1/messages/count", json!({ "text": text, "to": ONE })).await;
    assert_eq!(merged.json()["segments"], 2, "{}", merged.text);
    let nobody = desk.post("/api/v1/messages/count", json!({ "text": text, "to": TWO })).await;
    assert_eq!(code(nobody), "merge_field_missing");
}

/// Bad input of the issue: ten megabytes of text are refused before they are read.
#[tokio::test]
async fn ten_megabytes_are_refused_and_nothing_is_kept() {
    let desk = Desk::new().await;
    let huge = "x".repeat(10 * 1024 * 1024);
    for (path, body) in [
        ("/api/v1/messages", json!({ "to": ONE, "text": huge })),
        ("/api/v1/templates", json!({ "name": "huge", "text": huge })),
        ("/api/v1/rules/test", json!({ "text": huge })),
    ] {
        assert_eq!(code(desk.post(path, body).await), "body_too_large", "{path}");
    }
    assert_eq!(desk.site.texts().await, 0);
    assert_eq!(desk.get("/api/v1/templates").await["items"], json!([]));
}
