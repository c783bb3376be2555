//! The JSON interface as a program meets it: what it queues, lists and refuses.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use simgate::store::{Message, MessageQuery};
use simgate::types::{MessageId, MessageState};
use simgate::web::{Code, LocalAdmin, Settings, document, routes};

use crate::site::{Site, get, post, request};

const TO: &str = "+447700900123";

#[tokio::test]
async fn a_text_is_queued_and_answered_with_what_it_costs() {
    let site = Site::new().await;
    let token = site.token(&["send", "read"]).await;
    let text = "a".repeat(161);
    let asked = json!({ "to": "07700 900123", "text": text, "tag": "case 7", "valid_for": "2h" });
    let queued = site.post("/api/v1/messages", &token, asked).await;
    assert_eq!(queued.status, StatusCode::ACCEPTED, "{}", queued.text);
    let queued = queued.json();
    assert_eq!(queued["state"], "queued");
    assert_eq!((&queued["segments"], &queued["alphabet"]), (&json!(2), &json!("gsm7")));
    assert!(queued["id"].is_string() && queued["conversation_id"].is_string());

    let path = format!("/api/v1/messages/{}", queued["id"].as_str().unwrap());
    let message = site.get(&path, &token).await.json();
    assert_eq!((&message["number"], &message["tag"]), (&json!(TO), &json!("case 7")));
    assert_eq!(message["created_at"], "2026-11-21T09:10:00.000Z");
    assert_eq!(message["author"]["kind"], "token");
    assert_eq!(message["custody"][0]["event"], "queued");
    assert_eq!((&message["trace"], &message["segment_list"]), (&json!([]), &json!([])));
}

/// Fault 79: a client that asks again because the first answer was lost sends nothing twice.
#[tokio::test]
async fn a_repeated_key_queues_nothing_more_and_another_body_is_a_conflict() {
    let site = Site::new().await;
    let token = site.token(&["send"]).await;
    let call = |token: &str, text: &str| {
        let mut call = post("/api/v1/messages", token, json!({ "to": TO, "text": text }));
        call.headers_mut().insert("idempotency-key", "8e03978e".parse().unwrap());
        call
    };
    let first = site.ask(call(&token, "once")).await;
    let again = site.ask(call(&token, "once")).await;
    assert_eq!((first.status, first.json()), (again.status, again.json()));
    let other = site.ask(call(&token, "twice")).await;
    assert_eq!((other.status, other.code()), (StatusCode::CONFLICT, "idempotency_conflict".into()));
    assert_eq!(site.texts().await, 1);
    // Another program may use the same key.
    let stranger = site.token(&["send"]).await;
    assert_eq!(site.ask(call(&stranger, "once")).await.status, StatusCode::ACCEPTED);
    assert_eq!(site.texts().await, 2);
}

/// S34, and every refusal of a text: a stable code, words for a person, nothing queued.
#[tokio::test]
async fn what_cannot_be_sent_is_refused_with_its_code_and_nothing_is_queued() {
    let site = Site::new().await;
    let token = site.token(&["send"]).await;
    let table = [
        (json!({ "to": "nobody", "text": "x" }), 422, "number_invalid"),
        (json!({ "to": "+44770090012312345678", "text": "x" }), 422, "number_invalid"),
        (json!({ "to": TO, "text": " \n " }), 422, "text_empty"),
        (json!({ "to": TO, "text": "é".repeat(39_017) }), 413, "body_too_large"),
        (json!({ "to": TO, "text": "x".repeat(39_016) }), 422, "text_too_long"),
        (json!({ "to": TO, "text": "x", "line": "99" }), 422, "line_unknown"),
        (json!({ "to": TO, "text": "x", "tag": "t".repeat(51) }), 422, "tag_too_long"),
        (json!({ "to": TO, "text": "x", "class": "consent" }), 400, "field_invalid"),
        (json!({ "to": TO, "text": "x", "send_at": "tomorrow" }), 422, "time_invalid"),
        (json!({ "to": TO, "text": "x", "send_at": "2031-01-01T00:00:00Z" }), 422, "time_invalid"),
        (json!({ "to": TO, "text": "x", "valid_for": "0s" }), 422, "time_invalid"),
        (json!({ "to": TO, "text": "x", "response_emails": ["a b@c"] }), 400, "field_invalid"),
        (
            json!({ "to": TO, "text": "x", "response_emails": vec!["a@b"; 21] }),
            400,
            "field_invalid",
        ),
        (json!({ "to": TO, "text": "x", "colour": "red" }), 400, "unknown_field"),
        (json!({ "to": TO }), 400, "field_invalid"),
        (json!({ "to": [TO], "text": "x" }), 400, "field_invalid"),
        (json!({ "to": TO, "text": "x".repeat(70_000) }), 413, "body_too_large"),
    ];
    for (body, status, code) in table {
        let shown: String = body.to_string().chars().take(80).collect();
        let refused = site.post("/api/v1/messages", &token, body).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (status, code), "{shown}");
        assert!(!refused.json()["detail"].as_str().unwrap().is_empty(), "{shown}");
    }
    assert_eq!(site.texts().await, 0);
}

/// Fault 103: what is no JSON, or too deep, or not UTF-8, is refused without work.
#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let site = Site::new().await;
    let token = site.token(&["send"]).await;
    let deep = "[".repeat(20_000);
    let bodies: [(&[u8], &str, u16, &str); 5] = [
        (b"{", "application/json", 400, "json_invalid"),
        (b"\xff\xfe{}", "application/json", 400, "json_invalid"),
        (deep.as_bytes(), "application/json", 400, "field_invalid"),
        (b"{}", "text/plain", 415, "media_type_unsupported"),
        (b"to=1&text=2", "application/x-www-form-urlencoded", 415, "media_type_unsupported"),
    ];
    for (body, kind, status, code) in bodies {
        let call = request(Method::POST, "/api/v1/messages")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, kind);
        let refused = site.ask(call.body(Body::from(body.to_vec())).unwrap()).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (status, code));
    }
    assert_eq!(site.texts().await, 0);
}

#[tokio::test]
async fn a_batch_queues_the_good_and_names_the_bad_in_order() {
    let site = Site::new().await;
    let token = site.token(&["send"]).await;
    let good = |n: u32| json!({ "to": format!("+4477009001{n:02}"), "text": format!("no {n}") });
    let batch = json!({ "messages": [good(1), { "to": "nobody", "text": "x" }, good(2)] });
    let call = |batch: &Value| {
        let mut call = post("/api/v1/messages/batch", &token, batch.clone());
        call.headers_mut().insert("idempotency-key", "b1".parse().unwrap());
        call
    };
    let first = site.ask(call(&batch)).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.text);
    let items = first.json()["items"].clone();
    assert_eq!(
        (&items[0]["status"], &items[0]["message"]["state"]),
        (&json!(202), &json!("queued"))
    );
    assert_eq!(items[1]["problem"]["code"], "number_invalid");
    assert_eq!(items[2]["status"], 202);
    assert_eq!(site.ask(call(&batch)).await.json()["items"], items);
    assert_eq!(site.texts().await, 2);
    let other = site.ask(call(&json!({ "messages": [good(3)] }))).await;
    assert_eq!(other.code(), "idempotency_conflict");

    let all: Vec<Value> = (0..1_000).map(|n| json!({ "to": TO, "text": format!("{n}") })).collect();
    let whole = site.post("/api/v1/messages/batch", &token, json!({ "messages": all })).await;
    assert_eq!(whole.json()["items"].as_array().unwrap().len(), 1_000);
    let one_more: Vec<Value> = vec![good(4); 1_001];
    let refused =
        site.post("/api/v1/messages/batch", &token, json!({ "messages": one_more })).await;
    assert_eq!(refused.code(), "batch_too_large");
    let bad = json!({ "messages": [{ "to": "nobody", "text": "x" }] });
    let refused = site.post("/api/v1/messages/batch", &token, bad).await;
    assert_eq!(refused.code(), "batch_refused");
    assert_eq!(refused.json()["items"][0]["problem"]["code"], "number_invalid");
    let unknown = json!({ "messages": [{ "to": TO, "text": "x", "colour": 1 }] });
    let refused = site.post("/api/v1/messages/batch", &token, unknown).await;
    assert_eq!(refused.code(), "unknown_field");
}

#[tokio::test]
async fn messages_are_listed_in_order_of_arrival_page_by_page_and_filtered() {
    let site = Site::new().await;
    let token = site.token(&["send", "read"]).await;
    for n in 0..5 {
        site.receives(TO, &format!("in {n}")).await;
    }
    site.receives("MyBank", "a code").await;
    site.later(1);
    site.post("/api/v1/messages", &token, json!({ "to": TO, "text": "out" })).await;

    let first = site.get("/api/v1/messages?limit=4", &token).await.json();
    let next = first["next"].as_str().unwrap().to_owned();
    let second = site.get(&format!("/api/v1/messages?limit=4&after={next}"), &token).await.json();
    let pages = [&first["items"], &second["items"]];
    let both: Vec<&Value> = pages.iter().flat_map(|page| page.as_array().unwrap()).collect();
    assert_eq!((both.len(), &second["next"]), (7, &Value::Null));
    assert!(both.windows(2).all(|pair| pair[0]["seq"].as_i64() < pair[1]["seq"].as_i64()));

    for (filter, count) in [
        ("direction=in", 6),
        ("direction=out&state=queued", 1),
        ("number=%2B447700900123", 6),
        ("number=+447700900123", 6),
        ("number=07700900123", 0),
        ("number=MyBank", 1),
        ("line=%2B447700900001", 7),
    ] {
        let found = site.get(&format!("/api/v1/messages?{filter}"), &token).await.json();
        assert_eq!(found["items"].as_array().unwrap().len(), count, "{filter}");
    }
    for (filter, code) in [
        ("limit=0", "field_invalid"),
        ("limit=501", "field_invalid"),
        ("after=x", "cursor_invalid"),
        ("state=lost", "field_invalid"),
        ("line=nope", "field_invalid"),
        ("colour=red", "unknown_field"),
    ] {
        let refused = site.get(&format!("/api/v1/messages?{filter}"), &token).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (StatusCode::BAD_REQUEST, code),
            "{filter}"
        );
    }
    assert_eq!(site.get("/api/v1/messages/99", &token).await.code(), "not_found");
    assert_eq!(site.get("/api/v1/messages/abc", &token).await.code(), "not_found");

    let conversations = site.get("/api/v1/conversations", &token).await.json();
    assert_eq!(conversations["items"].as_array().unwrap().len(), 2);
    let newest = &conversations["items"][0];
    assert_eq!((&newest["number"], &newest["answered"]), (&json!(TO), &json!(true)));
    let path = format!("/api/v1/conversations/{}", newest["id"].as_str().unwrap());
    let whole = site.get(&path, &token).await.json();
    assert_eq!(whole["messages"]["items"].as_array().unwrap().len(), 6);
}

#[tokio::test]
async fn a_message_is_taken_back_sent_again_or_given_up_as_its_state_allows() {
    let site = Site::new().await;
    let token = site.token(&["send", "read"]).await;
    let asked = json!({ "to": TO, "text": "hello" });
    let queued = site.post("/api/v1/messages", &token, asked.clone()).await.json();
    let path = |id: &Value, act: &str| format!("/api/v1/messages/{}/{act}", id.as_str().unwrap());
    let dropped = site.post(&path(&queued["id"], "drop"), &token, json!({})).await;
    assert_eq!((dropped.status, dropped.code().as_str()), (StatusCode::CONFLICT, "conflict"));
    let taken = site.post(&path(&queued["id"], "cancel"), &token, json!({})).await;
    assert_eq!((taken.status, &taken.json()["state"]), (StatusCode::OK, &json!("cancelled")));
    assert_eq!(
        site.post(&path(&queued["id"], "cancel"), &token, json!({})).await.code(),
        "conflict"
    );
    let again = site.post(&path(&queued["id"], "resend"), &token, json!({})).await;
    assert_eq!(again.json()["state"], "queued");

    // D18: marketing needs recorded consent.
    let sale = json!({ "to": TO, "text": "sale", "class": "marketing" });
    let refused = site.post("/api/v1/messages", &token, sale).await;
    assert_eq!(refused.code(), "marketing_consent_missing");

    let inbound = site.receives(TO, "hi").await;
    let refused = site.post(&format!("/api/v1/messages/{inbound}/resend"), &token, json!({})).await;
    assert_eq!(refused.code(), "conflict");
    assert_eq!(
        site.post("/api/v1/messages/99/cancel", &token, json!({})).await.code(),
        "not_found"
    );
    assert_eq!(states(&site).await.last(), Some(&MessageState::Received));
}

async fn states(site: &Site) -> Vec<MessageState> {
    let read = site.app.store.read(|tx| tx.messages(&MessageQuery::default())).await.unwrap();
    read.iter().map(|message: &Message| message.state).collect()
}

#[tokio::test]
async fn a_token_is_shown_once_ends_when_revoked_and_expires() {
    let site = Site::new().await;
    let admin = site.token(&["admin"]).await;
    let asked = json!({ "name": "till", "scopes": ["read"], "expires_at": "2026-11-21T10:00:00Z" });
    let made = site.post("/api/v1/tokens", &admin, asked).await.json();
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("sg_") && token.len() == 67, "{token}");
    assert_eq!(site.get("/api/v1/lines", token).await.status, StatusCode::OK);

    let list = site.get("/api/v1/tokens", &admin).await;
    assert!(!list.text.contains(token));
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 2);
    site.later(3_600);
    assert_eq!(site.get("/api/v1/lines", token).await.code(), "unauthorized");

    let made =
        site.post("/api/v1/tokens", &admin, json!({ "name": "x", "scopes": ["read"] })).await;
    let (id, token) = (made.json()["id"].clone(), made.json()["token"].clone());
    let revoke = |id: &Value| {
        let call = request(Method::DELETE, &format!("/api/v1/tokens/{}", id.as_str().unwrap()));
        call.header(header::AUTHORIZATION, format!("Bearer {admin}")).body(Body::empty()).unwrap()
    };
    assert_eq!(site.ask(revoke(&id)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(site.ask(revoke(&id)).await.code(), "not_found");
    assert_eq!(site.get("/api/v1/lines", token.as_str().unwrap()).await.code(), "unauthorized");

    for (body, code) in [
        (json!({ "name": "", "scopes": ["read"] }), "field_invalid"),
        (json!({ "name": "x", "scopes": [] }), "scope_unknown"),
        (json!({ "name": "x", "scopes": ["root"] }), "scope_unknown"),
        (json!({ "name": "x", "scopes": ["read"], "line": "7" }), "line_unknown"),
        (
            json!({ "name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z" }),
            "time_invalid",
        ),
    ] {
        assert_eq!(site.post("/api/v1/tokens", &admin, body).await.code(), code);
    }
}

/// A token of one line neither sees nor uses another, and cannot change what belongs to all.
#[tokio::test]
async fn a_token_of_one_line_knows_no_other() {
    let site = Site::new().await;
    let other = site.line("8944110000000000002", "+447700900002").await;
    site.receives(TO, "on the first line").await;
    let bound = site.bound_token(&["admin"], Some(other)).await;
    assert_eq!(site.get("/api/v1/messages", &bound).await.json()["items"], json!([]));
    assert_eq!(site.get("/api/v1/messages/1", &bound).await.code(), "not_found");
    assert_eq!(
        site.get("/api/v1/lines", &bound).await.json()["items"].as_array().unwrap().len(),
        1
    );
    assert_eq!(site.get("/api/v1/messages?line=1", &bound).await.code(), "field_invalid");
    let foreign = json!({ "to": TO, "text": "x", "line": "1" });
    assert_eq!(site.post("/api/v1/messages", &bound, foreign).await.code(), "line_unknown");
    let own = site.post("/api/v1/messages", &bound, json!({ "to": TO, "text": "x" })).await;
    assert_eq!(own.json()["line"], other.to_string());
    assert_eq!(site.get("/api/v1/tokens", &bound).await.code(), "forbidden");
}

#[tokio::test]
async fn a_button_press_becomes_an_order_that_stays_readable() {
    let site = Site::new().await;
    let now = site.app.now();
    let seen = simgate::store::SeenModem { port: "/dev/ttyUSB0".into(), ..Default::default() };
    let modem = site.app.store.write(move |tx| tx.upsert_modem(&seen, now)).await.unwrap();
    let admin = site.token(&["admin"]).await;
    let listed = site.get("/api/v1/modems", &admin).await.json();
    assert_eq!(listed["items"][0]["id"], modem.to_string());

    let path = format!("/api/v1/modems/{modem}/ussd");
    let order = site.post(&path, &admin, json!({ "code": "*100#" })).await;
    assert_eq!(order.status, StatusCode::ACCEPTED, "{}", order.text);
    let read = format!("/api/v1/orders/{}", order.json()["id"].as_str().unwrap());
    assert_eq!(site.get(&read, &admin).await.json()["state"], "waiting");
    // 3.1: no quote and no line end reaches a command line.
    for code in ["", "*100#\r\nAT+CMGD=1,4", "\"*1#", "abc"] {
        assert_eq!(site.post(&path, &admin, json!({ "code": code })).await.code(), "field_invalid");
    }
    let restart = site.post(&format!("/api/v1/modems/{modem}/restart"), &admin, json!({})).await;
    assert_eq!(restart.json()["kind"], "restart");
    assert_eq!(site.post("/api/v1/modems/9/restart", &admin, json!({})).await.code(), "not_found");
}

#[tokio::test]
async fn without_a_sim_a_text_is_refused_in_words() {
    let site = Site::without_line(Settings::default()).await;
    let token = site.token(&["send"]).await;
    let refused = site.post("/api/v1/messages", &token, json!({ "to": TO, "text": "x" })).await;
    assert_eq!(refused.code(), "line_unknown");
    assert!(refused.json()["detail"].as_str().unwrap().contains("Plug in a modem"));
}

/// Fault 67: with no room nothing is taken, and the caller is told to come back.
#[tokio::test]
async fn a_full_disk_refuses_new_texts_and_says_so() {
    let site = Site::with(Settings { room_needed: u64::MAX / 8, ..Settings::default() }).await;
    let token = site.token(&["send", "read"]).await;
    let refused = site.post("/api/v1/messages", &token, json!({ "to": TO, "text": "x" })).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, "storage_low")
    );
    assert_eq!(refused.header("retry-after"), "60");
    assert_eq!(site.get("/readyz", "").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let health = site.get("/healthz", &token).await;
    assert_eq!(
        (health.status, &health.json()["disk"]["status"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("failed"))
    );
    assert_eq!(site.texts().await, 0);
}

#[tokio::test]
async fn health_gives_its_verdict_to_all_and_its_reasons_to_readers() {
    let site = Site::new().await;
    let token = site.token(&["read"]).await;
    assert_eq!(site.get("/livez", "").await.text, "ok\n");
    assert_eq!(site.get("/readyz", "").await.text, "ok\n");
    assert_eq!(site.get("/healthz", "").await.json(), json!({ "status": "degraded" }));
    let whole = site.get("/healthz", &token).await.json();
    assert_eq!((&whole["store"]["status"], &whole["modems"]), (&json!("ok"), &json!([])));

    let metrics = site.get("/metrics", &token).await;
    assert!(metrics.header("content-type").starts_with("application/openmetrics-text"));
    assert!(metrics.text.ends_with("# EOF\n"));
    assert!(metrics.text.contains("simgate_open_messages{state=\"queued\"} 0"), "{}", metrics.text);
}

/// Fault 81: what failed and was started anew is counted, and shown for a day.
#[tokio::test]
async fn a_part_that_failed_is_counted_and_shown_for_a_day() {
    let site = Site::new().await;
    let (token, cookie) = (site.token(&["read"]).await, site.cookie().await);
    let said = "A part of it (mailbox) failed";
    assert!(!site.page("/health", &cookie).await.text.contains("failed"));
    for _ in 0..2 {
        let now = site.app.now();
        site.app.store.write(move |tx| tx.count_panic("mailbox", now)).await.unwrap();
    }
    let metrics = site.get("/metrics", &token).await.text;
    assert!(metrics.contains("simgate_panics_total{task=\"mailbox\"} 2"), "{metrics}");
    let page = site.page("/health", &cookie).await.text;
    assert!(page.contains(said), "{page}");
    site.later(25 * 3_600);
    let cookie = site.cookie().await;
    assert!(!site.page("/health", &cookie).await.text.contains(said));
}

/// S58: the stream gives what was committed after the last event known, once, and goes on from there.
#[tokio::test]
async fn an_event_stream_resumes_after_the_last_event_known() {
    let site = Site::new().await;
    let token = site.token(&["read"]).await;
    let mut events = site.open(get("/api/v1/events", &token)).await;
    let id = site.receives(TO, "first").await;
    let first = message_event(&mut events, id).await;
    assert!(first.contains("\"text\":\"first\""), "{first}");
    drop(events);

    let missed = site.receives(TO, "while away").await;
    let last: String = first.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    let mut resumed = get("/api/v1/events", &token);
    resumed.headers_mut().insert("last-event-id", last.parse().unwrap());
    let mut events = site.open(resumed).await;
    assert!(message_event(&mut events, missed).await.contains("while away"));
    let live = site.receives(TO, "live\nagain").await;
    assert!(message_event(&mut events, live).await.contains("live\\nagain"));
}

/// The next event about a message; those about its conversation are passed over.
async fn message_event(events: &mut crate::site::Events, id: MessageId) -> String {
    loop {
        let event = events.next().await;
        if event.contains("event: message") {
            assert!(event.contains(&format!("\"id\":\"{id}\"")), "{event}");
            return event;
        }
    }
}

#[tokio::test]
async fn too_many_streams_are_refused_before_they_cost_anything() {
    let site = Site::with(Settings { streams: 1, ..Settings::default() }).await;
    let token = site.token(&["read"]).await;
    let open = site.open(get("/api/v1/events", &token)).await;
    assert_eq!(site.get("/api/v1/events", &token).await.code(), "too_many_streams");
    drop(open);
    site.open(get("/api/v1/events", &token)).await;
}

/// The Unix socket belongs to the owner of the data folder: the system has checked who that is.
#[tokio::test]
async fn the_owner_of_the_socket_needs_no_token() {
    let site = Site::new().await;
    let mut call = request(Method::GET, "/api/v1/tokens").body(Body::empty()).unwrap();
    call.headers_mut().insert(header::HOST, "socket".parse().unwrap());
    call.extensions_mut().insert(LocalAdmin);
    assert_eq!(site.ask(call).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_openapi_document_describes_every_route_and_no_other() {
    let site = Site::new().await;
    let document = serde_json::to_value(document()).unwrap();
    let mut described: Vec<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            let verbs = item.as_object().unwrap().keys();
            verbs.map(move |verb| format!("{} {path}", verb.to_uppercase()))
        })
        .collect();
    let machines = ["/livez", "/readyz", "/healthz", "/metrics"];
    let mut mounted: Vec<String> = routes(site.app.clone())
        .into_iter()
        .filter(|route| route.path.starts_with("/api/") || machines.contains(&route.path))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    described.sort();
    mounted.sort();
    assert_eq!(described, mounted);
    let served = site.get("/api/v1/openapi.json", "").await;
    assert_eq!(served.json()["openapi"], "3.1.0");
}

/// docs/reference/api.md tells every code and every call.
#[test]
fn the_reference_page_names_every_code() {
    let page = include_str!("../../docs/reference/api.md");
    for code in Code::ALL {
        assert!(page.contains(&format!("`{}`", code.word())), "{}", code.word());
    }
}
