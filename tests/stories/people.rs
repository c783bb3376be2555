//! People, lines and conversations as a program meets them: what is kept, refused, claimed, found.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use simgate::web::{Code, Settings};

use crate::site::{Answer, Site, request};

/// A site with an admin's token, and calls by it.
pub struct Desk {
    pub site: Site,
    token: String,
}

impl Desk {
    pub async fn new() -> Desk {
        let country = Some("GB".parse().unwrap());
        let site = Site::with(Settings { country, ..Settings::default() }).await;
        let token = site.token(&["admin"]).await;
        Desk { site, token }
    }

    pub async fn call(&self, method: Method, path: &str, body: Value) -> Answer {
        let request = request(method, path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json");
        self.site.ask(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.site.get(path, &self.token).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
        answer.json()
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PATCH, path, body).await
    }

    /// The id of what was made.
    pub async fn made(&self, path: &str, body: Value) -> String {
        let answer = self.post(path, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{path}: {}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub async fn user(&self, first: &str, role: &str, phone: u32) -> String {
        let phone = format!("07700 900{phone:03}");
        let email = format!("{first}@example.org");
        let user = json!({ "first_name": first, "last_name": "B", "email": email, "phone": phone, "role": role });
        self.made("/api/v1/users", user).await
    }

    /// The conversation with a number that wrote.
    pub async fn thread(&self, from: &str, text: &str) -> String {
        self.site.receives(from, text).await;
        let list = self.get("/api/v1/conversations").await;
        list["items"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Sets the first line.
    pub async fn line(&self, set: Value) -> Answer {
        self.patch("/api/v1/lines/1", set).await
    }
}

pub fn code(answer: Answer) -> String {
    answer.code()
}

/// E130: a contact keeps its numbers in E.164, whatever form they were written in.
#[tokio::test]
async fn a_contact_is_kept_changed_found_and_forgotten() {
    let desk = Desk::new().await;
    let new = json!({
        "first_name": "Alisha", "last_name": "Brown", "language": "EN",
        "numbers": ["07700 900123", "0044 7700 900124"], "fields": { "plan": "gold" },
    });
    let id = desk.made("/api/v1/contacts", new).await;
    let path = format!("/api/v1/contacts/{id}");
    let kept = desk.get(&path).await;
    assert_eq!(kept["numbers"], json!(["+447700900123", "+447700900124"]));
    assert_eq!((&kept["language"], &kept["fields"]["plan"]), (&json!("en"), &json!("gold")));
    let changed = desk.patch(&path, json!({ "last_name": "Blue", "language": null })).await.json();
    assert_eq!((&changed["first_name"], &changed["last_name"]), (&json!("Alisha"), &json!("Blue")));
    assert_eq!(changed["language"], json!(null));
    for query in ["q=alisha%20blu", "q=900124", "number=%2B447700900123"] {
        let found = desk.get(&format!("/api/v1/contacts?{query}")).await;
        assert_eq!(found["items"][0]["id"], json!(id), "{query}");
    }
    let thread = desk.thread("+447700900123", "hi").await;
    let seen = desk.get(&format!("/api/v1/conversations/{thread}")).await;
    assert_eq!((&seen["contact_id"], &seen["contact_name"]), (&json!(id), &json!("Alisha Blue")));
    assert_eq!(desk.call(Method::DELETE, &path, json!({})).await.status, StatusCode::NO_CONTENT);
    assert_eq!(desk.call(Method::DELETE, &path, json!({})).await.status, StatusCode::NOT_FOUND);
    let seen = desk.get(&format!("/api/v1/conversations/{thread}")).await;
    assert_eq!(
        (&seen["contact_id"], &seen["messages"]["items"][0]["text"]),
        (&json!(null), &json!("hi"))
    );
}

/// Bad input of the issue: a clear code each, nothing kept.
#[tokio::test]
async fn a_contact_that_cannot_be_kept_says_why() {
    let desk = Desk::new().await;
    let refused = [
        (json!({ "first_name": "A", "number": "x" }), "unknown_field"),
        (json!({ "first_name": 7 }), "field_invalid"),
        (json!({}), "field_invalid"),
        (json!({ "numbers": ["hello"] }), "number_invalid"),
        (json!({ "first_name": "a\nb" }), "field_invalid"),
        (json!({ "first_name": "a".repeat(101) }), "field_invalid"),
        (json!({ "first_name": "A", "fields": { "a b": "x" } }), "field_invalid"),
        (json!({ "first_name": "A", "language": "english" }), "field_invalid"),
        (json!({ "notes": "x".repeat(70_000) }), "body_too_large"),
    ];
    for (contact, word) in refused {
        assert_eq!(code(desk.post("/api/v1/contacts", contact.clone()).await), word, "{contact}");
    }
    assert_eq!(desk.get("/api/v1/contacts").await["items"], json!([]));
}

/// S106, S107, S108, S136: people with a login and people who are only told.
#[tokio::test]
async fn a_user_needs_what_their_role_needs() {
    let desk = Desk::new().await;
    let admin = desk.user("ann", "admin", 101).await;
    for missing in ["first_name", "last_name", "email", "phone"] {
        let mut told = json!({ "first_name": "T", "last_name": "B", "email": "t@example.org", "phone": "07700900102", "role": "notified" });
        told.as_object_mut().unwrap().remove(missing);
        assert_eq!(code(desk.post("/api/v1/users", told).await), "field_invalid", "{missing}");
    }
    desk.user("tom", "notified", 102).await;
    let again = json!({ "first_name": "X", "email": "ANN@example.org", "role": "agent" });
    assert_eq!(code(desk.post("/api/v1/users", again).await), "email_taken");
    let path = format!("/api/v1/users/{admin}");
    assert_eq!(code(desk.patch(&path, json!({ "role": "agent" })).await), "last_admin");
    assert_eq!(code(desk.patch(&path, json!({ "active": false })).await), "last_admin");
    assert_eq!(code(desk.patch(&path, json!({ "phone": "12345" })).await), "number_invalid");
    assert_eq!(desk.patch(&path, json!({ "duty": false })).await.json()["duty"], json!(false));
}

/// S104, S105, S106, S110, S111, E18, E154, C6, C17: who can be told and relayed to.
#[tokio::test]
async fn a_line_refuses_recipients_that_could_not_be_reached() {
    let desk = Desk::new().await;
    let mut users = Vec::new();
    for n in 1..=6 {
        users.push(desk.user(&format!("u{n}"), "agent", 100 + n).await);
    }
    let bare = desk
        .made(
            "/api/v1/users",
            json!({ "first_name": "N", "email": "n@example.org", "role": "agent" }),
        )
        .await;
    let own = desk.user("own", "agent", 1).await;
    let told = |ids: &[String]| {
        let one = |id: &String| json!({ "user": id, "sms": true });
        json!({ "notified_users": ids.iter().map(one).collect::<Vec<_>>() })
    };
    assert_eq!(desk.line(told(&users[..5])).await.status, StatusCode::OK);
    let refused = [
        (told(&users), "notified_users_too_many"),
        (told(&[]), "notified_user_required"),
        (told(std::slice::from_ref(&bare)), "phone_missing"),
        (told(std::slice::from_ref(&own)), "phone_is_own_line"),
        (json!({ "notified_users": [{ "user": users[0] }] }), "channel_required"),
        (json!({ "notified_users": [{ "user": "77", "sms": true }] }), "user_unknown"),
        (json!({ "response_recipient": own }), "recipient_is_own_line"),
        (json!({ "response_recipient": bare }), "recipient_without_phone"),
        (json!({ "response_recipient": "nobody@example.org" }), "user_unknown"),
        (json!({ "response_emails": vec!["a@example.org"; 21] }), "response_emails_too_many"),
        (json!({ "response_emails": ["nobody"] }), "response_email_invalid"),
        (json!({ "tags": ["x".repeat(51)] }), "tag_too_long"),
    ];
    for (set, word) in refused {
        assert_eq!(code(desk.line(set.clone()).await), word, "{set}");
    }
    let by_address = desk
        .line(json!({ "response_recipient": "u1@example.org", "tags": ["x".repeat(50)] }))
        .await;
    assert_eq!(by_address.json()["response_recipient"], json!(users[0]), "{}", by_address.text);
    let line = desk.get("/api/v1/lines/1").await;
    assert_eq!(
        line["notified_users"].as_array().map(Vec::len),
        Some(5),
        "refusals changed nothing"
    );
    assert_eq!(line["claim_policy"], "strict", "C6: people are notified");
    let path = format!("/api/v1/users/{}", users[0]);
    assert_eq!(code(desk.patch(&path, json!({ "phone": null })).await), "phone_missing");
    assert_eq!(code(desk.patch(&path, json!({ "active": false })).await), "user_in_use");
    assert_eq!(desk.get(&path).await["phone"], "+447700900101", "nothing half-written");
}

/// S6, S98, S100, S101, E105, E160: texts, hours, switch and registration.
#[tokio::test]
async fn a_line_keeps_texts_and_hours_that_the_engine_can_read() {
    let desk = Desk::new().await;
    let fine = json!({
        "name": "Front desk", "country": "gb", "texts": { "opt_in": "Welcome to {{ company }}!", "help": "Call {{ help_contact }}" },
        "business_hours": { "time_zone": "Europe/London", "week": { "mon": ["09:00-17:00"] }, "holidays": ["2026-12-25"] },
        "limits": { "segments_a_day": { "warn": 80, "hold": 100 } }, "claim_policy": "soft", "international": true,
    });
    let set = desk.line(fine).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    let more = desk.line(json!({ "texts": { "help": null, "away": "Closed." } })).await.json();
    assert_eq!(more["texts"], json!({ "opt_in": "Welcome to {{ company }}!", "away": "Closed." }));
    assert_eq!((&more["name"], &more["claim_policy"]), (&json!("Front desk"), &json!("soft")));
    let refused = [
        (json!({ "texts": { "opt_in": "Hi {{ name" } }), "template_invalid"),
        (json!({ "texts": { "opt_in": "{% include 'opt_in' %}" } }), "template_invalid"),
        (json!({ "texts": { "nonsense": "x" } }), "unknown_field"),
        (json!({ "business_hours": { "time_zone": "Mars", "week": {} } }), "hours_invalid"),
        (
            json!({ "business_hours": { "time_zone": "UTC", "week": { "mon": ["9-17h"] } } }),
            "hours_invalid",
        ),
        (json!({ "limits": { "segments_a_day": 3 } }), "field_invalid"),
        (json!({ "country": "Britain" }), "field_invalid"),
        (json!({ "sms": "maybe" }), "field_invalid"),
        (json!({ "colour": "red" }), "unknown_field"),
    ];
    for (set, word) in refused {
        assert_eq!(code(desk.line(set.clone()).await), word, "{set}");
    }
    assert_eq!(
        desk.line(json!({ "sms": "off" })).await.json()["sms"],
        "off",
        "nothing was on its way"
    );
    assert_eq!(code(desk.line(json!({ "sms": "on" })).await), "help_contact_missing");
    let help = json!({ "help_contact": "+44 7700 900000", "registration": "pending", "sms": "on" });
    assert_eq!(code(desk.line(help).await), "registration_missing");
    let on =
        json!({ "help_contact": "+44 7700 900000", "registration": "registered", "sms": "on" });
    assert_eq!(desk.line(on).await.json()["sms"], "pending_on", "no modem has the SIM yet");
    assert_eq!(code(desk.line(json!({ "help_contact": "" })).await), "help_contact_missing");
}

/// S67, S119, S120, S121, S126, C6, C7: claims over the API, and who may do what.
#[tokio::test]
async fn a_claimed_conversation_is_its_claimers_to_answer_and_close() {
    let desk = Desk::new().await;
    let (ann, bob) = (desk.user("ann", "agent", 101).await, desk.user("bob", "agent", 102).await);
    let boss = desk.user("boss", "admin", 103).await;
    let watch = desk.user("eve", "viewer", 104).await;
    desk.line(json!({ "claim_policy": "strict" })).await;
    let thread = desk.thread("+447700900123", "hello").await;
    let path = |act: &str, user: &str| format!("/api/v1/conversations/{thread}/{act}?as={user}");
    let text = |user: &str| format!("/api/v1/messages?as={user}");
    let answer = json!({ "to": "+447700900123", "text": "hi" });
    let nobody = desk.post(&format!("/api/v1/conversations/{thread}/claim"), json!({})).await;
    assert_eq!(code(nobody), "acting_user_required");
    assert_eq!(code(desk.post(&path("claim", &watch), json!({})).await), "forbidden");
    assert_eq!(code(desk.post(&text(&ann), answer.clone()).await), "claim_required");
    let claimed = desk.post(&path("claim", &ann), json!({})).await.json();
    assert_eq!((&claimed["owner"], &claimed["tab"]), (&json!(ann), &json!("active")));
    let lost = desk.post(&path("claim", &bob), json!({})).await;
    assert!(lost.text.contains("ann B"), "the loser learns who: {}", lost.text);
    assert_eq!(code(lost), "claimed_by_other");
    assert_eq!(code(desk.post(&text(&bob), answer.clone()).await), "claimed_by_other");
    assert_eq!(desk.post(&text(&ann), answer.clone()).await.status, StatusCode::ACCEPTED);
    assert_eq!(code(desk.post(&path("close", &bob), json!({})).await), "close_not_allowed");
    assert_eq!(code(desk.post(&path("release", &bob), json!({})).await), "not_yours");
    let to_bob = json!({ "user": bob });
    assert_eq!(code(desk.post(&path("assign", &bob), to_bob.clone()).await), "admin_required");
    let inbox = |user: &str, tab: &str| format!("/api/v1/conversations?tab={tab}&as={user}");
    assert_eq!(desk.get(&inbox(&bob, "team")).await["counts"]["team"], 1);
    let joined = desk.post(&path("participants", &ann), json!({ "add": [bob] })).await.json();
    assert_eq!(joined["participants"], json!([bob]));
    assert_eq!(desk.get(&inbox(&bob, "active")).await["items"][0]["id"], json!(thread));
    assert_eq!(desk.post(&path("close", &bob), json!({})).await.json()["tab"], "closed");
    desk.post(&path("reopen", &bob), json!({})).await;
    let taken = desk.post(&path("assign", &boss), to_bob).await.json();
    assert_eq!(taken["owner"], json!(bob), "an admin takes over");
    let log = desk.get("/api/v1/audit").await;
    let entry = &log["items"][0];
    assert_eq!(
        (&entry["action"], &entry["actor_id"]),
        (&json!("conversation.taken_over"), &json!(boss))
    );
    assert_eq!(entry["detail"]["from"], json!(ann));
    assert!(entry["detail"]["through"].as_str().unwrap().starts_with("token:"));
    desk.line(json!({ "claim_policy": "soft" })).await;
    assert_eq!(code(desk.post(&text(&ann), answer.clone()).await), "claimed_by_other");
    let sure = json!({ "to": "+447700900123", "text": "hi", "confirm": true });
    assert_eq!(desk.post(&text(&ann), sure).await.status, StatusCode::ACCEPTED);
}

/// E120: two hundred claims over HTTP in the same instant have one winner.
#[tokio::test]
async fn two_hundred_claims_over_http_have_one_winner() {
    let desk = Desk::new().await;
    let mut users = Vec::new();
    for n in 0..200 {
        users.push(desk.user(&format!("u{n}"), "agent", 100 + n).await);
    }
    let thread = desk.thread("+447700900999", "hello").await;
    let claim = |user: &String| {
        let path = format!("/api/v1/conversations/{thread}/claim?as={user}");
        let desk = &desk;
        async move { desk.post(&path, json!({})).await.status }
    };
    let statuses = futures_util::future::join_all(users.iter().map(claim)).await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::OK).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::CONFLICT).count(), 199);
}

/// S69, S118, S142, S144..S146, S150, S154, S155, E128: flags, notes, unread, search, opening.
#[tokio::test]
async fn the_inbox_is_read_flagged_noted_and_searched() {
    let desk = Desk::new().await;
    let (ann, bob) = (desk.user("ann", "agent", 101).await, desk.user("bob", "agent", 102).await);
    let thread = desk.thread("+447700900123", "Où est ma commande?").await;
    let inbox = |query: String| {
        let desk = &desk;
        async move { desk.get(&format!("/api/v1/conversations?{query}")).await }
    };
    let act = |act: &str, user: &str| format!("/api/v1/conversations/{thread}/{act}?as={user}");
    assert_eq!(inbox(format!("as={ann}")).await["counts"]["unread"], 1);
    assert_eq!(desk.post(&act("read", &ann), json!({})).await.json()["unread"], 0);
    assert_eq!(inbox(format!("as={bob}")).await["items"][0]["unread"], 1);
    desk.post(&format!("/api/v1/conversations/read?as={bob}"), json!({})).await;
    assert_eq!(inbox(format!("as={bob}")).await["counts"]["unread"], 0);
    desk.post(&act("flag", &ann), json!({ "flag": "call back" })).await;
    desk.post(&act("tags", &ann), json!({ "tags": ["order"] })).await;
    let note = desk.post(&act("notes", &ann), json!({ "text": "Sent on Monday." })).await;
    assert_eq!((note.status, &note.json()["user"]), (StatusCode::CREATED, &json!(ann)));
    for query in ["flag=any", "flag=call%20back", "q=ou%20COMMANDE", "q=900123", "line=1"] {
        assert_eq!(inbox(query.into()).await["items"][0]["id"], json!(thread), "{query}");
    }
    for query in ["flag=other", "q=nothing", "tab=closed"] {
        assert_eq!(inbox(query.into()).await["items"], json!([]), "{query}");
    }
    let whole = desk.get(&format!("/api/v1/conversations/{thread}")).await;
    assert_eq!(whole["notes"][0]["text"], "Sent on Monday.");
    assert_eq!((&whole["flag"], &whole["tags"]), (&json!("call back"), &json!(["order"])));
    desk.post(&act("close", &ann), json!({})).await;
    let opened = desk.post("/api/v1/conversations", json!({ "with": "07700 900123" })).await.json();
    assert_eq!((&opened["id"], &opened["closed"]), (&json!(thread), &json!(false)));
    for bad in ["tab=mine", "line=77", "after=x", "colour=red"] {
        let refused = desk.site.get(&format!("/api/v1/conversations?{bad}"), &desk.token).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{bad}");
    }
}

/// E115, E116, C3, C4: rules and prompts that take consent words, or name what is not there.
#[tokio::test]
async fn rules_and_prompts_are_checked_by_the_engine_before_they_are_kept() {
    let desk = Desk::new().await;
    let ann = desk.user("ann", "agent", 101).await;
    let rule = json!({
        "name": "Prices", "when": { "words": ["price", "prix"], "hours": "open" },
        "then": [{ "reply": "See {{ company }}" }, { "assign": { "user": ann } }, { "notify": "ann@example.org" }, { "tag": "sales" }],
    });
    let id = desk.made("/api/v1/rules", rule).await;
    let kept = desk.get(&format!("/api/v1/rules/{id}")).await;
    assert_eq!(kept["then"][1], json!({ "assign": { "user": ann } }));
    assert_eq!((&kept["then"][2]["notify"], &kept["order"]), (&json!(ann), &json!(10)));
    let off = desk.patch(&format!("/api/v1/rules/{id}"), json!({ "enabled": false })).await.json();
    assert_eq!((&off["enabled"], &off["when"]["words"][1]), (&json!(false), &json!("prix")));
    let rule = |when: Value, then: Value| json!({ "name": "R", "when": when, "then": [then] });
    let tag = json!({ "tag": "x" });
    let words = json!({ "words": ["price"] });
    let refused = [
        (rule(json!({ "words": ["Stop"] }), tag.clone()), "consent_word"),
        (rule(json!({}), tag.clone()), "rule_without_words"),
        (rule(json!({ "pattern": "(" }), tag.clone()), "field_invalid"),
        (rule(json!({ "word": ["x"] }), tag.clone()), "unknown_field"),
        (rule(words.clone(), json!({ "reply": "Hi {{ name" })), "template_invalid"),
        (rule(words.clone(), json!({ "notify": "77" })), "user_unknown"),
        (rule(words.clone(), json!({ "prompt": "77" })), "prompt_unknown"),
        (rule(words.clone(), json!({ "shell": "rm" })), "field_invalid"),
        (rule(words.clone(), json!({ "webhook": "file:///etc/passwd" })), "field_invalid"),
        (rule(words, json!({ "tag": "x".repeat(51) })), "tag_too_long"),
    ];
    for (rule, word) in refused {
        assert_eq!(code(desk.post("/api/v1/rules", rule.clone()).await), word, "{rule}");
    }
    let poll = json!({ "name": "Lunch", "kind": "poll", "text": "A or B?", "options": ["A", "B"], "outcomes": { "A": [tag] } });
    let poll = desk.made("/api/v1/prompts", poll).await;
    let kept = desk.get(&format!("/api/v1/prompts/{poll}")).await;
    assert_eq!(
        (&kept["options"], &kept["outcomes"]["A"][0]),
        (&json!(["A", "B"]), &json!({ "tag": "x" }))
    );
    let rating = json!({ "name": "Stars", "kind": "rating", "text": "1-5?", "scale": { "low": 2, "high": 4 } });
    assert_eq!(desk.post("/api/v1/prompts", rating).await.json()["scale"]["most"], 5);
    let refused = [
        (
            json!({ "name": "P", "kind": "poll", "text": "?", "options": ["STOP", "B"] }),
            "consent_word",
        ),
        (json!({ "name": "P", "kind": "poll", "text": "?", "options": ["A"] }), "field_invalid"),
        (
            json!({ "name": "P", "kind": "rating", "text": "?", "scale": { "low": 4, "high": 2 } }),
            "field_invalid",
        ),
        (
            json!({ "name": "P", "kind": "poll", "text": "?", "options": ["A", "B"], "outcomes": { "C": [] } }),
            "field_invalid",
        ),
        (json!({ "name": "P", "kind": "quiz", "text": "?" }), "field_invalid"),
    ];
    for (prompt, word) in refused {
        assert_eq!(code(desk.post("/api/v1/prompts", prompt.clone()).await), word, "{prompt}");
    }
}

/// S2, S19, S34, C19, E146, E147: everybody gets a text of their own, or a reason.
#[tokio::test]
async fn a_bulk_is_merged_for_each_contact_and_says_who_was_left_out() {
    let desk = Desk::new().await;
    let contact = |name: &str, number: u32| json!({ "first_name": name, "numbers": [format!("+447700900{number}")] });
    let ann = desk.made("/api/v1/contacts", contact("Ann {{ x }}", 201)).await;
    let bob = desk.made("/api/v1/contacts", contact("Bob", 202)).await;
    let nameless = desk.made("/api/v1/contacts", json!({ "numbers": ["+447700900203"] })).await;
    let unreachable = desk.made("/api/v1/contacts", json!({ "first_name": "Zed" })).await;
    let template = json!({ "name": "Hello", "text": "Hi {{ first_name }}!", "class": "service" });
    let template = desk.made("/api/v1/templates", template).await;
    let to = [ann.as_str(), bob.as_str(), nameless.as_str(), unreachable.as_str(), "77"];
    let sent =
        desk.post("/api/v1/messages/bulk", json!({ "contacts": to, "template": template })).await;
    assert_eq!(sent.status, StatusCode::ACCEPTED, "{}", sent.text);
    let sent = sent.json();
    assert_eq!(sent["queued"], 2);
    let problems: Vec<_> = (2..5).map(|n| sent["items"][n]["problem"]["code"].clone()).collect();
    assert_eq!(problems, ["merge_field_missing", "number_invalid", "contact_unknown"]);
    let messages = desk.get("/api/v1/messages").await;
    let texts: Vec<_> =
        messages["items"].as_array().unwrap().iter().map(|m| m["text"].clone()).collect();
    assert_eq!(texts, ["Hi Ann {{ x }}!", "Hi Bob!"], "a name is data, never code");
    let broken = [
        (json!({ "contacts": to }), "field_invalid"),
        (json!({ "contacts": [], "text": "x" }), "batch_too_large"),
        (json!({ "contacts": to, "text": "Hi {{ a" }), "template_invalid"),
        (json!({ "contacts": to, "template": "77" }), "template_unknown"),
    ];
    for (bulk, word) in broken {
        assert_eq!(code(desk.post("/api/v1/messages/bulk", bulk.clone()).await), word, "{bulk}");
    }
    let late = json!({ "contacts": [ann], "text": "x", "tag": "x".repeat(51) });
    let late = desk.post("/api/v1/messages/bulk", late).await.json();
    assert_eq!(late["items"][0]["problem"]["code"], "tag_too_long");
    let again = json!({ "name": "hello", "text": "x" });
    assert_eq!(code(desk.post("/api/v1/templates", again).await), "name_taken");
    let warned = json!({ "name": "Ask", "text": "Reply YES or CANCEL" });
    let warned = desk.post("/api/v1/templates", warned).await.json();
    assert_eq!(warned["warnings"][0]["code"], "invites_consent_word");
}

/// S19, E94, E103, E157: given out whole, erased whole; who did it stays in the log.
#[tokio::test]
async fn a_number_is_exported_and_erased() {
    let desk = Desk::new().await;
    let thread = desk.thread("+447700900123", "my secret").await;
    desk.post(&format!("/api/v1/conversations/{thread}/notes"), json!({ "text": "vip" })).await;
    desk.made("/api/v1/contacts", json!({ "first_name": "A", "numbers": ["+447700900123"] })).await;
    let kept = desk.get("/api/v1/export?number=%2B447700900123").await;
    assert_eq!(kept["messages"][0]["text"], "my secret");
    assert_eq!(
        (&kept["notes"][0]["text"], &kept["contacts"][0]["first_name"]),
        (&json!("vip"), &json!("A"))
    );
    let out = json!({ "number": "+447700900123", "state": "out", "how": "on the phone" });
    let out = desk.post("/api/v1/consent", out).await;
    assert!(out.status.is_success(), "{}", out.text);
    let contact = desk.get("/api/v1/contacts").await["items"][0].clone();
    assert_eq!(
        (&contact["consent"][0]["state"], &contact["consent"][0]["scope"]),
        (&json!("out"), &json!("organisation"))
    );
    assert_eq!(desk.get("/api/v1/conversations").await["items"][0]["opted_out"], json!(true));
    let bulk = json!({ "contacts": [contact["id"]], "text": "x" });
    let bulk = desk.post("/api/v1/messages/bulk", bulk).await.json();
    assert_eq!(bulk["items"][0]["problem"]["code"], "opted_out", "{bulk}");
    let erased = desk.post("/api/v1/erase", json!({ "number": "07700 900123" })).await.json();
    assert_eq!(
        (&erased["messages"], &erased["contacts"], &erased["notes"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(desk.get("/api/v1/conversations").await["items"], json!([]));
    assert_eq!(desk.get("/api/v1/contacts").await["items"], json!([]));
    let text = desk.post("/api/v1/messages", json!({ "to": "+447700900123", "text": "hi" })).await;
    assert_eq!(code(text), "opted_out", "the salted hash keeps it opted out");
    let log = desk.get("/api/v1/audit").await;
    assert_eq!(
        (&log["items"][0]["action"], &log["broken_at"]),
        (&json!("number.erased"), &json!(null))
    );
    assert!(!log.to_string().contains("900123"), "the log holds no number");
}

/// S136: who acts for a user has that user's rights, and only an admin acts for others.
#[tokio::test]
async fn acting_for_a_user_needs_an_admin_and_a_user_who_can_sign_in() {
    let desk = Desk::new().await;
    let ann = desk.user("ann", "agent", 101).await;
    let tom = desk.user("tom", "notified", 102).await;
    let reader = desk.site.token(&["read", "send"]).await;
    let list = |user: &str| format!("/api/v1/conversations?as={user}");
    assert_eq!(code(desk.site.get(&list(&ann), &reader).await), "forbidden");
    assert_eq!(code(desk.site.get(&list(&tom), &desk.token).await), "user_inactive");
    assert_eq!(code(desk.site.get(&list("77"), &desk.token).await), "user_unknown");
    assert_eq!(
        code(desk.site.get(&format!("/api/v1/tokens?as={ann}"), &desk.token).await),
        "forbidden"
    );
    for unreadable in ["%FF%ZZ", &format!("{ann}&as={ann}")] {
        // Never with the admin's own rights instead.
        let answer = desk.site.get(&list(unreadable), &desk.token).await;
        assert!(
            ["field_invalid", "user_unknown"].contains(&answer.code().as_str()),
            "{unreadable}"
        );
    }
    assert_eq!(
        code(desk.site.get(&format!("/api/v1/tokens?%61s={ann}"), &desk.token).await),
        "forbidden"
    );
    let by_address = desk.site.get(&list("ann%40example.org"), &desk.token).await;
    assert_eq!(by_address.status, StatusCode::OK, "{}", by_address.text);
}

/// Every refusal of the engine that these calls can meet has its word among the API's.
#[test]
fn every_refusal_of_the_engines_checks_is_a_code_of_the_api() {
    let sources = [
        include_str!("../../src/engine/claim.rs"),
        include_str!("../../src/engine/lint.rs"),
        include_str!("../../src/engine/routing.rs"),
        include_str!("../../src/engine/template.rs"),
    ];
    let warnings = ["invites_consent_word", "typographic_characters", "line_gone", "line_required"];
    for source in sources {
        let shipped = source.split("#[cfg(test)]").next().unwrap_or_default();
        let codes = shipped.split("Refusal::new(").skip(1).filter_map(|rest| {
            rest.split('"').nth(1).filter(|_| rest.trim_start().starts_with('"'))
        });
        for word in codes {
            let known = Code::ALL.iter().any(|code| code.word() == word);
            assert!(known || warnings.contains(&word), "{word}");
        }
    }
}

/// A password is set, replaced and taken away by an admin; it is never shown, and neither it nor
/// its hash reaches the audit log.
#[tokio::test]
async fn a_password_is_set_by_an_admin_and_never_shown() {
    let desk = Desk::new().await;
    let agent = desk.user("ann", "agent", 101).await;
    let told = desk.user("tom", "notified", 102).await;
    let path = format!("/api/v1/users/{agent}/password");
    for weak in ["short", "ann@example.org", "+447700900101", "aaaaaaaaaaaa"] {
        let answer = desk.post(&path, json!({ "password": weak })).await;
        assert_eq!(code(answer), "password_weak", "{weak}");
    }
    assert_eq!(code(desk.post(&path, json!({ "pass": "x" })).await), "unknown_field");
    let nobody =
        desk.post("/api/v1/users/77/password", json!({ "password": "nine bells at noon" }));
    assert_eq!(nobody.await.status, StatusCode::NOT_FOUND);
    let only_told = format!("/api/v1/users/{told}/password");
    let refused = desk.post(&only_told, json!({ "password": "nine bells at noon" })).await;
    assert_eq!(code(refused), "user_inactive");
    assert_eq!(desk.get(&format!("/api/v1/users/{agent}")).await["has_password"], json!(false));
    let set = desk.post(&path, json!({ "password": "nine bells at noon" })).await;
    assert_eq!(set.status, StatusCode::NO_CONTENT, "{}", set.text);
    let user = desk.get(&format!("/api/v1/users/{agent}")).await;
    assert_eq!(user["has_password"], json!(true));
    let seen = format!("{user} {}", desk.get("/api/v1/audit").await);
    assert!(seen.contains("user.password_set"));
    assert!(!seen.contains("nine bells") && !seen.contains("argon2"), "{seen}");
    let id: i64 = agent.parse().unwrap();
    let kept = desk.site.app.store.read(move |tx| tx.password_hash(simgate::store::UserId(id)));
    let kept = kept.await.unwrap().expect("a hash");
    assert!(kept.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.expose());
    assert_eq!(desk.post(&path, json!({ "password": null })).await.status, StatusCode::NO_CONTENT);
    assert_eq!(desk.get(&format!("/api/v1/users/{agent}")).await["has_password"], json!(false));
}
